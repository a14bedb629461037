//! What is trusted, and what is not; each rule beside its other half.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use super::*;

const NOBODY: u32 = 65_534;

/// A home with `.config/aep/profiles/dev.toml` in it, and a folder beside the home.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(place.profiles()).unwrap();
        std::fs::create_dir(place.beside()).unwrap();
        std::fs::write(place.profile(), "flow").unwrap();
        for path in [place.home(), place.home().join(".config"), place.config(), place.profiles(), place.beside()] {
            mode(&path, 0o755);
        }
        mode(&place.profile(), 0o644);
        place
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn beside(&self) -> PathBuf {
        self.folder.path().join("beside")
    }

    fn config(&self) -> PathBuf {
        self.home().join(".config/aep")
    }

    fn profiles(&self) -> PathBuf {
        self.config().join("profiles")
    }

    fn profile(&self) -> PathBuf {
        self.profiles().join("dev.toml")
    }

    fn read(&self) -> Result<Vec<u8>, OpenError> {
        read_bounded(&self.profile(), Some(&self.home()), 1024)
    }

    /// What is wrong, and with what.
    fn distrust(&self) -> (PathBuf, Distrust) {
        distrust(self.read())
    }

    fn link(&self, target: &Path, link: &Path) {
        std::fs::rename(link, target).unwrap();
        symlink(target, link).unwrap();
    }
}

fn distrust<T: fmt::Debug>(result: Result<T, OpenError>) -> (PathBuf, Distrust) {
    match result {
        Err(OpenError::NotTrusted { path, why }) => (path, why),
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether this process may give files away, which takes root.
fn is_root() -> bool {
    crate::platform::user() == 0
}

fn give_away(path: &Path) {
    std::os::unix::fs::lchown(path, Some(NOBODY), None).unwrap();
}

#[test]
fn a_file_of_ones_own_is_read_whatever_its_readers() {
    let place = Place::new();
    for readable in [0o400, 0o600, 0o640, 0o644, 0o444, 0o755] {
        mode(&place.profile(), readable);
        assert_eq!(place.read().unwrap(), b"flow", "{readable:o}");
    }
}

#[test]
fn a_file_that_others_can_write_is_not_read() {
    let place = Place::new();
    for bits in [0o602, 0o666, 0o646, 0o777] {
        mode(&place.profile(), bits);
        assert_eq!(place.distrust(), (place.profile(), Distrust::WritableByOthers { mode: bits }));
    }
    // A group that is certainly not the user's own.
    chown(place.profile(), None, Some(crate::platform::user().max(1) + 70_000)).ok();
    mode(&place.profile(), 0o664);
    if is_root() {
        assert_eq!(place.distrust(), (place.profile(), Distrust::WritableByGroup { mode: 0o664 }));
    }
    // Whose group it is does not matter where the group only reads.
    mode(&place.profile(), 0o654);
    assert!(place.read().is_ok());
}

#[test]
fn a_group_of_ones_own_may_write() {
    if !is_root() {
        return; // The stories have an account for it.
    }
    let place = Place::new();
    for path in [place.profile(), place.profiles(), place.config()] {
        let bits = if path.is_dir() { 0o775 } else { 0o664 };
        chown(&path, None, Some(0)).unwrap();
        mode(&path, bits);
        assert!(place.read().is_ok(), "{}", path.display());
    }
}

/// The right of an access list hides behind the group's bits.
#[cfg(target_os = "linux")]
#[test]
fn a_group_of_ones_own_with_an_access_list_is_everybody_in_it() {
    /// Version 2, then a tag, rights and a number for each: the owner, user 65534, the group, the mask, others.
    const LIST: [(u16, u16, u32); 5] =
        [(1, 6, u32::MAX), (2, 6, NOBODY), (4, 6, u32::MAX), (16, 6, u32::MAX), (32, 4, u32::MAX)];
    if !is_root() {
        return;
    }
    let place = Place::new();
    chown(place.profile(), None, Some(0)).unwrap();
    mode(&place.profile(), 0o664);
    assert!(place.read().is_ok());
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in LIST {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()).chain(id.to_le_bytes()));
    }
    let flags = rustix::fs::XattrFlags::empty();
    match rustix::fs::setxattr(place.profile(), "system.posix_acl_access", &list, flags) {
        Err(rustix::io::Errno::OPNOTSUPP) => return, // This file system has no access lists.
        done => done.unwrap(),
    }
    assert_eq!(place.distrust(), (place.profile(), Distrust::WritableByGroup { mode: 0o664 }));
    // One of a hundred users.
    let users = (0..100).flat_map(|user: u32| {
        [2_u16.to_le_bytes(), 6_u16.to_le_bytes()].concat().into_iter().chain((60_000 + user).to_le_bytes())
    });
    let long: Vec<u8> = list[..12].iter().copied().chain(users).chain(list[20..].iter().copied()).collect();
    rustix::fs::setxattr(place.profile(), "system.posix_acl_access", &long, flags).unwrap();
    assert_eq!(place.distrust(), (place.profile(), Distrust::WritableByGroup { mode: 0o664 }));
}

#[test]
fn every_folder_below_the_home_counts_and_none_above() {
    let place = Place::new();
    for folder in [place.profiles(), place.config(), place.home().join(".config")] {
        mode(&folder, 0o777);
        assert_eq!(place.distrust(), (folder.clone(), Distrust::WritableByOthers { mode: 0o777 }));
        // Sticky: nobody else can replace what is the user's.
        mode(&folder, 0o1777);
        assert!(place.read().is_ok(), "{}", folder.display());
        mode(&folder, 0o755);
    }
    for above in [place.home(), place.folder.path().to_owned()] {
        mode(&above, 0o777);
        assert!(place.read().is_ok(), "{}", above.display());
        mode(&above, 0o755);
    }
}

#[test]
fn outside_the_home_every_folder_counts() {
    let place = Place::new();
    // The sticky /tmp above does not.
    for home in [None, Some(place.beside())] {
        let read = || read_bounded(&place.profile(), home.as_deref(), 1024);
        assert!(read().is_ok());
        mode(place.folder.path(), 0o777);
        assert_eq!(distrust(read()), (place.folder.path().to_owned(), Distrust::WritableByOthers { mode: 0o777 }));
        mode(place.folder.path(), 0o755);
    }
    // A neighbour whose name begins like the home's.
    let neighbour = place.folder.path().join("home2");
    std::fs::create_dir(&neighbour).unwrap();
    std::fs::write(neighbour.join("file"), "").unwrap();
    mode(place.folder.path(), 0o777);
    assert!(read_bounded(&neighbour.join("file"), Some(&place.home()), 9).is_err());
}

#[test]
fn the_way_up_out_of_the_home_leads_outside() {
    let place = Place::new();
    std::fs::write(place.beside().join("file"), "x").unwrap();
    let path = place.home().join("../beside/file");
    let read = || read_bounded(&path, Some(&place.home()), 9);
    assert_eq!(read().unwrap(), b"x");
    mode(&place.beside(), 0o777);
    assert_eq!(distrust(read()).0, place.beside());
    mode(&place.beside(), 0o755);
    mode(place.folder.path(), 0o777);
    assert_eq!(distrust(read()).0, place.folder.path());
    // And back into it, by the names that are there.
    mode(place.folder.path(), 0o755);
    assert!(read_bounded(&place.profiles().join("../profiles/./dev.toml"), Some(&place.home()), 9).is_ok());
}

#[test]
fn a_file_of_another_is_not_read_and_one_of_roots_is() {
    if !is_root() {
        // The other half, for everybody: files of root are read.
        assert!(open(Path::new("/etc/passwd"), None).is_ok());
        return;
    }
    let place = Place::new();
    for path in [place.profile(), place.profiles(), place.config(), place.home().join(".config")] {
        give_away(&path);
        assert_eq!(place.distrust(), (path.clone(), Distrust::ForeignOwner));
        // Sticky or not.
        if path.is_dir() {
            mode(&path, 0o1755);
            assert_eq!(place.distrust(), (path.clone(), Distrust::ForeignOwner));
        }
        chown(&path, Some(0), None).unwrap();
    }
    // The home itself may be anybody's, as on CI runners.
    give_away(&place.home());
    assert!(place.read().is_ok());
}

#[test]
fn a_link_of_ones_own_is_followed_and_its_target_counts() {
    let place = Place::new();
    let target = place.beside().join("dev.toml");
    place.link(&target, &place.profile());
    assert_eq!(place.read().unwrap(), b"flow");
    mode(&target, 0o666);
    assert_eq!(place.distrust(), (target.clone(), Distrust::WritableByOthers { mode: 0o666 }));
    mode(&target, 0o644);
    // The folders above the target, and those above the link.
    for folder in [place.beside(), place.folder.path().to_owned(), place.profiles()] {
        mode(&folder, 0o777);
        assert_eq!(place.distrust(), (folder.clone(), Distrust::WritableByOthers { mode: 0o777 }));
        mode(&folder, 0o755);
    }
    if is_root() {
        give_away(&place.profile());
        assert_eq!(place.distrust(), (place.profile(), Distrust::ForeignLink));
    }
}

#[test]
fn folders_that_are_links_are_followed_too() {
    let place = Place::new();
    let target = place.beside().join("profiles");
    place.link(&target, &place.profiles());
    assert!(place.read().is_ok());
    mode(&target, 0o777);
    assert_eq!(place.distrust().0, target);
    mode(&target, 0o755);
    mode(&place.beside(), 0o777);
    assert_eq!(place.distrust().0, place.beside());
    mode(&place.beside(), 0o755);
    if is_root() {
        give_away(&place.profiles());
        assert_eq!(place.distrust(), (place.profiles(), Distrust::ForeignLink));
    }
}

#[test]
fn a_config_map_is_read() {
    let place = Place::new();
    let folder = place.beside();
    std::fs::create_dir(folder.join("..2024_11_25")).unwrap();
    std::fs::write(folder.join("..2024_11_25/dev.toml"), "map").unwrap();
    symlink("..2024_11_25", folder.join("..data")).unwrap();
    symlink("..data/dev.toml", folder.join("dev.toml")).unwrap();
    assert_eq!(read_bounded(&folder.join("dev.toml"), None, 9).unwrap(), b"map");
    mode(&folder.join("..2024_11_25"), 0o777);
    assert!(read_bounded(&folder.join("dev.toml"), None, 9).is_err());
}

#[test]
fn links_that_lead_nowhere_end() {
    let place = Place::new();
    let path = place.beside().join("a");
    symlink("b", &path).unwrap();
    assert!(matches!(open(&path, None), Err(OpenError::Absent)));
    symlink("a", place.beside().join("b")).unwrap();
    let error = open(&path, None).unwrap_err();
    assert!(error.to_string().ends_with("cannot be read: too many symbolic links follow one another"), "{error}");
}

#[test]
fn as_many_links_are_followed_as_linux_follows() {
    let place = Place::new();
    let link = |number: u32| place.beside().join(format!("link{number}"));
    std::fs::write(link(0), "end").unwrap();
    for number in 1..=41 {
        symlink(link(number - 1), link(number)).unwrap();
    }
    assert_eq!(read_bounded(&link(40), None, 9).unwrap(), b"end");
    let error = read_bounded(&link(41), None, 9).unwrap_err();
    assert!(error.to_string().ends_with("too many symbolic links follow one another"), "{error}");
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let place = Place::new();
    let path = place.beside().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(distrust(read_bounded(&path, None, 9)), (path.clone(), Distrust::NotRegular));
    std::fs::remove_file(&path).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert_eq!(distrust(read_bounded(&path, None, 9)), (path, Distrust::NotRegular));
    let link = place.beside().join("zero");
    symlink("/dev/zero", &link).unwrap();
    for path in [Path::new("/dev/zero"), &link] {
        assert_eq!(distrust(read_bounded(path, None, 9)), (PathBuf::from("/dev/zero"), Distrust::NotRegular));
    }
    for folder in [place.home(), place.beside(), PathBuf::from("/")] {
        assert_eq!(distrust(read_bounded(&folder, Some(&place.home()), 9)).1, Distrust::Folder);
    }
}

#[test]
fn no_program_that_is_run_inherits_what_was_opened() {
    let file = open(&Place::new().profile(), None).unwrap();
    assert!(rustix::io::fcntl_getfd(&file).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
}

#[test]
fn absent_is_not_unreadable() {
    let place = Place::new();
    let home = place.home();
    for name in [".config/aep/profiles/none.toml", ".config/none/dev.toml", "none"] {
        assert!(matches!(open(&home.join(name), Some(&home)), Err(OpenError::Absent)), "{name}");
    }
    assert!(matches!(check_folders(&home.join("none"), Some(&home)), Err(OpenError::Absent)));
    assert!(!home.join(".config/none").exists() && !home.join("none").exists(), "who looks makes nothing");
    let error = open(&place.profile().join("below"), Some(&home)).unwrap_err();
    assert!(matches!(&error, OpenError::Unreadable { path, .. } if *path == place.profile()), "{error:?}");
    assert!(error.to_string().ends_with("cannot be read: a part of the path is not a folder"), "{error}");
    let error = open(&home.join("x".repeat(300)), Some(&home)).unwrap_err();
    assert!(matches!(&error, OpenError::Unreadable { .. }), "{error:?}");
    assert!(error.cure().is_none());
    assert!(std::error::Error::source(&error).is_some() && std::error::Error::source(&OpenError::Absent).is_none());
}

#[test]
fn reading_has_a_limit() {
    let place = Place::new();
    assert_eq!(read_bounded(&place.profile(), None, 4).unwrap(), b"flow");
    let error = read_bounded(&place.profile(), None, 3).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is larger than 3 bytes", place.profile().display()));
    std::fs::write(place.profile(), vec![b' '; 2049]).unwrap();
    let error = read_bounded(&place.profile(), None, 2048).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is larger than 2 KiB", place.profile().display()));
    // A file of the system that has no size beforehand.
    if cfg!(target_os = "linux") {
        assert!(read_bounded(Path::new("/proc/self/status"), None, 65_536).is_ok_and(|bytes| !bytes.is_empty()));
    }
}

#[test]
fn an_error_names_what_is_at_fault_and_its_cure() {
    let place = Place::new();
    mode(&place.profiles(), 0o777);
    let error = place.read().unwrap_err();
    let folder = place.profiles();
    let folder = folder.display();
    assert_eq!(error.to_string(), format!("{folder} is not trusted: others can write to it (mode 777)"));
    assert_eq!(error.cure().unwrap(), format!("look into it first: ls -la {folder}\nthen: chmod go-w {folder}"));
}

#[test]
fn a_fault_of_the_system_is_not_the_files() {
    use rustix::io::Errno;
    let unreadable = |error: Errno| OpenError::unreadable(Path::new("/d/f"), error);
    for (error, code, has_cure) in [
        (unreadable(Errno::MFILE), 6, true),
        (unreadable(Errno::IO), 6, false),
        (unreadable(Errno::ACCESS), 3, false),
        (OpenError::TooLarge { path: PathBuf::from("/d/f"), limit: 9 }, 3, false),
    ] {
        for told in [error.to_error("x"), error.to_error_without_path("x")] {
            assert_eq!((told.exit_code(), told.hint().is_some()), (code, has_cure), "{error}");
            assert_eq!(told.cause(), Some(&error.cause()));
        }
    }
}

#[test]
fn the_home_of_the_environment_is_absolute() {
    let home_of = |value: &str| home(&Environment::from_pairs([("HOME", value)]));
    assert_eq!(home_of("/home/u"), Some(PathBuf::from("/home/u")));
    assert_eq!(home_of("u"), None);
    assert_eq!(home(&Environment::from_pairs([("X", "")])), None);
}

#[test]
fn a_home_is_foreign_only_to_sudo() {
    let place = Place::new();
    let own = crate::platform::user().to_string();
    assert_eq!(foreign_home(Some(&own), &place.home()), None, "of the user that we are");
    if !is_root() {
        return;
    }
    assert_eq!(foreign_home(Some("65534"), &place.home()), None, "of root, called by another");
    give_away(&place.home());
    assert_eq!(foreign_home(Some("65534"), &place.home()), Some(NOBODY));
    assert_eq!(foreign_home(Some("1000"), &place.home()), None, "of a third");
    assert_eq!(foreign_home(None, &place.home()), None, "a container");
    assert_eq!(foreign_home(Some("x"), &place.home()), None);
    assert_eq!(foreign_home(Some("65534"), &place.home().join("none")), None);
}

#[test]
fn folders_are_made_private_and_never_through_anothers_link() {
    let place = Place::new();
    let bits = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let deep = place.beside().join("a/b/c");
    create_folders(&deep, None, Strictness::Links).unwrap();
    create_folders(&deep, None, Strictness::Links).unwrap();
    for path in [&deep, deep.parent().unwrap(), &place.beside().join("a")] {
        assert_eq!(bits(path), 0o700, "{}", path.display());
    }
    assert_eq!(bits(&place.beside()), 0o755, "what is there stays as it is");
    // Through one's own, one that leads nowhere yet too.
    let link = place.home().join("link");
    symlink("../beside/d", &link).unwrap();
    create_folders(&link.join("e"), None, Strictness::Links).unwrap();
    assert_eq!(bits(&place.beside().join("d/e")), 0o700);
    std::fs::write(place.beside().join("file"), "").unwrap();
    assert!(create_folders(&place.beside().join("file/x"), None, Strictness::Links).is_err());
    assert!(create_folders(&place.beside().join("file"), None, Strictness::Links).is_err());
    if is_root() {
        give_away(&link);
        assert_eq!(
            distrust(create_folders(&link.join("f"), None, Strictness::Links)),
            (link.clone(), Distrust::ForeignLink)
        );
        assert_eq!(distrust(create_folders(&link, None, Strictness::Links)), (link, Distrust::ForeignLink));
        assert!(!place.beside().join("d/f").exists());
    }
}

#[test]
fn folders_made_by_many_at_once_are_there_for_all() {
    let place = Place::new();
    let deep = place.beside().join("a/b/c/d");
    std::thread::scope(|scope| {
        let made: Vec<_> = (0..8).map(|_| scope.spawn(|| create_folders(&deep, None, Strictness::Links))).collect();
        assert!(made.into_iter().all(|made| made.join().unwrap().is_ok()));
    });
}
