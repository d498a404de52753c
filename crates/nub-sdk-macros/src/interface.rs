//! `#[interface]`: a trait becomes a type by which another contract is called.

use proc_macro2::TokenStream;
use syn::{Error, ItemTrait, Result, TraitItem};

use crate::client;
use crate::signature::{Endpoint, Numbering, take_mark};

/// The type alone; the trait was its description.
pub fn expand(item: ItemTrait) -> Result<TokenStream> {
    let mut numbering = Numbering::default();
    let mut endpoints = Vec::new();
    for item in item.items {
        let TraitItem::Fn(mut function) = item else {
            return Err(Error::new_spanned(item, "an interface has functions only"));
        };
        let mark = take_mark(&mut function.attrs)?
            .ok_or_else(|| Error::new(function.sig.ident.span(), "mark it `#[endpoint(…)]`"))?;
        endpoints.push(Endpoint::of(mark, &mut numbering, &function.sig, &function.attrs)?);
    }
    Ok(client::expand(&item.ident, &item.vis, &endpoints))
}
