//! The tutorial's last step: the platform's list of standard XDM classes.

use std::time::Duration;

use aep_core::headers::Header;
use aep_core::{Context, Error, Profile, Result};
use serde_json::Value;

use crate::gateway::{self, CHECK_PLATFORM};
use crate::hide::Hidden;
use crate::http::Http;

const CLASSES: &str = "/data/foundation/schemaregistry/global/classes";

/// A class of the Experience Data Model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// `title`
    pub title: String,
    /// `$id`
    pub id: String,
    /// `version`
    pub version: String,
}

/// Lists the standard XDM classes.
///
/// # Errors
/// Refused, with the gateway's words and a cure; unreachable, when there is no answer or none of the platform.
pub fn list_classes(
    http: &Http<'_>,
    context: &Context,
    profile: &Profile,
    headers: &[Header],
    budget: Duration,
) -> Result<Vec<Class>> {
    let accept = "application/vnd.adobe.xed-id+json";
    let body = gateway::get(http, context, profile, CLASSES, accept, headers, budget)?;
    let results = body.get("results").and_then(Value::as_array);
    let results = results.ok_or_else(|| {
        Error::unreachable(format!("{} answered something that is not a list of classes", http.base()))
            .with_hint(CHECK_PLATFORM)
    })?;
    let hidden = Hidden::in_headers(headers.iter().map(|header| (header.name, header.value.as_str())));
    let text = |class: &Value, key: &str| hidden.text(class.get(key).and_then(Value::as_str).unwrap_or_default());
    Ok(results
        .iter()
        .map(|class| Class { title: text(class, "title"), id: text(class, "$id"), version: text(class, "version") })
        .collect())
}
