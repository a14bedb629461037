//! What a name in somebody's file means, and whether its value is one.
//!
//! Every tool spells the same dozen things in its own way, mostly with a prefix of its own. A name counts by how it ends,
//! in any case and with any separators; what stands before is the prefix that holds one credential's fields together.

use Meaning::{
    ApiKey, AuthCode, Certificate, ClientId, ClientSecret, Environment, ImsUrl, KeyPath, MetaScopes, OrgId, Other,
    Passphrase, PlatformUrl, PrivateKey, Redirect, Sandbox, Scopes, Secret, TechnicalAccountId, Token, Type,
};

use super::key;

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    ClientId,
    /// A client id by the name that many other services have for a secret of theirs.
    ApiKey,
    ClientSecret,
    /// A client secret by a name that says nothing else.
    Secret,
    OrgId,
    TechnicalAccountId,
    Scopes,
    MetaScopes,
    PrivateKey,
    KeyPath,
    Passphrase,
    Certificate,
    Sandbox,
    ImsUrl,
    PlatformUrl,
    Environment,
    AuthCode,
    Redirect,
    /// An access token, a refresh token, a signed assertion: what is made from a credential.
    Token,
    /// What kind of credential, or how to sign in.
    Type,
    /// Known, and of no use to a profile.
    Other,
}

/// Names without case and separators, by their ends; a longer end wins.
const ENDS: &[(&str, Meaning)] = &[
    ("clientid", ClientId),
    ("clientidentifier", ClientId),
    ("apikey", ApiKey),
    ("xapikey", ApiKey),
    ("clientsecret", ClientSecret),
    ("clientsecrets", ClientSecret),
    ("orgid", OrgId),
    ("imsorg", OrgId),
    ("imsorgid", OrgId),
    ("imsorganization", OrgId),
    ("imsorganizationid", OrgId),
    ("organizationid", OrgId),
    ("organisationid", OrgId),
    ("organization", OrgId),
    ("xgwimsorgid", OrgId),
    ("technicalaccountid", TechnicalAccountId),
    ("technicalaccount", TechnicalAccountId),
    ("technicalacctid", TechnicalAccountId),
    ("techaccountid", TechnicalAccountId),
    ("techaccount", TechnicalAccountId),
    ("techacctid", TechnicalAccountId),
    ("techacct", TechnicalAccountId),
    ("techid", TechnicalAccountId),
    ("accountkey", TechnicalAccountId),
    ("technicalaccountemail", Other),
    ("techaccountemail", Other),
    ("techacctemail", Other),
    ("scope", Scopes),
    ("scopes", Scopes),
    ("metascope", MetaScopes),
    ("metascopes", MetaScopes),
    ("privatekey", PrivateKey),
    ("privkey", PrivateKey),
    ("privatekeybase64", PrivateKey),
    ("privatekeyb64", PrivateKey),
    ("privatekeypem", PrivateKey),
    ("privatekeycontent", PrivateKey),
    ("privatekeycontents", PrivateKey),
    ("encodedpkcs8", PrivateKey),
    ("pathtokey", KeyPath),
    ("keypath", KeyPath),
    ("keyfile", KeyPath),
    ("privatekeypath", KeyPath),
    ("privatekeyfile", KeyPath),
    ("privkeypath", KeyPath),
    ("pathtoprivatekey", KeyPath),
    ("privatekeylocation", KeyPath),
    ("privatekeyfilename", KeyPath),
    ("authfilepath", KeyPath),
    ("passphrase", Passphrase),
    ("privkeypass", Passphrase),
    ("keypassword", Passphrase),
    ("publickey", Certificate),
    ("certificate", Certificate),
    ("publickeyswithexpiry", Certificate),
    ("sandbox", Sandbox),
    ("sandboxname", Sandbox),
    ("xsandboxname", Sandbox),
    ("imsurl", ImsUrl),
    ("imshost", ImsUrl),
    ("imsbaseurl", ImsUrl),
    ("imsbaseuri", ImsUrl),
    ("imsbase", ImsUrl),
    ("imsserver", ImsUrl),
    ("imsendpoint", ImsUrl),
    ("platformurl", PlatformUrl),
    ("platformhost", PlatformUrl),
    ("platformendpoint", PlatformUrl),
    ("environment", Environment),
    ("authcode", AuthCode),
    ("authorizationcode", AuthCode),
    ("clientcode", AuthCode),
    ("redirecturi", Redirect),
    ("redirecturis", Redirect),
    ("redirecturl", Redirect),
    ("defaultredirecturi", Redirect),
    ("redirecturipattern", Redirect),
    ("callbackurl", Redirect),
    ("accesstoken", Token),
    ("refreshtoken", Token),
    ("servicetoken", Token),
    ("devicetoken", Token),
    ("bearertoken", Token),
    ("jwttoken", Token),
    ("integrationtype", Type),
    ("credentialtype", Type),
    ("authtype", Type),
    ("tokentype", Type),
    ("authmethod", Type),
    ("authenticationmethod", Type),
    ("granttype", Type),
];

/// The same for words that count only as a whole last word: `SOME_SECRET`, but not `nosecret`.
const LAST_WORDS: &[(&str, Meaning)] = &[
    ("secret", Secret),
    ("secrets", Secret),
    ("org", OrgId),
    ("iss", OrgId),
    ("sub", TechnicalAccountId),
    ("key", PrivateKey),
    ("ims", ImsUrl),
    ("env", Environment),
    ("code", AuthCode),
    ("token", Token),
    ("type", Type),
    ("flow", Type),
    ("id", Other),
    ("name", Other),
    ("description", Other),
    ("exp", Other),
    ("aud", Other),
    ("iat", Other),
    ("jti", Other),
];

/// Ends that tell copies of one field apart.
const ENVIRONMENTS: &[(&str, &str)] = &[
    ("stage", "stage"),
    ("stg", "stage"),
    ("staging", "stage"),
    ("development", "development"),
    ("dev", "development"),
    ("production", "production"),
    ("prod", "production"),
];

/// Words that tell another service's field.
pub(super) const OTHERS: &[&str] = &[
    "google",
    "gcp",
    "github",
    "gitlab",
    "azure",
    "aws",
    "amazon",
    "microsoft",
    "facebook",
    "slack",
    "okta",
    "auth0",
    "stripe",
    "spotify",
    "twitter",
    "discord",
    "linkedin",
    "salesforce",
    "sfdc",
    "paypal",
    "zoom",
    "notion",
    "shopify",
    "twilio",
    "openai",
    "anthropic",
    "django",
    "keycloak",
    "hubspot",
    "snowflake",
    "jira",
    "marketo",
    "magento",
    "workday",
    "atlassian",
    "dropbox",
    "box",
    "strava",
    "twitch",
    "reddit",
    "vimeo",
    "docusign",
    "xero",
    "intuit",
    "quickbooks",
    "supabase",
    "firebase",
    "databricks",
    "cognito",
    "clerk",
    "sfmc",
    "plaid",
];

/// Whether one of the words is among a name's, or a longer one within them.
pub(super) fn say(names: &[String], words: &[&str]) -> bool {
    let is_it = |name: &String, word: &&str| name == word || (word.len() > 4 && name.contains(*word));
    words.iter().any(|word| names.iter().any(|name| is_it(name, word)))
}

/// A name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) meaning: Meaning,
    /// What stands before, without case and separators.
    pub(super) prefix: String,
    /// Which copy it is, such as `stage`.
    pub(super) environment: Option<&'static str>,
}

/// What a name means; `None` for one that means nothing here.
pub(super) fn name(name: &str) -> Option<Name> {
    let words = words(name);
    let squeezed = words.concat();
    if let Some((meaning, prefix)) = end(&words, &squeezed) {
        return Some(Name { meaning, prefix: prefix.to_owned(), environment: None });
    }
    let (last, before) = words.split_last()?;
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        // A second secret, a third scope.
        let (meaning, prefix) = end(before, squeezed.strip_suffix(last.as_str())?)?;
        return Some(Name { meaning, prefix: prefix.to_owned(), environment: None });
    }
    let (_, environment) = ENVIRONMENTS.iter().find(|(word, _)| word == last)?;
    let (meaning, prefix) = end(before, squeezed.strip_suffix(last.as_str())?)?;
    Some(Name { meaning, prefix: prefix.to_owned(), environment: Some(environment) })
}

fn end<'a>(words: &[String], squeezed: &'a str) -> Option<(Meaning, &'a str)> {
    let longest = ENDS.iter().filter(|(end, _)| squeezed.ends_with(end)).max_by_key(|(end, _)| end.len());
    let (end, meaning) = longest.or_else(|| {
        let last = words.last()?;
        LAST_WORDS.iter().find(|(word, _)| word == last)
    })?;
    Some((*meaning, &squeezed[..squeezed.len() - end.len()]))
}

/// The words of a name in lower case, parted by separators, digits at the end, and capitals after small letters.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for c in name.trim().chars() {
        if !c.is_alphanumeric() {
            previous = ' ';
            continue;
        }
        let starts = !previous.is_alphanumeric()
            || (c.is_uppercase() && previous.is_lowercase())
            || (c.is_ascii_digit() && previous.is_alphabetic() && !name.ends_with("pkcs8"));
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        previous = c;
    }
    words
}

/// What a field means: its value, where that says it, else its name. Without texts it is a flag that is set.
pub(super) fn meaning(written: &str, named: Option<Meaning>, texts: &[String]) -> Option<Meaning> {
    let Some(text) = texts.first() else {
        return if written.contains("/s/") { Some(MetaScopes) } else { stage_flag(written) };
    };
    if key::is_pem(text) {
        return Some(PrivateKey);
    }
    if text.starts_with("-----BEGIN") {
        // The lines of a key may be a list.
        let is_key = texts.len() > 1 && key::is_pem(&texts.join("\n"));
        return Some(if is_key { PrivateKey } else { Certificate });
    }
    if matches!(named, Some(Scopes | MetaScopes)) {
        return named;
    }
    if written.contains("/s/") && text.eq_ignore_ascii_case("true") {
        return Some(MetaScopes);
    }
    if text.ends_with("@AdobeOrg") {
        return Some(OrgId);
    }
    if is_switched_on(text) && stage_flag(written).is_some() {
        return Some(Environment);
    }
    if text.ends_with("@techacct.adobe.com") {
        let is_mail = written.to_lowercase().contains("mail");
        return Some(if is_mail { Other } else { TechnicalAccountId });
    }
    let (host, path) = host_and_path(text);
    let host = host.to_ascii_lowercase();
    if host.starts_with("ims") && host.ends_with(".adobelogin.com") {
        return Some(match path {
            path if path.starts_with("/s/") => MetaScopes,
            // The audience of an assertion too.
            _ => ImsUrl,
        });
    }
    if host.starts_with("platform") && host.ends_with(".adobe.io") {
        return Some(PlatformUrl);
    }
    match named {
        // `PAYPAL_SANDBOX=uat`, and a switch.
        Some(Sandbox) if is_switch(text) || say(&words(written), OTHERS) => None,
        Some(PrivateKey) if key::read(text).is_none() => {
            let extensions = ["key", "pem", "p8", "der"];
            let is_path = text.contains(['/', '\\'])
                || text.rsplit_once('.').is_some_and(|(_, end)| extensions.contains(&end.to_lowercase().as_str()));
            is_path.then_some(KeyPath)
        }
        Some(ImsUrl) if is_stage(text) || is_production(text) => Some(Environment),
        Some(ImsUrl) if !host.contains('.') && !host.contains("localhost") && !host.starts_with('[') => None,
        _ => named,
    }
}

pub(super) fn is_switched_on(value: &str) -> bool {
    ["true", "yes", "1"].contains(&value.to_lowercase().as_str())
}

fn is_switch(value: &str) -> bool {
    is_switched_on(value) || ["false", "no", "0", "on", "off"].contains(&value.to_lowercase().as_str())
}

/// Whether a value can be a sandbox's name: `my-dev` is one, where it would be a placeholder elsewhere.
pub(super) fn is_sandbox(value: &str) -> bool {
    let is_word = value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let (first, rest) = value.split_once('-').unwrap_or((value, ""));
    is_word && (!is_placeholder(value) || (first.eq_ignore_ascii_case("my") && !rest.is_empty()))
}

/// A switch that is on: `stage: true`, `USE_STAGE=1`.
fn stage_flag(written: &str) -> Option<Meaning> {
    words(written).iter().any(|word| is_stage(word)).then_some(Environment)
}

/// Whether a value names Adobe's stage.
pub(super) fn is_stage(value: &str) -> bool {
    ["stage", "stg", "stg1", "staging", "ims-na1-stg1"].contains(&value.trim().to_lowercase().as_str())
}

/// Whether a value names Adobe's production.
pub(super) fn is_production(value: &str) -> bool {
    ["prod", "production", "prd"].contains(&value.trim().to_lowercase().as_str())
}

/// The host and port of an address or bare host, and the path after it.
pub(super) fn host_and_path(text: &str) -> (&str, &str) {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// What templates write before a name; a value such as `old-secret` may well be one.
const OUR_PREFIXES: [&str; 6] = ["adobe", "aep", "aio", "ims", "jwt", "oauth"];

/// Whether a value stands for one that is still to be filled in.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '`']);
    // `p8e-xxxx`.
    let value = ["p8e-", "s8e-"].iter().find_map(|start| value.strip_prefix(start)).unwrap_or(value);
    let lower = value.to_lowercase();
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let first = lower.chars().next();
    let is_enclosed = [('<', '>'), ('[', ']'), ('{', '}'), ('%', '%')].iter().any(|(open, close)| {
        value.starts_with(*open) && value.ends_with(*close) && !value[open.len_utf8()..].contains(['"', '\'', '='])
    });
    let is_one_character =
        plain.len() >= 3 && plain.chars().all(|c| matches!(c, 'x' | '0') && plain.starts_with(c)) || plain.is_empty();
    let is_phrase =
        ["your", "my", "enter", "insert", "replace", "put", "paste", "add", "example", "dummy", "sample", "the"]
            .iter()
            .any(|word| {
                lower.strip_prefix(word).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with(['_', '-', ' ', '.', '<']) || name(rest).is_some()
                })
            });
    let is_word =
        ["changeme", "todo", "tbd", "fixme", "placeholder", "secret", "none", "null", "undefined", "redacted"]
            .contains(&plain.as_str());
    // `client_id: client_id`, `CLIENT_SECRET=<…` and the like.
    let is_a_name = name(value).is_some_and(|name| {
        name.meaning != Other && (name.prefix.is_empty() || OUR_PREFIXES.contains(&name.prefix.as_str()))
    }) && !value.contains(['@', '.'])
        && !value.bytes().any(|byte| byte.is_ascii_digit());
    // `IHRE_CLIENT_ID`, in any language.
    let is_a_name = is_a_name
        || (value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            && name(value).is_some_and(|name| matches!(name.meaning, ClientId | ClientSecret)));
    let is_cut = value.contains("...") || value.contains('…') || value.contains("***");
    first.is_none() || is_enclosed || is_one_character || is_phrase || is_word || is_a_name || is_cut
}

/// Whether a value says where the real one is. Such a reference is never followed.
pub(super) fn is_reference(value: &str) -> bool {
    let value = value.trim();
    const STARTS: &[&str] = &[
        "${",
        "$(",
        "$env:",
        "op://",
        "vault:",
        "keyring:",
        "env:",
        "file:",
        "command:",
        "secretref:",
        "arn:aws:",
        "!",
        "`",
        "ref+",
        "ssm:",
        "awssm:",
        "@microsoft.keyvault(",
        // Encrypted, by sops, jasypt, Ansible and dotenvx.
        "enc[",
        "enc(",
        "$ansible_vault",
        "encrypted:",
    ];
    let lower = value.to_lowercase();
    STARTS.iter().any(|start| lower.starts_with(start))
        || value.contains("{{")
        || value.contains("${")
        || value.contains("<%")
        // A table of TOML: `{ env = "NAME" }`, alone or in a list.
        || value.trim_start_matches(['[', ' ']).starts_with('{')
        || value.strip_prefix('$').is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_tools_write_them() {
        for (text, meaning, prefix) in [
            ("CLIENT_ID", ClientId, ""),
            ("clientID", ClientId, ""),
            ("CLIENTID", ClientId, ""),
            ("x-api-key", ApiKey, ""),
            ("aio_api_key", ApiKey, "aio"),
            ("OAUTH_CLIENT_SECRETS", ClientSecret, "oauth"),
            ("AIO_COMMERCE_AUTH_IMS_CLIENT_ID", ClientId, "aiocommerceauthims"),
            ("AIO_COMMERCE_AUTH_IMS_ORG_ID", OrgId, "aiocommerceauth"),
            ("CLIENT_SECRET_2", ClientSecret, ""),
            ("secret", Secret, ""),
            ("IMSORGID", OrgId, ""),
            ("amcOrgId", OrgId, "amc"),
            ("techAccountId", TechnicalAccountId, ""),
            ("aep.connection.auth.client.id", ClientId, "aepconnectionauth"),
            ("aep.connection.auth.imsOrg", OrgId, "aepconnectionauth"),
            ("OAUTHS2S_CECREDENTIALS_METASCOPES", MetaScopes, "oauths2scecredentials"),
            ("REACTOR_IO_INTEGRATION_CLIENT_ID", ClientId, "reactoriointegration"),
            ("jwt_private_key", PrivateKey, "jwt"),
            ("aio_encoded_pkcs8", PrivateKey, "aio"),
            ("priv_key_path", KeyPath, ""),
            ("pathToKey", KeyPath, ""),
            ("tech_acct_id", TechnicalAccountId, ""),
            ("sandbox-name", Sandbox, ""),
            ("AEP_SANDBOX_NAME", Sandbox, "aep"),
            ("IMS", ImsUrl, ""),
            ("key", PrivateKey, ""),
            ("technical_account_email", Other, ""),
        ] {
            let found = name(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.meaning, found.prefix.as_str(), found.environment), (meaning, prefix, None), "{text}");
        }
        let stage = name("REACTOR_IO_INTEGRATION_CLIENT_SECRET_STAGE").unwrap();
        assert_eq!((stage.meaning, stage.environment), (ClientSecret, Some("stage")));
        for text in ["", "_", "DEBUG", "nosecret", "monkey", "keyboard", "PORT_8080"] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn placeholders_and_values() {
        for text in [
            "your_client_id",
            "YOUR-CLIENT-SECRET",
            "<CLIENT_ID>",
            "<your client id>",
            "xxxx",
            "XXXX-XXXX",
            "changeme",
            "{{CLIENT_ID}}",
            "{CLIENT_ID}",
            "${CLIENT_ID}",
            "client_id",
            "CLIENT_SECRET",
            "...",
            "p8e-…",
            "",
            "TODO",
            "my-client-id",
            "insert your secret",
            "yourClientId",
            "[client id]",
            "00000000000000000000000000000000",
            "replace_me",
            "********",
            "%CLIENT_ID%",
            "orgID",
            "yoursecret",
            "p8e-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "s8e-",
            "p8e-your-secret",
            "IHRE_CLIENT_ID",
            "VOTRE_CLIENT_SECRET",
        ] {
            assert!(is_placeholder(text) || is_reference(text), "{text}");
        }
        for text in [
            "a64f5f10849a410a97ffdac8ae1eae0e",
            "p8e-Yw7vZq_dK3sR-9uT2xLmN4bC6fH8jE1a",
            "cm-p12345-e67890-integration-0",
            "745F37C35E4B776E0A49421B@AdobeOrg",
            "aio-cli-console-auth",
            "prod",
            "dev1",
            "p8e-old",
            "old-secret",
            "old",
            "marker",
            "a",
            "myclient7",
            "openid",
            "theta",
            "s8e-x",
            "web0",
            "addison",
            "ABCDEF@AdobeOrg",
        ] {
            assert!(!is_placeholder(text) && !is_reference(text), "{text}");
        }
    }

    #[test]
    fn sandboxes_are_named_freely() {
        for text in ["dev1", "my-dev", "my-sandbox", "Prod", "a"] {
            assert!(is_sandbox(text), "{text}");
        }
        for text in
            ["", "my", "my-", "My Sandbox", "your-sandbox", "sandbox", "<sandbox>", "{{sandbox}}", "$SB", "1dev"]
        {
            assert!(!is_sandbox(text), "{text}");
        }
    }

    #[test]
    fn references_are_told() {
        for text in [
            "op://vault/item/secret",
            "${SECRET}",
            "$SECRET",
            "$(pass show x)",
            "{ env = \"X\" }",
            "[{ command = [\"id\"] }]",
            "env:NAME",
            "file:/etc/passwd",
            "{{ vault }}",
            "keyring:aep",
            "ENC[AES256_GCM,data:abc=,iv:def=]",
            "ENC(abc)",
            "$ANSIBLE_VAULT;1.1;AES256\n3132",
            "encrypted:BDq",
            "@Microsoft.KeyVault(SecretUri=https://x)",
            "ref+vault://x",
        ] {
            assert!(is_reference(text), "{text}");
        }
    }
}
