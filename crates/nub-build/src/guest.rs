//! Building the guest image.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::elf::GuestElf;
use crate::env::set_rustflags;
use crate::error::GuestBuildError;
use crate::linker::LinkerFlavor;
use crate::paths::{nested_target_dir, repository_root};
use crate::toolchain::GuestToolchain;

/// The target triple of guest images.
pub const GUEST_TARGET: &str = "x86_64-unknown-none";

/// The binary in `guest/` that is the image.
pub const GUEST_BINARY: &str = "nub-arch-hyperlight";

/// A position-independent executable that Hyperlight enters at `entrypoint` and relocates itself.
/// Frame pointers let a dying guest say how it came there.
const IMAGE_FLAGS: [&str; 5] = [
    "-Cforce-frame-pointers=yes",
    "-Crelocation-model=pic",
    "-Clink-arg=-eentrypoint",
    "-Clink-arg=-pie",
    "-Clink-arg=--no-dynamic-linker",
];

/// A build of the guest, always with its release profile.
#[derive(Clone, Debug)]
pub struct GuestBuild {
    /// With what.
    pub toolchain: GuestToolchain,
    /// The folder of the guest's manifest.
    pub guest: PathBuf,
    /// Where the nested cargo puts its output.
    pub target_dir: PathBuf,
}

/// A built image.
#[derive(Clone, Debug)]
pub struct GuestImage {
    /// The ELF file.
    pub elf: PathBuf,
    /// The files and folders it was made from; when one changes, it must be built again.
    pub inputs: Vec<PathBuf>,
}

impl GuestBuild {
    /// A build of the repository's `guest/` by whatever toolchain the search finds.
    ///
    /// # Errors
    /// [`GuestBuildError::SourceMissing`] or [`GuestBuildError::Toolchain`].
    pub fn find() -> Result<GuestBuild, GuestBuildError> {
        let guest = repository_root().join("guest");
        if !guest.join("Cargo.toml").is_file() {
            return Err(GuestBuildError::SourceMissing { guest });
        }
        let toolchain = GuestToolchain::find()?;
        // One folder for each method, so that forcing one does not disturb what the other built.
        let target_dir = nested_target_dir("nub-guest").join(toolchain.method.name());
        Ok(GuestBuild { toolchain, guest, target_dir })
    }

    /// The nested cargo, ready to run. `subcommand` is `build`, `check` or `clippy`.
    pub fn command(&self, subcommand: &str) -> Command {
        let toolchain = &self.toolchain;
        let mut command = toolchain.cargo(&self.guest, subcommand);
        command.args(["--release", "--bin", GUEST_BINARY]).arg("--target-dir").arg(&self.target_dir);
        let mut flags: Vec<String> = IMAGE_FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        flags.extend(linker_flags(toolchain));
        // A lint is for people, who want the real paths.
        if subcommand == "build" {
            flags.extend(remap_flags(&toolchain.rust.sysroot, &self.target_dir));
        }
        set_rustflags(&mut command, &flags);
        command
    }

    /// Builds the image, or finds that it is up to date.
    ///
    /// # Errors
    /// [`GuestBuildError`]: cargo cannot be run, the guest does not compile, or what comes out would not boot.
    pub fn run(&self) -> Result<GuestImage, GuestBuildError> {
        let mut command = self.command("build");
        let io = |source| GuestBuildError::Io {
            what: "cannot run",
            path: self.toolchain.rust.cargo.clone(),
            source,
        };
        let output = command.output().map_err(io)?;
        if !output.status.success() {
            let stderr = with_real_paths(&String::from_utf8_lossy(&output.stderr));
            return Err(GuestBuildError::Compile {
                command: shell_line(&command),
                status: output.status,
                stderr,
            });
        }
        let elf = self.target_dir.join(GUEST_TARGET).join("release").join(GUEST_BINARY);
        if !elf.is_file() {
            return Err(GuestBuildError::ImageMissing { path: elf });
        }
        let read = |source| GuestBuildError::Io { what: "cannot read", path: elf.clone(), source };
        let bytes = std::fs::read(&elf).map_err(read)?;
        GuestElf::parse(&bytes)
            .and_then(|image| image.check())
            .map_err(|source| GuestBuildError::ImageUnusable { path: elf.clone(), source })?;
        Ok(GuestImage { inputs: self.inputs(&elf), elf })
    }

    /// What the image was made from, as cargo wrote it beside the image: for each path crate its whole folder
    /// (a new manifest or build script counts too), and the workspace manifest its crates inherit from.
    fn inputs(&self, elf: &Path) -> Vec<PathBuf> {
        let dep_info = std::fs::read_to_string(elf.with_extension("d")).unwrap_or_default();
        let mut packages: Vec<PathBuf> = parse_dep_info(&dep_info)
            .iter()
            .filter(|file| !file.starts_with(&self.target_dir))
            .filter_map(|file| package_of(file))
            .chain([self.guest.clone()])
            .collect();
        packages.sort();
        packages.dedup();
        let mut inputs: Vec<PathBuf> = packages.iter().flat_map(|package| entries_of(package)).collect();
        inputs.push(repository_root().join("Cargo.toml"));
        inputs.push(self.toolchain.evidence.clone());
        // Packages keep their files' old times when they are upgraded; dpkg's own record of them is new.
        let dpkg_record = PathBuf::from("/var/lib/dpkg/info/rustc-web.list");
        if self.toolchain.rust.rustc.starts_with("/usr/bin") && dpkg_record.is_file() {
            inputs.push(dpkg_record);
        }
        inputs
    }
}

fn linker_flags(toolchain: &GuestToolchain) -> Vec<String> {
    let flavor: LinkerFlavor = toolchain.linker.flavor;
    vec![format!("-Clinker-flavor={}", flavor.rustc_name())]
}

/// Flags that keep this machine's paths out of what is built. The last match wins.
pub(crate) fn remap_flags(sysroot: &Path, target_dir: &Path) -> Vec<String> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let source = sysroot.join("lib/rustlib/src/rust");
    let mut remaps = vec![(repository_root(), "/nub"), (target_dir.to_owned(), "/target"), (source, "/rust")];
    remaps.extend(cargo_home.map(|home| (home, "/cargo")));
    remaps.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect()
}

/// A compiler's messages, with the repository where [`remap_flags`] hid it.
fn with_real_paths(messages: &str) -> String {
    messages.replace("--> /nub/", &format!("--> {}/", repository_root().display()))
}

/// The prerequisites in a cargo dep-info file: `output: file file …`, spaces in names behind backslashes.
fn parse_dep_info(text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in text.lines() {
        let Some((_, prerequisites)) = line.split_once(": ") else { continue };
        let mut file = String::new();
        let mut characters = prerequisites.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' if characters.peek() == Some(&' ') => file.extend(characters.next()),
                ' ' => files.push(std::mem::take(&mut file)),
                other => file.push(other),
            }
        }
        files.push(file);
    }
    files.into_iter().filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

/// The nearest folder above `file` that has a manifest.
fn package_of(file: &Path) -> Option<PathBuf> {
    file.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file()).map(Path::to_owned)
}

/// The files and folders in `package`, except build output and what version control keeps.
fn entries_of(package: &Path) -> Vec<PathBuf> {
    let ignored = |name: &OsStr| name == "target" || name == ".git";
    let Ok(entries) = std::fs::read_dir(package) else { return vec![package.to_owned()] };
    let mut paths: Vec<PathBuf> =
        entries.flatten().filter(|entry| !ignored(&entry.file_name())).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// `command` as a line for a shell, with the variables it sets.
fn shell_line(command: &Command) -> String {
    let quote = |text: &OsStr| format!("'{}'", text.to_string_lossy());
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quote(value?))));
    let directory = command.get_current_dir().map(|path| format!("cd {} &&", quote(path.as_os_str())));
    let words = [quote(command.get_program())].into_iter().chain(command.get_args().map(quote));
    directory.into_iter().chain(variables).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_gives_the_prerequisites() {
        let text = "/t/guest: /w/guest/src/main.rs /w/my\\ crate/src/lib.rs\n\n/w/guest/src/main.rs:\n";
        let files = parse_dep_info(text);
        assert_eq!(files, [PathBuf::from("/w/guest/src/main.rs"), PathBuf::from("/w/my crate/src/lib.rs")]);
        assert!(parse_dep_info("").is_empty());
    }

    #[test]
    fn a_file_belongs_to_the_nearest_manifest() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(package_of(&here.join("src/guest.rs")).as_deref(), Some(here));
        let entries = entries_of(here);
        assert!(entries.contains(&here.join("src")) && entries.contains(&here.join("Cargo.toml")));
    }

    #[test]
    fn messages_name_real_files() {
        let message = with_real_paths("error: no\n  --> /nub/crates/nub-build/src/lib.rs:1:1\n");
        let file = message.lines().last().and_then(|line| line.trim().strip_prefix("--> ")).unwrap();
        assert!(Path::new(file.trim_end_matches(":1:1")).is_file(), "{file}");
    }

    #[test]
    fn the_shell_line_repeats_the_command() {
        let mut command = Command::new("cargo");
        command.arg("build").env("A", "1 2").env_remove("B").current_dir("/w");
        assert_eq!(shell_line(&command), "cd '/w' && A='1 2' 'cargo' 'build'");
    }
}
