//! `import`: a credential file becomes a profile, its secrets go to the private store, and the user is told what was found.
//!
//! Everything is checked before the first byte is written, and what was written is taken back if a later step fails.

use std::io::IsTerminal;
use std::path::Path;

use aep_cli::Invocation;
use aep_core::profile::{
    self, DEFAULT_IMS_URL, DEFAULT_META_SCOPE, DEFAULT_SCOPES, Flow, Name, ProfileSelection, file,
};
use aep_core::secret::Secret;
use aep_core::secret::store::{self, SecretKind};
use aep_core::url::BaseUrl;
use aep_core::{Error, Result, terminal};
use aep_ims::{Certificate, key, refusal};

use crate::cli::{FlowArgument, ImportArguments};
use crate::import::{self, Candidate};
use crate::{certificate, input, profile_store, prompt};

const DEFAULT_NAME: &str = "default";

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &ImportArguments,
) -> Result<()> {
    let name = match profile::named(invocation.context, selection)? {
        Some(name) => name,
        None => Name::parse(DEFAULT_NAME)?,
    };
    let folders = &invocation.context.folders;
    let is_replaced = profile_store::exists(folders, &name)?;
    if is_replaced && !arguments.force {
        return Err(Error::configuration(format!("profile {name} exists already"))
            .with_hint("give the new one another name with --profile NAME, or replace it with --force"));
    }
    let candidates = match &arguments.file {
        Some(path) => import::read(&input::read(invocation, path)?)?,
        None if std::io::stdin().is_terminal() => {
            vec![import::terminal::ask(invocation.context.environment.path("HOME").as_deref())?]
        }
        None => import::read(&input::read(invocation, Path::new("-"))?)?,
    };
    let others = describe_all(&candidates);
    let taken = choose(candidates, arguments)?;
    let plan = Plan::make(invocation, taken, arguments, selection)?;
    plan.check(&name)?;
    let is_default = arguments.default || profile::default_name(invocation.context).ok().flatten().is_none();
    plan.write(invocation, &name, is_default, is_replaced)?;
    plan.report(invocation, &name, is_default, &others);
    Ok(())
}

/// Takes the one that was named, else the first of the wanted flow.
fn choose(mut candidates: Vec<Candidate>, arguments: &ImportArguments) -> Result<Candidate> {
    let flow = arguments.flow.map(|flow| match flow {
        FlowArgument::Oauth => Flow::Oauth,
        FlowArgument::Jwt => Flow::Jwt,
    });
    let all = describe_all(&candidates).join(", ");
    // A flat file holds one credential, and the option says how to use it.
    if let (Some(flow), [only]) = (flow, candidates.as_mut_slice()) {
        only.flow = Some(flow);
    }
    let index = candidates.iter().position(|candidate| {
        let is_named = arguments
            .credential
            .as_ref()
            .is_none_or(|wanted| candidate.name.as_ref() == Some(wanted) || candidate.client_id == *wanted);
        is_named && flow.is_none_or(|flow| candidate.flow == Some(flow))
    });
    match index {
        Some(index) => Ok(candidates.swap_remove(index)),
        None => Err(Error::configuration("the file holds no such credential").with_hint(format!("it holds: {all}"))),
    }
}

fn describe_all(candidates: &[Candidate]) -> Vec<String> {
    candidates.iter().map(describe).collect()
}

fn describe(candidate: &Candidate) -> String {
    let kind = kind(candidate.flow.unwrap_or(Flow::Oauth));
    match &candidate.name {
        Some(name) => format!("\"{}\" ({kind})", terminal::clean_within(name, 80)),
        None => kind.to_owned(),
    }
}

fn kind(flow: Flow) -> &'static str {
    match flow {
        Flow::Oauth => "OAuth Server-to-Server",
        Flow::Jwt => "service account (JWT)",
    }
}

/// What will be written, whole and checked.
struct Plan {
    taken: Candidate,
    flow: Flow,
    ims_url: Option<BaseUrl>,
    platform_url: Option<BaseUrl>,
    private_key: Option<Secret>,
    passphrase: Option<Secret>,
    notes: Vec<String>,
}

impl Plan {
    fn make(
        invocation: &mut Invocation<'_>,
        mut taken: Candidate,
        arguments: &ImportArguments,
        selection: &ProfileSelection,
    ) -> Result<Self> {
        let flow = taken.flow.unwrap_or(Flow::Oauth);
        let mut notes = Vec::new();
        if taken.client_secrets.is_empty() {
            return Err(Error::configuration(format!("the credential {} holds no client secret", describe(&taken)))
                .with_hint("select Retrieve client secret in the Developer Console, and download the file again"));
        }
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
            None => taken.private_key.take(),
        };
        let mut passphrase = None;
        if let Some(text) = &private_key
            && key::form(text)? == key::Form::Encrypted
        {
            passphrase = ask_passphrase(invocation, text)?;
            if passphrase.is_none() {
                notes.push(
                    "the private key is encrypted; give its passphrase by AEP_PRIVATE_KEY_PASSPHRASE or private_key_passphrase"
                        .to_owned(),
                );
            }
        }
        if flow == Flow::Jwt {
            for (field, value) in [("org_id", &taken.org_id), ("technical_account_id", &taken.technical_account_id)] {
                if value.is_none() {
                    return Err(Error::configuration(format!("the service account has no {field} in the file"))
                        .with_hint("download the credential's JSON from the Developer Console"));
                }
            }
            if private_key.is_none() {
                let named = taken.private_key_path.as_ref().map_or_else(String::new, |path| {
                    format!(" (the file names {})", terminal::clean_within(path, 200))
                });
                notes.push(format!(
                    "no private key was given{named}; add --private-key PATH --force, or use `token --jwt FILE`"
                ));
            }
            if taken.meta_scopes.is_empty() {
                taken.meta_scopes = vec![DEFAULT_META_SCOPE.to_owned()];
                notes.push(format!("the file names no metascopes; {DEFAULT_META_SCOPE} is taken"));
            }
            if let Some(found) = private_key.as_ref().and_then(|text| Certificate::find(text.expose())) {
                notes.push(format!("the key's certificate {}", certificate::describe_end(invocation.context, &found)));
            }
        } else if taken.scopes.is_empty() {
            taken.scopes = DEFAULT_SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        }
        if taken.org_id.is_none() {
            notes.push(
                "the file names no organization, which the headers need: aep-auth profile set NAME org_id=…@AdobeOrg"
                    .to_owned(),
            );
        }
        Ok(Self { taken, flow, ims_url, platform_url, private_key, passphrase, notes })
    }

    /// The profile file. Values from the file are quoted by the TOML writer.
    fn to_toml(&self) -> String {
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
        document["client_secrets"] = value(taken.client_secrets.iter().map(|_| stored()).collect::<Array>());
        if self.private_key.is_some() {
            document["private_key"] = value(stored());
        }
        if self.passphrase.is_some() {
            document["private_key_passphrase"] = value(stored());
        }
        document.to_string()
    }

    fn secrets(&self) -> impl Iterator<Item = (SecretKind, &Secret)> {
        [SecretKind::ClientSecret, SecretKind::SecondClientSecret]
            .into_iter()
            .zip(&self.taken.client_secrets)
            .chain(self.private_key.iter().map(|key| (SecretKind::PrivateKey, key)))
            .chain(self.passphrase.iter().map(|passphrase| (SecretKind::Passphrase, passphrase)))
    }

    /// Reads what will be written, so that a bad value is refused before anything is.
    fn check(&self, name: &Name) -> Result<()> {
        file::parse(&self.to_toml(), Path::new(name.as_str()))?;
        let taken = &self.taken;
        let words = [
            Some(&taken.client_id),
            taken.org_id.as_ref(),
            taken.technical_account_id.as_ref(),
            taken.sandbox.as_ref(),
        ];
        for value in words.into_iter().flatten().chain(&taken.scopes).chain(&taken.meta_scopes) {
            if !value.bytes().all(|byte| byte.is_ascii_graphic()) || value.len() > 1024 {
                return Err(Error::configuration(format!(
                    "the file holds `{}`; expected visible characters without blanks",
                    terminal::clean_within(value, 100)
                )));
            }
        }
        Ok(())
    }

    fn write(&self, invocation: &Invocation<'_>, name: &Name, is_default: bool, is_replaced: bool) -> Result<()> {
        let folders = &invocation.context.folders;
        let written = self
            .secrets()
            .try_for_each(|(kind, secret)| store::write(folders, name, kind, secret))
            .and_then(|()| profile_store::write(folders, name, &self.to_toml()))
            .and_then(|_| if is_default { profile_store::make_default(folders, name) } else { Ok(()) });
        if written.is_err() && !is_replaced {
            let _ = file::path(folders, name).map(std::fs::remove_file);
            for kind in SecretKind::ALL {
                let _ = store::remove(folders, name, kind);
            }
        }
        if written.is_ok() && is_replaced {
            // What the replaced profile stored and this one does not use.
            for kind in SecretKind::ALL.into_iter().filter(|kind| self.secrets().all(|(own, _)| own != *kind)) {
                store::remove(folders, name, kind)?;
            }
        }
        written
    }

    fn report(&self, invocation: &mut Invocation<'_>, name: &Name, is_default: bool, all: &[String]) {
        let taken = &self.taken;
        let folders = &invocation.context.folders;
        let default = if is_default { " (used when none is named)" } else { "" };
        let path = file::path(folders, name).map(|path| path.display().to_string()).unwrap_or_default();
        let secrets = store::folder(folders).map(|path| path.display().to_string()).unwrap_or_default();
        let stored = self.secrets().map(|(kind, _)| kind.title()).collect::<Vec<_>>().join(", ");
        let this = describe(taken);
        let mut lines = vec![
            format!("imported {this} from {} as profile {name}{default}", taken.found_in),
            format!("  client id     {}", taken.client_id),
            format!("  organization  {}", taken.org_id.as_deref().unwrap_or("missing")),
        ];
        lines.push(match self.flow {
            Flow::Oauth => format!("  scopes        {}", taken.scopes.join(", ")),
            Flow::Jwt => format!("  metascopes    {}", taken.meta_scopes.join(", ")),
        });
        lines.push(format!("  profile       {path}  (no secret in it)"));
        lines.push(format!("  {stored}: {secrets}  (readable by you alone)"));
        if all.len() > 1 {
            let others: Vec<_> = all.iter().filter(|other| **other != this).cloned().collect();
            lines.push(format!("  not taken: {}; take another with --credential NAME or --flow", others.join(", ")));
        }
        lines.extend(self.notes.iter().map(|note| format!("note: {}", note.replace("NAME", name.as_str()))));
        let is_production = self.ims_url.as_ref().is_none_or(|url| url.to_string() == DEFAULT_IMS_URL);
        if self.flow == Flow::Jwt && is_production {
            lines.push(format!("note: {}", refusal::JWT_ENDED.replace("{profile}", name.as_str())));
        }
        let option = if is_default { String::new() } else { format!(" --profile {name}") };
        lines.push(format!("next: aep-auth check{option}"));
        for line in lines {
            invocation.line(terminal::clean(&line));
        }
    }
}

/// The private key of `--private-key`, with the certificate that the Developer Console put beside it.
fn read_key(invocation: &mut Invocation<'_>, path: &Path) -> Result<Secret> {
    let text = String::from_utf8(input::read(invocation, path)?).map_err(|_| {
        Error::configuration(format!("{} is not a private key in PEM: it is not text", path.display()))
            .with_hint("openssl pkcs8 -topk8 -nocrypt -inform DER -in KEY -out private.key")
    })?;
    Ok(Secret::new(certificate::with_neighbour(text, path)))
}

/// The option's host, else the file's if it is Adobe's or loopback.
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
    if is_adobe || url.is_loopback() {
        return Ok(Some(url));
    }
    Err(Error::configuration(format!("the file would send your secret to {url}, which is not Adobe's"))
        .with_hint(format!("if that is right, say so: {name} {url}")))
}

/// The passphrase from the variable or the terminal; `None` where there is neither. One that does not fit is an error.
fn ask_passphrase(invocation: &Invocation<'_>, key_text: &Secret) -> Result<Option<Secret>> {
    if let Some(passphrase) = invocation.context.environment.text("AEP_PRIVATE_KEY_PASSPHRASE")?.map(Secret::new) {
        key::read(key_text, Some(&passphrase))?;
        // It stays where the user keeps it.
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let passphrase = prompt::secret("passphrase of the private key (not shown; empty to give it later): ")?;
    if passphrase.is_empty() {
        return Ok(None);
    }
    key::read(key_text, Some(&passphrase))?;
    Ok(Some(passphrase))
}
