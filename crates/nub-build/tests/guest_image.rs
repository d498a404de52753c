//! The guest image as this machine builds it.

use std::path::Path;
use std::process::Command;

use nub_build::{GuestBuild, GuestBuildError, GuestImage};

/// The image, or `None` where the machine cannot build it and need not.
fn image() -> Option<GuestImage> {
    match GuestBuild::find().and_then(|build| build.run()) {
        Ok(image) => Some(image),
        Err(GuestBuildError::Toolchain(error))
            if std::env::var("NUB_REQUIRE_GUEST").as_deref() != Ok("1") =>
        {
            println!("SKIPPED: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_image_does_not_know_where_it_was_built() {
    let Some(image) = image() else { return };
    let bytes = std::fs::read(&image.elf).expect("the image was built");
    let root = nub_build::repository_root();
    let needle = root.to_str().expect("a path in UTF-8").as_bytes();
    assert!(!bytes.windows(needle.len()).any(|window| window == needle), "it names {}", root.display());
}

#[test]
fn every_source_of_the_image_is_an_input() {
    let Some(image) = image() else { return };
    let root = nub_build::repository_root();
    for file in ["guest/Cargo.toml", "guest/Cargo.lock", "guest/src", "crates/nub-abi/src", "Cargo.toml"] {
        assert!(image.inputs.contains(&root.join(file)), "{file}");
    }
    assert!(image.inputs.iter().all(|input| input.exists()), "{:?}", image.inputs);
}

/// Ring 0 of the guest may use no vector registers: the interrupt path saves none but FXSAVE's, and emulated
/// ring 0 has none.
#[test]
fn the_image_uses_no_vector_registers() {
    let Some(image) = image() else { return };
    let Some(assembly) = disassemble(&image.elf) else {
        println!("SKIPPED: no objdump here");
        return;
    };
    assert!(assembly.contains("%rsp"), "objdump shows no code");
    let vector =
        assembly.lines().filter(|line| ["%xmm", "%ymm", "%zmm"].iter().any(|name| line.contains(name)));
    assert_eq!(vector.take(3).collect::<Vec<_>>(), Vec::<&str>::new());
}

fn disassemble(elf: &Path) -> Option<String> {
    let output =
        Command::new("objdump").args(["--disassemble", "--no-show-raw-insn"]).arg(elf).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
