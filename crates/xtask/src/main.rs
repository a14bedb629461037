//! `cargo xtask COMMAND`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// What is no product: the quick start, pages and figures
#[derive(Parser)]
#[command(name = "xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Walk the tutorial against a local stand-in for Adobe IMS
    Quickstart,
    /// Write the manual pages and completions of every program below a prefix
    Pages {
        /// Prefix, such as /usr/local
        prefix: PathBuf,
    },
    /// Time whole processes and print ratios: cargo run --release -p xtask -- bench
    Bench {
        /// Parts of the names of the rows to run [default: all]
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rows: Vec<String>,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Quickstart => xtask::quickstart::run(),
        Command::Pages { prefix } => xtask::pages::write(&prefix),
        Command::Bench { rows } => xtask::bench::run(&rows),
    }
}
