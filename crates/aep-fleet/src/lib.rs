//! One token for a fleet: an engine (Redis or Valkey) between the local cache and IMS.
//!
//! [`Fleet`] is a way to fetch like any other, and wraps the one that asks IMS. It is reached on a local miss alone and
//! under the local lock, so that one process a machine speaks to the engine. Without `shared_cache` it costs nothing; an
//! engine that is down, slow, full or hostile is as if it were not there, which is told once, at `info`.

mod address;
mod engine;
mod forget;
mod inspect;
mod quiet;
mod road;
mod seal;

use aep_core::token::{Fetch, Fetched, Order};
use aep_core::{Context, Profile, Result, cache};
use aep_ims::Ims;

pub use address::Address;
pub use forget::{forget, forget_on_engine};
pub use inspect::{Finding, inspect};

/// Asks the engine first, where a profile names one; else, and whenever the engine fails, IMS.
#[derive(Debug)]
pub struct Fleet {
    ims: Ims,
}

impl Fleet {
    /// The way to fetch of a tool, which IMS sees as the user agent.
    pub fn asked_by(tool: &str) -> Self {
        Self { ims: Ims::asked_by(tool) }
    }
}

impl Fetch for Fleet {
    fn fetch(&self, order: &Order<'_>) -> Result<Fetched> {
        let is_off = cache::is_off(&order.context.environment)?;
        match Address::of(order.profile)? {
            Some(address) if !is_off => road::fetch(order, &address, &self.ims),
            _ => self.ims.fetch(order),
        }
    }
}

/// The password of the engine, where the profile or the environment names one.
fn password(context: &Context, profile: &Profile) -> Result<Option<aep_core::secret::Secret>> {
    use aep_core::secret::store::Item;
    let reference = profile.shared_cache_password.as_ref();
    reference.map(|reference| reference.read(context, profile.file_name(), Item::SharedCachePassword)).transpose()
}
