//! One level of names and values: the console's "Download JSON" of one credential, an aepp config, and the fields that
//! Postman environments and `KEY=VALUE` lines carry. Names count in any case, and every tool has its own.

use std::collections::BTreeMap;

use aep_core::profile::Flow;
use aep_core::secret::Secret;
use serde_json::Value;

use super::{Candidate, list, secrets, text};

/// Reads a JSON object of one level.
pub(super) fn read_object(json: &Value) -> Option<Candidate> {
    let object = json.as_object()?;
    let is_console = object.contains_key("TYPE") || object.contains_key("PUBLIC_KEYS_WITH_EXPIRY");
    let found_in = if is_console { "a Developer Console credential" } else { "a config" };
    read(object.iter().map(|(name, value)| (name.clone(), value.clone())), found_in)
}

/// Reads names and values; `None` without a client id.
pub(super) fn read(pairs: impl Iterator<Item = (String, Value)>, found_in: &'static str) -> Option<Candidate> {
    let fields: BTreeMap<String, Value> = pairs.map(|(name, value)| (plain(&name), value)).collect();
    let get = |names: &[&str]| names.iter().find_map(|name| fields.get(*name).filter(|value| !is_blank(value)));
    let client_id = text(get(&["client_id", "api_key", "apikey", "clientid", "x_api_key"]))?;
    let key = get(&["private_key", "privatekey"]);
    let key_text = match key {
        Some(Value::String(text)) if text.contains("-----BEGIN") || text.trim_start().starts_with('[') => {
            Some(text.clone())
        }
        // `aio` and others keep the key as an array of lines.
        Some(Value::Array(lines)) => Some(lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")),
        _ => None,
    };
    let key_path = text(get(&["pathtokey", "path_to_key", "private_key_path", "private_key_file"]))
        .or_else(|| text(key).filter(|_| key_text.is_none()));
    let scopes = list(get(&["scopes", "scope"]));
    let meta_scopes = list(get(&["meta_scope", "meta_scopes", "metascopes", "metascope"]));
    let kind = text(get(&["type"])).unwrap_or_default().to_lowercase();
    let is_service_account = fields.contains_key("public_keys_with_expiry")
        || key_text.is_some()
        || key_path.is_some()
        || !meta_scopes.is_empty();
    // With what both flows need at hand, OAuth is taken.
    let flow =
        if kind.contains("oauth") || !scopes.is_empty() || !is_service_account { Flow::Oauth } else { Flow::Jwt };
    Some(Candidate {
        found_in,
        flow: Some(flow),
        client_id,
        client_secrets: secrets(get(&["client_secrets", "client_secret", "secret", "clientsecret"])),
        org_id: text(get(&["org_id", "ims_org", "ims_org_id", "imsorg", "orgid", "organization_id"])),
        technical_account_id: text(get(&["technical_account_id", "tech_id", "techacct", "technicalaccountid"])),
        scopes,
        meta_scopes,
        private_key: key_text.map(Secret::new),
        private_key_path: key_path,
        sandbox: text(get(&["sandbox_name", "sandbox"])),
        ims_url: text(get(&["ims_url", "ims", "ims_host", "ims_endpoint"])),
        platform_url: text(get(&["platform_url"])),
        ..Candidate::default()
    })
}

/// The name without its tool: lower case, `_` for `-`, and no `AEP_` or `IMS_OAUTH_S2S_` before it.
fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase().replace('-', "_");
    ["aep_", "ims_oauth_s2s_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .map_or_else(|| name.clone(), str::to_owned)
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty() || (text.trim().starts_with('<') && text.trim().ends_with('>')),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
