//! A store in memory, for tests: what [`crate::acquire`] decides can be seen without a disk.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::{CacheEntry, Failure, Store, StoreError, Waiting, WithoutLock};
use crate::Log;
use crate::token::Source;

/// What several callers of one test share.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    entry: RefCell<Option<CacheEntry>>,
    failure: RefCell<Option<Failure>>,
    is_locked: Cell<bool>,
    is_a_person_asked: Cell<bool>,
    broken: RefCell<Option<StoreError>>,
    reported: Cell<u32>,
    writes_without_lock: Cell<u32>,
}

impl MemoryStore {
    /// What is kept now.
    pub fn entry(&self) -> Option<CacheEntry> {
        self.0.entry.borrow().clone()
    }

    /// Puts an entry there, as another process would.
    pub fn put(&self, entry: Option<CacheEntry>) {
        *self.0.entry.borrow_mut() = entry;
    }

    /// Leaves a failure, as another process would.
    pub fn put_failure(&self, failure: Option<Failure>) {
        *self.0.failure.borrow_mut() = failure;
    }

    /// Holds the lock, as another process would, or lets it go.
    pub fn hold(&self, is_held: bool) {
        self.0.is_locked.set(is_held);
    }

    /// Says in the lock that its holder waits for a person.
    pub fn ask_a_person(&self) {
        self.0.is_a_person_asked.set(true);
    }

    /// From now on everything fails with this.
    pub fn break_with(&self, error: Option<StoreError>) {
        *self.0.broken.borrow_mut() = error;
    }

    /// How often something wrong was told.
    pub fn reported(&self) -> u32 {
        self.0.reported.get()
    }

    /// How often something was written by one who had waited in vain for the lock.
    pub fn writes_without_lock(&self) -> u32 {
        self.0.writes_without_lock.get()
    }

    fn whole(&self) -> Result<&Inner, StoreError> {
        match &*self.0.broken.borrow() {
            Some(error) => Err(error.clone()),
            None => Ok(&self.0),
        }
    }
}

/// The lock of a [`MemoryStore`]; free again when dropped.
#[derive(Debug)]
pub struct MemoryLock {
    held: Option<Rc<Inner>>,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.held.iter().for_each(|inner| inner.is_locked.set(false));
    }
}

impl Store for MemoryStore {
    type LockGuard = MemoryLock;

    const SOURCE: Source = Source::Cache;

    fn read(&self) -> Result<Option<CacheEntry>, StoreError> {
        Ok(self.whole()?.entry.borrow().clone())
    }

    fn try_lock(&self) -> Result<Option<MemoryLock>, StoreError> {
        let is_held = self.whole()?.is_locked.replace(true);
        Ok((!is_held).then(|| MemoryLock { held: Some(Rc::clone(&self.0)) }))
    }

    fn without_lock(&self, _: WithoutLock) -> MemoryLock {
        MemoryLock { held: None }
    }

    fn write(&self, entry: &CacheEntry, guard: &MemoryLock) -> Result<Option<String>, StoreError> {
        let inner = self.whole()?;
        if guard.held.is_none() {
            inner.writes_without_lock.set(inner.writes_without_lock.get() + 1);
        }
        *inner.entry.borrow_mut() = Some(entry.clone());
        *inner.failure.borrow_mut() = None;
        Ok(None)
    }

    fn remove(&self, _: &MemoryLock) -> Result<bool, StoreError> {
        Ok(self.whole()?.entry.borrow_mut().take().is_some())
    }

    fn failure(&self) -> Option<Failure> {
        self.whole().ok()?.failure.borrow().clone()
    }

    fn leave_failure(&self, failure: &Failure, _: &MemoryLock) {
        if let Ok(inner) = self.whole() {
            *inner.failure.borrow_mut() = Some(failure.clone());
        }
    }

    fn tell_that_a_person_is_asked(&self, _: &MemoryLock) {
        self.0.is_a_person_asked.set(true);
    }

    fn is_a_person_asked(&self) -> bool {
        self.0.is_a_person_asked.get()
    }

    fn waiting(&self, fetch_budget: Duration) -> Waiting {
        Waiting {
            at_most: fetch_budget + Duration::from_secs(1),
            for_a_person: Duration::from_secs(60),
            shortest_pause: Duration::from_millis(2),
            longest_pause: Duration::from_millis(20),
        }
    }

    fn fetch_budget(&self, budget: Duration, _: Duration) -> Duration {
        budget
    }

    fn report(&self, _: &Log, _: &StoreError) {
        self.0.reported.set(self.0.reported.get() + 1);
    }
}
