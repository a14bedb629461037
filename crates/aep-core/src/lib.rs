//! The road to an Adobe Experience Platform access token.
//!
//! Every program asks one question, [`acquire`](fn@acquire::acquire), and turns the answer into its own protocol. This
//! crate knows files, time and names: which profile is meant ([`profile`]), where its secrets are ([`secret`]), which
//! token is whose ([`token`]), where tokens are kept ([`cache`]). It never touches the network, signs nothing, parses no
//! command line and knows no tool: the way to fetch is handed in as [`acquire::Fetch`].

pub mod acquire;
pub mod budget;
pub mod cache;
pub mod clock;
pub mod context;
pub mod digest;
pub mod duration;
pub mod environment;
pub mod error;
pub mod folders;
pub mod headers;
pub mod io_words;
pub mod log;
mod platform;
pub mod profile;
pub mod program;
pub mod secret;
#[cfg(unix)]
pub mod signals;
pub mod terminal;
pub mod text;
pub mod token;
pub mod trust;
pub mod write_file;

pub use clock::Clock;
pub use context::Context;
pub use environment::Environment;
pub use error::{Error, Result};
pub use folders::Folders;
pub use log::Log;
pub use profile::{Profile, ProfileSelection, url};
