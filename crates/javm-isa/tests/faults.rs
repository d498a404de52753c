//! Classification of accesses that cannot be made.

use javm_isa::{Access, AccessKind, Fault, classify};

fn access(address: u32, len_bytes: u32) -> Access {
    Access { address, len_bytes, kind: AccessKind::Store }
}

fn with_pages(access: Access, mapped: &[u32]) -> Option<Fault> {
    classify(access, |page| mapped.contains(&page))
}

#[test]
fn a_fault_names_the_page_not_the_octet() {
    assert_eq!(with_pages(access(0x2_0123, 8), &[]), Some(Fault::Page { address: 0x2_0000 }));
    assert_eq!(with_pages(access(0x2_0123, 8), &[0x20]), None);
}

#[test]
fn a_crossing_access_faults_at_its_first_inaccessible_page() {
    let crossing = access(0x2_0FFC, 8);
    assert_eq!(with_pages(crossing, &[]), Some(Fault::Page { address: 0x2_0000 }));
    assert_eq!(with_pages(crossing, &[0x21]), Some(Fault::Page { address: 0x2_0000 }));
    assert_eq!(with_pages(crossing, &[0x20]), Some(Fault::Page { address: 0x2_1000 }));
    assert_eq!(with_pages(crossing, &[0x20, 0x21]), None);
    assert_eq!(with_pages(access(0x2_0FF8, 8), &[0x20]), None, "does not cross");
}

#[test]
fn low_memory_is_a_panic_up_to_its_last_octet() {
    assert_eq!(with_pages(access(0, 1), &[]), Some(Fault::LowMemory));
    assert_eq!(with_pages(access(0xFFFF, 1), &[]), Some(Fault::LowMemory));
    assert_eq!(with_pages(access(0x1_0000, 1), &[]), Some(Fault::Page { address: 0x1_0000 }));
    // Crossing out of low memory: the low octet comes first.
    assert_eq!(with_pages(access(0xFFFE, 4), &[0x10]), Some(Fault::LowMemory));
}

#[test]
fn an_access_that_wraps_is_judged_in_its_own_order() {
    let wrapping = access(0xFFFF_FFFE, 4);
    assert_eq!(with_pages(wrapping, &[]), Some(Fault::Page { address: 0xFFFF_F000 }));
    assert_eq!(with_pages(wrapping, &[0xF_FFFF]), Some(Fault::LowMemory));
    assert_eq!(with_pages(wrapping, &[0xF_FFFF, 0]), None);
}

#[test]
fn an_access_of_nothing_has_no_fault() {
    assert_eq!(with_pages(access(0, 0), &[]), None);
}

#[test]
fn a_long_access_is_judged_page_by_page() {
    let mut asked = 0;
    let all = classify(access(0x1_0001, u32::MAX), |_| {
        asked += 1;
        true
    });
    assert_eq!((all, asked), (None, 1 << 20));
}
