//! From what was typed to the command that does it.

use aep_cli::Invocation;
use aep_core::{Error, ProfileSelection, Result};

use crate::cli::{Cli, Command, ProfileCommand, SecretCommand};
use crate::commands;

/// Runs the command; gives the exit code.
pub(crate) fn run(invocation: &mut Invocation<'_>) -> Result<u8> {
    let cli = match parse(invocation) {
        Ok(cli) => cli,
        Err(code) => return Ok(code),
    };
    let selection = cli.selection.to_selection();
    refuse_what_does_nothing(&cli.command, &selection)?;
    if selection.sandbox.is_some() && uses_no_sandbox(&cli.command) {
        invocation.context.log.info("--sandbox changes nothing here: no header is made");
    }
    match cli.command {
        Command::Token(arguments) => commands::token::run(invocation, &selection, &arguments)?,
        Command::Headers(arguments) => commands::headers::run(invocation, &selection, &arguments)?,
        Command::Api(arguments) => commands::api::run(invocation, &selection, &arguments)?,
        Command::Env { shell } => {
            let shell = shell.unwrap_or_else(|| commands::env::usual_shell(&invocation.context.environment));
            commands::env::run(invocation, &selection, shell)?;
        }
        Command::Exec { keep_secrets, command } => {
            let secrets = if keep_secrets { commands::exec::Secrets::Kept } else { commands::exec::Secrets::Withheld };
            return commands::exec::run(invocation, &selection, &command, secrets);
        }
        Command::Query(arguments) => return commands::query::run(invocation, &selection, &arguments),
        Command::Status { json, all, exit_code } => {
            let form = if json { commands::status::Form::Json } else { commands::status::Form::Text };
            let code = if all {
                commands::status::run_all(invocation, form)?
            } else {
                commands::status::run_one(invocation, &selection, form)?
            };
            return Ok(if exit_code { code } else { 0 });
        }
        Command::Check => commands::check::run(invocation, &selection)?,
        Command::Import(arguments) => commands::import::run(invocation, &selection, &arguments)?,
        Command::Profile(command) => commands::profile::run(invocation, &command)?,
        Command::Secret(command) => commands::secret::run(invocation, &command)?,
        Command::Purge { yes } => {
            let consent = if yes { commands::purge::Consent::Given } else { commands::purge::Consent::ToBeAsked };
            return commands::purge::run(invocation, consent);
        }
        Command::Jwt => commands::jwt::run(invocation, &selection)?,
        Command::Inspect { file } => commands::inspect::run(invocation, &selection, file.as_deref())?,
        Command::Forget { refused: Some(_), .. } => commands::forget::run_refused(invocation, &selection)?,
        Command::Forget { all, revoke, refused: None } => {
            let at_ims = if revoke { commands::forget::AtIms::Revoke } else { commands::forget::AtIms::Nothing };
            let run = if all { commands::forget::run_all } else { commands::forget::run_one };
            run(invocation, &selection, at_ims)?;
        }
        Command::Doctor { report, git } => {
            let audience =
                if report { commands::doctor::Audience::Public } else { commands::doctor::Audience::Oneself };
            return commands::doctor::run(invocation, &selection, audience, git.as_deref());
        }
        Command::Completions { shell } => commands::pages::completions(invocation, shell),
        Command::Man => commands::pages::man(invocation)?,
    }
    Ok(0)
}

/// An option that would do nothing is refused rather than passed over: it was meant for something.
fn refuse_what_does_nothing(command: &Command, selection: &ProfileSelection) -> Result<()> {
    let ProfileSelection { profile, sandbox, .. } = selection;
    let (option, value) = match (profile, sandbox) {
        (Some(profile), _) => ("--profile", profile.as_str()),
        (None, Some(_)) => ("--sandbox", ""),
        (None, None) => return Ok(()),
    };
    let name = if option == "--profile" { value } else { "NAME" };
    let argument = |command: &str| {
        Err(Error::usage(format!("{option} is not taken here: the profile is the argument NAME"))
            .with_hint(format!("aep-auth {}", command.replace("{}", name))))
    };
    let nothing = |hint: &str| Err(Error::usage(format!("{option} does nothing here")).with_hint(hint));
    match command {
        Command::Profile(ProfileCommand::List { .. }) => nothing("aep-auth profile list tells of every profile"),
        Command::Profile(command) => argument(match command {
            ProfileCommand::List { .. } | ProfileCommand::Show { .. } => "profile show {}",
            ProfileCommand::Use { .. } => "profile use {}",
            ProfileCommand::Copy { .. } => "profile copy {} NEW",
            ProfileCommand::Rename { .. } => "profile rename {} NEW",
            ProfileCommand::Remove { .. } => "profile remove {}",
            ProfileCommand::Set { .. } => "profile set {} KEY=VALUE",
        }),
        Command::Secret(command) => argument(match command {
            SecretCommand::Set { .. } => "secret set {}",
            SecretCommand::Show { .. } => "secret show {}",
            SecretCommand::Move { .. } => "secret move {} --to keyring",
            SecretCommand::Drop { .. } => "secret drop {} first",
        }),
        Command::Purge { .. } => {
            nothing("aep-auth purge removes every profile; aep-auth profile remove NAME removes one")
        }
        Command::Status { all: true, .. } => nothing("--all tells of every profile; leave one of the two away"),
        Command::Forget { all: true, .. } => {
            nothing("--all drops the tokens of every profile; leave one of the two away")
        }
        Command::Inspect { file: Some(_) } => nothing("the token is read from the file; leave the option away"),
        Command::Completions { .. } | Command::Man => nothing("leave the option away"),
        _ => Ok(()),
    }
}

/// Where a profile is used, and no headers are made.
fn uses_no_sandbox(command: &Command) -> bool {
    matches!(command, Command::Token(_) | Command::Jwt | Command::Inspect { .. } | Command::Forget { .. })
}

fn parse(invocation: &mut Invocation<'_>) -> std::result::Result<Cli, u8> {
    match crate::quick::parse(&invocation.arguments) {
        Some(cli) => Ok(cli),
        None => aep_cli::parse("aep-auth", invocation),
    }
}
