//! Where tokens are kept: the [`Store`] trait, and the stores that need no network.
//!
//! A store reads, locks, writes and removes one identity's entry, and keeps the last failure for those who wait. It
//! never waits, and never fails a caller for a damaged entry: that is nothing. [`crate::acquire`] decides.

use std::fmt;
use std::time::Duration;

use crate::acquire::Accepted;
use crate::token::{Earners, Source, Token};
use crate::{Environment, Error, Log};

mod entry;
mod failure;
mod file;
mod memory;
mod neighbour;
mod note;
mod repeats;
mod seen;

pub use failure::Failure;
pub use file::{FileStore, cure_for_folder, remove_all, remove_if_empty, what_is};
pub use memory::MemoryStore;
pub use note::Note;
pub use repeats::Repeats;
pub use seen::Seen;

/// Whether `AEP_CACHE` switches the cache off: it is then neither read nor written, here and on a shared engine.
///
/// # Errors
/// Configuration, for any word but `on` and `off`.
pub fn is_off(environment: &Environment) -> Result<bool, Error> {
    match environment.text("AEP_CACHE")? {
        None => Ok(false),
        Some(word) if word.eq_ignore_ascii_case("on") => Ok(false),
        Some(word) if word.eq_ignore_ascii_case("off") => Ok(true),
        Some(word) => Err(Error::configuration(format!("AEP_CACHE is `{word}`; expected on or off"))
            .with_hint("unset AEP_CACHE, or set it to off to keep nothing")),
    }
}

/// A token as a store keeps it, with those who earned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// The token and its times.
    pub token: Token,
    /// Who earned it; `None` where the store gives an entry only to a holder of the secret that sealed it.
    pub earners: Option<Earners>,
    /// What IMS accepted for it, where the store knows.
    pub accepted: Option<Accepted>,
    /// The name under which the same token lies on a shared engine.
    pub shared_name: Option<String>,
}

/// Why a store could not be used; the text names the file, folder or engine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing can be kept or found here.
    Unusable(String),
    /// As [`Self::Unusable`], and told not long ago.
    LeftAlone,
    /// One entry or its lock cannot be used; another can be written in its place.
    Entry(String),
}

impl StoreError {
    /// Whether there is nothing to be found or kept, so that the way goes on without the store.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        match self {
            Self::Unusable(_) | Self::LeftAlone => true,
            Self::Entry(_) => false,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(why) | Self::Entry(why) => f.write_str(why),
            Self::LeftAlone => f.write_str("it failed not long ago"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Why somebody writes without the lock. Only the one waiting loop can make it.
#[derive(Clone, Copy, Debug)]
pub struct WithoutLock(());

impl WithoutLock {
    pub(crate) fn waited_long_enough() -> Self {
        Self(())
    }

    pub(crate) fn no_locks_here() -> Self {
        Self(())
    }
}

/// How those who find the lock held wait for it.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// How long, at most.
    pub at_most: Duration,
    /// How much longer while the holder waits for a person.
    pub for_a_person: Duration,
    /// The first pause between two looks.
    pub shortest_pause: Duration,
    /// The longest one.
    pub longest_pause: Duration,
}

/// A place for one identity's token.
pub trait Store {
    /// What only a held lock, or the stated absence of one, can make.
    type LockGuard;

    /// Where a token that is found here is said to come from.
    const SOURCE: Source;

    /// Reads the entry. Missing, damaged, of another version or of another identity is `None`.
    ///
    /// # Errors
    /// The store or the entry cannot be used.
    fn read(&self) -> Result<Option<CacheEntry>, StoreError>;

    /// Takes the lock if it is free; `None` where somebody holds it.
    ///
    /// # Errors
    /// There is no lock to be had.
    fn try_lock(&self) -> Result<Option<Self::LockGuard>, StoreError>;

    /// What stands for the lock where it cannot be had.
    fn without_lock(&self, why: WithoutLock) -> Self::LockGuard;

    /// Replaces the entry, and ends what an old failure had to tell; gives the name under which other machines find it.
    ///
    /// # Errors
    /// The store refused; the old entry is then untouched.
    fn write(&self, entry: &CacheEntry, guard: &Self::LockGuard) -> Result<Option<String>, StoreError>;

    /// Removes the entry; says whether there was one.
    ///
    /// # Errors
    /// The store refused.
    fn remove(&self, guard: &Self::LockGuard) -> Result<bool, StoreError>;

    /// What the last failed fetch left; anything unreadable is `None`.
    fn failure(&self) -> Option<Failure>;

    /// Leaves a failure for those who wait; best effort.
    fn leave_failure(&self, failure: &Failure, guard: &Self::LockGuard);

    /// Says in the lock that its holder waits for a person.
    fn tell_that_a_person_is_asked(&self, guard: &Self::LockGuard);

    /// Whether the lock says so.
    fn is_a_person_asked(&self) -> bool;

    /// How to wait for the lock, within a fetch's budget.
    fn waiting(&self, fetch_budget: Duration) -> Waiting;

    /// What is left of a fetch's budget once so much time went by here.
    fn fetch_budget(&self, budget: Duration, spent: Duration) -> Duration;

    /// Tells, once a request, what was wrong; and remembers it where that spares others the same.
    fn report(&self, log: &Log, error: &StoreError);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_switched_by_two_words() {
        for (word, off) in [("off", true), ("OFF", true), (" Off\n", true), ("on", false), ("ON", false), ("", false)] {
            assert_eq!(is_off(&Environment::from_pairs([("AEP_CACHE", word)])).unwrap(), off, "{word}");
        }
        for word in ["0", "false", "no", "offf"] {
            assert_eq!(is_off(&Environment::from_pairs([("AEP_CACHE", word)])).unwrap_err().exit_code(), 3, "{word}");
        }
    }
}
