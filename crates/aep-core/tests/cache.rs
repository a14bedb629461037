//! The cache on disk, one store beside another as two processes have them: what is read, who waits, what is removed, and
//! what must stay.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::cell::RefCell;
use std::io::Write;
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use aep_core::cache::{CacheEntry, Failure, FileStore, Seen, Store, StoreError, remove_all, remove_if_empty, what_is};
use aep_core::clock::SystemClock;
use aep_core::log::Level;
use aep_core::profile::{Profile, ProfileSelection, resolve};
use aep_core::token::identity::Identity;
use aep_core::token::{AccessToken, Earners, Token};
use aep_core::{Context, Environment, Error, Folders, Log};

/// A sink that a test can look into.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct World {
    home: tempfile::TempDir,
    context: Context,
    profile: Profile,
    told: Lines,
}

impl World {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("cache");
        Self::at(home, &cache, variables)
    }

    fn at(home: tempfile::TempDir, cache: &Path, variables: &[(&str, &str)]) -> Self {
        let told = Lines::default();
        let identity = [("AEP_CLIENT_ID", "c"), ("AEP_ORG_ID", "o@AdobeOrg"), ("AEP_CLIENT_SECRET", "s")];
        let context = Context {
            environment: Environment::from_pairs(identity.into_iter().chain(variables.iter().copied())),
            clock: Box::new(SystemClock::start()),
            folders: Folders::at(home.path().join("config"), home.path().join("data"), cache),
            log: Log::new(Level::Warn, told.clone()),
            keyring: Default::default(),
        };
        let profile = resolve(&context, &ProfileSelection::default()).unwrap();
        Self { home, context, profile, told }
    }

    fn store(&self) -> FileStore {
        FileStore::new(&self.context, &self.profile).unwrap().unwrap()
    }

    fn cache(&self) -> PathBuf {
        self.home.path().join("cache")
    }

    fn make_cache(&self) {
        std::fs::create_dir(self.cache()).unwrap();
        #[cfg(unix)]
        mode(&self.cache(), 0o700);
    }

    fn path(&self, kind: &str) -> PathBuf {
        self.cache().join(format!("{}.{kind}", Identity::new(&self.profile).file_stem()))
    }

    /// Writes an entry as a process would.
    fn write(&self, text: &str) {
        let store = self.store();
        let lock = store.try_lock().unwrap().unwrap();
        store.write(&entry(text), &lock).unwrap();
    }

    fn read(&self) -> Option<String> {
        self.store().read().unwrap().map(|entry| entry.token.value.expose().to_owned())
    }

    fn names(&self) -> Vec<String> {
        let items = std::fs::read_dir(self.cache()).unwrap();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn told(&self) -> String {
        String::from_utf8(self.told.0.take()).unwrap()
    }
}

fn token(text: &str, fetched_at: i64) -> Token {
    Token::new(AccessToken::parse(text.to_owned()).unwrap(), fetched_at, Some(3600))
}

fn entry(text: &str) -> CacheEntry {
    let mut earners = Earners::nobody();
    earners.add_proof(&aep_core::token::Proof::new(["s"]));
    CacheEntry { token: token(text, 1000), earners: Some(earners), accepted: None, shared_name: None }
}

#[cfg(unix)]
fn mode(path: &Path, bits: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

#[cfg(unix)]
fn is_entry_error(result: &Result<Option<CacheEntry>, StoreError>) -> bool {
    matches!(result, Err(StoreError::Entry(_)))
}

// Reading and writing.

#[test]
fn what_is_written_is_read_and_what_is_not_there_is_nothing() {
    let world = World::new();
    assert_eq!(world.read(), None);
    assert!(!world.cache().exists(), "a look makes nothing");
    world.write("one");
    assert_eq!(world.read().as_deref(), Some("one"));
    // A lock that is held cannot be read there, so that its holder is named beside it.
    let kinds: &[&str] = if cfg!(windows) { &["holder", "json", "lock"] } else { &["json", "lock"] };
    let name = |kind: &&str| world.path(kind).file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(world.names(), kinds.iter().map(name).collect::<Vec<_>>());
    #[cfg(unix)]
    {
        assert_eq!(std::fs::metadata(world.cache()).unwrap().mode() & 0o777, 0o700);
        for kind in kinds {
            assert_eq!(std::fs::metadata(world.path(kind)).unwrap().mode() & 0o777, 0o600, "{kind}");
        }
    }
}

#[test]
fn a_reader_among_writers_finds_a_whole_entry_each_time() {
    let world = World::new();
    world.write("one");
    let (path, done) = (world.cache(), std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        // By what any program may do while it looks at a file: a handle of its own, held for a moment.
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                for item in std::fs::read_dir(&path).unwrap().flatten() {
                    let _ = std::fs::read(item.path());
                }
            }
        });
        for number in 0..200 {
            let written = format!("token-{number}");
            world.write(&written);
            assert_eq!(world.read(), Some(written));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn what_is_damaged_or_too_long_is_nothing() {
    let world = World::new();
    world.write("one");
    let whole = std::fs::read(world.path("json")).unwrap();
    for bytes in [&whole[..whole.len() - 1], b"", b"{}", b"\xff"] {
        std::fs::write(world.path("json"), bytes).unwrap();
        assert_eq!(world.read(), None);
    }
    // Blanks at the end do no harm to what is read whole; 256 KiB are.
    for (size, expected) in [(256 * 1024, Some("one")), (300 * 1024, Some("one"))] {
        let mut padded = whole.clone();
        padded.resize(size, b' ');
        std::fs::write(world.path("json"), &padded).unwrap();
        assert_eq!(world.read().as_deref(), expected);
    }
    let mut behind = vec![b' '; 256 * 1024];
    behind.extend_from_slice(&whole);
    std::fs::write(world.path("json"), &behind).unwrap();
    assert_eq!(world.read(), None, "what lies behind 256 KiB is not looked at");
    let mut before = vec![b' '; 200 * 1024];
    before.extend_from_slice(&whole);
    std::fs::write(world.path("json"), &before).unwrap();
    assert_eq!(world.read().as_deref(), Some("one"));
}

#[cfg(unix)]
#[test]
fn what_others_could_have_written_is_an_error_and_not_nothing() {
    let world = World::new();
    world.write("one");
    for bits in [0o620, 0o602, 0o666] {
        mode(&world.path("json"), bits);
        assert!(is_entry_error(&world.store().read()), "{bits:o}");
    }
    mode(&world.path("json"), 0o600);
    std::fs::rename(world.path("json"), world.home.path().join("elsewhere")).unwrap();
    symlink(world.home.path().join("elsewhere"), world.path("json")).unwrap();
    assert!(is_entry_error(&world.store().read()), "a link");
    std::fs::remove_file(world.path("json")).unwrap();
    std::fs::create_dir(world.path("json")).unwrap();
    let Err(StoreError::Entry(told)) = world.store().read() else { panic!("a folder") };
    assert!(told.starts_with(&world.path("json").display().to_string()), "{told}");
    world.write("two");
    assert_eq!(world.read().as_deref(), Some("two"), "an empty folder in the entry's place gives way");
    for bits in [0o770, 0o707] {
        mode(&world.cache(), bits);
        let Err(StoreError::Unusable(told)) = world.store().read() else { panic!("{bits:o}") };
        assert!(told.starts_with(&world.cache().display().to_string()), "{told}");
        assert!(matches!(world.store().try_lock(), Err(StoreError::Unusable(_))));
    }
}

// The lock.

#[test]
fn one_holds_the_lock_and_says_who_it_is() {
    let world = World::new();
    let (own, other) = (world.store(), world.store());
    assert!(other.lock_holder().is_none());
    let lock = own.try_lock().unwrap().unwrap();
    assert!(other.try_lock().unwrap().is_none());
    assert_eq!(other.lock_holder(), Some(std::process::id().to_string()));
    assert!(!other.is_a_person_asked());
    own.tell_that_a_person_is_asked(&lock);
    assert!(other.is_a_person_asked());
    assert_eq!(other.lock_holder(), Some(std::process::id().to_string()));
    drop(lock);
    assert!(!other.is_a_person_asked() && other.lock_holder().is_none(), "who ended asks nobody");
    let lock = other.try_lock().unwrap().unwrap();
    assert!(!own.is_a_person_asked(), "the next holder has asked nobody yet");
    drop(lock);
}

#[test]
fn two_identities_have_two_locks() {
    let world = World::new();
    let other = World::with(&[("AEP_SCOPES", "openid")]);
    let beside = FileStore::new(&world.context, &other.profile).unwrap().unwrap();
    let _held = world.store().try_lock().unwrap().unwrap();
    assert!(beside.try_lock().unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn a_lock_that_is_no_file_of_ours_is_no_lock() {
    let world = World::new();
    world.write("one");
    std::fs::remove_file(world.path("lock")).unwrap();
    symlink(world.home.path().join("elsewhere"), world.path("lock")).unwrap();
    assert!(matches!(world.store().try_lock(), Err(StoreError::Entry(_))));
    assert!(!world.home.path().join("elsewhere").exists());
}

#[test]
fn who_waits_waits_a_second_longer_than_a_fetch_may_take_or_as_long_as_is_said() {
    let budget = Duration::from_secs(8);
    let at_most = |variables: &[(&str, &str)]| World::with(variables).store().waiting(budget).at_most;
    assert_eq!(at_most(&[]), Duration::from_secs(9));
    assert_eq!(at_most(&[("AEP_LOCK_TIMEOUT", "0.5")]), Duration::from_millis(500));
    let store = World::new().store();
    assert_eq!(store.waiting(budget).for_a_person, Duration::from_secs(60));
    assert_eq!(store.fetch_budget(budget, Duration::from_secs(5)), budget, "a wait takes nothing from a fetch");
}

// A failure.

#[test]
fn a_failure_is_there_until_a_token_is() {
    let world = World::new();
    let store = world.store();
    assert!(store.failure().is_none());
    let lock = store.try_lock().unwrap().unwrap();
    let failure = Failure::new(&Error::refused("no"), None, None);
    store.leave_failure(&failure, &lock);
    let left = world.store().failure().unwrap();
    assert!(!left.is_other_than(Some(&failure)));
    assert!(world.path("failed").exists());
    store.write(&entry("one"), &lock).unwrap();
    assert!(world.store().failure().is_none() && !world.path("failed").exists());
}

// Removing.

#[test]
fn a_removed_entry_takes_its_failure_and_its_lock_with_it() {
    let world = World::new();
    let store = world.store();
    world.write("one");
    let lock = store.try_lock().unwrap().unwrap();
    store.leave_failure(&Failure::new(&Error::refused("no"), None, None), &lock);
    assert!(store.remove(&lock).unwrap());
    // Where who waits for the lock could not tell that it is gone, it stays.
    let lock_alone = world.path("lock").file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(world.names(), if cfg!(windows) { vec![lock_alone] } else { Vec::new() });
    assert!(!store.remove(&lock).unwrap(), "there is nothing any more");
    drop(lock);
    assert!(store.try_lock().unwrap().is_some());
}

const OTHER: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn all_that_is_ours_goes_and_nothing_else() {
    let world = World::new();
    assert_eq!(remove_all(&world.cache()).unwrap(), 0, "no folder is no fault");
    world.write("one");
    let put = |name: &str| std::fs::write(world.cache().join(name), "x").unwrap();
    let long = format!("{OTHER}0");
    let kept = [
        "kept.json",
        "README",
        &format!("{}.json", &OTHER[1..]),
        &format!("{long}.json"),
        &format!("{}g.json", &OTHER[1..]),
    ];
    kept.iter().for_each(|name| put(name));
    for kind in ["json", "seen", "failed", "other", "lock"] {
        put(&format!("{OTHER}.{kind}"));
    }
    let held = world.store().try_lock().unwrap().unwrap();
    assert_eq!(remove_all(&world.cache()).unwrap(), 2, "entries alone are counted");
    let lock = world.path("lock").file_name().unwrap().to_str().unwrap().to_owned();
    let mut expected: Vec<_> = kept.iter().map(|name| (*name).to_owned()).chain([lock]).collect();
    expected.sort();
    assert_eq!(world.names(), expected, "and the lock that somebody holds stays");
    drop(held);
    assert_eq!(remove_all(&world.cache()).unwrap(), 0);
    assert_eq!(world.names().len(), kept.len());
    remove_if_empty(&world.cache());
    assert!(world.cache().exists());
    kept.iter().for_each(|name| std::fs::remove_file(world.cache().join(name)).unwrap());
    remove_if_empty(&world.cache());
    assert!(!world.cache().exists());
}

#[cfg(unix)]
#[test]
fn nothing_of_a_folder_that_others_can_write_to_is_removed() {
    let world = World::new();
    world.write("one");
    mode(&world.cache(), 0o777);
    assert!(matches!(remove_all(&world.cache()), Err(StoreError::Unusable(_))));
    assert_eq!(world.names().len(), 2);
    let file = world.home.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert!(matches!(remove_all(&file), Err(StoreError::Unusable(_))));
    assert!(matches!(remove_all(&file.join("below")), Err(StoreError::Unusable(_))), "this is not an empty one");
}

#[test]
fn a_file_of_the_folder_is_ours_by_its_whole_name() {
    let (digest, short) = (OTHER, &OTHER[..32]);
    for (name, what) in [
        (format!("{digest}.json"), Some("cached token")),
        (format!("{digest}.lock"), Some("lock")),
        (format!("{digest}.failed"), Some("note")),
        (format!("{digest}.seen"), Some("note")),
        (format!("{digest}.holder"), Some("note")),
        (format!("{short}.engine"), Some("note")),
        (format!("{short}.engine.7.tmp"), Some("note")),
        ("kubernetes-callers".to_owned(), Some("note")),
        ("header-callers".to_owned(), Some("note")),
        ("header-callers.7.tmp".to_owned(), Some("note")),
        ("writing-7.tmp".to_owned(), Some("note")),
        (digest.to_owned(), None),
        (format!("{short}.json"), None),
        (format!("{short}.lock"), None),
        (format!("{short}.engine.7"), None),
        (format!("{short}.other.tmp"), None),
        (format!("{short}.seen"), None),
        (format!("x{}.json", &digest[1..]), None),
        ("x.engine".to_owned(), None),
        ("x.engine.7.tmp".to_owned(), None),
        ("header-callers.txt".to_owned(), None),
        ("callers".to_owned(), None),
        ("callers.7.tmp".to_owned(), None),
        ("writing-x.tmp".to_owned(), None),
        ("writing-7.json".to_owned(), None),
        ("mine.tmp".to_owned(), None),
        ("mine.json".to_owned(), None),
        ("README".to_owned(), None),
    ] {
        assert_eq!(what_is(&name), what, "{name}");
    }
}

// What is told.

#[test]
fn what_is_wrong_is_told_with_a_cure_that_fits() {
    let world = World::new();
    world.write("one");
    let report = |error: StoreError| {
        world.store().report(&world.context.log, &error);
        world.told()
    };
    let words = "warning: the token cache is not used as it should be: ";
    #[cfg(unix)]
    {
        mode(&world.cache(), 0o777);
        let shown = world.cache().display().to_string();
        let told = report(StoreError::Unusable("open".to_owned()));
        assert_eq!(told, format!("{words}open; make it yours alone: chmod 700 {shown}\n"));
        mode(&world.cache(), 0o700);
        let blank = world.home.path().join("a b");
        std::fs::create_dir(&blank).unwrap();
        mode(&blank, 0o777);
        assert!(
            aep_core::cache::cure_for_folder(&blank).ends_with(&format!("chmod 700 '{}'", blank.display())),
            "as a shell reads it"
        );
    }
    assert!(
        aep_core::cache::cure_for_folder(&world.cache()).starts_with("name a folder of your own: AEP_CACHE_DIR=DIR")
    );
    assert_eq!(report(StoreError::Entry("a link".to_owned())), format!("{words}a link\n"));
    let homeless = Context { folders: Folders::default(), ..world.context };
    let store = FileStore::new(&homeless, &world.profile).unwrap().unwrap();
    let Err(error) = store.read() else { panic!("there is no folder") };
    store.report(&homeless.log, &error);
    let told = String::from_utf8(world.told.0.take()).unwrap();
    assert!(
        told.ends_with("; set AEP_CACHE_DIR to a folder of your own, or turn the cache off: AEP_CACHE=off\n"),
        "{told}"
    );
}

// What this machine knows of an engine's tokens.

#[test]
fn nothing_older_than_what_was_here_and_nothing_that_was_refused_comes_back() {
    let world = World::new();
    world.make_cache();
    let identity = Identity::new(&world.profile);
    let seen = || Seen::open(&world.context, &identity).unwrap();
    let is_ruled_out = |text: &str, fetched_at: i64| seen().rules_out(&token(text, fetched_at));
    assert!(!is_ruled_out("a", i64::MIN) && !is_ruled_out("a", 5));
    seen().has_come(&token("b", 1000));
    assert!(is_ruled_out("a", 999) && !is_ruled_out("a", 1000) && !is_ruled_out("a", 1001));
    seen().has_come(&token("a", 900));
    assert!(is_ruled_out("a", 999), "an older one that comes later makes nothing older");
    seen().was_refused(&token("b", 1000), 1500);
    assert!(is_ruled_out("b", 1000) && is_ruled_out("b", 9000) && !is_ruled_out("c", 1000));
    // Twice is the same as once, and a token that ended is forgotten with the next.
    seen().was_refused(&token("b", 1000), 1500);
    seen().was_refused(&token("c", 1200), 1500);
    assert!(is_ruled_out("b", 1200) && is_ruled_out("c", 1200) && is_ruled_out("d", 1199));
    let text = std::fs::read_to_string(world.path("seen")).unwrap();
    assert_eq!(text.matches("4600").count(), 1, "{text}");
    assert!(!text.contains("\"b\""), "a digest, never the token: {text}");
    seen().was_refused(&token("d", 1300), 4600);
    assert!(!is_ruled_out("b", 1300) && is_ruled_out("c", 1300) && is_ruled_out("d", 1300));
}

#[cfg(unix)]
#[test]
fn what_is_remembered_already_is_not_written_again() {
    use std::os::unix::fs::MetadataExt;
    let world = World::new();
    world.store().try_lock().unwrap();
    let identity = Identity::new(&world.profile);
    let seen = || Seen::open(&world.context, &identity).unwrap();
    let file = || std::fs::metadata(world.path("seen")).unwrap().ino();
    seen().has_come(&token("a", 1000));
    let first = std::fs::File::open(world.path("seen")).unwrap();
    seen().has_come(&token("b", 1000));
    seen().has_come(&token("c", 999));
    assert_eq!(file(), first.metadata().unwrap().ino());
    seen().has_come(&token("d", 1001));
    assert_ne!(file(), first.metadata().unwrap().ino());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_looked_at_is_not_absent() {
    let world = World::new();
    std::fs::write(world.home.path().join("file"), "").unwrap();
    let below = World::at(tempfile::tempdir().unwrap(), &world.home.path().join("file/cache"), &[]);
    assert!(matches!(below.store().read(), Err(StoreError::Unusable(_))));
    assert!(matches!(world.store().read(), Ok(None)), "one that is not there yet holds nothing");
    world.store().try_lock().unwrap();
    assert!(matches!(world.store().read(), Ok(None)), "and so does an empty one");
}

#[test]
fn sixteen_refused_tokens_are_remembered_and_each_until_its_end() {
    let world = World::new();
    world.make_cache();
    let identity = Identity::new(&world.profile);
    let seen = || Seen::open(&world.context, &identity).unwrap();
    let name = |number: i64| format!("t{number}");
    for number in 0..17 {
        seen().was_refused(&token(&name(number), 1000), 1000);
    }
    assert!(!seen().rules_out(&token(&name(0), 1000)), "the oldest of too many goes");
    for number in 1..17 {
        assert!(seen().rules_out(&token(&name(number), 1000)), "{number}");
    }
    // One without a known end is remembered for a day.
    let mut endless = token("endless", 1000);
    endless.life = None;
    seen().was_refused(&endless, 2000);
    let text = std::fs::read_to_string(world.path("seen")).unwrap();
    assert!(text.contains(&(2000 + 86_400).to_string()), "{text}");
    // With a newer token here, what has ended is dropped.
    seen().has_come(&token("new", 5000));
    assert!(!seen().rules_out(&token(&name(3), 6000)) && seen().rules_out(&token("endless", 6000)));
    assert!(!std::fs::read_to_string(world.path("seen")).unwrap().contains("4600"));
}

#[test]
fn a_memory_of_another_version_is_none() {
    let world = World::new();
    world.make_cache();
    let identity = Identity::new(&world.profile);
    for text in ["", "[]", r#"{"version":2,"newest":9000,"refused":[]}"#, r#"{"version":1,"newest":"x","refused":[]}"#]
    {
        std::fs::write(world.path("seen"), text).unwrap();
        assert!(!Seen::open(&world.context, &identity).unwrap().rules_out(&token("a", 1)), "{text}");
    }
    std::fs::write(world.path("seen"), r#"{"version":1,"newest":9000,"refused":[]}"#).unwrap();
    assert!(Seen::open(&world.context, &identity).unwrap().rules_out(&token("a", 1)));
}

#[test]
fn a_token_under_a_former_name_goes_with_what_is_written_or_dropped_next() {
    let world = World::new();
    world.write("one");
    // SHA-256 of `aep-token 1` and the identity.
    let first = "8d57327c664a922ede5074d5f278ab2c93aafab8d04fa30a9453e38368a900f7";
    let at = |kind: &str| world.cache().join(format!("{first}.{kind}"));
    let put = |path: &Path| std::fs::write(path, "eyJmarker").unwrap();
    let left = [world.path("tmp"), at("tmp")];
    for what in ["write", "remove"] {
        let live = world.cache().join(format!("{OTHER}.tmp"));
        left.iter().chain([&at("json"), &live]).for_each(|path| put(path));
        // Its writer lives.
        let held = std::fs::File::create(at("lock")).unwrap();
        fs4::FileExt::lock(&held).unwrap();
        world.write("two");
        assert!(at("tmp").exists() && !left[0].exists(), "{what}");
        drop(held);
        if what == "write" {
            world.write("three");
            assert!(at("json").exists(), "the first version may still be used");
        } else {
            let lock = world.store().try_lock().unwrap().unwrap();
            assert!(world.store().remove(&lock).unwrap());
            assert!(!at("json").exists());
            put(&at("json"));
            assert!(world.store().remove(&lock).unwrap(), "it may hold a live token");
        }
        assert!(live.exists() && left.iter().all(|path| !path.exists()), "{what}");
    }
}
