//! `secret set`: a new client secret, from the terminal without echo or from standard input.

use std::io::Read;

use aep_cli::Invocation;
use aep_core::profile::{self, Name, ProfileSelection, file};
use aep_core::secret::store::{self, SecretKind, StoreKey};
use aep_core::secret::{Reference, Secret};
use aep_core::{Error, Result, text};
use zeroize::Zeroizing;

use crate::cli::SecretCommand;
use crate::{profile_store, prompt, road};

/// A secret is a line, a key a few kilobytes.
const MOST_BYTES: usize = 64 * 1024;

pub(crate) fn run(invocation: &mut Invocation<'_>, command: &SecretCommand) -> Result<()> {
    let SecretCommand::Set { name, second } = command;
    let name = Name::parse(name)?;
    let (fields, path) = file::read(invocation.context, &name)?;
    let (kind, index) = if *second { (SecretKind::SecondClientSecret, 1) } else { (SecretKind::ClientSecret, 0) };
    if fields.client_secrets.get(index).is_some_and(|reference| *reference != Reference::Store) {
        return Err(Error::configuration(format!(
            "the {} of profile {name} does not come from the private store but from elsewhere ({})",
            kind.title(),
            fields.client_secrets[index],
        ))
        .with_hint(format!("change it there, or edit client_secrets in {}", path.display())));
    }
    let secret = ask(invocation, &format!("{} of profile {name}", kind.title()))?;
    let context = invocation.context;
    let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
    let profile = profile::resolve(context, &selection)?;
    let key = StoreKey::of_profile(&profile).ok_or_else(|| Error::fault("a named profile has a place in the store"))?;
    road::disown(context, &name)?;
    store::write(&context.folders, &key, kind, &secret)?;
    if fields.client_secrets.len() <= index {
        let both = if index == 1 { "[{ store = true }, { store = true }]" } else { "[{ store = true }]" };
        profile_store::set(&context.folders, &name, &[format!("client_secrets={both}")])?;
    }
    let place = store::path(&context.folders, &key, kind)?;
    invocation.line(format_args!("stored the {} of profile {name} in {}", kind.title(), place.display()));
    Ok(())
}

/// Asks on a terminal without echo; else takes the first line of standard input.
pub(crate) fn ask(invocation: &mut Invocation<'_>, what: &str) -> Result<Secret> {
    let secret = if invocation.terminals.has_input() {
        prompt::secret(&format!("{what} (not shown): "))?
    } else {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
        invocation
            .input
            .take(MOST_BYTES as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::configuration(format!("cannot read the {what}: {}", error.kind())))?;
        let text = text::decode(std::mem::take(&mut *bytes))
            .map(Zeroizing::new)
            .ok_or_else(|| Error::configuration(format!("the {what} is not text in UTF-8 or UTF-16")))?;
        Secret::new(text.lines().next().unwrap_or_default().trim().to_owned())
    };
    if secret.is_empty() { Err(Error::configuration(format!("the {what} is empty"))) } else { Ok(secret) }
}
