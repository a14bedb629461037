//! The secrets of one profile, each fetched when it is first needed and then kept for this request.

use std::cell::OnceCell;

use super::store::SecretKind;
use super::{Reference, Secret};
use crate::acquire::Accepted;
use crate::environment::SECRETS_WITHHELD;
use crate::profile::Flow;
use crate::token::{Earners, Proof};
use crate::{Context, Error, Profile, Result};

/// What a fetch signs and proves itself with.
#[derive(Debug)]
pub struct Credentials<'a> {
    context: &'a Context,
    profile: &'a Profile,
    client_secrets: [OnceCell<Secret>; 2],
    private_key: OnceCell<Secret>,
    passphrase: OnceCell<Secret>,
}

impl<'a> Credentials<'a> {
    /// The secrets of `profile`; none is fetched yet.
    pub fn new(context: &'a Context, profile: &'a Profile) -> Self {
        Self {
            context,
            profile,
            client_secrets: Default::default(),
            private_key: OnceCell::new(),
            passphrase: OnceCell::new(),
        }
    }

    /// The surroundings.
    pub fn context(&self) -> &'a Context {
        self.context
    }

    /// Whose they are.
    pub fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// The first client secret.
    ///
    /// # Errors
    /// Configuration, when there is none or it cannot be read.
    pub fn client_secret(&self) -> Result<&Secret> {
        self.nth_client_secret(0)?.ok_or_else(|| {
            let error = Error::configuration(format!("the client secret is missing in {}", self.profile.origin));
            match self.profile.file_name() {
                Some(name) => error.with_hint(format!("aep-auth secret set {name}")),
                None if self.context.environment.has(SECRETS_WITHHELD) => Error::configuration(format!(
                    "{}CLIENT_SECRET is not set: aep-auth exec takes the secrets out of its command's environment",
                    self.profile.origin.variable_prefix()
                ))
                .with_hint("aep-auth exec --keep-secrets -- COMMAND"),
                None => {
                    let variable = format!("{}CLIENT_SECRET", self.profile.origin.variable_prefix());
                    if self.context.environment.is_empty(&variable) {
                        Error::configuration(format!("{variable} is set but empty")).with_hint(format!(
                            "give {variable} its value; in a pipeline, see that the job is given the secret"
                        ))
                    } else {
                        error.with_hint(format!("set {variable}"))
                    }
                }
            }
        })
    }

    /// The second client secret, where the profile has one.
    ///
    /// # Errors
    /// Configuration, when it cannot be read.
    pub fn second_client_secret(&self) -> Result<Option<&Secret>> {
        self.nth_client_secret(1)
    }

    /// The private key, as it was found.
    ///
    /// # Errors
    /// Configuration, when there is none or it cannot be read.
    pub fn private_key(&self) -> Result<&Secret> {
        let reference = self.profile.private_key.as_ref().ok_or_else(|| {
            let error = Error::configuration(format!("the private key is missing in {}", self.profile.origin));
            match self.profile.file_name() {
                Some(name) => error.with_hint(format!("aep-auth profile set {name} 'private_key={{ file = \"…\" }}'")),
                None => error.with_hint("set AEP_PRIVATE_KEY to the path of the key"),
            }
        })?;
        self.read(&self.private_key, reference, SecretKind::PrivateKey)
    }

    /// The passphrase of the private key, where the profile has one.
    ///
    /// # Errors
    /// Configuration, when it cannot be read.
    pub fn passphrase(&self) -> Result<Option<&Secret>> {
        self.profile
            .private_key_passphrase
            .as_ref()
            .map(|reference| self.read(&self.passphrase, reference, SecretKind::Passphrase))
            .transpose()
    }

    /// What each client secret of the profile would show to IMS, in order; further ones that cannot be read show
    /// nothing.
    ///
    /// # Errors
    /// Configuration, when the first secret or the key is missing or cannot be read.
    pub(crate) fn proofs(&self) -> Result<Vec<Proof>> {
        let first = Accepted { client_secret: 0, private_key: self.signs() };
        self.client_secret()?;
        let further = (1..self.profile.client_secrets.len())
            .map(|client_secret| self.proof(Accepted { client_secret, ..first }).ok().flatten());
        Ok(std::iter::once(self.proof(first)?).chain(further).flatten().collect())
    }

    /// Which client secret, counted from zero, IMS accepted for an entry; `None` where neither.
    pub fn accepted_by(&self, earners: &Earners) -> Option<usize> {
        let private_key = self.signs();
        (0..self.profile.client_secrets.len()).find(|client_secret| {
            let proof = self.proof(Accepted { client_secret: *client_secret, private_key });
            proof.ok().flatten().is_some_and(|proof| earners.has_proof(&proof))
        })
    }

    /// The client secret of this number, counted from zero.
    ///
    /// # Errors
    /// Configuration, when it is missing or cannot be read.
    pub fn numbered_client_secret(&self, number: usize) -> Result<&Secret> {
        match number {
            0 => self.client_secret(),
            _ => self.second_client_secret()?.map_or_else(|| self.client_secret(), Ok),
        }
    }

    /// As [`Self::proofs`], of the secrets that were read so far.
    pub(crate) fn proofs_so_far(&self) -> Vec<Proof> {
        let read = self.client_secrets.iter().enumerate().filter(|(_, cell)| cell.get().is_some());
        read.filter_map(|(client_secret, _)| {
            self.proof(Accepted { client_secret, private_key: self.signs() }).ok().flatten()
        })
        .collect()
    }

    /// What was shown to IMS when it accepted.
    ///
    /// # Errors
    /// Configuration, when a secret cannot be read.
    pub(crate) fn proof(&self, accepted: Accepted) -> Result<Option<Proof>> {
        let Some(secret) = self.nth_client_secret(accepted.client_secret)? else { return Ok(None) };
        let key = if accepted.private_key { Some(self.private_key()?) } else { None };
        Ok(Some(Proof::new(std::iter::once(secret).chain(key).map(Secret::expose))))
    }

    /// All that a request of this profile can show, so that two requests can be told to meet the same failure.
    ///
    /// # Errors
    /// Configuration, when the first secret or the key is missing or cannot be read.
    pub(crate) fn attempt(&self) -> Result<Option<Proof>> {
        self.client_secret()?;
        let _ = self.second_client_secret();
        if self.signs() {
            self.private_key()?;
        }
        Ok(self.attempt_so_far())
    }

    /// As [`Self::attempt`], without asking anybody for what was not read; `None` where nothing was.
    pub(crate) fn attempt_so_far(&self) -> Option<Proof> {
        let is_cheap = !self.profile.asks_somebody();
        if is_cheap {
            let _ = self.second_client_secret();
        }
        self.client_secrets[0].get()?;
        let secrets = self.client_secrets.iter().map(|cell| cell.get().map_or("", Secret::expose));
        let key = self.private_key.get().filter(|_| self.signs()).map_or("", Secret::expose);
        Some(Proof::new(["attempt"].into_iter().chain(secrets).chain([key])))
    }

    /// Whether the profile signs its own assertions.
    fn signs(&self) -> bool {
        self.profile.flow == Flow::Jwt && self.profile.private_key.is_some()
    }

    fn nth_client_secret(&self, index: usize) -> Result<Option<&Secret>> {
        let kind = [SecretKind::ClientSecret, SecretKind::SecondClientSecret][index];
        self.profile
            .client_secrets
            .get(index)
            .map(|reference| self.read(&self.client_secrets[index], reference, kind))
            .transpose()
    }

    fn read<'s>(&self, cell: &'s OnceCell<Secret>, reference: &Reference, kind: SecretKind) -> Result<&'s Secret> {
        if let Some(secret) = cell.get() {
            return Ok(secret);
        }
        let secret = reference.read(self.context, self.profile, kind)?;
        Ok(cell.get_or_init(|| secret))
    }
}
