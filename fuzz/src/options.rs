//! The command line.

use crate::targets::TARGETS;

/// What to run.
pub struct Options {
    /// For how long, each target.
    pub seconds: u64,
    /// The one target to run; all in turn if none.
    pub target: Option<String>,
    /// What inputs follow from.
    pub seed: u64,
}

impl Options {
    /// Reads `--seconds N`, `--target T` and `--seed S`, in any order.
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seconds: 10, target: None, seed: fresh_seed() };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(format!("{name} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{name} {value}: not a number"));
            match &*name {
                "--seconds" => options.seconds = number()?,
                "--seed" => options.seed = number()?,
                "--target" if TARGETS.iter().any(|target| target.name == value) => {
                    options.target = Some(value);
                }
                "--target" => {
                    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
                    return Err(format!("no target {value}; there are {}", names.join(", ")));
                }
                _ => return Err(format!("unknown option {name}")),
            }
        }
        Ok(options)
    }
}

/// Another one each time: it is printed, so nothing is lost.
fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_nanos() as u64)
}
