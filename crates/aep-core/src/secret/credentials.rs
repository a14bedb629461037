//! The secrets of one profile, each fetched when it is first needed and then kept for this request.

use std::cell::OnceCell;

use ring::hmac;

use super::store::Item;
use super::{Reference, Secret};
use crate::identity::hexadecimal;
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
    pub fn of(context: &'a Context, profile: &'a Profile) -> Self {
        Self {
            context,
            profile,
            client_secrets: Default::default(),
            private_key: OnceCell::new(),
            passphrase: OnceCell::new(),
        }
    }

    /// The first client secret.
    ///
    /// # Errors
    /// Configuration, when there is none or it cannot be read.
    pub fn client_secret(&self) -> Result<&Secret> {
        self.nth_client_secret(0)?.ok_or_else(|| {
            let error = Error::configuration(format!("the client secret is missing in {}", self.profile.origin));
            match self.profile.file_name() {
                Some(name) => error.hint(format!("aep-auth secret set {name}")),
                None => error.hint(format!("set {}CLIENT_SECRET", self.profile.origin.variable_prefix())),
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
                Some(name) => error.hint(format!("aep-auth profile set {name} 'private_key={{ file = \"…\" }}'")),
                None => error.hint("set AEP_PRIVATE_KEY to the path of the key"),
            }
        })?;
        self.read(&self.private_key, reference, Item::PrivateKey)
    }

    /// The passphrase of the private key, where the profile has one.
    ///
    /// # Errors
    /// Configuration, when it cannot be read.
    pub fn passphrase(&self) -> Result<Option<&Secret>> {
        self.profile
            .private_key_passphrase
            .as_ref()
            .map(|reference| self.read(&self.passphrase, reference, Item::Passphrase))
            .transpose()
    }

    /// How many client secrets have been asked for so far.
    pub(crate) fn tried(&self) -> usize {
        self.client_secrets.iter().filter(|cell| cell.get().is_some()).count()
    }

    /// A digest of the first `tried` client secrets, and of the key where there is one, under the key `nonce`.
    ///
    /// # Errors
    /// Configuration, when a secret cannot be read.
    pub(crate) fn digest(&self, nonce: &str, tried: usize) -> Result<String> {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, nonce.as_bytes()));
        let mut add = |secret: &Secret| {
            mac.update(&(secret.expose().len() as u64).to_be_bytes());
            mac.update(secret.expose().as_bytes());
        };
        for index in 0..tried.min(self.client_secrets.len()) {
            if let Some(secret) = self.nth_client_secret(index)? {
                add(secret);
            }
        }
        if self.profile.private_key.is_some() {
            add(self.private_key()?);
        }
        Ok(hexadecimal(mac.sign().as_ref()))
    }

    fn nth_client_secret(&self, index: usize) -> Result<Option<&Secret>> {
        let item = [Item::ClientSecret, Item::SecondClientSecret][index];
        self.profile
            .client_secrets
            .get(index)
            .map(|reference| self.read(&self.client_secrets[index], reference, item))
            .transpose()
    }

    fn read<'s>(&self, cell: &'s OnceCell<Secret>, reference: &Reference, item: Item) -> Result<&'s Secret> {
        if let Some(secret) = cell.get() {
            return Ok(secret);
        }
        let secret = reference.read(self.context, self.profile.file_name(), item)?;
        Ok(cell.get_or_init(|| secret))
    }
}
