//! `check`: the tutorial's last step, live. A token, the four headers, the list of standard XDM classes.

use aep_cli::Invocation;
use aep_core::acquire::{Fetched, Refuse, TokenRequest};
use aep_core::error::Cause;
use aep_core::profile::ProfileSelection;
use aep_core::token::Source;
use aep_core::{Context, Error, Profile, Result, budget, headers};
use aep_ims::{Class, Http, list_classes};

use crate::road::{self, PROGRAM};

/// The gateway's code for a token that has ended or was revoked.
const TOKEN_ENDED: &str = "401013";

pub(crate) fn run(invocation: &mut Invocation<'_>, selection: &ProfileSelection) -> Result<()> {
    let (profile, fetched) = road::acquire(invocation.context, selection)?;
    let classes = match ask(invocation.context, &profile, &fetched) {
        // A cached token may have been revoked meanwhile; once is enough to know.
        Err(error) if fetched.source != Source::Ims && has_ended(&error) => {
            let request = TokenRequest { refuse: Refuse::This(fetched.token.value), ..TokenRequest::default() };
            let renewed = road::acquire_for(invocation.context, &profile, &request)?;
            ask(invocation.context, &profile, &renewed)?
        }
        other => other?,
    };
    invocation.line(format_args!(
        "profile {} may call {}: {} standard XDM classes",
        profile.name(),
        profile.platform_url,
        classes.len()
    ));
    let width = classes.iter().map(|class| class.title.chars().count()).max().unwrap_or(0);
    for Class { title, id, .. } in &classes {
        let shown = format!("  {title:width$}  {id}");
        invocation.line(aep_core::terminal::clean(&shown));
    }
    Ok(())
}

pub(super) fn has_ended(error: &Error) -> bool {
    matches!(error.cause(), Some(Cause::Platform(code)) if code == TOKEN_ENDED)
}

fn ask(context: &Context, profile: &Profile, fetched: &Fetched) -> Result<Vec<Class>> {
    let headers = headers::for_platform(profile, &fetched.token.value)?;
    let http = Http::to(&profile.platform_url, profile.ca_file.as_deref(), context, PROGRAM)?;
    list_classes(&http, context, profile, &headers, budget::whole(context)?)
}
