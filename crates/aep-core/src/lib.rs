//! The road to an Adobe Experience Platform access token.
//!
//! Every tool asks one question, [`token::obtain`], and turns the answer into its own protocol. This crate knows files,
//! time and names: which profile is meant ([`profile`]), where its secrets are ([`secret`]), which cached token is its
//! own ([`identity`], [`cache`]). It never touches the network and never signs anything: the way to fetch is handed in
//! as [`token::Fetch`]. It knows nothing of git, kubectl, Postman or shells.

pub mod cache;
pub mod clock;
pub mod context;
pub mod duration;
pub mod environment;
pub mod error;
pub mod folders;
pub mod headers;
pub mod hosts;
pub mod identity;
pub mod log;
mod platform;
pub mod private_file;
pub mod process;
pub mod profile;
pub mod secret;
pub mod terminal;
pub mod token;
pub mod url;

pub use clock::Clock;
pub use context::Context;
pub use environment::Environment;
pub use error::{Error, Result};
pub use folders::Folders;
pub use log::Log;
pub use profile::Profile;
