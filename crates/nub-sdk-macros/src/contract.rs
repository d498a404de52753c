//! `#[contract]`: an `impl` block's functions become endpoints.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ImplItem, ItemImpl, LitInt, LitStr, Result, Token, Type, Visibility};

use crate::client;
use crate::signature::{Endpoint, Numbering, static_type, take_mark};

/// Octets of stack without a word about it.
const STACK_BYTES: u32 = 8192;
/// Octets of a page.
const PAGE_BYTES: u32 = 4096;
/// The most octets of heap and stack together.
const ROOM_BYTES_MAX: u32 = 16 << 20;

/// `heap = …, stack = …, panic = "…"`.
pub struct Arguments {
    heap_bytes: u32,
    stack_bytes: u32,
    panic: Ident,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let panic = Ident::new("report", Span::call_site());
        let mut arguments = Arguments { heap_bytes: 0, stack_bytes: STACK_BYTES, panic };
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "heap" => arguments.heap_bytes = bytes(&input.parse()?)?,
                "stack" => arguments.stack_bytes = bytes(&input.parse()?)?,
                "panic" => arguments.panic = panic_handler(&input.parse()?)?,
                _ => return Err(Error::new(name.span(), "`heap`, `stack` or `panic`")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

fn bytes(literal: &LitInt) -> Result<u32> {
    let bytes: u32 = literal.base10_parse()?;
    if bytes.is_multiple_of(PAGE_BYTES) && bytes <= ROOM_BYTES_MAX / 2 {
        Ok(bytes)
    } else {
        Err(Error::new(literal.span(), "a multiple of 4096, at most 8388608"))
    }
}

fn panic_handler(literal: &LitStr) -> Result<Ident> {
    match literal.value().as_str() {
        name @ ("report" | "format" | "trap") => Ok(Ident::new(name, literal.span())),
        _ => Err(Error::new(literal.span(), "`\"report\"`, `\"format\"` or `\"trap\"`")),
    }
}

/// The block as it was, the entries, the types' names, the client.
pub fn expand(arguments: Arguments, mut item: ItemImpl) -> Result<TokenStream> {
    let contract = contract_name(&item)?;
    let mut numbering = Numbering::default();
    let mut endpoints = Vec::new();
    for item in &mut item.items {
        let ImplItem::Fn(function) = item else { continue };
        if let Some(mark) = take_mark(&mut function.attrs)? {
            endpoints.push(Endpoint::of(mark, &mut numbering, &function.sig, &function.attrs)?);
        }
    }
    if let Some(second) = endpoints.iter().filter(|endpoint| endpoint.initialises).nth(1) {
        return Err(Error::new(second.name.span(), "an Instance is initialised once: one `#[init]`"));
    }
    if endpoints.is_empty() {
        return Err(Error::new_spanned(
            &item.self_ty,
            "a contract has endpoints; mark functions `#[endpoint]`",
        ));
    }
    let entries = endpoints.iter().map(|endpoint| entry(&contract, endpoint, &arguments));
    let client = client::expand(&contract, &Visibility::Inherited, &endpoints);
    let Arguments { heap_bytes, stack_bytes, panic } = &arguments;
    let heap = LitInt::new(&heap_bytes.to_string(), Span::call_site());
    let room_bytes = heap_bytes + stack_bytes;
    // Without an entry nobody calls the functions.
    Ok(quote! {
        #[cfg_attr(not(all(target_arch = "riscv64", target_feature = "e")), allow(dead_code))]
        #item

        ::nub_sdk::runtime! { heap: #heap, panic: #panic }
        ::nub_sdk::stack_bytes!(#room_bytes);

        #(#entries)*

        #client
    })
}

fn contract_name(item: &ItemImpl) -> Result<Ident> {
    if let Some((_, path, _)) = &item.trait_ {
        return Err(Error::new_spanned(path, "endpoints are functions of the type itself, not of a trait"));
    }
    match &*item.self_ty {
        Type::Path(path) if item.generics.params.is_empty() => path
            .path
            .get_ident()
            .cloned()
            .ok_or_else(|| Error::new_spanned(path, "a plain name of a type in this module")),
        other => Err(Error::new_spanned(other, "a contract is a plain type")),
    }
}

/// Where the kernel enters, and what the linker must know of it.
fn entry(contract: &Ident, endpoint: &Endpoint, arguments: &Arguments) -> TokenStream {
    let Endpoint { number, name, .. } = endpoint;
    let module = format_ident!("__nub_endpoint_{name}");
    let symbol = format!("nub_endpoint_{number}_{name}");
    let line = endpoint.line();
    let body = body(contract, endpoint);
    let export = export(&symbol, arguments.heap_bytes);
    quote! {
        #[doc(hidden)]
        #[allow(unsafe_code, unused_imports, non_snake_case)]
        mod #module {
            use super::*;

            /// Elsewhere there is no entry; what it does must compile all the same.
            #[cfg_attr(not(all(target_arch = "riscv64", target_feature = "e")), allow(dead_code))]
            #[inline(always)]
            fn run(mut args: ::nub_sdk::Args<'static>) -> ! {
                #body
            }

            ::nub_sdk::type_line!(#line);

            #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
            mod on_chain {
                extern "C" fn entry(args: *const u8, len_bytes: usize) -> ! {
                    // SAFETY: only the kernel enters here, with the arguments' address and length.
                    super::run(::nub_sdk::Args::new(unsafe { ::nub_sdk::host::arguments(args, len_bytes) }))
                }

                // SAFETY: the section is the linker's table of descriptions; this is one.
                #[unsafe(link_section = ".polkavm_metadata")]
                static EXPORT: ::nub_sdk::host::Metadata = ::nub_sdk::host::Metadata::export(#symbol);

                #export
            }
        }
    }
}

/// Takes the arguments, calls the function, ends the call.
fn body(contract: &Ident, endpoint: &Endpoint) -> TokenStream {
    let Endpoint { name, args, fallible, returned, initialises, .. } = endpoint;
    let begin = initialises.then(|| {
        quote! {
            if let Err(error) = ::nub_sdk::init::begin() {
                ::nub_sdk::endpoint::fail(&error);
            }
        }
    });
    let names: Vec<_> = args.iter().map(|(name, _)| format_ident!("argument_{name}")).collect();
    let sizes = args.iter().map(|(_, of)| {
        let of = static_type(of);
        quote!(let size = ::nub_sdk::codec::sum(size, <#of as ::nub_sdk::Typed>::SIZE);)
    });
    let call = quote!(super::#contract::#name(&mut contract, #(#names),*));
    let end = if *fallible {
        quote_spanned! { *returned =>
            match #call {
                Ok(value) => ::nub_sdk::endpoint::succeed(&value),
                Err(error) => ::nub_sdk::endpoint::fail(&error),
            }
        }
    } else {
        quote_spanned!(*returned => ::nub_sdk::endpoint::succeed(&#call))
    };
    quote! {
        #begin
        const SIZE: ::core::option::Option<usize> = {
            let size = ::core::option::Option::Some(0);
            #(#sizes)*
            size
        };
        if let ::core::option::Option::Some(size) = SIZE {
            ::nub_sdk::endpoint::check_length(&args, size);
        }
        #(let #names = ::nub_sdk::endpoint::argument(&mut args);)*
        ::nub_sdk::endpoint::end_of_arguments(args);
        #[allow(unused_mut)]
        let mut contract = <super::#contract as ::core::default::Default>::default();
        #end
    }
}

/// Tells the linker of the entry: with a heap, of code before it that starts the stack below that.
fn export(symbol: &str, heap_bytes: u32) -> TokenStream {
    if heap_bytes == 0 {
        return quote!(::nub_sdk::host::export!(EXPORT, entry););
    }
    let pages = heap_bytes / PAGE_BYTES;
    let label = format!("{symbol}_below_heap");
    quote!(::nub_sdk::host::export_below_heap!(EXPORT, entry, #label, #pages);)
}
