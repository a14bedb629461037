//! `doctor`: looks at everything that a token passes, and names the cure of what is wrong.
//!
//! Each file looks at one part of the way. `--report` is for an issue: no secret, no token, no user name.

use aep_cli::Invocation;
use aep_core::acquire::{Fetched, TokenRequest};
use aep_core::profile::{self, ProfileSelection};
use aep_core::secret::Credentials;
use aep_core::token::Source;
use aep_core::{Context, Error, Profile, Result, terminal};

use crate::road;

mod clients;
mod credential;
mod git;
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
        self.0.push(Finding::Bad { exit_code: kind as u8, what: what.into(), cure: cure.into() });
    }

    fn error(&mut self, error: &Error) {
        let cure = error.hint().unwrap_or("see the README's troubleshooting section");
        self.0.push(Finding::Bad {
            exit_code: error.exit_code(),
            what: error.message().to_owned(),
            cure: cure.to_owned(),
        });
    }
}

/// Prints the findings; the exit code is that of the first thing that is wrong.
pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    audience: Audience,
    repository: Option<&str>,
) -> Result<u8> {
    let mut findings = look(invocation.context, selection);
    if let Some(url) = repository {
        let profile = profile::resolve(invocation.context, selection).ok();
        git::look(invocation.context, profile.as_ref(), url, &mut findings);
    }
    let mask = Mask::for_audience(invocation.context, audience);
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

fn look(context: &Context, selection: &ProfileSelection) -> Findings {
    let mut findings = Findings::default();
    settings::look_at_variables(context, &mut findings);
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
    match aep_redis::inspect(&Credentials::new(context, profile), aep_ims::root_certificates) {
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

/// Takes the home folder and the user's name out of what is shown in public.
struct Mask(Vec<(String, &'static str)>);

impl Mask {
    fn for_audience(context: &Context, audience: Audience) -> Self {
        if audience == Audience::Oneself {
            return Self(Vec::new());
        }
        let variable = |name: &str| context.environment.text(name).ok().flatten().filter(|value| value.len() > 2);
        // Git for Windows sets the first beside the second, and the two need not be the same.
        let homes: Vec<String> = ["HOME", "USERPROFILE"].into_iter().filter_map(variable).collect();
        let last = |home: &String| home.rsplit(['/', '\\']).find(|part| !part.is_empty()).map(str::to_owned);
        let at_home: Vec<String> = homes.iter().filter_map(last).filter(|name| name.len() > 2).collect();
        let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(variable).chain(at_home);
        // The longer first: the name is a part of the home folder.
        Self(homes.into_iter().map(|home| (home, "~")).chain(names.map(|name| (name, "USER"))).collect())
    }

    fn apply(&self, text: &str) -> String {
        let masked = self.0.iter().fold(text.to_owned(), |text, (private, shown)| replace(&text, private, shown));
        terminal::clean(&masked)
    }
}

/// Replaces a path or name however it is written: Windows and macOS tell no capitals from small letters, and Windows takes
/// either slash.
fn replace(text: &str, private: &str, shown: &str) -> String {
    let is_slash = |c: char| c == '/' || c == '\\';
    let is_same = |a: char, b: char| a == b || is_slash(a) && is_slash(b) || a.to_lowercase().eq(b.to_lowercase());
    let begins = |rest: &str| {
        let mut left = rest.chars();
        private.chars().all(|wanted| left.next().is_some_and(|c| is_same(c, wanted))).then_some(left.as_str().len())
    };
    let (mut rest, mut replaced) = (text, String::with_capacity(text.len()));
    while let Some(first) = rest.chars().next() {
        if let Some(left) = begins(rest) {
            replaced.push_str(shown);
            rest = &rest[rest.len() - left..];
        } else {
            replaced.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_masked_however_it_is_written() {
        for (text, private, masked) in [
            ("in C:\\Users\\Ada\\x", "C:\\Users\\Ada", "in ~\\x"),
            ("in c:/users/ADA/x", "C:\\Users\\Ada", "in ~/x"),
            ("/home/ada and /home/ada/x", "/home/ada", "~ and ~/x"),
            ("/home/adb", "/home/ada", "/home/adb"),
            ("/home/ÉVE é", "/home/éve", "~ é"),
            ("/home", "/home/ada", "/home"),
        ] {
            assert_eq!(replace(text, private, "~"), masked);
        }
    }
}
