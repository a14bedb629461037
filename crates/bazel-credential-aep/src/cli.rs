//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use aep_cli::SelectionArguments;
use clap::{Parser, Subcommand};

/// Print the headers of an Experience Platform call as Bazel and restish read them
///
/// The request comes as JSON on standard input: {"uri": "https://…"}. An address that is not the profile's is refused.
#[derive(Debug, Parser)]
#[command(name = "bazel-credential-aep", version = env!("AEP_VERSION"), term_width = aep_cli::HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands of the protocol.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the headers for the address on standard input
    Get,
}

const EXAMPLES: &str = "\
Examples:
  echo '{\"uri\":\"https://platform.adobe.io/\"}' | bazel-credential-aep get
  bazel build --credential_helper=platform.adobe.io=bazel-credential-aep //…

Exit codes: those of aep-auth.";
