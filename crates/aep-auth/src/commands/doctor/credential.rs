//! The secrets: readable, of the right kind, fitting together, and what IMS granted for them.

use aep_core::profile::{Flow, split_list};
use aep_core::secret::store::SecretKind;
use aep_core::secret::{Credentials, Reference};
use aep_core::token::Token;
use aep_core::{Context, Error, Profile, Result};
use aep_ims::key;

use super::{Findings, Kind};
use crate::commands::profile::shown;
use crate::{certificate, road};

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

/// Says of each client secret whether IMS takes it; of a single one only where a token had to be fetched with it.
pub(super) fn try_secrets(context: &Context, profile: &Profile, is_cached: bool, findings: &mut Findings) {
    let credentials = Credentials::new(context, profile);
    let [_, _] = profile.client_secrets.as_slice() else {
        if is_cached {
            findings.note("the client secret was not tried, since a token is cached; aep-auth token --renew tries it");
        }
        return;
    };
    for (number, which) in [(0, SecretKind::ClientSecret), (1, SecretKind::SecondClientSecret)] {
        let second = || credentials.second_client_secret();
        let secret = if number == 0 { credentials.client_secret().map(Some) } else { second() };
        // What cannot be read has been said.
        let Ok(Some(secret)) = secret else { continue };
        let mut trial = profile.clone();
        trial.client_secrets = vec![Reference::Given(secret.clone())];
        let name = profile.name();
        match road::ask_ims(&Credentials::new(context, &trial)) {
            Ok(_) => findings.good(format!("the {} was tried at IMS, which accepts it", which.title())),
            Err(Error::Refused(_)) => findings.bad(
                Kind::Refused,
                format!("the {} was tried at IMS, which refuses it", which.title()),
                match number {
                    0 => format!("if the rotation is over: aep-auth secret drop {name} first"),
                    _ => format!("aep-auth secret set {name} --second, or aep-auth secret drop {name} second"),
                },
            ),
            Err(error) => findings.error(&error),
        }
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
