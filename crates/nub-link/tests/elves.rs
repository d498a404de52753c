//! What an author is told of an ELF that a compiler made and the PVM cannot run: a real one, with one thing wrong.

use nub_link::{LinkError, LinkOptions, link, link_contract};
use object::{Object, ObjectSection, ObjectSymbol};

const ELF: &[u8] = include_bytes!("elves/faults-trap.elf");
/// A function of it, whose second instruction has four octets; another jumps to the end of that one.
const ENTRY: &str = "nub_endpoint_0_sum_below_heap";
const SECOND_INSTRUCTION: usize = 2;
/// Octets of an entry of the symbol table, and where in it the section is.
const SYMBOL_BYTES: usize = 24;
const SYMBOL_SECTION: usize = 6;
/// Where in a relocation the symbol is, in four octets, and after it the addend.
const RELOCATION_SYMBOL: usize = 12;

fn error(elf: &[u8]) -> LinkError {
    link(elf, LinkOptions::default()).unwrap_err()
}

/// Where in the file a function begins.
fn offset_of(name: &str) -> usize {
    let file = object::File::parse(ELF).unwrap();
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name)).expect("the ELF has the function");
    let section = file.section_by_index(symbol.section_index().unwrap()).unwrap();
    (section.file_range().unwrap().0 + symbol.address() - section.address()) as usize
}

fn section_offset(name: &str) -> usize {
    let file = object::File::parse(ELF).unwrap();
    file.section_by_name(name).expect("the ELF has the section").file_range().unwrap().0 as usize
}

/// The ELF with these octets there.
fn with(offset: usize, octets: &[u8]) -> Vec<u8> {
    let mut elf = ELF.to_vec();
    elf[offset..offset + octets.len()].copy_from_slice(octets);
    elf
}

/// The ELF with another instruction in a function that an endpoint runs.
fn with_instruction(word: u32) -> Vec<u8> {
    with(offset_of(ENTRY) + SECOND_INSTRUCTION, &word.to_le_bytes())
}

#[test]
fn the_elf_itself_is_a_contract() {
    let linked = link_contract(ELF, LinkOptions::default()).unwrap();
    let described = linked.type_def.unwrap().endpoints.len();
    assert_eq!((linked.image.endpoints.len(), described), (5, 5));
    // `sub sp, sp, t0` as it is: the right place is changed below.
    assert_eq!(with_instruction(0x4051_0133), ELF);
}

#[test]
fn an_instruction_that_the_pvm_lacks_is_named_with_what_to_do() {
    for (word, family) in [
        (0x0000_7053u32, "floating point"),             // fadd.s
        (0x0005_3007, "floating point"),                // fld
        (0x0200_0057, "vectors"),                       // vadd.vv
        (0x28a5_a52f, "an atomic"),                     // amocas.w
        (0xc000_2573, "the processor's own registers"), // rdcycle
        (0x0000_005b, "an extension"),                  // custom-2
    ] {
        let error = error(&with_instruction(word));
        assert!(matches!(error, LinkError::Instruction { .. }), "{word:#010x}: {error}");
        let said = error.to_string();
        assert!(said.contains(&format!("0x{word:08x}")) && said.contains(family), "{said}");
        assert!(said.contains("use ") || said.contains("build it with"), "{said}");
    }
}

#[test]
fn a_function_that_nobody_defines_is_named() {
    let file = object::File::parse(ELF).unwrap();
    let called = file.symbols().find(|one| one.name().is_ok_and(|name| name.ends_with("sum8on_chain5entry")));
    let index = called.expect("the ELF has the function").index().0;
    let table = section_offset(".symtab");
    let error = error(&with(table + index * SYMBOL_BYTES + SYMBOL_SECTION, &[0, 0]));
    assert!(matches!(error, LinkError::Undefined { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains("__nub_endpoint_sum::on_chain::entry`"), "{said}");
    assert!(said.contains("host calls come from nub-sdk"), "{said}");
}

#[test]
fn types_of_other_endpoints_are_noticed() {
    let line = b"endpoint 3 need";
    let start = ELF.windows(line.len()).position(|octets| octets == line).expect("the ELF has the line");
    let renumbered = error(&with(start, b"endpoint 9 need"));
    assert!(matches!(renumbered, LinkError::TypesOfOthers), "{renumbered}");
    assert!(renumbered.to_string().contains("use `#[contract]` or `endpoints!`, not both"));
    let unreadable = error(&with(start, b"endpoint ? need"));
    assert!(matches!(unreadable, LinkError::TypeLine { .. }), "{unreadable}");
    assert!(unreadable.to_string().contains("are nub-sdk and nub-link of one version?"));
}

#[test]
fn a_panic_of_the_linker_is_an_error() {
    // A jump to no symbol, and beside it.
    let relocation = section_offset(".rela.text");
    let error = error(&with(relocation + RELOCATION_SYMBOL, &[0, 0, 0, 0, 1]));
    assert!(matches!(error, LinkError::LinkerPanicked { .. }), "{error}");
    assert!(error.to_string().contains("the ELF is damaged"));
}

#[test]
fn a_stack_out_of_bounds_says_what_it_may_be() {
    let options = LinkOptions { stack_bytes_min: 32 << 20, ..LinkOptions::default() };
    let error = link(ELF, options).unwrap_err().to_string();
    assert!(error.contains("it must have 4096 to 16777216 (`nub_sdk::stack_bytes!`)"), "{error}");
}

#[test]
fn damaged_elves_are_errors_not_panics() {
    for position in (0..ELF.len()).step_by(97) {
        // Some are contracts all the same.
        let _ = link(&with(position, &[ELF[position] ^ 0x5a]), LinkOptions::default());
    }
}
