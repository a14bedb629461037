//! `doctor`: looks at everything that a token passes, and names the cure of what is wrong.
//!
//! `--report` is for an issue: no secret, no token, no user name.

use aep_core::process::Call;
use aep_core::profile::{self, Choice, Flow};
use aep_core::secret::Credentials;
use aep_core::token::{self, Wish};
use aep_core::{Context, Profile, Result, duration, terminal};
use aep_ims::{Ims, key};

use super::TOOL;
use crate::run;

/// A line of the findings.
enum Finding {
    Good(String),
    Bad { what: String, cure: String },
}

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice, is_report: bool) -> Result<u8> {
    let mut findings = Vec::new();
    look(call.context, choice, &mut findings);
    let home = call.context.environment.text("HOME").ok().flatten();
    let shown = |text: &str| match (&home, is_report) {
        (Some(home), true) if home.len() > 1 => terminal::clean(&text.replace(home.as_str(), "~")),
        _ => terminal::clean(text),
    };
    run::line(call.output, format_args!("aep-auth {} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS));
    let mut is_ill = false;
    for finding in &findings {
        match finding {
            Finding::Good(what) => run::line(call.output, format_args!("ok    {}", shown(what))),
            Finding::Bad { what, cure } => {
                is_ill = true;
                run::line(call.output, format_args!("wrong {}", shown(what)));
                for cure in cure.lines() {
                    run::line(call.output, format_args!("      cure: {}", shown(cure)));
                }
            }
        }
    }
    Ok(if is_ill { 3 } else { 0 })
}

fn look(context: &Context, choice: &Choice, findings: &mut Vec<Finding>) {
    let good = |what: String| Finding::Good(what);
    let bad = |error: &aep_core::Error| Finding::Bad {
        what: error.message().to_owned(),
        cure: error.cure().unwrap_or("see the README's troubleshooting section").to_owned(),
    };
    let profile = match profile::resolve(context, choice) {
        Ok(profile) => profile,
        Err(error) => return findings.push(bad(&error)),
    };
    findings.push(good(format!("profile {} from {}, {}", profile.name(), profile.origin, profile.flow.name())));
    findings.push(good(format!("IMS {}, platform {}", profile.ims_url, profile.platform_url)));
    for variable in ["HTTPS_PROXY", "NO_PROXY", "AEP_CA_FILE", "SSL_CERT_FILE", "AEP_TIMEOUT", "AEP_CACHE"] {
        if context.environment.has(variable) {
            findings.push(good(format!("{variable} is set")));
        }
    }
    match look_at_secrets(context, &profile) {
        Ok(()) => findings.push(good("secrets can be read".to_owned())),
        Err(error) => findings.push(bad(&error)),
    }
    match token::cached(context, &profile) {
        Ok(None) => findings.push(good("no token is cached".to_owned())),
        Ok(Some(token)) => {
            let left = duration::brief(token.remaining(context.clock.now()));
            findings.push(good(format!("a cached token, {left} left")));
        }
        Err(trouble) => findings.push(Finding::Bad {
            what: format!("the token cache is not trusted: {trouble}"),
            cure: "make it yours alone: chmod go-w, or remove it".to_owned(),
        }),
    }
    match token::obtain(context, &profile, &Wish::default(), &Ims::asked_by(TOOL)) {
        Ok(obtained) => findings.push(good(format!("a token, from {}", obtained.source.name()))),
        Err(error) => findings.push(bad(&error)),
    }
}

fn look_at_secrets(context: &Context, profile: &Profile) -> Result<()> {
    let credentials = Credentials::of(context, profile);
    credentials.client_secret()?;
    if profile.flow == Flow::Jwt {
        key::read(credentials.private_key()?, credentials.passphrase()?)?;
    }
    Ok(())
}
