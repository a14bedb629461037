//! `secret`: set, show, move and drop the secrets of a profile. No value is ever shown.
//!
//! Each change writes the new place first, then the profile, and removes the old place last, so that whichever profile
//! stands finds its secret.

use std::io::Read;

use aep_cli::Invocation;
use aep_core::cache::{FileStore, Store as _};
use aep_core::error::Cause;
use aep_core::profile::{self, Flow, Name, ProfileSelection};
use aep_core::secret::store::SecretKind;
use aep_core::secret::{Credentials, Reference, Secret};
use aep_core::{Context, Error, Profile, Result, duration, text};
use zeroize::Zeroizing;

use super::profile::shown;
use crate::cli::{SecretCommand, SecretNumber, SecretPlace};
use crate::secret_store::{self, Place, SecretStore};
use crate::{profile_store, prompt, road};

/// A secret is a line, a key a few kilobytes.
const MOST_BYTES: usize = 64 * 1024;

/// What can lie in a place of ours by a command of ours.
const MOVABLE: [SecretKind; 4] =
    [SecretKind::ClientSecret, SecretKind::SecondClientSecret, SecretKind::PrivateKey, SecretKind::Passphrase];

pub(crate) fn run(invocation: &mut Invocation<'_>, command: &SecretCommand) -> Result<()> {
    match command {
        SecretCommand::Set { name, second, untried } => {
            let kind = if *second { SecretKind::SecondClientSecret } else { SecretKind::ClientSecret };
            let trial = if *untried { Trial::None } else { Trial::AtIms };
            set(invocation, &Name::parse(name)?, kind, trial)
        }
        SecretCommand::Show { name } => show(invocation, &Name::parse(name)?),
        SecretCommand::Move { name, to } => {
            let to = match to {
                SecretPlace::Keyring => Place::Keyring,
                SecretPlace::Store => Place::Store,
            };
            move_to(invocation, &Name::parse(name)?, to)
        }
        SecretCommand::Drop { name, which } => drop_one(invocation, &Name::parse(name)?, *which),
    }
}

/// Whether a new secret is tried before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    AtIms,
    None,
}

fn set(invocation: &mut Invocation<'_>, name: &Name, kind: SecretKind, trial: Trial) -> Result<()> {
    let before = resolve(invocation.context, name)?;
    let index = usize::from(kind == SecretKind::SecondClientSecret);
    let have = before.client_secrets.len();
    if have < index {
        return Err(Error::configuration(format!("profile {name} has no first client secret yet"))
            .with_hint(format!("aep-auth secret set {name}")));
    }
    // A second one lies where the first one does, if that is a place of ours.
    let place = match before.client_secrets.get(index) {
        Some(reference) => Place::of(reference).ok_or_else(|| kept_elsewhere(&before, kind, reference))?,
        None => before.client_secrets.first().and_then(Place::of).unwrap_or(Place::Store),
    };
    let secret = ask(invocation, &format!("{} of profile {name}", kind.title()))?;
    let tried = match trial {
        Trial::AtIms => try_at_ims(invocation.context, &before, &secret, name, kind)?,
        Trial::None => false,
    };
    let store = SecretStore::new(invocation, &before);
    // Before the write: what was cached was not earned by what comes.
    road::disown(invocation.context, &before)?;
    store.write(place, kind, &secret)?;
    if have == index {
        let mut references = references_of(invocation.context, &before)?;
        references.push(place.to_toml().to_owned());
        write_references(invocation.context, name, &references, || Ok(()))?;
    }
    let at = store.describe(place, kind)?;
    let accepted = if tried { "; IMS accepts it" } else { "" };
    invocation.line(format_args!(
        "stored the {} of profile {name} in the {}: {at}{accepted}",
        kind.title(),
        place.title()
    ));
    Ok(())
}

fn kept_elsewhere(profile: &Profile, kind: SecretKind, reference: &Reference) -> Error {
    Error::configuration(format!(
        "the {} of profile {} is neither in the private store nor in the keyring but elsewhere ({reference})",
        kind.title(),
        profile.name(),
    ))
    .with_hint(format!("change it there, or edit client_secrets in {}", profile.origin))
}

/// Whether IMS was asked and gives a token for the secret; an error where it does not.
fn try_at_ims(context: &Context, profile: &Profile, secret: &Secret, name: &Name, kind: SecretKind) -> Result<bool> {
    if profile.flow == Flow::Jwt && profile.private_key.is_none() {
        // A pasted assertion shows the secret; there is none now.
        return Ok(false);
    }
    let mut trial = profile.clone();
    trial.client_secrets = vec![Reference::Given(secret.clone())];
    let Err(error) = road::ask_ims(&Credentials::new(context, &trial)) else { return Ok(true) };
    let second = if kind == SecretKind::SecondClientSecret { " --second" } else { "" };
    let untried = format!("to store it all the same: aep-auth secret set {name}{second} --untried");
    let hint = match (&error, error.cause(), error.hint()) {
        (Error::Refused(_), Some(Cause::Ims(code)), _) if code == "invalid_client" => {
            format!("copy it once more from the credential's page in the Developer Console\n{untried}")
        }
        (_, _, Some(hint)) => format!("{hint}\n{untried}"),
        _ => untried,
    };
    let message = format!("the {} was tried and not stored: {}", kind.title(), error.message());
    Err(error.with_message(message).with_hint(hint))
}

fn show(invocation: &mut Invocation<'_>, name: &Name) -> Result<()> {
    let context = invocation.context;
    let profile = resolve(context, name)?;
    let entry = FileStore::new(context, &profile)?.and_then(|store| store.read().unwrap_or_default());
    let credentials = Credentials::new(context, &profile);
    let accepted = entry.and_then(|entry| {
        let number = entry.earners.as_ref().and_then(|earners| credentials.accepted_by(earners))?;
        Some((number, entry.token.fetched_at))
    });
    let store = SecretStore::new(invocation, &profile);
    let mut rows = Vec::new();
    for kind in SecretKind::ALL {
        let reference = secret_store::reference(&profile, kind);
        let place = reference.and_then(Place::of);
        if let Some(reference) = reference {
            let number = usize::from(kind == SecretKind::SecondClientSecret);
            let at = match place {
                Some(place) => format!("{}: {}", place.title(), store.describe(place, kind)?),
                None => shown(reference, &profile.origin),
            };
            let last = match accepted {
                Some((accepted, time)) if accepted == number && is_client_secret(kind) => {
                    format!("  (IMS accepted it at {})", duration::rfc3339(time))
                }
                _ => String::new(),
            };
            rows.push((kind.title(), format!("{at}{last}")));
        }
        if place != Some(Place::Store) && store.is_stored(kind)? {
            let at = store.describe(Place::Store, kind)?;
            rows.push((kind.title(), format!("left in the private store and not used: {at}")));
        }
    }
    if rows.is_empty() {
        rows.push(("client secret", format!("none; aep-auth secret set {name}")));
    }
    let width = rows.iter().map(|(kind, _)| kind.len()).max().unwrap_or(0);
    for (kind, at) in rows {
        invocation.line(aep_core::terminal::clean(&format!("{kind:width$}  {at}")));
    }
    Ok(())
}

fn is_client_secret(kind: SecretKind) -> bool {
    matches!(kind, SecretKind::ClientSecret | SecretKind::SecondClientSecret)
}

fn move_to(invocation: &mut Invocation<'_>, name: &Name, to: Place) -> Result<()> {
    let context = invocation.context;
    let before = resolve(context, name)?;
    let is_meant = |kind: &SecretKind| {
        secret_store::reference(&before, *kind).and_then(Place::of).is_some_and(|place| place != to)
    };
    let meant: Vec<SecretKind> = MOVABLE.into_iter().filter(is_meant).collect();
    let store = SecretStore::new(invocation, &before);
    if meant.is_empty() {
        return nothing_to_move(invocation, &before, to);
    }
    let from = if to == Place::Keyring { Place::Store } else { Place::Keyring };
    // All is read before anything is written.
    let secrets: Vec<(SecretKind, Secret)> =
        meant.iter().map(|kind| Ok((*kind, store.read(from, *kind)?))).collect::<Result<_>>()?;
    let remove_old = || {
        road::disown(context, &before)?;
        // All of the store's or none; the rest follows where nothing can be taken back.
        if from == Place::Store { store.remove_unused(&resolve(context, name)?).map(drop) } else { Ok(()) }
    };
    let moved = copy_to(&store, to, &secrets).and_then(|()| point_to(context, &before, &meant, to, remove_old));
    if let Err(error) = moved {
        for (kind, _) in &secrets {
            let _ = store.remove(to, *kind);
        }
        return Err(error);
    }
    if from == Place::Keyring {
        meant.iter().try_for_each(|kind| store.remove(from, *kind).map(drop))?;
    }
    for kind in meant {
        let at = store.describe(to, kind)?;
        invocation.line(format_args!(
            "moved the {} of profile {name} from the {} to the {}: {at}",
            kind.title(),
            from.title(),
            to.title()
        ));
    }
    Ok(())
}

/// What was written is read again before the other copy may go.
fn copy_to(store: &SecretStore<'_>, to: Place, secrets: &[(SecretKind, Secret)]) -> Result<()> {
    secrets.iter().try_for_each(|(kind, secret)| {
        store.write(to, *kind, secret)?;
        let is_there = store.read(to, *kind)? == *secret;
        if is_there { Ok(()) } else { Err(Error::storage(format!("the {} changed what it was given", to.title()))) }
    })
}

fn nothing_to_move(invocation: &mut Invocation<'_>, profile: &Profile, to: Place) -> Result<()> {
    let name = profile.name();
    if profile.client_secrets.iter().any(|reference| Place::of(reference) == Some(to)) {
        // A move that was cut off may have left a copy.
        let removed = SecretStore::new(invocation, profile).remove_unused(profile)?;
        let removed = if removed.is_empty() { String::new() } else { format!("; {}", removed.join("; ")) };
        invocation.line(format_args!("the secrets of profile {name} are in the {} already{removed}", to.title()));
        return Ok(());
    }
    Err(Error::configuration(format!("no secret of profile {name} lies in a place of ours, so that none can be moved"))
        .with_hint(format!("aep-auth secret show {name}")))
}

/// Has the profile name the new place of these secrets, if what is to be done `then` can be done.
fn point_to(
    context: &Context,
    profile: &Profile,
    kinds: &[SecretKind],
    to: Place,
    then: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut references = references_of(context, profile)?;
    let mut pairs = Vec::new();
    for kind in kinds {
        match kind {
            SecretKind::ClientSecret => references[0] = to.to_toml().to_owned(),
            SecretKind::SecondClientSecret => references[1] = to.to_toml().to_owned(),
            SecretKind::PrivateKey => pairs.push(format!("private_key={}", to.to_toml())),
            SecretKind::Passphrase => pairs.push(format!("private_key_passphrase={}", to.to_toml())),
            SecretKind::SharedCachePassword => {}
        }
    }
    if !references.is_empty() {
        pairs.push(format!("client_secrets=[{}]", references.join(", ")));
    }
    profile_store::set(&context.folders, name_of(profile)?, &pairs, then)
}

fn drop_one(invocation: &mut Invocation<'_>, name: &Name, which: SecretNumber) -> Result<()> {
    let context = invocation.context;
    let before = resolve(context, name)?;
    let [first, second] = before.client_secrets.as_slice() else {
        return Err(Error::configuration(format!(
            "profile {name} does not have two client secrets, of which one could be dropped"
        ))
        .with_hint(format!("aep-auth secret set {name} --second, or aep-auth profile remove {name}")));
    };
    let store = SecretStore::new(invocation, &before);
    let mut references = references_of(context, &before)?;
    let mut replaced = None;
    let (dropped, reference) = match which {
        SecretNumber::First => {
            references.remove(0);
            // It is found as the first one from now on; until the profile says so, it stands in both places.
            if let Some(place) = Place::of(second) {
                replaced = store.read(place, SecretKind::ClientSecret).ok().map(|secret| (place, secret));
                store.write(place, SecretKind::ClientSecret, &store.read(place, SecretKind::SecondClientSecret)?)?;
            }
            (SecretKind::ClientSecret, first)
        }
        SecretNumber::Second => {
            references.remove(1);
            (SecretKind::SecondClientSecret, second)
        }
    };
    let remove_dropped = || {
        road::disown(context, &before)?;
        store.remove_unused(&resolve(context, name)?).map(drop)
    };
    if let Err(error) = write_references(context, name, &references, remove_dropped) {
        if let Some((place, secret)) = replaced {
            let _ = store.write(place, SecretKind::ClientSecret, &secret);
        }
        return Err(error);
    }
    let title = if which == SecretNumber::First { "first client secret" } else { dropped.title() };
    let kept = if Place::of(reference).is_none() {
        format!("; it is still there, as it is not ours: {}", shown(reference, &before.origin))
    } else {
        String::new()
    };
    let now = if which == SecretNumber::First { "; the second is the first now" } else { "" };
    invocation.line(format_args!("dropped the {title} of profile {name}{now}{kept}"));
    Ok(())
}

fn resolve(context: &Context, name: &Name) -> Result<Profile> {
    let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
    profile::resolve(context, &selection)
}

fn name_of(profile: &Profile) -> Result<&Name> {
    profile.file_name().ok_or_else(|| Error::fault("the environment is no profile file"))
}

/// The profile's references to client secrets as the user wrote them.
fn references_of(context: &Context, profile: &Profile) -> Result<Vec<String>> {
    let text = profile_store::read(&context.folders, name_of(profile)?)?;
    let document: toml_edit::DocumentMut =
        text.parse().map_err(|_| Error::configuration(format!("{} is not valid TOML", profile.origin)))?;
    let array = document.get("client_secrets").and_then(|item| item.as_array());
    Ok(array.map(|array| array.iter().map(|value| value.to_string().trim().to_owned()).collect()).unwrap_or_default())
}

fn write_references(
    context: &Context,
    name: &Name,
    references: &[String],
    then: impl FnOnce() -> Result<()>,
) -> Result<()> {
    profile_store::set(&context.folders, name, &[format!("client_secrets=[{}]", references.join(", "))], then)
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
    if secret.is_empty() {
        return Err(Error::configuration(format!("the {what} is empty"))
            .with_hint("paste it where it is asked for, or let a file be standard input: … < FILE"));
    }
    Ok(secret)
}
