//! The way from a folder that needs no check (the home) or from the root to a file, one component at a time.
//!
//! From the top down: whoever cannot write to the folders passed so far cannot change what was seen in them, so that
//! looking by name is as good as holding each folder open. Links are followed by hand, to look at each of them and at
//! the folders above its target; what is reached has no link in its path.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Distrust, OpenError, accounts};
use crate::io_words::is_beyond_the_file;
use crate::platform;

/// As many links as Linux follows.
const MOST_LINKS: u8 = 40;
/// Thousands of accounts; what is longer proves nothing.
const LONGEST_LIST: u64 = 4 * 1024 * 1024;
const STICKY: u32 = 0o1000;

/// What is checked on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Every folder and every link.
    All,
    /// Links alone, and all that is reached through one as the last component: for a place that the user names, which
    /// may be in a folder shared with others.
    Links,
}

/// A way that has been gone in part.
pub(crate) struct Walk<'a> {
    /// Without links, checked, and a folder.
    here: PathBuf,
    /// What is to come; the next one last.
    rest: Vec<OsString>,
    home: Option<&'a Path>,
    strictness: Strictness,
    links: u8,
    creates: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(path: &Path, home: Option<&'a Path>, strictness: Strictness) -> Result<Self, OpenError> {
        let path = std::path::absolute(path).map_err(|error| OpenError::unreadable(path, error))?;
        let mut walk = Self {
            here: PathBuf::from("/"),
            rest: Vec::new(),
            home: home.filter(|home| home.is_absolute()),
            strictness,
            links: 0,
            creates: false,
        };
        walk.start(&path)?;
        Ok(walk)
    }

    /// Begins anew at the home, if the path is below it, else at the root; what was still to come stays.
    fn start(&mut self, path: &Path) -> Result<(), OpenError> {
        if let Some((home, below)) = self.home.and_then(|home| Some((home, path.strip_prefix(home).ok()?))) {
            self.here = home.to_owned();
            self.push(below);
            return Ok(());
        }
        self.here = PathBuf::from("/");
        self.push(path);
        self.check_here()
    }

    fn push(&mut self, path: &Path) {
        self.rest.extend(path.components().rev().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        }));
    }

    /// Goes through every folder, and gives the path of the last component, which is not yet looked at.
    pub(crate) fn reach_last(&mut self) -> Result<PathBuf, OpenError> {
        while let Some(name) = self.rest.pop() {
            if name == ".." {
                self.up()?;
                continue;
            }
            let path = self.here.join(&name);
            if self.rest.is_empty() {
                return Ok(path);
            }
            let metadata = match look(&path) {
                Err(OpenError::Absent) if self.creates => {
                    platform::create_private_folder(&path).map_err(|error| OpenError::unreadable(&path, error))?;
                    look(&path)?
                }
                other => other?,
            };
            if metadata.is_symlink() {
                self.follow(&path, &metadata)?;
            } else if metadata.is_dir() {
                self.here = path;
                self.check(&metadata)?;
            } else {
                return Err(OpenError::unreadable(&path, Errno::NOTDIR));
            }
        }
        // The path ends in `..`, or is the home or the root.
        Err(OpenError::not_trusted(&self.here, Distrust::Folder))
    }

    /// Goes through the last component, which is a link; [`Walk::reach_last`] then gives where it points.
    pub(crate) fn follow_last(&mut self, path: &Path) -> Result<(), OpenError> {
        let before = std::mem::replace(&mut self.strictness, Strictness::All);
        let metadata = look(path)?;
        self.follow(path, &metadata)?;
        if before == Strictness::All {
            return Ok(());
        }
        // The folders down to here were passed under the milder rule.
        let here = self.here.clone();
        self.start(&here)
    }

    fn follow(&mut self, link: &Path, metadata: &Metadata) -> Result<(), OpenError> {
        if !is_owner_trusted(metadata) {
            return Err(OpenError::not_trusted(link, Distrust::ForeignLink));
        }
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(OpenError::unreadable(link, Errno::LOOP));
        }
        let target = std::fs::read_link(link).map_err(|error| failed(link, error))?;
        if target.is_absolute() {
            self.start(&target)
        } else {
            self.push(&target);
            Ok(())
        }
    }

    fn up(&mut self) -> Result<(), OpenError> {
        if self.home == Some(&self.here) {
            // Above the home everything counts, from the root down.
            self.home = None;
            let parent = self.here.join("..");
            return self.start(&parent);
        }
        self.here.pop();
        Ok(())
    }

    fn check_here(&self) -> Result<(), OpenError> {
        match self.strictness {
            Strictness::Links => Ok(()),
            Strictness::All => self.check(&look(&self.here)?),
        }
    }

    fn check(&self, folder: &Metadata) -> Result<(), OpenError> {
        match self.strictness {
            Strictness::Links => Ok(()),
            Strictness::All => check_folder(&self.here, folder),
        }
    }
}

/// Opens a trusted regular file, and gives its size.
pub(super) fn open(path: &Path, home: Option<&Path>) -> Result<(File, u64), OpenError> {
    let mut walk = Walk::new(path, home, Strictness::All)?;
    loop {
        let path = walk.reach_last()?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(handle) => {
                let file = File::from(handle);
                let metadata = file.metadata().map_err(|error| OpenError::unreadable(&path, error))?;
                check_file(&path, &metadata)?;
                return Ok((file, metadata.len()));
            }
            Err(Errno::LOOP) => walk.follow_last(&path)?,
            // A socket, which cannot be opened.
            Err(Errno::NXIO | Errno::OPNOTSUPP) => return Err(OpenError::not_trusted(&path, Distrust::NotRegular)),
            Err(error) => return Err(failed(&path, error)),
        }
    }
}

/// Makes the folders of `path` that are missing, each private, and none through another's link or, where all is checked,
/// in a folder that is not trusted.
pub(crate) fn create_folders(path: &Path, home: Option<&Path>, strictness: Strictness) -> Result<(), OpenError> {
    // A home that is not there yet is made like the rest.
    let mut walk = through(path, home.filter(|home| home.exists()), strictness)?;
    walk.creates = true;
    walk.reach_last().map(drop)
}

/// Looks at the folders of `path`, itself included.
pub(crate) fn check_folders(path: &Path, home: Option<&Path>) -> Result<(), OpenError> {
    through(path, home, Strictness::All)?.reach_last().map(drop)
}

/// Looks at the links on the way through a folder, itself included, and at what they lead through.
pub(crate) fn check_links(path: &Path) -> Result<(), OpenError> {
    through(path, None, Strictness::Links)?.reach_last().map(drop)
}

/// The way through a folder: with a last component that is never looked at, all of the path is folders.
fn through<'a>(path: &Path, home: Option<&'a Path>, strictness: Strictness) -> Result<Walk<'a>, OpenError> {
    Walk::new(&path.join("-"), home, strictness)
}

fn look(path: &Path) -> Result<Metadata, OpenError> {
    std::fs::symlink_metadata(path).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: impl Into<io::Error>) -> OpenError {
    let error = error.into();
    if error.kind() == io::ErrorKind::NotFound { OpenError::Absent } else { OpenError::unreadable(path, error) }
}

/// Whether it is the user's or root's.
pub(crate) fn is_owner_trusted(metadata: &Metadata) -> bool {
    metadata.uid() == 0 || metadata.uid() == platform::user()
}

fn check_file(path: &Path, metadata: &Metadata) -> Result<(), OpenError> {
    platform::refuse_irregular(metadata).map_err(|why| OpenError::not_trusted(path, why))?;
    check(path, metadata)
}

fn check_folder(path: &Path, metadata: &Metadata) -> Result<(), OpenError> {
    match check(path, metadata) {
        // In a sticky folder nobody can replace what belongs to the user or root, and the next look sees to whom it does.
        Err(OpenError::NotTrusted {
            why: Distrust::WritableByOthers { .. } | Distrust::WritableByGroup { .. },
            ..
        }) if metadata.mode() & STICKY != 0 || is_mounted_read_only(path, metadata) => Ok(()),
        other => other,
    }
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), OpenError> {
    let mode = metadata.mode() & 0o777;
    let why = if !is_owner_trusted(metadata) {
        Distrust::ForeignOwner
    } else if mode & 0o002 != 0 {
        Distrust::WritableByOthers { mode }
    } else if mode & 0o020 != 0 && !is_group_own(path, metadata.gid())? {
        Distrust::WritableByGroup { mode }
    } else {
        return Ok(());
    };
    Err(OpenError::not_trusted(path, why))
}

/// Whether root's folder lies on a mount that takes no writes. The folder of a Kubernetes ConfigMap is such a one, with
/// mode 777: nobody in the container can change it.
fn is_mounted_read_only(path: &Path, metadata: &Metadata) -> bool {
    metadata.uid() == 0
        && rustix::fs::statvfs(path).is_ok_and(|system| system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Whether the group's right to write is nobody's but the user's.
fn is_group_own(path: &Path, gid: u32) -> Result<bool, OpenError> {
    static OWN: OnceLock<Option<u32>> = OnceLock::new();
    let own = match OWN.get() {
        Some(own) => *own,
        None => {
            let (accounts, groups) = (list("/etc/passwd")?, list("/etc/group")?);
            let own = accounts
                .zip(groups)
                .and_then(|(accounts, groups)| accounts::own_group(&accounts, &groups, platform::user()));
            *OWN.get_or_init(|| own)
        }
    };
    Ok(own == Some(gid) && !has_access_list(path))
}

/// The home of this process's account, where the list of accounts has one.
#[cfg(target_os = "linux")]
pub(super) fn home_of_account() -> Option<PathBuf> {
    let accounts = list("/etc/passwd").ok().flatten()?;
    accounts::home(&accounts, platform::user()).map(PathBuf::from)
}

/// A list of accounts; `None` where there is none to be read, or it is too long to be read whole. That the process has no
/// more descriptors or memory says nothing about anybody.
fn list(path: &str) -> Result<Option<String>, OpenError> {
    let mut text = String::new();
    match File::open(path).and_then(|file| file.take(LONGEST_LIST).read_to_string(&mut text)) {
        Err(error) if is_beyond_the_file(&error) => Err(OpenError::unreadable(Path::new(path), error)),
        Err(_) => Ok(None),
        Ok(_) => Ok(((text.len() as u64) < LONGEST_LIST).then_some(text)),
    }
}

/// With an access list, the group's bits are those of everybody in the list.
#[cfg(target_os = "linux")]
fn has_access_list(path: &Path) -> bool {
    // With room for a list: what asks without room, for the size alone, is told of none. A longer one is an error, and
    // one too.
    let found = rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut [0_u8; 64]);
    !matches!(found, Err(Errno::NODATA | Errno::OPNOTSUPP) | Ok(0))
}

#[cfg(not(target_os = "linux"))]
fn has_access_list(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_accounts_that_may_go_on_proves_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let of_size = |size: u64| {
            std::fs::write(file.path(), vec![b'x'; usize::try_from(size).unwrap()]).unwrap();
            list(file.path().to_str().unwrap()).unwrap().map(|text| text.len() as u64)
        };
        assert_eq!(of_size(LONGEST_LIST - 1), Some(4 * 1024 * 1024 - 1));
        assert_eq!(of_size(LONGEST_LIST), None);
        assert_eq!(of_size(LONGEST_LIST + 1), None);
        assert_eq!(list("/no/such/list").unwrap(), None);
    }

    /// Of what a fault of the system hides, nobody is accused.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_list_that_a_fault_hides_is_not_absent() {
        // Its first page is never there, which the system calls a fault of input and output.
        assert!(matches!(list("/proc/self/mem"), Err(OpenError::Unreadable { .. })));
    }
}
