//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use aep_cli::SelectionArguments;
use clap::{Parser, ValueEnum};

/// Show the state of the cached access token in a shell prompt
///
/// Prints `prod/dev1 3h12m`; the time in yellow when it is short, a red X when it is over, and nothing when there is
/// nothing to say. It never uses the network, and always ends with exit code 0.
#[derive(Debug, Default, Parser)]
#[command(name = "aep-prompt", version = env!("AEP_VERSION"), term_width = aep_cli::HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,

    /// Template with {name}, {profile}, {sandbox}, {remaining}, {symbol} and {state} [default: "{name} {remaining}"]
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) format: Option<String>,

    /// Shell whose prompt it stands in; tells it which bytes take no room
    #[arg(long, value_enum, default_value_t)]
    pub(crate) shell: Shell,

    /// Colours; auto is on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t)]
    pub(crate) color: Color,

    /// Time left below which it turns yellow, such as 90s, 30m or 1h [default: 30m]
    #[arg(long, value_name = "DURATION")]
    pub(crate) warn_below: Option<String>,
}

/// Where the text ends up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// starship, powerlevel10k, oh-my-posh, a terminal
    #[default]
    Plain,
    /// bash, in PS1
    Bash,
    /// zsh, in PROMPT
    Zsh,
    /// fish
    Fish,
    /// tmux, in status-right
    Tmux,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

const EXAMPLES: &str = "\
Examples:
  PS1='$(aep-prompt --shell bash --color always) \\$ '
  aep-prompt --format '{symbol} {profile} {remaining}' --warn-below 1h

Ready-made pieces for bash, zsh, fish, starship, powerlevel10k, oh-my-posh and tmux: integrations/prompt.";
