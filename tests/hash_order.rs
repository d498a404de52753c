//! No hash map's order reaches a state: the sources of everything on a state path are searched for hash maps
//! and for walks over them, and each line found must be listed here with its reason.
//!
//! Run time could not show this: an order that depends on the seed may agree by chance for a long while.

use std::path::{Path, PathBuf};

/// What executes blocks or encodes states.
const CRATES: [&str; 8] = [
    "nub-abi",
    "nub-state",
    "nub-store",
    "nub-kernel",
    "nub-arch-local",
    "javm-isa",
    "javm-interpreter",
    "javm-recompiler-x86",
];

/// Names of hash maps and of what seeds them.
const MAPS: [&str; 6] = ["HashMap", "HashSet", "HashTable", "hashbrown", "RandomState", "IndexMap"];

/// Walks whose order is the map's. `for` loops walk too.
const WALKS: [&str; 12] = [
    ".iter()",
    ".iter_mut()",
    ".keys()",
    ".into_keys()",
    ".values()",
    ".values_mut()",
    ".into_values()",
    ".into_iter()",
    ".drain(",
    ".drain()",
    ".retain(",
    ".extract_if(",
];

/// A line that may stand.
struct Allowed {
    file: &'static str,
    line: &'static str,
    why: &'static str,
}

const CACHE: &str = "nub-kernel/src/cache.rs";

const STORE_CACHE: &str = "nub-store/src/cache.rs";

const ALLOWED: [Allowed; 7] = [
    Allowed { file: CACHE, line: "use hashbrown::HashMap;", why: "the one cache: a miss is only slower" },
    Allowed {
        file: CACHE,
        line: "entries: HashMap<Hash, Entry<V>, KernelBuildHasher>,",
        why: "private, so that no other file can walk it",
    },
    Allowed {
        file: CACHE,
        line: "Self { entries: HashMap::with_hasher(hasher), order: VecDeque::new(), bytes: 0, budget_bytes }",
        why: "an empty map has no order",
    },
    Allowed { file: STORE_CACHE, line: "use hashbrown::HashMap;", why: "a cache: a miss is only slower" },
    Allowed {
        file: STORE_CACHE,
        line: "entries: HashMap<Hash, Entry, Keyed>,",
        why: "private, so that no other file can walk it",
    },
    Allowed {
        file: STORE_CACHE,
        line: "Self { entries: HashMap::with_hasher(Keyed(key)), bytes: 0, budget_bytes, generation: 0 }",
        why: "an empty map has no order",
    },
    Allowed { file: STORE_CACHE, line: "self.entries.retain(|_, entry| {", why: "eviction, as above" },
];

/// The lines of a source that name a hash map, or walk anything in a file that names one. Comments and the
/// module of tests at the end do not count.
fn findings(source: &str) -> Vec<&str> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines: Vec<&str> =
        code.lines().map(|line| line.split("//").next().unwrap_or_default().trim()).collect();
    let has = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    let names_a_map = lines.iter().any(|line| has(line, &MAPS));
    let walks = |line: &str| has(line, &WALKS) || (line.starts_with("for ") && line.contains(" in "));
    lines.into_iter().filter(|line| names_a_map && (has(line, &MAPS) || walks(line))).collect()
}

fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("a directory can be read").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn no_hash_map_is_walked_on_a_state_path() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut used = [0; ALLOWED.len()];
    let mut faults = Vec::new();
    for name in CRATES {
        let mut files = Vec::new();
        sources(&crates.join(name).join("src"), &mut files);
        assert!(!files.is_empty(), "{name} has sources");
        for path in files {
            let source = std::fs::read_to_string(&path).expect("a source can be read");
            let file = path.strip_prefix(&crates).expect("it is below").to_string_lossy().replace('\\', "/");
            for line in findings(&source) {
                match ALLOWED.iter().position(|allowed| allowed.file == file && allowed.line == line) {
                    Some(index) => used[index] += 1,
                    None => faults.push(format!("crates/{file}: {line}")),
                }
            }
        }
    }
    assert!(faults.is_empty(), "use a BTreeMap, or list these with a reason:\n{}", faults.join("\n"));
    for (allowed, count) in ALLOWED.iter().zip(used) {
        assert_eq!(count, 1, "{}: `{}` ({}) stands once", allowed.file, allowed.line, allowed.why);
    }
}

#[test]
fn walks_are_found_where_a_map_is_named() {
    let found = |code: &str| findings(&format!("use std::collections::HashMap;\n{code}\n")).len() - 1;
    for code in [
        "for (key, value) in &map {",
        "let all: Vec<_> = map.iter().collect();",
        "    map.retain(|_, _| true);",
        "let next = map.into_values().next();",
        "fn all() -> HashMap<u8, u8> {",
    ] {
        assert_eq!(found(code), 1, "{code}");
        assert_eq!(findings(code).is_empty(), !code.contains("HashMap"), "{code}");
    }
    for code in ["// for x in map.iter()", "map.get(&key)", "#[cfg(test)]\nmod tests {\nfor x in 0..3 {"] {
        assert_eq!(found(code), 0, "{code}");
    }
}
