//! `completions` and `man`: made from the definition behind `--help`.

use aep_core::{Error, Result};
use clap::CommandFactory;

use crate::cli::Cli;

pub(crate) fn completions(output: &mut Vec<u8>, shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "aep-auth", output);
}

pub(crate) fn man(output: &mut Vec<u8>) -> Result<()> {
    clap_mangen::Man::new(Cli::command())
        .render(output)
        .map_err(|error| Error::fault(format!("cannot write the manual page: {error}")))
}
