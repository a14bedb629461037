//! The environment, in Postman's format and with the variable names of Adobe's own collections.

use std::fmt;
use std::path::Path;

use aep_cli::ask::Secrets;
use aep_core::profile::{DEFAULT_IMS_URL, Flow};
use aep_core::token::Token;
use aep_core::{Context, Error, Profile, Result, duration};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::json::{self, Object};

mod fetched_for;

/// What a variable holds, in Postman's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Default,
    /// Masked on the screen.
    Secret,
}

/// A variable.
struct Variable {
    key: &'static str,
    value: String,
    kind: Kind,
}

// A token or a secret may be the value.
impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable").field("key", &self.key).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Variables that hold a long-lived secret: put into a file only where they are asked for, kept where the user has them.
const SECRETS: [&str; 2] = ["CLIENT_SECRET", "PRIVATE_KEY"];

/// Variables of the profile and of its token, and the script's notes about that: one without a value now is another
/// profile's, or what the profile was before.
const OF_THE_PROFILE: [&str; 6] =
    ["ACCESS_TOKEN_FOR", "ACCESS_TOKEN_LIFE", "META_SCOPE", "SANDBOX_NAME", "SCOPES", "TECHNICAL_ACCOUNT_ID"];

/// The text of an environment, and of the file that it replaces the names of the variables that stayed and that went.
pub(crate) struct Rendered {
    pub(crate) text: String,
    stayed: Vec<String>,
    gone: Vec<String>,
}

impl Rendered {
    /// Tells at `info` what of an existing file stayed, and what went.
    pub(crate) fn log_kept(&self, context: &Context, file: &Path) {
        let told = |how: &str, keys: &[String]| match keys {
            [] => String::new(),
            _ => format!("; {how}: {}", keys.join(", ")),
        };
        let stayed = told("as it was", &self.stayed);
        let gone = told("gone, since the profile has none", &self.gone);
        context.log.info(format_args!("{}: the variables of the profile were written{stayed}{gone}", file.display()));
    }
}

/// The text of the environment; `existing` is the file that it replaces.
///
/// # Errors
/// Configuration: a value that Postman would change, a secret that cannot be read, an existing file that is none.
pub(crate) fn render(
    profile: &Profile,
    token: Option<&Token>,
    secrets: Option<&Secrets>,
    exported_at: &str,
    existing: Option<(&str, &Path)>,
) -> Result<Rendered> {
    let mut object = match existing {
        Some((text, file)) => Object::parse(text, file)?,
        None => Object::default(),
    };
    let mut values = match existing {
        None => Vec::new(),
        Some((_, file)) => object.items("values").ok_or_else(|| {
            Error::configuration(format!("{} is no Postman environment: it has no values", file.display()))
                .with_hint("write to another file")
        })?,
    };
    let has_meta_scope = values.iter().any(|item| key_of(item).as_deref() == Some("META_SCOPE"));
    let (stayed, gone) = merge(&mut values, &variables(profile, token, secrets, has_meta_scope)?)?;
    if object.value("id").is_none() {
        object.set_value("id", &id(profile).into())?;
    }
    if object.value("name").is_none() {
        object.set_value("name", &format!("AEP {}", profile.name()).into())?;
    }
    object.set("values", json::array(&values)?);
    // A description of the user's own stays.
    let description = object.value("description");
    if description.as_ref().is_none_or(is_ours) {
        let sandbox = if profile.sandbox.is_some() { "" } else { NO_SANDBOX };
        let secret = if kept_secrets(&values, secrets.is_some()).next().is_some() { SECRET_OF_THE_FILE } else { "" };
        match [sandbox, secret].join(" ").trim() {
            "" => object.remove("description"),
            text => object.set_value("description", &text.into())?,
        }
    }
    object.set_value("_postman_variable_scope", &"environment".into())?;
    object.set_value("_postman_exported_at", &exported_at.into())?;
    object.set_value("_postman_exported_using", &concat!("aep-postman/", env!("CARGO_PKG_VERSION")).into())?;
    Ok(Rendered { text: object.render(), stayed, gone })
}

const NO_SANDBOX: &str = "The profile names no sandbox: no x-sandbox-name is sent, and the platform takes prod.";

/// What was written while such a variable stayed.
const SANDBOX_OF_THE_FILE: &str =
    "The profile names no sandbox; SANDBOX_NAME is what it was in this file, and x-sandbox-name is sent with it.";

const SECRET_OF_THE_FILE: &str = "The secret is what it was in this file.";

/// Whether a description is one that was written here.
fn is_ours(description: &Value) -> bool {
    let sentences = [NO_SANDBOX, SANDBOX_OF_THE_FILE, SECRET_OF_THE_FILE];
    let rest =
        description.as_str().map(|text| sentences.iter().fold(text.to_owned(), |rest, own| rest.replace(own, "")));
    rest.is_some_and(|rest| rest.trim().is_empty())
}

/// The secrets that a file has by its user.
fn kept_secrets(values: &[Box<RawValue>], is_written: bool) -> impl Iterator<Item = String> {
    let has_value = |item: &RawValue| {
        let value = serde_json::from_str::<Object>(item.get()).ok()?.value("value");
        value.as_ref().and_then(Value::as_str).map(|value| !value.is_empty())
    };
    let kept = values.iter().filter(move |_| !is_written);
    kept.filter(move |item| has_value(item) == Some(true))
        .filter_map(|item| key_of(item))
        .filter(|key| SECRETS.contains(&key.as_str()))
}

fn variables(
    profile: &Profile,
    token: Option<&Token>,
    secrets: Option<&Secrets>,
    has_meta_scope: bool,
) -> Result<Vec<Variable>> {
    let variable = |key, value: String| Variable { key, value, kind: Kind::Default };
    let secret = |key, value: &str| Variable { key, value: value.to_owned(), kind: Kind::Secret };
    let expires_at = token.and_then(Token::expires_at).unwrap_or(0);
    let mut variables = vec![
        secret("ACCESS_TOKEN", token.map_or("", |token| token.value.expose())),
        variable("ACCESS_TOKEN_EXPIRES_AT", expires_at.to_string()),
        variable("API_KEY", profile.client_id.clone()),
        variable("IMS_ORG", profile.org_id.clone().unwrap_or_default()),
    ];
    variables.extend(profile.sandbox.clone().map(|sandbox| variable("SANDBOX_NAME", sandbox)));
    let ims = profile.ims_url.to_string();
    // Adobe's collections write https://{{IMS}}.
    variables.push(variable("IMS", ims.strip_prefix("https://").unwrap_or(&ims).to_owned()));
    if profile.flow == Flow::Oauth {
        variables.push(variable("SCOPES", profile.scopes.join(",")));
    }
    let note = token.and_then(|token| fetched_for::note(profile, token));
    variables.extend(note.map(|note| variable("ACCESS_TOKEN_FOR", note)));
    variables.extend(profile.technical_account_id.clone().map(|account| variable("TECHNICAL_ACCOUNT_ID", account)));
    if let Some(Secrets { client_secret, private_key }) = secrets {
        variables.push(secret("CLIENT_SECRET", client_secret.expose()));
        variables.extend(private_key.iter().map(|text| secret("PRIVATE_KEY", text.expose())));
    }
    // It is for the key that was asked for, or that a file keeps.
    if profile.flow == Flow::Jwt && (secrets.is_some() || has_meta_scope) {
        variables.push(variable("META_SCOPE", profile.meta_scopes.join(",")));
    }
    for Variable { key, value, .. } in &variables {
        if value.contains("{{") {
            return Err(Error::configuration(format!("the value of {key} holds `{{{{`, which Postman would expand"))
                .with_hint("Postman has no way to write it; use aep-auth with another tool for this credential"));
        }
    }
    Ok(variables)
}

/// The name of a variable, whatever else its item holds.
fn key_of(item: &RawValue) -> Option<String> {
    serde_json::from_str::<Object>(item.get()).ok()?.value("key")?.as_str().map(str::to_owned)
}

/// Replaces our variables where they stand, adds those that are missing, takes out those without a value now, and keeps all
/// others; says which ones stayed as they were, and which ones went.
fn merge(values: &mut Vec<Box<RawValue>>, variables: &[Variable]) -> Result<(Vec<String>, Vec<String>)> {
    let without_value = |key: &String| !variables.iter().any(|variable| variable.key == *key);
    let others: Vec<String> = values.iter().filter_map(|item| key_of(item)).filter(without_value).collect();
    let (gone, stayed): (Vec<_>, Vec<_>) = others.into_iter().partition(|key| OF_THE_PROFILE.contains(&key.as_str()));
    values.retain(|item| key_of(item).is_none_or(|key| !gone.contains(&key)));
    for variable in variables {
        let kind = if variable.kind == Kind::Secret { "secret" } else { "default" };
        let item = json!({"key": variable.key, "value": variable.value, "type": kind, "enabled": true});
        let item = json::raw(&item)?;
        let mut places = values.iter_mut().filter(|item| key_of(item).as_deref() == Some(variable.key)).peekable();
        if places.peek().is_none() {
            drop(places);
            values.push(item);
        } else {
            // The last of two holds in Postman.
            places.for_each(|place| place.clone_from(&item));
        }
    }
    // The notes of a replaced token are no loss.
    let is_note = |key: &String| key.starts_with("ACCESS_TOKEN_");
    Ok((stayed, gone.into_iter().filter(|key| !is_note(key)).collect()))
}

/// The same for the same profile, so that importing again replaces (RFC 9562, version 5).
fn id(profile: &Profile) -> String {
    let name = format!("{DEFAULT_IMS_URL}/aep-postman/{}/{}", profile.name(), profile.client_id);
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// The time of the export.
///
/// # Errors
/// Usage, when the text is no time.
pub(crate) fn exported_at(context: &Context, given: Option<&str>) -> Result<String> {
    let Some(given) = given else { return Ok(duration::rfc3339(context.clock.now())) };
    if duration::is_rfc3339(given) {
        Ok(given.to_owned())
    } else {
        Err(Error::usage(format!("--exported-at is `{given}`; expected a time like 2026-01-02T03:04:05Z")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(values: &str, variables: &[Variable]) -> String {
        let mut values = Object::parse(values, Path::new("e.json")).unwrap().items("values").unwrap();
        merge(&mut values, variables).unwrap();
        values.iter().map(|item| item.get()).collect::<Vec<_>>().join(" ")
    }

    fn token(value: &str) -> Variable {
        Variable { key: "ACCESS_TOKEN", value: value.to_owned(), kind: Kind::Secret }
    }

    #[test]
    fn what_the_user_has_stays_where_it_stands_and_ours_is_replaced_where_it_stands() {
        let file = r#"{"values":[{"key":"CLIENT_SECRET","value":"s"},{"key":"ACCESS_TOKEN","value":"old"},{"key":"n","value":1.0},{"value":"x"}]}"#;
        let new = r#"{"enabled":true,"key":"ACCESS_TOKEN","type":"secret","value":"new"}"#;
        let expected =
            format!(r#"{{"key":"CLIENT_SECRET","value":"s"}} {new} {{"key":"n","value":1.0}} {{"value":"x"}}"#);
        assert_eq!(merged(file, &[token("new")]), expected);
    }

    #[test]
    fn both_of_two_are_replaced_and_what_the_profile_has_no_value_for_goes() {
        let file = r#"{"values":[{"key":"ACCESS_TOKEN","value":"a"},{"key":"ACCESS_TOKEN","value":"b"},{"key":"ACCESS_TOKEN_FOR","value":"c"},
            {"key":"SANDBOX_NAME","value":"d"},{"key":"SCOPES","value":"e"},{"key":"CLIENT_SECRET","value":"f"},{"key":"x"}]}"#;
        let mut values = Object::parse(file, Path::new("e.json")).unwrap().items("values").unwrap();
        let (stayed, gone) = merge(&mut values, &[token("new")]).unwrap();
        let keys: Vec<String> = values.iter().filter_map(|item| key_of(item)).collect();
        assert_eq!(keys, ["ACCESS_TOKEN", "ACCESS_TOKEN", "CLIENT_SECRET", "x"]);
        assert_eq!(values.iter().filter(|item| item.get().contains("new")).count(), 2);
        assert_eq!((stayed.join(" "), gone.join(" ")), ("CLIENT_SECRET x".into(), "SANDBOX_NAME SCOPES".into()));
    }

    #[test]
    fn debug_output_has_no_value() {
        let marker = "marker-0f3a";
        let object = Object::parse(&format!(r#"{{"values":[{{"value":"{marker}"}}]}}"#), Path::new("e.json")).unwrap();
        let shown = format!("{:?} {object:?}", token(marker));
        assert!(!shown.contains(marker) && shown.contains("ACCESS_TOKEN") && shown.contains("values"), "{shown}");
    }

    #[test]
    fn only_a_description_of_ours_is_replaced() {
        let ours = [NO_SANDBOX, SANDBOX_OF_THE_FILE, SECRET_OF_THE_FILE, ""];
        assert!(ours.iter().all(|text| is_ours(&(*text).into())));
        assert!(is_ours(&format!("{NO_SANDBOX} {SECRET_OF_THE_FILE}").into()));
        assert!(!is_ours(&"mine".into()) && !is_ours(&format!("{NO_SANDBOX} Mine.").into()) && !is_ours(&1.into()));
    }
}
