//! `profile`: list, show, use, copy, rename, remove, set.

use std::collections::BTreeSet;
use std::path::Path;

use aep_cli::Invocation;
use aep_core::profile::file::{self, Fields};
use aep_core::profile::{self, Flow, Name, Origin, ProfileSelection};
use aep_core::secret::store::SecretKind;
use aep_core::secret::{Credentials, NOT_SHOWN, Reference};
use aep_core::{Context, Error, Profile, Result, program, terminal};
use serde_json::json;

use crate::cli::{ProfileCommand, Words};
use crate::secret_store::{Place, SecretStore};
use crate::{certificate, profile_store, road, secret_store, shape, table};

pub(crate) fn run(invocation: &mut Invocation<'_>, command: &ProfileCommand) -> Result<()> {
    match command {
        ProfileCommand::List { json, only } => list(invocation, *json, *only),
        ProfileCommand::Show { name } => {
            let selection = ProfileSelection { profile: name.clone(), ..ProfileSelection::default() };
            show(invocation, &selection)
        }
        ProfileCommand::Use { name } => {
            let name = match name {
                Some(name) => existing(invocation, name)?,
                None => active(invocation.context)?,
            };
            // One that others could have written is no default.
            profile_store::read(&invocation.context.folders, &name)?;
            profile_store::make_default(&invocation.context.folders, &name)?;
            invocation.line(format_args!("profile {name} is the default"));
            say_what_wins(invocation, &name)
        }
        ProfileCommand::Copy { name, new } => {
            let (name, new) = (existing(invocation, name)?, Name::parse(new)?);
            let profile = profile::resolve(invocation.context, &named(&name))?;
            let copied = profile_store::copy(invocation, &profile, &new)?;
            let with = if copied.is_empty() { String::new() } else { format!(" ({})", copied.join(", ")) };
            invocation.line(format_args!("copied profile {name} to {new}{with}"));
            Ok(())
        }
        ProfileCommand::Rename { name, new } => rename(invocation, name, &Name::parse(new)?),
        ProfileCommand::Remove { name } => remove(invocation, name),
        ProfileCommand::Set { name, pairs } => {
            let name = existing(invocation, name)?;
            set(invocation, &name, pairs)
        }
    }
}

fn named(name: &Name) -> ProfileSelection {
    ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() }
}

fn existing(invocation: &Invocation<'_>, name: &str) -> Result<Name> {
    let name = Name::parse(name)?;
    if profile_store::exists(&invocation.context.folders, &name)? { Ok(name) } else { Err(absent(invocation, &name)) }
}

fn absent(invocation: &Invocation<'_>, name: &Name) -> Error {
    Error::configuration(format!("there is no profile `{name}`"))
        .with_hint(file::cure_for_unknown(&invocation.context.folders, name))
}

/// The profile file that is used now.
fn active(context: &Context) -> Result<Name> {
    let profile = profile::resolve(context, &ProfileSelection::default())?;
    profile.file_name().cloned().ok_or_else(|| {
        Error::configuration(format!("the profile that is used now is {}, which is no file", profile.origin))
            .with_hint("aep-auth profile list")
    })
}

/// What is used instead of the default.
fn say_what_wins(invocation: &mut Invocation<'_>, default: &Name) -> Result<()> {
    let context = invocation.context;
    if let Some(wins) = profile::named(context, &ProfileSelection::default())? {
        if wins != *default {
            invocation.line(format_args!("AEP_PROFILE is {wins} and wins over it; unset AEP_PROFILE to use {default}"));
        }
    } else if let Some(variable) = profile::environment_identity(context) {
        invocation.line(format_args!("{variable} is set and wins over it; unset {variable} to use {default}"));
    }
    Ok(())
}

fn list(invocation: &mut Invocation<'_>, as_json: bool, only: Option<Words>) -> Result<()> {
    let context = invocation.context;
    let names = profile_store::list(&context.folders)?;
    if only == Some(Words::Names) {
        names.iter().for_each(|name| invocation.line(name));
        return Ok(());
    }
    // One broken file must not hide the others.
    let read = |name: &Name| match file::read(context, name) {
        Ok((fields, _)) => Some(fields),
        Err(error) => {
            if only.is_none() {
                context.log.warn(error.message());
            }
            None
        }
    };
    let profiles: Vec<(&Name, Option<Fields>)> = names.iter().map(|name| (name, read(name))).collect();
    if only == Some(Words::Sandboxes) {
        let sandboxes = profiles.iter().filter_map(|(_, fields)| fields.as_ref()?.sandbox.as_deref());
        // A completion hands them to a shell.
        let is_plain = |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        for sandbox in sandboxes.filter(is_plain).collect::<BTreeSet<_>>() {
            invocation.line(sandbox);
        }
        return Ok(());
    }
    let default = profile::default_name(context)?;
    if as_json {
        let items = profiles.into_iter().map(|(name, fields)| {
            let fields = fields.unwrap_or_default();
            json!({
                "name": name.as_str(),
                "default": Some(name) == default.as_ref(),
                "client_id": fields.client_id,
                "org_id": fields.org_id,
                "sandbox": fields.sandbox,
            })
        });
        let text = format!("{:#}", serde_json::Value::Array(items.collect()));
        invocation.line(escape_in_json(&text));
        return Ok(());
    }
    if profiles.is_empty() {
        say_that_there_are_none(invocation);
        return Ok(());
    }
    let mut rows = vec![["PROFILE", "SANDBOX", "CLIENT ID", "ORGANIZATION"].map(str::to_owned)];
    rows.extend(profiles.into_iter().map(|(name, fields)| {
        let mark = if Some(name) == default.as_ref() { "  (default)" } else { "" };
        let known = fields.is_some();
        let Fields { sandbox, client_id, org_id, .. } = fields.unwrap_or_default();
        let or_not = |value: Option<String>| value.unwrap_or_else(|| if known { "-" } else { "?" }.to_owned());
        [format!("{name}{mark}"), or_not(sandbox), or_not(client_id), or_not(org_id)]
    }));
    table::lines(&rows).for_each(|line| invocation.line(line));
    Ok(())
}

/// An empty machine: what is used, and what to do.
pub(crate) fn say_that_there_are_none(invocation: &mut Invocation<'_>) {
    let import = profile::IMPORT_HINT;
    match profile::environment_identity(invocation.context) {
        Some(variable) => invocation.line(format_args!(
            "no profiles; the identity in the environment ({variable}) is used. To store one: {import}"
        )),
        None => invocation.line(format_args!("no profiles yet; make one: {import}")),
    }
}

/// The characters that could move a cursor or hide a word, as JSON writes them where they must not stand.
fn escape_in_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && terminal::is_unsafe(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn show(invocation: &mut Invocation<'_>, selection: &ProfileSelection) -> Result<()> {
    let profile = profile::resolve(invocation.context, selection)?;
    let Profile {
        origin,
        flow,
        client_id,
        org_id,
        scopes,
        technical_account_id,
        meta_scopes,
        sandbox,
        ims_url,
        platform_url,
        hosts,
        services,
        headers,
        git_basic,
        ca_file,
        client_secrets,
        private_key,
        private_key_passphrase,
        shared_cache,
        shared_cache_password,
    } = &profile;
    let is_jwt = *flow == Flow::Jwt;
    let reference = |reference: &Reference| shown(reference, origin);
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    let mut rows = vec![
        ("name", profile.name().to_owned()),
        ("file", origin.to_string()),
        ("flow", flow.name().to_owned()),
        ("client_id", client_id.clone()),
        ("org_id", org_id.clone().unwrap_or_else(|| "missing".to_owned())),
    ];
    rows.extend(technical_account_id.clone().map(|account| ("technical_account_id", account)));
    rows.push(if is_jwt { ("meta_scopes", meta_scopes.join(", ")) } else { ("scopes", scopes.join(", ")) });
    rows.push(("sandbox", or_none(sandbox)));
    rows.push(("ims_url", ims_url.to_string()));
    rows.push(("platform_url", platform_url.to_string()));
    rows.push(("hosts", hosts.to_texts().join(", ")));
    rows.push(("git_basic", git_basic.to_string()));
    rows.extend(ca_file.iter().map(|path| ("ca_file", path.display().to_string())));
    if client_secrets.is_empty() {
        rows.push(("client_secret", "missing".to_owned()));
    }
    rows.extend(client_secrets.iter().map(|secret| ("client_secret", reference(secret))));
    rows.extend(private_key.iter().map(|key| ("private_key", reference(key))));
    if let Some(found) = is_jwt.then(|| certificate::of(invocation.context, &profile)).flatten() {
        rows.push(("certificate", certificate::describe_end(invocation.context, &found)));
    }
    rows.extend(private_key_passphrase.iter().map(|passphrase| ("private_key_passphrase", reference(passphrase))));
    rows.extend((!services.is_empty()).then(|| ("services", services.join(", "))));
    // The values may be what nobody should see.
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    rows.extend((!names.is_empty()).then(|| ("headers", names.join(", "))));
    rows.extend(shared_cache.iter().map(|url| ("shared_cache", url.to_string())));
    rows.extend(shared_cache_password.iter().map(|password| ("shared_cache_password", reference(password))));
    let rows: Vec<[String; 2]> = rows.into_iter().map(|(key, value)| [key.to_owned(), value]).collect();
    table::lines(&rows).for_each(|line| invocation.line(line));
    Ok(())
}

/// A reference in words, if it has the form of one: who put a secret in its place does not read it here.
pub(crate) fn shown(reference: &Reference, origin: &Origin) -> String {
    match reference {
        Reference::Store
        | Reference::Keyring
        | Reference::Credential(_)
        | Reference::Given(_)
        | Reference::FileIn { .. } => reference.to_string(),
        Reference::File(path) => {
            // What the profile names without a slash in front was put beside the profile; a file that is there is one.
            let folder = match origin {
                Origin::File { path, .. } => path.parent(),
                Origin::Environment { .. } => None,
            };
            let is_given_whole = path.is_absolute() && folder.is_none_or(|folder| path.parent() != Some(folder));
            let is_there = |path: &Path| path.symlink_metadata().is_ok();
            let what = if is_given_whole || is_there(path) { path.display().to_string() } else { NOT_SHOWN.to_owned() };
            format!("file {what}")
        }
        Reference::Env(name) => {
            let is_inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.bytes().all(is_inner);
            format!("variable {}", if is_name { name } else { NOT_SHOWN })
        }
        Reference::Command(words) => {
            format!("command {}", program::shown(words.first().map_or("", String::as_str)))
        }
    }
}

fn rename(invocation: &mut Invocation<'_>, name: &str, new: &Name) -> Result<()> {
    let context = invocation.context;
    let name = &Name::parse(name)?;
    let is_there = |name| profile_store::exists(&context.folders, name);
    let moved = if is_there(name)? || !is_there(new)? {
        let old = profile::resolve(context, &named(&existing(invocation, name.as_str())?))?;
        // Another profile may be given the old name, and has not earned what this one did.
        road::disown(context, &old)?;
        profile_store::rename(invocation, &old, new)?
    } else {
        match profile_store::finish_rename(invocation, name, &profile::resolve(context, &named(new))?)? {
            Some(moved) => moved,
            None => return Err(absent(invocation, name)),
        }
    };
    let with = if moved.is_empty() { String::new() } else { format!(" ({})", moved.join(", ")) };
    invocation.line(format_args!("renamed profile {name} to {new}{with}"));
    if profile::named(context, &ProfileSelection::default())?.as_ref() == Some(name) {
        invocation.line(format_args!("AEP_PROFILE still names {name}; set it to {new}"));
    }
    Ok(())
}

/// A stored secret that is to be in the keyring must first be there.
fn refuse_to_lose(invocation: &Invocation<'_>, before: &Profile, pairs: &[String]) -> Result<()> {
    let store = SecretStore::new(invocation, before);
    // What cannot be understood is refused where it is set.
    let wanted = pairs.iter().filter_map(|pair| file::parse(pair, std::path::Path::new("")).ok());
    let is_lost = |fields: file::Fields| {
        let new = [
            (SecretKind::ClientSecret, fields.client_secrets.first()),
            (SecretKind::SecondClientSecret, fields.client_secrets.get(1)),
            (SecretKind::PrivateKey, fields.private_key.as_ref()),
            (SecretKind::Passphrase, fields.private_key_passphrase.as_ref()),
        ];
        new.into_iter().any(|(kind, new)| {
            new == Some(&Reference::Keyring)
                && secret_store::reference(before, kind) == Some(&Reference::Store)
                && store.is_stored(kind).unwrap_or(false)
        })
    };
    if !wanted.into_iter().any(is_lost) {
        return Ok(());
    }
    let name = before.name();
    Err(Error::configuration(format!(
        "a secret of profile {name} is in the private store, and would not be in the keyring"
    ))
    .with_hint(format!("aep-auth secret move {name} --to keyring")))
}

fn set(invocation: &mut Invocation<'_>, name: &Name, pairs: &[String]) -> Result<()> {
    let resolve = |invocation: &Invocation<'_>| {
        let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
        profile::resolve(invocation.context, &selection)
    };
    let before = resolve(invocation).ok();
    if let Some(before) = &before {
        refuse_to_lose(invocation, before, pairs)?;
    }
    crate::commands::query::sweep(invocation.context);
    // A changed reference or host has earned nothing yet.
    road::disown_named(invocation.context, name)?;
    let removed = profile_store::set(&invocation.context.folders, name, pairs, || {
        let (Some(before), Ok(after)) = (&before, resolve(invocation)) else { return Ok(Vec::new()) };
        // A secret that another reference replaces is of no use any more, also where it was set before by one that died.
        let is_changed =
            |kind: &SecretKind| secret_store::reference(before, *kind) != secret_store::reference(&after, *kind);
        let names_one =
            |pair: &String| ["client_secrets", "private_key"].iter().any(|key| pair.trim_start().starts_with(key));
        if pairs.iter().any(names_one) || SecretKind::ALL.iter().any(is_changed) {
            return SecretStore::new(invocation, before).remove_unused(&after);
        }
        Ok(Vec::new())
    })?;
    let with = if removed.is_empty() { String::new() } else { format!(" ({})", removed.join("; ")) };
    invocation.line(format_args!("changed profile {name}{with}"));
    if let Ok(profile) = resolve(invocation) {
        let was_jwt = before.is_some_and(|before| before.flow == Flow::Jwt);
        if was_jwt && profile.flow == Flow::Oauth && profile.private_key.is_some() {
            invocation.line(format_args!(
                "its private key stays where it is; OAuth needs none, and this drops it: \
                 aep-auth profile set {name} private_key= private_key_passphrase="
            ));
        }
        for shape::Misshapen { what, cure } in shape::misshapen(&profile) {
            invocation.line(format_args!("{}; IMS will not know it: {cure}", terminal::clean(&what)));
        }
    }
    Ok(())
}

fn remove(invocation: &mut Invocation<'_>, name: &str) -> Result<()> {
    let context = invocation.context;
    let name = &Name::parse(name)?;
    let is_default = profile::default_name(context).ok().flatten().as_ref() == Some(name);
    let removal = profile_store::Removal::prepare(&context.folders, name, is_default)?;
    // A broken profile can be removed too; its tokens are then not found.
    let profile = profile::resolve(context, &named(name)).ok();
    let mut removed = Vec::new();
    let mut left = Vec::new();
    if let Some(profile) = &profile {
        crate::commands::query::sweep(context);
        // By its secret, where it lies on an engine.
        if road::forget(&Credentials::new(context, profile), None).unwrap_or(false) {
            removed.push("cached token".to_owned());
        }
    }
    if let Some(removal) = removal {
        removed.extend(removal.carry_out()?);
    } else if secret_store::remove_of(invocation, name).is_empty() {
        return Err(absent(invocation, name));
    } else {
        removed.push("items in the keyring".to_owned());
    }
    for (profile, kind) in profile.iter().flat_map(|profile| SecretKind::ALL.map(|kind| (profile, kind))) {
        if secret_store::reference(profile, kind).and_then(Place::of) != Some(Place::Keyring) {
            continue;
        }
        let store = SecretStore::new(invocation, profile);
        match store.remove(Place::Keyring, kind) {
            Ok(true) => removed.push(format!("{} in the keyring", kind.title())),
            Ok(false) => {}
            // A keyring that is gone must not keep the profile.
            Err(error) => left.push((store.describe(Place::Keyring, kind)?, error)),
        }
    }
    let with = if removed.is_empty() { String::new() } else { format!(" ({})", removed.join(", ")) };
    invocation.line(format_args!("removed profile {name}{with}"));
    for (item, error) in left {
        invocation.line(format_args!("left in the keyring: {item}; {}", error.message()));
    }
    match profile_store::list(&invocation.context.folders)?.first() {
        None => invocation.line(format_args!("no profile is left; make one: {}", profile::IMPORT_HINT)),
        Some(left) if is_default => {
            invocation.line(format_args!("no profile is the default now; choose one: aep-auth profile use {left}"));
        }
        Some(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_shown_if_it_has_the_form_of_one() {
        let origin = Origin::File { name: Name::parse("p").unwrap(), path: "/config/profiles/p.toml".into() };
        for (reference, wanted) in [
            (Reference::Store, "private store"),
            #[cfg(unix)]
            (Reference::File("/run/secrets/x".into()), "file /run/secrets/x"),
            (Reference::File("/config/profiles/p8e-marker".into()), "file (not shown)"),
            (Reference::Env("_A1".into()), "variable _A1"),
            (Reference::Env("p8e-marker".into()), "variable (not shown)"),
            (Reference::Env("1A".into()), "variable (not shown)"),
            (Reference::Env(String::new()), "variable (not shown)"),
            (Reference::Command(vec!["op".into(), "marker".into()]), "command op"),
            (Reference::Command(vec!["p8e-Marker0123456789".into()]), "command (not shown)"),
        ] {
            assert_eq!(shown(&reference, &origin), wanted);
        }
    }

    #[test]
    fn json_is_the_same_and_moves_no_cursor() {
        let value = json!({ "a": "x\u{9b}2J\u{202e}y", "b": "é" });
        let escaped = escape_in_json(&format!("{value:#}"));
        assert!(!escaped.contains(['\u{9b}', '\u{202e}']) && escaped.contains('é') && escaped.contains('\n'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}
