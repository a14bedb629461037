//! Unix: modes, owners, and files opened relative to a folder that was checked once.

use std::cell::RefCell;
use std::fs::{DirBuilder, File, Metadata, Permissions, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::fs::{Access, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::{OpenError, Rights};
use crate::trust::{self, Distrust};

const PRIVATE_FOLDER: u32 = 0o700;
const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;
/// Longer than any write takes; only where the file system has no locks to tell.
const SURELY_ABANDONED: Duration = Duration::from_secs(3600);

/// The user that this process acts for.
pub(crate) fn user() -> u32 {
    static USER: OnceLock<u32> = OnceLock::new();
    *USER.get_or_init(|| rustix::process::geteuid().as_raw())
}

/// A folder held open, so that what was checked is what is used.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// `None` after the process had no second descriptor, for a file in it.
    handle: RefCell<Option<OwnedFd>>,
}

impl Folder {
    /// Opens a folder that is ours alone to write; a link to it must be the user's or root's.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let handle = RefCell::new(Some(Self::open_handle(path)?));
        Ok(Self { path: path.to_owned(), handle })
    }

    fn open_handle(path: &Path) -> Result<OwnedFd, OpenError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = match rustix::fs::open(path, flags | OFlags::NOFOLLOW, Mode::empty()) {
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let metadata = std::fs::symlink_metadata(path)?;
                if !metadata.is_symlink() {
                    return Err(Distrust::NotFolder.into());
                }
                if metadata.uid() != 0 && metadata.uid() != user() {
                    return Err(Distrust::ForeignLink.into());
                }
                rustix::fs::open(path, flags, Mode::empty())?
            }
            other => other?,
        };
        let folder = File::from(handle);
        refuse_foreign(&folder.metadata()?)?;
        Ok(folder.into())
    }

    fn with_handle<T>(&self, use_it: impl FnOnce(&OwnedFd) -> rustix::io::Result<T>) -> Result<T, OpenError> {
        let mut handle = self.handle.borrow_mut();
        let handle = match &mut *handle {
            Some(handle) => handle,
            none => none.insert(Self::open_handle(&self.path)?),
        };
        Ok(use_it(handle)?)
    }

    /// Opens a regular file of ours for reading; never waits for a FIFO, never follows a link.
    pub(crate) fn open_file(&self, name: &str) -> Result<File, OpenError> {
        let file = match self.open_at(name, OFlags::RDONLY, Mode::empty()) {
            Err(OpenError::Io(error)) if is_short_of_descriptors(&error) => self.open_file_alone(name)?,
            other => other?,
        };
        let metadata = file.metadata()?;
        refuse_irregular(&metadata)?;
        refuse_foreign(&metadata)?;
        Ok(file)
    }

    /// Reads a regular file of ours, `most` bytes of it at most.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, OpenError> {
        super::read_at_most(&self.open_file(name)?, most)
    }

    /// Says in a lock who holds it.
    pub(crate) fn tell_holder(&self, lock: &File, _lock_name: &str, text: &str) -> io::Result<()> {
        lock.write_all_at(text.as_bytes(), 0)?;
        lock.set_len(text.len() as u64)
    }

    /// What the holder of a lock says; nothing is more than `most` bytes.
    pub(crate) fn holder_text(&self, lock: &File, _lock_name: &str, most: u64) -> Option<Vec<u8>> {
        super::read_at_most(lock, most).ok()
    }

    /// Removes a lock that is held. Who waits for it sees with [`is_passed`] that it must open a new one.
    pub(crate) fn remove_held_lock(&self, lock_name: &str) {
        let _ = self.remove(lock_name);
    }

    /// Opens a file of ours for locking, made if missing and never removed.
    pub(crate) fn open_lock(&self, name: &str) -> Result<File, OpenError> {
        // Read and write, since NFS refuses an exclusive lock on a file that is open for reading alone.
        let file = self.open_at(name, OFlags::RDWR | OFlags::CREATE, private())?;
        let metadata = file.metadata()?;
        refuse_irregular(&metadata)?;
        refuse_foreign(&metadata)?;
        // It opened, so that it is new, or was private already.
        Ok(exactly_private(file)?)
    }

    /// Makes a new file, private from its creation under any umask.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<File> {
        exactly_private(self.open_at(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, private())?)
    }

    /// Renames a file within the folder, replacing what is there.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let renamed = self.with_handle(|handle| match rustix::fs::renameat(handle, from, handle, to) {
            // A folder in the entry's place: out of the way with it, if it is empty.
            Err(Errno::ISDIR) => {
                rustix::fs::unlinkat(handle, to, AtFlags::REMOVEDIR)?;
                rustix::fs::renameat(handle, from, handle, to)
            }
            other => other,
        });
        Ok(renamed?)
    }

    /// Removes a file; says whether there was one.
    pub(crate) fn remove(&self, name: &str) -> io::Result<bool> {
        let removed = self.with_handle(|handle| match rustix::fs::unlinkat(handle, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error),
        });
        Ok(removed?)
    }

    fn open_at(&self, name: &str, flags: OFlags, mode: Mode) -> Result<File, OpenError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = self.with_handle(|handle| Ok(rustix::fs::openat(handle, name, flags, mode)))?;
        opened.map(File::from).map_err(irregular)
    }

    /// Where the process may have one descriptor more and no second: the folder's makes room for the file's, and the
    /// folder is looked at by its name. Whoever puts another in its place meanwhile has no file of ours to put there.
    fn open_file_alone(&self, name: &str) -> Result<File, OpenError> {
        self.handle.take();
        refuse_foreign(&std::fs::metadata(&self.path)?)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::open(self.path.join(name), flags, Mode::empty()).map(File::from).map_err(irregular)
    }
}

fn is_short_of_descriptors(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Makes a folder and its parents, each private, and none through another's link.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    trust::create_folders(path, None, trust::Strictness::Links).map_err(|error| match error {
        trust::OpenError::Absent => io::ErrorKind::NotFound.into(),
        trust::OpenError::Unreadable { error, .. } => error,
        other => io::Error::new(io::ErrorKind::PermissionDenied, other),
    })
}

/// Makes one folder, private under any umask; that another process was quicker is no error.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
        // The umask may have taken away more than others' rights.
        Ok(()) if std::fs::symlink_metadata(path)?.mode() & 0o777 != PRIVATE_FOLDER => {
            std::fs::set_permissions(path, Permissions::from_mode(PRIVATE_FOLDER))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Checks that nobody else can write to a folder, and that the name is no link.
pub(crate) fn check_private_folder(path: &Path) -> Result<(), OpenError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => File::from(handle),
        Err(Errno::LOOP | Errno::NOTDIR) => {
            let is_link = std::fs::symlink_metadata(path)?.is_symlink();
            return Err(if is_link { Distrust::Link } else { Distrust::NotFolder }.into());
        }
        Err(error) => return Err(error.into()),
    };
    Ok(refuse_foreign(&folder.metadata()?)?)
}

/// Makes a new file, private from its creation under any umask.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    exactly_private(rustix::fs::open(path, flags, private())?.into())
}

/// Opens a regular file that the user named; a link is followed, a FIFO is refused. Nobody's trust is looked at.
pub(crate) fn open_regular(path: &Path) -> Result<File, OpenError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        Errno::LOOP => error.into(),
        other => irregular(other),
    })?);
    refuse_irregular(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file of the user's or root's for reading; no link, and never waits for a FIFO.
pub(crate) fn open_existing(path: &Path) -> Result<File, OpenError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(irregular)?);
    let metadata = file.metadata()?;
    refuse_irregular(&metadata)?;
    if trust::is_owner_trusted(&metadata) { Ok(file) } else { Err(Distrust::ForeignOwner.into()) }
}

/// Opens a regular file of the user's or root's to append to it, made if missing; no link. Root, as in a job's container,
/// may write to anybody's.
pub(crate) fn open_appended(path: &Path) -> Result<File, OpenError> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags | OFlags::CLOEXEC, private()).map_err(irregular)?);
    let metadata = file.metadata()?;
    refuse_irregular(&metadata)?;
    if user() == 0 || trust::is_owner_trusted(&metadata) { Ok(file) } else { Err(Distrust::ForeignOwner.into()) }
}

/// Opens a file of the private store: ours, closed to others, no link.
pub(crate) fn open_private(path: &Path) -> Result<File, OpenError> {
    if let Some(folder) = path.parent() {
        check_private_folder(folder)?;
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(irregular)?);
    let metadata = file.metadata()?;
    refuse_irregular(&metadata)?;
    refuse_foreign(&metadata)?;
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(Distrust::ReadableByOthers { mode }.into()),
        _ => Ok(file),
    }
}

/// Whether the open file is ours and nobody else can write to it; says why not.
pub(crate) fn check_own(file: &File) -> Result<(), OpenError> {
    Ok(refuse_foreign(&file.metadata()?)?)
}

/// Replaces `to` by `from`.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Refuses everything but a regular file.
pub(crate) fn refuse_irregular(metadata: &Metadata) -> Result<(), Distrust> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(Distrust::Folder)
    } else {
        Err(Distrust::NotRegular)
    }
}

/// Whether this user could put something else in the place of what is there.
pub(crate) fn may_replace(path: &Path, metadata: &Metadata) -> bool {
    let Some(folder) = path.parent() else { return false };
    let Ok(above) = std::fs::metadata(folder) else { return false };
    let flags = AtFlags::EACCESS;
    let is_writable = rustix::fs::accessat(rustix::fs::CWD, folder, Access::WRITE_OK | Access::EXEC_OK, flags).is_ok();
    is_writable && (above.mode() & STICKY == 0 || [0, above.uid(), metadata.uid()].contains(&user()))
}

/// Whether two names are of one file.
pub(crate) fn is_one_file(path: &Path, second: &Path) -> bool {
    let number = |path: &Path| std::fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
    matches!((number(path), number(second)), (Ok(one), Ok(other)) if one == other)
}

/// Whether its owner, this user, cannot write to a folder.
pub(crate) fn is_closed_to_its_owner(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|metadata| metadata.uid() == user() && metadata.mode() & 0o300 != 0o300)
}

/// How a folder stands to this user. Root, who may write everywhere, is told of no other's folder.
pub(crate) fn rights(path: &Path) -> Rights {
    let Some(metadata) = std::fs::symlink_metadata(path).ok().filter(Metadata::is_dir) else { return Rights::Other };
    if metadata.uid() == user() {
        return match metadata.mode() {
            mode if mode & WRITABLE_BY_OTHERS == 0 => Rights::Other,
            // Root's, and for all, as `/tmp`.
            mode if mode & STICKY != 0 => Rights::ForeignAndWritable,
            _ => Rights::OwnAndOpen,
        };
    }
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    let is_writable = rustix::fs::accessat(rustix::fs::CWD, path, wanted, AtFlags::EACCESS).is_ok();
    if is_writable && user() != 0 { Rights::ForeignAndWritable } else { Rights::Other }
}

/// Whether writing to it stores nothing: a device, or a FIFO with somebody at its other end.
pub(crate) fn is_stream(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device() || kind.is_fifo()
}

/// Whether output may go there: to what is the user's or root's, and to the devices that lead to nobody else. In a
/// container without root those are nobody's.
pub(crate) fn may_take_output(metadata: &Metadata) -> bool {
    trust::is_owner_trusted(metadata) || (metadata.file_type().is_char_device() && leads_to_nobody(metadata))
}

/// Null, full, and one's own terminal.
#[cfg(target_os = "linux")]
fn leads_to_nobody(device: &Metadata) -> bool {
    let number = device.rdev();
    matches!((rustix::fs::major(number), rustix::fs::minor(number)), (1, 3 | 7) | (5, 0))
}

#[cfg(not(target_os = "linux"))]
fn leads_to_nobody(_device: &Metadata) -> bool {
    false
}

/// What becomes of a link in the place of what is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    Refused,
    /// The system's own, to a descriptor of this process.
    Followed,
}

/// Opens a device or FIFO of the user's or root's for writing. A FIFO that nobody reads, and a socket, is an error at once.
pub(crate) fn open_stream(path: &Path, links: Links) -> Result<File, OpenError> {
    let follow = if links == Links::Refused { OFlags::NOFOLLOW } else { OFlags::empty() };
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | follow;
    let stream = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let metadata = stream.metadata()?;
    if !is_stream(&metadata) {
        return Err(Distrust::NotRegular.into());
    }
    if !may_take_output(&metadata) {
        return Err(Distrust::ForeignOwner.into());
    }
    // From here on a slow reader is waited for.
    rustix::fs::fcntl_setfl(&stream, OFlags::WRONLY)?;
    Ok(stream)
}

/// Makes a file that [`sweep_neighbour`] leaves alone while it is open. `None` where there is one already.
pub(crate) fn claim_neighbour(path: &Path) -> io::Result<Option<File>> {
    let file = match create_private_file(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        other => other?,
    };
    match file.try_lock() {
        // A sweeper came between the creation and the lock, and takes the file for abandoned.
        Err(TryLockError::WouldBlock) => Ok(None),
        Ok(()) if file.metadata()?.nlink() == 0 => Ok(None),
        // Without locks, time tells what is abandoned.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// The same for a file that other programs read.
pub(crate) fn claim_shown(path: &Path) -> io::Result<Option<File>> {
    claim_neighbour(path)
}

/// Gives a second name to a file, and holds it as [`claim_neighbour`] does. `None` where the name is taken.
pub(crate) fn link_neighbour(file: &Path, neighbour: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let handle = File::from(rustix::fs::open(file, flags, Mode::empty())?);
    handle.try_lock().map_err(io::Error::from)?;
    match std::fs::hard_link(file, neighbour) {
        Ok(()) => Ok(Some(handle)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what a writer that died left behind; a live writer's file is never touched.
pub(crate) fn sweep_neighbour(path: &Path) {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let (held, seen) = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => {
            let file = File::from(handle);
            let Ok(seen) = file.metadata() else { return };
            (Some(file), seen)
        }
        // Its writer died before it could open the file to itself.
        Err(Errno::ACCESS) => match std::fs::symlink_metadata(path) {
            Ok(seen) => (None, seen),
            Err(_) => return,
        },
        Err(_) => return,
    };
    if !seen.is_file() || seen.uid() != user() {
        return;
    }
    let lock = held.as_ref().map(File::try_lock);
    let is_abandoned = match lock {
        Some(Ok(())) => true,
        Some(Err(TryLockError::WouldBlock)) => false,
        Some(Err(TryLockError::Error(_))) | None => {
            seen.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age > SURELY_ABANDONED)
        }
    };
    // By now the name may stand for another writer's file.
    let is_same = |now: Metadata| (now.dev(), now.ino()) == (seen.dev(), seen.ino());
    if is_abandoned && std::fs::symlink_metadata(path).is_ok_and(is_same) {
        let _ = std::fs::remove_file(path);
    }
}

/// Opens a file for a lock that is removed with its holder, made if missing.
pub(crate) fn open_passing_lock(path: &Path) -> Result<File, OpenError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, private()).map_err(irregular)?);
    let metadata = file.metadata()?;
    refuse_irregular(&metadata)?;
    refuse_foreign(&metadata)?;
    Ok(exactly_private(file)?)
}

/// Removes the file of a lock that is held. Who waits for it sees with [`is_passed`] that it must open a new one.
pub(crate) fn remove_passing_lock(path: &Path) {
    let _ = std::fs::remove_file(path);
}

/// Whether a lock was got on a file that its holder has removed.
pub(crate) fn is_passed(lock: &File) -> bool {
    lock.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

fn private() -> Mode {
    Mode::RUSR | Mode::WUSR
}

fn exactly_private(file: File) -> io::Result<File> {
    if file.metadata()?.mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// What an open that follows no link and waits for nobody says of the things that it is not meant for.
fn irregular(error: Errno) -> OpenError {
    match error {
        Errno::LOOP => Distrust::Link.into(),
        Errno::ISDIR => Distrust::Folder.into(),
        // A FIFO or socket in a file's place, opened for writing.
        Errno::NXIO => Distrust::NotRegular.into(),
        error => error.into(),
    }
}

fn refuse_foreign(metadata: &Metadata) -> Result<(), Distrust> {
    let mode = metadata.mode() & 0o777;
    if metadata.uid() != user() {
        Err(Distrust::ForeignOwner)
    } else if mode & WRITABLE_BY_OTHERS != 0 {
        Err(Distrust::WritableByOthers { mode })
    } else {
        Ok(())
    }
}
