//! The licences of what others wrote: the texts that lie in their packages, each once, with the names of whom it covers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::archive::File;
use super::contents::read;
use super::dependencies::Dependency;
use super::target::{System, Target};

/// What a licence's file is called, in any case, before what may follow.
const NAMES: [&str; 6] = ["licen", "unlicense", "copying", "copyright", "notice", "patents"];

/// A library that no list of Cargo's knows: a compiler brings it, or a package has it beside its own source.
pub struct Linked {
    /// Its name.
    pub name: &'static str,
    /// Its licence, as an SPDX expression.
    pub licence: &'static str,
    /// What it is to the programs.
    pub why: &'static str,
    /// Files in `packaging/licences`.
    texts: &'static [&'static str],
    systems: &'static [System],
    /// What a program that holds it has among its bytes, where not every one for these systems does.
    sign: Option<&'static str>,
}

const LINKED: [Linked; 8] = [
    Linked {
        name: "Rust standard library",
        licence: "MIT OR Apache-2.0",
        why: "in every program",
        texts: &["rust.txt"],
        systems: &[System::Gnu, System::Musl, System::Windows, System::MacOs],
        sign: None,
    },
    Linked {
        name: "GNU C library, start files",
        licence: "LGPL-2.1-or-later WITH GCC-exception-2.0-note",
        why: "what calls `main` in the programs for Linux that resolve names, linked without further duties by its \
              exception; the library itself is that of the system and not in them",
        texts: &["glibc-start.txt", "LGPL-2.1.txt"],
        systems: &[System::Gnu],
        sign: None,
    },
    Linked {
        name: "GNU C library",
        licence: "LGPL-2.1-or-later",
        why: "in those programs for Linux that name no library, as ./install.sh builds them. To link them with another one, \
              as section 6 of its licence has it: the source of all of it and the commands are this project and its \
              install.sh, which takes the libc.a of the machine that it runs on",
        texts: &["LGPL-2.1.txt"],
        systems: &[System::Gnu],
        sign: Some("GLIBC_TUNABLES"),
    },
    Linked {
        name: "libdbus",
        licence: "AFL-2.1 OR GPL-2.0-or-later",
        why: "in aep-auth for Linux, to speak with the system's keyring; taken under AFL-2.1, from the package libdbus-sys, \
              which has its text",
        texts: &[],
        systems: &[System::Gnu, System::Musl],
        sign: None,
    },
    Linked {
        name: "GCC runtime library",
        licence: "GPL-3.0-or-later WITH GCC-exception-3.1",
        why: "the unwinder of the programs for Windows",
        texts: &["GCC-exception-3.1.txt"],
        systems: &[System::Windows],
        sign: None,
    },
    Linked {
        name: "LLVM libunwind",
        licence: "Apache-2.0 WITH LLVM-exception",
        why: "the unwinder of the programs for Linux",
        texts: &["LLVM.txt"],
        systems: &[System::Gnu, System::Musl],
        sign: None,
    },
    Linked {
        name: "Zig compiler_rt",
        licence: "MIT",
        why: "what a processor has no instruction for, in the programs for Linux",
        texts: &["zig.txt"],
        systems: &[System::Gnu, System::Musl],
        sign: None,
    },
    Linked {
        name: "musl",
        licence: "MIT",
        why: "the C library in the programs for Linux that need none",
        texts: &["musl.txt"],
        systems: &[System::Gnu, System::Musl],
        sign: None,
    },
];

/// What is linked into these programs of these targets.
pub fn linked(targets: &[Target], programs: &[&File]) -> Vec<&'static Linked> {
    let systems: BTreeSet<System> = targets.iter().map(|target| target.system).collect();
    let holds = |sign: &str| {
        programs.iter().any(|program| program.bytes.windows(sign.len()).any(|bytes| bytes == sign.as_bytes()))
    };
    let is_in = |library: &&Linked| {
        library.systems.iter().any(|system| systems.contains(system)) && library.sign.is_none_or(holds)
    };
    LINKED.iter().filter(is_in).collect()
}

/// The text of all of them.
///
/// # Errors
/// A package says nothing of its licence, or a file cannot be read.
pub fn write(root: &Path, dependencies: &[Dependency], linked: &[&Linked]) -> Result<String> {
    let mut table = String::new();
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for dependency in dependencies.iter().filter(|dependency| dependency.checksum.is_some()) {
        let name = format!("{} {}", dependency.name, dependency.version);
        anyhow::ensure!(!dependency.licence.is_empty(), "{name} names no licence");
        let own = in_folder(&dependency.folder)?;
        table.push_str(&format!("{name}: {}", dependency.licence));
        if let Some(repository) = &dependency.repository {
            table.push_str(&format!("\n    {repository}"));
        }
        if own.is_empty() {
            let authors = dependency.authors.join(", ");
            let authors = if authors.is_empty() { "authors not named".to_owned() } else { authors };
            table.push_str(&format!("\n    its package has no licence file; {authors}"));
        }
        table.push('\n');
        for text in own {
            texts.entry(text).or_default().insert(name.clone());
        }
    }
    for library in linked {
        table.push_str(&format!("{}: {}\n    {}\n", library.name, library.licence, library.why));
        for file in library.texts {
            let path = root.join("packaging/licences").join(file);
            texts.entry(text(&path)?).or_default().insert(library.name.to_owned());
        }
    }
    let mut out = format!(
        "What others wrote and these programs hold, with the licence of each; then every licence's text once, with the \
         names\nof what it stands for.\n\n{table}"
    );
    // By the first name that each covers.
    let mut texts: Vec<(BTreeSet<String>, String)> = texts.into_iter().map(|(text, names)| (names, text)).collect();
    texts.sort();
    for (names, text) in texts {
        let names: Vec<String> = names.into_iter().collect();
        out.push_str(&format!("\n{}\n{}\n\n{text}", "=".repeat(80), names.join(", ")));
    }
    Ok(out)
}

/// The texts in a package's own folder, and one below `vendor` in it, where a package brings the source of a C library.
fn in_folder(folder: &Path) -> Result<Vec<String>> {
    let mut folders = vec![folder.to_owned()];
    if let Ok(vendored) = std::fs::read_dir(folder.join("vendor")) {
        for entry in vendored {
            folders.push(entry?.path());
        }
    }
    let mut paths = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if NAMES.iter().any(|start| name.starts_with(start)) && entry.path().is_file() {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| text(path)).collect()
}

/// A file with one kind of line end, and one at the end.
fn text(path: &Path) -> Result<String> {
    let text = String::from_utf8_lossy(&read(path)?).replace("\r\n", "\n");
    Ok(format!("{}\n", text.trim_matches('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn package(folder: &Path, name: &str) -> Dependency {
        Dependency {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            authors: vec!["A. Nother".to_owned()],
            repository: Some("https://example.com/x".to_owned()),
            folder: folder.join(name),
            checksum: Some("00".to_owned()),
            uses: BTreeSet::new(),
        }
    }

    #[test]
    fn each_text_stands_once_with_all_whom_it_covers() {
        let folder = tempfile::tempdir().unwrap();
        let add = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        add("a/LICENSE-MIT", "the same text\r\n");
        add("b/licence.md", "\nthe same text\n\n");
        add("b/src/LICENSE", "of no package");
        add("b/vendor/lib/COPYING", "of the C library");
        add("c/lib.rs", "");
        let mut packages: Vec<Dependency> = ["a", "b", "c"].map(|name| package(folder.path(), name)).into();
        let linux = [Target::new("x86_64-unknown-linux-gnu").unwrap()];
        let of = |targets: &[Target], program: &str| linked(targets, &[&File::program(program)]);
        let text = write(&root(), &packages, &of(&linux, "\0program\0")).unwrap();
        assert_eq!(text.matches("the same text").count(), 1);
        assert!(text.contains("\na 1.0.0, b 1.0.0\n\nthe same text\n"), "{text}");
        assert!(text.contains("of the C library") && !text.contains("of no package"));
        assert!(
            text.contains("c 1.0.0: MIT\n    https://example.com/x\n    its package has no licence file; A. Nother")
        );
        assert!(text.contains("musl as a whole is licensed under the following standard MIT license"));
        // Nothing is linked statically that asks for more than its words.
        assert!(
            !text.contains("GNU C library: ")
                && !text.contains("GCC Runtime Library exception")
                && text.contains("gives you unlimited\npermission to link")
        );
        packages.reverse();
        packages.sort();
        assert!(write(&root(), &packages, &of(&linux, "")).unwrap() == text);
        // What asks for more is told where it is.
        let text = write(&root(), &packages, &of(&linux, "\0GLIBC_TUNABLES\0")).unwrap();
        assert!(text.contains("GNU C library: LGPL-2.1-or-later\n") && text.contains("section 6"), "{text}");
        let windows = [Target::new("x86_64-pc-windows-msvc").unwrap()];
        assert!(!write(&root(), &packages, &of(&windows, "GLIBC_TUNABLES")).unwrap().contains("GNU LESSER"));
        packages[0].licence.clear();
        assert!(write(&root(), &packages, &of(&linux, "")).unwrap_err().to_string().contains("names no licence"));
    }

    #[test]
    fn every_linked_library_has_its_text() {
        for library in &LINKED {
            for file in library.texts {
                assert!(text(&root().join("packaging/licences").join(file)).unwrap().len() > 500, "{file}");
            }
        }
    }
}
