//! What the emulator remembers: clients, faults, revoked tokens, its clock, and what it was asked.

use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clients::{self, Client};
use crate::faults::Fault;
use crate::http::Request;

const KEPT_REQUESTS: usize = 10_000;

/// A day, as IMS gives it.
pub(crate) const DAY: i64 = 86_400_000;

/// How often each thing was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// Connections accepted.
    pub connections: usize,
    /// `POST /ims/token/v3`
    pub token: usize,
    /// `POST /ims/exchange/jwt`
    pub exchange: usize,
    /// `POST /ims/validate_token/v1`
    pub validate: usize,
    /// `POST /ims/invalidate_token/v2` and `/ims/revoke`
    pub invalidate: usize,
    /// Calls of the platform.
    pub platform: usize,
}

#[derive(Debug)]
struct Inner {
    clients: Vec<Client>,
    faults: Vec<Fault>,
    revoked: HashSet<String>,
    requests: VecDeque<Request>,
    counters: Counters,
    clock_offset: i64,
    life: i64,
    is_stopping: bool,
}

/// The memory of one emulator.
#[derive(Debug)]
pub(crate) struct State {
    inner: Mutex<Inner>,
    stopping: Condvar,
}

impl State {
    pub(crate) fn new(further: Vec<Client>) -> Self {
        let mut clients = clients::known();
        clients.extend(further);
        Self {
            inner: Mutex::new(Inner {
                clients,
                faults: Vec::new(),
                revoked: HashSet::new(),
                requests: VecDeque::new(),
                counters: Counters::default(),
                clock_offset: 0,
                life: DAY,
                is_stopping: false,
            }),
            stopping: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn client(&self, id: &str) -> Option<Client> {
        self.lock().clients.iter().find(|client| client.id == id).cloned()
    }

    pub(crate) fn set_secrets(&self, id: &str, secrets: Vec<String>) {
        if let Some(client) = self.lock().clients.iter_mut().find(|client| client.id == id) {
            client.secrets = secrets;
        }
    }

    /// The server's clock, in Unix milliseconds.
    #[expect(clippy::disallowed_methods, reason = "a server's own clock")]
    pub(crate) fn now_millis(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX) + self.lock().clock_offset * 1000
    }

    pub(crate) fn set_clock_offset(&self, seconds: i64) {
        self.lock().clock_offset = seconds;
    }

    pub(crate) fn life(&self) -> i64 {
        self.lock().life
    }

    pub(crate) fn set_life(&self, milliseconds: i64) {
        self.lock().life = milliseconds;
    }

    pub(crate) fn revoke(&self, token: &str) {
        self.lock().revoked.insert(token.to_owned());
    }

    pub(crate) fn is_revoked(&self, token: &str) -> bool {
        self.lock().revoked.contains(token)
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut Counters)) {
        add(&mut self.lock().counters);
    }

    pub(crate) fn counters(&self) -> Counters {
        self.lock().counters
    }

    pub(crate) fn remember(&self, request: &Request) {
        let mut inner = self.lock();
        if inner.requests.len() == KEPT_REQUESTS {
            inner.requests.pop_front();
        }
        inner.requests.push_back(request.clone());
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().requests.iter().cloned().collect()
    }

    pub(crate) fn add_fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    pub(crate) fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// The fault that this path meets now; one that counts down is used up.
    pub(crate) fn take_fault(&self, path: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let index = inner.faults.iter().position(|fault| path.starts_with(fault.path.as_str()))?;
        let fault = inner.faults[index].clone();
        match &mut inner.faults[index].times {
            Some(1) => {
                inner.faults.remove(index);
            }
            Some(times) => *times -= 1,
            None => {}
        }
        Some(fault)
    }

    /// Forgets faults, revocations, requests and counts, and sets clock and life right.
    pub(crate) fn reset(&self) {
        let mut inner = self.lock();
        inner.faults.clear();
        inner.revoked.clear();
        inner.requests.clear();
        inner.counters = Counters::default();
        inner.clock_offset = 0;
        inner.life = DAY;
    }

    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
        self.stopping.notify_all();
    }

    /// Waits for this long, or until the emulator stops; says whether it stops.
    pub(crate) fn wait(&self, duration: Duration) -> bool {
        let inner = self.lock();
        let waited = self.stopping.wait_timeout_while(inner, duration, |inner| !inner.is_stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopping
    }
}
