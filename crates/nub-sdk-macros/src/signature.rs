//! A function that is an endpoint: number, arguments, output.

use proc_macro2::{Span, TokenStream};
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
    /// Where it says what it gives: where a type that cannot be given is a mistake.
    pub returned: Span,
    /// Does it initialise the Instance, so that it runs once and for its creator?
    pub initialises: bool,
}

/// What `#[endpoint]`, `#[endpoint(7)]`, `#[init]` and `#[init(7)]` say.
#[derive(Clone, Copy)]
pub struct Mark {
    number: Option<u16>,
    initialises: bool,
}

/// Takes the mark of an endpoint off a function's attributes.
pub fn take_mark(attributes: &mut Vec<Attribute>) -> Result<Option<Mark>> {
    let is_mark =
        |attribute: &Attribute| ["endpoint", "init"].iter().any(|name| attribute.path().is_ident(name));
    let Some(position) = attributes.iter().position(is_mark) else { return Ok(None) };
    let attribute = attributes.remove(position);
    if let Some(second) = attributes.iter().find(|attribute| is_mark(attribute)) {
        return Err(Error::new_spanned(second, "one mark: `#[endpoint]`, or `#[init]`"));
    }
    let number = match &attribute.meta {
        syn::Meta::Path(_) => None,
        _ => Some(number(&attribute)?),
    };
    Ok(Some(Mark { number, initialises: attribute.path().is_ident("init") }))
}

fn number(attribute: &Attribute) -> Result<u16> {
    const WANTED: &str = "a number from 0 to 65535, as in `#[endpoint(7)]`";
    let literal: LitInt = attribute.parse_args().map_err(|error| Error::new(error.span(), WANTED))?;
    literal.base10_parse().map_err(|_| Error::new(literal.span(), WANTED))
}

/// Numbers endpoints in the order they are met.
#[derive(Default)]
pub struct Numbering {
    used: Vec<u16>,
}

impl Numbering {
    /// The number of the next endpoint.
    fn next(&mut self, said: Option<u16>, at: &Ident) -> Result<u16> {
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
    /// The endpoint that a marked function is.
    pub fn of(
        mark: Mark,
        numbering: &mut Numbering,
        signature: &Signature,
        attributes: &[Attribute],
    ) -> Result<Endpoint> {
        let number = numbering.next(mark.number, &signature.ident)?;
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
        let (name, initialises) = (signature.ident.clone(), mark.initialises);
        let returned = signature.output.span();
        Ok(Endpoint { number, name, docs, args, output, fallible, returned, initialises })
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
