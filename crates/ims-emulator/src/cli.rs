//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Stand in for Adobe IMS and Experience Platform on this machine
///
/// Serves on loopback alone, checks requests as strictly as the real ones do, and prints the lines that point the other
/// programs at it. Stop it with Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "ims-emulator", version = env!("AEP_VERSION"), term_width = 80, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Port to serve on
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        long_help = "Port to serve on (default: a free one)"
    )]
    pub(crate) port: u16,

    /// Speak TLS, under an authority made at start
    #[arg(long)]
    pub(crate) tls: bool,

    /// Folder for the credential files and keys, kept afterwards (default: a private one, removed at the end)
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,

    /// Shell whose words are printed (default: sh; on Windows powershell, in Git Bash sh)
    #[arg(long, value_name = "SHELL", value_enum)]
    pub(crate) shell: Option<Shell>,

    /// Life of the tokens, in seconds (default: 86400)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) life: Option<i64>,

    /// Fault to begin with, as JSON; may be repeated
    #[arg(long, value_name = "JSON")]
    pub(crate) fault: Vec<String>,
}

/// Whose words the lines have that set variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Sh,
    Fish,
    Powershell,
    Cmd,
}

const EXAMPLES: &str = "\
Examples:
  ims-emulator                 then paste what it prints into another terminal
  ims-emulator --tls --port 8443
  ims-emulator --fault '{\"path\": \"/ims/\", \"kind\": \"html\", \"status\": 503}'

Faults: delay {ms}, hang, cut, cut_body, drip {ms}, huge {mib}, endless,
respond {status, headers, body}, refuse {status, retry_after, retry_at},
redirect {location}, html {status}, next {href, start}, life {expires_in};
each with path (a beginning) and times if wanted.

While it runs:
  GET    /emulator/state            how often each thing was asked for
  GET    /emulator/requests?last=N  what arrived last, tokens hashed
  POST   /emulator/faults           a fault, or a list of them; DELETE ends them
  POST   /emulator/life             {\"ms\": 60000}
  POST   /emulator/clock            {\"offset\": -3600}
  POST   /emulator/revoke           {\"token\": \"…\"}; for all got with a secret
                                    {\"client_id\": \"…\", \"secret\": \"…\"}
  POST   /emulator/secrets          {\"client_id\": \"…\", \"secrets\": [\"…\"]}
  POST   /emulator/registry         {\"classes\": 10000, \"schemas\": 10000}
  POST   /emulator/query            {\"host\": \"127.0.0.1\", \"port\": 5432};
                                    null takes a key away
  POST   /emulator/reset";
