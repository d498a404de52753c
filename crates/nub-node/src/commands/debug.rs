//! `nub debug`: an endpoint, an instruction at a time.

use std::io::{BufReader, stdin, stdout};
use std::path::PathBuf;

use nub_testing::debug::{DebugError, Target, debug};
use nub_testing::{Badge, Contract};
use nub_types::describe::{ArgumentsError, arguments, value_of};
use nub_types::hex;

/// What to debug.
#[derive(clap::Args)]
pub struct Arguments {
    /// The Image, with its `.types` beside it if the endpoint is to be named.
    image: PathBuf,
    /// The endpoint's name or number.
    endpoint: String,
    /// Arguments by the endpoint's types: numbers, 0x… for octets, JSON for the rest. Without types, their octets.
    arguments: Vec<String>,
    /// Who calls: 64 hexadecimal digits.
    #[arg(long, default_value = "0101010101010101010101010101010101010101010101010101010101010101")]
    from: String,
    /// The most gas.
    #[arg(long, default_value_t = 10_000_000)]
    gas: u64,
    /// What is in storage before, `0x<key>=0x<value>`.
    #[arg(long)]
    storage: Vec<String>,
}

/// Why nothing was debugged.
#[derive(Debug, thiserror::Error)]
pub enum DebugFailure {
    /// The Image cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The types beside the Image are none.
    #[error("{} has no types: {source}", path.display())]
    Types {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: nub_abi::codec::CodecError,
    },
    /// There is no such endpoint.
    #[error("no endpoint `{name}`; `nub decode types` lists them")]
    Endpoint {
        /// Its name.
        name: String,
    },
    /// The arguments are not those of the endpoint.
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    /// Octets are not hexadecimal.
    #[error("`{text}` is not hexadecimal octets")]
    Hex {
        /// The text.
        text: String,
    },
    /// It did not run.
    #[error(transparent)]
    Debug(#[from] DebugError),
}

/// Debugs under commands from the standard input.
///
/// # Errors
/// [`DebugFailure`].
pub fn run(asked: &Arguments) -> Result<(), DebugFailure> {
    let contract = contract(&asked.image)?;
    let known = contract.endpoint(&asked.endpoint).cloned();
    let (endpoint, args) = match &known {
        Some(endpoint) => {
            let values: Vec<_> = asked.arguments.iter().map(|word| value_of(word)).collect();
            (endpoint.number, arguments(endpoint, &values)?)
        }
        None => {
            let number = asked.endpoint.parse();
            let number = number.map_err(|_| DebugFailure::Endpoint { name: asked.endpoint.clone() })?;
            (number, octets(&asked.arguments.concat())?)
        }
    };
    let from = octets(&asked.from)?;
    let origin =
        from[..].try_into().map(Badge).map_err(|_| DebugFailure::Hex { text: asked.from.clone() })?;
    let storage = asked.storage.iter().map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((octets(key)?, octets(value)?))
    });
    let storage = storage.collect::<Result<_, DebugFailure>>()?;
    let target = Target { contract, endpoint, args, origin, gas_limit: asked.gas, storage };
    Ok(debug(target, BufReader::new(stdin()), stdout())?)
}

fn contract(path: &PathBuf) -> Result<Contract, DebugFailure> {
    let image = std::fs::read(path).map_err(|source| DebugFailure::Read { path: path.clone(), source })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let path = path.with_extension("types");
    let types = match std::fs::read(&path) {
        Ok(octets) => Some(
            nub_types::file::from_bytes(&octets).map_err(|source| DebugFailure::Types { path, source })?,
        ),
        Err(_) => None,
    };
    Ok(Contract { name, image, types })
}

fn octets(text: &str) -> Result<Vec<u8>, DebugFailure> {
    hex::from_text(text).ok_or_else(|| DebugFailure::Hex { text: text.to_owned() })
}
