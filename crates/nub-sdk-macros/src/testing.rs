//! `#[nub_testing::test]`: a test of contracts, on one backend or all.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Ident, ItemFn, Result};

/// One test, or one for each backend and engine in a module of its name.
pub fn expand(all: Option<Ident>, item: ItemFn) -> Result<TokenStream> {
    let ItemFn { attrs, sig, block, .. } = &item;
    let (name, inputs) = (&sig.ident, &sig.inputs);
    if inputs.len() != 1 {
        return Err(Error::new_spanned(sig, "a test of contracts takes a `&mut Chain`"));
    }
    match all {
        None => Ok(quote! {
            #(#attrs)*
            #[test]
            fn #name() {
                fn test(#inputs) #block
                ::nub_testing::run(::nub_testing::Backend::Local, test);
            }
        }),
        Some(word) if word == "all" => Ok(quote! {
            mod #name {
                use super::*;

                fn test(#inputs) #block

                #(#attrs)*
                #[test]
                pub fn local() {
                    ::nub_testing::run(::nub_testing::Backend::Local, test);
                }

                #(#attrs)*
                #[test]
                pub fn micro_vm_interpreter() {
                    ::nub_testing::run(::nub_testing::Backend::Interpreter, test);
                }

                #(#attrs)*
                #[test]
                pub fn micro_vm_recompiler() {
                    ::nub_testing::run(::nub_testing::Backend::Recompiler, test);
                }
            }
        }),
        Some(word) => Err(Error::new(word.span(), "`all`, or nothing for the local backend")),
    }
}
