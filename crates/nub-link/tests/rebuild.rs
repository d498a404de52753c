//! The checked-in Images are what their source gives, wherever the repository is.

use std::fs;
use std::path::Path;

use nub_build::{ContractToolchain, nested_target_dir, repository_root};
use nub_link::{CheckOutcome, Contracts};

#[test]
fn a_rebuild_elsewhere_gives_the_same_bytes() {
    let toolchain = match ContractToolchain::find() {
        Ok(toolchain) => toolchain,
        Err(error) => {
            println!("SKIPPED: {error}");
            return;
        }
    };
    let here = repository_root();
    let recorded = Contracts::in_directory(&here.join("contracts")).unwrap().recorded_compiler();
    if recorded != toolchain.rustc_version() {
        println!("SKIPPED: built with {recorded}, this is {}", toolchain.rustc_version());
        return;
    }
    // A folder of another name, the same at each run so that the library is compiled once.
    let elsewhere = nested_target_dir("contracts-elsewhere").join("a copy");
    copy_sources(&here, &elsewhere);
    let contracts = Contracts::in_directory(&elsewhere.join("contracts")).unwrap();
    assert_eq!(contracts.names(), Contracts::in_directory(&here.join("contracts")).unwrap().names());
    let target_dir = nested_target_dir("contracts-elsewhere").join("target");
    let differing = differing(&contracts, &toolchain, &target_dir);
    assert!(
        differing.is_empty(),
        "{differing:?} differ from their source; run `cargo xtask contracts` and commit the Images"
    );

    let path = contracts.image_path("token");
    let mut image = fs::read(&path).unwrap();
    image[9] ^= 1;
    fs::write(&path, image).unwrap();
    assert_eq!(self::differing(&contracts, &toolchain, &target_dir), ["token"]);
}

/// The contracts whose Images are not what their source gives.
fn differing(contracts: &Contracts, toolchain: &ContractToolchain, target_dir: &Path) -> Vec<String> {
    let outcome = contracts.check(toolchain, target_dir).unwrap();
    let CheckOutcome::Compared(results) = outcome else { panic!("the compiler is the recorded one") };
    results.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}

#[test]
fn another_compiler_is_noticed() {
    let Ok(toolchain) = ContractToolchain::find() else {
        println!("SKIPPED: no toolchain for contracts");
        return;
    };
    let folder = nested_target_dir("contracts-other-compiler");
    let _ = fs::remove_dir_all(&folder);
    copy_tree(&repository_root().join("contracts"), &folder);
    fs::write(folder.join("rustc-version.txt"), "rustc 1.0.0\n").unwrap();
    let contracts = Contracts::in_directory(&folder).unwrap();
    // Another compiler is noticed before anything is built.
    let outcome = contracts.check(&toolchain, &folder.join("target")).unwrap();
    let expected =
        CheckOutcome::OtherCompiler { recorded: "rustc 1.0.0".to_owned(), found: toolchain.rustc_version() };
    assert_eq!(outcome, expected);
}

#[test]
fn a_folder_without_contracts_is_an_error() {
    let error = Contracts::in_directory(&repository_root().join("docs")).unwrap_err();
    assert!(error.to_string().contains("no folder with a Cargo.toml"), "{error}");
}

/// What the contracts are made of: their workspace, the SDK, and what the SDK inherits.
fn copy_sources(from: &Path, to: &Path) {
    copy_tree(&from.join("contracts"), &to.join("contracts"));
    for package in SDK {
        copy_tree(&from.join(package), &to.join(package));
    }
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    write_if_changed(&to.join("Cargo.toml"), sdk_workspace(&manifest).as_bytes());
}

/// The packages of the SDK.
const SDK: [&str; 2] = ["crates/nub-sdk", "crates/nub-sdk-macros"];

/// The `[workspace…]` tables of the manifest, with the SDK's packages as the only members.
fn sdk_workspace(manifest: &str) -> String {
    let mut in_workspace = false;
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            in_workspace = line.starts_with("[workspace");
        }
        in_workspace
    });
    let members = |line: &str| line.starts_with("members =");
    let sdk = format!("members = {SDK:?}");
    let lines = lines.map(|line| if members(line) { &sdk } else { line });
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == "target" {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => copy_tree(&source, &target),
            false => write_if_changed(&target, &fs::read(&source).unwrap()),
        }
    }
}

/// Leaves the time of change alone where nothing changed, so that cargo need not build again.
fn write_if_changed(path: &Path, octets: &[u8]) {
    if fs::read(path).ok().as_deref() != Some(octets) {
        fs::write(path, octets).unwrap();
    }
}
