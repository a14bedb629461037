//! What the emulator remembers: clients, faults, revoked tokens, its clock, and what it was asked. What
//! clients can make grow (connections, kept requests) is bounded; what a test sets up is not.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::body::sha256;
use crate::clients::{self, Client};
use crate::faults::Fault;
use crate::http::Request;
use crate::{platform, tokens};

const KEPT_REQUESTS: usize = 10_000;
const KEPT_BYTES: usize = 32 * 1024 * 1024;

/// Endpoints that are told apart; paths with an id in them are many.
const KEPT_ENDPOINTS: usize = 1_000;

/// Connections that are served at once.
const MOST_CONNECTIONS: usize = 512;

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
    /// `POST /ims/invalidate_token/v2`
    pub invalidate: usize,
    /// Calls below `/data/`.
    pub platform: usize,
}

#[derive(Debug)]
struct Inner {
    clients: Vec<Client>,
    faults: Vec<Fault>,
    /// Digests of tokens, and marks of secrets.
    revoked: HashSet<String>,
    requests: VecDeque<Request>,
    requests_weight: usize,
    counters: Counters,
    endpoints: BTreeMap<String, usize>,
    clock_offset: i64,
    life: i64,
    connections: usize,
    is_stopping: bool,
}

/// The memory of one emulator.
#[derive(Debug)]
pub(crate) struct State {
    inner: Mutex<Inner>,
    changed: Condvar,
    platform: Mutex<platform::Store>,
    /// Makes the marks of secrets differ from run to run.
    salt: String,
}

/// A connection's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<State>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().connections -= 1;
        self.0.changed.notify_all();
    }
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
                requests_weight: 0,
                counters: Counters::default(),
                endpoints: BTreeMap::new(),
                clock_offset: 0,
                life: DAY,
                connections: 0,
                is_stopping: false,
            }),
            changed: Condvar::new(),
            platform: Mutex::default(),
            salt: tokens::random_hex(16),
        }
    }

    /// Waits for a place for one more connection; `None` when the emulator stops.
    pub(crate) fn take_place(this: &Arc<Self>) -> Option<Place> {
        let inner = this.lock();
        let is_full = |inner: &mut Inner| inner.connections >= MOST_CONNECTIONS && !inner.is_stopping;
        let mut inner = this.changed.wait_while(inner, is_full).unwrap_or_else(PoisonError::into_inner);
        inner.connections += 1;
        let place = Place(Arc::clone(this));
        let is_stopping = inner.is_stopping;
        drop(inner);
        (!is_stopping).then_some(place)
    }

    /// What the platform holds.
    pub(crate) fn platform(&self) -> MutexGuard<'_, platform::Store> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn client(&self, id: &str) -> Option<Client> {
        self.lock().clients.iter().find(|client| client.id == id).cloned()
    }

    /// Replaces the secrets of a client; says whether it is known.
    pub(crate) fn set_secrets(&self, id: &str, secrets: Vec<String>) -> bool {
        let mut inner = self.lock();
        let client = inner.clients.iter_mut().find(|client| client.id == id);
        client.map(|client| client.secrets = secrets).is_some()
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
        self.lock().revoked.insert(sha256(token.as_bytes()));
    }

    /// What a token tells of the secret that it was got with: nothing, save to us.
    pub(crate) fn secret_mark(&self, client_id: &str, secret: &str) -> String {
        sha256(format!("{}\0{client_id}\0{secret}", self.salt).as_bytes())[..32].to_uppercase()
    }

    /// Makes all tokens invalid that were got with this secret so far.
    pub(crate) fn revoke_secret(&self, client_id: &str, secret: &str) {
        let mark = self.secret_mark(client_id, secret);
        self.lock().revoked.insert(mark);
    }

    pub(crate) fn is_revoked(&self, token: &str, secret_mark: &str) -> bool {
        let digest = sha256(token.as_bytes());
        let inner = self.lock();
        inner.revoked.contains(&digest) || inner.revoked.contains(secret_mark)
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut Counters)) {
        add(&mut self.lock().counters);
    }

    pub(crate) fn counters(&self) -> Counters {
        self.lock().counters
    }

    /// Counts a request, and keeps it for as long as there is room.
    pub(crate) fn remember(&self, request: &Request) {
        let mut inner = self.lock();
        let counters = &mut inner.counters;
        match request.path.trim_end_matches('/') {
            "/ims/token/v3" => counters.token += 1,
            "/ims/exchange/jwt" | "/ims/exchange/v1/jwt" => counters.exchange += 1,
            "/ims/validate_token/v1" => counters.validate += 1,
            "/ims/invalidate_token/v2" => counters.invalidate += 1,
            path if path.starts_with("/data/") => counters.platform += 1,
            _ => {}
        }
        let endpoint = format!("{} {}", request.method, request.path);
        if inner.endpoints.len() < KEPT_ENDPOINTS || inner.endpoints.contains_key(&endpoint) {
            *inner.endpoints.entry(endpoint).or_default() += 1;
        }
        inner.requests_weight += request.weight();
        inner.requests.push_back(request.clone());
        while inner.requests.len() > KEPT_REQUESTS || inner.requests_weight > KEPT_BYTES {
            let Some(oldest) = inner.requests.pop_front() else { break };
            inner.requests_weight -= oldest.weight();
        }
    }

    /// How often each endpoint was asked, as `POST /ims/token/v3`.
    pub(crate) fn endpoints(&self) -> BTreeMap<String, usize> {
        self.lock().endpoints.clone()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.last_requests(usize::MAX)
    }

    /// The last so many, oldest first.
    pub(crate) fn last_requests(&self, count: usize) -> Vec<Request> {
        let inner = self.lock();
        inner.requests.iter().skip(inner.requests.len().saturating_sub(count)).cloned().collect()
    }

    /// Sets how many classes and schemas of the tenant are made up.
    pub(crate) fn set_made_up(&self, classes: Option<usize>, schemas: Option<usize>) {
        let mut store = self.platform();
        let [own_classes, own_schemas] = &mut store.registry.made_up;
        *own_classes = classes.unwrap_or(*own_classes);
        *own_schemas = schemas.unwrap_or(*own_schemas);
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

    /// Forgets faults, revocations, requests, counts and what was made on the platform, and sets clock and life right.
    pub(crate) fn reset(&self) {
        let mut inner = self.lock();
        inner.faults.clear();
        inner.revoked.clear();
        inner.requests.clear();
        inner.requests_weight = 0;
        inner.counters = Counters::default();
        inner.endpoints.clear();
        inner.clock_offset = 0;
        inner.life = DAY;
        drop(inner);
        *self.platform() = platform::Store::default();
    }

    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
        self.changed.notify_all();
    }

    /// Waits for this long, or until the emulator stops; says whether it stops.
    pub(crate) fn wait(&self, duration: Duration) -> bool {
        let inner = self.lock();
        let waited = self.changed.wait_timeout_while(inner, duration, |inner| !inner.is_stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopping
    }
}
