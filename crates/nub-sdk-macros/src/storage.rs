//! `#[storage]`: every field gets its place.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Error, Expr, ExprLit, Field, Fields, GenericArgument, Ident, ItemStruct, Lit, Meta, PathArguments,
    Result, Type,
};

/// The longest key in octets; longer ones are for hashes and raw keys.
const KEY_BYTES_MAX: usize = 30;

/// A field's place.
struct Place {
    field: Ident,
    marker: Ident,
    prefix: String,
    raw: bool,
    /// Is the prefix the whole key?
    is_value: bool,
}

/// The struct with places in its fields' types, and a `Default`.
pub fn expand(mut item: ItemStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &mut item.fields else {
        return Err(Error::new_spanned(&item.ident, "fields with names, each of which is a key in storage"));
    };
    let mut places = Vec::new();
    for field in &mut fields.named {
        places.push(place(&item.ident, field)?);
    }
    check(&places)?;
    let markers = places.iter().map(|Place { marker, prefix, raw, field, .. }| {
        let about = format!("Where `{field}` lies.");
        quote! {
            #[doc = #about]
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            pub struct #marker;

            impl ::nub_sdk::state::Place for #marker {
                const PREFIX: &'static [u8] = #prefix.as_bytes();
                const RAW: bool = #raw;
            }
        }
    });
    let (name, generics) = (&item.ident, &item.generics);
    if !generics.params.is_empty() {
        return Err(Error::new_spanned(generics, "storage is of one type"));
    }
    let names = places.iter().map(|place| &place.field);
    Ok(quote! {
        #item

        impl ::core::default::Default for #name {
            #[inline]
            fn default() -> Self {
                Self { #(#names: ::nub_sdk::state::Here::HERE),* }
            }
        }

        #(#markers)*
    })
}

/// Takes a field's attributes and puts its marker into its type.
fn place(owner: &Ident, field: &mut Field) -> Result<Place> {
    let name = field.ident.clone().ok_or_else(|| Error::new_spanned(&*field, "a name"))?;
    let marker = format_ident!("__NubPlace_{owner}_{name}");
    let kind = add_marker(&mut field.ty, &marker)?;
    let (mut key, mut raw) = (None, false);
    let mut wrong = None;
    field.attrs.retain(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("key") => {
            match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => key = Some(text.value()),
                other => wrong = Some(Error::new_spanned(other, "text: `#[key = \"…\"]`")),
            }
            false
        }
        Meta::Path(path) if path.is_ident("raw") => {
            raw = true;
            false
        }
        _ => true,
    });
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let is_value = kind == "Value";
    if raw && (key.is_some() || !matches!(kind.to_string().as_str(), "Map" | "CounterMap")) {
        return Err(Error::new_spanned(&name, "`#[raw]` is for a Map or CounterMap, without `#[key]`"));
    }
    let plain = name.to_string();
    let plain = plain.strip_prefix("r#").unwrap_or(&plain);
    let prefix = match (key, raw) {
        (Some(key), _) => key,
        (None, true) => String::new(),
        (None, false) if is_value => plain.to_owned(),
        (None, false) => format!("{plain}:"),
    };
    let least = if is_value || kind == "List" { 2 } else { 1 };
    if prefix.starts_with('\0') {
        return Err(Error::new_spanned(&name, "keys that begin with a zero are the SDK's own"));
    }
    if !raw && !(least..=KEY_BYTES_MAX).contains(&prefix.len()) {
        let message =
            format!("keys have 2 to {KEY_BYTES_MAX} octets; give this field one with `#[key = \"…\"]`");
        return Err(Error::new_spanned(&name, message));
    }
    Ok(Place { field: name, marker, prefix, raw, is_value })
}

/// `Map<K, V>` becomes `Map<K, V, marker>`; gives the name of the type.
fn add_marker(of: &mut Type, marker: &Ident) -> Result<Ident> {
    let wrong = "`Value<T>`, `Map<K, V>`, `CounterMap<K, V>` or `List<T>`";
    let Type::Path(path) = of else { return Err(Error::new_spanned(of, wrong)) };
    let known = ["Value", "Map", "CounterMap", "List"];
    match path.path.segments.last_mut() {
        Some(last) if known.iter().any(|name| last.ident == name) => match &mut last.arguments {
            PathArguments::AngleBracketed(arguments) => {
                arguments.args.push(GenericArgument::Type(syn::parse_quote!(#marker)));
                Ok(last.ident.clone())
            }
            _ => Err(Error::new_spanned(last, wrong)),
        },
        _ => Err(Error::new_spanned(path, wrong)),
    }
}

/// No key of one field may be a key of another.
fn check(places: &[Place]) -> Result<()> {
    for (index, place) in places.iter().enumerate() {
        for other in &places[..index] {
            let clash = match (place.raw, other.raw) {
                (true, true) => true,
                (true, false) | (false, true) => false,
                (false, false) => clash(place, other) || clash(other, place),
            };
            if clash {
                let message = format!("its keys may be those of `{}`", other.field);
                return Err(Error::new_spanned(&place.field, message));
            }
        }
    }
    Ok(())
}

/// May a key of `of` be one of `place`?
fn clash(place: &Place, of: &Place) -> bool {
    if place.is_value { place.prefix == of.prefix } else { of.prefix.starts_with(&place.prefix) }
}
