//! A function that is an endpoint: number, arguments, output.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, LitInt, Pat, PathArguments, Result, ReturnType,
    Signature, Type, parse_quote,
};

/// An endpoint.
pub struct Endpoint {
    /// Its number.
    pub number: u16,
    /// Its name.
    pub name: Ident,
    /// Its documentation.
    pub docs: Vec<Attribute>,
    /// Names and types of its arguments.
    pub args: Vec<(Ident, Type)>,
    /// What it gives on success.
    pub output: Type,
    /// Does it give a `Result`?
    pub fallible: bool,
}

/// Takes `#[endpoint]` off a function's attributes; the number, if it says one.
pub fn take_mark(attributes: &mut Vec<Attribute>) -> Result<Option<Option<u16>>> {
    let Some(position) = attributes.iter().position(|attribute| attribute.path().is_ident("endpoint")) else {
        return Ok(None);
    };
    let attribute = attributes.remove(position);
    match &attribute.meta {
        syn::Meta::Path(_) => Ok(Some(None)),
        _ => Ok(Some(Some(attribute.parse_args::<LitInt>()?.base10_parse()?))),
    }
}

/// Numbers endpoints in the order they are met.
#[derive(Default)]
pub struct Numbering {
    used: Vec<u16>,
}

impl Numbering {
    /// The number of the next endpoint.
    pub fn next(&mut self, said: Option<u16>, at: &Ident) -> Result<u16> {
        let after = self.used.last().map_or(Some(0), |last| last.checked_add(1));
        let number =
            said.or(after).ok_or_else(|| Error::new(at.span(), "endpoints are numbered up to 65535"))?;
        if self.used.contains(&number) {
            return Err(Error::new(at.span(), format!("endpoint {number} exists; give each its own number")));
        }
        self.used.push(number);
        Ok(number)
    }
}

impl Endpoint {
    /// The endpoint that a function is.
    pub fn of(number: u16, signature: &Signature, attributes: &[Attribute]) -> Result<Endpoint> {
        if let Some(unfit) = unfit(signature) {
            return Err(Error::new(signature.span(), unfit));
        }
        let mut inputs = signature.inputs.iter();
        match inputs.next() {
            Some(FnArg::Receiver(receiver)) if receiver.reference.is_some() => {}
            _ => {
                return Err(Error::new(
                    signature.ident.span(),
                    "an endpoint takes `&self` or `&mut self` first",
                ));
            }
        }
        let args = inputs.map(argument).collect::<Result<_>>()?;
        let (output, fallible) = output(&signature.output)?;
        let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect();
        Ok(Endpoint { number, name: signature.ident.clone(), docs, args, output, fallible })
    }

    /// The expression of the line that a TypeDef is made of.
    pub fn line(&self) -> TokenStream {
        let start = format!("endpoint {} {}(", self.number, self.name);
        let args = self.args.iter().enumerate().map(|(index, (name, of))| {
            let start = format!("{}{name}:", if index == 0 { "" } else { "," });
            let of = static_type(of);
            quote!(.text(#start).name(<#of as ::nub_sdk::Typed>::NAME))
        });
        let output = static_type(&self.output);
        quote! {
            ::nub_sdk::codec::Name::new(#start)
                #(#args)*
                .text(")->")
                .name(<#output as ::nub_sdk::Typed>::NAME)
                .text("\n")
        }
    }
}

fn unfit(signature: &Signature) -> Option<&'static str> {
    if signature.asyncness.is_some() {
        Some("an endpoint cannot be async")
    } else if signature.generics.type_params().next().is_some()
        || signature.generics.const_params().next().is_some()
    {
        Some("an endpoint cannot be generic")
    } else {
        None
    }
}

fn argument(argument: &FnArg) -> Result<(Ident, Type)> {
    match argument {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Ok((name.ident.clone(), (*typed.ty).clone())),
            other => Err(Error::new(other.span(), "an endpoint's arguments have names")),
        },
        FnArg::Receiver(receiver) => Err(Error::new(receiver.span(), "`self` comes first")),
    }
}

/// What is returned on success, and whether it is in a `Result`.
fn output(output: &ReturnType) -> Result<(Type, bool)> {
    let ReturnType::Type(_, returned) = output else { return Ok((parse_quote!(()), false)) };
    let Type::Path(path) = &**returned else { return Ok(((**returned).clone(), false)) };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else {
        return Ok(((**returned).clone(), false));
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return Err(Error::new(last.span(), "say what the Result holds"));
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(success)) => Ok((success.clone(), true)),
        _ => Err(Error::new(last.span(), "say what the Result holds")),
    }
}

/// The type with every lifetime `'static`, for constants.
pub fn static_type(of: &Type) -> Type {
    struct Static;
    impl VisitMut for Static {
        fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
            *lifetime = parse_quote!('static);
        }

        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            reference.lifetime = Some(parse_quote!('static));
            syn::visit_mut::visit_type_mut(self, &mut reference.elem);
        }
    }
    let mut of = of.clone();
    Static.visit_type_mut(&mut of);
    of
}

/// The type that holds what this one refers to.
pub fn owned_type(of: &Type) -> Type {
    struct Owned;
    impl VisitMut for Owned {
        fn visit_type_mut(&mut self, of: &mut Type) {
            if let Type::Reference(reference) = of {
                *of = match &*reference.elem {
                    Type::Slice(slice) => {
                        let item = &slice.elem;
                        parse_quote!(::nub_sdk::alloc::vec::Vec<#item>)
                    }
                    Type::Path(path) if path.path.is_ident("str") => {
                        parse_quote!(::nub_sdk::alloc::string::String)
                    }
                    other => other.clone(),
                };
            }
            visit_type_mut(self, of);
        }
    }
    let mut of = of.clone();
    Owned.visit_type_mut(&mut of);
    of
}
