//! `check`: the tutorial's last step, live. A token, the four headers, the list of standard XDM classes.

use aep_core::error::Kind;
use aep_core::process::Call;
use aep_core::profile::Choice;
use aep_core::token::{self, Obtained, Refuse, Source, Wish};
use aep_core::{Context, Profile, Result, headers};
use aep_ims::{Class, Http, list_classes};

use super::TOOL;
use crate::run;

pub(crate) fn run(call: &mut Call<'_>, choice: &Choice) -> Result<()> {
    let (profile, obtained) = super::obtain(call.context, choice)?;
    let classes = match ask(call.context, &profile, &obtained) {
        // A cached token may have been revoked meanwhile; once is enough to know.
        Err(error)
            if error.kind() == Kind::Refused
                && obtained.source == Source::Cache
                && error.message().contains("401013") =>
        {
            let wish = Wish { refuse: Refuse::This(obtained.token.value), ..Wish::default() };
            let renewed = token::obtain(call.context, &profile, &wish, &aep_fleet::Fleet::asked_by(TOOL))?;
            ask(call.context, &profile, &renewed)?
        }
        other => other?,
    };
    run::line(
        call.output,
        format_args!(
            "profile {} may call {}: {} standard XDM classes",
            profile.name(),
            profile.platform_url,
            classes.len()
        ),
    );
    let width = classes.iter().map(|class| class.title.chars().count()).max().unwrap_or(0);
    for Class { title, id, .. } in &classes {
        let shown = format!("  {title:width$}  {id}");
        run::line(call.output, aep_core::terminal::clean(&shown));
    }
    Ok(())
}

fn ask(context: &Context, profile: &Profile, obtained: &Obtained) -> Result<Vec<Class>> {
    let headers = headers::of(profile, &obtained.token.value)?;
    let http = Http::to(&profile.platform_url, context, &format!("{TOOL}/{}", env!("CARGO_PKG_VERSION")))?;
    list_classes(&http, context, profile, &headers, token::whole_budget(context)?)
}
