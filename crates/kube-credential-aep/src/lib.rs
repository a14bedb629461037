//! `kube-credential-aep`: an exec credential plugin for kubectl and every client-go program.
//!
//! The protocol: <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>.

mod cli;
mod request;
mod run;

use aep_cli::Invocation;
use aep_core::Result;

/// Runs the program; gives its exit code.
pub fn run(invocation: &mut Invocation<'_>) -> u8 {
    invocation.run(|invocation| run::run(invocation, aep_cli::caller::mark().as_deref()))
}

/// What can be typed, for the manual page and the completions.
pub fn command() -> clap::Command {
    <cli::Cli as clap::CommandFactory>::command()
}

/// The version that an answer to `KUBERNETES_EXEC_INFO` has.
///
/// # Errors
/// Configuration, when the text holds no ExecCredential, or one of a version that is not known.
pub fn answered_version(information: &str) -> Result<&'static str> {
    request::api_version(information).map(cli::ApiVersion::name)
}
