//! Debian's packaged toolchain: `rustc-web`, `cargo-web`, `rust-web-src`.

use std::path::Path;
use std::process::Command;

use nub_build::{MIN_RUSTC, RustcVersion};

use crate::error::AptError;
use crate::run::{line, succeeds};

/// A compiler with its source, which stands beside rustup's without touching it.
pub const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Whether this system installs packages with apt.
pub fn may_help() -> bool {
    Path::new("/etc/debian_version").is_file() && Path::new("/usr/bin/apt-get").is_file()
}

/// Whether we may do it.
pub fn may_install() -> bool {
    may_help() && std::fs::read_to_string("/proc/self/status").is_ok_and(|status| is_root(&status))
}

/// Installs the packages, and `lld` with them if asked, after saying so.
///
/// # Errors
/// [`AptError`]: apt-get fails, has only an older compiler, or would remove something.
pub fn install(with_lld: bool) -> Result<(), AptError> {
    let packages: Vec<&str> = PACKAGES.into_iter().chain(with_lld.then_some("lld")).collect();
    eprintln!("setup: installing {} with apt-get (a Rust toolchain with its source)", packages.join(" "));
    let mut update = apt_get();
    update.args(["--quiet", "update"]);
    eprintln!("setup: running `{}`", line(&update));
    // Old lists may still do: the simulation shows.
    if !succeeds(&mut update) {
        eprintln!("setup: apt-get update failed; going on with the lists that are here");
    }
    simulate(&packages)?;
    let mut install = apt_get();
    // No pseudo-terminal: dpkg then prints lines instead of counting.
    install
        .args(["-qq", "-o", "Dpkg::Use-Pty=0", "--yes", "--no-install-recommends", "--no-remove", "install"])
        .args(&packages);
    eprintln!("setup: running `{}`", line(&install));
    // Told to be quiet, it still reports progress: on standard error, for standard output may be a table.
    install.stdin(std::process::Stdio::null()).stdout(std::io::stderr());
    match install.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(AptError::Failed { command: line(&install) }),
    }
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}

fn simulate(packages: &[&str]) -> Result<(), AptError> {
    let mut command = apt_get();
    // Its words, not a translation of them.
    command.env("LC_ALL", "C").args(["--simulate", "--no-install-recommends", "install"]).args(packages);
    let output = command.output().map_err(|error| AptError::Unavailable { reason: error.to_string() })?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(AptError::Unavailable { reason });
    }
    Plan::parse(&String::from_utf8_lossy(&output.stdout)).check()
}

/// What `apt-get --simulate install` says it would do.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    removes: Vec<String>,
    /// The compiler it would install; `None` if it is installed already.
    rustc: Option<RustcVersion>,
}

impl Plan {
    /// Reads the lines `Remv name [version]` and `Inst name [old] (version archive)`.
    fn parse(simulation: &str) -> Plan {
        let mut plan = Plan::default();
        for line in simulation.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("Remv" | "Purg"), Some(package)) => plan.removes.push(package.to_owned()),
                (Some("Inst"), Some("rustc-web")) => {
                    let version = line.split_once('(').map_or("", |(_, version)| version);
                    plan.rustc = RustcVersion::parse(version);
                }
                _ => {}
            }
        }
        plan
    }

    fn check(self) -> Result<(), AptError> {
        if !self.removes.is_empty() {
            return Err(AptError::WouldRemove { packages: self.removes });
        }
        match self.rustc {
            Some(found) if found < MIN_RUSTC => Err(AptError::TooOld { found, needed: MIN_RUSTC }),
            _ => Ok(()),
        }
    }
}

/// Whether `/proc/self/status` shows the effective user 0: `Uid: real effective saved filesystem`.
fn is_root(status: &str) -> bool {
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: &str = "\
NOTE: This is only a simulation!
Reading package lists...
The following NEW packages will be installed:
  cargo-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src rustc-web
0 upgraded, 5 newly installed, 0 to remove and 132 not upgraded.
Inst libstd-rust-web-1.96 (1.96.0+dfsg1-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
Inst rustc-web (1.96.0+dfsg1-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
Inst cargo-web (1.96.0+dfsg1-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
Conf rustc-web (1.96.0+dfsg1-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
";

    fn rustc(minor: u32) -> Option<RustcVersion> {
        Some(RustcVersion { major: 1, minor, patch: 0 })
    }

    #[test]
    fn a_plan_that_only_adds_passes() {
        let plan = Plan::parse(FRESH);
        assert_eq!(plan, Plan { removes: vec![], rustc: rustc(96) });
        assert!(plan.check().is_ok());
        assert!(Plan::parse("rustc-web is already the newest version.\n").check().is_ok());
    }

    #[test]
    fn a_plan_that_removes_is_refused_and_names_what_would_go() {
        let simulation =
            format!("Remv cargo [0.66.0+ds1-1]\nRemv rustc [1.63.0+dfsg1-2] [cargo:amd64 ]\n{FRESH}");
        let error = Plan::parse(&simulation).check().unwrap_err();
        assert!(matches!(&error, AptError::WouldRemove { packages } if packages == &["cargo", "rustc"]));
        assert!(error.to_string().contains("would remove cargo rustc"), "{error}");
    }

    #[test]
    fn an_older_compiler_is_refused() {
        let old = FRESH.replace("1.96.0+dfsg1-1~deb12u2", "1.85.0+dfsg3-1~deb12u3");
        assert!(
            matches!(Plan::parse(&old).check(), Err(AptError::TooOld { found, .. }) if Some(found) == rustc(85))
        );
    }

    #[test]
    fn an_upgrade_shows_the_new_version() {
        let line =
            "Inst rustc-web [1.85.0+dfsg3-1~deb12u3] (1.96.0+dfsg1-1~deb12u2 Debian-Security:12 [amd64])";
        assert_eq!(Plan::parse(line).rustc, rustc(96));
    }

    #[test]
    fn root_is_known_by_the_effective_user() {
        assert!(is_root("Name:\txtask\nUid:\t1000\t0\t0\t0\nGid:\t0\t0\t0\t0\n"));
        assert!(!is_root("Name:\txtask\nUid:\t0\t1000\t1000\t1000\n"));
        assert!(!is_root(""));
    }
}
