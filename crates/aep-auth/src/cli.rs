//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use std::path::PathBuf;

use aep_cli::SelectionArguments;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell as CompletionShell;

/// Access tokens for Adobe Experience Platform
///
/// Imports the credential file that the Adobe Developer Console gives you, then prints access tokens and headers from a
/// cache that any number of processes share.
#[derive(Debug, Parser)]
#[command(name = "aep-auth", version = env!("AEP_VERSION"), term_width = aep_cli::HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[cfg(not(windows))]
const EXAMPLES: &str = "\
Examples:
  aep-auth import ~/Downloads/credential.json
  aep-auth check
  aep-auth headers | curl -H @- \\
    https://platform.adobe.io/data/foundation/sandbox-management/
  aep-auth exec -- python3 upload.py

Exit codes: 0 done, 1 a fault of ours, 2 command line, 3 configuration,
4 refused, 5 unreachable, 6 local storage.";

/// As `cmd` and PowerShell both take them: `@` between quotes, and no `curl` that is another command's name.
#[cfg(windows)]
const EXAMPLES: &str = "\
Examples:
  aep-auth import Downloads\\credential.json
  aep-auth check
  aep-auth headers | curl.exe -H \"@-\" https://platform.adobe.io/data/foundation/sandbox-management/
  aep-auth exec -- python upload.py

Exit codes: 0 done, 1 a fault of ours, 2 command line, 3 configuration,
4 refused, 5 unreachable, 6 local storage.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Import a credential file as a profile
    Import(ImportArguments),
    /// List, show, choose, copy, change or remove profiles
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Store, show, move or drop the secrets of a profile
    #[command(subcommand)]
    Secret(SecretCommand),
    /// List every file of ours, and remove them
    Purge {
        /// Remove without asking
        #[arg(long)]
        yes: bool,
    },
    /// Print the access token
    Token(TokenArguments),
    /// Print the headers of a platform call
    Headers(HeadersArguments),
    /// Call the platform, or another of Adobe's services
    ///
    /// Sends the token and the headers that the service at the address wants, and prints the answer as it comes. The
    /// status is the exit code: 0 for 2xx, 5 for redirects, 429 and 5xx, 4 for every other.
    Api(ApiArguments),
    /// Print the token and its companions as environment variables
    Env {
        /// Shell to quote for [default: sh; on Windows powershell, sh in Git Bash]
        ///
        /// `github` appends to the file that $GITHUB_ENV names.
        #[arg(long, value_enum)]
        shell: Option<EnvShell>,
    },
    /// Run a command with the token in its environment
    Exec {
        /// Leave the variables that hold secrets, for a command that asks for tokens itself
        #[arg(long)]
        keep_secrets: bool,

        /// Command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND",
              value_hint = ValueHint::CommandWithArguments)]
        command: Vec<std::ffi::OsString>,
    },
    /// Open Query Service for psql and all that speaks Postgres
    ///
    /// Prints how to connect, with the access token as the password. With `--pgpass` the password goes into a password
    /// file, and nothing is printed but what `--format` asks for. With a command, it runs that command with a password
    /// file of its own, which is gone afterwards.
    Query(QueryArguments),
    /// Tell what is cached, from disk alone
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Tell of every profile
        #[arg(long)]
        all: bool,
        /// Exit 0 when live, 20 when expiring, 21 when expired, 22 when nothing is cached
        #[arg(long)]
        exit_code: bool,
    },
    /// Call the platform and list the standard XDM classes
    Check,
    /// Print the signed assertion of a service account
    Jwt,
    /// Show a token's claims and when it ends
    Inspect {
        /// File with the token, `-` for standard input [default: the cached token]
        file: Option<PathBuf>,
    },
    /// Drop the cached token, here and on the shared cache
    Forget {
        /// Drop the tokens of all profiles
        #[arg(long)]
        all: bool,
        /// Revoke the token at IMS as well
        #[arg(long)]
        revoke: bool,
        /// Drop the token on standard input alone, for a helper
        #[arg(long, value_name = "-", value_parser = ["-"], hide = true, conflicts_with_all = ["all", "revoke"])]
        refused: Option<String>,
    },
    /// Look for what is wrong, and name the cure
    Doctor {
        /// Leave out everything private, for an issue
        #[arg(long)]
        report: bool,
        /// Play git's exchange with this repository as well
        #[arg(long, value_name = "URL")]
        git: Option<String>,
    },
    /// Print the completion script of a shell
    Completions {
        /// Shell
        shell: CompletionShell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArguments {
    /// Credential file, `-` for standard input [default: ask field by field]
    pub(crate) file: Option<PathBuf>,
    /// Private key of a service account
    #[arg(long, value_name = "PATH")]
    pub(crate) private_key: Option<PathBuf>,
    /// Where the client secret is: keyring, file:PATH, env:NAME or command:WORDS [default: the private store]
    #[arg(long, value_name = "WHERE")]
    pub(crate) client_secret_from: Option<String>,
    /// Flow to use where the file allows both
    #[arg(long, value_enum)]
    pub(crate) flow: Option<FlowArgument>,
    /// IMS host [default: the file's, else https://ims-na1.adobelogin.com]
    #[arg(long, value_name = "URL")]
    pub(crate) ims_url: Option<String>,
    /// Platform host [default: the file's, else https://platform.adobe.io]
    #[arg(long, value_name = "URL")]
    pub(crate) platform_url: Option<String>,
    /// Credential to take, by name or client id, where the file holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,
    /// Make the profile the default
    #[arg(long)]
    pub(crate) default: bool,
    /// Replace an existing profile
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FlowArgument {
    Oauth,
    Jwt,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print these words alone, a line each, for a completion
        #[arg(long, value_enum, value_name = "WORDS", hide = true, conflicts_with = "json")]
        only: Option<Words>,
    },
    /// Show every key of a profile; secrets are masked
    Show {
        /// Profile [default: the one that is used now]
        #[arg(value_hint = ValueHint::Username)]
        name: Option<String>,
    },
    /// Make a profile the default
    Use {
        /// Profile [default: the one that is used now]
        #[arg(value_hint = ValueHint::Username)]
        name: Option<String>,
    },
    /// Copy a profile and its stored secrets
    Copy {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
        /// Name of the copy
        new: String,
    },
    /// Give a profile another name
    Rename {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
        /// Its new name
        new: String,
    },
    /// Remove a profile, its stored secrets and its cached tokens
    Remove {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
    },
    /// Change keys of a profile; an empty value removes the key
    Set {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
        /// KEY=VALUE, where VALUE is TOML or a bare text
        #[arg(required = true, value_name = "KEY=VALUE")]
        pairs: Vec<String>,
    },
}

/// What a completion asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Words {
    /// The profiles' names
    Names,
    /// The sandboxes that they name
    Sandboxes,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Store a new client secret, from the terminal without echo or from standard input
    Set {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
        /// Store it as the second one, during a rotation
        #[arg(long)]
        second: bool,
        /// Store it without trying it at IMS first
        #[arg(long)]
        untried: bool,
    },
    /// Show where each secret is and which one IMS accepted, never the value
    Show {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
    },
    /// Move the secrets between the private store and the system's keyring
    Move {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
        /// Place to move them to
        #[arg(long, value_enum)]
        to: SecretPlace,
    },
    /// End a rotation: drop one of two client secrets
    Drop {
        /// Profile
        #[arg(value_hint = ValueHint::Username)]
        name: String,
        /// Which one; after `first` the second one is the first
        #[arg(value_enum)]
        which: SecretNumber,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SecretPlace {
    /// The system's own: Secret Service, Keychain or Credential Manager
    Keyring,
    /// The private store of aep-auth
    Store,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SecretNumber {
    First,
    Second,
}

#[derive(Args, Debug, Default)]
pub(crate) struct TokenArguments {
    /// Time the token must still live, such as 90s, 15m or 1h30m
    #[arg(long, value_name = "DURATION")]
    pub(crate) min_valid: Option<String>,
    /// Fetch a new token even if the cached one is live
    #[arg(long)]
    pub(crate) renew: bool,
    /// Print JSON with the token's times and where it came from
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask IMS whether the token is still valid, and renew it if not
    #[arg(long)]
    pub(crate) verify: bool,
    /// Renew only if the cached token is the one on standard input
    #[arg(long, value_name = "-", value_parser = ["-"])]
    pub(crate) refused: Option<String>,
    /// Exchange a ready-made assertion, from a file or `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) jwt: Option<PathBuf>,
    /// Answer a helper in this version of the exchange
    #[arg(long, value_name = "VERSION", hide = true, requires = "json")]
    pub(crate) exchange: Option<u32>,
    /// Give a helper the secrets that IMS accepts
    #[arg(long, hide = true, requires = "exchange")]
    pub(crate) with_secret: bool,
    /// Give a helper those alone
    #[arg(long, hide = true, requires = "with_secret")]
    pub(crate) without_token: bool,
}

#[derive(Args, Debug)]
pub(crate) struct QueryArguments {
    /// Format: variables for a shell, a JSON object of libpq's keywords, or a section of pg_service.conf
    #[arg(long, value_enum)]
    pub(crate) format: Option<QueryFormat>,
    /// Shell to quote for [default: sh; on Windows powershell, sh in Git Bash]
    ///
    /// `github` appends to the file that $GITHUB_ENV names.
    #[arg(long, value_enum)]
    pub(crate) shell: Option<EnvShell>,
    /// Give the token in its short form, for a client with a short password field
    #[arg(long)]
    pub(crate) compressed: bool,
    /// Put the password into a password file [default: $PGPASSFILE, else ~/.pgpass]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) pgpass: Option<Option<PathBuf>>,
    /// Fetch a new token, and ask again where the database is
    #[arg(long)]
    pub(crate) renew: bool,
    /// Command and its arguments
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["format", "pgpass", "shell"],
          value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<std::ffi::OsString>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum QueryFormat {
    /// Variables
    #[default]
    Env,
    /// A JSON object
    Json,
    /// A section of pg_service.conf
    Service,
}

#[derive(Args, Debug, Default)]
pub(crate) struct HeadersArguments {
    /// Format: lines for `curl -H @-`, a config for `curl -K -`, or a JSON object
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: HeaderFormat,
    /// Address that the headers are for; one that is not the profile's is refused
    #[arg(long = "for", value_name = "URL")]
    pub(crate) address: Option<String>,
    /// Ask IMS about the token when the same caller asks for the same address again, at most once a minute
    #[arg(long, requires = "address")]
    pub(crate) repeats: bool,
}

#[derive(Args)]
#[command(after_help = API_EXAMPLES)]
pub(crate) struct ApiArguments {
    /// Path on the platform, or the URL of one of the profile's hosts
    #[arg(value_name = "PATH|URL")]
    pub(crate) target: String,
    /// Method [default: GET, with data POST]
    #[arg(short = 'X', long = "method", visible_alias = "request", value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Header to send: replaces ours of that name; `NAME:` removes it
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// Data to send: a text, @FILE, or @- for standard input; JSON if it begins with { or [
    #[arg(short = 'd', long = "data", value_name = "DATA|@FILE|@-", allow_hyphen_values = true)]
    pub(crate) data: Option<String>,
    /// Print the status and the headers of the answer too
    #[arg(short = 'i', long = "include")]
    pub(crate) include: bool,
    /// File to replace by the answer, once it is whole and its status is 2xx
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Ask for all pages and print their items as one JSON array
    #[arg(long, conflicts_with_all = ["data", "include"])]
    pub(crate) all: bool,
    /// Name of the list that holds the items
    #[arg(long, value_name = "NAME", requires = "all")]
    pub(crate) items: Option<String>,
    /// Send the request once, whatever the answer
    #[arg(long)]
    pub(crate) no_retry: bool,
    /// Seconds for the whole call [default: as long as bytes flow]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_time: Option<String>,
}

/// Headers and data may be what nobody should see.
impl std::fmt::Debug for ApiArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiArguments(…)")
    }
}

/// As `cmd` and PowerShell both take them.
#[cfg(windows)]
const API_EXAMPLES: &str = "\
Examples:
  aep-auth api /data/foundation/schemaregistry/tenant/schemas --all
  aep-auth api /data/foundation/schemaregistry/tenant/schemas -d \"@schema.json\"
  aep-auth api -X PUT /data/foundation/import/batches/BATCH/datasets/DATASET/files/part.parquet -d \"@part.parquet\"
  aep-auth api -X POST \"/data/foundation/import/batches/BATCH?action=COMPLETE\"
  aep-auth api /data/foundation/catalog/batches/BATCH

AEP_TIMEOUT is the time to the first byte of an answer (8 seconds), and how long is waited where a server asks to.";

#[cfg(not(windows))]
const API_EXAMPLES: &str = "\
Examples:
  aep-auth api /data/foundation/schemaregistry/tenant/schemas --all
  aep-auth api /data/foundation/schemaregistry/tenant/schemas -d @schema.json
  aep-auth api /data/foundation/import/batches -d '{\"datasetId\":\"…\",\"inputFormat\":{\"format\":\"parquet\"}}'
  aep-auth api -X PUT \"/data/foundation/import/batches/$BATCH/datasets/$DATASET/files/part.parquet\" -d @part.parquet
  aep-auth api -X POST \"/data/foundation/import/batches/$BATCH?action=COMPLETE\"
  aep-auth api \"/data/foundation/catalog/batches/$BATCH\"

AEP_TIMEOUT is the time to the first byte of an answer (8 seconds), and how long is waited where a server asks to.";

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum HeaderFormat {
    /// Lines for `curl -H @-`
    #[default]
    Http,
    /// A config for `curl -K -`
    Curl,
    /// A JSON object
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvShell {
    /// POSIX shells, bash, zsh
    #[value(aliases = ["bash", "zsh", "dash", "ksh"])]
    Sh,
    /// fish
    Fish,
    /// PowerShell
    #[value(alias = "pwsh")]
    Powershell,
    /// Windows' command prompt: for /f "delims=" %i in ('aep-auth … --shell cmd') do @%i
    Cmd,
    /// A .env file
    Dotenv,
    /// GitHub Actions
    Github,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_headers_nor_data() {
        let cli = Cli::try_parse_from(["aep-auth", "api", "/x", "-H", "a: marker", "-d", "marker"]).unwrap();
        assert!(!format!("{cli:?}").contains("marker"));
    }
}
