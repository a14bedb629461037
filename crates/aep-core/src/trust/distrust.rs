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

        let metadata = std::fs::symlink_metadata(path).ok().filter(|metadata| !is_of_the_system(path, metadata))?;
        let rights = Rights {
            is_root: platform::user() == 0,
            is_own: metadata.uid() == platform::user(),
            may_replace: platform::may_replace(path, &metadata),
        };
        self.cure_with(rights, path, metadata.is_dir())
    }

    #[cfg(unix)]
    fn cure_with(self, rights: Rights, path: &Path, is_folder: bool) -> Option<String> {
        let Rights { is_root, is_own, may_replace } = rights;
        let name = quoted(path);
        let look = match self {
            Self::Link | Self::ForeignLink | Self::NotRegular => format!("ls -l {name}"),
            _ if is_folder => format!("ls -la {name}"),
            _ => format!("cat {name}"),
        };
        let aside = || quoted(&beside(path, ".not-trusted"));
        let mend = match self {
            // Others could not change it, so that there is nothing to look into.
            Self::ReadableByOthers { .. } => return (is_own || is_root).then(|| format!("chmod go= {name}")),
            Self::WritableByOthers { .. } | Self::WritableByGroup { .. } if is_own || is_root => {
                format!("chmod go-w {name}")
            }
            Self::ForeignOwner if is_root => format!("chown 0 {name}"),
            _ if !may_replace => return None,
            Self::WritableByOthers { .. } | Self::WritableByGroup { .. } | Self::ForeignOwner if !is_folder => {
                let own = quoted(&beside(path, ".own"));
                format!("install -m 600 {name} {own} && mv -f {own} {name}")
            }
            _ => format!("mv {name} {}", aside()),
        };
        Some(format!("look into it first: {look}\nthen: {mend}"))
    }

    /// Nothing was checked here beyond the kind of file, and that has no cure in one command.
    #[cfg(not(unix))]
    pub fn cure(self, _path: &Path) -> Option<String> {
        None
    }
}

/// What others use as well and nobody may move or close: a device, what the system shows of itself, a folder for all.
#[cfg(unix)]
fn is_of_the_system(path: &Path, metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let kind = metadata.file_type();
    let is_for_all = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
    let is_shown = ["/dev", "/proc", "/sys"].iter().any(|folder| path.starts_with(folder));
    kind.is_block_device() || kind.is_char_device() || is_for_all || (is_shown && !path.starts_with("/dev/shm"))
}

/// What this user can do about a file or folder.
#[cfg(unix)]
#[derive(Clone, Copy)]
struct Rights {
    is_root: bool,
    is_own: bool,
    /// Put something else in its place.
    may_replace: bool,
}

/// The path with something added to its name.
#[cfg(unix)]
fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path as it is; no shell is known there.
#[cfg(not(unix))]
pub(crate) fn quoted(path: &Path) -> String {
    path.display().to_string()
}

/// The path as a word of a shell.
#[cfg(unix)]
pub(crate) fn quoted(path: &Path) -> String {
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
    fn each_user_is_told_what_that_user_can_do() {
        const CHMOD: Option<&str> = Some("chmod go-w /d/f");
        const COPY: Option<&str> = Some("install -m 600 /d/f /d/f.own && mv -f /d/f.own /d/f");
        const ASIDE: Option<&str> = Some("mv /d/f /d/f.not-trusted");
        let (others, group) = (Distrust::WritableByOthers { mode: 0o666 }, Distrust::WritableByGroup { mode: 0o664 });
        let readable = Distrust::ReadableByOthers { mode: 0o644 };
        let root = Rights { is_root: true, is_own: false, may_replace: true };
        let owner = Rights { is_root: false, is_own: true, may_replace: true };
        let neighbour = Rights { is_root: false, is_own: false, may_replace: true };
        let stranger = Rights { is_root: false, is_own: false, may_replace: false };
        for (why, rights, is_folder, mend) in [
            (readable, root, false, Some("chmod go= /d/f")),
            (readable, owner, false, Some("chmod go= /d/f")),
            (readable, neighbour, false, None),
            (others, root, false, CHMOD),
            (group, owner, true, CHMOD),
            (others, neighbour, false, COPY),
            (group, neighbour, true, ASIDE),
            (others, stranger, false, None),
            (Distrust::ForeignOwner, root, true, Some("chown 0 /d/f")),
            (Distrust::ForeignOwner, neighbour, false, COPY),
            (Distrust::ForeignOwner, neighbour, true, ASIDE),
            (Distrust::ForeignOwner, stranger, true, None),
            (Distrust::Link, owner, false, ASIDE),
            (Distrust::ForeignLink, neighbour, false, ASIDE),
            (Distrust::NotRegular, root, false, ASIDE),
            (Distrust::Folder, owner, true, ASIDE),
            (Distrust::NotFolder, owner, false, ASIDE),
            (Distrust::Link, stranger, false, None),
        ] {
            let cure = why.cure_with(rights, Path::new("/d/f"), is_folder);
            let told = cure.as_deref().map(|cure| cure.lines().last().unwrap());
            assert_eq!(told.map(|told| told.strip_prefix("then: ").unwrap_or(told)), mend, "{why:?}");
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
    fn what_is_the_systems_is_left_where_it_is() {
        for path in ["/dev/null", "/dev", "/proc/self/fd/0", "/tmp"] {
            for why in [Distrust::NotRegular, Distrust::ForeignOwner, Distrust::WritableByOthers { mode: 0o666 }] {
                assert_eq!(why.cure(Path::new(path)), None, "{path}");
            }
        }
        // A folder for all is told by its mode, wherever it is.
        let folder = tempfile::tempdir().unwrap();
        for (mode, is_cured) in [(0o777, true), (0o1777, false)] {
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(Distrust::WritableByOthers { mode }.cure(folder.path()).is_some(), is_cured);
        }
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
