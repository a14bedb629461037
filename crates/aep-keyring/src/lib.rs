//! The system's own keyring: Secret Service, Keychain or Credential Manager, as [`aep_core::secret::Keyring`].
//!
//! Only `aep-auth` links it. Nothing is opened before the first question, so that a cached token costs nothing; a question
//! that a person does not answer ends with its limit. Nothing here falls back to a file.

use std::sync::mpsc;
use std::time::Duration;

use aep_core::secret::keyring::{Account, KeyringError};
use aep_core::secret::{Keyring, Secret};
use zeroize::Zeroizing;

#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(any(target_os = "macos", windows))]
use native as system;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service as system;

/// The keyring of this system and user.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemKeyring;

impl Keyring for SystemKeyring {
    fn read(&self, account: &Account, limit: Duration) -> Result<Option<Secret>, KeyringError> {
        let account = account.clone();
        let found = within(limit, move || system::read(&account, limit))?;
        found.map(|bytes| text(&bytes)).transpose()
    }

    fn write(&self, account: &Account, secret: &Secret, limit: Duration) -> Result<(), KeyringError> {
        let (account, secret) = (account.clone(), secret.clone());
        within(limit, move || system::write(&account, &secret, limit))
    }

    fn remove(&self, account: &Account, limit: Duration) -> Result<bool, KeyringError> {
        let account = account.clone();
        within(limit, move || system::remove(&account, limit))
    }

    fn is_running(&self) -> bool {
        const SOON: Duration = Duration::from_secs(1);
        within(SOON, || Ok(system::is_running())).unwrap_or(false)
    }

    fn accounts(&self, limit: Duration) -> Result<Vec<Account>, KeyringError> {
        within(limit, system::accounts)
    }
}

fn text(bytes: &Zeroizing<Vec<u8>>) -> Result<Secret, KeyringError> {
    std::str::from_utf8(bytes).map(|text| Secret::new(text.to_owned())).map_err(|_| KeyringError::NotText)
}

/// Asks in a thread of its own, since not every system ends a question by itself. A thread that is not waited for any
/// longer ends with the process, which is soon.
fn within<T: Send + 'static>(
    limit: Duration,
    question: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    // The system's own limit comes first: it takes the question off the screen.
    const GRACE: Duration = Duration::from_secs(1);
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            // Nobody may be waiting any more.
            let _ = sender.send(question());
        })
        .map_err(|error| KeyringError::Other(aep_core::io_words::io_words(&error)))?;
    receiver.recv_timeout(limit + GRACE).unwrap_or(Err(KeyringError::TimeLimit(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_nobody_answers_ends() {
        let (hold, held) = mpsc::channel::<()>();
        let asked = within(Duration::ZERO, move || {
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(asked, Err(KeyringError::TimeLimit(Duration::ZERO)));
        drop(hold);
        assert_eq!(within(Duration::ZERO, || Ok(7)), Ok(7));
    }
}
