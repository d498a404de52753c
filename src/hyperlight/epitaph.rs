//! A dying guest's last words, for people: offsets into the image become functions and lines.

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, Error, LittleEndian, SectionId};
use nub_abi::guest::{EPITAPH_BACKTRACE, EPITAPH_LOG};
use object::{Object, ObjectSection, ObjectSymbol};
use std::fmt::Write;

/// The message, then the backtrace with names from the image, then what had been logged and not told.
pub(super) fn readable(words: &str, image: &[u8]) -> String {
    let (mut message, mut backtrace, mut logged) = (String::new(), String::new(), String::new());
    for line in words.lines() {
        if let Some(offsets) = line.strip_prefix(EPITAPH_BACKTRACE) {
            let offsets = offsets.split(' ').filter_map(|offset| u64::from_str_radix(offset, 16).ok());
            backtrace = symbolised(&offsets.collect::<Vec<u64>>(), image);
        } else if let Some(record) = line.strip_prefix(EPITAPH_LOG) {
            let _ = write!(logged, "\n   {record}");
        } else {
            let separator = if message.is_empty() { "" } else { "\n" };
            let _ = write!(message, "{separator}{line}");
        }
    }
    if !backtrace.is_empty() {
        let _ = write!(message, "\nbacktrace:{backtrace}");
    }
    if !logged.is_empty() {
        let _ = write!(message, "\nlogged before:{logged}");
    }
    message
}

/// One line a call, inlined ones included, the innermost first.
fn symbolised(offsets: &[u64], image: &[u8]) -> String {
    let mut lines = String::new();
    let Ok(file) = object::File::parse(image) else { return lines };
    let debug_info = debug_info(&file).ok();
    for (number, &offset) in offsets.iter().enumerate() {
        // The call is before the instruction that it returns to.
        let at = offset.saturating_sub(1);
        let calls = debug_info.as_ref().map(|context| calls_at(context, at)).unwrap_or_default();
        let names = with_symbol(calls, symbol_at(&file, at));
        for name in names {
            let _ = write!(lines, "\n{number:>4}: {name}");
        }
    }
    lines
}

type Reader<'a> = EndianSlice<'a, LittleEndian>;

fn debug_info<'a>(file: &object::File<'a>) -> Result<Context<Reader<'a>>, Error> {
    let section = |id: SectionId| {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok());
        Ok::<_, Error>(EndianSlice::new(data.unwrap_or_default(), LittleEndian))
    };
    Context::from_dwarf(Dwarf::load(section)?)
}

/// A function and its place in the source, as the debug information has them.
struct Call {
    function: String,
    place: String,
}

/// Functions at an address, the innermost inlined one first.
fn calls_at(context: &Context<Reader<'_>>, at: u64) -> Vec<Call> {
    let mut calls = Vec::new();
    let Ok(mut frames) = context.find_frames(at).skip_all_loads() else { return calls };
    while let Ok(Some(frame)) = frames.next() {
        let function = frame.function.as_ref().and_then(|function| function.demangle().ok());
        let place = frame
            .location
            .map(|location| format!(" at {}:{}", location.file.unwrap_or("?"), location.line.unwrap_or(0)));
        let function = function.map_or_else(|| "?".to_owned(), |name| name.into_owned());
        calls.push(Call { function, place: place.unwrap_or_default() });
    }
    calls
}

/// The outermost of them is the function that the symbol names in full.
fn with_symbol(calls: Vec<Call>, symbol: String) -> Vec<String> {
    let Some((outermost, inlined)) = calls.split_last() else { return vec![symbol] };
    let inlined = inlined.iter().map(|call| format!("{} (inlined){}", call.function, call.place));
    inlined.chain([format!("{symbol}{}", outermost.place)]).collect()
}

/// The symbol an address lies in.
fn symbol_at(file: &object::File<'_>, at: u64) -> String {
    let is_there =
        |symbol: &object::Symbol<'_, '_>| (symbol.address()..symbol.address() + symbol.size()).contains(&at);
    match file.symbols().find(is_there).and_then(|symbol| symbol.name().ok()) {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("image + {at:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_told_apart() {
        let words = "panicked at x:\nwhy\nbacktrace 1f 2a\nlog Warn m: one\nlog Info m: two";
        let text = readable(words, b"no image");
        assert_eq!(text, "panicked at x:\nwhy\nlogged before:\n   Warn m: one\n   Info m: two");
    }

    #[test]
    fn words_cut_anywhere_are_no_harm() {
        let words = "panicked\nbacktrace 1f zz \nlog ";
        for end in 0..words.len() {
            readable(&words[..end], b"");
        }
    }
}
