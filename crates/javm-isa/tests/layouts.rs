//! Standard layouts.

use javm_isa::{Layout, LayoutError, PageRange};

#[test]
fn regions_lie_where_the_reference_puts_them() {
    let layout = Layout::new(0x1_0001, 5, 3, 0x1001, 4097).unwrap();
    assert_eq!(layout.read_only_data, PageRange { first: 0x10, count: 0x11 });
    assert_eq!(layout.read_write_data, PageRange { first: 0x40, count: 1 + 3 });
    assert_eq!(layout.stack, PageRange { first: 0xF_EFDE, count: 2 });
    assert_eq!(layout.stack.end() * 4096, 0xFEFE_0000);
    assert_eq!(layout.arguments, PageRange { first: 0xF_EFF0, count: 2 });
    assert_eq!(layout.read_write_data.address(), 0x4_0000);
    assert!(layout.stack.contains(0xF_EFDF) && !layout.stack.contains(0xF_EFE0));
}

#[test]
fn an_empty_program_has_empty_regions() {
    let layout = Layout::new(0, 0, 0, 0, 0).unwrap();
    assert_eq!(layout.read_only_data, PageRange { first: 0x10, count: 0 });
    assert_eq!(layout.read_write_data, PageRange { first: 0x20, count: 0 });
    assert_eq!(layout.stack, PageRange { first: 0xF_EFE0, count: 0 });
    assert_eq!(layout.arguments, PageRange { first: 0xF_EFF0, count: 0 });
}

#[test]
fn registers_at_entry() {
    let registers = Layout::new(0, 0, 0, 0, 77).unwrap().entry_registers();
    assert_eq!(registers, [0xFFFF_0000, 0xFEFE_0000, 0, 0, 0, 0, 0, 0xFEFF_0000, 77, 0, 0, 0, 0]);
}

#[test]
fn the_largest_program_fits_and_one_zone_more_does_not() {
    // 2^32 - 2^24 - 5 * 2^16 octets are left for data, heap and stack.
    let left = u32::MAX - (1 << 24) - 5 * (1 << 16) + 1;
    let largest = Layout::new(1 << 16, 0, 0, left - (1 << 16), 0).unwrap();
    assert!(largest.read_write_data.end() <= largest.stack.first);
    assert!(Layout::new(0, left, 0, 0, 0).is_ok());
    let needed_bytes = (1 << 32) + (1 << 16);
    assert_eq!(Layout::new(0, left, 0, 1, 0), Err(LayoutError::TooLarge { needed_bytes }));
    assert_eq!(Layout::new(1, left, 0, 0, 0), Err(LayoutError::TooLarge { needed_bytes }));
    assert_eq!(Layout::new(0, left, 1, 0, 0), Err(LayoutError::TooLarge { needed_bytes }));
}

#[test]
fn the_largest_numbers_are_refused_without_overflow() {
    let max = u32::MAX;
    assert!(matches!(Layout::new(max, max, max, max, 0), Err(LayoutError::TooLarge { .. })));
    assert!(Layout::new(0, 0, 0, 0, 1 << 24).is_ok());
    let len_bytes = (1 << 24) + 1;
    assert_eq!(Layout::new(0, 0, 0, 0, len_bytes), Err(LayoutError::ArgumentsTooLong { len_bytes }));
}
