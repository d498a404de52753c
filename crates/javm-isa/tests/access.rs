//! What instructions access: by their names, which say all of it.

use javm_isa::{Access, AccessKind, Instruction, OpcodeTable, Program};

/// The instruction of this number with registers 1 and 2 and four octets of immediates.
fn instruction(octet: u8, table: OpcodeTable) -> Instruction {
    // One instruction of 10 octets: its second may be a pair of registers, or a count of octets.
    let blob = [&[0, 0, 10, octet, 0x21, 0x10, 0, 2, 0, 3, 0, 0, 0][..], &[1, 0]].concat();
    Program::parse(&blob).expect("a blob").instruction_at(0, table)
}

/// Kind and length by the name: `load_` or `store_`, and the bits at the end.
fn by_name(name: &str) -> Option<(AccessKind, u32)> {
    let kind = match name.split('_').next()? {
        "load" => AccessKind::Load,
        "store" => AccessKind::Store,
        _ => return None,
    };
    let bits: u32 = name.rsplit('_').next()?.strip_prefix(['u', 'i'])?.parse().ok()?;
    Some((kind, bits / 8))
}

#[test]
fn accesses_are_what_names_say() {
    let registers = std::array::from_fn(|index| 0x0BCD_0000_1000_0000 * index as u64);
    let mut access_count = 0;
    for table in [OpcodeTable::Gp07, OpcodeTable::JamV1] {
        for octet in 0..=255 {
            let instruction = instruction(octet, table);
            let name = instruction.opcode.name();
            let access = instruction.access(&registers);
            assert_eq!(access.map(|access| (access.kind, access.len_bytes)), by_name(name), "{name}");
            let Some(Access { address, .. }) = access else { continue };
            access_count += 1;
            let base = match name {
                _ if name.starts_with("store_imm_ind") => registers[instruction.a.index()],
                _ if name.contains("_ind_") => registers[instruction.b.index()],
                _ => 0,
            };
            assert_eq!(address, base.wrapping_add(instruction.x) as u32, "{name}");
        }
    }
    assert_eq!(access_count, 2 * (4 + 7 + 4 + 4 + 4 + 7));
}
