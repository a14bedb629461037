//! `import`: a credential file becomes a profile, its secrets go to the private store, and the user is told what was found.
//!
//! Read, choose, plan, write, report: everything is checked before the first byte is written, and what was written is
//! taken back if a later step fails.

use std::path::Path;

use aep_cli::Invocation;
use aep_core::profile::{self, Name, ProfileSelection};
use aep_core::{Error, Result};

use self::plan::Plan;
use crate::cli::ImportArguments;
use crate::import::{self, Found};
use crate::{input, profile_store};

mod choose;
mod plan;
mod report;
mod write;

const DEFAULT_NAME: &str = "default";

pub(crate) fn run(
    invocation: &mut Invocation<'_>,
    selection: &ProfileSelection,
    arguments: &ImportArguments,
) -> Result<()> {
    let name = match profile::named(invocation.context, selection)? {
        Some(name) => name,
        None => Name::parse(DEFAULT_NAME)?,
    };
    let is_replaced = profile_store::exists(&invocation.context.folders, &name)?;
    if is_replaced && !arguments.force {
        return Err(Error::configuration(format!("profile {name} exists already"))
            .with_hint("give the new one another name with --profile NAME, or replace it with --force"));
    }
    let found = read(invocation, arguments)?;
    let is_download = found.is_download;
    let (taken, others) = choose::choose(found.candidates, arguments)?;
    let plan = Plan::make(invocation, taken, arguments, selection)?;
    plan.check(&name)?;
    let is_default = arguments.default || profile::default_name(invocation.context).ok().flatten().is_none();
    write::write(invocation, &plan, &name, is_default)?;
    let source = arguments.file.as_deref().filter(|path| path.as_os_str() != "-");
    report::write(invocation, &plan, &report::About { name: &name, is_default, others: &others, source, is_download });
    Ok(())
}

fn read(invocation: &mut Invocation<'_>, arguments: &ImportArguments) -> Result<Found> {
    let path = match &arguments.file {
        Some(path) => path,
        None if invocation.terminals.has_input() => {
            let typed = import::terminal::ask(invocation.context.environment.path("HOME").as_deref())?;
            return Ok(Found { candidates: vec![typed], is_download: false });
        }
        None => Path::new("-"),
    };
    import::read(&input::read(invocation, path)?)
}
