//! `doctor`: looks at everything that a token passes, and names the cure of what is wrong.
//!
//! Each file looks at one part of the way. `--report` is for an issue: no secret, no token, no user name.

use aep_core::error::Kind;
use aep_core::process::Call;
use aep_core::profile::{self, Choice};
use aep_core::token::{self, Wish};
use aep_core::{Context, Error, Profile, Result, terminal};
use aep_fleet::Fleet;

use super::TOOL;
use crate::run;

mod clients;
mod credential;
mod network;
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

/// A line of the findings.
#[derive(Debug)]
enum Finding {
    Good(String),
    /// Worth knowing, and nothing to cure.
    Note(String),
    Bad {
        kind: Kind,
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
        self.0.push(Finding::Bad { kind, what: what.into(), cure: cure.into() });
    }

    fn error(&mut self, error: &Error) {
        let cure = error.cure().unwrap_or("see the README's troubleshooting section");
        self.bad(error.kind(), error.message(), cure);
    }
}

/// Prints the findings; the exit code is that of the first thing that is wrong.
pub(crate) fn run(call: &mut Call<'_>, choice: &Choice, audience: Audience) -> Result<u8> {
    let findings = look(call.context, choice);
    let mask = Mask::for_audience(call.context, audience);
    run::line(call.output, format_args!("aep-auth {} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS));
    for finding in &findings.0 {
        let (mark, what) = match finding {
            Finding::Good(what) => ("ok   ", what),
            Finding::Note(what) => ("note ", what),
            Finding::Bad { what, .. } => ("wrong", what),
        };
        run::line(call.output, format_args!("{mark} {}", mask.apply(what)));
        if let Finding::Bad { cure, .. } = finding {
            for line in cure.lines() {
                run::line(call.output, format_args!("      cure: {}", mask.apply(line)));
            }
        }
    }
    let first_bad = findings.0.iter().find_map(|finding| match finding {
        Finding::Bad { kind, .. } => Some(kind.exit_code()),
        _ => None,
    });
    Ok(first_bad.unwrap_or(0))
}

fn look(context: &Context, choice: &Choice) -> Findings {
    let mut findings = Findings::default();
    settings::look_at_variables(context, &mut findings);
    match profile::resolve(context, choice) {
        Err(error) => findings.error(&error),
        Ok(profile) => {
            settings::look_at_profile(context, choice, &profile, &mut findings);
            storage::look(context, &profile, &mut findings);
            credential::look(context, &profile, &mut findings);
            let is_reached = network::look(context, &profile, &mut findings);
            look_at_shared_cache(context, &profile, &mut findings);
            if is_reached {
                match token::obtain(context, &profile, &Wish::default(), &Fleet::asked_by(TOOL)) {
                    Ok(obtained) => {
                        findings.good(format!("an access token, from {}", source(&obtained)));
                        credential::look_at_grant(&profile, &obtained.token, &mut findings);
                    }
                    Err(error) => findings.error(&error),
                }
            }
        }
    }
    clients::look(&mut findings);
    findings
}

fn look_at_shared_cache(context: &Context, profile: &Profile, findings: &mut Findings) {
    match aep_fleet::inspect(context, profile) {
        Err(error) => findings.error(&error),
        Ok(found) => found.into_iter().for_each(|finding| match finding {
            aep_fleet::Finding::Good(what) => findings.good(what),
            aep_fleet::Finding::Note(what) => findings.note(what),
            aep_fleet::Finding::Bad(what, cure) => findings.bad(Kind::Unreachable, what, cure),
        }),
    }
}

fn source(obtained: &token::Obtained) -> &'static str {
    match obtained.source {
        token::Source::Cache => "the cache",
        token::Source::Shared => "the shared cache",
        token::Source::Ims => "IMS",
    }
}

/// Takes the home folder and the user's name out of what is shown in public.
struct Mask(Vec<(String, &'static str)>);

impl Mask {
    fn for_audience(context: &Context, audience: Audience) -> Self {
        if audience == Audience::Oneself {
            return Self(Vec::new());
        }
        let variable = |name: &str| context.environment.text(name).ok().flatten().filter(|value| value.len() > 2);
        let home = variable("HOME").or_else(|| variable("USERPROFILE"));
        let at_home =
            home.as_deref().and_then(|home| std::path::Path::new(home).file_name()?.to_str().map(str::to_owned));
        let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(variable).chain(at_home);
        // The longer first: the name is a part of the home folder.
        Self(home.map(|home| (home, "~")).into_iter().chain(names.map(|name| (name, "USER"))).collect())
    }

    fn apply(&self, text: &str) -> String {
        let masked = self.0.iter().fold(text.to_owned(), |text, (private, shown)| text.replace(private, shown));
        terminal::clean(&masked)
    }
}
