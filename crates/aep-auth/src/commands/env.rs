//! `env`: the token and its companions as variables, quoted for a shell or a file.

use std::io::{self, Read, Seek, SeekFrom, Write};

use aep_cli::Invocation;
use aep_core::io_words::io_words;
use aep_core::profile::ProfileSelection;
use aep_core::token::Token;
use aep_core::write_file::{self, WriteError};
use aep_core::{Environment, Error, Profile, Result, duration};

use crate::cli::EnvShell;
use crate::{quote, road};

/// The variables that a called program gets; a missing value must not linger from an earlier invocation.
pub(crate) fn variables(profile: &Profile, token: &Token) -> [(&'static str, Option<String>); 5] {
    [
        ("AEP_ACCESS_TOKEN", Some(token.value.expose().to_owned())),
        ("AEP_API_KEY", Some(profile.client_id.clone())),
        ("AEP_IMS_ORG", profile.org_id.clone()),
        ("AEP_SANDBOX_NAME", profile.sandbox.clone()),
        ("AEP_TOKEN_EXPIRATION", token.expires_at().map(duration::rfc3339)),
    ]
}

/// A shell that the system has: on Windows PowerShell, unless a Unix shell is around us (Git's bash), which sets `SHLVL`.
pub(crate) fn usual_shell(environment: &Environment) -> EnvShell {
    if cfg!(windows) && !environment.has("SHLVL") { EnvShell::Powershell } else { EnvShell::Sh }
}

pub(crate) fn run(invocation: &mut Invocation<'_>, selection: &ProfileSelection, shell: EnvShell) -> Result<()> {
    let (profile, fetched) = road::acquire(invocation.context, selection)?;
    let variables = variables(&profile, &fetched.token);
    print(invocation, shell, &variables, fetched.token.value.expose())
}

/// Prints variables for a shell or a file; `secret` is what a public log must not show.
pub(crate) fn print(
    invocation: &mut Invocation<'_>,
    shell: EnvShell,
    variables: &[(&'static str, Option<String>)],
    secret: &str,
) -> Result<()> {
    if shell == EnvShell::Github {
        append_for_github(invocation, variables)?;
        invocation.line(format_args!("::add-mask::{secret}"));
        return Ok(());
    }
    if shell == EnvShell::Cmd {
        // All before the first line, so that half of them are never set.
        let lines: Vec<String> =
            variables.iter().map(|(name, value)| for_cmd(name, value.as_deref())).collect::<Result<_>>()?;
        lines.iter().for_each(|line| invocation.line(line));
        return Ok(());
    }
    for (name, value) in variables {
        match (value, shell) {
            (Some(value), EnvShell::Fish) => {
                invocation.line(format_args!("set -gx {name} {}", quote::fish(value)));
            }
            (Some(value), EnvShell::Powershell) => {
                invocation.line(format_args!("$env:{name} = {}", quote::powershell(value)));
            }
            (Some(value), EnvShell::Dotenv) => invocation.line(format_args!("{name}={}", quote::dotenv(value))),
            (Some(value), _) => invocation.line(format_args!("export {name}={}", quote::sh(value))),
            (None, EnvShell::Fish) => invocation.line(format_args!("set -e {name}")),
            (None, EnvShell::Powershell) => {
                invocation.line(format_args!("Remove-Item Env:{name} -ErrorAction Ignore"));
            }
            (None, EnvShell::Dotenv) => {}
            (None, _) => invocation.line(format_args!("unset {name}")),
        }
    }
    Ok(())
}

/// A line for the command prompt, which has no way to quote these four.
fn for_cmd(name: &str, value: Option<&str>) -> Result<String> {
    let value = value.unwrap_or_default();
    if value.contains(['"', '%', '!', '^']) {
        return Err(Error::configuration(format!("the value of {name} cannot be handed to cmd as it is"))
            .with_hint("aep-auth env --shell powershell, or: aep-auth exec -- COMMAND"));
    }
    Ok(format!("set \"{name}={value}\""))
}

/// Appends to the file that the runner reads. No value holds a control character, so that none can start a line.
fn append_for_github(invocation: &Invocation<'_>, variables: &[(&'static str, Option<String>)]) -> Result<()> {
    let path = invocation.context.environment.path("GITHUB_ENV").ok_or_else(|| {
        Error::configuration("GITHUB_ENV is not set").with_hint("--shell github is for a step of GitHub Actions")
    })?;
    let mut text = String::new();
    for (name, value) in variables {
        if let Some(value) = value {
            text.push_str(&format!("{name}={value}\n"));
        }
    }
    let cannot = |why: &io::Error| Error::storage(format!("cannot append to {}: {}", path.display(), io_words(why)));
    // The runner makes it, and nobody puts a link, a pipe or a file of theirs there.
    let refuse = |why: &str| {
        Error::storage(format!("GITHUB_ENV names {}, which {why}", path.display()))
            .with_hint("a step of GitHub Actions has it set to a file of the runner's")
    };
    let mut file = write_file::open_appended(&path).map_err(|error| match error {
        WriteError::Foreign { .. } => refuse("belongs to another user"),
        WriteError::Failed { error, .. } => cannot(&error),
        WriteError::NotTrusted { .. } | WriteError::NotRemoved { .. } | WriteError::Busy { .. } => {
            refuse("is no regular file")
        }
    })?;
    let mut append = || {
        // An earlier step may have left its last line open.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last)?;
        }
        if last != [b'\n'] {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())
    };
    append().map_err(|error| cannot(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_prompt_gets_what_it_can_hold_and_nothing_else() {
        assert_eq!(for_cmd("A", Some("x&y|z")).unwrap(), "set \"A=x&y|z\"");
        assert_eq!(for_cmd("A", None).unwrap(), "set \"A=\"");
        for value in ["a\" & calc & \"", "%PATH%", "!x!", "^"] {
            let error = for_cmd("A", Some(value)).unwrap_err();
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
