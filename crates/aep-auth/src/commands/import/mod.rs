//! `import`: a credential file becomes a profile, its secrets go to the private store, and the user is told what was found.
//!
//! Read, choose, plan, write, report: everything is checked before the first byte is written, and what was written is
//! taken back if a later step fails.

use std::path::Path;

use aep_cli::Invocation;
use aep_core::profile::{self, DEFAULT_IMS_URL, Name, ProfileSelection};
use aep_core::secret::command;
use aep_core::secret::keyring::Account;
use aep_core::url::BaseUrl;
use aep_core::{Error, Result};

use self::plan::Plan;
use crate::cli::ImportArguments;
use crate::import::{self, Found};
use crate::secret_store::SecretStore;
use crate::{input, profile_store};

mod choose;
mod elsewhere;
mod plan;
mod report;
mod write;

const DEFAULT_NAME: &str = "default";

const WITHOUT_KEYRING: &str = "leave --client-secret-from away, and the secret goes to the private store";

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
    let holds_secret = !taken.client_secrets.is_empty() || taken.private_key.is_some() || taken.passphrase.is_some();
    let plan = Plan::make(invocation, taken, arguments, selection, &name)?;
    plan.check(&name)?;
    // One whose removal was killed is the default no more.
    let is_there = |name: &Name| profile_store::exists(&invocation.context.folders, name).unwrap_or(true);
    let default = profile::default_name(invocation.context).ok().flatten();
    let is_default = arguments.default || default.is_none_or(|default| !is_there(&default));
    let before = if is_replaced { profile::resolve(invocation.context, &selection_of(&name)).ok() } else { None };
    let accounts = write_to_keyring(invocation, &plan, &name)?;
    if let Err(error) = write::write(invocation, &plan, &name, is_default) {
        if !is_replaced {
            take_back_from_keyring(invocation, &accounts);
        }
        return Err(error);
    }
    if let Some(before) = &before {
        let after = profile::resolve(invocation.context, &selection_of(&name))?;
        SecretStore::new(invocation, before).remove_unused(&after)?;
    }
    let source = arguments.file.as_deref().filter(|path| path.as_os_str() != "-");
    let options = report::options(arguments, selection.sandbox.as_deref());
    let about = report::About { name: &name, is_default, others: &others, source, is_download, holds_secret, options };
    report::write(invocation, &plan, &about);
    Ok(())
}

fn selection_of(name: &Name) -> ProfileSelection {
    ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() }
}

/// Before the profile, so that it finds its secret from the first moment.
fn write_to_keyring(invocation: &Invocation<'_>, plan: &Plan, name: &Name) -> Result<Vec<Account>> {
    let limit = command::time_limit(&invocation.context.environment, invocation.terminals.has_errors());
    let default = BaseUrl::parse("ims_url", DEFAULT_IMS_URL)?;
    let ims_url = plan.ims_url.as_ref().unwrap_or(&default);
    let mut written = Vec::new();
    for (kind, secret) in plan.secrets_for_keyring() {
        let account = Account::new(name, kind, &plan.taken.client_id, ims_url);
        let result = invocation.context.keyring()?.write(&account, secret, limit);
        if let Err(error) = result {
            take_back_from_keyring(invocation, &written);
            return Err(error.into_error(kind.title(), Some(WITHOUT_KEYRING)));
        }
        written.push(account);
    }
    Ok(written)
}

/// Best effort: the error that is told is the first one.
fn take_back_from_keyring(invocation: &Invocation<'_>, accounts: &[Account]) {
    let limit = command::time_limit(&invocation.context.environment, invocation.terminals.has_errors());
    for account in accounts {
        let _ = invocation.context.keyring().map(|keyring| keyring.remove(account, limit));
    }
}

fn read(invocation: &mut Invocation<'_>, arguments: &ImportArguments) -> Result<Found> {
    let path = match &arguments.file {
        Some(path) => path,
        None if invocation.terminals.has_input() => {
            let home = invocation.context.environment.path("HOME");
            let typed = import::terminal::ask(home.as_deref(), arguments.private_key.is_some())?;
            return Ok(Found { candidates: vec![typed], is_download: false });
        }
        None => Path::new("-"),
    };
    let bytes = input::read(invocation, path)?;
    if arguments.file.is_none() && bytes.is_empty() {
        return Err(Error::usage("no FILE was named, and standard input is empty")
            .with_hint("aep-auth import ~/Downloads/credential.json"));
    }
    import::read(&bytes)
}
