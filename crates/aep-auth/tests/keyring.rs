//! A secret between the private store and a keyring that fails: the whole program, over a keyring in memory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use aep_cli::{Executable, Invocation, Terminals};
use aep_core::clock::SystemClock;
use aep_core::secret::Secret;
use aep_core::secret::keyring::{Account, Keyring, KeyringError};
use aep_core::{Context, Environment, Folders, Log};

const MARK: &str = "p8e-marker";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It takes nothing and gives nothing.
    Locked,
    /// It keeps something else than it was given.
    Changes,
}

#[derive(Clone, Default)]
struct Items {
    secrets: Rc<RefCell<BTreeMap<Account, String>>>,
    fault: Rc<Cell<Option<Fault>>>,
}

impl Items {
    fn serves(&self) -> Result<(), KeyringError> {
        if self.fault.get() == Some(Fault::Locked) { Err(KeyringError::Locked) } else { Ok(()) }
    }
}

impl Keyring for Items {
    fn is_running(&self) -> bool {
        true
    }
    fn read(&self, account: &Account, _: Duration) -> Result<Option<Secret>, KeyringError> {
        self.serves().map(|()| self.secrets.borrow().get(account).cloned().map(Secret::new))
    }
    fn write(&self, account: &Account, secret: &Secret, _: Duration) -> Result<(), KeyringError> {
        let kept = if self.fault.get() == Some(Fault::Changes) { "other" } else { secret.expose() };
        self.serves().map(|()| drop(self.secrets.borrow_mut().insert(account.clone(), kept.to_owned())))
    }
    fn remove(&self, account: &Account, _: Duration) -> Result<bool, KeyringError> {
        self.serves().map(|()| self.secrets.borrow_mut().remove(account).is_some())
    }
    fn accounts(&self, _: Duration) -> Result<Vec<Account>, KeyringError> {
        self.serves().map(|()| self.secrets.borrow().keys().cloned().collect())
    }
}

struct World {
    home: tempfile::TempDir,
    items: Items,
}

impl World {
    /// A profile whose client secret lies there, and is the mark.
    fn with_secret_in(place: &str) -> Self {
        let world = Self { home: tempfile::tempdir().unwrap(), items: Items::default() };
        world.write_profile(place);
        assert_eq!(world.run(&["secret", "set", "p", "--untried"]).0, 0);
        world
    }

    fn write_profile(&self, place: &str) {
        std::fs::create_dir_all(self.home.path().join("config/profiles")).unwrap();
        let text = format!("client_id = \"c\"\norg_id = \"o@AdobeOrg\"\nclient_secrets = [{{ {place} = true }}]\n");
        std::fs::write(self.home.path().join("config/profiles/p.toml"), text).unwrap();
    }

    /// The exit code and standard output; standard input is the mark.
    fn run(&self, arguments: &[&str]) -> (u8, String) {
        let at = |name: &str| self.home.path().join(name);
        let context = Context {
            environment: Environment::from_pairs([("AEP_LOG", "warn")]),
            clock: Box::new(SystemClock::start()),
            folders: Folders::at(at("config"), at("data"), at("cache")),
            log: Log::silent(),
            keyring: Default::default(),
        };
        context.lend_keyring(Box::new(self.items.clone()));
        let mut stdout = Vec::new();
        let code = aep_auth::run(&mut Invocation {
            arguments: arguments.iter().map(Into::into).collect(),
            context: &context,
            input: &mut MARK.as_bytes(),
            output: Vec::new(),
            stdout: &mut stdout,
            terminals: Terminals::Given { input: false, output: false, errors: false },
            executable: Executable::At(at("aep-auth")),
            fault: None,
        });
        (code, String::from_utf8(stdout).unwrap())
    }

    fn files(&self) -> Vec<PathBuf> {
        fn look(folder: &Path, found: &mut Vec<PathBuf>) {
            for path in std::fs::read_dir(folder).into_iter().flatten().map(|item| item.unwrap().path()) {
                if path.is_dir() {
                    look(&path, found);
                } else if std::fs::read_to_string(&path).unwrap().contains(MARK) {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        look(self.home.path(), &mut found);
        found
    }

    /// In how many files and in how many items the mark is.
    fn lies(&self) -> (usize, usize) {
        (self.files().len(), self.items.secrets.borrow().values().filter(|secret| *secret == MARK).count())
    }
}

#[test]
fn a_move_empties_the_old_place_only_when_the_new_one_gives_the_secret_back() {
    let world = World::with_secret_in("store");
    for (fault, code) in [(Fault::Changes, 6), (Fault::Locked, 3)] {
        world.items.fault.set(Some(fault));
        assert_eq!(world.run(&["secret", "move", "p", "--to", "keyring"]).0, code, "{fault:?}");
        assert_eq!(world.lies(), (1, 0), "{fault:?}");
        assert!(world.items.secrets.borrow().is_empty(), "{fault:?}");
        assert!(world.run(&["secret", "show", "p"]).1.contains("private store: "), "{fault:?}");
    }
    world.items.fault.set(None);
    assert_eq!(world.run(&["secret", "move", "p", "--to", "keyring"]).0, 0);
    assert_eq!(world.lies(), (0, 1));
}

#[test]
fn a_keyring_that_refuses_has_nothing_written_elsewhere() {
    let world = World::with_secret_in("keyring");
    world.items.secrets.borrow_mut().clear();
    world.items.fault.set(Some(Fault::Locked));
    // Beside the home, which is searched.
    let download = tempfile::NamedTempFile::new().unwrap();
    let credential = format!(
        r#"{{"CLIENT_ID":"a64f5f10849a410a97ffdac8ae1eae0e","CLIENT_SECRETS":["{MARK}"],"ORG_ID":"o@AdobeOrg","SCOPES":["openid"]}}"#
    );
    std::fs::write(download.path(), credential).unwrap();
    let path = download.path().to_str().unwrap();
    let import: &[&str] = &["import", path, "--profile", "r", "--client-secret-from", "keyring"];
    for arguments in [
        ["secret", "set", "p", "--untried"].as_slice(),
        &["secret", "set", "p", "--untried", "--second"],
        &["secret", "move", "p", "--to", "store"],
        &["profile", "copy", "p", "q"],
        &["profile", "rename", "p", "q"],
        import,
    ] {
        assert_eq!(world.run(arguments).0, 3, "{arguments:?}");
        assert_eq!(world.lies(), (0, 0), "{arguments:?}: {:?}", world.files());
    }
    world.items.fault.set(None);
    assert_eq!(world.run(import).0, 0);
    assert_eq!(world.lies(), (0, 1));
}

#[test]
fn the_same_move_once_more_removes_what_one_that_was_killed_left() {
    for (from, to) in [("store", "keyring"), ("keyring", "store")] {
        let world = World::with_secret_in(from);
        assert_eq!(world.run(&["secret", "move", "p", "--to", to]).0, 0);
        // Killed before it emptied the old place.
        world.write_profile(from);
        assert_eq!(world.run(&["secret", "set", "p", "--untried"]).0, 0);
        world.write_profile(to);
        assert_eq!(world.lies(), (1, 1));
        let (code, told) = world.run(&["secret", "move", "p", "--to", to]);
        assert!(code == 0 && told.contains("; removed the "), "{told}");
        assert_eq!(world.lies(), if to == "store" { (1, 0) } else { (0, 1) });
    }
}
