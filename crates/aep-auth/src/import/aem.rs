//! The service credentials that AEM's Developer Console downloads; they hold the private key.
//!
//! Source: Adobe Experience Manager as a Cloud Service, "Service Credentials".

use aep_core::profile::Flow;
use aep_core::secret::Secret;
use serde_json::Value;

use super::{Candidate, list, secrets, text};

/// Reads `integration`.
pub(super) fn read(json: &Value) -> Option<Candidate> {
    let integration = json.get("integration")?;
    let account = integration.get("technicalAccount")?;
    Some(Candidate {
        found_in: "AEM service credentials",
        flow: Some(Flow::Jwt),
        client_id: text(account.get("clientId"))?,
        client_secrets: secrets(account.get("clientSecret")),
        org_id: text(integration.get("org")),
        technical_account_id: text(integration.get("id")),
        meta_scopes: list(integration.get("metascopes")),
        private_key: text(integration.get("privateKey")).map(Secret::new),
        ims_url: text(integration.get("imsEndpoint")),
        ..Candidate::default()
    })
}
