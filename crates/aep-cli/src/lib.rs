//! What a command line is: what is handed in, what it prints, and how it asks the `aep-auth` beside it.
//!
//! Every program is a library with `run(invocation) -> exit code` and a `main` of a few lines. This crate knows command
//! lines; it knows neither networks nor the formats of tokens.

pub mod ask;
pub mod caller;
mod invocation;
mod options;
mod process;

pub use invocation::{Executable, Invocation, Terminals};
pub use options::{HELP_WIDTH, Plain, SelectionArguments, parse, plain, try_parse};
pub use process::{main, main_silently};
