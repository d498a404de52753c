//! Progress bars, on stderr and only on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length_bytes` bytes.
pub fn bytes_bar(length_bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(length_bytes);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// A sign of life for work on at most so many objects.
pub fn objects_bar(objects: u64) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.set_message(format!("at most {objects} objects"));
    bar
}
