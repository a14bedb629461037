//! Field by field, as the tutorial's reader copies them from the Developer Console's page.

use std::io::{BufRead, Write};

use aep_core::profile::Flow;
use aep_core::secret::Secret;
use aep_core::{Error, Result};

use super::Candidate;

/// Asks on the terminal; the client secret without echo.
pub(crate) fn ask() -> Result<Candidate> {
    let failed = |error: std::io::Error| Error::configuration(format!("cannot read from the terminal: {error}"));
    let ask = |what: &str| -> Result<String> {
        let mut out = std::io::stderr();
        write!(out, "{what}: ").and_then(|()| out.flush()).map_err(failed)?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
        Ok(line.trim().to_owned())
    };
    let optional = |text: String| Some(text).filter(|text| !text.is_empty());
    let client_id = ask("API key (client id)")?;
    if client_id.is_empty() {
        return Err(Error::configuration("the client id is empty"));
    }
    let secret = rpassword::prompt_password("client secret (not shown): ").map_err(failed)?;
    let org_id = optional(ask("organization id (…@AdobeOrg)")?);
    let technical_account_id =
        optional(ask("technical account id, for a service account (JWT); empty for OAuth Server-to-Server")?);
    let flow = if technical_account_id.is_some() { Flow::Jwt } else { Flow::Oauth };
    Ok(Candidate {
        found_in: "what you typed",
        flow: Some(flow),
        client_id,
        client_secrets: optional(secret.trim().to_owned()).map(Secret::new).into_iter().collect(),
        org_id,
        technical_account_id,
        ..Candidate::default()
    })
}
