//! The two places of ours where a secret may lie, the private store and the system's keyring, behind one door.

use std::time::Duration;

use aep_cli::Invocation;
use aep_core::profile::Name;
use aep_core::secret::keyring::{self, Account, SERVICE};
use aep_core::secret::store::{self, SecretKind, StoreKey};
use aep_core::secret::{Keyring, Reference, Secret, command};
use aep_core::write_file::Transaction;
use aep_core::{Context, Error, Profile, Result};

use crate::profile_store::refused;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Store,
    Keyring,
}

impl Place {
    /// The one that a reference names; `None` where the secret is kept by somebody else.
    pub(crate) fn of(reference: &Reference) -> Option<Self> {
        match reference {
            Reference::Store => Some(Self::Store),
            Reference::Keyring => Some(Self::Keyring),
            _ => None,
        }
    }

    /// In the words of a message.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Store => "private store",
            Self::Keyring => "keyring",
        }
    }

    /// As a profile has it.
    pub(crate) fn to_toml(self) -> &'static str {
        match self {
            Self::Store => "{ store = true }",
            Self::Keyring => "{ keyring = true }",
        }
    }

    fn to_reference(self) -> Reference {
        match self {
            Self::Store => Reference::Store,
            Self::Keyring => Reference::Keyring,
        }
    }
}

/// The two places of one profile.
pub(crate) struct SecretStore<'a> {
    context: &'a Context,
    profile: &'a Profile,
    is_terminal: bool,
}

impl<'a> SecretStore<'a> {
    /// Nothing is touched yet.
    pub(crate) fn new<'i: 'a>(invocation: &Invocation<'i>, profile: &'a Profile) -> Self {
        Self { context: invocation.context, profile, is_terminal: invocation.terminals.has_errors() }
    }

    /// Where exactly a secret lies there, or would.
    pub(crate) fn describe(&self, place: Place, kind: SecretKind) -> Result<String> {
        Ok(match place {
            Place::Store => store::path(&self.context.folders, &self.key()?, kind)?.display().to_string(),
            Place::Keyring => format!("item {} of {SERVICE}", self.account(kind)?),
        })
    }

    /// Reads a secret.
    pub(crate) fn read(&self, place: Place, kind: SecretKind) -> Result<Secret> {
        place.to_reference().read(self.context, self.profile, kind)
    }

    /// Stores a secret.
    pub(crate) fn write(&self, place: Place, kind: SecretKind, secret: &Secret) -> Result<()> {
        match place {
            Place::Store => store::write(&self.context.folders, &self.key()?, kind, secret),
            Place::Keyring => {
                let written = self.keyring()?.write(&self.account(kind)?, secret, self.limit());
                written.map_err(|error| error.into_error(kind.title(), self.without_keyring(kind).as_deref()))
            }
        }
    }

    /// Removes a secret; says whether there was one.
    pub(crate) fn remove(&self, place: Place, kind: SecretKind) -> Result<bool> {
        match place {
            Place::Store => {
                let mut all = Transaction::new(self.context.folders.home());
                let is_any = store::remove(&self.context.folders, &self.key()?, kind, &mut all)?;
                all.commit().map(|()| is_any).map_err(|error| refused(&error))
            }
            Place::Keyring => {
                let removed = self.keyring()?.remove(&self.account(kind)?, self.limit());
                removed.map_err(|error| error.into_error(kind.title(), self.without_keyring(kind).as_deref()))
            }
        }
    }

    /// Whether the private store holds a secret.
    pub(crate) fn is_stored(&self, kind: SecretKind) -> Result<bool> {
        store::is_there(&store::path(&self.context.folders, &self.key()?, kind)?)
    }

    /// Removes what this profile had in a place of ours and `after` does not have there, or of the store nothing; says what was removed, and what
    /// a keyring that does not serve still holds.
    pub(crate) fn remove_unused(&self, after: &Profile) -> Result<Vec<String>> {
        let folders = &self.context.folders;
        let is_used = |kind, place| reference(after, kind).and_then(Place::of) == Some(place);
        let is_same_key = StoreKey::of_profile(after) == StoreKey::of_profile(self.profile);
        let mut told = Vec::new();
        let mut all = Transaction::new(folders.home());
        for kind in SecretKind::ALL {
            let is_in_place = is_used(kind, Place::Store) && is_same_key;
            if !is_in_place && store::remove(folders, &self.key()?, kind, &mut all)? {
                told.push(format!("removed the stored {}", kind.title()));
            }
        }
        all.commit().map_err(|error| refused(&error))?;
        let listed = listed(self.context);
        for kind in SecretKind::ALL {
            // What a move that was cut off left there is not in the profile any more.
            let was_in_keyring = reference(self.profile, kind).and_then(Place::of) == Some(Place::Keyring)
                || listed.contains(&self.account(kind)?);
            // Another client id or IMS host is another item.
            let is_same = Account::of_profile(after, kind) == Account::of_profile(self.profile, kind);
            if !was_in_keyring || (is_used(kind, Place::Keyring) && is_same) {
                continue;
            }
            match self.remove(Place::Keyring, kind) {
                Ok(true) => told.push(format!("removed the {} in the keyring", kind.title())),
                Ok(false) => {}
                Err(error) => told.push(format!("left in the keyring: {} ({error})", self.account(kind)?)),
            }
        }
        Ok(told)
    }

    /// Copies every secret that lies in a place of ours to another profile of the same client: in the store with the rest
    /// of the transaction; in the keyring at once, and what was written is taken back if one cannot be copied.
    pub(crate) fn copy_to(&self, new: &Profile, all: &mut Transaction<'_>) -> Result<Vec<(Place, SecretKind)>> {
        let to = SecretStore { context: self.context, profile: new, is_terminal: self.is_terminal };
        let mut copied = Vec::new();
        for kind in SecretKind::ALL {
            let Some(place) = reference(self.profile, kind).and_then(Place::of) else { continue };
            let done = self.read(place, kind).and_then(|secret| match place {
                Place::Store => store::stage(&self.context.folders, &to.key()?, kind, &secret, all),
                Place::Keyring => to.write(place, kind, &secret),
            });
            if let Err(error) = done {
                to.take_back(&copied);
                return Err(error);
            }
            copied.push((place, kind));
        }
        Ok(copied)
    }

    /// How many secrets a profile of the same client has in its places of ours, if they are the same.
    pub(crate) fn count_copied(&self, new: &Profile) -> Option<usize> {
        let to = SecretStore { context: self.context, profile: new, is_terminal: self.is_terminal };
        let places = SecretKind::ALL.map(|kind| Some((reference(self.profile, kind).and_then(Place::of)?, kind)));
        let same = |(place, kind)| (self.read(place, kind).ok()? == to.read(place, kind).ok()?).then_some(());
        Some(places.into_iter().flatten().map(same).collect::<Option<Vec<()>>>()?.len())
    }

    /// Removes what was just written to the keyring, as far as that can be done: the error that is told is another one.
    pub(crate) fn take_back(&self, written: &[(Place, SecretKind)]) {
        for (_, kind) in written.iter().filter(|(place, _)| *place == Place::Keyring) {
            let _ = self.remove(Place::Keyring, *kind);
        }
    }

    /// What is told of a keyring that does not serve: nothing but the keyring where the secret is still elsewhere.
    fn without_keyring(&self, kind: SecretKind) -> Option<String> {
        let is_there = reference(self.profile, kind) == Some(&Reference::Keyring);
        is_there.then(|| keyring::without(self.profile.name(), kind)).flatten()
    }

    fn key(&self) -> Result<StoreKey> {
        StoreKey::of_profile(self.profile).ok_or_else(|| Error::fault("the environment has no place for secrets"))
    }

    fn account(&self, kind: SecretKind) -> Result<Account> {
        Account::of_profile(self.profile, kind).ok_or_else(|| Error::fault("the environment has no keyring"))
    }

    fn keyring(&self) -> Result<&'a dyn Keyring> {
        self.context.keyring()
    }

    fn limit(&self) -> Duration {
        command::time_limit(&self.context.environment, self.is_terminal)
    }
}

/// What a keyring that runs tells of our items without asking anybody; none is started for it.
fn listed(context: &Context) -> Vec<Account> {
    const SOON: Duration = Duration::from_secs(2);
    let keyring = context.keyring().ok().filter(|keyring| keyring.is_running());
    keyring.and_then(|keyring| keyring.accounts(SOON).ok()).unwrap_or_default()
}

/// Removes what a keyring that runs holds of a profile whose file is gone or cannot be read; gives what is gone.
pub(crate) fn remove_of(invocation: &Invocation<'_>, name: &Name) -> Vec<Account> {
    let limit = command::time_limit(&invocation.context.environment, invocation.terminals.has_errors());
    let is_removed = |account: &Account| {
        let is_its = account.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'));
        is_its && invocation.context.keyring().is_ok_and(|keyring| keyring.remove(account, limit) == Ok(true))
    };
    listed(invocation.context).into_iter().filter(is_removed).collect()
}

/// Where a profile says that a secret is.
pub(crate) fn reference(profile: &Profile, kind: SecretKind) -> Option<&Reference> {
    match kind {
        SecretKind::ClientSecret => profile.client_secrets.first(),
        SecretKind::SecondClientSecret => profile.client_secrets.get(1),
        SecretKind::PrivateKey => profile.private_key.as_ref(),
        SecretKind::Passphrase => profile.private_key_passphrase.as_ref(),
        SecretKind::SharedCachePassword => profile.shared_cache_password.as_ref(),
    }
}
