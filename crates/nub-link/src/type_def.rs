//! The TypeDef that a contract's macros left in its ELF: lines of text in the section `.nub_type_def`.
//!
//! `endpoint <number> <name>(<argument>:<type>,…)-><type>` and `event <topic, 64 hex digits> <name>(<field>:<type>,…)`.

use nub_state::TypeDef;
use nub_state::type_def::{EndpointType, EventType, Field};
use object::{Object, ObjectSection};

use crate::LinkError;

/// Where the lines are.
const SECTION: &str = ".nub_type_def";

/// The TypeDef in an ELF; `None` if there is none, as in a contract without `#[contract]`.
///
/// # Errors
/// [`LinkError::TypeLine`], [`LinkError::TypeClash`].
pub fn read(elf: &[u8]) -> Result<Option<TypeDef>, LinkError> {
    // What is no ELF at all, polkavm's linker will tell.
    let Ok(file) = object::File::parse(elf) else { return Ok(None) };
    let Some(section) = file.section_by_name(SECTION) else { return Ok(None) };
    let octets = section.data().map_err(|_| LinkError::TypeLine { line: SECTION.to_owned() })?;
    parse(octets).map(Some)
}

/// Reads lines.
fn parse(octets: &[u8]) -> Result<TypeDef, LinkError> {
    let mut type_def = TypeDef::default();
    for octets in octets.split(|&octet| octet == b'\n').filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(octets);
        // Zeros between lines are the linker's.
        let line = line.trim_start_matches('\0');
        if line.is_empty() {
            continue;
        }
        let read = match line.split_once(' ') {
            Some(("endpoint", rest)) => endpoint(rest).map(|endpoint| type_def.endpoints.push(endpoint)),
            Some(("event", rest)) => event(rest).map(|event| type_def.events.push(event)),
            _ => None,
        };
        read.ok_or_else(|| LinkError::TypeLine { line: line.to_owned() })?;
    }
    type_def.endpoints.sort_by_key(|endpoint| endpoint.number);
    type_def.events.sort_by_key(|event| event.topic);
    type_def.events.dedup();
    let twice = type_def.events.windows(2).find(|pair| pair[0].topic == pair[1].topic);
    match twice {
        Some(pair) => Err(LinkError::TypeClash { first: pair[0].name.clone(), second: pair[1].name.clone() }),
        None => Ok(type_def),
    }
}

fn endpoint(line: &str) -> Option<EndpointType> {
    let (number, rest) = line.split_once(' ')?;
    let (signature, output) = split_at_arrow(rest)?;
    let (name, args) = named(signature)?;
    let output = if output == "()" { "" } else { output };
    Some(EndpointType { number: number.parse().ok()?, name, args, output: output.to_owned() })
}

fn event(line: &str) -> Option<EventType> {
    let (topic, rest) = line.split_once(' ')?;
    let (name, fields) = named(rest)?;
    Some(EventType { topic: topic_of(topic)?, name, fields })
}

/// The arrow after the arguments; types have none.
fn split_at_arrow(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once("->")
}

/// `name(field:type,…)`.
fn named(text: &str) -> Option<(String, Vec<Field>)> {
    let (name, rest) = text.split_once('(')?;
    let rest = rest.strip_suffix(')')?;
    let mut fields = Vec::new();
    for part in split_at_commas(rest) {
        let (name, type_name) = part.split_once(':')?;
        fields.push(Field { name: name.to_owned(), type_name: type_name.to_owned() });
    }
    Some((name.to_owned(), fields))
}

/// Parts between commas that are in no bracket.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0i32, 0, Vec::new());
    for (position, character) in text.char_indices() {
        match character {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    if !text.is_empty() {
        parts.push(&text[start..]);
    }
    parts
}

fn topic_of(hex: &str) -> Option<[u8; 32]> {
    let mut topic = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (octet, digits) in topic.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_a_type_def_in_order() {
        let topic = "07".repeat(32);
        let text = format!(
            "endpoint 2 pay(to:[u8;32],parts:Vec<(u8,u16)>)->()\n\0\0event {topic} Paid(to:[u8;32])\nendpoint 0 sum()->u128\n"
        );
        let type_def = parse(text.as_bytes()).unwrap();
        let names: Vec<_> =
            type_def.endpoints.iter().map(|one| (one.number, &one.name[..], &one.output[..])).collect();
        assert_eq!(names, [(0, "sum", "u128"), (2, "pay", "")]);
        let args: Vec<_> = type_def.endpoints[1].args.iter().map(|field| &field.type_name[..]).collect();
        assert_eq!(args, ["[u8;32]", "Vec<(u8,u16)>"]);
        assert_eq!((type_def.events[0].topic, &type_def.events[0].name[..]), ([7; 32], "Paid"));
    }

    #[test]
    fn a_line_that_is_none_is_an_error() {
        for line in ["endpoint x y()->()", "endpoint 1 y", "event 00 X()", "hello", "endpoint 1 y(a)->()"] {
            assert!(matches!(parse(line.as_bytes()), Err(LinkError::TypeLine { .. })), "{line}");
        }
    }

    #[test]
    fn two_events_of_one_topic_are_an_error() {
        let topic = "07".repeat(32);
        let twice = format!("event {topic} A()\nevent {topic} A()\n");
        assert_eq!(parse(twice.as_bytes()).unwrap().events.len(), 1);
        let clash = format!("event {topic} A()\nevent {topic} B()\n");
        assert!(matches!(parse(clash.as_bytes()), Err(LinkError::TypeClash { .. })));
    }
}
