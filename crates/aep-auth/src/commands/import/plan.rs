//! What will be written, whole and checked, before anything is.

use std::path::Path;

use aep_cli::Invocation;
use aep_core::profile::{DEFAULT_META_SCOPE, DEFAULT_SCOPES, Flow, Name, ProfileSelection, file};
use aep_core::secret::store::SecretKind;
use aep_core::secret::{Reference, Secret};
use aep_core::url::BaseUrl;
use aep_core::{Error, Result, terminal, text};
use aep_ims::{Certificate, key};

use super::elsewhere;
use crate::cli::ImportArguments;
use crate::import::Candidate;
use crate::{certificate, input, prompt};

/// A profile and its secrets.
pub(super) struct Plan {
    pub(super) taken: Candidate,
    pub(super) flow: Flow,
    pub(super) ims_url: Option<BaseUrl>,
    pub(super) platform_url: Option<BaseUrl>,
    pub(super) private_key: Option<Secret>,
    pub(super) passphrase: Option<Secret>,
    /// Where the client secret is, if not in the private store.
    pub(super) client_secret_from: Option<Reference>,
    /// What the user must know.
    pub(super) notes: Vec<String>,
    /// The command that mends what IMS or the platform would refuse.
    pub(super) mend: Option<String>,
}

impl Plan {
    pub(super) fn make(
        invocation: &mut Invocation<'_>,
        mut taken: Candidate,
        arguments: &ImportArguments,
        selection: &ProfileSelection,
        name: &Name,
    ) -> Result<Self> {
        let flow = taken.flow().unwrap_or(Flow::Oauth);
        let mut notes = std::mem::take(&mut taken.notes);
        if taken.client_secrets.len() > 2 {
            notes
                .push(format!("the file holds {} client secrets; the first two are taken", taken.client_secrets.len()));
            taken.client_secrets.truncate(2);
        }
        if let Some(sandbox) = &selection.sandbox {
            taken.sandbox = Some(sandbox.clone());
        }
        let ims_url = host("ims_url", arguments.ims_url.as_deref(), taken.ims_url.as_deref(), "--ims-url")?;
        let platform_url =
            host("platform_url", arguments.platform_url.as_deref(), taken.platform_url.as_deref(), "--platform-url")?;
        let private_key = match &arguments.private_key {
            Some(path) => Some(read_key(invocation, path)?),
            None if flow == Flow::Oauth => {
                if taken.private_key.take().is_some() {
                    notes.push(
                        "the file holds a private key too, which OAuth does not need; it is not taken".to_owned(),
                    );
                }
                None
            }
            None => taken.private_key.take(),
        };
        let passphrase = passphrase(invocation, private_key.as_ref(), taken.passphrase.take(), &mut notes)?;
        match flow {
            Flow::Jwt => note_service_account(invocation, &mut taken, private_key.as_ref(), &mut notes),
            Flow::Oauth => note_oauth(&mut taken, &mut notes),
        }
        let mend = note_identity(&taken, name, flow, &mut notes);
        let client_secret_from = arguments.client_secret_from.as_deref().map(elsewhere::parse).transpose()?;
        match &client_secret_from {
            // The user keeps it.
            Some(reference) if *reference != Reference::Keyring && !taken.client_secrets.is_empty() => {
                notes.push(format!(
                    "the client secret of the file is not taken; it comes from: {}",
                    elsewhere::describe(reference)
                ));
                taken.client_secrets.clear();
            }
            _ => {}
        }
        Ok(Self { taken, flow, ims_url, platform_url, private_key, passphrase, client_secret_from, notes, mend })
    }

    /// The profile file. Values from the file are quoted by the TOML writer.
    pub(super) fn to_toml(&self) -> String {
        use toml_edit::{Array, DocumentMut, InlineTable, value};
        let taken = &self.taken;
        let list = |items: &[String]| value(items.iter().collect::<Array>());
        let stored = || InlineTable::from_iter([("store", true)]);
        let mut document = DocumentMut::new();
        document["flow"] = value(self.flow.name());
        document["client_id"] = value(&taken.client_id);
        let mut add = |key: &str, text: Option<&String>| {
            if let Some(text) = text {
                document[key] = value(text);
            }
        };
        add("org_id", taken.org_id.as_ref());
        add("technical_account_id", taken.technical_account_id.as_ref());
        add("sandbox", taken.sandbox.as_ref());
        add("ims_url", self.ims_url.as_ref().map(BaseUrl::to_string).as_ref());
        add("platform_url", self.platform_url.as_ref().map(BaseUrl::to_string).as_ref());
        match self.flow {
            Flow::Oauth => document["scopes"] = list(&taken.scopes),
            Flow::Jwt => document["meta_scopes"] = list(&taken.meta_scopes),
        }
        let references: Array = match &self.client_secret_from {
            Some(reference) => (0..taken.client_secrets.len().max(1)).map(|_| elsewhere::to_toml(reference)).collect(),
            None => taken.client_secrets.iter().map(|_| stored()).collect(),
        };
        document["client_secrets"] = value(references);
        if self.private_key.is_some() {
            document["private_key"] = value(stored());
        }
        if self.passphrase.is_some() {
            document["private_key_passphrase"] = value(stored());
        }
        document.to_string()
    }

    /// What goes to the private store.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (SecretKind, &Secret)> {
        self.client_secrets()
            .filter(|_| self.client_secret_from.is_none())
            .chain(self.private_key.iter().map(|key| (SecretKind::PrivateKey, key)))
            .chain(self.passphrase.iter().map(|passphrase| (SecretKind::Passphrase, passphrase)))
    }

    /// What goes to the keyring.
    pub(super) fn secrets_for_keyring(&self) -> impl Iterator<Item = (SecretKind, &Secret)> {
        self.client_secrets().filter(|_| self.client_secret_from == Some(Reference::Keyring))
    }

    fn client_secrets(&self) -> impl Iterator<Item = (SecretKind, &Secret)> {
        [SecretKind::ClientSecret, SecretKind::SecondClientSecret].into_iter().zip(&self.taken.client_secrets)
    }

    /// Reads what will be written, so that a bad value is refused before anything is.
    pub(super) fn check(&self, name: &Name) -> Result<()> {
        let taken = &self.taken;
        let words = [
            ("client id", Some(&taken.client_id)),
            ("organization", taken.org_id.as_ref()),
            ("technical account id", taken.technical_account_id.as_ref()),
            ("sandbox", taken.sandbox.as_ref()),
        ];
        let words = words.into_iter().filter_map(|(what, value)| Some((what, value?)));
        let scopes = taken.scopes.iter().chain(&taken.meta_scopes).map(|scope| ("scope", scope));
        let secrets = taken.client_secrets.iter().map(|secret| ("client secret", secret.expose()));
        let words = words.chain(scopes).map(|(what, value)| (what, value.as_str()));
        for (what, value) in words.chain(secrets) {
            let is_visible = |byte: u8| byte.is_ascii_graphic() && !b"\"'`".contains(&byte);
            if !value.bytes().all(is_visible) || value.len() > 1024 {
                // Not shown: where quotes are missing it may go on into the secret.
                return Err(Error::configuration(format!(
                    "the {what} in the file is not one word of visible characters"
                ))
                .with_hint("look for a quote, comma or line break that is missing or too much"));
            }
        }
        file::parse(&self.to_toml(), Path::new(name.as_str()))?;
        Ok(())
    }

    /// Whether the profile's tokens come from Adobe's production.
    pub(super) fn is_production(&self) -> bool {
        self.ims_url.as_ref().is_none_or(|url| url.to_string() == aep_core::profile::DEFAULT_IMS_URL)
    }
}

fn note_service_account(
    invocation: &Invocation<'_>,
    taken: &mut Candidate,
    key: Option<&Secret>,
    notes: &mut Vec<String>,
) {
    if !taken.scopes.is_empty() {
        notes.push(format!("the scopes {} are of OAuth; a service account does not use them", taken.scopes.join(", ")));
    }
    if key.is_none() {
        let named = taken.private_key_path.as_ref().map_or_else(String::new, |path| {
            format!(" (the file names {}, which is not opened by itself)", terminal::clean_within(path, 200))
        });
        notes.push(format!("no private key was given{named}"));
    }
    if taken.meta_scopes.is_empty() {
        taken.meta_scopes = vec![DEFAULT_META_SCOPE.to_owned()];
        notes.push(format!("the file names no metascopes; {DEFAULT_META_SCOPE} is taken"));
    }
    let Some(key) = key else { return };
    if let Some(found) = Certificate::find(key.expose()) {
        // An encrypted key does not tell.
        let is_anothers = key::read(key, None).is_ok_and(|key| !found.fits(&key));
        notes.push(if is_anothers {
            "the certificate beside the private key is another key's; IMS must know this one's".to_owned()
        } else {
            format!("the key's certificate {}", certificate::describe_end(invocation.context, &found))
        });
    }
    let count = key.expose().matches("PRIVATE KEY-----").count() / 2;
    if count > 1 {
        notes.push(format!("{count} private keys were given; the first is taken"));
    }
}

fn note_oauth(taken: &mut Candidate, notes: &mut Vec<String>) {
    if let Some(path) = &taken.private_key_path {
        notes.push(format!(
            "the file names the private key {}, which OAuth does not need",
            terminal::clean_within(path, 200)
        ));
    }
    if !taken.meta_scopes.is_empty() {
        notes.push(format!(
            "the metascopes {} are of a service account (JWT); without its private key this is OAuth, which does not use them",
            terminal::clean_within(&taken.meta_scopes.join(", "), 200)
        ));
    }
    if taken.scopes.is_empty() {
        taken.scopes = DEFAULT_SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        notes.push("the file names no scopes; those of Experience Platform are taken".to_owned());
    }
}

/// What would be refused later, said now; gives the command that mends the first of it.
fn note_identity(taken: &Candidate, name: &Name, flow: Flow, notes: &mut Vec<String>) -> Option<String> {
    if taken.org_id.is_none() {
        notes.push(format!(
            "the file names no organization, which the headers need: aep-auth profile set {name} org_id=…@AdobeOrg"
        ));
    }
    // Shown only where it can be nothing but an id, and never a secret in the wrong place.
    let is_id = |text: &str| text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut mend = None;
    for (what, key, end, id, is_needed) in [
        ("organization", "org_id", "@AdobeOrg", &taken.org_id, true),
        (
            "technical account",
            "technical_account_id",
            "@techacct.adobe.com",
            &taken.technical_account_id,
            flow == Flow::Jwt,
        ),
    ] {
        let Some(id) = id.as_deref().filter(|id| !id.ends_with(end)) else { continue };
        let (told, shown) = if is_id(id) {
            (format!("the {what} {id} does not end in {end}"), id)
        } else {
            (format!("the {what} is none, it does not end in {end}; the Developer Console shows the right one"), "…")
        };
        let cure = format!("aep-auth profile set {name} {key}={shown}{end}");
        notes.push(format!("{told}: {cure}"));
        mend = mend.or(Some(cure).filter(|_| is_needed));
    }
    mend
}

/// The private key of `--private-key`, with the certificate that the Developer Console put beside it.
fn read_key(invocation: &mut Invocation<'_>, path: &Path) -> Result<Secret> {
    let bytes = input::read(invocation, path)?;
    let no_key = |why: &str, hint: &str| {
        Error::configuration(format!("{} is not a private key in PEM: {why}", path.display())).with_hint(hint)
    };
    // Behind the length stands the version: 3 is PKCS #12, 0 is PKCS #8.
    let is_p12 = matches!(bytes.get(..7), Some([0x30, 0x82, _, _, 2, 1, 3]));
    let text = text::decode(bytes).ok_or_else(|| match is_p12 {
        true => no_key("it is PKCS #12", "openssl pkcs12 -in KEY -nodes -nocerts -out private.key"),
        false => no_key("it is not text", "openssl pkcs8 -topk8 -nocrypt -inform DER -in KEY -out private.key"),
    })?;
    if text.trim_start().starts_with('{') && !text.contains("PRIVATE KEY-----") {
        return Err(no_key("it is JSON", "the Developer Console downloads the key as private.key, inside config.zip"));
    }
    Ok(Secret::new(certificate::with_neighbour(text, path)))
}

/// The option's host, else the file's if it is Adobe's; loopback in a file is a host like any other.
fn host(what: &str, option: Option<&str>, in_file: Option<&str>, name: &str) -> Result<Option<BaseUrl>> {
    if let Some(url) = option {
        return BaseUrl::parse(name, url).map(Some);
    }
    let Some(url) = in_file else { return Ok(None) };
    let url = BaseUrl::parse(&format!("{what} in the file"), url)?;
    let host = &url.authority().host;
    let is_adobe = ["adobelogin.com", "adobe.io"]
        .iter()
        .any(|domain| host == domain || host.strip_suffix(domain).is_some_and(|left| left.ends_with('.')));
    if is_adobe {
        return Ok(Some(url));
    }
    Err(Error::configuration(format!("the file would send your secret to {url}, which is not Adobe's"))
        .with_hint(format!("if that is right, say so: {name} {url}")))
}

/// The passphrase that is to be stored: the file's, or one that is typed. One that does not fit is an error.
fn passphrase(
    invocation: &Invocation<'_>,
    key: Option<&Secret>,
    in_file: Option<Secret>,
    notes: &mut Vec<String>,
) -> Result<Option<Secret>> {
    let Some(key) = key else { return Ok(None) };
    if key::form(key)? != key::Form::Encrypted {
        return Ok(None);
    }
    let found = match in_file {
        Some(passphrase) => {
            key::read(key, Some(&passphrase))?;
            Some(passphrase)
        }
        None => ask_passphrase(invocation, key)?,
    };
    if found.is_none() {
        notes.push(
            "the private key is encrypted; give its passphrase by AEP_PRIVATE_KEY_PASSPHRASE or private_key_passphrase"
                .to_owned(),
        );
    }
    Ok(found)
}

/// The passphrase from the variable or the terminal; `None` where there is neither.
fn ask_passphrase(invocation: &Invocation<'_>, key_text: &Secret) -> Result<Option<Secret>> {
    if let Some(passphrase) = invocation.context.environment.text("AEP_PRIVATE_KEY_PASSPHRASE")?.map(Secret::new) {
        key::read(key_text, Some(&passphrase))?;
        // It stays where the user keeps it.
        return Ok(None);
    }
    if !invocation.terminals.has_input() {
        return Ok(None);
    }
    let typed = prompt::secret("passphrase of the private key (not shown; empty to give it later): ")?;
    if typed.is_empty() {
        return Ok(None);
    }
    key::read(key_text, Some(&typed))?;
    Ok(Some(typed))
}
