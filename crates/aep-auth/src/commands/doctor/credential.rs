//! The secrets: readable, of the right kind, fitting together, and what IMS granted for them.

use aep_core::profile::{Flow, split_list};
use aep_core::secret::Credentials;
use aep_core::token::Token;
use aep_core::{Context, Profile, Result};
use aep_ims::key;

use super::{Findings, Kind};
use crate::certificate;
use crate::commands::profile::shown;

pub(super) fn look(context: &Context, profile: &Profile, findings: &mut Findings) {
    let credentials = Credentials::new(context, profile);
    match credentials.client_secret() {
        Ok(_) => findings.good(format!("client secret: {}", reference(profile, profile.client_secrets.first()))),
        Err(error) => findings.error(&error),
    }
    if profile.client_secrets.len() > 1 {
        match credentials.second_client_secret() {
            Ok(_) => {
                findings.good(format!("second client secret: {}", reference(profile, profile.client_secrets.get(1))));
            }
            Err(error) => findings.error(&error),
        }
    }
    if profile.flow == Flow::Jwt {
        look_at_key(context, profile, &credentials, findings);
    }
}

fn look_at_key(context: &Context, profile: &Profile, credentials: &Credentials<'_>, findings: &mut Findings) {
    let read = || -> Result<key::PrivateKey> { key::read(credentials.private_key()?, credentials.passphrase()?) };
    let key = match read() {
        Ok(key) => key,
        Err(error) => return findings.error(&error),
    };
    findings.good(format!("private key: {}, an RSA key", reference(profile, profile.private_key.as_ref())));
    let Some(certificate) = certificate::of(context, profile) else {
        return findings.note("no certificate beside the private key, so its end is not known");
    };
    let end = certificate::describe_end(context, &certificate);
    let make_new = "make a new key pair in the Developer Console, and import its private.key with --force";
    if !certificate.fits(&key) {
        findings.bad(Kind::Configuration, "the certificate beside the private key is another key's", make_new);
    } else if certificate.ends_at() <= context.clock.now() {
        findings.bad(Kind::Refused, format!("the key's certificate {end}"), make_new);
    } else {
        findings.good(format!("the key's certificate fits it and {end}"));
    }
}

/// Compares the scopes that were asked for with those in the token.
pub(super) fn look_at_grant(profile: &Profile, token: &Token, findings: &mut Findings) {
    let claims = aep_ims::claims(token.value.expose());
    let Some(granted) = claims.as_ref().and_then(|claims| claims.get("scope")?.as_str()) else { return };
    let granted = split_list(granted);
    if profile.flow == Flow::Jwt {
        return findings.good(format!("scopes granted: {}", granted.join(", ")));
    }
    let missing: Vec<_> = profile.scopes.iter().filter(|scope| !granted.contains(scope)).cloned().collect();
    if missing.is_empty() {
        findings.good(format!("scopes granted as asked: {}", profile.scopes.join(", ")));
    } else {
        findings.bad(
            Kind::Refused,
            format!("scopes asked for and not granted: {}", missing.join(", ")),
            "compare them with the credential's page in the Developer Console",
        );
    }
}

fn reference(profile: &Profile, reference: Option<&aep_core::secret::Reference>) -> String {
    reference.map_or_else(String::new, |reference| shown(reference, &profile.origin))
}
