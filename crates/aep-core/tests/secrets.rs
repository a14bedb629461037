//! Where a secret is read from, what may not be read, and what a refusal shows: each reference beside what it must not do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use aep_core::clock::SystemClock;
use aep_core::error::Cause;
use aep_core::profile::{DEFAULT_IMS_URL, Name, Profile, ProfileSelection, resolve};
use aep_core::secret::keyring::{Account, Keyring, KeyringError};
use aep_core::secret::store::{self, SecretKind, StoreKey};
use aep_core::secret::{Credentials, Reference, Secret};
use aep_core::token::{Earners, Proof};
use aep_core::url::BaseUrl;
use aep_core::write_file::Transaction;
use aep_core::{Context, Environment, Folders, Log};

const KIND: SecretKind = SecretKind::ClientSecret;

struct World {
    home: tempfile::TempDir,
    context: Context,
}

impl World {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let context = Context {
            environment: Environment::from_pairs(variables.iter().copied()),
            clock: Box::new(SystemClock::start()),
            folders: Folders::at(at("config"), at("data"), at("cache")),
            log: Log::silent(),
            keyring: Default::default(),
        };
        Self { home, context }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn profile_of(&self, text: &str) -> Profile {
        self.write("config/profiles/prod.toml", format!("client_id = \"c\"\norg_id = \"o@AdobeOrg\"\n{text}\n"));
        let selection = ProfileSelection { profile: Some("prod".to_owned()), ..ProfileSelection::default() };
        resolve(&self.context, &selection).unwrap()
    }

    fn profile(&self) -> Profile {
        self.profile_of("client_secrets = [{ store = true }]")
    }

    fn key(&self) -> StoreKey {
        StoreKey::of_profile(&self.profile()).unwrap()
    }

    fn read(&self, reference: &Reference, kind: SecretKind) -> Result<String, String> {
        let read = reference.read(&self.context, &self.profile(), kind);
        read.map(|secret| secret.expose().to_owned())
            .map_err(|error| format!("{}\n{}", error.message(), error.hint().unwrap_or_default()))
    }

    fn store(&self, kind: SecretKind, text: &str) -> PathBuf {
        store::write(&self.context.folders, &self.key(), kind, &Secret::new(text.to_owned())).unwrap();
        store::path(&self.context.folders, &self.key(), kind).unwrap()
    }

    fn kept(&self) -> Vec<String> {
        let items = std::fs::read_dir(self.at("data/secrets")).unwrap();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[cfg(unix)]
fn mode(path: &std::path::Path, bits: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

// Files.

#[test]
fn the_first_line_of_a_file_is_the_secret_and_all_of_it_is_a_key() {
    let world = World::new();
    let file = Reference::File(world.write("secret", " one \r\ntwo\n"));
    assert_eq!(world.read(&file, KIND).unwrap(), "one");
    assert_eq!(world.read(&file, SecretKind::Passphrase).unwrap(), "one");
    assert_eq!(world.read(&file, SecretKind::PrivateKey).unwrap(), " one \r\ntwo\n");
    for text in ["", " \n", "\nsecond line"] {
        let told = world.read(&Reference::File(world.write("secret", text)), KIND).unwrap_err();
        assert!(told.starts_with("the client secret is empty (file "), "{told}");
    }
}

#[test]
fn just_64_kib_of_a_file_are_read() {
    let world = World::new();
    let path = |size: usize| Reference::File(world.write("secret", "x".repeat(size)));
    assert_eq!(world.read(&path(64 * 1024), KIND).unwrap().len(), 64 * 1024);
    for size in [64 * 1024 + 1, 200 * 1024] {
        assert!(world.read(&path(size), KIND).unwrap_err().contains("it is larger than 64 KiB"));
    }
    let told = world.read(&Reference::File(world.write("secret", b"\xffmarker")), KIND).unwrap_err();
    assert!(told.contains("it is not text in UTF-8 or UTF-16") && !told.contains("marker"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_read_and_one_that_they_may_write_is_not() {
    let world = World::new();
    let path = world.write("secret", "one");
    for bits in [0o600, 0o440, 0o644] {
        mode(&path, bits);
        assert_eq!(world.read(&Reference::File(path.clone()), KIND).unwrap(), "one", "{bits:o}");
    }
    for bits in [0o646, 0o666] {
        mode(&path, bits);
        for (reference, words) in [
            (Reference::File(path.clone()), format!("cannot read the client secret from {}", path.display())),
            (
                Reference::FileIn { variable: "AEP_PRIVATE_KEY", path: path.clone() },
                "cannot read the client secret from the file that AEP_PRIVATE_KEY names".to_owned(),
            ),
        ] {
            let told = world.read(&reference, KIND).unwrap_err();
            let why = format!("{words}: it is not trusted: others can write to it (mode {bits:o})");
            assert!(told.starts_with(&why), "{told}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_said_so_and_a_secret_in_its_place_is_not_shown() {
    let world = World::new();
    let told = |path: PathBuf| world.read(&Reference::File(path), KIND).unwrap_err();
    let path = world.at("nowhere");
    let words = format!("cannot read the client secret from {}: it does not exist\n", path.display());
    assert_eq!(told(path), words);
    // Beside the profile is where a secret lands that was written in a path's place.
    let secret = world.at("config/profiles/p8e-MARKER");
    assert_eq!(told(secret.clone()), "cannot read the client secret from (not shown): it does not exist\n");
    std::fs::create_dir_all(&secret).unwrap();
    let told = told(secret);
    assert!(!told.contains("MARKER"), "{told}");
    let reference = Reference::FileIn { variable: "AEP_PRIVATE_KEY", path: world.at("MARKER") };
    let told = world.read(&reference, SecretKind::PrivateKey).unwrap_err();
    let words = "cannot read the private key from the file that AEP_PRIVATE_KEY names: it does not exist\n";
    assert_eq!(told, words);
}

// Variables.

#[test]
fn a_variable_is_named_where_it_has_the_form_of_one() {
    let world = World::with(&[("OWN", "one")]);
    assert_eq!(world.read(&Reference::Env("OWN".to_owned()), KIND).unwrap(), "one");
    for (name, shown) in [
        ("NOT_SET", "NOT_SET"),
        ("_X9", "_X9"),
        ("A", "A"),
        ("p8e-marker", "(not shown)"),
        ("lower", "(not shown)"),
        ("9X", "(not shown)"),
        ("A-B", "(not shown)"),
        ("A b", "(not shown)"),
        ("", "(not shown)"),
    ] {
        let told = world.read(&Reference::Env(name.to_owned()), KIND).unwrap_err();
        let words = format!("the client secret is expected in the variable {shown}, which is not set\n");
        assert_eq!(told, words);
        assert_eq!(Reference::Env(name.to_owned()).to_string(), format!("variable {shown}"));
    }
    let inside = World::with(&[("AEP_EXEC_WITHHELD_SECRETS", "1")]);
    let told = inside.read(&Reference::Env("NOT_SET".to_owned()), KIND).unwrap_err();
    assert!(told.ends_with("aep-auth exec --keep-secrets -- COMMAND"), "{told}");
}

#[test]
fn a_reference_is_shown_without_what_may_be_a_secret() {
    for (reference, shown) in [
        (Reference::Store, "private store"),
        (Reference::File(PathBuf::from("/run/secrets/a")), "file /run/secrets/a"),
        (Reference::File(PathBuf::from("/c/profiles/MARKER")), "file (not shown)"),
        (Reference::FileIn { variable: "AEP_PRIVATE_KEY", path: "MARKER".into() }, "file that AEP_PRIVATE_KEY names"),
        (Reference::Command(vec!["op".to_owned(), "MARKER".to_owned()]), "command op"),
        (Reference::Keyring, "keyring"),
        (Reference::Credential("aep".to_owned()), "credential aep"),
        (Reference::Given(Secret::new("MARKER".to_owned())), "environment"),
    ] {
        assert_eq!(reference.to_string(), shown);
    }
}

// What systemd hands over.

#[test]
fn a_credential_is_a_file_of_the_folder_that_systemd_names() {
    let world = World::new();
    let path = world.write("credentials/aep", "one\n");
    let credential = Reference::Credential("aep".to_owned());
    let told = world.read(&credential, KIND).unwrap_err();
    assert!(told.contains("CREDENTIALS_DIRECTORY is not set") && told.contains("LoadCredential=aep:FILE"), "{told}");
    let with = |folder: &str| World::with(&[("CREDENTIALS_DIRECTORY", folder)]);
    assert_eq!(with(path.parent().unwrap().to_str().unwrap()).read(&credential, KIND).unwrap(), "one");
    let told = with("relative").read(&credential, KIND).unwrap_err();
    assert!(told.starts_with("CREDENTIALS_DIRECTORY is no absolute path"), "{told}");
}

// The private store.

#[test]
fn what_is_stored_is_read_by_its_own_profile_host_and_client_alone() {
    let world = World::new();
    world.store(KIND, "one\n");
    assert_eq!(world.read(&Reference::Store, KIND).unwrap(), "one");
    for (kind, cure) in [
        (SecretKind::SecondClientSecret, "aep-auth secret set prod --second"),
        (SecretKind::PrivateKey, "aep-auth import FILE --private-key KEY --profile prod --force"),
        (SecretKind::Passphrase, "aep-auth import FILE --private-key KEY --profile prod --force"),
        (
            SecretKind::SharedCachePassword,
            "aep-auth profile set prod 'shared_cache_password={ file = \"/run/secrets/password\" }'",
        ),
    ] {
        let told = world.read(&Reference::Store, kind).unwrap_err();
        assert!(told.starts_with(&format!("cannot read the {} from ", kind.title())), "{told}");
        assert!(told.ends_with(&format!("\n{cure}")), "{told}");
    }
    let read = |text: &str| {
        let secret = Reference::Store.read(&world.context, &world.profile_of(text), KIND);
        secret.map(|secret| secret.expose().to_owned()).map_err(|error| error.hint().unwrap().to_owned())
    };
    assert_eq!(read("ims_url = \"https://evil.example\""), Err("aep-auth secret set prod".to_owned()));
    assert_eq!(read("sandbox = \"dev1\""), Ok("one".to_owned()));
}

#[cfg(unix)]
#[test]
fn a_stored_secret_that_others_can_read_or_put_there_is_not_used() {
    let world = World::new();
    let path = world.store(KIND, "one");
    for bits in [0o640, 0o604, 0o620, 0o602, 0o644] {
        mode(&path, bits);
        let told = world.read(&Reference::Store, KIND).unwrap_err();
        assert!(
            told.contains(&format!("{}: ", path.display())) && !told.contains("is not trusted"),
            "{bits:o}: {told}"
        );
    }
    mode(&path, 0o600);
    let folder = path.parent().unwrap();
    for bits in [0o770, 0o707] {
        mode(folder, bits);
        let told = world.read(&Reference::Store, KIND).unwrap_err();
        assert!(told.contains("can write to it"), "{told}");
        let refused = store::check(&world.context.folders).unwrap_err();
        let told =
            format!("the private store {} is not private: others can write to it (mode {bits:o})", folder.display());
        assert_eq!(refused.message(), told);
        assert_eq!(
            (refused.exit_code(), refused.hint()),
            (3, Some(format!("look into it first: ls -la {0}\nthen: chmod go-w {0}", folder.display()).as_str()))
        );
        store::write(&world.context.folders, &world.key(), KIND, &Secret::new("two".to_owned())).unwrap_err();
    }
    mode(folder, 0o700);
    // A folder above it counts as well.
    let above = folder.parent().unwrap();
    mode(above, 0o777);
    let named = format!("{} is not trusted: others can write to it (mode 777)", above.display());
    assert!(world.read(&Reference::Store, KIND).unwrap_err().contains(&named));
    let refused = store::check(&world.context.folders).unwrap_err();
    assert_eq!(refused.message(), format!("the private store {} cannot be used: {named}", folder.display()));
    mode(above, 0o755);
    assert_eq!(world.read(&Reference::Store, KIND).unwrap(), "one");
    // A link is none of ours.
    std::fs::rename(&path, world.at("elsewhere")).unwrap();
    std::os::unix::fs::symlink(world.at("elsewhere"), &path).unwrap();
    assert!(world.read(&Reference::Store, KIND).is_err());
}

fn remove_but(folders: &Folders, name: &Name, kept: &[PathBuf]) -> aep_core::Result<Vec<SecretKind>> {
    let mut all = Transaction::new(None);
    let kinds = store::remove_but(folders, name, kept, &mut all)?;
    all.commit().unwrap();
    Ok(kinds)
}

fn remove(folders: &Folders, key: &StoreKey, kind: SecretKind) -> aep_core::Result<bool> {
    let mut all = Transaction::new(None);
    let is_any = store::remove(folders, key, kind, &mut all)?;
    all.commit().unwrap();
    Ok(is_any)
}

#[cfg(unix)]
#[test]
fn nothing_is_removed_where_anothers_link_leads() {
    let world = World::new();
    let path = world.store(KIND, "one");
    let link = world.at("link");
    std::os::unix::fs::symlink(path.parent().unwrap().parent().unwrap(), &link).unwrap();
    if std::os::unix::fs::lchown(&link, Some(65_534), None).is_err() {
        return; // Only root can give a link away.
    }
    let name = Name::parse("dev").unwrap();
    let folders = Folders::at("/none", &link, "/none");
    assert_eq!(remove_but(&folders, &name, &[]).unwrap_err().exit_code(), 3);
    assert_eq!(remove(&folders, &world.key(), KIND).unwrap_err().exit_code(), 3);
    assert!(path.is_file());
    // Through one's own it goes.
    std::os::unix::fs::lchown(&link, Some(0), None).unwrap();
    assert!(remove(&folders, &world.key(), KIND).unwrap());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_not_absent() {
    let world = World::new();
    let file = world.write("file", "");
    for (path, is_there) in [(file.clone(), true), (world.at("none"), false), (file.join("below"), false)] {
        assert_eq!(store::is_there(&path).unwrap(), is_there, "{}", path.display());
    }
    let error = store::is_there(&world.at(&"x".repeat(300))).unwrap_err();
    assert!(error.message().ends_with("the name is too long"), "{error}");
    let name = Name::parse("dev").unwrap();
    let remove = |data: PathBuf| remove_but(&Folders::at("/none", data, "/none"), &name, &[]);
    assert!(remove(world.at("none")).unwrap().is_empty() && remove(file).unwrap().is_empty());
    assert_eq!(remove(world.at(&"x".repeat(300))).unwrap_err().exit_code(), 6);
}

#[cfg(unix)]
#[test]
fn the_store_is_private_from_the_beginning_and_no_repository_takes_it() {
    use std::os::unix::fs::MetadataExt;
    let world = World::new();
    let path = world.store(KIND, "one");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    let ignore = path.with_file_name(".gitignore");
    assert_eq!(std::fs::read(&ignore).unwrap(), b"*\n");
    // What stands there already is the user's.
    std::fs::write(&ignore, "*\n!x\n").unwrap();
    world.store(KIND, "two");
    assert_eq!(std::fs::read(&ignore).unwrap(), b"*\n!x\n");
}

#[test]
fn what_the_first_version_stored_is_moved_once_and_never_over_a_newer_one() {
    let world = World::new();
    let path = world.store(SecretKind::Passphrase, "x").with_file_name("prod@client-secret");
    let put = |text: &str| {
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        mode(&path, 0o600);
    };
    put("old");
    assert_eq!(world.read(&Reference::Store, KIND).unwrap(), "old");
    assert!(!path.exists());
    put("older");
    assert_eq!(world.read(&Reference::Store, KIND).unwrap(), "old");
    assert!(path.exists());
    #[cfg(unix)]
    {
        std::fs::remove_file(store::path(&world.context.folders, &world.key(), KIND).unwrap()).unwrap();
        mode(&path, 0o644);
        assert!(world.read(&Reference::Store, KIND).is_err(), "others could read it");
        assert!(path.exists());
    }
}

#[test]
fn a_removed_secret_is_gone_in_both_places_and_the_others_stay() {
    let world = World::new();
    let (folders, key) = (&world.context.folders, world.key());
    assert!(!remove(folders, &key, KIND).unwrap());
    let path = world.store(KIND, "one");
    world.store(SecretKind::SecondClientSecret, "two");
    std::fs::write(path.with_file_name("prod@client-secret"), "old").unwrap();
    assert!(remove(folders, &key, KIND).unwrap());
    assert!(!remove(folders, &key, KIND).unwrap());
    assert_eq!(world.kept().len(), 2, "{:?}", world.kept());
    // What cannot be removed is no success.
    std::fs::create_dir(&path).unwrap();
    assert_eq!(remove(folders, &key, KIND).unwrap_err().exit_code(), 6);
}

#[test]
fn a_profiles_secrets_go_whatever_they_belong_to_and_anothers_stay() {
    let world = World::new();
    let folders = &world.context.folders;
    let name = |text: &str| Name::parse(text).unwrap();
    assert_eq!(remove_but(folders, &name("prod"), &[]).unwrap(), []);
    let ims = BaseUrl::parse("ims_url", DEFAULT_IMS_URL).unwrap();
    let write = |profile: &str, client: &str, kind: SecretKind| {
        let key = StoreKey::new(&name(profile), &ims, client);
        store::write(folders, &key, kind, &Secret::new("x".to_owned())).unwrap();
        store::path(folders, &key, kind).unwrap()
    };
    write("prod", "a", SecretKind::PrivateKey);
    write("prod", "b", SecretKind::PrivateKey);
    write("prod", "a", KIND);
    let kept = write("prod", "b", KIND);
    let others = [write("prod2", "a", KIND), write("pro", "a", KIND)];
    std::fs::write(kept.with_file_name("prod@notes"), "mine").unwrap();
    let removed = remove_but(folders, &name("prod"), std::slice::from_ref(&kept)).unwrap();
    assert_eq!(removed, [KIND, SecretKind::PrivateKey], "each kind once, in order");
    assert!(kept.exists() && others.iter().all(|path| path.exists()));
    assert!(kept.with_file_name("prod@notes").exists());
    assert_eq!(remove_but(folders, &name("prod"), &[]).unwrap(), [KIND]);
    std::fs::create_dir(&kept).unwrap();
    assert_eq!(remove_but(folders, &name("prod"), &[]).unwrap_err().exit_code(), 6);
}

// The keyring.

#[derive(Clone, Default)]
struct Items {
    secrets: Rc<RefCell<BTreeMap<Account, String>>>,
    limits: Rc<RefCell<Vec<Duration>>>,
    error: Rc<RefCell<Option<KeyringError>>>,
}

impl Keyring for Items {
    fn is_running(&self) -> bool {
        true
    }

    fn read(&self, account: &Account, limit: Duration) -> Result<Option<Secret>, KeyringError> {
        self.limits.borrow_mut().push(limit);
        match &*self.error.borrow() {
            Some(error) => Err(error.clone()),
            None => Ok(self.secrets.borrow().get(account).cloned().map(Secret::new)),
        }
    }
    fn write(&self, _: &Account, _: &Secret, _: Duration) -> Result<(), KeyringError> {
        panic!("a secret is only read")
    }
    fn remove(&self, _: &Account, _: Duration) -> Result<bool, KeyringError> {
        panic!("a secret is only read")
    }
    fn accounts(&self, _: Duration) -> Result<Vec<Account>, KeyringError> {
        panic!("a secret is only read")
    }
}

#[test]
fn a_keyrings_item_is_that_of_its_profile_host_and_client() {
    let world = World::new();
    let items = Items::default();
    let account = Account::from_keyring("prod/client-secret/c@ims-na1.adobelogin.com".to_owned());
    items.secrets.borrow_mut().insert(account.clone(), "one".to_owned());
    world.context.lend_keyring(Box::new(items.clone()));
    assert_eq!(world.read(&Reference::Keyring, KIND).unwrap(), "one");
    assert_eq!(Account::of_profile(&world.profile(), KIND), Some(account.clone()));
    assert_eq!((account.as_str(), account.to_string().as_str()), (account.as_str(), account.as_str()));
    assert_eq!(account.to_string(), "prod/client-secret/c@ims-na1.adobelogin.com");
    let other = world.profile_of("ims_url = \"https://evil.example:8443\"");
    assert_eq!(Account::of_profile(&other, KIND).unwrap().as_str(), "prod/client-secret/c@evil.example:8443");
    let error = Reference::Keyring.read(&world.context, &other, KIND).unwrap_err();
    assert_eq!((error.hint(), error.cause()), (Some("aep-auth secret set prod"), Some(&Cause::SecretSource)));
    assert!(error.message().contains("holds no client secret of profile prod"), "{error}");
}

#[test]
fn a_keyring_that_does_not_serve_is_told_with_its_cure() {
    let world = World::new();
    let items = Items::default();
    world.context.lend_keyring(Box::new(items.clone()));
    for (error, words, cure) in [
        (KeyringError::Locked, "it is locked", "unlock"),
        (KeyringError::TimeLimit(Duration::from_secs(10)), "nobody answered it within 10 seconds", "unlock"),
        (KeyringError::NoSession, "there is no session bus here", "DBUS_SESSION_BUS_ADDRESS"),
        (KeyringError::ForeignBus, "something else than a socket of yours", "unix:path=$XDG_RUNTIME_DIR/bus"),
        (KeyringError::NoService, "none is running in this session", "install a Secret Service"),
        (KeyringError::NotText, "something else than text", ""),
        (
            KeyringError::TooLong,
            "no secret of this length",
            "aep-auth profile set prod 'client_secrets=[{ store = true }]'",
        ),
        (KeyringError::Other("org.example.Fault".to_owned()), "org.example.Fault", ""),
    ] {
        *items.error.borrow_mut() = Some(error.clone());
        let told = world.read(&Reference::Keyring, KIND).unwrap_err();
        let (message, hint) = told.split_once('\n').unwrap();
        assert!(message.starts_with("the keyring does not serve for the client secret: "), "{told}");
        assert!(message.contains(words), "{told}");
        assert!(hint.contains(cure) && hint.is_empty() == cure.is_empty(), "{error:?}: {told}");
    }
    #[cfg(not(target_os = "macos"))]
    assert!({
        *items.error.borrow_mut() = Some(KeyringError::Locked);
        world.read(&Reference::Keyring, KIND).unwrap_err().contains("gnome-keyring-daemon")
    });
}

// All secrets of a profile.

const TWO: &str = "client_secrets = [{ env = \"ONE\" }, { env = \"TWO\" }]";
const BOTH: [(&str, &str); 3] = [("ONE", "one"), ("TWO", "two"), ("WORD", "word")];

#[test]
fn each_secret_is_the_one_that_is_asked_for() {
    let world = World::with(&BOTH);
    let profile = world.profile_of(&format!("{TWO}\nprivate_key_passphrase = {{ env = \"WORD\" }}"));
    let credentials = Credentials::new(&world.context, &profile);
    let text = |secret: &Secret| secret.expose().to_owned();
    assert_eq!(text(credentials.client_secret().unwrap()), "one");
    assert_eq!(text(credentials.second_client_secret().unwrap().unwrap()), "two");
    assert_eq!(text(credentials.passphrase().unwrap().unwrap()), "word");
    assert_eq!(text(credentials.numbered_client_secret(0).unwrap()), "one");
    assert_eq!(text(credentials.numbered_client_secret(1).unwrap()), "two");
    let single = world.profile_of("client_secrets = [{ env = \"ONE\" }]");
    let credentials = Credentials::new(&world.context, &single);
    assert!(credentials.second_client_secret().unwrap().is_none() && credentials.passphrase().unwrap().is_none());
    assert_eq!(text(credentials.numbered_client_secret(1).unwrap()), "one");
}

#[test]
fn which_secret_ims_accepted_is_told_by_the_entry() {
    let world = World::with(&BOTH);
    let profile = world.profile_of(TWO);
    let credentials = Credentials::new(&world.context, &profile);
    for (secret, number) in [("one", Some(0)), ("two", Some(1)), ("three", None)] {
        let mut earners = Earners::nobody();
        earners.add_proof(&Proof::new([secret]));
        assert_eq!(credentials.accepted_by(&earners), number, "{secret}");
    }
}

#[test]
fn a_service_account_proves_itself_by_secret_and_key_together() {
    let jwt = "flow = \"jwt\"\nprivate_key = { env = \"WORD\" }\ntechnical_account_id = \"t@techacct.adobe.com\"";
    for (more, proof, is_accepted) in [
        (jwt, Proof::new(["one", "word"]), true),
        (jwt, Proof::new(["one"]), false),
        // A key that does not sign proves nothing.
        ("flow = \"oauth\"\nprivate_key = { env = \"WORD\" }", Proof::new(["one"]), true),
        ("flow = \"oauth\"\nprivate_key = { env = \"WORD\" }", Proof::new(["one", "word"]), false),
    ] {
        let world = World::with(&BOTH);
        let profile = world.profile_of(&format!("{TWO}\n{more}"));
        let mut earners = Earners::nobody();
        earners.add_proof(&proof);
        let found = Credentials::new(&world.context, &profile).accepted_by(&earners);
        assert_eq!(found, is_accepted.then_some(0), "{more}");
    }
}

#[test]
fn a_secret_that_is_missing_is_told_with_what_would_set_it() {
    let told = |variables: &[(&str, &str)]| {
        let variables: Vec<_> = [("AEP_CLIENT_ID", "c"), ("AEP_ORG_ID", "o@AdobeOrg")]
            .into_iter()
            .chain(variables.iter().copied())
            .collect();
        let world = World::with(&variables);
        let profile = resolve(&world.context, &ProfileSelection::default()).unwrap();
        let error = Credentials::new(&world.context, &profile).client_secret().unwrap_err();
        error.hint().unwrap().to_owned()
    };
    assert_eq!(told(&[]), "set AEP_CLIENT_SECRET");
    assert!(told(&[("AEP_CLIENT_SECRET", "")]).starts_with("give AEP_CLIENT_SECRET its value"));
    assert_eq!(told(&[("AEP_EXEC_WITHHELD_SECRETS", "1")]), "aep-auth exec --keep-secrets -- COMMAND");
}

#[test]
fn a_secret_that_a_killed_writer_left_goes_with_whatever_is_written_or_removed_next() {
    let world = World::new();
    let folders = &world.context.folders;
    let folder = world.store(KIND, "one").parent().unwrap().to_owned();
    for step in ["write", "remove", "remove all"] {
        let before = world.kept();
        let kept = [".mine.tmp", "prod@client-secret.7.tmp", ".prod@client-secret.tmp"].map(|name| folder.join(name));
        let left =
            [".prod@client-secret.4711.tmp", ".other@private-key.1.tmp", ".aep-3.tmp"].map(|name| folder.join(name));
        kept.iter().chain(&left).for_each(|path| std::fs::write(path, "marker").unwrap());
        let all = &mut Transaction::new(None);
        match step {
            "write" => assert!(world.store(KIND, "two").is_file()),
            "remove" => assert!(!store::remove(folders, &world.key(), SecretKind::Passphrase, all).unwrap()),
            _ => assert!(store::remove_but(folders, &Name::parse("dev").unwrap(), &[], all).unwrap().is_empty()),
        }
        assert!(left.iter().all(|path| !path.exists()), "{step}: {:?}", world.kept());
        kept.iter().for_each(|path| std::fs::remove_file(path).unwrap());
        assert_eq!(world.kept(), before, "{step}");
    }
}

#[test]
fn a_credentials_name_is_shown_where_it_has_the_form_of_one() {
    let of = |id: &str| Reference::Credential(id.to_owned());
    for folder in [None, Some("/nosuch")] {
        let variables: Vec<_> = folder.iter().map(|folder| ("CREDENTIALS_DIRECTORY", *folder)).collect();
        let world = World::with(&variables);
        assert!(world.read(&of("aep-secret"), KIND).unwrap_err().contains("aep-secret"), "{folder:?}");
        let told = world.read(&of("p8e-marker"), KIND).unwrap_err();
        assert!(!told.contains("marker"), "{told}");
    }
    assert_eq!(of("p8e-marker").to_string(), "credential (not shown)");
}
