//! How host calls and endpoints are named.
//!
//! An import is `nub_<n>_<name>` and must have index n; an export is `nub_endpoint_<n>_<name>`. The number in
//! the name is what makes a forgotten index an error: without one the linker numbers imports by itself.

/// What precedes an import's number.
const IMPORT_PREFIX: &str = "nub_";
/// What precedes an endpoint's number.
const ENDPOINT_PREFIX: &str = "nub_endpoint_";

/// Why a symbol is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// The import is not `nub_<n>_<name>`.
    #[error("import `{symbol}` is not named `nub_<number>_<name>`; host calls come from nub-sdk")]
    ImportName {
        /// Its symbol.
        symbol: String,
    },
    /// The import's index is not the number in its name.
    #[error("import `{symbol}` has index {index}; give it the index that its name says")]
    ImportIndex {
        /// Its symbol.
        symbol: String,
        /// The index: given, or else assigned by the linker.
        index: u32,
    },
    /// The export is not `nub_endpoint_<n>_<name>`.
    #[error("export `{symbol}` is not named `nub_endpoint_<0 to 65535>_<name>`; use `nub_sdk::endpoints!`")]
    EndpointName {
        /// Its symbol.
        symbol: String,
    },
}

/// An endpoint's number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSymbol<'a> {
    /// The number.
    pub number: u16,
    /// The handler's name.
    pub name: &'a str,
}

/// Takes an export's symbol apart.
///
/// # Errors
/// [`SymbolError::EndpointName`].
pub fn endpoint(symbol: &[u8]) -> Result<EndpointSymbol<'_>, SymbolError> {
    numbered(symbol, ENDPOINT_PREFIX)
        .and_then(|(number, name)| Some(EndpointSymbol { number: u16::try_from(number).ok()?, name }))
        .ok_or_else(|| SymbolError::EndpointName { symbol: readable(symbol) })
}

/// Checks that an import's symbol names its index.
///
/// # Errors
/// [`SymbolError::ImportName`], [`SymbolError::ImportIndex`].
pub fn check_import(symbol: &[u8], index: u32) -> Result<(), SymbolError> {
    match numbered(symbol, IMPORT_PREFIX) {
        None => Err(SymbolError::ImportName { symbol: readable(symbol) }),
        Some((number, _)) if number != index => {
            Err(SymbolError::ImportIndex { symbol: readable(symbol), index })
        }
        Some(_) => Ok(()),
    }
}

/// `<prefix><number>_<name>` with a shortest decimal number and a name.
fn numbered<'a>(symbol: &'a [u8], prefix: &str) -> Option<(u32, &'a str)> {
    let (digits, name) = std::str::from_utf8(symbol).ok()?.strip_prefix(prefix)?.split_once('_')?;
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits && !name.is_empty()).then_some((number, name))
}

fn readable(symbol: &[u8]) -> String {
    String::from_utf8_lossy(symbol).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_numbered_in_their_names() {
        assert_eq!(
            endpoint(b"nub_endpoint_7_balance_of"),
            Ok(EndpointSymbol { number: 7, name: "balance_of" })
        );
        for symbol in [
            &b"transfer"[..],
            b"nub_endpoint_transfer",
            b"nub_endpoint_1",
            b"nub_endpoint_1_",
            b"nub_endpoint_01_x",
            b"nub_endpoint_+1_x",
            b"nub_endpoint_65536_x",
            b"nub_endpoint_\xFF_x",
        ] {
            assert_eq!(endpoint(symbol), Err(SymbolError::EndpointName { symbol: readable(symbol) }));
        }
    }

    #[test]
    fn an_import_has_the_index_in_its_name() {
        assert_eq!(check_import(b"nub_10_call", 10), Ok(()));
        assert!(matches!(check_import(b"nub_10_call", 0), Err(SymbolError::ImportIndex { index: 0, .. })));
        assert!(matches!(check_import(b"host_log", 0), Err(SymbolError::ImportName { .. })));
    }
}
