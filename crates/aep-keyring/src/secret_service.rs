//! Secret Service over the session's bus: gnome-keyring, KWallet, KeePassXC and others.
//!
//! The values go over the user's own socket as they are. A second encryption on it would hide nothing from anybody who may
//! read that socket, and would bring thirty crates.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aep_core::secret::Secret;
use aep_core::secret::keyring::{Account, KeyringError, SERVICE};
use dbus_secret_service::{EncryptionType, Error, Item, SecretService};
use zeroize::Zeroizing;

mod bus;

const SERVICE_KEY: &str = "service";
const ACCOUNT_KEY: &str = "username";

pub(crate) fn read(account: &Account, limit: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    let began = Instant::now();
    let told = |error| in_words(&error, began, limit);
    let service = connect(limit)?;
    let Some(item) = find(&service, account).map_err(told)?.into_iter().next() else { return Ok(None) };
    item.ensure_unlocked_or_ask().map_err(told)?;
    item.get_secret().map(|bytes| Some(Zeroizing::new(bytes))).map_err(told)
}

pub(crate) fn write(account: &Account, secret: &Secret, limit: Duration) -> Result<(), KeyringError> {
    const PLAIN: &str = "text/plain";
    let began = Instant::now();
    let told = |error| in_words(&error, began, limit);
    let service = connect(limit)?;
    if let Some(item) = find(&service, account).map_err(told)?.into_iter().next() {
        item.ensure_unlocked_or_ask().map_err(told)?;
        return item.set_secret(secret.expose().as_bytes(), PLAIN).map_err(told);
    }
    let collection = service.get_default_collection().map_err(told)?;
    if collection.is_locked().map_err(told)? {
        collection.unlock().map_err(told)?;
    }
    let label = format!("{SERVICE}: {account}");
    let created = collection.create_item(&label, attributes(account), secret.expose().as_bytes(), true, PLAIN);
    created.map(drop).map_err(told)
}

pub(crate) fn remove(account: &Account, limit: Duration) -> Result<bool, KeyringError> {
    let began = Instant::now();
    let told = |error| in_words(&error, began, limit);
    let service = connect(limit)?;
    let items = find(&service, account).map_err(told)?;
    for item in &items {
        item.ensure_unlocked_or_ask().map_err(told)?;
        item.delete().map_err(told)?;
    }
    Ok(!items.is_empty())
}

/// Whether somebody on the bus has the name: a call to the name itself would have the bus start one.
pub(crate) fn is_running() -> bool {
    const SOON: Duration = Duration::from_millis(500);
    if bus::check().is_err() {
        return false;
    }
    let Ok(bus) = dbus::blocking::Connection::new_session() else { return false };
    let bus = bus.with_proxy("org.freedesktop.DBus", "/org/freedesktop/DBus", SOON);
    let asked = bus.method_call("org.freedesktop.DBus", "NameHasOwner", ("org.freedesktop.secrets",));
    asked.is_ok_and(|(is_there,): (bool,)| is_there)
}

/// What is locked tells its attributes all the same.
pub(crate) fn accounts() -> Result<Vec<Account>, KeyringError> {
    let none = Duration::ZERO;
    let began = Instant::now();
    let told = |error| in_words(&error, began, none);
    let service = connect(none)?;
    let found = service.search_items(HashMap::from([(SERVICE_KEY, SERVICE)])).map_err(told)?;
    let mut accounts = Vec::new();
    for item in found.unlocked.iter().chain(&found.locked) {
        let mut attributes = item.get_attributes().map_err(told)?;
        accounts.extend(attributes.remove(ACCOUNT_KEY).map(Account::from_keyring));
    }
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

fn attributes(account: &Account) -> HashMap<&str, &str> {
    HashMap::from([(SERVICE_KEY, SERVICE), (ACCOUNT_KEY, account.as_str())])
}

/// The items of an account, those that are open first.
fn find<'a>(service: &'a SecretService, account: &Account) -> Result<Vec<Item<'a>>, Error> {
    let mut found = service.search_items(attributes(account))?;
    found.unlocked.append(&mut found.locked);
    Ok(found.unlocked)
}

trait Ask {
    fn ensure_unlocked_or_ask(&self) -> Result<(), Error>;
}

impl Ask for Item<'_> {
    fn ensure_unlocked_or_ask(&self) -> Result<(), Error> {
        if self.is_locked()? { self.unlock() } else { Ok(()) }
    }
}

/// A keyring that the bus starts for this question may take its time.
fn connect(limit: Duration) -> Result<SecretService, KeyringError> {
    bus::check()?;
    let began = Instant::now();
    loop {
        match SecretService::connect_with_max_prompt_timeout(EncryptionType::Plain, limit.as_secs()) {
            Ok(service) => return Ok(service),
            Err(Error::Dbus(error)) if is_slow(error.name()) && began.elapsed() < limit => {}
            Err(error) => return Err(in_words(&error, began, limit)),
        }
    }
}

fn is_slow(name: Option<&str>) -> bool {
    matches!(name, Some("org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.Timeout"))
}

fn in_words(error: &Error, began: Instant, limit: Duration) -> KeyringError {
    match error {
        // The question was on the screen for all of the time, or nobody could be asked, or somebody said no.
        Error::Prompt if limit > Duration::ZERO && began.elapsed() >= limit => KeyringError::TimeLimit(limit),
        // No default collection is none that was ever unlocked.
        Error::Prompt | Error::Locked | Error::NoResult => KeyringError::Locked,
        Error::Unavailable => KeyringError::NoService,
        Error::UnsupportedSecretFormat => KeyringError::NotText,
        Error::Dbus(error) => of_bus(error.name().unwrap_or_default()),
        _ => KeyringError::Other("its answer was not understood".to_owned()),
    }
}

fn of_bus(name: &str) -> KeyringError {
    let short = name.strip_prefix("org.freedesktop.DBus.Error.").unwrap_or(name);
    match short {
        "ServiceUnknown" | "NameHasNoOwner" => KeyringError::NoService,
        _ if short.starts_with("Spawn.") => KeyringError::NoService,
        "NotSupported" | "FileNotFound" | "NoServer" | "NoNetwork" | "BadAddress" | "Disconnected" => {
            KeyringError::NoSession
        }
        "org.freedesktop.Secret.Error.IsLocked" => KeyringError::Locked,
        _ => KeyringError::Other(format!("it said {name}")),
    }
}
