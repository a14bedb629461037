//! The Keychain of macOS and the Credential Manager of Windows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aep_core::secret::Secret;
use aep_core::secret::keyring::{Account, KeyringError, SERVICE};
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

pub(crate) fn read(account: &Account, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    match entry(account)?.get_secret() {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(in_words(&error)),
    }
}

pub(crate) fn write(account: &Account, secret: &Secret, _: Duration) -> Result<(), KeyringError> {
    entry(account)?.set_secret(secret.expose().as_bytes()).map_err(|error| in_words(&error))
}

pub(crate) fn remove(account: &Account, _: Duration) -> Result<bool, KeyringError> {
    match entry(account)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(in_words(&error)),
    }
}

/// The system itself keeps it.
pub(crate) fn is_running() -> bool {
    true
}

#[cfg(target_os = "macos")]
pub(crate) fn accounts() -> Result<Vec<Account>, KeyringError> {
    let found = store()?.search(&HashMap::from([("service", SERVICE)])).map_err(|error| in_words(&error))?;
    Ok(found.iter().filter_map(|entry| Some(Account::from_keyring(entry.get_specifiers()?.1))).collect())
}

/// The Credential Manager's items are found by the profiles alone: a search of it brings a crate of regular expressions.
#[cfg(windows)]
pub(crate) fn accounts() -> Result<Vec<Account>, KeyringError> {
    Ok(Vec::new())
}

fn store() -> Result<Arc<Store>, KeyringError> {
    Store::new().map_err(|error| in_words(&error))
}

fn entry(account: &Account) -> Result<Entry, KeyringError> {
    // Secrets do not roam to other machines.
    let modifiers = cfg!(windows).then(|| HashMap::from([("persistence", "Local")]));
    store()?.build(SERVICE, account.as_str(), modifiers.as_ref()).map_err(|error| in_words(&error))
}

fn in_words(error: &Error) -> KeyringError {
    match error {
        Error::NoStorageAccess(_) => KeyringError::Locked,
        Error::BadEncoding(_) | Error::BadDataFormat(..) => KeyringError::NotText,
        Error::TooLong(..) => KeyringError::TooLong,
        Error::PlatformFailure(error) => KeyringError::Other(error.to_string()),
        _ => KeyringError::Other("it refused".to_owned()),
    }
}
