//! `doctor`: looks at everything that a token passes, and names the cure of what is wrong.
//!
//! Each file looks at one part of the way. `--report` is for an issue: no secret, no token, no user name.

use aep_cli::Invocation;
use aep_core::acquire::{Fetched, TokenRequest};
use aep_core::profile::{self, ProfileSelection};
use aep_core::secret::Credentials;
use aep_core::token::Source;
use aep_core::{Context, Error, Profile, Result};

use self::mask::Mask;
use crate::road;

mod clients;
mod credential;
mod git;
mod mask;
mod network;
mod query;
mod settings;
mod storage;

/// What is shown to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The user, on the user's own terminal.
    Oneself,
    /// Readers of a public issue.
    Public,
}

/// What is wrong, by the exit code that the same thing gives elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration = 3,
    Refused = 4,
    Unreachable = 5,
    Storage = 6,
}

/// A line of the findings.
#[derive(Debug)]
enum Finding {
    Good(String),
    /// Worth knowing, and nothing to cure.
    Note(String),
    Bad {
        exit_code: u8,
        what: String,
        cure: String,
    },
}

/// The findings in the order in which a token meets them.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: impl Into<String>) {
        self.0.push(Finding::Good(what.into()));
    }

    fn note(&mut self, what: impl Into<String>) {
        self.0.push(Finding::Note(what.into()));
    }

    fn bad(&mut self, kind: Kind, what: impl Into<String>, cure: impl Into<String>) {
        self.wrong(kind as u8, what.into(), cure.into());
    }

    /// What one step after the other meets is said once.
    fn wrong(&mut self, exit_code: u8, what: String, cure: String) {
        if !self.0.iter().any(|one| matches!(one, Finding::Bad { what: said, .. } if *said == what)) {
            self.0.push(Finding::Bad { exit_code, what, cure });
        }
    }

    fn error(&mut self, error: &Error) {
        self.wrong(error.exit_code(), error.message().to_owned(), error.hint().unwrap_or_default().to_owned());
    }
}

/// Prints the findings; the exit code is that of the first thing that is wrong.
pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    audience: Audience,
    repository: Option<&str>,
) -> Result<u8> {
    let mut findings = look(invocation.context, selection, audience);
    let profile = profile::resolve(invocation.context, selection).ok();
    if let Some(url) = repository {
        git::look(invocation.context, profile.as_ref(), url, &mut findings);
    }
    let mask = match audience {
        Audience::Oneself => Mask::default(),
        Audience::Public => Mask::of_account(invocation.context, profile.as_ref()),
    };
    invocation.line(format_args!("aep-auth {} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS));
    for finding in &findings.0 {
        let (mark, what) = match finding {
            Finding::Good(what) => ("ok   ", what),
            Finding::Note(what) => ("note ", what),
            Finding::Bad { what, .. } => ("wrong", what),
        };
        invocation.line(format_args!("{mark} {}", mask.apply(what)));
        if let Finding::Bad { cure, .. } = finding {
            for line in cure.lines() {
                invocation.line(format_args!("      cure: {}", mask.apply(line)));
            }
        }
    }
    let first_bad = findings.0.iter().find_map(|finding| match finding {
        Finding::Bad { exit_code, .. } => Some(*exit_code),
        _ => None,
    });
    Ok(first_bad.unwrap_or(0))
}

fn look(context: &Context, selection: &ProfileSelection, audience: Audience) -> Findings {
    let mut findings = Findings::default();
    settings::look_at_variables(context, audience, &mut findings);
    match profile::resolve(context, selection) {
        Err(error) => findings.error(&error),
        Ok(profile) => {
            settings::look_at_profile(context, selection, &profile, &mut findings);
            storage::look(context, &profile, &mut findings);
            query::look(context, &profile, &mut findings);
            credential::look(context, &profile, &mut findings);
            let is_reached = network::look(context, &profile, &mut findings);
            look_at_shared_cache(context, &profile, &mut findings);
            if is_reached {
                match road::acquire_for(context, &profile, &TokenRequest::default()) {
                    Ok(fetched) => {
                        findings.good(format!("an access token, from {}", source(&fetched)));
                        credential::look_at_grant(&profile, &fetched.token, &mut findings);
                        let is_cached = !matches!(fetched.source, Source::Ims);
                        credential::try_secrets(context, &profile, is_cached, &mut findings);
                    }
                    Err(error) => findings.error(&error),
                }
            }
        }
    }
    clients::look(context, &mut findings);
    findings
}

fn look_at_shared_cache(context: &Context, profile: &Profile, findings: &mut Findings) {
    match aep_redis::inspect(&Credentials::new(context, profile), aep_ims::tls_config) {
        Err(error) => findings.error(&error),
        Ok(found) => found.into_iter().for_each(|finding| match finding {
            aep_redis::Finding::Good(what) => findings.good(what),
            aep_redis::Finding::Note(what) => findings.note(what),
            aep_redis::Finding::Bad(what, cure) => findings.bad(Kind::Unreachable, what, cure),
        }),
    }
}

fn source(fetched: &Fetched) -> &'static str {
    match fetched.source {
        Source::Cache => "the cache",
        Source::Shared => "the shared cache",
        Source::Ims => "IMS",
    }
}
