//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use aep_cli::SelectionArguments;
use clap::Parser;

/// Answer git credential requests with an Experience Platform access token
///
/// git runs it, as `credential.helper = aep`: the request comes on standard input, the answer goes to standard output.
/// Hosts that are not the profile's get no answer.
#[derive(Debug, Parser)]
#[command(name = "git-credential-aep", version = env!("AEP_VERSION"), term_width = aep_cli::HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,

    /// get, erase or capability; store and anything else is ignored, as git asks of a helper
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
}

const EXAMPLES: &str = "\
Examples:
  git config --global credential.https://platform.adobe.io.helper \"\"
  git config --global --add credential.https://platform.adobe.io.helper aep
  git config --global http.https://platform.adobe.io.postBuffer 512m
  printf 'url=https://platform.adobe.io\\ncapability[]=authtype\\n\\n' | git credential fill

The empty helper keeps others away from the host; the buffer lets git 2.46 to 2.53 push more than 1 MiB. A profile of its
own: helper 'aep --profile prod'. Why there is no answer: AEP_LOG=debug.

Exit codes: 0 answered, or not for us; else those of aep-auth.";
