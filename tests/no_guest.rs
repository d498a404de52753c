//! Without a guest image the crate works, and the Hyperlight backend says how to get one.
#![cfg(not(nub_guest_image))]

use nub::hyperlight::HyperlightError;
use nub::{BackendError, BackendKind, Failure, Nub};

#[test]
fn the_hyperlight_backend_names_the_fix() {
    let refused = Nub::builder().backend(BackendKind::Hyperlight).build().err();
    match refused {
        Some(Failure::Backend(BackendError::Hyperlight(error @ HyperlightError::NoGuestImage { .. }))) => {
            assert!(error.to_string().contains("cargo xtask setup"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn auto_falls_back_to_the_local_backend() {
    let nub = Nub::builder().build().unwrap();
    assert_eq!(nub.backend(), BackendKind::Local);
}
