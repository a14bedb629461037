//! Which profile is meant, and what the environment may change about it.

use super::file::{self, Fields};
use super::hosts::HostList;
use super::services;
use super::shared_cache::{self, SharedCacheUrl};
use super::url::BaseUrl;
use super::{
    DEFAULT_IMS_URL, DEFAULT_META_SCOPE, DEFAULT_PLATFORM_URL, DEFAULT_SCOPES, Flow, Name, Origin, Profile, split_list,
};
use crate::secret::{Reference, Secret};
use crate::{Context, Error, Result, text, trust};

/// What was typed on the command line.
#[derive(Clone, Debug, Default)]
pub struct ProfileSelection {
    /// `--profile`
    pub profile: Option<String>,
    /// `--sandbox`
    pub sandbox: Option<String>,
    /// Whether the profile was named by the address of a request instead.
    pub is_by_address: bool,
}

/// Finds the profile that is meant.
///
/// # Errors
/// Configuration: there is none, a field is missing, or an override would carry a secret to another host.
pub fn resolve(context: &Context, choice: &ProfileSelection) -> Result<Profile> {
    resolve_if_any(context, choice)?.ok_or_else(|| no_profile(context))
}

/// What a machine without a profile is told.
pub const IMPORT_HINT: &str = "aep-auth import FILE   (the JSON that the Developer Console downloads)";

/// Says why there is no profile, and the way to one from here.
fn no_profile(context: &Context) -> Error {
    if let Some(set) = SETS.iter().find(|set| context.environment.is_empty(set.client_id)) {
        return Error::configuration(format!(
            "{} is set but empty: no profile was named, and none is the default",
            set.client_id
        ))
        .with_hint(format!("give {} its value; in a pipeline, see that the job is given the secret", set.client_id));
    }
    let error = Error::configuration("no profile: none was named, none is the default, and AEP_CLIENT_ID is not set");
    match file::any_name(&context.folders) {
        Some(name) => error.with_hint(format!("aep-auth profile use {name}")),
        None => error.with_hint(IMPORT_HINT),
    }
}

/// The variable by which the environment holds an identity of its own, if it does.
pub fn environment_identity(context: &Context) -> Option<&'static str> {
    SETS.iter().map(|set| set.client_id).find(|variable| context.environment.has(variable))
}

/// Finds the profile that is meant, if any: nothing named, no identity in the environment and no default is `None`.
///
/// # Errors
/// Configuration, as [`resolve`].
pub fn resolve_if_any(context: &Context, choice: &ProfileSelection) -> Result<Option<Profile>> {
    context.folders.refuse_relative()?;
    let (origin, mut fields) = if let Some(name) = named(context, choice)? {
        from_file(context, name)?
    } else if let Some(set) = SETS.iter().find(|set| context.environment.has(set.client_id)) {
        (Origin::Environment { variable: set.client_id }, set.read(context)?)
    } else if let Some(name) = default_name(context)? {
        from_file(context, name)?
    } else {
        return Ok(None);
    };
    let named_by = match (&origin, &choice.profile) {
        (Origin::Environment { .. }, _) => "nothing was named",
        (_, Some(_)) if choice.is_by_address => "named by the address",
        (_, Some(_)) => "named on the command line",
        (_, None) if context.environment.has("AEP_PROFILE") => "named by AEP_PROFILE",
        (_, None) => "the default",
    };
    let name = if let Origin::File { name, .. } = &origin { name.as_str() } else { "env" };
    context.log.info_once(format_args!("profile {name}, {named_by}: {origin}"));
    let given = match &choice.sandbox {
        Some(sandbox) => Some(("--sandbox", sandbox.clone())),
        None => sandbox_of_variables(context, &origin, fields.sandbox.as_deref())?,
    };
    if let Some((source, sandbox)) = given {
        if !sandbox.is_empty() && !is_word(&sandbox) {
            return Err(Error::configuration(format!("{source} is `{sandbox}`; {EXPECTED_WORD}"))
                .with_hint("give the sandbox's name, not its title: both are on the page Sandboxes"));
        }
        fields.sandbox = Some(sandbox).filter(|name| !name.is_empty());
    }
    assemble(context, origin, fields).map(Some)
}

/// The sandbox that the environment names, and the variable. `AEP_SANDBOX_NAME` is the one that we print, so that over a
/// named profile it may be what an earlier one had.
fn sandbox_of_variables(
    context: &Context,
    origin: &Origin,
    own: Option<&str>,
) -> Result<Option<(&'static str, String)>> {
    const VARIABLE: &str = "AEP_SANDBOX_NAME";
    if let Some(sandbox) = context.environment.text("AEP_SANDBOX")? {
        return Ok(Some(("AEP_SANDBOX", sandbox)));
    }
    match (context.environment.text(VARIABLE)?, origin) {
        (Some(sandbox), Origin::Environment { .. }) => Ok(Some((VARIABLE, sandbox))),
        (Some(sandbox), Origin::File { name, .. }) if own != Some(sandbox.as_str()) => {
            context.log.info(format_args!("{VARIABLE} names no sandbox of profile {name}; AEP_SANDBOX would"));
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// The name that was given, by option or by `AEP_PROFILE`.
///
/// # Errors
/// Configuration, when it is no profile name.
pub fn named(context: &Context, choice: &ProfileSelection) -> Result<Option<Name>> {
    match &choice.profile {
        Some(name) => Name::parse(name).map(Some),
        None => context.environment.text("AEP_PROFILE")?.map(|name| Name::parse(&name)).transpose(),
    }
}

/// The name of the default profile, as `aep-auth profile use` wrote it.
///
/// # Errors
/// Configuration, when the pointer does not hold a profile name.
pub fn default_name(context: &Context) -> Result<Option<Name>> {
    if context.folders.has_no_home() {
        return Ok(None);
    }
    let folder = context.folders.config()?;
    let path = folder.join("default-profile");
    let text = match trust::read_bounded(&path, context.folders.home(), 256) {
        Err(trust::OpenError::Absent) => return Ok(None),
        other => other.map_err(|error| error.to_error(format!("cannot tell the default profile: {error}")))?,
    };
    let text = text::decode(text).unwrap_or_default();
    Name::parse(text.trim()).map(Some).map_err(|error| {
        Error::configuration(format!("{}: {}", path.display(), error.message())).with_hint("aep-auth profile use NAME")
    })
}

fn from_file(context: &Context, name: Name) -> Result<(Origin, Fields)> {
    let (mut fields, path) = file::read(context, &name)?;
    // Over a named profile, the passphrase is the only secret that the environment gives.
    if let Some(passphrase) = context.environment.text("AEP_PRIVATE_KEY_PASSPHRASE")? {
        fields.private_key_passphrase = Some(Reference::Given(Secret::new(passphrase)));
    }
    Ok((Origin::File { name, path }, fields))
}

/// Variables that make up one identity; two sets are never mixed.
struct Set {
    client_id: &'static str,
    client_secret: &'static str,
    org_id: &'static str,
    scopes: &'static str,
    has_jwt: bool,
}

const SETS: [Set; 2] = [
    Set {
        client_id: "AEP_CLIENT_ID",
        client_secret: "AEP_CLIENT_SECRET",
        org_id: "AEP_ORG_ID",
        scopes: "AEP_SCOPES",
        has_jwt: true,
    },
    // The names that Adobe App Builder writes into a project's `.env`.
    Set {
        client_id: "IMS_OAUTH_S2S_CLIENT_ID",
        client_secret: "IMS_OAUTH_S2S_CLIENT_SECRET",
        org_id: "IMS_OAUTH_S2S_ORG_ID",
        scopes: "IMS_OAUTH_S2S_SCOPES",
        has_jwt: false,
    },
];

impl Set {
    fn read(&self, context: &Context) -> Result<Fields> {
        let environment = &context.environment;
        let secret = |variable: &str| -> Result<Option<Reference>> {
            Ok(environment.text(variable)?.map(|value| Reference::Given(Secret::new(value))))
        };
        let mut fields = Fields {
            client_id: environment.text(self.client_id)?,
            org_id: environment.text(self.org_id)?,
            scopes: environment.text(self.scopes)?.map(|list| split_list(&list)),
            client_secrets: secret(self.client_secret)?.into_iter().collect(),
            ..Fields::default()
        };
        if self.has_jwt {
            fields.technical_account_id = environment.text("AEP_TECHNICAL_ACCOUNT_ID")?;
            fields.meta_scopes = environment.text("AEP_META_SCOPES")?.map(|list| split_list(&list));
            fields.private_key = environment.text("AEP_PRIVATE_KEY")?.map(path_or_key);
            fields.private_key_passphrase = secret("AEP_PRIVATE_KEY_PASSPHRASE")?;
        }
        Ok(fields)
    }
}

/// `AEP_PRIVATE_KEY` is a path, a PEM, a PEM with `\n` escapes, or base64 of a PEM or DER. What is neither a path by its
/// form nor by what is there is taken for the key itself, so that no error shows it.
fn path_or_key(value: String) -> Reference {
    const VARIABLE: &str = "AEP_PRIVATE_KEY";
    let is_path = || {
        let has_form = ["/", "~/", "./", "../"].iter().any(|start| value.starts_with(start));
        has_form || (value.len() < 4096 && std::path::Path::new(&value).is_file())
    };
    if value.contains("-----BEGIN") || !is_path() {
        Reference::Given(Secret::new(value))
    } else {
        Reference::FileIn { variable: VARIABLE, path: value.into() }
    }
}

fn assemble(context: &Context, origin: Origin, fields: Fields) -> Result<Profile> {
    if let Some((field, value)) = no_words(&fields).next() {
        return Err(Error::configuration(format!("{field} in {origin} is `{value}`; {EXPECTED_WORD}")));
    }
    let Fields {
        flow,
        client_id,
        org_id,
        scopes,
        technical_account_id,
        meta_scopes,
        sandbox,
        client_secrets,
        private_key,
        private_key_passphrase,
        ims_url,
        platform_url,
        hosts,
        services,
        headers,
        git_basic,
        ca_file,
        shared_cache,
        shared_cache_password,
        unknown: _,
    } = fields;
    let flow = flow.unwrap_or(if private_key.is_some() && scopes.is_none() { Flow::Jwt } else { Flow::Oauth });
    let missing = |field: &str, variable: &str| {
        let error = Error::configuration(format!("{field} is missing in {origin}"));
        match &origin {
            Origin::File { name, .. } => error.with_hint(format!("aep-auth profile set {name} {field}=…")),
            Origin::Environment { .. } => error.with_hint(format!("set {variable}")),
        }
    };
    let client_id = client_id.ok_or_else(|| missing("client_id", "AEP_CLIENT_ID"))?;
    if flow == Flow::Jwt && org_id.is_none() {
        return Err(missing("org_id", "AEP_ORG_ID"));
    }
    if flow == Flow::Jwt && technical_account_id.is_none() {
        return Err(missing("technical_account_id", "AEP_TECHNICAL_ACCOUNT_ID"));
    }
    let or_default = |list: Option<Vec<String>>, default: &[&str]| {
        list.filter(|items| !items.is_empty())
            .unwrap_or_else(|| default.iter().map(|item| (*item).to_owned()).collect())
    };
    let scopes = or_default(scopes, &DEFAULT_SCOPES);
    let meta_scopes = or_default(meta_scopes, &[DEFAULT_META_SCOPE]);

    let own_ims = BaseUrl::parse("ims_url", ims_url.as_deref().unwrap_or(DEFAULT_IMS_URL))?;
    let own_platform = BaseUrl::parse("platform_url", platform_url.as_deref().unwrap_or(DEFAULT_PLATFORM_URL))?;
    let mut own_hosts = match hosts {
        Some(items) => HostList::parse(&items)?,
        None => HostList::default_for(&own_platform),
    };
    own_hosts.add(services::hosts_of(&services));
    let is_free = matches!(origin, Origin::Environment { .. });
    let ims_url = override_url(context, "AEP_IMS_URL", &own_ims, |url| is_free || *url == own_ims)?;
    let platform_url = override_url(context, "AEP_PLATFORM_URL", &own_platform, |url| {
        is_free || *url == own_platform || own_hosts.allow(url.scheme(), url.authority())
    })?;
    let hosts = if is_free { HostList::default_for(&platform_url) } else { own_hosts };

    let given = context.environment.text(shared_cache::VARIABLE)?;
    let source = if given.is_some() { shared_cache::VARIABLE } else { "shared_cache" };
    let shared_cache = given.or(shared_cache).map(|url| SharedCacheUrl::parse(source, &url)).transpose()?;
    let shared_cache_password = match context.environment.text(shared_cache::PASSWORD_VARIABLE)? {
        Some(password) => Some(Reference::Given(Secret::new(password))),
        // The profile's password stays with the profile's engine.
        None if source == shared_cache::VARIABLE => None,
        None => shared_cache_password,
    };
    if let Some(cache) = &shared_cache {
        check_user(&origin, cache, shared_cache_password.is_some())?;
    }
    Ok(Profile {
        origin,
        flow,
        client_id,
        org_id,
        scopes,
        technical_account_id,
        meta_scopes,
        sandbox,
        ims_url,
        platform_url,
        hosts,
        services,
        headers,
        git_basic: git_basic.unwrap_or(false),
        ca_file,
        client_secrets,
        private_key,
        private_key_passphrase,
        shared_cache,
        shared_cache_password,
    })
}

/// An engine takes a user without a password for its default one, or for nobody: neither is what was meant.
fn check_user(origin: &Origin, cache: &SharedCacheUrl, has_password: bool) -> Result<()> {
    if cache.user().is_empty() || cache.password().is_some() || has_password {
        return Ok(());
    }
    let error = Error::configuration(format!("shared_cache names a user of {cache}, and there is no password for it"));
    Err(match origin {
        Origin::File { name, .. } => error.with_hint(format!(
            "set AEP_SHARED_CACHE_PASSWORD, or: aep-auth profile set {name} 'shared_cache_password={{ file = \"…\" }}'"
        )),
        Origin::Environment { .. } => error.with_hint("set AEP_SHARED_CACHE_PASSWORD"),
    })
}

/// These values become header lines, form fields and claims; none may hold a blank or a control character.
pub const EXPECTED_WORD: &str = "expected visible characters without blanks";

/// Whether a value can stand in a header, a scope list and a form field.
fn is_word(value: &str) -> bool {
    !value.is_empty() && value.len() <= 1024 && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The values that are none, each with its key.
pub fn no_words(fields: &Fields) -> impl Iterator<Item = (&'static str, &String)> {
    let single = [
        ("client_id", &fields.client_id),
        ("org_id", &fields.org_id),
        ("technical_account_id", &fields.technical_account_id),
        ("sandbox", &fields.sandbox),
    ];
    let lists = [("scopes", &fields.scopes), ("meta_scopes", &fields.meta_scopes)];
    let of_lists = lists.into_iter().flat_map(|(field, list)| list.iter().flatten().map(move |word| (field, word)));
    let all = single.into_iter().filter_map(|(field, value)| Some((field, value.as_ref()?))).chain(of_lists);
    all.filter(|(_, value)| !is_word(value))
}

/// Takes a URL from the environment, if it leads where the profile's secret or token may go.
fn override_url(
    context: &Context,
    variable: &str,
    own: &BaseUrl,
    is_allowed: impl Fn(&BaseUrl) -> bool,
) -> Result<BaseUrl> {
    let Some(text) = context.environment.text(variable)? else { return Ok(own.clone()) };
    let url = BaseUrl::parse(variable, &text)?;
    if is_allowed(&url) {
        return Ok(url);
    }
    Err(Error::configuration(format!(
        "{variable} names {url}, but this profile's secret and token belong to {own} and stay there"
    ))
    .with_hint(format!("unset {variable}, or import a profile for {url}")))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::{Environment, Folders, Log};

    const OWN: &str = "client_id = \"own\"\n";

    /// What is answered where these files and variables are.
    fn ask<T>(files: &[(&str, &str)], variables: &[(&str, &str)], question: impl FnOnce(&Context) -> T) -> T {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("profiles")).unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        let own = home.path().to_str().unwrap();
        let folders = ["HOME", "USERPROFILE", "AEP_CONFIG_DIR"].map(|name| (name, own));
        let environment = Environment::from_pairs(variables.iter().copied().chain(folders));
        let context = Context {
            folders: Folders::find(&environment),
            environment,
            clock: Box::new(SystemClock::start()),
            log: Log::silent(),
            keyring: Default::default(),
        };
        question(&context)
    }

    /// The profile that is meant.
    fn find(files: &[(&str, &str)], variables: &[(&str, &str)], choice: &ProfileSelection) -> Result<Option<Profile>> {
        ask(files, variables, |context| resolve_if_any(context, choice))
    }

    fn chosen(profile: Option<&str>, sandbox: Option<&str>) -> ProfileSelection {
        ProfileSelection {
            profile: profile.map(str::to_owned),
            sandbox: sandbox.map(str::to_owned),
            ..ProfileSelection::default()
        }
    }

    /// The profile of a file with this text, under these variables.
    pub(in crate::profile) fn of_file(text: &str, variables: &[(&str, &str)]) -> Result<Profile> {
        let files = [("profiles/own.toml", text)];
        find(&files, variables, &chosen(Some("own"), None)).map(Option::unwrap)
    }

    fn of_environment(variables: &[(&str, &str)]) -> Result<Profile> {
        let all: Vec<_> = [("AEP_CLIENT_ID", "c")].iter().chain(variables).copied().collect();
        find(&[], &all, &chosen(None, None)).map(Option::unwrap)
    }

    #[test]
    fn an_option_wins_over_a_variable_over_an_identity_over_the_default() {
        let files = ["a", "b", "c"].map(|name| (format!("profiles/{name}.toml"), format!("client_id = \"{name}\"")));
        let mut files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        files.push(("default-profile", "c\n"));
        let (named, adobes) = (("AEP_PROFILE", "b"), ("IMS_OAUTH_S2S_CLIENT_ID", "adobes"));
        let ours = ("AEP_CLIENT_ID", "ours");
        let (of_ours, of_adobes) = (Some("AEP_CLIENT_ID"), Some("IMS_OAUTH_S2S_CLIENT_ID"));
        for (option, variables, client, identity) in [
            (Some("a"), [named, ours, adobes].as_slice(), "a", of_ours),
            (None, &[named, ours, adobes], "b", of_ours),
            (None, &[ours, adobes], "ours", of_ours),
            (None, &[adobes], "adobes", of_adobes),
            (None, &[], "c", None),
        ] {
            let found = find(&files, variables, &chosen(option, None)).unwrap().unwrap();
            assert_eq!(found.client_id, client);
            assert_eq!(ask(&files, variables, environment_identity), identity, "{client}");
            // What it is called.
            let origin = found.origin.to_string();
            match identity.filter(|_| client.len() > 1) {
                None => {
                    assert_eq!((found.name(), found.file_name().map(Name::as_str)), (client, Some(client)));
                    assert!(origin.ends_with(&format!("{client}.toml")), "{origin}");
                    assert_eq!(found.origin.variable_prefix(), "AEP_");
                }
                Some(variable) => {
                    assert_eq!((found.name(), found.file_name()), ("env", None));
                    assert_eq!(origin, format!("the environment ({variable})"));
                    assert_eq!(format!("{}CLIENT_ID", found.origin.variable_prefix()), variable);
                }
            }
        }
        assert!(find(&files[..3], &[], &chosen(None, None)).unwrap().is_none());
        for pointer in ["C", ""] {
            let files = [("default-profile", pointer)];
            assert_eq!(find(&files, &[], &chosen(None, None)).unwrap_err().exit_code(), 3, "{pointer}");
        }
    }

    #[test]
    fn each_variable_of_a_set_is_read() {
        let given = |text: &str| Reference::Given(Secret::new(text.to_owned()));
        for set in &SETS {
            let variables = [(set.client_id, "c"), (set.client_secret, "s"), (set.org_id, "o"), (set.scopes, "a b")];
            let found = find(&[], &variables, &chosen(None, None)).unwrap().unwrap();
            assert_eq!((found.client_secrets, found.org_id.as_deref()), (vec![given("s")], Some("o")));
            assert_eq!(found.scopes, ["a", "b"]);
        }
        let found = of_environment(&[
            ("AEP_ORG_ID", "o"),
            ("AEP_TECHNICAL_ACCOUNT_ID", "t"),
            ("AEP_META_SCOPES", "a,b"),
            ("AEP_PRIVATE_KEY", "key"),
            ("AEP_PRIVATE_KEY_PASSPHRASE", "word"),
        ])
        .unwrap();
        assert_eq!((found.technical_account_id.as_deref(), found.meta_scopes.len()), (Some("t"), 2));
        assert_eq!((found.private_key, found.private_key_passphrase), (Some(given("key")), Some(given("word"))));
        // Over a named profile, the passphrase alone.
        let named = [("AEP_CLIENT_SECRET", "s"), ("AEP_PRIVATE_KEY", "key"), ("AEP_PRIVATE_KEY_PASSPHRASE", "word")];
        let found = of_file(OWN, &named).unwrap();
        assert_eq!((found.client_secrets.len(), found.private_key), (0, None));
        assert_eq!(found.private_key_passphrase, Some(given("word")));
    }

    #[test]
    fn two_sets_of_variables_are_never_mixed() {
        let adobes = [
            ("IMS_OAUTH_S2S_CLIENT_ID", "adobes"),
            ("AEP_CLIENT_SECRET", "s"),
            ("AEP_ORG_ID", "o"),
            ("AEP_SCOPES", "x"),
            ("AEP_PRIVATE_KEY", "/key"),
        ];
        let found = find(&[], &adobes, &chosen(None, None)).unwrap().unwrap();
        assert_eq!((found.flow, found.org_id, found.private_key), (Flow::Oauth, None, None));
        assert!(found.client_secrets.is_empty() && found.scopes == DEFAULT_SCOPES);
    }

    #[test]
    fn a_profiles_secret_and_token_stay_with_its_hosts() {
        const LISTED: &str =
            "client_id = \"own\"\nhosts = [\"*.corp.example\"]\nplatform_url = \"https://aep.example\"\n";
        let (ims, platform) = ("AEP_IMS_URL", "AEP_PLATFORM_URL");
        for (text, variable, url, is_allowed) in [
            (OWN, ims, DEFAULT_IMS_URL, true),
            (OWN, ims, "https://evil.example", false),
            (LISTED, ims, "https://ims.corp.example", false),
            (OWN, platform, "https://platform.adobe.io", true),
            (OWN, platform, "https://platform-va7.adobe.io", true),
            (OWN, platform, "https://evil.example", false),
            (LISTED, platform, "https://aep.example", true),
            (LISTED, platform, "https://eu.corp.example", true),
            (LISTED, platform, "https://eu.corp.example:8443", false),
            (LISTED, platform, DEFAULT_PLATFORM_URL, false),
        ] {
            match of_file(text, &[(variable, url)]) {
                Ok(found) => {
                    let taken = if variable == ims { &found.ims_url } else { &found.platform_url };
                    assert!(is_allowed && taken.to_string() == url, "{url}");
                    assert_eq!(found.hosts.to_texts(), of_file(text, &[]).unwrap().hosts.to_texts(), "{url}");
                }
                Err(refusal) => assert!(!is_allowed && refusal.exit_code() == 3, "{url}: {refusal}"),
            }
            // An identity of the environment goes where the environment says, and to no further host of its own.
            let free = of_environment(&[(variable, url)]).unwrap();
            assert_eq!(free.hosts.to_texts(), HostList::default_for(&free.platform_url).to_texts());
        }
    }

    #[test]
    fn the_password_of_an_engine_stays_with_it() {
        const ENGINE: &str = "client_id = \"own\"\nshared_cache = \"rediss://app@own.example\"\n\
                              shared_cache_password = { env = \"WORD\" }\n";
        const WITHOUT: &str = "client_id = \"own\"\nshared_cache = \"rediss://app@own.example\"\n";
        let own = Some(Reference::Env("WORD".to_owned()));
        let given = Some(Reference::Given(Secret::new("word".to_owned())));
        let (word, other) = (("AEP_SHARED_CACHE_PASSWORD", "word"), ("AEP_SHARED_CACHE", "rediss://other.example"));
        for (text, variables, password) in [
            (ENGINE, [].as_slice(), Ok(&own)),
            (ENGINE, &[word], Ok(&given)),
            (ENGINE, &[other], Ok(&None)),
            (ENGINE, &[other, word], Ok(&given)),
            // An engine takes a user without a password for another.
            (WITHOUT, &[], Err(3)),
            (WITHOUT, &[word], Ok(&given)),
            (OWN, &[("AEP_SHARED_CACHE", "rediss://app@other.example")], Err(3)),
            (OWN, &[("AEP_SHARED_CACHE", "rediss://app:word@other.example")], Ok(&None)),
        ] {
            let found = of_file(text, variables);
            let found = found.as_ref().map(|profile| &profile.shared_cache_password).map_err(Error::exit_code);
            assert_eq!(found, password, "{variables:?}");
        }
    }

    #[test]
    fn a_sandbox_is_a_word_and_an_empty_one_is_none() {
        let text = format!("{OWN}sandbox = \"own\"\n");
        let long = "x".repeat(1024);
        let files = [("profiles/own.toml", text.as_str())];
        let found = |option: Option<&str>, variables: &[(&str, &str)]| {
            let found = find(&files, variables, &chosen(Some("own"), option));
            found.map(|found| found.unwrap().sandbox).map_err(|error| error.exit_code())
        };
        let variable = [("AEP_SANDBOX", "variable")];
        for (option, variables, sandbox) in [
            (None, [].as_slice(), Ok(Some("own"))),
            (None, &variable, Ok(Some("variable"))),
            (Some("option"), &variable, Ok(Some("option"))),
            (Some(""), &variable, Ok(None)),
            (Some(long.as_str()), &[], Ok(Some(long.as_str()))),
            (Some(&format!("{long}x")), &[], Err(3)),
            (Some("a b"), &[], Err(3)),
            (Some("é"), &[], Err(3)),
        ] {
            assert_eq!(found(option, variables), sandbox.map(|name| name.map(str::to_owned)), "{option:?}");
        }
    }

    #[test]
    fn what_makes_a_header_or_a_claim_is_a_word() {
        for (field, is_list) in [
            ("client_id", false),
            ("org_id", false),
            ("technical_account_id", false),
            ("scopes", true),
            ("meta_scopes", true),
        ] {
            for (value, is_word) in [("a@b.c", true), ("a b", false), ("a\\nb", false), ("", false)] {
                let value = if is_list { format!("[\"a\", \"{value}\"]") } else { format!("\"{value}\"") };
                let others = if field == "client_id" { "" } else { OWN };
                assert_eq!(of_file(&format!("{others}{field} = {value}\n"), &[]).is_ok(), is_word, "{field} {value}");
            }
        }
    }

    #[test]
    fn a_flow_that_is_not_named_is_that_of_what_is_there() {
        let (key, org) = (("AEP_PRIVATE_KEY", "/key"), ("AEP_ORG_ID", "o"));
        let account = ("AEP_TECHNICAL_ACCOUNT_ID", "t");
        for (variables, flow) in [
            ([].as_slice(), Ok(Flow::Oauth)),
            (&[org, account], Ok(Flow::Oauth)),
            (&[key, org, account], Ok(Flow::Jwt)),
            (&[key, ("AEP_SCOPES", "openid")], Ok(Flow::Oauth)),
            // An assertion names both.
            (&[key, account], Err(3)),
            (&[key, org], Err(3)),
        ] {
            let found = of_environment(variables).map(|profile| profile.flow).map_err(|error| error.exit_code());
            assert_eq!(found, flow, "{variables:?}");
        }
    }

    #[test]
    fn the_key_of_the_environment_is_a_path_by_its_form_or_by_what_is_there() {
        for (value, is_path) in [
            ("/key", true),
            ("~/key", true),
            ("./key", true),
            ("../key", true),
            // Beside the tests of this package.
            ("Cargo.toml", true),
            ("src", false),
            ("MIIBase64", false),
            ("-----BEGIN PRIVATE KEY-----", false),
            ("/-----BEGIN PRIVATE KEY-----", false),
        ] {
            let found = path_or_key(value.to_owned());
            assert_eq!(matches!(&found, Reference::FileIn { .. }), is_path, "{value}");
            assert_eq!(matches!(&found, Reference::Given(_)), !is_path, "{value}");
        }
    }

    /// What becomes of a stored profile with these lines, under these variables.
    fn resolved(lines: &str, variables: &[(&str, &str)]) -> Result<Profile> {
        of_file(&format!("client_id = \"c\"\nclient_secrets = [{{ store = true }}]\n{lines}\n"), variables)
    }

    #[test]
    fn the_environment_leads_a_stored_profiles_secret_and_token_nowhere_else() {
        let lines = "hosts = [\"127.0.0.1:8080\", \"*.corp.example\"]";
        for (variable, url) in [
            ("AEP_PLATFORM_URL", "http://127.0.0.1:8080"),
            ("AEP_PLATFORM_URL", "https://a.corp.example"),
            ("AEP_PLATFORM_URL", DEFAULT_PLATFORM_URL),
            ("AEP_IMS_URL", DEFAULT_IMS_URL),
        ] {
            let profile = resolved(lines, &[(variable, url)]).unwrap();
            let taken = if variable == "AEP_IMS_URL" { profile.ims_url } else { profile.platform_url };
            assert_eq!(taken.to_string(), url, "{variable}");
            // Who may be given the token stays as the profile says.
            assert_eq!(profile.hosts.to_texts(), ["127.0.0.1:8080", "*.corp.example"], "{variable} {url}");
        }
        for (variable, url) in [
            ("AEP_PLATFORM_URL", "http://127.0.0.1:8081"),
            ("AEP_PLATFORM_URL", "http://localhost:8080"),
            ("AEP_PLATFORM_URL", "https://evil.example"),
            ("AEP_IMS_URL", "http://127.0.0.1:8080"),
            ("AEP_IMS_URL", "https://a.corp.example"),
        ] {
            assert_eq!(resolved(lines, &[(variable, url)]).unwrap_err().exit_code(), 3, "{variable} {url}");
        }
    }

    #[test]
    fn an_engines_address_that_cannot_be_used_is_named_by_where_it_stands() {
        let far = "redis://far.example";
        let line = format!("shared_cache = \"{far}\"");
        for (lines, variables, source, password) in [
            (line.as_str(), [].as_slice(), "shared_cache ", "as shared_cache_password"),
            ("", &[("AEP_SHARED_CACHE", far)], "AEP_SHARED_CACHE ", "as AEP_SHARED_CACHE_PASSWORD"),
        ] {
            let refusal = resolved(lines, variables).unwrap_err();
            assert!(refusal.message().starts_with(source), "{refusal}");
            assert!(refusal.hint().unwrap().ends_with(password), "{refusal}");
        }
    }
}
