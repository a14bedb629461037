//! `profile`: list, show, use, remove, set.

use aep_core::process::Call;
use aep_core::profile::{self, Choice, Name, file};
use aep_core::secret::Reference;
use aep_core::{Error, Profile, Result, token};
use serde_json::json;

use crate::cli::ProfileCommand;
use crate::{certificate, profile_store, run};

pub(crate) fn run(call: &mut Call<'_>, command: &ProfileCommand) -> Result<()> {
    match command {
        ProfileCommand::List { json } => {
            let default = profile::default_name(call.context)?;
            let names = profile_store::list(&call.context.folders)?;
            if *json {
                list_as_json(call, &names, default.as_ref());
            } else {
                list_as_text(call, &names, default.as_ref());
            }
            Ok(())
        }
        ProfileCommand::Show { name } => show(call, &Name::parse(name)?),
        ProfileCommand::Use { name } => {
            let name = existing(call, name)?;
            profile_store::make_default(&call.context.folders, &name)?;
            run::line(call.output, format_args!("profile {name} is the default"));
            Ok(())
        }
        ProfileCommand::Remove { name } => remove(call, &existing(call, name)?),
        ProfileCommand::Set { name, pairs } => {
            let name = existing(call, name)?;
            profile_store::set(&call.context.folders, &name, pairs)?;
            run::line(call.output, format_args!("changed profile {name}"));
            Ok(())
        }
    }
}

fn existing(call: &Call<'_>, name: &str) -> Result<Name> {
    let name = Name::parse(name)?;
    if profile_store::exists(&call.context.folders, &name)? {
        Ok(name)
    } else {
        Err(Error::configuration(format!("there is no profile `{name}`")).hint("aep-auth profile list"))
    }
}

fn list_as_text(call: &mut Call<'_>, names: &[Name], default: Option<&Name>) {
    for name in names {
        let mark = if Some(name) == default { "  (default)" } else { "" };
        run::line(call.output, format_args!("{name}{mark}"));
    }
}

fn list_as_json(call: &mut Call<'_>, names: &[Name], default: Option<&Name>) {
    let items: Vec<_> = names
        .iter()
        .map(|name| {
            let fields = file::read(call.context, name).map(|(fields, _)| fields).unwrap_or_default();
            json!({
                "name": name.as_str(),
                "default": Some(name) == default,
                "client_id": fields.client_id,
                "org_id": fields.org_id,
                "sandbox": fields.sandbox,
            })
        })
        .collect();
    run::line(call.output, format_args!("{:#}", serde_json::Value::Array(items)));
}

fn show(call: &mut Call<'_>, name: &Name) -> Result<()> {
    let choice = Choice { profile: Some(name.to_string()), ..Choice::default() };
    let profile = profile::resolve(call.context, &choice)?;
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
    if let Some(found) = is_jwt.then(|| certificate::of(call.context, &profile)).flatten() {
        rows.push(("certificate", certificate::describe_end(call.context, &found)));
    }
    rows.extend(private_key_passphrase.iter().map(|passphrase| ("private_key_passphrase", reference(passphrase))));
    rows.extend(git_basic.then(|| ("git_basic", "true".to_owned())));
    rows.extend(shared_cache.iter().map(|url| ("shared_cache", without_password(url))));
    rows.extend(shared_cache_password.iter().map(|password| ("shared_cache_password", reference(password))));
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in rows {
        run::line(call.output, aep_core::terminal::clean(&format!("{key:width$}  {value}")));
    }
    Ok(())
}

fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://••••••@{host}"),
        _ => url.to_owned(),
    }
}

fn remove(call: &mut Call<'_>, name: &Name) -> Result<()> {
    let is_default = profile::default_name(call.context).ok().flatten().as_ref() == Some(name);
    let choice = Choice { profile: Some(name.to_string()), ..Choice::default() };
    // A broken profile can be removed too; its tokens are then not found.
    let mut removed = Vec::new();
    if let Ok(profile) = profile::resolve(call.context, &choice)
        && token::forget(call.context, &profile, None).unwrap_or(false)
    {
        removed.push("cached token".to_owned());
    }
    removed.extend(profile_store::remove(&call.context.folders, name, is_default)?);
    let with = if removed.is_empty() { String::new() } else { format!(" ({})", removed.join(", ")) };
    run::line(call.output, format_args!("removed profile {name}{with}"));
    if is_default {
        run::line(call.output, "no profile is the default now; choose one: aep-auth profile use NAME");
    }
    Ok(())
}
