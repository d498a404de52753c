//! The macros of `nub-sdk`, which re-exports and describes them.
//!
//! - [`mod@contract`]: an `impl` block's functions become endpoints
//! - [`mod@interface`], `client`: typed calls
//! - [`mod@storage`]: every field gets its place
//! - `scale`: values and their octets
//! - `event`, `error`: logs, messages
//! - `signature`: what the first two have in common
//! - `testing`: `#[nub_testing::test]`
//!
//! What they write names everything by `::nub_sdk` and `::core`, needs no `unsafe` of the contract, and refers to types
//! as the contract wrote them. A mistake is an error at its place, not a panic.
#![forbid(unsafe_code)]

mod client;
mod contract;
mod error;
mod event;
mod interface;
#[cfg(test)]
mod mistakes;
mod scale;
mod signature;
mod storage;
mod testing;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes the functions of an `impl` block that are marked `#[endpoint]` the contract's endpoints. Once in a crate, at
/// its root.
///
/// An endpoint takes `&self` or `&mut self` and arguments that can be decoded; references to `[u8; N]`, `[u8]` and `str`
/// are decoded where they lie, the cheapest way. It gives a value, or a `Result` of a value and an error that is an
/// `Output`, which reverts the call. Endpoints are numbered from 0, or from the number before:
/// `#[endpoint(65534)]`. Each call starts with `Default::default()` of the type.
///
/// A function marked `#[init]` in place of `#[endpoint]` is an endpoint too, which runs once in the Instance's life, for
/// its creator or whom genesis names: `nub_sdk::init`.
///
/// Arguments: `heap = 65536`, octets of a heap that lives for a call (a multiple of 4096; none without it);
/// `stack = 16384`, octets of stack (8192); `panic = "report"`, what a panic becomes: a revert with place and message
/// (`"report"`, the default), the same with messages made at run time (`"format"`), or a trap (`"trap"`).
///
/// Also makes `<Type>Ref`, by which another contract can call this one; see [`macro@interface`].
#[proc_macro_attribute]
pub fn contract(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as contract::Arguments);
    let item = parse_macro_input!(item as syn::ItemImpl);
    contract::expand(arguments, item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes of a trait a type by which another contract is called: `trait Token` gives `TokenRef`.
///
/// Its functions are those of the other contract, with `#[endpoint]` numbers as in [`macro@contract`]. `TokenRef::new(selector)`
/// calls through the Ref of that selector; `with_gas` and `passing` say how. Each function gives `Result<T, CallError>`, where
/// `T` is what the endpoint returns on success.
#[proc_macro_attribute]
pub fn interface(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::ItemTrait);
    interface::expand(item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Gives every field of a struct its place in storage; the fields are `Value<T>`, `Map<K, V>`, `CounterMap<K, V>`,
/// `List<T>`. The struct gets a `Default`, and has no size.
///
/// `#[key = "…"]` on a field: the key, or what precedes the keys of a map, in place of the field's name.
/// `#[raw]` on one map: its keys, of 32 octets, are used as they are.
#[proc_macro_attribute]
pub fn storage(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::ItemStruct);
    storage::expand(item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `Typed`, `Encode` and `Decode` for a struct or enum.
#[proc_macro_derive(Scale)]
pub fn derive_scale(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    scale::expand(&item, true).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `Typed` and `Encode` for a struct or enum, which may borrow.
#[proc_macro_derive(Encode)]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    scale::expand(&item, false).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `Event` for a struct, with `Typed` and `Encode`. Its topic is its name, or `#[event(topic = "…")]`.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    event::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// `Output` and `Display` for an enum of reasons: `#[message("…")]` on a variant is what a call reverts with; a variant with
/// one field and `#[from]` has that field's, and is made of it by `?`.
#[proc_macro_derive(Error, attributes(message, from))]
pub fn derive_error(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    error::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A test of contracts: a function of a `&mut Chain`. On the local backend; `#[nub_testing::test(all)]` makes a module of that
/// name with a test for each backend and engine. Re-exported by `nub-testing`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let all = parse_macro_input!(arguments as Option<syn::Ident>);
    let item = parse_macro_input!(item as syn::ItemFn);
    testing::expand(all, item).unwrap_or_else(syn::Error::into_compile_error).into()
}
