//! `completions` and `man`: made from the definition behind `--help`.

use aep_cli::Invocation;
use aep_core::{Error, Result};
use clap::CommandFactory;

use crate::cli::Cli;
use crate::pages;

pub(crate) fn completions(invocation: &mut Invocation<'_>, shell: clap_complete::Shell) {
    invocation.output.extend_from_slice(pages::completions(&Cli::command(), shell).as_bytes());
}

pub(crate) fn man(invocation: &mut Invocation<'_>) -> Result<()> {
    let page = pages::manual_page(Cli::command())
        .map_err(|error| Error::fault("cannot write the manual page").with_source(error))?;
    invocation.output.extend_from_slice(&page);
    Ok(())
}
