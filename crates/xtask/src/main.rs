//! `cargo xtask COMMAND`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::dist;

/// What is no product: the quick start, pages and figures
#[derive(Parser)]
#[command(name = "xtask")]
struct Cli {
    /// Tree to build and pack [default: the one that this program was built in]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Walk the tutorial against a local stand-in for Adobe IMS
    Quickstart,
    /// Draw the pictures of the pages
    Pictures {
        /// Folder for them [default: docs/pictures]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Write the manual pages and completions of every program below a prefix
    Pages {
        /// Prefix, such as /usr/local
        prefix: PathBuf,
    },
    /// Build the programs that packages hold: the same bytes for the same commit, in any folder and for any user
    Programs {
        /// Target to build for [default: this machine's]
        #[arg(long, value_name = "TARGET")]
        target: Vec<String>,
        /// Folder with a folder for each target [default: target/programs]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Write every package, with checksums, licences and the list of parts, from programs that are built already
    Dist {
        /// Target to pack [default: each that was built]
        #[arg(long, value_name = "TARGET")]
        target: Vec<String>,
        /// Folder with a folder for each target, in which its programs are [default: target/programs]
        #[arg(long, value_name = "DIR")]
        programs: Option<PathBuf>,
        /// Folder for the packages
        #[arg(long, value_name = "DIR", default_value = "target/dist")]
        out: PathBuf,
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
    let version = env!("CARGO_PKG_VERSION");
    let mut out = std::io::stdout();
    let Cli { root, command } = Cli::parse();
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    match command {
        Command::Quickstart => xtask::quickstart::run(),
        Command::Pictures { out } => {
            let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
            xtask::pictures::write(&docs.join("figures.md"), &out.unwrap_or_else(|| docs.join("pictures")))
        }
        Command::Pages { prefix } => xtask::pages::write(&prefix),
        Command::Programs { target, out } => {
            let folder = out.unwrap_or_else(|| dist::default_programs(&root));
            let target = if target.is_empty() { vec![dist::build::host()?] } else { target };
            target.iter().try_for_each(|target| dist::build::run(&root, target, &folder))
        }
        Command::Dist { target, programs, out: folder } => {
            let programs = programs.unwrap_or_else(|| dist::default_programs(&root));
            let options = dist::Options { root: &root, version, programs: &programs, targets: &target, out: &folder };
            for line in dist::run(&options)? {
                writeln!(out, "{line}")?;
            }
            Ok(())
        }
        Command::Wheel { programs, tag, share, out: folder } => {
            let parts = xtask::wheel::parts(&root, &programs, share.as_deref(), &tag)?;
            let wheel = xtask::wheel::Wheel { root: &root, version, parts: &parts, platform: &tag };
            writeln!(out, "{}", wheel.write(&folder)?.display())?;
            Ok(())
        }
        Command::Bench { rows } => xtask::bench::run(&rows),
    }
}
