//! `nub decode`, `nub prove-receipt` and `nub verify-receipt`: receipts and events by the types of contracts.

use std::path::{Path, PathBuf};

use nub_abi::codec::{CodecError, decode_exact};
use nub_abi::{Hash, Receipt, Summary};
use nub_state::{Claim, Kind, Proof, ProofError, TypeDef, Verdict, prove_receipt, verify};
use nub_types::{Book, describe, hex};
use parity_scale_codec::Encode;
use serde_json::{Value, json};

/// How it is shown.
#[derive(clap::Args)]
pub struct How {
    /// The types of contracts, `.types` files: with them events and outputs have names.
    #[arg(long)]
    types: Vec<PathBuf>,
    /// The endpoint that a receipt is of, by name or number: with it its output has a meaning.
    #[arg(long)]
    endpoint: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What to show.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// A receipt, SCALE-encoded with or without its kind tag, as octets or hexadecimal text.
    Receipt {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// The summary of a block, with all its receipts.
    Summary {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// The endpoints and events of a contract.
    Types {
        /// The `.types` file.
        file: PathBuf,
    },
}

/// What to prove.
#[derive(clap::Args)]
pub struct ProveArguments {
    /// The summary of the block.
    summary: PathBuf,
    /// The event's index, from 0.
    #[arg(long)]
    index: u32,
    /// Where the proof goes.
    #[arg(short, long)]
    output: PathBuf,
}

/// What to verify.
#[derive(clap::Args)]
pub struct VerifyArguments {
    /// The proof, as `nub prove-receipt` or a node makes it.
    proof: PathBuf,
    /// The receipts root, or with `--state` the state root: 64 hexadecimal digits.
    #[arg(long)]
    root: String,
    /// The root is that of the state after the block.
    #[arg(long)]
    state: bool,
    /// The event's index, from 0.
    #[arg(long)]
    index: u32,
    #[command(flatten)]
    how: How,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFailure {
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{} is not {what}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        source: CodecError,
    },
    /// The root is not a hash.
    #[error("`{text}` is not 64 hexadecimal digits")]
    Root {
        /// The text.
        text: String,
    },
    /// The proof proves nothing.
    #[error("the proof does not hold against this root: {0}")]
    Proof(#[from] ProofError),
    /// The proof proves that there is none.
    #[error("there is no receipt {index} under this root; the proof holds")]
    Absent {
        /// The index.
        index: u32,
    },
    /// The block has no such event.
    #[error("the block has {count} receipts; the first is 0")]
    NoReceipt {
        /// How many there are.
        count: usize,
    },
}

/// Shows what was asked for.
///
/// # Errors
/// [`DecodeFailure`].
pub fn run(arguments: &Arguments) -> Result<(), DecodeFailure> {
    match &arguments.what {
        What::Receipt { file, how } => how.show(&receipt(file, &read(file)?)?),
        What::Summary { file, how } => how.show_summary(&summary(file)?),
        What::Types { file } => {
            println!("{}", nub_link::report::types_text(&types(file)?));
            Ok(())
        }
    }
}

/// Makes a proof of a receipt against the receipts root of its block.
///
/// # Errors
/// [`DecodeFailure`].
pub fn prove(arguments: &ProveArguments) -> Result<(), DecodeFailure> {
    let summary = summary(&arguments.summary)?;
    let count = summary.receipts.len();
    if arguments.index as usize >= count {
        return Err(DecodeFailure::NoReceipt { count });
    }
    let proof = prove_receipt(&summary.receipts, arguments.index);
    let path = arguments.output.clone();
    std::fs::write(&path, proof.encode()).map_err(|source| DecodeFailure::File { path, source })?;
    println!("{}", summary.receipts_root);
    Ok(())
}

/// Shows a receipt if a root proves it.
///
/// # Errors
/// [`DecodeFailure`].
pub fn verify_receipt(arguments: &VerifyArguments) -> Result<(), DecodeFailure> {
    let (path, index) = (&arguments.proof, arguments.index);
    let malformed = |what| move |source| DecodeFailure::Malformed { path: path.clone(), what, source };
    let proof: Proof = decode_exact(&read(path)?).map_err(malformed("a proof"))?;
    let root = hex::from_text(&arguments.root).and_then(|octets| octets.try_into().ok());
    let root = Hash(root.ok_or_else(|| DecodeFailure::Root { text: arguments.root.clone() })?);
    let claim = if arguments.state { Claim::StateReceipt { index } } else { Claim::Receipt { index } };
    match verify(&root, &claim, &proof)? {
        Verdict::Absent => Err(DecodeFailure::Absent { index }),
        Verdict::Present(octets) => arguments.how.show(&receipt(path, &octets)?),
    }
}

impl How {
    fn book(&self) -> Result<Book, DecodeFailure> {
        self.types.iter().try_fold(Book::default(), |book, path| Ok(book.with(types(path)?)))
    }

    fn described(&self, receipt: &Receipt) -> Result<Value, DecodeFailure> {
        let book = self.book()?;
        let endpoint = self.endpoint.as_ref().and_then(|name| book.endpoint(name));
        Ok(book.receipt(receipt, endpoint))
    }

    fn show(&self, receipt: &Receipt) -> Result<(), DecodeFailure> {
        let described = self.described(receipt)?;
        if self.json {
            println!("{described:#}")
        } else {
            print!("{}", describe::text(&described))
        }
        Ok(())
    }

    fn show_summary(&self, summary: &Summary) -> Result<(), DecodeFailure> {
        let receipts = summary.receipts.iter().map(|receipt| self.described(receipt));
        let receipts = receipts.collect::<Result<Vec<_>, _>>()?;
        let (block, root) = (summary.block_hash.to_string(), summary.receipts_root.to_string());
        if self.json {
            let described = json!({
                "height": summary.height, "block": block, "receipts_root": root,
                "gas_used": summary.gas_used, "receipts": receipts,
            });
            println!("{described:#}");
        } else {
            println!("block {} at height {}, receipts root {root}", block, summary.height);
            receipts.iter().enumerate().for_each(|(index, one)| print!("{index}: {}", describe::text(one)));
        }
        Ok(())
    }
}

/// The octets of a file, which may have them as hexadecimal text.
fn read(path: &Path) -> Result<Vec<u8>, DecodeFailure> {
    let octets =
        std::fs::read(path).map_err(|source| DecodeFailure::File { path: path.to_owned(), source })?;
    let text = std::str::from_utf8(&octets).ok().and_then(|text| hex::from_text(text.trim()));
    Ok(text.unwrap_or(octets))
}

fn types(path: &Path) -> Result<TypeDef, DecodeFailure> {
    let what = "the types of a contract";
    nub_types::file::from_bytes(&read(path)?).map_err(|source| DecodeFailure::Malformed {
        path: path.to_owned(),
        what,
        source,
    })
}

fn summary(path: &Path) -> Result<Summary, DecodeFailure> {
    let what = "the summary of a block";
    decode_exact(&read(path)?).map_err(|source| DecodeFailure::Malformed {
        path: path.to_owned(),
        what,
        source,
    })
}

fn receipt(path: &Path, octets: &[u8]) -> Result<Receipt, DecodeFailure> {
    let tagged = octets.split_first().filter(|(tag, _)| **tag == Kind::Receipt.tag());
    let decoded = match tagged.map(|(_, rest)| decode_exact(rest)) {
        Some(Ok(receipt)) => Ok(receipt),
        _ => decode_exact(octets),
    };
    decoded.map_err(|source| DecodeFailure::Malformed { path: path.to_owned(), what: "a receipt", source })
}
