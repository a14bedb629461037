//! Why a file or folder is not trusted, in one sentence, and the commands that cure it.
//!
//! A cure is given only where this user can carry it out here. It begins with a look: what others could have changed is
//! made one's own by a person who has read it, never by a program.

use std::fmt;
use std::path::Path;

/// Why a file or folder is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Neither the user's nor, where that is allowed, root's.
    ForeignOwner,
    /// A link that neither the user nor root made.
    ForeignLink,
    /// Everybody can write to it.
    WritableByOthers {
        /// The permission bits.
        mode: u32,
    },
    /// Its group can write to it, and that is not the user's own.
    WritableByGroup {
        /// The permission bits.
        mode: u32,
    },
    /// A secret of ours that others can read.
    ReadableByOthers {
        /// The permission bits.
        mode: u32,
    },
    /// A link where none is followed.
    Link,
    /// A folder where a file is expected.
    Folder,
    /// A FIFO, socket or device where a file is expected.
    NotRegular,
    /// Something else where a folder is expected.
    NotFolder,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignOwner => f.write_str("it belongs to another user"),
            Self::ForeignLink => f.write_str("it is a symbolic link of another user"),
            Self::WritableByOthers { mode } => write!(f, "others can write to it (mode {mode:03o})"),
            Self::WritableByGroup { mode } => write!(f, "its group can write to it (mode {mode:03o})"),
            Self::ReadableByOthers { mode } => write!(f, "others can read it (mode {mode:03o})"),
            Self::Link => f.write_str("it is a symbolic link"),
            Self::Folder => f.write_str("it is a folder"),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::NotFolder => f.write_str("it is not a folder"),
        }
    }
}

// So that it can travel in an `io::Error` where only the file system is expected to fail.
impl std::error::Error for Distrust {}

impl Distrust {
    /// The commands that cure it, one a line, if this user can carry them out here.
    ///
    /// For root over another's home (see [`super::foreign_home`]) the cure is another one: not to be root.
    #[cfg(unix)]
    pub fn cure(self, path: &Path) -> Option<String> {
        use crate::platform;
        use std::os::unix::fs::MetadataExt;

        let metadata = std::fs::symlink_metadata(path).ok()?;
        let (is_root, is_own) = (platform::user() == 0, metadata.uid() == platform::user());
        let name = quoted(path);
        let look = match self {
            Self::Link | Self::ForeignLink | Self::NotRegular => format!("ls -l {name}"),
            _ if metadata.is_dir() => format!("ls -la {name}"),
            _ => format!("cat {name}"),
        };
        let may_replace = || platform::may_replace(path, &metadata);
        let aside = || quoted(&beside(path, ".not-trusted"));
        let mend = match self {
            // Others could not change it, so that there is nothing to look into.
            Self::ReadableByOthers { .. } => return (is_own || is_root).then(|| format!("chmod go= {name}")),
            Self::WritableByOthers { .. } | Self::WritableByGroup { .. } if is_own || is_root => {
                format!("chmod go-w {name}")
            }
            Self::ForeignOwner if is_root => format!("chown 0 {name}"),
            Self::WritableByOthers { .. } | Self::WritableByGroup { .. } | Self::ForeignOwner if may_replace() => {
                let own = quoted(&beside(path, ".own"));
                if metadata.is_dir() {
                    format!("mv {name} {}", aside())
                } else {
                    format!("install -m 600 {name} {own} && mv -f {own} {name}")
                }
            }
            Self::Link | Self::ForeignLink | Self::Folder | Self::NotRegular | Self::NotFolder if may_replace() => {
                format!("mv {name} {}", aside())
            }
            _ => return None,
        };
        Some(format!("look into it first: {look}\nthen: {mend}"))
    }

    /// Nothing was checked here beyond the kind of file, and that has no cure in one command.
    #[cfg(not(unix))]
    pub fn cure(self, _path: &Path) -> Option<String> {
        None
    }
}

/// The path with something added to its name.
#[cfg(unix)]
fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path as a word of a shell.
#[cfg(unix)]
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn each_reason_is_a_sentence_that_names_the_mode() {
        assert_eq!(Distrust::WritableByOthers { mode: 0o666 }.to_string(), "others can write to it (mode 666)");
        assert_eq!(Distrust::WritableByGroup { mode: 0o20 }.to_string(), "its group can write to it (mode 020)");
        assert_eq!(Distrust::ReadableByOthers { mode: 0o644 }.to_string(), "others can read it (mode 644)");
    }

    #[test]
    fn words_of_a_shell() {
        for (path, word) in [
            ("/home/u/.config/aep/profiles/dev.toml", "/home/u/.config/aep/profiles/dev.toml"),
            ("/a b", "'/a b'"),
            ("/it's", r"'/it'\''s'"),
            ("/$(x)", "'/$(x)'"),
            ("/~", "'/~'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }

    /// Runs the part of the cure that mends.
    fn carry_out(cure: &str) {
        let mend = cure.lines().last().unwrap();
        let mend = mend.strip_prefix("then: ").unwrap_or(mend);
        assert!(std::process::Command::new("sh").args(["-c", mend]).status().unwrap().success(), "{mend}");
    }

    #[test]
    fn a_cure_begins_with_a_look_and_cures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's a file");
        for (mode, why, cured) in [
            (0o666, Distrust::WritableByOthers { mode: 0o666 }, 0o644),
            (0o660, Distrust::WritableByGroup { mode: 0o660 }, 0o640),
            (0o644, Distrust::ReadableByOthers { mode: 0o644 }, 0o600),
        ] {
            std::fs::write(&path, "content").unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let cure = why.cure(&path).unwrap();
            let looks = cure.starts_with("look into it first: cat '");
            assert_eq!(looks, !matches!(why, Distrust::ReadableByOthers { .. }), "{cure}");
            carry_out(&cure);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, cured, "{cure}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "content");
        }
    }

    #[test]
    fn what_stands_in_the_place_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.toml");
        std::fs::create_dir(&path).unwrap();
        let cure = Distrust::Folder.cure(&path).unwrap();
        assert!(cure.starts_with("look into it first: ls -la "), "{cure}");
        carry_out(&cure);
        assert!(!path.exists() && folder.path().join("dev.toml.not-trusted").is_dir());
        std::os::unix::fs::symlink("/nowhere", &path).unwrap();
        let cure = Distrust::Link.cure(&path).unwrap();
        assert!(cure.starts_with("look into it first: ls -l "), "{cure}");
    }

    #[test]
    fn no_cure_for_what_is_gone() {
        assert_eq!(Distrust::ForeignOwner.cure(Path::new("/no/such/file")), None);
    }

    #[test]
    fn root_takes_a_foreign_file_over_after_a_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.toml");
        std::fs::write(&path, "").unwrap();
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_err() {
            return; // Only root can give a file away; the other side is in the stories.
        }
        let cure = Distrust::ForeignOwner.cure(&path).unwrap();
        assert!(cure.starts_with("look into it first: cat ") && cure.contains("chown 0 "), "{cure}");
    }
}
