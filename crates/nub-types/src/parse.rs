//! From a type's name to what it means (`docs/spec/image.md`, *Types*).

use std::str::FromStr;

/// The deepest nesting of a type.
const DEPTH_MAX: u32 = 32;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing.
    Unit,
    /// A truth value.
    Bool,
    /// `u8` to `u128`, by its octets.
    Unsigned(u8),
    /// `i8` to `i128`, by its octets.
    Signed(u8),
    /// Text.
    String,
    /// So many of one type.
    Array(Box<Type>, u32),
    /// Any number of one type.
    List(Box<Type>),
    /// One or none.
    Option(Box<Type>),
    /// Several in a row.
    Tuple(Vec<Type>),
    /// Several with names.
    Struct(Vec<(String, Type)>),
    /// One of several; the number before it says which.
    Enum(Vec<Variant>),
}

/// One of the kinds that an enum's value may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it holds: a struct, a tuple or nothing.
    pub holds: Type,
}

/// The text is no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no type that is known here, from octet {at} on")]
pub struct ParseError {
    /// The text.
    pub text: String,
    /// Where it stops making sense.
    pub at: usize,
}

impl FromStr for Type {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser { text, at: 0 };
        match parser.parse(0) {
            Some(found) if parser.at == text.len() => Ok(found),
            _ => Err(ParseError { text: text.to_owned(), at: parser.at }),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Takes `wanted` if it is next.
    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self.rest().starts_with(wanted);
        self.at += if is_next { wanted.len() } else { 0 };
        is_next
    }

    fn expect(&mut self, wanted: &str) -> Option<()> {
        self.take(wanted).then_some(())
    }

    fn word(&mut self) -> Option<String> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        self.at += end;
        (!word.is_empty()).then_some(word)
    }

    fn parse(&mut self, depth: u32) -> Option<Type> {
        if depth > DEPTH_MAX {
            return None;
        }
        if self.take("()") {
            return Some(Type::Unit);
        }
        if self.take("(") {
            return self.tuple(depth).map(Type::Tuple);
        }
        if self.take("[") {
            let item = self.parse(depth + 1)?;
            self.expect(";")?;
            let count = self.word()?.parse().ok()?;
            self.expect("]")?;
            return Some(Type::Array(Box::new(item), count));
        }
        let name = self.word()?;
        match name.as_str() {
            "Vec" => self.one(depth).map(Type::List),
            "Option" => self.one(depth).map(Type::Option),
            name => plain(name).or_else(|| self.named(depth)),
        }
    }

    /// `<T>`.
    fn one(&mut self, depth: u32) -> Option<Box<Type>> {
        self.expect("<")?;
        let item = self.parse(depth + 1)?;
        self.expect(">")?;
        Some(Box::new(item))
    }

    /// What follows a type's own name.
    fn named(&mut self, depth: u32) -> Option<Type> {
        if !self.take("[") {
            return self.fields(depth);
        }
        let mut variants = Vec::new();
        loop {
            let name = self.word()?;
            variants.push(Variant { name, holds: self.fields(depth)? });
            if self.take("]") {
                return Some(Type::Enum(variants));
            }
            self.expect("|")?;
        }
    }

    /// `{a:T,…}`, `(T,…)` or nothing.
    fn fields(&mut self, depth: u32) -> Option<Type> {
        if self.take("(") {
            let mut parts = self.tuple(depth)?;
            return Some(if parts.len() == 1 { parts.remove(0) } else { Type::Tuple(parts) });
        }
        if !self.take("{") {
            return Some(Type::Unit);
        }
        let mut fields = Vec::new();
        if self.take("}") {
            return Some(Type::Unit);
        }
        loop {
            let name = self.word()?;
            self.expect(":")?;
            fields.push((name, self.parse(depth + 1)?));
            if self.take("}") {
                return Some(Type::Struct(fields));
            }
            self.expect(",")?;
        }
    }

    /// `T,…)`.
    fn tuple(&mut self, depth: u32) -> Option<Vec<Type>> {
        let mut parts = vec![self.parse(depth + 1)?];
        loop {
            if self.take(")") {
                return Some(parts);
            }
            self.expect(",")?;
            parts.push(self.parse(depth + 1)?);
        }
    }
}

fn plain(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "String" | "str" => Type::String,
        "u8" => Type::Unsigned(1),
        "u16" => Type::Unsigned(2),
        "u32" => Type::Unsigned(4),
        "u64" => Type::Unsigned(8),
        "u128" => Type::Unsigned(16),
        "i8" => Type::Signed(1),
        "i16" => Type::Signed(2),
        "i32" => Type::Signed(4),
        "i64" => Type::Signed(8),
        "i128" => Type::Signed(16),
        _ => return None,
    })
}
