//! What the user is told: what was found, where it went, what was not taken, and a next step that can work.

use std::path::{Component, Path, PathBuf};

use aep_cli::Invocation;
use aep_core::profile::{DEFAULT_IMS_URL, DEFAULT_META_SCOPE, DEFAULT_PLATFORM_URL, Flow, Name, file};
use aep_core::secret::{Reference, store};
use aep_core::terminal;
use aep_ims::refusal;
use clap::ValueEnum;

use super::choose::describe;
use super::elsewhere;
use super::plan::Plan;
use crate::cli::ImportArguments;

/// What the report needs beside the plan.
pub(super) struct About<'a> {
    pub(super) name: &'a Name,
    pub(super) is_default: bool,
    /// The credentials that were not taken.
    pub(super) others: &'a [String],
    /// The file, where it was not standard input.
    pub(super) source: Option<&'a Path>,
    pub(super) is_download: bool,
    /// The options that were given, for the same import once more.
    pub(super) options: String,
    /// Whether there was a secret in it.
    pub(super) holds_secret: bool,
}

pub(super) fn write(invocation: &mut Invocation<'_>, plan: &Plan, about: &About<'_>) {
    let name = about.name;
    let mut lines = found(invocation, plan, about);
    if !about.others.is_empty() {
        lines.push(format!("  not taken     {}; --credential NAME or --flow takes another", about.others.join(", ")));
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    let has_ended = plan.flow == Flow::Jwt && plan.is_production() && !plan.taken.is_aem;
    if has_ended {
        lines.push(format!("note: {}", refusal::JWT_ENDED.replace("{profile}", name.as_str())));
    }
    if plan.taken.is_aem {
        lines.push(
            "note: AEM's own Developer Console made this credential; it is renewed there, and its tokens are for AEM"
                .to_owned(),
        );
    }
    if let Some(path) = about.source.filter(|_| about.holds_secret) {
        let path_shown = path.display();
        let condition = if needs_key(plan) {
            "once the private key is in the profile too, "
        } else if about.is_download {
            ""
        } else {
            "if nothing else reads it, "
        };
        lines.push(format!("note: {path_shown} still holds the secret; {condition}remove it: {}", removal(path)));
    }
    lines.push(format!("next: {}", next(plan, about)));
    for line in lines {
        invocation.line(terminal::clean(&line));
    }
}

fn found(invocation: &Invocation<'_>, plan: &Plan, about: &About<'_>) -> Vec<String> {
    let (name, taken, folders) = (about.name, &plan.taken, &invocation.context.folders);
    let default = if about.is_default { " (used when none is named)" } else { "" };
    let path = file::path(folders, name).map(|path| path.display().to_string()).unwrap_or_default();
    let secrets = store::folder(folders).map(|path| path.display().to_string()).unwrap_or_default();
    let stored = plan.secrets().map(|(item, _)| item.title()).collect::<Vec<_>>().join(", ");
    let url = |url: &Option<aep_core::url::BaseUrl>, otherwise: &str| {
        url.as_ref().map_or_else(|| otherwise.to_owned(), ToString::to_string)
    };
    let mut lines = vec![
        format!("imported {} from {} as profile {name}{default}", describe(taken), taken.found_in),
        format!("  client id     {}", taken.client_id),
        format!("  organization  {}", taken.org_id.as_deref().unwrap_or("missing")),
    ];
    if let Some(account) = taken.technical_account_id.as_ref().filter(|_| plan.flow == Flow::Jwt) {
        lines.push(format!("  account       {account}"));
    }
    lines.push(match plan.flow {
        Flow::Oauth => format!("  scopes        {}", taken.scopes.join(", ")),
        Flow::Jwt => format!("  metascopes    {}", taken.meta_scopes.join(", ")),
    });
    if let Some(sandbox) = &taken.sandbox {
        lines.push(format!("  sandbox       {sandbox}"));
    }
    lines.push(format!("  IMS           {}", url(&plan.ims_url, DEFAULT_IMS_URL)));
    lines.push(format!("  platform      {}", url(&plan.platform_url, DEFAULT_PLATFORM_URL)));
    lines.push(format!("  profile       {path}  (no secret in it)"));
    if !stored.is_empty() {
        lines.push(format!("  {stored}: {secrets}{}", if cfg!(unix) { "  (readable by you alone)" } else { "" }));
    }
    if let Some(reference) = &plan.client_secret_from {
        lines.push(format!("  client secret: {}", elsewhere::describe(reference)));
    }
    lines
}

/// A step that can work for this credential.
fn next(plan: &Plan, about: &About<'_>) -> String {
    let name = about.name;
    let option = if about.is_default { String::new() } else { format!(" --profile {name}") };
    if plan.client_secret_from == Some(Reference::Keyring) && plan.taken.client_secrets.is_empty() {
        return format!("aep-auth secret set {name}");
    }
    if needs_key(plan) {
        let file = about.source.map_or_else(|| "FILE".to_owned(), quoted);
        let key = named_key(plan, about).map_or_else(|| "PATH".to_owned(), |path| quoted(&path));
        return format!("aep-auth import {file} --private-key {key} --force --profile {name}{}", about.options);
    }
    if plan.flow == Flow::Jwt && plan.is_production() && !plan.taken.is_aem {
        return format!("aep-auth profile set {name} flow=oauth");
    }
    if let Some(cure) = &plan.mend {
        return cure.clone();
    }
    if is_for_platform(plan) { format!("aep-auth check{option}") } else { format!("aep-auth token{option}") }
}

/// The options of an import as they are typed again; those that it adds are left away.
pub(super) fn options(arguments: &ImportArguments, sandbox: Option<&str>) -> String {
    let flow = arguments.flow.and_then(|flow| Some(flow.to_possible_value()?.get_name().to_owned()));
    [
        ("--flow", flow.as_deref()),
        ("--sandbox", sandbox),
        ("--ims-url", arguments.ims_url.as_deref()),
        ("--platform-url", arguments.platform_url.as_deref()),
        ("--credential", arguments.credential.as_deref()),
        ("--client-secret-from", arguments.client_secret_from.as_deref()),
    ]
    .into_iter()
    .filter_map(|(option, value)| Some(format!(" {option} {}", word(value?.to_owned()))))
    .collect()
}

/// The private key that the file names, where it is there; beside the file, if the path is relative.
fn named_key(plan: &Plan, about: &About<'_>) -> Option<PathBuf> {
    let named = Path::new(plan.taken.private_key_path.as_deref()?);
    // The file may be anybody's: on Windows a path can lead to another machine.
    let is_plain = cfg!(unix) || named.components().all(|part| matches!(part, Component::Normal(_)));
    let path = about.source.and_then(Path::parent).unwrap_or(Path::new("")).join(named);
    (is_plain && path.is_file()).then_some(path)
}

fn needs_key(plan: &Plan) -> bool {
    plan.flow == Flow::Jwt && plan.private_key.is_none()
}

/// Whether `check`, which calls Experience Platform, can work.
fn is_for_platform(plan: &Plan) -> bool {
    let taken = &plan.taken;
    match plan.flow {
        // The platform's headers need the organization.
        _ if taken.is_aem || taken.org_id.is_none() => false,
        Flow::Jwt => taken.meta_scopes.iter().any(|scope| scope.ends_with(DEFAULT_META_SCOPE)),
        // Every product adds scopes of its own to the common ones; Experience Platform has none.
        Flow::Oauth => taken.scopes.iter().all(|scope| {
            ["openid", "session", "AdobeID", "read_organizations"].contains(&scope.as_str())
                || scope.starts_with("additional_info")
        }),
    }
}

/// The command that removes a file, for this system's shell.
fn removal(path: &Path) -> String {
    format!("{} {}", if cfg!(windows) { "del" } else { "rm" }, quoted(path))
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    // An option is not meant.
    word(if text.starts_with('-') && cfg!(unix) { format!("./{text}") } else { text })
}

/// A word of this system's shell.
fn word(text: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%,".contains(&byte);
    if cfg!(windows) {
        return if text.contains([' ', '&', '(', ')', '^']) { format!("\"{text}\"") } else { text };
    }
    if text.bytes().all(is_plain) { text } else { crate::quote::sh(&text) }
}
