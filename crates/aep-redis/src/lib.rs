//! One token for a fleet: Redis or Valkey as a store behind the local cache.
//!
//! [`RedisStore`] is asked on a local miss alone and under the local lock, so that one process a machine speaks to the
//! engine. This crate knows the engine's protocol and the seal; it knows neither IMS nor the files of profiles.

mod engine;
mod inspect;
mod quiet;
mod seal;
mod store;

pub use engine::refusal_in;
pub use inspect::{Finding, inspect};
pub use store::{RedisLock, RedisStore, Tls};
