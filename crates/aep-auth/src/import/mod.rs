//! Reads the files that people have, told apart by content, and says what was found in them.
//!
//! A file goes through four steps: bytes to text ([`decode`], [`archive`]), text to a tree ([`tree`], [`hjson`], [`yaml`],
//! [`lines`]), the tree to groups of fields that mean something ([`groups`], [`fields`]), and these to [`Candidate`]s.
//! Nothing in a file makes anything else be read, run or asked; size and depth are bounded; no bytes make it panic.

use aep_core::profile::Flow;
use aep_core::secret::Secret;
use aep_core::{Error, Result, text};

use self::candidates::{Reading, Shape};
use self::tree::Tree;

mod aio;
mod archive;
mod candidates;
mod fields;
mod groups;
mod hjson;
mod key;
mod lines;
mod project;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
mod toml;
mod tree;
mod words;
mod yaml;

/// The most that is read of a file, and that an archive may unpack to.
pub(crate) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What kind of credential it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that a program uses by itself.
    Service(Flow),
    /// One of the four that sign a person in or prove nothing.
    WebApp,
    SinglePageApp,
    NativeApp,
    ApiKey,
    /// A person's login, as `aio login` keeps it.
    Login,
}

impl Kind {
    /// The Developer Console's own words.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Service(Flow::Oauth) => "OAuth Server-to-Server",
            Self::Service(Flow::Jwt) => "service account (JWT)",
            Self::WebApp => "OAuth Web App",
            Self::SinglePageApp => "OAuth Single-Page App",
            Self::NativeApp => "OAuth Native App",
            Self::ApiKey => "API Key",
            Self::Login => "a person's login",
        }
    }
}

/// A credential that a file offers, whole or not.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// What the file was taken for.
    pub(crate) found_in: &'static str,
    /// Its name in the file, where it has one.
    pub(crate) name: Option<String>,
    pub(crate) kind: Kind,
    /// Empty where it is missing.
    pub(crate) client_id: String,
    pub(crate) client_secrets: Vec<Secret>,
    pub(crate) org_id: Option<String>,
    pub(crate) technical_account_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) meta_scopes: Vec<String>,
    pub(crate) private_key: Option<Secret>,
    /// A path that the file names; shown, never followed.
    pub(crate) private_key_path: Option<String>,
    pub(crate) passphrase: Option<Secret>,
    pub(crate) sandbox: Option<String>,
    pub(crate) ims_url: Option<String>,
    pub(crate) platform_url: Option<String>,
    /// Whether the file itself prefers this one, such as the current context of `aio`.
    pub(crate) is_preferred: bool,
    /// Whether its own names and values say that it is Adobe's, and not only what stands beside it.
    pub(crate) is_sure: bool,
    /// Whether it was made in AEM's own Developer Console, by whose rules it lives.
    pub(crate) is_aem: bool,
    /// Whether the file should have its private key, as AEM's own has, and does not; the Developer Console's never has.
    pub(crate) lacks_key: bool,
    /// Needed fields that stand in the file without a value: `CLIENT_ID is a placeholder`.
    pub(crate) unfilled: Vec<String>,
    /// What the file holds and a profile does not.
    pub(crate) notes: Vec<String>,
}

impl Default for Candidate {
    fn default() -> Self {
        Self {
            found_in: "",
            name: None,
            kind: Kind::Service(Flow::Oauth),
            client_id: String::new(),
            client_secrets: Vec::new(),
            org_id: None,
            technical_account_id: None,
            scopes: Vec::new(),
            meta_scopes: Vec::new(),
            private_key: None,
            private_key_path: None,
            passphrase: None,
            sandbox: None,
            ims_url: None,
            platform_url: None,
            is_preferred: false,
            is_sure: false,
            is_aem: false,
            lacks_key: false,
            unfilled: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// A field that a flow cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    ClientId,
    ClientSecret,
    OrgId,
    TechnicalAccountId,
    PrivateKey,
}

impl Needed {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ClientId => "client id",
            Self::ClientSecret => "client secret",
            Self::OrgId => "organization",
            Self::TechnicalAccountId => "technical account id",
            Self::PrivateKey => "private key",
        }
    }
}

impl Candidate {
    /// The flow, unless it is of a kind that no program can use by itself.
    pub(crate) fn flow(&self) -> Option<Flow> {
        match self.kind {
            Kind::Service(flow) => Some(flow),
            _ => None,
        }
    }

    /// What it lacks for a flow.
    pub(crate) fn missing(&self, flow: Flow) -> Vec<Needed> {
        let mut missing = Vec::new();
        let mut need = |needed, is_there: bool| {
            if !is_there {
                missing.push(needed);
            }
        };
        need(Needed::ClientId, !self.client_id.is_empty());
        need(Needed::ClientSecret, !self.client_secrets.is_empty());
        if flow == Flow::Jwt {
            need(Needed::OrgId, self.org_id.is_some());
            need(Needed::TechnicalAccountId, self.technical_account_id.is_some());
            need(Needed::PrivateKey, !self.lacks_key);
        }
        missing
    }

    /// Whether it has what its own flow needs.
    pub(crate) fn is_whole(&self) -> bool {
        self.flow().is_some_and(|flow| self.missing(flow).is_empty())
    }
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Found {
    /// At least one; whole ones first, of these the preferred one, what is surely Adobe's, OAuth before service accounts,
    /// else in the file's order.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether the file was made to be downloaded, so that nothing else reads it.
    pub(crate) is_download: bool,
}

/// Reads a file.
///
/// # Errors
/// Configuration, where it holds nothing that could be a credential: what it was taken for, and what is missing in it.
pub(crate) fn read(bytes: &[u8]) -> Result<Found> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::configuration("the file is larger than 4 MiB").with_hint("import the credential's own file"));
    }
    let (mut candidates, shape) = if archive::is_one(bytes) { of_archive(bytes)? } else { of_text(&text_of(bytes)?)? };
    drop_repeats(&mut candidates);
    candidates.sort_by_key(|one| {
        let is_jwt = one.flow() == Some(Flow::Jwt);
        (!one.is_whole(), one.flow().is_none(), !one.is_preferred, !one.is_sure, is_jwt)
    });
    Ok(Found { candidates, is_download: shape.is_download() })
}

/// Takes out what another one says too, as an API key beside the credential of the same client id does.
fn drop_repeats(candidates: &mut Vec<Candidate>) {
    let mut kept: Vec<Candidate> = Vec::new();
    let (whole, others): (Vec<_>, Vec<_>) = candidates.drain(..).partition(Candidate::is_whole);
    for one in whole {
        let is_same = |other: &Candidate| {
            other.client_id == one.client_id && other.kind == one.kind && other.client_secrets == one.client_secrets
        };
        if !kept.iter().any(is_same) {
            kept.push(one);
        }
    }
    for one in others {
        if one.client_id.is_empty() || kept.iter().all(|other| other.client_id != one.client_id) {
            kept.push(one);
        }
    }
    *candidates = kept;
}

fn text_of(bytes: &[u8]) -> Result<String> {
    let text = text::decode(bytes.to_vec()).or_else(|| latin(bytes)).ok_or_else(|| {
        Error::configuration("the file holds no credential: it is neither text nor a zip archive")
            .with_hint("import the JSON that the Developer Console downloads")
    })?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::configuration("the file holds no credential: it is empty").with_hint("download it again"));
    }
    if text.starts_with("-----BEGIN") {
        return Err(Error::configuration("this is a key or certificate, not a credential")
            .with_hint("aep-auth import CREDENTIAL.json --private-key private.key"));
    }
    Ok(text.to_owned())
}

/// Text of an older editor, with an umlaut in a comment; what else is no UTF-8 has bytes that no text has.
fn latin(bytes: &[u8]) -> Option<String> {
    let is_text = bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0..));
    is_text.then(|| bytes.iter().copied().map(char::from).collect())
}

/// The credentials of every part, with the key that lies beside them.
fn of_archive(bytes: &[u8]) -> Result<(Vec<Candidate>, Shape)> {
    let mut found = Vec::new();
    let mut keys = Vec::new();
    let mut certificate = String::new();
    let mut refusal = None;
    let mut texts = 0;
    for (name, part) in archive::read(bytes)? {
        let Some(text) = text::decode(part) else { continue };
        if text.trim_start().starts_with("-----BEGIN CERTIFICATE") {
            certificate = text.replace('\r', "").trim().to_owned();
        } else if let Some(found_key) = key::read(&text) {
            keys.push(found_key);
        } else if !text.trim().is_empty() {
            texts += 1;
            match of_text(text.trim()) {
                Ok((candidates, _)) => found.extend(candidates.into_iter().map(|one| (name.clone(), one))),
                Err(error) => refusal = Some(error),
            }
        }
    }
    if found.is_empty() {
        return Err(match (keys.first(), refusal) {
            (None, Some(refusal)) if texts == 1 => refusal,
            (Some(_), _) => Error::configuration("the archive holds a private key and no credential")
                .with_hint("unpack it, then: aep-auth import CREDENTIAL.json --private-key private.key"),
            (None, _) => Error::configuration("the archive holds no credential")
                .with_hint("import the JSON that the Developer Console downloads"),
        });
    }
    // Of several a name tells which is meant.
    let has_several = found.len() > 1;
    let mut found: Vec<Candidate> = found
        .into_iter()
        .map(|(part, one)| Candidate { name: one.name.clone().or(has_several.then_some(part)), ..one })
        .collect();
    if let Some(first) = keys.first() {
        for candidate in found.iter_mut().filter(|one| one.private_key.is_none()) {
            // A credential that says nothing of scopes and comes with a key is a service account.
            let is_jwt = candidate.scopes.is_empty() && candidate.missing(Flow::Jwt).is_empty();
            if candidate.flow() == Some(Flow::Jwt) || is_jwt {
                candidate.kind = Kind::Service(Flow::Jwt);
                candidate.private_key = Some(Secret::new(format!("{}{certificate}\n", first.expose())));
                if keys.len() > 1 {
                    candidate.notes.push(format!("the archive holds {} private keys; the first is taken", keys.len()));
                }
            }
        }
    }
    Ok((found, Shape::Console))
}

/// The credentials of a text, by the first syntax that makes sense of it.
fn of_text(text: &str) -> Result<(Vec<Candidate>, Shape)> {
    let mut foreign = None;
    let mut readings = Vec::new();
    let mut broken = None;
    if hjson::opens_map(text) || text.starts_with('[') {
        match tree::of_json(text) {
            Ok(tree) => readings.push((tree, Shape::Config)),
            Err(why) => {
                // A list that is no JSON is the first section of an INI file.
                broken = Some(why).filter(|_| !text.starts_with('['));
                if let Some(tree) = hjson::read(text).filter(|_| broken.is_some()) {
                    broken = None;
                    readings.push((tree, Shape::Config));
                }
            }
        }
    }
    if readings.is_empty() {
        if broken.is_none() {
            let lines = lines::read(text);
            let shape = if lines.has_sections { Shape::Ini } else { Shape::Lines };
            readings.push((lines.tree, shape));
            readings.extend(toml::read(text).map(|tree| (tree, Shape::Ini)));
        }
        // The braces of YAML are not those of Hjson: `{a: b, c: d}`.
        let documents = yaml::read(text);
        let is_yaml = documents.is_some();
        readings.extend(documents.map(|documents| (Tree::List(documents), Shape::Yaml)));
        if broken.is_none() {
            // What is YAML has levels that Hjson without its braces does not see.
            readings.extend(hjson::read(text).filter(|_| !is_yaml).map(|tree| (tree, Shape::Config)));
            // `config = {…}`, `module.exports = {…}`, `vars {…}`.
            let braces = text.find('{').zip(text.rfind('}')).filter(|(open, close)| open < close);
            readings.extend(
                braces.and_then(|(open, close)| hjson::read(&text[open..=close])).map(|tree| (tree, Shape::Code)),
            );
            readings.push((words::read(text), Shape::Command));
        }
    }
    let mut partial = None;
    for (tree, shape) in readings {
        let (candidates, shape) = of_tree(&tree, shape)?;
        if candidates.iter().any(Candidate::is_whole) {
            return Ok((candidates, shape));
        }
        if !candidates.is_empty() && partial.is_none() {
            partial = Some((candidates, shape));
        } else if foreign.is_none() {
            foreign = Some(shape);
        }
    }
    match (partial, broken) {
        (Some(partial), _) => Ok(partial),
        (None, Some(why)) => {
            Err(Error::configuration(format!("the file holds no credential: it is no valid JSON ({why})"))
                .with_hint("download it again, or mend it"))
        }
        (None, None) => Err(nothing(foreign.unwrap_or(Shape::Lines), text)),
    }
}

fn nothing(shape: Shape, text: &str) -> Error {
    if text.starts_with('<') {
        return Error::configuration("the file was taken for a page or XML, which holds no credential that is read")
            .with_hint("download the credential's JSON from the Developer Console");
    }
    let is_token =
        |text: &str| text.starts_with("eyJ") && text.split('.').count() == 3 && !text.contains(char::is_whitespace);
    if text.split(['"', '\'', '=', ' ', '\n', '\r']).any(is_token) {
        return Error::configuration(
            "the file was taken for an access token, and it has no client id and client secret",
        )
        .with_hint("import the credential that the token was fetched with, as the Developer Console downloads it");
    }
    let has_adobes = ["p8e-", "s8e-", "@AdobeOrg"].iter().any(|mark| text.contains(mark));
    let lacks = if has_adobes { "no client id was recognized in it" } else { "no client id in it is one of Adobe's" };
    Error::configuration(format!("the file was taken for {}, and {lacks}", shape.title())).with_hint(
        "the names that are looked for are CLIENT_ID and CLIENT_SECRET, alone or after a prefix such as ADOBE_; without \
         a prefix ORG_ID=…@AdobeOrg beside them tells that they are Adobe's; a value that is still a placeholder counts as \
         missing",
    )
}

fn of_tree(tree: &Tree, syntax: Shape) -> Result<(Vec<Candidate>, Shape)> {
    if let Some(found) = project::read(tree) {
        return Ok((found, Shape::Project));
    }
    let unfolded = aio::unfold(tree);
    let shape = if unfolded.is_some() { Shape::AppBuilder } else { shape_of(tree, syntax) };
    let tree = unfolded.as_ref().unwrap_or(tree);
    let groups =
        groups::of(tree).filter(|groups| candidates::count_ids(groups) <= candidates::MOST_IDS).ok_or_else(|| {
            Error::configuration("the file holds more fields than anybody's credential")
                .with_hint("import the file that holds the credential alone")
        })?;
    let mut candidates = Reading { groups: &groups, shape }.candidates();
    if let Some(current) = current_context(tree) {
        for candidate in &mut candidates {
            candidate.is_preferred = candidate.name.as_deref() == Some(current);
        }
    }
    Ok((candidates, shape))
}

/// The context that `aio` uses.
fn current_context(tree: &Tree) -> Option<&str> {
    [&["ims", "config", "current"][..], &["$ims", "$current"], &["$ims", "config", "current"]]
        .iter()
        .find_map(|path| tree.find(path)?.text())
}

/// What a tree was made for, by what only such a file has.
fn shape_of(tree: &Tree, syntax: Shape) -> Shape {
    let has = |key: &str| tree.get(key).is_some();
    let has_any = |keys: &[&str]| keys.iter().any(|key| has(key));
    let servers = ["servers", "mcp_servers"].iter().filter_map(|key| tree.get(key));
    let is_servers = servers.flat_map(Tree::entries).any(|(_, server)| server.get("command").is_some());
    if tree.find(&["integration", "technicalAccount"]).is_some() {
        Shape::Aem
    } else if tree.find(&["ims", "contexts"]).is_some() || has_any(&["$ims", "jwt-auth"]) {
        Shape::Aio
    } else if has_any(&["mcpServers", "context_servers"]) || is_servers {
        Shape::Mcp
    } else if tree.get("values").is_some_and(|values| values.items().iter().any(|item| item.get("key").is_some())) {
        Shape::Postman
    } else if syntax == Shape::Lines || syntax == Shape::Ini {
        syntax
    } else if has_any(&["CLIENT_ID", "API_KEY", "TYPE", "CLIENT_SECRETS", "PUBLIC_KEYS_WITH_EXPIRY"]) && has("ORG_ID") {
        Shape::Console
    } else if has("clientID") && has_any(&["organization", "clientSecret"]) {
        Shape::Imscli
    } else if has("enterprise") {
        Shape::UserSync
    } else if has_any(&["sandbox-name", "tech_id", "pathToKey"]) || (has("org_id") && has("secret")) {
        Shape::Aepp
    } else {
        syntax
    }
}
