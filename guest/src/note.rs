//! The note in the image that tells the host which Hyperlight it was built for.

use hyperlight_common::version_note::{
    ElfNote, HYPERLIGHT_NOTE_NAME, HYPERLIGHT_NOTE_TYPE, padded_desc_size, padded_name_size,
};

/// The version of the `hyperlight-*` crates in the manifest. The host refuses any other than its own.
const HYPERLIGHT_VERSION: &str = "0.18.0";

const NAME_BYTES: usize = padded_name_size(HYPERLIGHT_NOTE_NAME.len() + 1);
const VERSION_BYTES: usize = padded_desc_size(HYPERLIGHT_VERSION.len() + 1);

#[used]
#[unsafe(link_section = ".note.hyperlight-version")]
static NOTE: ElfNote<NAME_BYTES, VERSION_BYTES> =
    ElfNote::new(HYPERLIGHT_NOTE_NAME, HYPERLIGHT_VERSION, HYPERLIGHT_NOTE_TYPE);
