//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use std::path::PathBuf;

use aep_cli::SelectionArguments;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Make Postman files with an Experience Platform access token
///
/// The environment has the variable names of Adobe's own collections; the script renews the token by itself, in Postman,
/// newman 6 and the Postman CLI.
#[derive(Debug, Parser)]
#[command(name = "aep-postman", version = env!("AEP_VERSION"), term_width = aep_cli::HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print or write an environment
    Environment(EnvironmentArguments),
    /// Print the pre-request script
    Script {
        /// Flow of the script [default: the profile's, oauth without one]
        #[arg(long, value_enum)]
        flow: Option<FlowArgument>,
    },
    /// Print or write a collection with the script
    Collection {
        /// Collection (v2.1) to add the script to [default: a small one of our own]
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// Leave the script out, or take ours out of the collection
        #[arg(long)]
        no_script: bool,
        /// File to write, on Unix readable by you alone [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Args, Debug, Default)]
pub(crate) struct EnvironmentArguments {
    /// File to write, on Unix readable by you alone; its id and further variables are kept [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Put the client secret, and a service account's private key, into it: the script can renew then
    #[arg(long)]
    pub(crate) with_secret: bool,
    /// Leave the access token out
    #[arg(long)]
    pub(crate) no_token: bool,
    /// Time of the export, RFC 3339, for output that can be compared [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) exported_at: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FlowArgument {
    /// OAuth Server-to-Server
    Oauth,
    /// Service account, signed in the script
    Jwt,
}

const EXAMPLES: &str = "\
Examples:
  aep-postman environment --with-secret -o aep.postman_environment.json
  aep-postman collection -o aep.postman_collection.json
  aep-postman collection --from 'Schema Registry.json' -o with-script.json
  newman run aep.postman_collection.json -e aep.postman_environment.json

Exit codes: those of aep-auth.";
