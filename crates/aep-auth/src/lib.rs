//! `aep-auth`: import the credential file that Adobe gives you, then `token`, `headers`, `env`, `exec`, `status`, `check`.
//!
//! The one program with a network and with secrets; the helpers beside it ask it for what the cache does not hold.

mod certificate;
mod cli;
mod commands;
mod companion;
mod dispatch;
mod import;
mod input;
mod pages;
mod profile_store;
mod prompt;
mod quick;
mod quote;
mod road;
mod secret_store;
mod shape;
mod table;

use aep_cli::Invocation;

pub use pages::{ManualPage, completions, manual_pages};

/// Runs the program; gives its exit code.
pub fn run(invocation: &mut Invocation<'_>) -> u8 {
    invocation.context.lend_keyring(Box::new(aep_keyring::SystemKeyring));
    invocation.run(dispatch::run)
}

/// What can be typed, for the manual page and the completions.
pub fn command() -> clap::Command {
    <cli::Cli as clap::CommandFactory>::command()
}

/// How many items a page of a service's list holds, and the query that asks for the next page.
///
/// # Errors
/// Unreachable, saying why it is no page or leads elsewhere.
pub fn page_in(body: &[u8], asked: &aep_core::url::Address) -> aep_core::Result<(usize, Option<String>)> {
    commands::api::page_in(body, asked)
}

/// How many credentials a file offers to `import`.
///
/// # Errors
/// Configuration, saying what the file was taken for.
pub fn credentials_in(file: &[u8]) -> aep_core::Result<usize> {
    import::read(file).map(|found| found.candidates.len())
}
