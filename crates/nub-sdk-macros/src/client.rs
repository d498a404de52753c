//! A type by which a contract is called.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Visibility};

use crate::signature::{Endpoint, owned_type};

/// `<contract>Ref` with a function for every endpoint.
pub fn expand(contract: &Ident, visibility: &Visibility, endpoints: &[Endpoint]) -> TokenStream {
    let name = format_ident!("{contract}Ref");
    let about = format!("Calls a `{contract}` through a Ref.");
    let functions = endpoints.iter().map(|endpoint| function(endpoint, visibility));
    quote! {
        #[doc = #about]
        #[allow(dead_code)]
        #[derive(Clone, Copy, Debug)]
        #visibility struct #name<'p> {
            target: ::nub_sdk::client::Target<'p>,
        }

        #[allow(dead_code)]
        impl #name<'static> {
            /// Calls through this Ref, with all the gas there is and nothing passed.
            #visibility const fn new(selector: ::nub_sdk::Selector) -> Self {
                Self { target: ::nub_sdk::client::Target::new(selector) }
            }
        }

        #[allow(dead_code)]
        impl<'p> #name<'p> {
            /// With at most so much gas for a call.
            #visibility const fn with_gas(self, gas: u64) -> Self {
                Self { target: ::nub_sdk::client::Target { gas, ..self.target } }
            }

            /// With these capabilities passed.
            #visibility const fn passing<'q>(self, passed: &'q [::nub_sdk::Selector]) -> #name<'q> {
                #name {
                    target: ::nub_sdk::client::Target {
                        selector: self.target.selector,
                        gas: self.target.gas,
                        passed,
                    },
                }
            }

            #(#functions)*
        }
    }
}

fn function(endpoint: &Endpoint, visibility: &Visibility) -> TokenStream {
    let Endpoint { number, name, docs, args, output, .. } = endpoint;
    let about = format!("Endpoint {number}, `{name}`.");
    let about = if docs.is_empty() { quote!(#[doc = #about]) } else { quote!(#(#docs)*) };
    let names = args.iter().map(|(name, _)| name);
    let declared = args.iter().map(|(name, of)| quote!(#name: #of));
    let values = if args.is_empty() { quote!(()) } else { quote!((#(#names,)*)) };
    let output = owned_type(output);
    quote! {
        #about
        ///
        /// # Errors
        /// [`CallError`](::nub_sdk::CallError).
        #visibility fn #name(&self, #(#declared),*) -> ::core::result::Result<#output, ::nub_sdk::CallError> {
            self.target.invoke(#number, &#values)
        }
    }
}
