//! The Developer Console's project or workspace file, as App Builder projects download it.
//!
//! Source: `schema/config.schema.json` of adobe/aio-cli-plugin-app.

use aep_core::profile::Flow;
use serde_json::Value;

use super::{Candidate, list, secrets, text};

/// Reads every usable credential; a migrated one is offered in both flows.
pub(super) fn read(json: &Value) -> Option<Vec<Candidate>> {
    let project = json.get("project")?;
    let credentials = project.pointer("/workspace/details/credentials")?.as_array()?;
    let org_id = text(project.pointer("/org/ims_org_id"));
    let mut found = Vec::new();
    for credential in credentials {
        for (key, flow) in [("oauth_server_to_server", Flow::Oauth), ("jwt", Flow::Jwt)] {
            let Some(inner) = credential.get(key) else { continue };
            let Some(client_id) = text(inner.get("client_id")) else { continue };
            found.push(Candidate {
                found_in: "a Developer Console project",
                name: text(credential.get("name")),
                flow: Some(flow),
                client_id,
                client_secrets: secrets(inner.get("client_secrets").or_else(|| inner.get("client_secret"))),
                org_id: org_id.clone(),
                technical_account_id: text(inner.get("technical_account_id")),
                scopes: list(inner.get("scopes")),
                meta_scopes: list(inner.get("meta_scopes")),
                ..Candidate::default()
            });
        }
    }
    Some(found)
}
