//! What becomes of a panic: a trap, or a revert that says where and why.

use core::fmt::Write;
use core::panic::PanicInfo;

use crate::host;

/// The longest message in octets; what is longer is cut.
const MESSAGE_BYTES_MAX: usize = 512;

/// Reverts with `panicked at src/main.rs:12: attempt to subtract with overflow`. A message that would have to be put
/// together at run time is left out; [`format`](self::format) has it, for some KiB of Image.
pub fn report(info: &PanicInfo<'_>) -> ! {
    let mut message = Message { octets: [0; MESSAGE_BYTES_MAX], len_bytes: 0 };
    message.text("panicked");
    if let Some(location) = info.location() {
        message.text(" at ");
        message.text(location.file());
        message.text(":");
        message.number(location.line());
    }
    let text = info.message().as_str().or_else(|| out_of_memory(info));
    if let Some(text) = text {
        message.text(": ");
        message.text(text);
    }
    message.revert()
}

/// What a panic is about that is made at run time, but has one place: `alloc` has no room.
fn out_of_memory(info: &PanicInfo<'_>) -> Option<&'static str> {
    let file = info.location().map_or("", |location| location.file());
    file.ends_with("/alloc/src/alloc.rs").then_some("the heap is full")
}

/// Reverts with all that a panic says.
pub fn format(info: &PanicInfo<'_>) -> ! {
    let mut message = Message { octets: [0; MESSAGE_BYTES_MAX], len_bytes: 0 };
    // A message that is cut is still one.
    let _ = match info.location() {
        Some(location) => {
            write!(message, "panicked at {}:{}: {}", location.file(), location.line(), info.message())
        }
        None => write!(message, "panicked: {}", info.message()),
    };
    message.revert()
}

struct Message {
    octets: [u8; MESSAGE_BYTES_MAX],
    len_bytes: usize,
}

impl Message {
    fn text(&mut self, text: &str) {
        for &octet in text.as_bytes() {
            if let Some(place) = self.octets.get_mut(self.len_bytes) {
                *place = octet;
                self.len_bytes += 1;
            }
        }
    }

    fn number(&mut self, mut number: u32) {
        let mut digits = [0; 10];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 || first == 0 {
                break;
            }
        }
        self.text(core::str::from_utf8(&digits[first..]).unwrap_or_default());
    }

    fn revert(&self) -> ! {
        host::revert(self.octets.get(..self.len_bytes).unwrap_or_default())
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.text(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE_BYTES_MAX, Message};

    #[test]
    fn a_message_has_numbers_and_an_end() {
        let mut message = Message { octets: [0; MESSAGE_BYTES_MAX], len_bytes: 0 };
        message.text("line ");
        message.number(0);
        message.number(4_294_967_295);
        assert_eq!(&message.octets[..message.len_bytes], b"line 04294967295");
        (0..MESSAGE_BYTES_MAX).for_each(|_| message.text("x"));
        assert_eq!((message.len_bytes, message.octets[MESSAGE_BYTES_MAX - 1]), (MESSAGE_BYTES_MAX, b'x'));
    }
}
