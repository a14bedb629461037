//! What IMS says of one token, and how it is revoked.
//!
//! Sources: `validate_token/v1` and `invalidate_token/v2` as Adobe's aio-lib-ims and ims-go call them.

use std::time::Duration;

use aep_core::secret::Secret;
use aep_core::token::AccessToken;
use aep_core::{Context, Error, Profile, Result};
use serde_json::Value;

use crate::answer::short;
use crate::form::Form;
use crate::hide::Hidden;
use crate::http::{Answer, Http};

/// A question beside the road must not hold it up for long.
const BUDGET: Duration = Duration::from_secs(3);

/// Asks IMS whether a token is still valid; `None` when IMS gave no clear answer.
pub fn is_valid(context: &Context, profile: &Profile, token: &AccessToken, tool: &str) -> Option<bool> {
    let form = Form::of(&[("type", "access_token"), ("client_id", &profile.client_id), ("token", token.expose())]);
    let answer = post(context, profile, "/ims/validate_token/v1", &form, tool, &Hidden::tokens([token])).ok()?;
    // The status is 200 whatever the verdict.
    serde_json::from_slice::<Value>(&answer.body).ok()?.get("valid")?.as_bool()
}

/// Revokes this token alone at IMS; `secret` is the client secret that IMS accepts.
///
/// # Errors
/// Refused or unreachable, as IMS answers; configuration for a missing secret.
pub fn revoke(context: &Context, profile: &Profile, secret: &Secret, token: &AccessToken, tool: &str) -> Result<()> {
    let form = Form::of(&[
        ("token_type", "access_token"),
        ("token", token.expose()),
        ("client_id", &profile.client_id),
        ("client_secret", secret.expose()),
    ]);
    let hidden = Hidden::of([secret]).and(token);
    let answer = post(context, profile, "/ims/invalidate_token/v2", &form, tool, &hidden)?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = |key: &str| short(&hidden.text(body.get(key).and_then(Value::as_str).unwrap_or_default()));
    let message = format!(
        "IMS did not revoke the token of profile {}: {} {} {}",
        profile.name(),
        answer.status,
        words("error"),
        words("error_description")
    );
    let message = message.trim_end().to_owned();
    Err(if answer.status < 500 { Error::refused(message) } else { Error::unreachable(message) })
}

fn post(
    context: &Context,
    profile: &Profile,
    path: &str,
    form: &Form,
    tool: &str,
    hidden: &Hidden<'_>,
) -> Result<Answer> {
    let http = Http::to(&profile.ims_url, profile.ca_file.as_deref(), context, tool)?;
    http.post(path, Form::CONTENT_TYPE, form.as_bytes(), BUDGET, hidden).map_err(|no_answer| no_answer.error)
}
