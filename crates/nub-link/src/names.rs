//! The names of functions as people write them: `token::Token::pay`, not `_RNvMs…` and not what the linker makes of that.
//!
//! polkavm's linker demangles a name and keeps it in two parts, which it cuts where `::` would be if the name had no
//! hashes. So two octets of what it gives are `::` in place of what was there. The ELF's own symbols tell what that was.

use object::{Object, ObjectSymbol};
use rustc_demangle::demangle;

/// The functions of an ELF, by the names that the linker gives them.
#[derive(Clone, Debug, Default)]
pub struct FunctionNames(Vec<(String, String)>);

impl FunctionNames {
    /// Those of an ELF; none of what is no ELF.
    pub fn of(elf: &[u8]) -> FunctionNames {
        let Ok(file) = object::File::parse(elf) else { return FunctionNames::default() };
        let names = file.symbols().filter_map(|symbol| symbol.name().ok()).filter(|name| !name.is_empty());
        FunctionNames(names.map(both).collect())
    }

    /// The name of the function that the linker calls so: without hashes, if the ELF has such a symbol.
    pub fn readable(&self, linkers: &str) -> String {
        let found = self.0.iter().find(|(whole, _)| is_cut_of(linkers, whole));
        found.map_or_else(|| format!("{:#}", demangle(linkers)), |(_, readable)| readable.clone())
    }
}

/// A symbol with its hashes, and without.
fn both(symbol: &str) -> (String, String) {
    let name = demangle(symbol);
    (name.to_string(), format!("{name:#}"))
}

/// Is it `whole` but for two octets that are `::`?
fn is_cut_of(linkers: &str, whole: &str) -> bool {
    let (cut, whole) = (linkers.as_bytes(), whole.as_bytes());
    if cut.len() != whole.len() {
        return false;
    }
    match cut.iter().zip(whole).position(|(one, other)| one != other) {
        None => true,
        // The first of the two may be a colon already.
        Some(first) => (first.saturating_sub(1)..=first)
            .any(|at| cut[at..].starts_with(b"::") && cut[at + 2..] == whole[at + 2..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<token::Token>::balance_of`, mangled in rustc's newer way, and `alloc::raw_vec::grow` in the older.
    const NEWER: &str = "_RNvMCs3jhHM6TjM6d_5tokenNtB2_5Token10balance_of";
    const OLDER: &str = "_ZN5alloc7raw_vec4grow17hddecba91f804dbebE";

    #[test]
    fn a_name_is_told_without_hashes_however_the_linker_cut_it() {
        let names = FunctionNames(vec![both(OLDER), both(NEWER), both("memcpy")]);
        let whole = demangle(NEWER).to_string();
        assert!(whole.contains('['), "{whole}");
        for at in 1..whole.len() - 3 {
            let cut = format!("{}::{}", &whole[..at], &whole[at + 2..]);
            assert_eq!(names.readable(&cut), "<token::Token>::balance_of", "{cut}");
        }
        assert_eq!(names.readable(&demangle(OLDER).to_string()), "alloc::raw_vec::grow");
        assert_eq!(names.readable("memcpy"), "memcpy");
    }

    #[test]
    fn a_name_that_no_symbol_has_is_told_as_it_is() {
        let names = FunctionNames(vec![both(NEWER)]);
        assert_eq!(names.readable("entry"), "entry");
        assert_eq!(names.readable(OLDER), "alloc::raw_vec::grow");
        assert_eq!(FunctionNames::of(b"no ELF").readable("x::y"), "x::y");
    }
}
