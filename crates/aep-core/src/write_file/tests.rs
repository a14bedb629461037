//! Files are replaced whole, by the right hands, and nothing is left behind; each rule beside its other half.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs::{File, Permissions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;
use std::time::Duration;

use super::*;
use crate::clock::SystemClock;

const NOBODY: u32 = 65_534;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    platform::user() == 0
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn distrust<T: fmt::Debug>(result: Result<T, WriteError>) -> (PathBuf, Distrust) {
    match result {
        Err(WriteError::NotTrusted { path, why }) => (path, why),
        other => panic!("{other:?}"),
    }
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_file_is_replaced_whole_and_private() {
    let folder = folder();
    let path = folder.path().join("file");
    for content in ["one", "", "two"] {
        mode(folder.path(), 0o700);
        replace(&path, content.as_bytes(), None).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["file"]);
        mode(&path, 0o644);
    }
    let before = File::open(&path).unwrap();
    replace(&path, b"three", None).unwrap();
    let mut text = String::new();
    { before }.read_to_string(&mut text).unwrap();
    assert_eq!(text, "two", "who has the old one open reads the old one");
}

#[test]
fn a_link_of_ones_own_stays_and_its_target_is_replaced() {
    let folder = folder();
    let (home, dotfiles) = (folder.path().join("home"), folder.path().join("dotfiles"));
    std::fs::create_dir(&home).unwrap();
    std::fs::create_dir(&dotfiles).unwrap();
    let (link, target) = (home.join("dev.toml"), dotfiles.join("aep.toml"));
    symlink("../dotfiles/aep.toml", &link).unwrap();
    // One that leads nowhere yet, and then to a file.
    for content in ["one", "two"] {
        replace(&link, content.as_bytes(), Some(&home)).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), content);
        assert_eq!(std::fs::metadata(&target).unwrap().mode() & 0o777, 0o600);
    }
    write_output(&link, b"three").unwrap();
    assert!(link.is_symlink());
    mode(&dotfiles, 0o777);
    for refused in [replace(&link, b"four", Some(&home)), write_output(&link, b"four")] {
        assert_eq!(distrust(refused), (dotfiles.clone(), Distrust::WritableByOthers { mode: 0o777 }));
    }
    mode(&dotfiles, 0o755);
    if is_root() {
        std::os::unix::fs::lchown(&link, Some(NOBODY), None).unwrap();
        for refused in [replace(&link, b"four", Some(&home)), write_output(&link, b"four")] {
            assert_eq!(distrust(refused), (link.clone(), Distrust::ForeignLink));
        }
    }
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "three");
    assert_eq!((names(&home).len(), names(&dotfiles).len()), (1, 1));
}

#[test]
fn output_may_lie_in_a_shared_folder_and_a_profile_may_not() {
    let folder = folder();
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    mode(&shared, 0o777);
    let path = shared.join("file");
    write_output(&path, b"one").unwrap();
    assert_eq!(distrust(replace(&path, b"two", None)).0, shared);
    assert_eq!(std::fs::read(&path).unwrap(), b"one");
    // A link within it counts with the folder that it is in.
    let link = shared.join("link");
    symlink("file", &link).unwrap();
    assert_eq!(distrust(write_output(&link, b"two")).0, shared);
    if is_root() {
        // A folder that is another's link.
        let way = folder.path().join("way");
        symlink("shared", &way).unwrap();
        write_output(&way.join("file"), b"two").unwrap();
        std::os::unix::fs::lchown(&way, Some(NOBODY), None).unwrap();
        assert_eq!(distrust(write_output(&way.join("file"), b"three")), (way, Distrust::ForeignLink));
    }
}

#[test]
fn only_regular_files_are_replaced() {
    let folder = folder();
    let path = folder.path().join("thing");
    fifo(&path);
    assert_eq!(distrust(replace(&path, b"", None)).1, Distrust::NotRegular);
    let error = write_output(&path, b"x").unwrap_err();
    assert!(error.to_string().contains("nobody reads from it"), "{error}");
    assert!(std::fs::metadata(&path).unwrap().file_type().is_fifo());
    std::fs::remove_file(&path).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    for refused in [replace(&path, b"", None), write_output(&path, b"")] {
        assert_eq!(distrust(refused).1, Distrust::NotRegular);
    }
    for refused in
        [replace(folder.path(), b"", None), write_output(folder.path(), b""), write_output(Path::new("/"), b"")]
    {
        assert_eq!(distrust(refused).1, Distrust::Folder);
    }
    assert!(write_output(&folder.path().join("none/file"), b"").is_err());
}

#[test]
fn a_device_and_a_fifo_with_a_reader_are_written_to() {
    let folder = folder();
    let link = folder.path().join("link");
    symlink("/dev/null", &link).unwrap();
    for path in [Path::new("/dev/null"), &link] {
        write_output(path, b"gone").unwrap();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert!(replace(path, b"", None).is_err());
    }
    assert!(link.is_symlink());
    let error = write_output(Path::new("/dev/full"), b"x").unwrap_err();
    assert_eq!(error.to_string(), "cannot write /dev/full: the disk is full");
    let path = folder.path().join("fifo");
    fifo(&path);
    // More than the pipe holds, so that the writer must wait for the reader.
    let large = vec![b'x'; 300_000];
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(|| std::fs::read(&path).unwrap());
        // Until the reader has opened it.
        while write_output(&path, &large).is_err() {
            std::thread::yield_now();
        }
        reader.join().unwrap()
    });
    assert!(read == large);
    assert!(std::fs::metadata(&path).unwrap().file_type().is_fifo());
}

#[test]
fn a_descriptor_of_ones_own_is_written_to() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    for folder in ["/dev/fd", "/proc/self/fd"].map(Path::new).into_iter().filter(|folder| folder.exists()) {
        let path = folder.join(writer.as_raw_fd().to_string());
        assert!(open_existing(&path).unwrap().is_none());
        write_output(&path, b"token").unwrap();
        let mut read = [0_u8; 5];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"token");
    }
}

#[test]
fn output_goes_to_what_is_ones_own_or_roots_and_nothing_of_anothers_is_read() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("file"), "theirs").unwrap();
    fifo(&path("fifo"));
    // Opened for both it is there at once, and a reader.
    let reader = File::options().read(true).write(true).open(path("fifo")).unwrap();
    assert_eq!(std::io::read_to_string(open_existing(&path("file")).unwrap().unwrap()).unwrap(), "theirs");
    for nothing in ["fifo", "none", "none/file"] {
        assert!(open_existing(&path(nothing)).unwrap().is_none(), "{nothing}");
    }
    symlink("file", path("link")).unwrap();
    write_output(&path("link"), b"theirs").unwrap();
    write_output(&path("fifo"), b"x").unwrap();
    if !is_root() {
        return;
    }
    // A serial line, and the device that takes all, which is nobody's in a container without root.
    let device = |name: &str, major: &str, minor: &str| {
        let mut make = Command::new("mknod");
        make.arg(path(name)).args(["c", major, minor]).status().unwrap().success()
    };
    let is_made = cfg!(target_os = "linux") && device("line", "4", "64") && device("null", "1", "3");
    if is_made {
        chown(path("null"), Some(NOBODY), None).unwrap();
        assert!(platform::may_take_output(&std::fs::metadata(path("null")).unwrap()));
    }
    for name in ["file", "fifo", "line"].into_iter().filter(|name| is_made || *name != "line") {
        chown(path(name), Some(NOBODY), None).unwrap();
        for refused in [write_output(&path(name), b"token"), OutputFile::create(&path(name)).map(drop)] {
            assert!(
                matches!(&refused, Err(WriteError::Foreign { path: found }) if *found == path(name)),
                "{refused:?}"
            );
        }
        if name == "line" {
            continue;
        }
        // Whoever puts it there after the look is met by its handle.
        let opened = platform::open_stream(&path(name), platform::Links::Refused);
        let expected = if name == "file" { Distrust::NotRegular } else { Distrust::ForeignOwner };
        assert!(matches!(&opened, Err(platform::OpenError::Untrusted(why)) if *why == expected), "{name} {opened:?}");
    }
    for name in ["file", "link"] {
        assert!(matches!(open_existing(&path(name)), Err(WriteError::Foreign { .. })), "{name}");
    }
    let opened = platform::open_existing(&path("file"));
    assert!(matches!(opened, Err(platform::OpenError::Untrusted(Distrust::ForeignOwner))), "{opened:?}");
    assert_eq!(std::fs::read(path("file")).unwrap(), b"theirs");
    rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).unwrap();
    let mut read = Vec::new();
    let _ = { reader }.read_to_end(&mut read);
    assert_eq!(read, b"x");
}

#[test]
fn what_a_killed_writer_left_goes_with_the_next() {
    let folder = folder();
    let path = folder.path().join("file");
    for name in [".aep-0.tmp", ".aep-7.tmp", ".aep-15.tmp"] {
        std::fs::write(folder.path().join(name), "a secret").unwrap();
    }
    replace(&path, b"", None).unwrap();
    assert_eq!(names(folder.path()), ["file"]);
    // One that could not even be opened by its writer.
    std::fs::write(folder.path().join(".aep-3.tmp"), "").unwrap();
    sweep(folder.path());
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn what_a_live_writer_has_open_stays() {
    let folder = folder();
    let path = folder.path().join("file");
    let one = Neighbour::write(&path, b"one").unwrap();
    let two = Neighbour::write(&path, b"two").unwrap();
    assert_eq!(names(folder.path()), [".aep-0.tmp", ".aep-1.tmp"]);
    sweep(folder.path());
    two.put(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    one.put(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"one");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn what_is_nobodys_leftover_stays() {
    let folder = folder();
    std::fs::create_dir(folder.path().join(".aep-0.tmp")).unwrap();
    fifo(&folder.path().join(".aep-1.tmp"));
    symlink("file", folder.path().join(".aep-2.tmp")).unwrap();
    std::fs::write(folder.path().join(".aep-x.tmp"), "").unwrap();
    let mut stay = vec![".aep-0.tmp", ".aep-1.tmp", ".aep-2.tmp", ".aep-x.tmp"];
    if is_root() {
        let foreign = folder.path().join(".aep-3.tmp");
        std::fs::write(&foreign, "").unwrap();
        chown(&foreign, Some(NOBODY), None).unwrap();
        stay.insert(3, ".aep-3.tmp");
    }
    replace(&folder.path().join("file"), b"new", None).unwrap();
    stay.push("file");
    assert_eq!(names(folder.path()), stay);
}

#[test]
fn more_writers_than_names_find_one() {
    let folder = folder();
    let path = folder.path().join("file");
    let many: Vec<_> = (0..20).map(|_| Neighbour::write(&path, b"").unwrap()).collect();
    let left = names(folder.path());
    assert_eq!(left.len(), 20);
    assert!(left.iter().all(|name| is_leftover(name.as_ref())), "{left:?}");
    drop(many);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn leftovers_are_told_by_their_name() {
    for name in [".aep-0.tmp", ".aep-15.tmp", ".aep-00f3a1.tmp", ".dev.toml.4711.tmp", ".dev@client-secret.1.tmp"] {
        assert!(is_leftover(name.as_ref()), "{name}");
    }
    for name in
        ["dev.toml", ".aep-.tmp", ".aep-x.tmp", "aep-0.tmp", ".dev.toml.x.tmp", ".dev.toml..tmp", "a.1.tmp", ".1.tmp"]
    {
        assert!(!is_leftover(name.as_ref()), "{name}");
    }
}

#[test]
fn many_writers_leave_one_whole_file() {
    let folder = folder();
    let path = folder.path().join("file");
    std::thread::scope(|scope| {
        for writer in 0..8_u8 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    replace(path, &[b'a' + writer; 4096], None).unwrap();
                }
            });
        }
    });
    let content = std::fs::read(&path).unwrap();
    assert!(content.len() == 4096 && content.iter().all(|byte| *byte == content[0]));
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn the_store_is_never_written_through_a_link() {
    let folder = folder();
    let store = folder.path().join("secrets");
    create_folders(&store, None).unwrap();
    let (path, elsewhere) = (store.join("secret"), folder.path().join("elsewhere"));
    std::fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, &path).unwrap();
    replace_own(&path, b"new").unwrap();
    assert!(!path.is_symlink());
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "mine");
    mode(&store, 0o770);
    assert_eq!(distrust(replace_own(&path, b"")), (store.clone(), Distrust::WritableByOthers { mode: 0o770 }));
    mode(&store, 0o700);
    let link = folder.path().join("link");
    symlink(&store, &link).unwrap();
    assert_eq!(distrust(replace_own(&link.join("secret"), b"")), (link, Distrust::Link));
    std::fs::create_dir(store.join("folder")).unwrap();
    assert_eq!(distrust(replace_own(&store.join("folder"), b"")).1, Distrust::Folder);
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
}

/// Two files that are there, a link to a third, and one that is not.
fn stage(folder: &Path) -> Transaction<'static> {
    let mut transaction = Transaction::new(None);
    for name in ["a", "b", "link", "new"] {
        transaction.stage(&folder.join(name), name.to_uppercase().as_bytes()).unwrap();
    }
    transaction
}

fn prepare(folder: &Path) {
    std::fs::create_dir(folder.join("elsewhere")).unwrap();
    for name in ["a", "b", "elsewhere/target"] {
        std::fs::write(folder.join(name), "old").unwrap();
        mode(&folder.join(name), 0o640);
    }
    symlink("elsewhere/target", folder.join("link")).unwrap();
}

#[test]
fn a_transaction_changes_all() {
    let folder = folder();
    prepare(folder.path());
    let transaction = stage(folder.path());
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"old", "nothing before the commit");
    transaction.commit().unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(["a", "b", "elsewhere/target", "new"].map(read), ["A", "B", "LINK", "NEW"]);
    assert_eq!(names(folder.path()), ["a", "b", "elsewhere", "link", "new"]);
    assert_eq!(names(&folder.path().join("elsewhere")), ["target"]);
}

#[test]
fn a_transaction_that_is_dropped_changes_nothing() {
    let folder = folder();
    prepare(folder.path());
    drop(stage(folder.path()));
    assert_eq!(names(folder.path()), ["a", "b", "elsewhere", "link"]);
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"old");
}

#[test]
fn a_transaction_that_fails_puts_the_very_files_back() {
    for fails_at in ["a", "b", "target", "new"] {
        let folder = folder();
        prepare(folder.path());
        let inodes = || {
            ["a", "b", "elsewhere/target"].map(|name| {
                let metadata = std::fs::metadata(folder.path().join(name)).unwrap();
                (metadata.ino(), metadata.mode())
            })
        };
        let before = inodes();
        let refused = stage(folder.path()).commit_with(|neighbour, target| {
            if target.ends_with(fails_at) { Err(io::ErrorKind::StorageFull.into()) } else { neighbour.put(target) }
        });
        let error = refused.unwrap_err();
        assert!(error.to_string().ends_with("the disk is full"), "{error}");
        assert_eq!(inodes(), before, "{fails_at}");
        assert_eq!(names(folder.path()), ["a", "b", "elsewhere", "link"], "{fails_at}");
        assert_eq!(names(&folder.path().join("elsewhere")), ["target"], "{fails_at}");
    }
}

#[test]
fn a_link_in_the_store_is_put_back_as_a_link() {
    for fails in [true, false] {
        let folder = folder();
        mode(folder.path(), 0o700);
        std::fs::write(folder.path().join("target"), "mine").unwrap();
        symlink("target", folder.path().join("link")).unwrap();
        let mut transaction = Transaction::new(None);
        transaction.stage_own(&folder.path().join("link"), b"new").unwrap();
        transaction.stage_own(&folder.path().join("second"), b"new").unwrap();
        let result = transaction.commit_with(|neighbour, target| {
            if fails && target.ends_with("second") {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                neighbour.put(target)
            }
        });
        assert_eq!(result.is_err(), fails);
        assert_eq!(folder.path().join("link").is_symlink(), fails);
        assert_eq!(std::fs::read(folder.path().join("target")).unwrap(), b"mine");
        assert_eq!(names(folder.path()).len(), if fails { 2 } else { 3 });
    }
}

#[test]
fn what_is_to_go_goes_with_the_rest_or_stays() {
    for fails in [false, true] {
        let folder = folder();
        prepare(folder.path());
        let at = |name: &str| folder.path().join(name);
        let before = names(folder.path());
        let mut transaction = Transaction::new(None);
        for name in ["a", "link", "none"] {
            transaction.remove(&at(name)).unwrap();
        }
        transaction.stage_second_name(&at("b"), b"", &at("second")).unwrap();
        assert!(matches!(transaction.remove(&at("elsewhere")), Err(WriteError::NotRemoved { .. })), "a folder");
        assert!(at("a").exists(), "nothing before the commit");
        let result =
            transaction.commit_with(
                |neighbour, target| {
                    if fails { Err(io::ErrorKind::StorageFull.into()) } else { neighbour.put(target) }
                },
            );
        assert_eq!(result.is_err(), fails);
        let after: &[&str] = if fails { &["a", "b", "elsewhere", "link"] } else { &["b", "elsewhere", "second"] };
        assert_eq!(names(folder.path()), after);
        assert!(!fails || before == after);
        assert_eq!(is_one_file(&at("b"), &at("second")), !fails);
        assert_eq!(std::fs::read(at("elsewhere/target")).unwrap(), b"old", "what a link leads to stays");
    }
}

#[test]
fn what_cannot_be_staged_changes_nothing() {
    let folder = folder();
    prepare(folder.path());
    let mut transaction = stage(folder.path());
    assert!(transaction.stage(&folder.path().join("elsewhere"), b"").is_err());
    assert!(transaction.stage(&folder.path().join("none/x"), b"").is_err());
    drop(transaction);
    assert_eq!(names(folder.path()), ["a", "b", "elsewhere", "link"]);
}

#[test]
fn edits_take_turns_and_leave_nothing() {
    let folder = folder();
    let path = folder.path().join("count");
    std::fs::write(&path, "0").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let lock = EditLock::take(folder.path(), Duration::from_secs(60), &SystemClock::start()).unwrap();
                    assert!(lock.is_held());
                    let count: u32 = std::fs::read_to_string(&path).unwrap().parse().unwrap();
                    std::fs::write(&path, (count + 1).to_string()).unwrap();
                }
            });
        }
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "80");
    assert_eq!(names(folder.path()), ["count"]);
}

#[test]
fn the_wait_for_an_edit_is_bounded() {
    let folder = folder();
    let _held = EditLock::take(folder.path(), Duration::ZERO, &SystemClock::start()).unwrap();
    let error = EditLock::take(folder.path(), Duration::from_millis(20), &SystemClock::start()).unwrap_err();
    assert!(matches!(&error, WriteError::Busy { path } if path.ends_with(".lock")), "{error:?}");
    assert_eq!(names(folder.path()), [".lock"]);
}

#[test]
fn the_lock_of_an_edit_is_no_link() {
    let folder = folder();
    symlink("elsewhere", folder.path().join(".lock")).unwrap();
    let taken = EditLock::take(folder.path(), Duration::ZERO, &SystemClock::start());
    assert_eq!(distrust(taken).1, Distrust::Link);
    assert!(!folder.path().join("elsewhere").exists());
    assert!(EditLock::take(&folder.path().join("none"), Duration::ZERO, &SystemClock::start()).is_err());
}
