//! A secret that the system keeps: `{ keyring = true }`, in the Secret Service, the Keychain or the Credential Manager.
//!
//! This crate speaks to none of them. A program that has secrets lends a [`Keyring`] to its [`crate::Context`]; the others
//! have none. An [`Account`] holds the IMS host and the client id, so that a profile that was changed to another host
//! finds nothing. Nothing falls back to plain text, and nothing here shows a secret.

use std::fmt;
use std::time::Duration;

use super::Secret;
use super::command;
use super::store::SecretKind;
use crate::error::Cause;
use crate::profile::{Name, Profile};
use crate::url::BaseUrl;
use crate::{Context, Error, Result};

/// The name under which all of our items lie.
pub const SERVICE: &str = "aep-auth";

/// Which of our items is meant: `PROFILE/KIND/CLIENT_ID@IMS_HOST`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(String);

impl Account {
    /// The item of a secret that belongs to this client id at this IMS.
    pub fn new(profile: &Name, kind: SecretKind, client_id: &str, ims_url: &BaseUrl) -> Self {
        let ims = ims_url.authority();
        let port = if ims.port == 443 { String::new() } else { format!(":{}", ims.port) };
        Self(format!("{profile}/{}/{client_id}@{}{port}", kind.suffix(), ims.host))
    }

    /// The item of a profile's secret; `None` for the environment, which has no name.
    pub fn of_profile(profile: &Profile, kind: SecretKind) -> Option<Self> {
        Some(Self::new(profile.file_name()?, kind, &profile.client_id, &profile.ims_url))
    }

    /// One that a keyring named.
    pub fn from_keyring(name: String) -> Self {
        Self(name)
    }

    /// As a keyring has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the system keeps secrets in. Each call ends within its limit, whoever may have to be asked.
pub trait Keyring {
    /// The secret of an item; `None` where there is no such item.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn read(&self, account: &Account, limit: Duration) -> Result<Option<Secret>, KeyringError>;

    /// Stores a secret, in the place of an older one.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn write(&self, account: &Account, secret: &Secret, limit: Duration) -> Result<(), KeyringError>;

    /// Removes an item; says whether there was one.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn remove(&self, account: &Account, limit: Duration) -> Result<bool, KeyringError>;

    /// Whether it runs already; asking starts none.
    fn is_running(&self) -> bool;

    /// Every item of ours, as far as the system can tell; nobody is asked for it.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn accounts(&self, limit: Duration) -> Result<Vec<Account>, KeyringError>;
}

/// Why a keyring did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyringError {
    /// It is locked, and nobody unlocked it.
    Locked,
    /// There is no session in which one could run.
    NoSession,
    /// The session's bus is reached by something else than a socket of the user's on this machine.
    ForeignBus,
    /// There is a session, and nothing in it keeps secrets.
    NoService,
    /// It took longer than this.
    TimeLimit(Duration),
    /// It holds something that is no secret of ours.
    NotText,
    /// It has no room for a secret of this length.
    TooLong,
    /// Anything else, by the name that the system gives it.
    Other(String),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("it is locked"),
            Self::NoSession => f.write_str("there is no session bus here to reach one by"),
            Self::ForeignBus => {
                f.write_str("DBUS_SESSION_BUS_ADDRESS leads to something else than a socket of yours here")
            }
            Self::NoService => f.write_str("none is running in this session, and none could be started"),
            Self::TimeLimit(limit) => write!(f, "nobody answered it within {} seconds", limit.as_secs()),
            Self::NotText => f.write_str("it holds something else than text in UTF-8"),
            Self::TooLong => f.write_str("it takes no secret of this length"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

impl std::error::Error for KeyringError {}

impl KeyringError {
    /// As an error about the secret that was wanted: `what` is its name, `elsewhere` how to do without a keyring.
    pub fn into_error(self, what: &str, elsewhere: Option<&str>) -> Error {
        let cure = self.cure(elsewhere);
        Error::configuration(format!("the keyring does not serve for the {what}: {self}"))
            .with_hint_if_any(cure)
            .with_cause(Cause::SecretSource)
            .with_source(self)
    }

    /// The command that cures it.
    fn cure(&self, elsewhere: Option<&str>) -> Option<String> {
        let with_elsewhere = |cure: &str| match elsewhere {
            Some(elsewhere) => Some(format!("{cure}\nor {elsewhere}")),
            None => Some(cure.to_owned()),
        };
        let cure = match self {
            Self::Locked | Self::TimeLimit(_) if cfg!(target_os = "macos") => "security unlock-keychain",
            Self::Locked | Self::TimeLimit(_) => {
                "unlock it on the desktop; without one, by its password on standard input: \
                 gnome-keyring-daemon --replace --unlock --components=secrets --daemonize"
            }
            Self::NoSession => {
                return with_elsewhere("run it in the session of a login, which has DBUS_SESSION_BUS_ADDRESS");
            }
            Self::ForeignBus => {
                return with_elsewhere("export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus");
            }
            Self::NoService => {
                return with_elsewhere("install a Secret Service, such as gnome-keyring, KWallet or KeePassXC");
            }
            Self::TooLong => return elsewhere.map(str::to_owned),
            Self::NotText | Self::Other(_) => return None,
        };
        Some(cure.to_owned())
    }
}

/// How a profile does without a keyring, for a secret that it has there.
pub fn without(profile: &str, kind: SecretKind) -> Option<String> {
    match kind {
        SecretKind::ClientSecret => Some(format!(
            "keep the secret in the private store: \
             aep-auth profile set {profile} 'client_secrets=[{{ store = true }}]' && aep-auth secret set {profile}"
        )),
        SecretKind::PrivateKey => Some(format!(
            "keep it in a file of yours: aep-auth profile set {profile} 'private_key={{ file = \"~/private.key\" }}'"
        )),
        _ => None,
    }
}

/// Asks for the secret of a profile.
pub(super) fn read(context: &Context, profile: &Profile, kind: SecretKind, is_terminal: bool) -> Result<Secret> {
    let what = kind.title();
    let account = Account::of_profile(profile, kind).ok_or_else(|| Error::fault("the environment has no keyring"))?;
    let keyring = context.keyring()?;
    let limit = command::time_limit(&context.environment, is_terminal);
    let found = keyring
        .read(&account, limit)
        .map_err(|error| error.into_error(what, without(profile.name(), kind).as_deref()))?;
    found.ok_or_else(|| {
        let name = profile.name();
        Error::configuration(format!("the keyring holds no {what} of profile {name} (item {account} of {SERVICE})"))
            .with_cause(Cause::SecretSource)
            .with_hint(kind.cure_where_missing(name))
    })
}
