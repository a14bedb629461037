//! Reads the files that people have, told apart by content, a file of code for each.
//!
//! What comes out is a list of [`Candidate`]s. Nothing in a file makes anything else be read, run or asked.

use aep_core::profile::Flow;
use aep_core::secret::Secret;
use aep_core::{Error, Result};
use serde_json::Value;

mod aem;
mod aio;
mod flat;
mod lines;
mod postman;
mod project;
pub(crate) mod terminal;

/// A credential that a file offers.
#[derive(Debug, Default)]
pub(crate) struct Candidate {
    /// What kind of file it was found in.
    pub(crate) found_in: &'static str,
    /// Its name in the file, where it has one.
    pub(crate) name: Option<String>,
    pub(crate) flow: Option<Flow>,
    pub(crate) client_id: String,
    pub(crate) client_secrets: Vec<Secret>,
    pub(crate) org_id: Option<String>,
    pub(crate) technical_account_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) meta_scopes: Vec<String>,
    pub(crate) private_key: Option<Secret>,
    /// A path that the file names; shown, never followed.
    pub(crate) private_key_path: Option<String>,
    pub(crate) sandbox: Option<String>,
    pub(crate) ims_url: Option<String>,
    pub(crate) platform_url: Option<String>,
    /// Whether the file itself prefers this one, such as the current context of `aio`.
    pub(crate) is_preferred: bool,
}

/// Reads a file; OAuth candidates stand before service accounts, otherwise in the file's order.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Candidate>> {
    let text = std::str::from_utf8(bytes).map_err(|_| no_credential("it is not text in UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(no_credential("it is empty"));
    }
    let mut candidates = if text.starts_with('{') || text.starts_with('[') {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            // serde_json quotes nothing of the file.
            no_credential(&format!("it is no valid JSON ({error})"))
        })?;
        of_json(&json)
    } else if text.starts_with("-----BEGIN") {
        return Err(Error::configuration("this is a key or certificate, not a credential")
            .with_hint("aep-auth import CREDENTIAL.json --private-key private.key"));
    } else {
        lines::read(text).into_iter().collect()
    };
    if candidates.is_empty() {
        return Err(no_credential("it is not of a kind that is known here"));
    }
    candidates.sort_by_key(|candidate| (!candidate.is_preferred, candidate.flow == Some(Flow::Jwt)));
    Ok(candidates)
}

fn of_json(json: &Value) -> Vec<Candidate> {
    if let Some(found) = project::read(json) {
        return found;
    }
    if let Some(found) = aio::read(json) {
        return found;
    }
    if let Some(found) = aem::read(json) {
        return vec![found];
    }
    if let Some(found) = postman::read(json) {
        return vec![found];
    }
    flat::read_object(json).into_iter().collect()
}

fn no_credential(why: &str) -> Error {
    Error::configuration(format!("the file holds no credential: {why}")).with_hint(
        "expected the JSON that the Developer Console downloads, a Postman environment, an aepp or aio config, \
         AEM service credentials, or KEY=VALUE lines",
    )
}

/// A list as files have it: an array of texts, or one text with commas, blanks or a JSON array in it.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).flat_map(aep_core::profile::split_list).collect()
        }
        Some(Value::String(text)) => aep_core::profile::split_list(text),
        _ => Vec::new(),
    }
}

/// A text that is not empty.
fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Secrets: a list of texts or one text, taken whole.
fn secrets(value: Option<&Value>) -> Vec<Secret> {
    let usable = |text: &str| !text.trim().is_empty();
    match value {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .filter(|text| usable(text))
            .map(|text| Secret::new(text.trim().to_owned()))
            .collect(),
        Some(Value::String(text)) if text.trim_start().starts_with('[') => {
            secrets(serde_json::from_str::<Value>(text).ok().filter(Value::is_array).as_ref())
        }
        Some(Value::String(text)) if usable(text) => vec![Secret::new(text.trim().to_owned())],
        _ => Vec::new(),
    }
}
