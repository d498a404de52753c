//! `Event`: a struct that is a log.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::scale;
use crate::signature::static_type;

/// The longest topic in octets.
const TOPIC_BYTES_MAX: usize = 32;

/// `Typed`, `Encode` and `Event`, and the line of the TypeDef.
pub fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let fields = match &item.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => &data.fields,
        _ => return Err(Error::new_spanned(&item.ident, "an event is a struct whose fields have names")),
    };
    let topic = topic(item)?;
    let encode = scale::expand(item, false)?;
    let (name, generics) = (&item.ident, &item.generics);
    let parts = fields.iter().enumerate().map(|(index, field)| {
        let comma = if index == 0 { "" } else { "," };
        let start = field.ident.as_ref().map_or(comma.to_owned(), |name| format!("{comma}{name}:"));
        let of = static_type(&field.ty);
        quote!(.text(#start).name(<#of as ::nub_sdk::Typed>::NAME))
    });
    let middle = format!(" {name}(");
    let line = quote! {
        ::nub_sdk::codec::Name::new("event ")
            .hex(&::nub_sdk::event::topic(#topic))
            .text(#middle)
            #(#parts)*
            .text(")\n")
    };
    let module = format_ident!("__nub_event_{name}");
    Ok(quote! {
        #encode

        impl #generics ::nub_sdk::Event for #name #generics {
            const TOPIC: [u8; 32] = ::nub_sdk::event::topic(#topic);
        }

        #[doc(hidden)]
        #[allow(unsafe_code, unused_imports, non_snake_case)]
        mod #module {
            use super::*;
            ::nub_sdk::type_line!(#line);
        }
    })
}

fn topic(item: &DeriveInput) -> Result<String> {
    let mut topic = item.ident.to_string();
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("topic") {
                return Err(meta.error("`topic = \"…\"`"));
            }
            topic = meta.value()?.parse::<LitStr>()?.value();
            Ok(())
        })?;
    }
    match topic.len() {
        1..=TOPIC_BYTES_MAX => Ok(topic),
        _ => Err(Error::new_spanned(&item.ident, "a topic has 1 to 32 octets: `#[event(topic = \"…\")]`")),
    }
}
