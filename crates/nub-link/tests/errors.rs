//! Every reason for which there is no Image, from programs and ELFs made here.

use nub_link::link::check;
use nub_link::symbols::SymbolError;
use nub_link::{LinkError, LinkOptions, image_from_blob, link};
use nub_state::Image;
use polkavm_common::program::{Instruction, InstructionSetKind, asm};
use polkavm_common::writer::ProgramBlobBuilder;

/// A program of two blocks, each a trap, without exports.
fn builder() -> ProgramBlobBuilder {
    let mut builder = ProgramBlobBuilder::new(InstructionSetKind::JamV1);
    builder.set_stack_size(8192);
    builder.set_code(&[asm::trap(), asm::load_imm(polkavm_common::program::Reg::A0, 5), asm::trap()], &[]);
    builder
}

/// The same, with one endpoint.
fn with_endpoint() -> ProgramBlobBuilder {
    let mut builder = builder();
    builder.add_export_by_basic_block(1, b"nub_endpoint_3_go");
    builder
}

fn image(builder: &ProgramBlobBuilder) -> Result<Image, LinkError> {
    image_from_blob(&builder.to_vec().unwrap(), LinkOptions::default())
}

#[test]
fn a_small_program_becomes_an_image() {
    let mut builder = with_endpoint();
    builder.add_export_by_basic_block(0, b"nub_endpoint_1_stay");
    builder.set_ro_data(vec![1, 0, 0]);
    builder.set_ro_data_size(5000);
    builder.set_rw_data(vec![2, 0, 0]);
    builder.set_rw_data_size(9000);
    let image = image(&builder).unwrap();
    assert_eq!(image.endpoints, [(1, 0), (3, 1)]);
    assert_eq!((image.ro_data.len(), &image.rw_data[..], image.heap_pages), (5000, &[2][..], 2));
    assert_eq!((image.stack_bytes, image.type_def), (8192, None));
    assert_eq!(Image::from_bytes(&image.to_bytes()).unwrap(), image);
}

#[test]
fn no_endpoints() {
    assert!(matches!(image(&builder()), Err(LinkError::NoEndpoints)));
}

#[test]
fn two_endpoints_of_one_number() {
    let mut builder = with_endpoint();
    builder.add_export_by_basic_block(0, b"nub_endpoint_3_stay");
    let error = image(&builder).unwrap_err();
    let LinkError::DuplicateEndpoint { number, first, second } = error else { panic!("{error}") };
    assert_eq!((number, &first[..], &second[..]), (3, "go", "stay"));
}

#[test]
fn names_that_say_no_number() {
    let mut exported = with_endpoint();
    exported.add_export_by_basic_block(0, b"main");
    assert!(matches!(image(&exported), Err(LinkError::Symbol(SymbolError::EndpointName { .. }))));
    let mut imported = with_endpoint();
    imported.add_import(b"host_log");
    assert!(matches!(image(&imported), Err(LinkError::Symbol(SymbolError::ImportName { .. }))));
}

#[test]
fn an_import_without_its_index() {
    let mut builder = with_endpoint();
    builder.add_import(b"nub_10_call");
    let error = image(&builder).unwrap_err();
    assert!(matches!(error, LinkError::Symbol(SymbolError::ImportIndex { index: 0, .. })), "{error}");
    let mut right = with_endpoint();
    for symbol in [&b""[..], b"", b"nub_2_gas_left"] {
        right.add_import(symbol);
    }
    assert!(image(&right).is_ok());
}

#[test]
fn a_stack_out_of_bounds() {
    for bytes in [0, 4095, (16 << 20) + 1, u32::MAX] {
        let mut builder = with_endpoint();
        builder.set_stack_size(bytes);
        let error = image(&builder).unwrap_err();
        assert!(matches!(error, LinkError::Stack { bytes: found } if found == bytes), "{error}");
    }
}

#[test]
fn memory_that_does_not_fit() {
    let mut builder = with_endpoint();
    builder.set_rw_data_size(0xFF00_0000);
    assert!(matches!(image(&builder), Err(LinkError::Layout(_))));
}

#[test]
fn an_image_above_the_limit() {
    let blob = with_endpoint().to_vec().unwrap();
    let length = image(&with_endpoint()).unwrap().to_bytes().len();
    let limited =
        |image_bytes_max| image_from_blob(&blob, LinkOptions { image_bytes_max, ..LinkOptions::default() });
    assert!(limited(length).is_ok());
    let error = limited(length - 1).unwrap_err();
    assert!(matches!(error, LinkError::TooLarge { bytes, limit } if bytes == length && limit == length - 1));
}

#[test]
fn another_instruction_set() {
    let mut builder = ProgramBlobBuilder::new(InstructionSetKind::ReviveV1);
    builder.set_stack_size(8192);
    builder.set_code(&[asm::trap()], &[]);
    builder.add_export_by_basic_block(0, b"nub_endpoint_0_go");
    assert!(matches!(image(&builder), Err(LinkError::InstructionSet { .. })));
}

#[test]
fn octets_that_are_no_program() {
    for octets in [&b""[..], b"PVM", b"PVM\0\x05", &[0xFF; 100]] {
        assert!(matches!(image_from_blob(octets, LinkOptions::default()), Err(LinkError::Blob(_))));
    }
    let whole = with_endpoint().to_vec().unwrap();
    for length in 0..whole.len() {
        assert!(image_from_blob(&whole[..length], LinkOptions::default()).is_err(), "{length}");
    }
}

#[test]
fn images_the_kernel_would_refuse() {
    let good = image(&with_endpoint()).unwrap();
    let damaged = |damage: fn(&mut Image)| {
        let mut image = good.clone();
        damage(&mut image);
        check(&image).unwrap_err()
    };
    assert!(matches!(damaged(|image| image.program.push(0)), LinkError::Container(_)));
    assert!(matches!(damaged(|image| image.program[3] = 0xFF), LinkError::Program(_)));
    assert!(matches!(
        damaged(|image| image.endpoints = vec![(9, 2)]),
        LinkError::EndpointNotABlock { number: 9, pc: 2 }
    ));
    assert!(matches!(damaged(|image| image.endpoints = vec![(1, 0), (1, 1)]), LinkError::Refused(_)));
    assert!(matches!(damaged(|image| image.heap_pages = u32::MAX), LinkError::Refused(_)));
}

#[test]
fn octets_that_are_no_elf() {
    for octets in [&b""[..], b"\x7FELF", &[0; 64], b"#!/bin/sh\n"] {
        let error = link(octets, LinkOptions::default()).unwrap_err();
        assert!(matches!(error, LinkError::Linker(_)), "{error}");
    }
}

/// A 64-bit RISC-V ELF header with these flags, and nothing after it.
fn empty_elf(flags: u8) -> Vec<u8> {
    let mut elf = vec![0x7F, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    elf.extend([2, 0, 0xF3, 0, 1, 0, 0, 0]);
    elf.extend([0; 24]);
    elf.extend([flags, 0, 0, 0]);
    elf.extend([64, 0, 56, 0, 0, 0, 64, 0, 0, 0, 0, 0]);
    elf
}

#[test]
fn an_elf_without_code() {
    let error = link(&empty_elf(8), LinkOptions::default()).unwrap_err();
    assert!(matches!(&error, LinkError::Linker(_)) && error.to_string().contains("no code"), "{error}");
}

#[test]
fn an_elf_for_another_machine() {
    let executable = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let error = link(&executable, LinkOptions::default()).unwrap_err();
    assert!(matches!(error, LinkError::OtherMachine { .. }), "{error}");
}

#[test]
fn an_elf_that_uses_floating_point_registers() {
    for flags in [8 | 2, 8 | 4, 4] {
        let error = link(&empty_elf(flags), LinkOptions::default()).unwrap_err();
        assert!(matches!(error, LinkError::FloatingPoint), "{error}");
    }
}

#[test]
fn an_elf_with_too_many_registers() {
    assert!(matches!(link(&empty_elf(0), LinkOptions::default()), Err(LinkError::OtherAbi)));
}

#[test]
fn damaged_images_of_real_contracts_are_errors_not_panics() {
    let path = nub_build::repository_root().join("contracts/token/token.image");
    let octets = std::fs::read(path).unwrap();
    for position in (0..octets.len()).step_by(7) {
        let mut octets = octets.clone();
        octets[position] ^= 0x81;
        if let Ok(image) = Image::from_bytes(&octets) {
            let _ = check(&image);
        }
    }
}

#[test]
fn code_may_run_off_its_end() {
    let mut builder = with_endpoint();
    builder.set_code(&[Instruction::trap, Instruction::fallthrough], &[]);
    assert_eq!(image(&builder).unwrap().endpoints, [(3, 1)]);
}
