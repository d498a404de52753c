//! What an author is told of a mistake, and at which words. The compiler's own errors, of types that do not fit, are not
//! here: they differ from version to version.

use proc_macro2::TokenStream;
use syn::parse_str;

use crate::{contract, error, event, interface, scale, storage};

/// The message and the words it points to.
type Told = (String, String);

fn told(outcome: syn::Result<TokenStream>) -> Told {
    let error = outcome.expect_err("it is a mistake");
    (error.to_string(), error.span().source_text().unwrap_or_default())
}

/// A contract of these functions, with these arguments of the attribute.
fn of_contract(arguments: &str, functions: &str) -> Told {
    let item = parse_str(&format!("impl Jar {{ {functions} }}")).unwrap();
    told(parse_str(arguments).and_then(|arguments| contract::expand(arguments, item)))
}

fn of_functions(functions: &str) -> Told {
    of_contract("", functions)
}

fn of_interface(items: &str) -> Told {
    told(interface::expand(parse_str(&format!("trait Token {{ {items} }}")).unwrap()))
}

fn of_storage(item: &str) -> Told {
    told(storage::expand(parse_str(item).unwrap()))
}

#[track_caller]
fn is((message, place): Told, expected: &str, words: &str) {
    assert!(message.contains(expected), "{message}");
    assert_eq!(place, words, "{message}");
}

#[test]
fn signatures() {
    is(of_functions("#[endpoint] fn give(amount: u64) {}"), "takes `&self` or `&mut self` first", "give");
    is(of_functions("#[endpoint] fn give(self) {}"), "takes `&self` or `&mut self` first", "give");
    is(of_functions("#[endpoint] fn give(&self, (a, b): (u8, u8)) {}"), "arguments have names", "(a, b)");
    let generic = of_functions("#[endpoint] fn give<T>(&self, amount: T) {}");
    is(generic, "cannot be generic", "fn give<T>(&self, amount: T)");
    let later = of_functions("#[endpoint] async fn give(&self) {}");
    is(later, "cannot be async", "async fn give(&self)");
    is(of_functions("#[endpoint] fn give(&self) -> Result {}"), "say what the Result holds", "Result");
}

#[test]
fn numbers() {
    let range = "a number from 0 to 65535, as in `#[endpoint(7)]`";
    is(of_functions("#[endpoint(65536)] fn give(&self) {}"), range, "65536");
    is(of_functions("#[endpoint(-1)] fn give(&self) {}"), range, "-1");
    is(of_functions("#[endpoint(one)] fn give(&self) {}"), range, "one");
    let twice = of_functions("#[endpoint(1)] fn give(&self) {} #[endpoint(1)] fn take(&self) {}");
    is(twice, "endpoint 1 exists; give each its own number", "take");
    let past = of_functions("#[endpoint(65535)] fn give(&self) {} #[endpoint] fn take(&self) {}");
    is(past, "numbered up to 65535", "take");
}

#[test]
fn initialisation() {
    let twice = of_functions("#[init] fn start(&self) {} #[init] fn restart(&self) {}");
    is(twice, "an Instance is initialised once: one `#[init]`", "restart");
    let both = of_functions("#[init] #[endpoint] fn start(&self) {}");
    is(both, "one mark: `#[endpoint]`, or `#[init]`", "#[endpoint]");
}

#[test]
fn contracts() {
    is(of_functions("fn give(&self) {}"), "a contract has endpoints; mark functions `#[endpoint]`", "Jar");
    let trait_impl = parse_str("impl Give for Jar { #[endpoint] fn give(&self) {} }").unwrap();
    let plain = parse_str("").unwrap();
    is(told(contract::expand(plain, trait_impl)), "not of a trait", "Give");
    let endpoint = "#[endpoint] fn give(&self) {}";
    is(of_contract("heap = 1000", endpoint), "a multiple of 4096, at most 8388608", "1000");
    is(of_contract("stack = 16777216", endpoint), "a multiple of 4096, at most 8388608", "16777216");
    is(of_contract("panic = \"loud\"", endpoint), "`\"report\"`, `\"format\"` or `\"trap\"`", "\"loud\"");
    is(of_contract("heaps = 4096", endpoint), "`heap`, `stack` or `panic`", "heaps");
}

#[test]
fn interfaces() {
    is(of_interface("fn give(&self);"), "mark it `#[endpoint(…)]`", "give");
    is(of_interface("const SIZE: u32;"), "an interface has functions only", "const SIZE: u32;");
    is(of_interface("#[endpoint] fn give();"), "takes `&self` or `&mut self` first", "give");
}

#[test]
fn places_in_storage() {
    is(of_storage("struct Jar(Value<u8>);"), "fields with names", "Jar");
    is(of_storage("struct Jar { count: u64 }"), "`Value<T>`, `Map<K, V>`", "u64");
    is(of_storage("struct Jar { n: Value<u8> }"), "keys have 2 to 30 octets", "n");
    is(of_storage("struct Jar { #[raw] all: Value<u8> }"), "`#[raw]` is for a Map or CounterMap", "all");
    is(of_storage("struct Jar { #[key = 7] all: Value<u8> }"), "text: `#[key = \"…\"]`", "7");
    let same = "struct Jar { all: Value<u8>, #[key = \"all\"] others: Value<u8> }";
    is(of_storage(same), "its keys may be those of `all`", "others");
    let own = "struct Jar { #[key = \"\\0init\"] state: Value<u8> }";
    is(of_storage(own), "keys that begin with a zero are the SDK's own", "state");
}

#[test]
fn derived_things() {
    let of_error = |item: &str| told(error::expand(&parse_str(item).unwrap()));
    is(of_error("struct Why;"), "an enum of the reasons", "Why");
    is(of_error("enum Why { Full }"), "`#[message(\"…\")]` says what a call reverts with", "Full");
    let of_event = |item: &str| told(event::expand(&parse_str(item).unwrap()));
    is(of_event("struct Given(u8);"), "an event is a struct whose fields have names", "Given");
    is(of_event("#[event(topic = \"\")] struct Given { by: u8 }"), "a topic has 1 to 32 octets", "Given");
    is(of_event("#[event(name = \"x\")] struct Given { by: u8 }"), "`topic = \"…\"`", "name");
    let of_scale = |item: &str| told(scale::expand(&parse_str(item).unwrap(), true));
    is(of_scale("struct Pair<T> { one: T }"), "a type in a TypeDef has one name", "T");
    is(of_scale("struct Pair<'a> { one: &'a u8 }"), "use `#[derive(Encode)]`", "<'a>");
    is(of_scale("union Pair { one: u8 }"), "a struct or an enum", "Pair");
}
