//! What every package holds, and where in each: the one table of it.
//!
//! Everything is first named as it would lie below a prefix such as `/usr/local`; each package then has a place for each
//! part, or leaves it out.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::archive::{File, Files};

/// The programs.
pub const PROGRAMS: [Program; 7] = [
    Program { name: "aep-auth", resolves_names: true },
    Program { name: "aep-postman", resolves_names: false },
    Program { name: "aep-prompt", resolves_names: false },
    Program { name: "bazel-credential-aep", resolves_names: false },
    Program { name: "git-credential-aep", resolves_names: false },
    Program { name: "ims-emulator", resolves_names: true },
    Program { name: "kube-credential-aep", resolves_names: false },
];

/// A program.
pub struct Program {
    /// Its name, which is its package's.
    pub name: &'static str,
    /// Whether it asks the machine's C library for the addresses of hosts. One that does not carries its own, on Linux
    /// with the GNU one, and starts faster by a fifth.
    pub resolves_names: bool,
}

/// Files of the tree that go along as they are.
const DOCUMENTS: [&str; 5] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "SECURITY.md"];

/// The licences of what others wrote.
pub const THIRD_PARTIES: &str = "share/doc/aep-auth/THIRD-PARTY-LICENSES.txt";

/// The list of parts.
pub const PARTS: &str = "share/doc/aep-auth/aep-auth.cdx.json";

/// A package's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// `.tar.gz` and `.zip`, and what Homebrew unpacks
    Archive,
    /// `.deb`
    Deb,
    /// A Python wheel; its places are below `.data` or `.dist-info`
    Wheel,
    /// The npm package that a user names
    Npm,
    /// The npm package with one system's programs
    NpmPlatform,
}

struct Row {
    part: &'static str,
    archive: Option<&'static str>,
    deb: Option<&'static str>,
    wheel: Option<&'static str>,
    npm: Option<&'static str>,
    npm_platform: Option<&'static str>,
}

const fn row(
    part: &'static str,
    archive: Option<&'static str>,
    deb: Option<&'static str>,
    wheel: Option<&'static str>,
    npm: Option<&'static str>,
    npm_platform: Option<&'static str>,
) -> Row {
    Row { part, archive, deb, wheel, npm, npm_platform }
}

/// The first row whose part a name begins with counts. A wheel and an npm package have a read-me of their own.
#[rustfmt::skip]
const PLACES: [Row; 9] = [
    //  part                              archive                          .deb                                    wheel                                      npm                              npm, of a system
    row("bin/",                           Some("bin/"),                    Some("usr/bin/"),                       Some("data/scripts/"),                     None,                            Some("bin/")),
    row("share/man/",                     Some("share/man/"),              Some("usr/share/man/"),                 Some("data/data/share/man/"),              Some("man/"),                    None),
    row("share/zsh/site-functions/",      Some("share/zsh/site-functions/"), Some("usr/share/zsh/vendor-completions/"), Some("data/data/share/zsh/site-functions/"), Some("share/zsh/site-functions/"), None),
    row("share/aep-auth/integrations/",   Some("integrations/"),           Some("usr/share/aep-auth/integrations/"), Some("data/data/share/aep-auth/integrations/"), Some("integrations/"),     None),
    row("share/doc/aep-auth/LICENSE",     Some("LICENSE"),                 Some("usr/share/doc/aep-auth/LICENSE"), Some("dist-info/licenses/LICENSE"),        Some("LICENSE"),                 Some("LICENSE")),
    row(THIRD_PARTIES,                    Some("THIRD-PARTY-LICENSES.txt"), Some("usr/share/doc/aep-auth/THIRD-PARTY-LICENSES.txt"), Some("dist-info/licenses/THIRD-PARTY-LICENSES.txt"), None,  Some("THIRD-PARTY-LICENSES.txt")),
    row(PARTS,                            Some("aep-auth.cdx.json"),       Some("usr/share/doc/aep-auth/aep-auth.cdx.json"), Some("dist-info/sboms/aep-auth.cdx.json"), None,                  Some("aep-auth.cdx.json")),
    row("share/doc/aep-auth/",            Some(""),                        Some("usr/share/doc/aep-auth/"),        None,                                      None,                            None),
    row("share/",                         Some("share/"),                  Some("usr/share/"),                     Some("data/data/share/"),                  Some("share/"),                  None),
];

impl Package {
    /// Where a part goes; `None` where this package leaves it out.
    ///
    /// # Errors
    /// The table does not know the part.
    pub fn place(self, part: &str) -> Result<Option<String>> {
        let Some(row) = PLACES.iter().find(|row| part.starts_with(row.part)) else {
            bail!("no package has a place for {part}")
        };
        let place = match self {
            Self::Archive => row.archive,
            Self::Deb => row.deb,
            Self::Wheel => row.wheel,
            Self::Npm => row.npm,
            Self::NpmPlatform => row.npm_platform,
        };
        Ok(place.map(|place| format!("{place}{}", &part[row.part.len()..])))
    }

    /// The parts that this package has, at their places.
    ///
    /// # Errors
    /// The table does not know a part.
    pub fn take(self, parts: &Files) -> Result<Files> {
        let mut taken = Files::new();
        for (part, file) in parts {
            if let Some(place) = self.place(part)? {
                taken.insert(place, file.clone());
            }
        }
        Ok(taken)
    }
}

/// The programs in a folder.
///
/// # Errors
/// One of them is not there.
pub fn programs(folder: &Path, suffix: &str) -> Result<Files> {
    let file = |program: &Program| {
        let name = format!("{}{suffix}", program.name);
        Ok((format!("bin/{name}"), File::program(read(&folder.join(&name))?)))
    };
    PROGRAMS.iter().map(file).collect()
}

/// Manual pages and completions, from a folder that stands for `share`.
///
/// # Errors
/// Whatever the file system says.
pub fn share(folder: &Path) -> Result<Files> {
    below(folder, "share/")
}

/// What of the tree goes along: the read-me and its like, the licences, and the files of `integrations` that are named.
///
/// # Errors
/// One of them is not there.
pub fn documents(root: &Path, integrations: &[String]) -> Result<Files> {
    let mut found = Files::new();
    for name in integrations {
        found.insert(format!("share/aep-auth/{name}"), File::data(read(&root.join(name))?));
    }
    for name in DOCUMENTS {
        found.insert(format!("share/doc/aep-auth/{name}"), File::data(read(&root.join(name))?));
    }
    Ok(found)
}

/// The two licences of this project alone.
///
/// # Errors
/// One of them is not there.
pub fn licences(root: &Path) -> Result<Files> {
    let own = DOCUMENTS.iter().filter(|name| name.starts_with("LICENSE"));
    own.map(|name| Ok((format!("share/doc/aep-auth/{name}"), File::data(read(&root.join(name))?)))).collect()
}

/// The files below a folder, with `/` between the parts of their names.
pub(crate) fn below(folder: &Path, before: &str) -> Result<Files> {
    let mut found = Files::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { bail!("no text: {}", entry.path().display()) };
        // What an interpreter, an editor or a file manager leaves is no part of the tree.
        if name == "__pycache__" || name.starts_with('.') {
            continue;
        }
        let name = format!("{before}{name}");
        if entry.path().is_dir() {
            found.extend(below(&entry.path(), &format!("{name}/"))?);
        } else {
            found.insert(name, File::data(read(&entry.path())?));
        }
    }
    Ok(found)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_place() {
        let cases: [(&str, [Option<&str>; 5]); 6] = [
            (
                "bin/aep-auth",
                [
                    Some("bin/aep-auth"),
                    Some("usr/bin/aep-auth"),
                    Some("data/scripts/aep-auth"),
                    None,
                    Some("bin/aep-auth"),
                ],
            ),
            (
                "share/zsh/site-functions/_x",
                [
                    Some("share/zsh/site-functions/_x"),
                    Some("usr/share/zsh/vendor-completions/_x"),
                    Some("data/data/share/zsh/site-functions/_x"),
                    Some("share/zsh/site-functions/_x"),
                    None,
                ],
            ),
            (
                "share/doc/aep-auth/LICENSE-MIT",
                [
                    Some("LICENSE-MIT"),
                    Some("usr/share/doc/aep-auth/LICENSE-MIT"),
                    Some("dist-info/licenses/LICENSE-MIT"),
                    Some("LICENSE-MIT"),
                    Some("LICENSE-MIT"),
                ],
            ),
            (
                "share/doc/aep-auth/README.md",
                [Some("README.md"), Some("usr/share/doc/aep-auth/README.md"), None, None, None],
            ),
            (
                "share/aep-auth/integrations/git/README.md",
                [
                    Some("integrations/git/README.md"),
                    Some("usr/share/aep-auth/integrations/git/README.md"),
                    Some("data/data/share/aep-auth/integrations/git/README.md"),
                    Some("integrations/git/README.md"),
                    None,
                ],
            ),
            (
                "share/fish/vendor_completions.d/x.fish",
                [
                    Some("share/fish/vendor_completions.d/x.fish"),
                    Some("usr/share/fish/vendor_completions.d/x.fish"),
                    Some("data/data/share/fish/vendor_completions.d/x.fish"),
                    Some("share/fish/vendor_completions.d/x.fish"),
                    None,
                ],
            ),
        ];
        let packages = [Package::Archive, Package::Deb, Package::Wheel, Package::Npm, Package::NpmPlatform];
        for (part, places) in cases {
            for (package, place) in packages.into_iter().zip(places) {
                assert_eq!(package.place(part).unwrap().as_deref(), place, "{package:?}");
            }
        }
        assert!(Package::Deb.place("lib/x").is_err());
    }

    #[test]
    fn the_tree_has_a_package_for_every_program() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut with_program: Vec<String> = std::fs::read_dir(crates)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("src/main.rs").exists())
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name != "xtask")
            .collect();
        with_program.sort();
        assert_eq!(with_program, PROGRAMS.map(|program| program.name));
    }
}
