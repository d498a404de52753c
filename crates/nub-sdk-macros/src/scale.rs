//! `Scale` and `Encode`: values and their octets.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Ident, Result, Type};

use crate::signature::static_type;

/// `Typed` and `Encode`, and `Decode` if it is to be.
pub fn expand(item: &DeriveInput, decode: bool) -> Result<TokenStream> {
    if let Some(unfit) = item.generics.params.iter().find(|one| !matches!(one, GenericParam::Lifetime(_))) {
        return Err(Error::new_spanned(unfit, "only lifetimes: a type in a TypeDef has one name"));
    }
    if decode && !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a type that borrows: use `#[derive(Encode)]`"));
    }
    match &item.data {
        Data::Struct(data) => Ok(of_struct(item, &data.fields, decode)),
        Data::Enum(data) => of_enum(item, data, decode),
        Data::Union(_) => Err(Error::new_spanned(&item.ident, "a struct or an enum")),
    }
}

/// A type's name: `Name{a:u8,b:u16}`, `Name(u8)`, `Name`.
pub fn name(start: &str, fields: &Fields) -> TokenStream {
    let (open, close) = match fields {
        Fields::Named(_) => ("{", "}"),
        Fields::Unnamed(_) => ("(", ")"),
        Fields::Unit => ("", ""),
    };
    let start = format!("{start}{open}");
    let parts = fields.iter().enumerate().map(|(index, field)| {
        let comma = if index == 0 { "" } else { "," };
        let start = field.ident.as_ref().map_or(comma.to_owned(), |name| format!("{comma}{name}:"));
        let of = static_type(&field.ty);
        quote!(.text(#start).name(<#of as ::nub_sdk::Typed>::NAME))
    });
    quote!(.text(#start) #(#parts)* .text(#close))
}

/// The sum of the fields' sizes.
fn size(types: &[Type]) -> TokenStream {
    quote! {{
        let size = ::core::option::Option::Some(0);
        #(let size = ::nub_sdk::codec::sum(size, <#types as ::nub_sdk::Typed>::SIZE);)*
        size
    }}
}

fn of_struct(item: &DeriveInput, fields: &Fields, decode: bool) -> TokenStream {
    let (of, generics) = (&item.ident, &item.generics);
    let types: Vec<_> = fields.iter().map(|field| static_type(&field.ty)).collect();
    let (type_name, total) = (name(&of.to_string(), fields), size(&types));
    let members: Vec<_> = fields.members().collect();
    let decode = decode.then(|| {
        quote! {
            impl<'nub> ::nub_sdk::Decode<'nub> for #of {
                #[inline]
                fn decode(
                    args: &mut ::nub_sdk::Args<'nub>,
                ) -> ::core::result::Result<Self, ::nub_sdk::ArgsError> {
                    Ok(Self { #(#members: ::nub_sdk::Decode::decode(args)?),* })
                }
            }
        }
    });
    quote! {
        impl #generics ::nub_sdk::Typed for #of #generics {
            const SIZE: ::core::option::Option<usize> = #total;
            const NAME: ::nub_sdk::codec::Name = ::nub_sdk::codec::Name::new("") #type_name;
        }

        impl #generics ::nub_sdk::Encode for #of #generics {
            #[inline]
            fn size_bytes(&self) -> usize {
                match <Self as ::nub_sdk::Typed>::SIZE {
                    ::core::option::Option::Some(size) => size,
                    ::core::option::Option::None => {
                        0 #(+ ::nub_sdk::Encode::size_bytes(&self.#members))*
                    }
                }
            }

            #[inline]
            fn encode_to(&self, out: &mut ::nub_sdk::codec::Writer<'_>) {
                let _ = &out;
                #(::nub_sdk::Encode::encode_to(&self.#members, out);)*
            }
        }

        #decode
    }
}

fn of_enum(item: &DeriveInput, data: &syn::DataEnum, decode: bool) -> Result<TokenStream> {
    let (of, generics) = (&item.ident, &item.generics);
    if data.variants.is_empty() || data.variants.len() > 256 {
        return Err(Error::new_spanned(of, "an enum with 1 to 256 variants"));
    }
    let mut names = Vec::new();
    let (mut sizes, mut encoders, mut decoders) = (Vec::new(), Vec::new(), Vec::new());
    for (index, variant) in data.variants.iter().enumerate() {
        let (tag, ident) = (index as u8, &variant.ident);
        let start = format!("{}{ident}", if index == 0 { "" } else { "|" });
        names.push(name(&start, &variant.fields));
        let members: Vec<_> = variant.fields.members().collect();
        let binds: Vec<Ident> = (0..members.len()).map(|index| format_ident!("field_{index}")).collect();
        sizes.push(quote! {
            Self::#ident { #(#members: #binds),* } => 1 #(+ ::nub_sdk::Encode::size_bytes(#binds))*
        });
        encoders.push(quote! {
            Self::#ident { #(#members: #binds),* } => {
                out.put(&[#tag]);
                #(::nub_sdk::Encode::encode_to(#binds, out);)*
            }
        });
        decoders.push(quote! {
            #tag => Ok(Self::#ident { #(#members: ::nub_sdk::Decode::decode(args)?),* })
        });
    }
    let plain = data.variants.iter().all(|variant| variant.fields.is_empty());
    let total = if plain { quote!(Some(1)) } else { quote!(None) };
    let start = format!("{of}[");
    let decode = decode.then(|| {
        quote! {
            impl<'nub> ::nub_sdk::Decode<'nub> for #of {
                fn decode(
                    args: &mut ::nub_sdk::Args<'nub>,
                ) -> ::core::result::Result<Self, ::nub_sdk::ArgsError> {
                    match args.u8()? {
                        #(#decoders,)*
                        _ => Err(::nub_sdk::ArgsError::Invalid),
                    }
                }
            }
        }
    });
    Ok(quote! {
        impl #generics ::nub_sdk::Typed for #of #generics {
            const SIZE: ::core::option::Option<usize> = #total;
            const NAME: ::nub_sdk::codec::Name = ::nub_sdk::codec::Name::new(#start) #(#names)* .text("]");
        }

        impl #generics ::nub_sdk::Encode for #of #generics {
            #[inline]
            fn size_bytes(&self) -> usize {
                match self { #(#sizes,)* }
            }

            #[inline]
            fn encode_to(&self, out: &mut ::nub_sdk::codec::Writer<'_>) {
                match self { #(#encoders)* }
            }
        }

        #decode
    })
}
