//! The profile file: readable TOML that holds no secret, `profiles/NAME.toml` in the configuration folder.
//!
//! Reading is lenient about keys it does not know (a warning) and strict about values (an error that names file and key).

use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{Flow, Name};
use crate::secret::{NOT_SHOWN, Reference, Secret};
use crate::{Context, Error, Folders, Result, text, trust};

const MOST_BYTES: u64 = 256 * 1024;

/// The keys, for who looks for one.
pub const KEYS: [&str; 19] = [
    "client_id",
    "org_id",
    "scopes",
    "technical_account_id",
    "meta_scopes",
    "sandbox",
    "client_secrets",
    "private_key",
    "private_key_passphrase",
    "ims_url",
    "platform_url",
    "hosts",
    "services",
    "headers",
    "git_basic",
    "ca_file",
    "flow",
    "shared_cache",
    "shared_cache_password",
];

/// What a profile file says; anything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// `flow`
    pub flow: Option<Flow>,
    /// `client_id`
    pub client_id: Option<String>,
    /// `org_id`
    pub org_id: Option<String>,
    /// `scopes`
    pub scopes: Option<Vec<String>>,
    /// `technical_account_id`
    pub technical_account_id: Option<String>,
    /// `meta_scopes`
    pub meta_scopes: Option<Vec<String>>,
    /// `sandbox`
    pub sandbox: Option<String>,
    /// `client_secrets`
    pub client_secrets: Vec<Reference>,
    /// `private_key`
    pub private_key: Option<Reference>,
    /// `private_key_passphrase`
    pub private_key_passphrase: Option<Reference>,
    /// `ims_url`
    pub ims_url: Option<String>,
    /// `platform_url`
    pub platform_url: Option<String>,
    /// `hosts`
    pub hosts: Option<Vec<String>>,
    /// `services`
    pub services: Vec<String>,
    /// `headers`
    pub headers: Vec<(String, Secret)>,
    /// `git_basic`
    pub git_basic: Option<bool>,
    /// `ca_file`
    pub ca_file: Option<PathBuf>,
    /// `shared_cache`
    pub shared_cache: Option<String>,
    /// `shared_cache_password`
    pub shared_cache_password: Option<Reference>,
    /// Keys that are not known here.
    pub unknown: Vec<String>,
}

/// The folder of the profile files.
///
/// # Errors
/// Configuration, when there is no configuration folder.
pub fn folder(folders: &Folders) -> Result<PathBuf> {
    Ok(folders.config()?.join("profiles"))
}

/// The file of one profile.
///
/// # Errors
/// Configuration, when there is no configuration folder.
pub fn path(folders: &Folders, name: &Name) -> Result<PathBuf> {
    Ok(folder(folders)?.join(format!("{name}.toml")))
}

/// The profiles, for a hint.
fn names(folders: &Folders) -> impl Iterator<Item = Name> {
    let items = folder(folders).ok().and_then(|folder| std::fs::read_dir(folder).ok());
    let name = |item: std::fs::DirEntry| Name::parse(item.file_name().to_str()?.strip_suffix(".toml")?).ok();
    items.into_iter().flatten().flatten().filter_map(name)
}

/// The first of the profiles by name, for a hint.
pub(super) fn any_name(folders: &Folders) -> Option<Name> {
    names(folders).min()
}

/// What to do where no profile has this name.
pub fn cure_for_unknown(folders: &Folders, name: &Name) -> String {
    let names: Vec<Name> = names(folders).collect();
    match text::nearest(name.as_str(), names.iter().map(Name::as_str)) {
        Some(near) => format!("did you mean `{near}`? aep-auth profile list"),
        None if names.is_empty() => super::IMPORT_HINT.to_owned(),
        None => "aep-auth profile list".to_owned(),
    }
}

/// Reads a profile file and warns of unknown keys.
///
/// # Errors
/// Configuration: the profile is unknown, the file is not ours alone to write, or its content is not a profile.
pub fn read(context: &Context, name: &Name) -> Result<(Fields, PathBuf)> {
    let path = path(&context.folders, name)?;
    let refuse = |why: &dyn std::fmt::Display| Error::configuration(format!("cannot read {}: {why}", path.display()));
    let file = trust::open(&path, context.folders.home()).map_err(|error| match error {
        trust::OpenError::Absent => {
            Error::configuration(format!("there is no profile `{name}` ({} does not exist)", path.display()))
                .with_hint(cure_for_unknown(&context.folders, name))
        }
        error => error.to_error(format!("cannot read the profile `{name}`: {error}")),
    })?;
    // Of a file's usual size, so that one read takes it.
    let mut bytes = Vec::with_capacity(4096);
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| {
        let error = trust::OpenError::unreadable(&path, error);
        error.to_error(format!("cannot read the profile `{name}`: {error}"))
    })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(&"it is larger than 256 KiB"));
    }
    let text = text::decode(bytes).ok_or_else(|| refuse(&"it is no text in UTF-8 or UTF-16"))?;
    let fields = parse(&text, &path)?;
    for key in &fields.unknown {
        context.log.warn(format_args!("{}: unknown key `{}`", path.display(), shown_key(key)));
    }
    Ok((fields, path))
}

/// A key that is not known, if it has the form of one: it may be a secret in a key's place.
pub fn shown_key(key: &str) -> &str {
    let is_key = key.len() <= 32 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_key { key } else { NOT_SHOWN }
}

/// Parses the text of a profile file; `path` names it in errors, and relative files are looked up beside it.
///
/// # Errors
/// Configuration, naming file and key.
pub fn parse(text: &str, path: &Path) -> Result<Fields> {
    let document = DeTable::parse(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let line =
            error.span().map_or(1, |span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        Error::configuration(format!("{} line {line}: {}", path.display(), error.message()))
    })?;
    let mut fields = Fields::default();
    for (key, value) in document.get_ref() {
        let (key, value) = (key.get_ref().as_ref(), Value { path, key: key.get_ref(), value: value.get_ref() });
        match key {
            "flow" => {
                let word = value.text()?;
                fields.flow = Some(Flow::parse(&word).ok_or_else(|| value.refuse("expected \"oauth\" or \"jwt\""))?);
            }
            "client_id" => fields.client_id = Some(value.text()?),
            "org_id" => fields.org_id = Some(value.text()?),
            "scopes" => fields.scopes = Some(value.list()?),
            "technical_account_id" => fields.technical_account_id = Some(value.text()?),
            "meta_scopes" => fields.meta_scopes = Some(value.list()?),
            "sandbox" => fields.sandbox = Some(value.text()?).filter(|name| !name.is_empty()),
            "client_secrets" => fields.client_secrets = value.references()?,
            "private_key" => fields.private_key = Some(value.reference()?),
            "private_key_passphrase" => fields.private_key_passphrase = Some(value.reference()?),
            "ims_url" => fields.ims_url = Some(value.text()?),
            "platform_url" => fields.platform_url = Some(value.text()?),
            "hosts" => fields.hosts = Some(value.list()?),
            "services" => fields.services = value.services()?,
            "headers" => fields.headers = value.headers()?,
            "git_basic" => {
                fields.git_basic = Some(value.value.as_bool().ok_or_else(|| value.refuse("expected true or false"))?);
            }
            "ca_file" => {
                fields.ca_file = Some(value.text()?).filter(|file| !file.is_empty()).map(|file| value.beside(&file));
            }
            "shared_cache" => fields.shared_cache = Some(value.text()?).filter(|url| !url.is_empty()),
            "shared_cache_password" => fields.shared_cache_password = Some(value.reference()?),
            unknown => fields.unknown.push(unknown.to_owned()),
        }
    }
    Ok(fields)
}

/// A value with the names that an error needs.
struct Value<'a> {
    path: &'a Path,
    key: &'a str,
    value: &'a DeValue<'a>,
}

const CREDENTIAL_EXPECTED: &str = "expected a credential's name, without a slash and without \"..\"";

impl Value<'_> {
    /// The value itself is left out: it may be a secret in the wrong place.
    fn refuse(&self, expected: &str) -> Error {
        Error::configuration(format!("{}: {}: {expected}", self.path.display(), self.key))
    }

    fn text(&self) -> Result<String> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.refuse("expected a text in quotes"))
    }

    fn list(&self) -> Result<Vec<String>> {
        if let Some(text) = self.value.as_str() {
            return Ok(super::split_list(text));
        }
        let expected = || self.refuse("expected a list of texts, like [\"a\", \"b\"]");
        let array = self.value.as_array().ok_or_else(expected)?;
        array.iter().map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(expected)).collect()
    }

    fn services(&self) -> Result<Vec<String>> {
        let names = self.list()?;
        match names.iter().find_map(|name| super::services::check_name(name).err()) {
            Some(why) => Err(self.refuse(&why)),
            None => Ok(names),
        }
    }

    fn headers(&self) -> Result<Vec<(String, Secret)>> {
        let expected = || self.refuse("expected a table of texts, like { \"x-proxy-global-company-id\" = \"…\" }");
        let table = self.value.as_table().ok_or_else(expected)?;
        let header = |name: &str, value: &DeValue<'_>| {
            let value = value.as_str().ok_or_else(expected)?;
            super::services::check_header(name, value).map_err(|why| self.refuse(why))?;
            Ok((name.to_owned(), Secret::new(value.to_owned())))
        };
        table.iter().map(|(name, value)| header(name.get_ref(), value.get_ref())).collect()
    }

    fn references(&self) -> Result<Vec<Reference>> {
        let expected = || {
            self.refuse("expected a list of one or two references, like [{ store = true }]; a profile holds no secret")
        };
        let array = self.value.as_array().ok_or_else(expected)?;
        if array.len() > 2 {
            return Err(expected());
        }
        array.iter().map(|item| Value { path: self.path, key: self.key, value: item.get_ref() }.reference()).collect()
    }

    fn reference(&self) -> Result<Reference> {
        let expected = || {
            self.refuse(
                "expected one of { store = true }, { keyring = true }, { file = \"…\" }, { env = \"NAME\" }, \
                 { command = [\"…\"] }, { credential = \"ID\" }; a profile holds no secret",
            )
        };
        let table = self.value.as_table().ok_or_else(expected)?;
        let (kind, value) = match table.iter().next() {
            Some(only) if table.len() == 1 => only,
            _ => return Err(expected()),
        };
        let value = Value { path: self.path, key: self.key, value: value.get_ref() };
        match kind.get_ref().as_ref() {
            "store" if value.value.as_bool() == Some(true) => Ok(Reference::Store),
            "file" => Ok(Reference::File(self.beside(&value.text()?))),
            "env" => Ok(Reference::Env(value.text()?)),
            "keyring" if value.value.as_bool() == Some(true) => Ok(Reference::Keyring),
            "credential" => {
                let id = value.text()?;
                // A name in one folder, and nothing that leads out of it.
                let is_name = !id.is_empty() && id != "." && !id.contains("..") && !id.contains(['/', '\\', '\0']);
                if is_name { Ok(Reference::Credential(id)) } else { Err(value.refuse(CREDENTIAL_EXPECTED)) }
            }
            "command" => {
                let command = value.value.as_array().ok_or_else(expected).and_then(|_| value.list())?;
                if command.first().is_none_or(String::is_empty) {
                    Err(expected())
                } else {
                    Ok(Reference::Command(command))
                }
            }
            _ => Err(expected()),
        }
    }

    /// A relative file stands beside the profile file; `~/` is the home folder.
    fn beside(&self, file: &str) -> PathBuf {
        match file.strip_prefix("~/") {
            Some(rest) => trust::home_or_of_account().map_or_else(|| PathBuf::from(file), |home| home.join(rest)),
            None => self.path.parent().unwrap_or(Path::new("")).join(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_at(text: &str) -> Result<Fields> {
        parse(text, Path::new("/config/profiles/prod.toml"))
    }

    #[test]
    fn every_key_is_read() {
        let fields = parse_at(
            r#"
            flow = "jwt"
            client_id = "abc"
            org_id = "o@AdobeOrg"
            scopes = ["openid", "AdobeID"]
            technical_account_id = "t@techacct.adobe.com"
            meta_scopes = "ent_dataservices_sdk"
            sandbox = "dev1"
            client_secrets = [{ store = true }, { env = "SECOND" }]
            private_key = { file = "private.key" }
            private_key_passphrase = { command = ["op", "read", "x"] }
            ims_url = "https://ims.example"
            platform_url = "https://platform.example"
            hosts = ["*.corp.example"]
            services = "cja, events"
            headers = { "x-proxy-global-company-id" = "company" }
            git_basic = true
            ca_file = "ca.pem"
            shared_cache = "rediss://h"
            shared_cache_password = { file = "/run/password" }
            colour = "green"
            "#,
        )
        .unwrap();
        assert_eq!(
            fields,
            Fields {
                flow: Some(Flow::Jwt),
                client_id: Some("abc".into()),
                org_id: Some("o@AdobeOrg".into()),
                scopes: Some(vec!["openid".into(), "AdobeID".into()]),
                technical_account_id: Some("t@techacct.adobe.com".into()),
                meta_scopes: Some(vec!["ent_dataservices_sdk".into()]),
                sandbox: Some("dev1".into()),
                client_secrets: vec![Reference::Store, Reference::Env("SECOND".into())],
                private_key: Some(Reference::File("/config/profiles/private.key".into())),
                private_key_passphrase: Some(Reference::Command(vec!["op".into(), "read".into(), "x".into()])),
                ims_url: Some("https://ims.example".into()),
                platform_url: Some("https://platform.example".into()),
                hosts: Some(vec!["*.corp.example".into()]),
                services: vec!["cja".into(), "events".into()],
                headers: vec![("x-proxy-global-company-id".into(), Secret::new("company".into()))],
                git_basic: Some(true),
                ca_file: Some("/config/profiles/ca.pem".into()),
                shared_cache: Some("rediss://h".into()),
                shared_cache_password: Some(Reference::File("/run/password".into())),
                unknown: vec!["colour".into()],
            }
        );
    }

    #[test]
    fn a_wrong_value_names_file_and_key_and_shows_no_value() {
        for text in [
            "flow = \"marker\"",
            "client_id = 7",
            "scopes = 7",
            "scopes = [7]",
            "client_secrets = [\"marker\"]",
            "client_secrets = \"marker\"",
            "client_secrets = [{store=true},{store=true},{store=true}]",
            "private_key = { store = false }",
            "private_key = { store = true, file = \"x\" }",
            "private_key = { command = \"sh -c marker\" }",
            "private_key = { command = [] }",
            "private_key = { keyring = false }",
            "private_key = { keyring = \"marker\" }",
            "private_key = { keyring = true, store = true }",
            "private_key = { credential = \"\" }",
            "private_key = { credential = \"../marker\" }",
            "private_key = { credential = \"a/marker\" }",
            "private_key = { credential = \"/marker\" }",
            "private_key = { credential = \".\" }",
            "git_basic = \"yes\"",
            "headers = \"marker\"",
            "headers = { a = 7 }",
            "headers = { Authorization = \"marker\" }",
            "headers = { Host = \"marker\" }",
            "headers = { \"x-api-key\" = \"marker\" }",
            "headers = { \"a b\" = \"marker\" }",
            "headers = { a = \"marker\\r\\nb: c\" }",
            "headers = { a = \"\" }",
            "services = 7",
            "services = [\"marker\"]",
            "client_id = \"a",
            "= marker",
        ] {
            let refusal = parse_at(text).unwrap_err();
            assert!(refusal.message().starts_with("/config/profiles/prod.toml"), "{text}: {refusal}");
            assert!(!refusal.message().contains("marker"), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_mistake_after_a_mark_and_foreign_letters_has_its_line() {
        // toml counts from behind the byte-order mark, so that the place may fall inside a letter.
        for text in ["\u{feff}f|ow = 1\n", "\u{feff}é = \"ä\nö", "\u{feff}a = 1\nb = \"é\0\""] {
            assert!(parse(text, Path::new("p.toml")).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_key_is_shown_where_it_has_the_form_of_one() {
        for key in ["sandbx", "git_basik", "client_id"] {
            assert_eq!(shown_key(key), key);
        }
        for secret in ["p8e-marker", "cHJpdm", "a1", "abcdefghijklmnopqrstuvwxyzabcdefg", "clientId"] {
            assert_eq!(shown_key(secret), "(not shown)");
        }
    }

    #[test]
    fn debug_shows_no_value_of_a_header_and_no_word_of_a_reference() {
        let fields = parse_at(
            "headers = { a = \"marker\" }\nprivate_key = { command = [\"op\", \"marker\"] }\n\
             client_secrets = [{ env = \"p8e-marker\" }, { credential = \"p8e-marker\" }]",
        );
        let header = crate::headers::Header { name: "a", value: "marker".to_owned() };
        let shown = format!("{:?} {header:?}", fields.unwrap());
        assert!(shown.contains("\"a\"") && !shown.contains("marker"), "{shown}");
    }

    #[test]
    fn the_keys_that_are_told_are_the_ones_that_are_read() {
        for key in KEYS {
            assert!(parse_at(&format!("{key} = 7")).is_err(), "{key}");
        }
        assert!(parse_at("colour = 7").is_ok());
    }
}
