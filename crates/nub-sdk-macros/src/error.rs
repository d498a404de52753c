//! `Error`: an enum of reasons, each with a message.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result, Variant};

/// `Output`, `Display` and a `From` for each variant that wants one.
pub fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &item.data else {
        return Err(Error::new_spanned(&item.ident, "an enum of the reasons for which a call reverts"));
    };
    let name = &item.ident;
    let (mut arms, mut conversions) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        let ident = &variant.ident;
        if let Some(of) = wrapped(variant) {
            arms.push(quote!(Self::#ident(error) => ::nub_sdk::Output::bytes(error)));
            conversions.push(quote! {
                impl ::core::convert::From<#of> for #name {
                    fn from(error: #of) -> Self {
                        Self::#ident(error)
                    }
                }
            });
        } else {
            let message = message(variant)?;
            arms.push(quote!(Self::#ident { .. } => #message.as_bytes()));
        }
    }
    Ok(quote! {
        impl ::nub_sdk::Output for #name {
            fn bytes(&self) -> &[u8] {
                match self { #(#arms,)* }
            }
        }

        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(::core::str::from_utf8(::nub_sdk::Output::bytes(self)).unwrap_or_default())
            }
        }

        #(#conversions)*
    })
}

/// The type of a variant's field, if its message is this field's.
fn wrapped(variant: &Variant) -> Option<&syn::Type> {
    let Fields::Unnamed(fields) = &variant.fields else { return None };
    let marked = |attributes: &[syn::Attribute]| attributes.iter().any(|one| one.path().is_ident("from"));
    let field = fields.unnamed.first().filter(|_| fields.unnamed.len() == 1)?;
    (marked(&variant.attrs) || marked(&field.attrs)).then_some(&field.ty)
}

fn message(variant: &Variant) -> Result<String> {
    let attribute = variant.attrs.iter().find(|attribute| attribute.path().is_ident("message"));
    let attribute = attribute.ok_or_else(|| {
        Error::new_spanned(
            variant,
            "`#[message(\"…\")]` says what a call reverts with; `#[from]` on its one field hands on",
        )
    })?;
    Ok(attribute.parse_args::<LitStr>()?.value())
}
