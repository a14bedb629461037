//! `cargo xtask COMMAND`.

use std::io::Write as _;
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
    /// Pack programs that are built already, and the Python module, as a wheel
    Wheel {
        /// Folder of the built programs
        #[arg(long, value_name = "DIR")]
        programs: PathBuf,
        /// Platform they run on, such as manylinux_2_28_x86_64 or win_amd64; several with a dot between them
        #[arg(long, value_name = "TAG")]
        tag: String,
        /// Folder that stands for `share` below the prefix: manual pages, completions
        #[arg(long, value_name = "DIR")]
        share: Option<PathBuf>,
        /// Folder for the wheel
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
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
        Command::Wheel { programs, tag, share, out } => {
            let wheel = xtask::wheel::Wheel {
                root: &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
                version: env!("CARGO_PKG_VERSION"),
                programs: &programs,
                share: share.as_deref(),
                platform: &tag,
            };
            writeln!(std::io::stdout(), "{}", wheel.write(&out)?.display())?;
            Ok(())
        }
        Command::Bench { rows } => xtask::bench::run(&rows),
    }
}
