//! A config of Adobe's `aio` CLI in JSON: contexts under `ims.contexts`, one of them current.
//!
//! Source: README of adobe/aio-lib-ims.

use aep_core::profile::Flow;
use aep_core::secret::Secret;
use serde_json::Value;

use super::{Candidate, list, secrets, text};

/// Reads every context that is a credential; the one that `aio` keeps for a person's login is none.
pub(super) fn read(json: &Value) -> Option<Vec<Candidate>> {
    let contexts = json.pointer("/ims/contexts")?.as_object()?;
    let current = text(json.pointer("/ims/config/current"));
    let mut found = Vec::new();
    for (name, context) in contexts {
        let Some(client_id) = text(context.get("client_id")) else { continue };
        let key = match context.get("private_key") {
            Some(Value::Array(lines)) => {
                Some(Secret::new(lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")))
            }
            Some(Value::String(text)) if text.contains("-----BEGIN") => Some(Secret::new(text.clone())),
            _ => None,
        };
        let meta_scopes = list(context.get("meta_scopes"));
        let scopes = list(context.get("scopes"));
        let is_jwt = scopes.is_empty() && (key.is_some() || !meta_scopes.is_empty());
        found.push(Candidate {
            found_in: "an aio config",
            name: Some(name.clone()),
            flow: Some(if is_jwt { Flow::Jwt } else { Flow::Oauth }),
            client_id,
            client_secrets: secrets(context.get("client_secrets").or_else(|| context.get("client_secret"))),
            org_id: text(context.get("ims_org_id")),
            technical_account_id: text(context.get("technical_account_id")),
            scopes,
            meta_scopes,
            private_key: key,
            is_preferred: current.as_ref() == Some(name),
            ..Candidate::default()
        });
    }
    Some(found)
}
