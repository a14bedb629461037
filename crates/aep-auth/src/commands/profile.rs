//! `profile`: list, show, use, remove, set.

use aep_cli::Invocation;
use aep_core::profile::{self, Name, ProfileSelection, file};
use aep_core::secret::{Credentials, Reference};
use aep_core::{Error, Profile, Result};
use serde_json::json;

use crate::cli::ProfileCommand;
use crate::{certificate, profile_store, road};

pub(crate) fn run(invocation: &mut Invocation<'_>, command: &ProfileCommand) -> Result<()> {
    match command {
        ProfileCommand::List { json } => {
            let default = profile::default_name(invocation.context)?;
            let names = profile_store::list(&invocation.context.folders)?;
            if *json {
                list_as_json(invocation, &names, default.as_ref());
            } else {
                list_as_text(invocation, &names, default.as_ref());
            }
            Ok(())
        }
        ProfileCommand::Show { name } => show(invocation, &Name::parse(name)?),
        ProfileCommand::Use { name } => {
            let name = existing(invocation, name)?;
            profile_store::make_default(&invocation.context.folders, &name)?;
            invocation.line(format_args!("profile {name} is the default"));
            Ok(())
        }
        ProfileCommand::Remove { name } => remove(invocation, &existing(invocation, name)?),
        ProfileCommand::Set { name, pairs } => {
            let name = existing(invocation, name)?;
            // A changed reference or host has earned nothing yet.
            road::disown(invocation.context, &name)?;
            profile_store::set(&invocation.context.folders, &name, pairs)?;
            invocation.line(format_args!("changed profile {name}"));
            Ok(())
        }
    }
}

fn existing(invocation: &Invocation<'_>, name: &str) -> Result<Name> {
    let name = Name::parse(name)?;
    if profile_store::exists(&invocation.context.folders, &name)? {
        Ok(name)
    } else {
        Err(Error::configuration(format!("there is no profile `{name}`")).with_hint("aep-auth profile list"))
    }
}

fn list_as_text(invocation: &mut Invocation<'_>, names: &[Name], default: Option<&Name>) {
    for name in names {
        let mark = if Some(name) == default { "  (default)" } else { "" };
        invocation.line(format_args!("{name}{mark}"));
    }
}

fn list_as_json(invocation: &mut Invocation<'_>, names: &[Name], default: Option<&Name>) {
    let items: Vec<_> = names
        .iter()
        .map(|name| {
            let fields = file::read(invocation.context, name).map(|(fields, _)| fields).unwrap_or_default();
            json!({
                "name": name.as_str(),
                "default": Some(name) == default,
                "client_id": fields.client_id,
                "org_id": fields.org_id,
                "sandbox": fields.sandbox,
            })
        })
        .collect();
    invocation.line(format_args!("{:#}", serde_json::Value::Array(items)));
}

fn show(invocation: &mut Invocation<'_>, name: &Name) -> Result<()> {
    let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
    let profile = profile::resolve(invocation.context, &selection)?;
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
        hosts: _,
        git_basic,
        client_secrets,
        private_key,
        private_key_passphrase,
        shared_cache,
        shared_cache_password,
    } = &profile;
    let is_jwt = *flow == profile::Flow::Jwt;
    let reference = |reference: &Reference| format!("•••••• ({reference})");
    let mut rows = vec![
        ("file", origin.to_string()),
        ("flow", flow.name().to_owned()),
        ("client_id", client_id.clone()),
        ("org_id", org_id.clone().unwrap_or_else(|| "missing".to_owned())),
    ];
    rows.extend(technical_account_id.clone().map(|account| ("technical_account_id", account)));
    rows.push(if is_jwt { ("meta_scopes", meta_scopes.join(", ")) } else { ("scopes", scopes.join(", ")) });
    rows.extend(sandbox.clone().map(|sandbox| ("sandbox", sandbox)));
    rows.push(("ims_url", ims_url.to_string()));
    rows.push(("platform_url", platform_url.to_string()));
    rows.extend(client_secrets.iter().map(|secret| ("client_secret", reference(secret))));
    rows.extend(private_key.iter().map(|key| ("private_key", reference(key))));
    if let Some(found) = is_jwt.then(|| certificate::of(invocation.context, &profile)).flatten() {
        rows.push(("certificate", certificate::describe_end(invocation.context, &found)));
    }
    rows.extend(private_key_passphrase.iter().map(|passphrase| ("private_key_passphrase", reference(passphrase))));
    rows.extend(git_basic.then(|| ("git_basic", "true".to_owned())));
    rows.extend(shared_cache.iter().map(|url| ("shared_cache", url.to_string())));
    rows.extend(shared_cache_password.iter().map(|password| ("shared_cache_password", reference(password))));
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in rows {
        invocation.line(aep_core::terminal::clean(&format!("{key:width$}  {value}")));
    }
    Ok(())
}

fn remove(invocation: &mut Invocation<'_>, name: &Name) -> Result<()> {
    let is_default = profile::default_name(invocation.context).ok().flatten().as_ref() == Some(name);
    let selection = ProfileSelection { profile: Some(name.to_string()), ..ProfileSelection::default() };
    // A broken profile can be removed too; its tokens are then not found.
    let mut removed = Vec::new();
    if let Ok(profile) = profile::resolve(invocation.context, &selection)
        && road::forget(&Credentials::new(invocation.context, &profile), None).unwrap_or(false)
    {
        removed.push("cached token".to_owned());
    }
    removed.extend(profile_store::remove(&invocation.context.folders, name, is_default)?);
    let with = if removed.is_empty() { String::new() } else { format!(" ({})", removed.join(", ")) };
    invocation.line(format_args!("removed profile {name}{with}"));
    if is_default {
        invocation.line("no profile is the default now; choose one: aep-auth profile use NAME");
    }
    Ok(())
}
