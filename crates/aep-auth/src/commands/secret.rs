//! `secret set`: a new client secret, from the terminal without echo or from standard input.

use std::io::{IsTerminal, Read};

use aep_core::process::Call;
use aep_core::profile::{Name, file};
use aep_core::secret::store::{self, Item};
use aep_core::secret::{Reference, Secret};
use aep_core::{Error, Result};

use crate::cli::SecretCommand;
use crate::{profile_store, run};

pub(crate) fn run(call: &mut Call<'_>, command: &SecretCommand) -> Result<()> {
    let SecretCommand::Set { name, second } = command;
    let name = Name::parse(name)?;
    let (fields, path) = file::read(call.context, &name)?;
    let (item, index) = if *second { (Item::SecondClientSecret, 1) } else { (Item::ClientSecret, 0) };
    if fields.client_secrets.get(index).is_some_and(|reference| *reference != Reference::Store) {
        return Err(Error::configuration(format!(
            "the {} of profile {name} does not come from the private store but from elsewhere ({})",
            item.title(),
            fields.client_secrets[index],
        ))
        .hint(format!("change it there, or edit client_secrets in {}", path.display())));
    }
    let secret = ask(call, &format!("{} of profile {name}", item.title()))?;
    store::write(&call.context.folders, &name, item, &secret)?;
    if fields.client_secrets.len() <= index {
        let both = if index == 1 { "[{ store = true }, { store = true }]" } else { "[{ store = true }]" };
        profile_store::set(&call.context.folders, &name, &[format!("client_secrets={both}")])?;
    }
    let place = store::path(&call.context.folders, &name, item)?;
    run::line(call.output, format_args!("stored the {} of profile {name} in {}", item.title(), place.display()));
    Ok(())
}

/// Asks on a terminal without echo; else takes the first line of standard input.
pub(crate) fn ask(call: &mut Call<'_>, what: &str) -> Result<Secret> {
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{what}: "))
            .map_err(|error| Error::configuration(format!("cannot read the {what}: {error}")))?
    } else {
        let mut bytes = Vec::new();
        call.input
            .take(64 * 1024)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::configuration(format!("cannot read the {what}: {error}")))?;
        String::from_utf8(bytes).map_err(|_| Error::configuration(format!("the {what} is not text")))?
    };
    let secret = Secret::new(text.lines().next().unwrap_or_default().trim().to_owned());
    if secret.is_empty() { Err(Error::configuration(format!("the {what} is empty"))) } else { Ok(secret) }
}
