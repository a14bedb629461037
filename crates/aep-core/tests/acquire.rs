//! The one algorithm in memory: a clock that is moved by hand, a store whose lock others hold, and a fetch that counts.
//!
//! Each rule stands beside its other half: what must not happen.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use aep_core::acquire::{
    Accepted, Cached, Fetch, FetchRequest, Fetched, Lookup, Refuse, TokenRequest, acquire, cached, disown, forget,
    lookup, stale_secret_message,
};
use aep_core::cache::{CacheEntry, Failure, FileStore, MemoryStore, Store, StoreError, Waiting, WithoutLock};
use aep_core::error::Cause;
use aep_core::profile::{Profile, ProfileSelection, resolve};
use aep_core::secret::Credentials;
use aep_core::token::{AccessToken, Earners, Mark, Proof, Source, State, Token};
use aep_core::{Clock, Context, Environment, Error, Folders, Log, Result};

const NOON: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// What happens while somebody waits.
type Events = Rc<RefCell<Vec<(Duration, Box<dyn Fn()>)>>>;

/// A clock that moves when somebody waits, and lets things happen meanwhile.
#[derive(Clone)]
struct HandClock {
    now: Rc<Cell<i64>>,
    waited: Rc<Cell<Duration>>,
    events: Events,
}

impl Clock for HandClock {
    fn unix_millis(&self) -> i64 {
        self.now.get() * 1000
    }
    fn monotonic(&self) -> Duration {
        self.waited.get()
    }
    fn sleep(&self, duration: Duration) {
        self.waited.set(self.waited.get() + duration);
        let due: Vec<_> = {
            let mut events = self.events.borrow_mut();
            let (due, later) = events.drain(..).partition(|(at, _)| *at <= self.waited.get());
            *events = later;
            due
        };
        due.iter().for_each(|(_, event)| event());
    }
}

/// What a fetch was told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    budget: Duration,
    retries: u32,
    refused: Option<String>,
}

/// Gives numbered tokens, or fails; notes what it was told.
#[derive(Clone, Default)]
struct Counting(Rc<Inner>);

#[derive(Default)]
struct Inner {
    life: Cell<Option<i64>>,
    failures: RefCell<VecDeque<Error>>,
    told: RefCell<Vec<Told>>,
    accepted: Cell<Option<Accepted>>,
    stale: Cell<Option<u8>>,
    source: Cell<Option<Source>>,
    fetched_at: Cell<Option<i64>>,
    reads_secret: Cell<bool>,
    is_pasted: Cell<bool>,
}

impl Counting {
    fn count(&self) -> usize {
        self.0.told.borrow().len()
    }
    fn fail_next(&self, error: Error) {
        self.0.failures.borrow_mut().push_back(error);
    }
    fn last(&self) -> Told {
        self.0.told.borrow().last().unwrap().clone()
    }
}

impl Fetch for Counting {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<Fetched> {
        let refused = match &request.token.refuse {
            Refuse::This(token) => Some(token.expose().to_owned()),
            Refuse::Nothing => None,
            Refuse::Cached => panic!("a level below is told which token will not do"),
        };
        self.0.told.borrow_mut().push(Told { budget: request.budget, retries: request.retries, refused });
        if self.0.reads_secret.get() {
            request.credentials.client_secret()?;
        }
        if let Some(error) = self.0.failures.borrow_mut().pop_front() {
            return Err(error);
        }
        let value = AccessToken::parse(format!("token-{}", self.count())).unwrap();
        let fetched_at = self.0.fetched_at.get().unwrap_or(request.context.clock.now());
        Ok(Fetched {
            token: Token { stale_secret: self.0.stale.get(), ..Token::new(value, fetched_at, self.0.life.get()) },
            source: self.0.source.get().unwrap_or(Source::Ims),
            accepted: Some(self.0.accepted.get().unwrap_or(Accepted { client_secret: 0, private_key: false })),
            shared_name: None,
        })
    }
    fn shows_the_profiles_secrets(&self) -> bool {
        !self.0.is_pasted.get()
    }
}

/// A store in which something happens just when its lock is asked for, or whose lock is not to be had.
struct AtLock {
    store: MemoryStore,
    happens: Box<dyn Fn(&MemoryStore)>,
    error: Option<StoreError>,
    /// How many looks at the entry fail first.
    unreadable: Cell<u32>,
}

impl AtLock {
    fn happens(store: &MemoryStore, happens: impl Fn(&MemoryStore) + 'static) -> Self {
        Self { store: store.clone(), happens: Box::new(happens), error: None, unreadable: Cell::new(0) }
    }

    fn fails(store: &MemoryStore, error: StoreError) -> Self {
        Self { error: Some(error), ..Self::happens(store, |_| ()) }
    }

    fn unreadable_once(store: &MemoryStore) -> Self {
        Self { unreadable: Cell::new(1), ..Self::happens(store, |_| ()) }
    }
}

impl Store for AtLock {
    type LockGuard = <MemoryStore as Store>::LockGuard;

    const SOURCE: Source = Source::Cache;

    fn try_lock(&self) -> std::result::Result<Option<Self::LockGuard>, StoreError> {
        (self.happens)(&self.store);
        self.error.clone().map_or_else(|| self.store.try_lock(), Err)
    }
    /// A third of it, so that it is seen whether anybody looks here.
    fn fetch_budget(&self, budget: Duration, _: Duration) -> Duration {
        budget / 3
    }
    fn read(&self) -> std::result::Result<Option<CacheEntry>, StoreError> {
        match self.unreadable.get() {
            0 => self.store.read(),
            left => {
                self.unreadable.set(left - 1);
                Err(StoreError::Entry("another program has it open".to_owned()))
            }
        }
    }
    fn without_lock(&self, why: WithoutLock) -> Self::LockGuard {
        self.store.without_lock(why)
    }
    fn write(&self, entry: &CacheEntry, guard: &Self::LockGuard) -> std::result::Result<Option<String>, StoreError> {
        self.store.write(entry, guard)
    }
    fn remove(&self, guard: &Self::LockGuard) -> std::result::Result<bool, StoreError> {
        self.store.remove(guard)
    }
    fn failure(&self) -> Option<Failure> {
        self.store.failure()
    }
    fn leave_failure(&self, failure: &Failure, guard: &Self::LockGuard) {
        self.store.leave_failure(failure, guard);
    }
    fn tell_that_a_person_is_asked(&self, guard: &Self::LockGuard) {
        self.store.tell_that_a_person_is_asked(guard);
    }
    fn is_a_person_asked(&self) -> bool {
        self.store.is_a_person_asked()
    }
    fn waiting(&self, fetch_budget: Duration) -> Waiting {
        self.store.waiting(fetch_budget)
    }
    fn report(&self, log: &Log, error: &StoreError) {
        self.store.report(log, error);
    }
}

struct World {
    context: Context,
    clock: HandClock,
    ims: Counting,
    store: MemoryStore,
    home: tempfile::TempDir,
}

impl World {
    /// A life of an hour, profiles `prod` and `dev` with the same identity, and secrets in files.
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = HandClock { now: Rc::new(Cell::new(NOON)), waited: Rc::default(), events: Rc::default() };
        let folder = |name: &str| home.path().join(name);
        let context = Context {
            environment: Environment::from_pairs([] as [(&str, &str); 0]),
            clock: Box::new(clock.clone()),
            folders: Folders::at(folder("config"), folder("data"), folder("cache")),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let world = Self { context, clock, ims: Counting::default(), store: MemoryStore::default(), home };
        world.ims.0.life.set(Some(3600));
        world.ims.0.reads_secret.set(true);
        world.write("config/one", "secret-one");
        world.write("config/two", "secret-two");
        world.write_profile("prod", "[{ file = \"../one\" }]", "");
        world.write_profile("dev", "[{ file = \"../one\" }]", "");
        world
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn write_profile(&self, name: &str, secrets: &str, more: &str) {
        self.write(
            &format!("config/profiles/{name}.toml"),
            &format!("client_id = \"c\"\norg_id = \"o@AdobeOrg\"\nclient_secrets = {secrets}\n{more}\n"),
        );
    }

    /// A command of a profile that notes in this file that it was asked, and prints an answer or fails.
    fn command(&self, asked: &Path, answer: Option<&str>) -> String {
        let asked = asked.display();
        let end = answer.map_or_else(|| "exit 1".to_owned(), |answer| format!("echo {answer}"));
        if cfg!(windows) {
            self.write("ask.cmd", &format!("@echo x>> \"{asked}\"\r\n@{end}\r\n"));
            format!("{{ command = ['{}'] }}", self.home.path().join("ask.cmd").display())
        } else {
            format!("{{ command = [\"/bin/sh\", \"-c\", \"echo x >> {asked}; {end}\"] }}")
        }
    }

    fn profile(&self, name: &str) -> Profile {
        let selection = ProfileSelection { profile: Some(name.to_owned()), ..ProfileSelection::default() };
        resolve(&self.context, &selection).unwrap()
    }

    /// The identity of the environment: the same one, with this secret.
    fn of_environment(&self, secret: Option<&str>) -> (Context, Profile) {
        let variables =
            [("AEP_CLIENT_ID", Some("c")), ("AEP_ORG_ID", Some("o@AdobeOrg")), ("AEP_CLIENT_SECRET", secret)];
        let variables = variables.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())));
        let context = Context {
            environment: Environment::from_pairs(variables.collect::<Vec<_>>()),
            clock: Box::new(self.clock.clone()),
            folders: self.context.folders.clone(),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let profile = resolve(&context, &ProfileSelection::default()).unwrap();
        (context, profile)
    }

    fn at(&self, time: i64) -> &Self {
        self.clock.now.set(time);
        self
    }

    fn after(&self, wait: Duration, event: impl Fn() + 'static) {
        self.clock.events.borrow_mut().push((self.clock.waited.get() + wait, Box::new(event)));
    }

    fn ask_as(&self, name: &str, request: &TokenRequest) -> Result<Fetched> {
        let profile = self.profile(name);
        let road = Cached::new(Some(self.store.clone()), self.ims.clone());
        acquire(&Credentials::new(&self.context, &profile), request, &road)
    }

    /// By another store in front of the same IMS.
    fn ask_by(&self, store: AtLock) -> Result<Fetched> {
        self.ask_for_by(&TokenRequest::default(), store)
    }

    fn ask_for_by(&self, request: &TokenRequest, store: AtLock) -> Result<Fetched> {
        let profile = self.profile("prod");
        let road = Cached::new(Some(store), self.ims.clone());
        acquire(&Credentials::new(&self.context, &profile), request, &road)
    }

    fn ask(&self, request: &TokenRequest) -> Result<Fetched> {
        self.ask_as("prod", request)
    }

    /// The number of the token that is served now.
    fn number(&self) -> usize {
        number(&self.ask(&TokenRequest::default()).unwrap())
    }

    fn number_for(&self, request: &TokenRequest) -> usize {
        number(&self.ask(request).unwrap())
    }

    fn mark(&self, name: &str) -> Mark {
        self.profile(name).mark().unwrap()
    }

    fn earners(&self) -> Earners {
        self.store.entry().unwrap().earners.unwrap()
    }

    /// The entry that another process of this profile would write now.
    fn entry_of(&self, name: &str, token: &str) -> CacheEntry {
        let mut earners = Earners::nobody();
        earners.add_mark(&self.mark(name));
        let value = AccessToken::parse(token.to_owned()).unwrap();
        let token = Token::new(value, self.clock.now.get(), Some(3600));
        CacheEntry { token, earners: Some(earners), accepted: None, shared_name: None }
    }
}

fn number(fetched: &Fetched) -> usize {
    fetched.token.value.expose().strip_prefix("token-").unwrap().parse().unwrap()
}

fn min_valid(seconds: i64) -> TokenRequest {
    TokenRequest { min_valid: seconds, ..TokenRequest::default() }
}

fn refuse(token: &str) -> TokenRequest {
    TokenRequest { refuse: Refuse::This(AccessToken::parse(token.to_owned()).unwrap()), ..TokenRequest::default() }
}

fn renew() -> TokenRequest {
    TokenRequest { refuse: Refuse::Cached, ..TokenRequest::default() }
}

// Time.

#[test]
fn a_steady_clock_does_no_harm_however_wrong_it_is() {
    for error in [0, -10 * DAY, 10 * DAY, -NOON, 100 * 365 * DAY] {
        let world = World::new();
        world.ims.0.life.set(Some(DAY));
        let noon = NOON + error;
        assert_eq!(world.at(noon).number(), 1);
        assert_eq!(world.at(noon + DAY - 301).number(), 1, "{error}");
        assert_eq!(world.at(noon + DAY).number(), 2, "{error}");
        assert_eq!(world.ims.count(), 2);
    }
}

#[test]
fn a_clock_that_jumps_while_a_token_is_cached() {
    for (jump, expected) in [(-30, 1), (-60, 1), (-61, 2), (-DAY, 2), (60, 1), (DAY - 301, 1), (DAY, 2), (30 * DAY, 2)]
    {
        let world = World::new();
        world.ims.0.life.set(Some(DAY));
        world.number();
        assert_eq!(world.at(NOON + jump).number(), expected, "{jump}");
    }
}

#[test]
fn lives_of_all_kinds() {
    for (life, kept_for) in [
        (Some(3600), Some(3600)),
        (Some(1), Some(1)),
        (Some(DAY * 1000), Some(DAY)),
        (Some(i64::MAX), Some(DAY)),
        (Some(0), None),
        (Some(-5), None),
        (None, None),
    ] {
        let world = World::new();
        world.ims.0.life.set(life);
        let fetched = world.ask(&TokenRequest::default()).unwrap();
        assert_eq!(fetched.token.expires_at(), kept_for.map(|life| NOON + life), "{life:?}");
        assert_eq!(world.store.entry().map(|entry| entry.token.remaining(NOON)), kept_for, "{life:?}");
    }
}

#[test]
fn inside_the_margin_one_early_try_and_the_old_token_if_it_fails() {
    let world = World::new();
    world.number();
    assert_eq!(world.at(NOON + 3600 - 300).number(), 1);
    assert_eq!(world.ims.count(), 1);
    world.ims.fail_next(Error::unreachable("down"));
    assert_eq!(world.at(NOON + 3600 - 299).number(), 1);
    let told = world.ims.last();
    assert_eq!((told.retries, told.budget), (0, Duration::from_secs(3)), "nobody is kept waiting");
    // What just failed is not tried again by one that began before it failed; a later one tries anew.
    assert_eq!(world.number(), 3);
}

#[test]
fn an_early_refusal_leaves_the_old_token_to_those_who_earned_it() {
    let world = World::new();
    world.number();
    world.at(NOON + 3600 - 100);
    for count in 2..5 {
        world.ims.fail_next(Error::refused("no"));
        assert_eq!(world.number(), 1);
        assert_eq!(world.ims.count(), count);
    }
}

#[test]
fn while_another_renews_early_the_old_token_is_served_at_once() {
    let world = World::new();
    world.number();
    world.store.hold(true);
    assert_eq!(world.at(NOON + 3600 - 100).number(), 1);
    assert_eq!((world.ims.count(), world.clock.waited.get()), (1, Duration::ZERO));
}

#[test]
fn what_just_failed_for_another_is_not_tried_again_early() {
    let world = World::new();
    world.number();
    world.at(NOON + 3600 - 100);
    let failure = Failure::new(&Error::unreachable("down"), None, None);
    let store = AtLock::happens(&world.store, move |store| store.put_failure(Some(failure.clone())));
    assert_eq!(number(&world.ask_by(store).unwrap()), 1);
    assert_eq!(world.ims.count(), 1, "another tried just now");
    // What was there before this request began is not new to anybody, and a later one tries anew.
    assert_eq!(number(&world.ask_by(AtLock::happens(&world.store, |_| ())).unwrap()), 2);
}

#[test]
fn what_another_renewed_just_now_is_served_and_not_renewed_again() {
    let world = World::new();
    world.number();
    world.at(NOON + 3600 - 100);
    let renewed = world.entry_of("prod", "token-7");
    let store = AtLock::happens(&world.store, move |store| store.put(Some(renewed.clone())));
    assert_eq!(number(&world.ask_by(store).unwrap()), 7);
    assert_eq!(world.ims.count(), 1);
    // Unless it is a stranger's: then this one renews for itself.
    let world = World::new();
    world.number();
    world.at(NOON + 3600 - 100);
    let strangers = world.entry_of("dev", "token-7");
    let store = AtLock::happens(&world.store, move |store| store.put(Some(strangers.clone())));
    assert_eq!(number(&world.ask_by(store).unwrap()), 2);
}

#[test]
fn an_early_try_without_a_store_to_write_to_is_none_and_without_a_lock_it_is_one() {
    for (error, expected) in [(StoreError::Unusable("gone".to_owned()), 1), (StoreError::Entry("link".to_owned()), 2)] {
        let world = World::new();
        world.number();
        world.at(NOON + 3600 - 100);
        assert_eq!(number(&world.ask_by(AtLock::fails(&world.store, error)).unwrap()), expected);
        assert_eq!(world.clock.waited.get(), Duration::ZERO);
    }
}

#[test]
fn machines_that_find_another_renewing_serve_the_old_token_at_once() {
    let (world, far) = (World::new(), MemoryStore::default());
    let profile = world.profile("prod");
    let road = Cached::new(Some(world.store.clone()), Cached::new(Some(far.clone()), world.ims.clone()));
    let ask = || acquire(&Credentials::new(&world.context, &profile), &TokenRequest::default(), &road).unwrap();
    ask();
    far.hold(true);
    world.at(NOON + 3600 - 100);
    assert_eq!(number(&ask()), 1);
    assert_eq!((world.ims.count(), world.clock.waited.get()), (1, Duration::ZERO));
}

#[test]
fn a_good_old_token_outlives_every_failure_to_renew_it() {
    for error in [
        Error::refused("no"),
        Error::unreachable("down"),
        Error::storage("full"),
        Error::fault("oops"),
        Error::configuration("bad"),
        Error::configuration("locked").with_cause(Cause::SecretSource),
    ] {
        let world = World::new();
        world.number();
        world.at(NOON + 3600 - 100);
        world.ims.fail_next(error.clone());
        assert_eq!(world.number(), 1, "{error}");
        let entry = world.store.entry().unwrap();
        assert_eq!(entry.token.value.expose(), "token-1", "{error}");
        assert!(entry.earners.unwrap().has_mark(&world.mark("prod")), "{error}");
    }
}

#[test]
fn a_short_life_has_a_margin_of_a_tenth() {
    let world = World::new();
    world.ims.0.life.set(Some(60));
    world.number();
    assert_eq!(world.at(NOON + 54).number(), 1);
    assert_eq!(world.at(NOON + 55).number(), 2);
}

#[test]
fn an_expired_token_is_never_served() {
    let world = World::new();
    world.ims.0.life.set(Some(60));
    world.number();
    world.ims.fail_next(Error::refused("no"));
    assert!(world.at(NOON + 60).ask(&TokenRequest::default()).is_err());
    assert_eq!(world.number(), 3);
}

#[test]
fn a_token_that_was_fetched_elsewhere_keeps_its_own_time() {
    let world = World::new();
    world.ims.0.fetched_at.set(Some(NOON - 3500));
    world.ims.0.source.set(Some(Source::Shared));
    let fetched = world.ask(&TokenRequest::default()).unwrap();
    assert_eq!((fetched.token.remaining(NOON), fetched.token.state(NOON)), (100, State::Expiring));
    assert_eq!(fetched.source, Source::Shared);
}

// Requests.

#[test]
fn what_will_do_and_what_will_not() {
    let world = World::new();
    world.number();
    assert_eq!(world.number_for(&min_valid(3600)), 1);
    // A fresh one is served even if it is shorter.
    assert_eq!(world.number_for(&min_valid(3601)), 2);
    assert_eq!(world.number_for(&renew()), 3);
    assert_eq!(world.ims.last().refused.as_deref(), Some("token-2"));
    assert_eq!(world.number_for(&refuse("other")), 3);
    assert_eq!(world.number_for(&refuse("token-3")), 4);
    assert_eq!(world.ims.last().refused.as_deref(), Some("token-3"));
}

#[test]
fn a_token_that_could_not_be_read_at_first_is_not_new() {
    let world = World::new();
    world.number();
    let ask = |request: &TokenRequest| world.ask_for_by(request, AtLock::unreadable_once(&world.store)).unwrap();
    assert_eq!(number(&ask(&renew())), 2, "it may be the one that is to be renewed");
    assert_eq!(world.ims.last().refused.as_deref(), Some("token-1"));
    assert_eq!(number(&ask(&min_valid(3601))), 3);
    // Where any token will do, it does.
    assert_eq!((number(&ask(&TokenRequest::default())), world.ims.count()), (3, 3));
}

#[test]
fn inside_the_margin_a_request_that_it_cannot_meet_is_a_miss() {
    let world = World::new();
    world.number();
    world.at(NOON + 3600 - 200);
    world.ims.fail_next(Error::unreachable("down"));
    assert!(world.ask(&min_valid(250)).is_err());
    assert_eq!(world.number_for(&min_valid(100)), 3);
}

#[test]
fn a_needed_fetch_has_the_whole_time_and_all_repetitions() {
    let world = World::new();
    world.number();
    assert_eq!(world.ims.last(), Told { budget: Duration::from_secs(8), retries: 3, refused: None });
}

// Waiting.

#[test]
fn a_waiter_takes_what_the_holder_brings_and_fetches_nothing() {
    let world = World::new();
    world.store.hold(true);
    let (store, entry) = (world.store.clone(), world.entry_of("prod", "token-7"));
    world.after(Duration::from_millis(300), move || store.put(Some(entry.clone())));
    assert_eq!(world.number(), 7);
    assert_eq!(world.ims.count(), 0);
}

#[test]
fn a_waiter_that_asked_for_a_new_token_takes_any_that_is_new_but_not_the_refused_one() {
    for (request, brought, fetches) in [
        (renew(), "token-7", 1),
        (refuse("token-1"), "token-7", 1),
        (TokenRequest { min_valid: 7200, ..refuse("token-7") }, "token-7", 2),
        (min_valid(7200), "token-7", 1),
    ] {
        let world = World::new();
        world.number();
        world.store.hold(true);
        let (store, entry) = (world.store.clone(), world.entry_of("prod", brought));
        world.after(Duration::from_millis(300), move || store.put(Some(entry.clone())));
        let free = world.store.clone();
        world.after(Duration::from_millis(400), move || free.hold(false));
        world.ask(&request).unwrap();
        assert_eq!(world.ims.count(), fetches, "{request:?}");
    }
}

#[test]
fn a_token_that_has_ended_when_it_comes_is_not_taken() {
    let world = World::new();
    world.store.hold(true);
    let mut entry = world.entry_of("prod", "token-7");
    entry.token = Token::new(entry.token.value, NOON - 100, Some(100));
    let store = world.store.clone();
    world.after(Duration::from_millis(300), move || store.put(Some(entry.clone())));
    let free = world.store.clone();
    world.after(Duration::from_millis(400), move || free.hold(false));
    assert_eq!(world.number(), 1);
}

#[test]
fn who_waits_looks_into_files_and_asks_nobody() {
    let world = World::new();
    world.number();
    let entry = world.store.entry().unwrap();
    let bring = |world: &World| {
        world.store.put(None);
        world.store.hold(true);
        let (store, entry) = (world.store.clone(), entry.clone());
        world.after(Duration::from_millis(300), move || store.put(Some(entry.clone())));
    };
    // The same secret in a file: served while the lock is still held.
    bring(&world);
    let fetched = world.ask_as("dev", &TokenRequest::default()).unwrap();
    assert_eq!((number(&fetched), world.ims.count()), (1, 1));
    assert!(world.clock.waited.get() < Duration::from_secs(1));
    // Behind a command: nobody is asked before the lock is free.
    let asked = world.home.path().join("asked");
    world.write_profile("dev", &format!("[{}]", world.command(&asked, Some("secret-one"))), "");
    bring(&world);
    let (store, was_asked) = (world.store.clone(), asked.clone());
    world.after(Duration::from_millis(600), move || {
        assert!(!was_asked.exists(), "another holds the lock");
        store.hold(false);
    });
    assert_eq!(number(&world.ask_as("dev", &TokenRequest::default()).unwrap()), 1);
    assert!(asked.exists() && world.ims.count() == 1);
}

#[test]
fn a_holder_that_never_ends_is_waited_for_no_longer_than_the_limit() {
    let world = World::new();
    world.store.hold(true);
    assert_eq!(world.number(), 1);
    let waited = world.clock.waited.get();
    assert!(waited >= Duration::from_secs(9) && waited < Duration::from_millis(9100), "{waited:?}");
    assert_eq!(world.store.writes_without_lock(), 1);
}

#[test]
fn a_holder_that_waits_for_a_person_is_waited_for_longer() {
    let world = World::new();
    world.store.hold(true);
    world.store.ask_a_person();
    assert_eq!(world.number(), 1);
    let waited = world.clock.waited.get();
    assert!(waited >= Duration::from_secs(60) && waited < Duration::from_secs(61), "{waited:?}");
}

#[test]
fn a_profile_that_may_ask_a_person_says_so_in_its_lock_and_no_other_does() {
    let world = World::new();
    world.number();
    assert!(!world.store.is_a_person_asked());
    let command = world.command(&world.home.path().join("asked"), Some("secret-one"));
    world.write_profile("prod", &format!("[{command}]"), "");
    world.number();
    assert!(world.store.is_a_person_asked());
}

// Failures.

#[test]
fn a_failure_is_shared_by_those_who_waited_for_it() {
    for error in [Error::refused("no"), Error::unreachable("down")] {
        let world = World::new();
        world.ims.fail_next(error.clone());
        let mine = world.ask(&TokenRequest::default()).unwrap_err();
        let left = world.store.failure().unwrap();
        world.store.put_failure(None);
        world.store.hold(true);
        let store = world.store.clone();
        world.after(Duration::from_millis(300), move || store.put_failure(Some(left.clone())));
        let shared = world.ask_as("dev", &TokenRequest::default()).unwrap_err();
        assert_eq!((shared.exit_code(), shared.message()), (mine.exit_code(), error.message()));
        assert_eq!(world.ims.count(), 1);
    }
}

#[test]
fn a_failure_from_before_is_not_shared() {
    let world = World::new();
    world.ims.fail_next(Error::unreachable("down"));
    world.ask(&TokenRequest::default()).unwrap_err();
    assert_eq!(world.number(), 2);
}

#[test]
fn another_secrets_failure_is_not_shared() {
    let world = World::new();
    world.write_profile("dev", "[{ file = \"../two\" }]", "");
    world.ims.fail_next(Error::refused("no"));
    world.ask(&TokenRequest::default()).unwrap_err();
    let left = world.store.failure().unwrap();
    world.store.put_failure(None);
    world.store.hold(true);
    let store = world.store.clone();
    world.after(Duration::from_millis(300), move || {
        store.put_failure(Some(left.clone()));
        store.hold(false);
    });
    assert!(world.ask_as("dev", &TokenRequest::default()).is_ok());
    assert_eq!(world.ims.count(), 2);
}

#[test]
fn what_each_must_find_out_for_itself_is_not_left_to_others() {
    let world = World::new();
    for error in [Error::configuration("bad"), Error::storage("full"), Error::fault("oops")] {
        world.ims.fail_next(error);
        world.ask(&TokenRequest::default()).unwrap_err();
        assert!(world.store.failure().is_none());
    }
    world.ims.fail_next(Error::configuration("locked").with_cause(Cause::SecretSource));
    world.ask(&TokenRequest::default()).unwrap_err();
    assert!(world.store.failure().is_some());
}

#[test]
fn a_refused_prompt_is_shared_by_the_same_profile_and_asks_nobody_again() {
    let world = World::new();
    let asked = world.home.path().join("asked");
    world.write_profile("prod", &format!("[{}]", world.command(&asked, None)), "");
    world.store.hold(true);
    let error = Error::configuration("locked").with_cause(Cause::SecretSource);
    let left = Failure::new(&error, Some(&world.mark("prod")), None);
    let store = world.store.clone();
    world.after(Duration::from_millis(300), move || store.put_failure(Some(left.clone())));
    assert_eq!(world.ask(&TokenRequest::default()).unwrap_err().message(), "locked");
    assert!(!asked.exists() && world.ims.count() == 0);
}

// Who earned a token.

#[test]
fn a_stranger_with_the_same_public_identity_gets_nothing_from_the_cache() {
    let world = World::new();
    world.number();
    world.write_profile("evil", "[{ file = \"../two\" }]", "platform_url = \"https://evil.example\"");
    let fetched = world.ask_as("evil", &TokenRequest::default()).unwrap();
    assert_eq!((fetched.source, world.ims.count()), (Source::Ims, 2));
    // IMS decides: one that it refuses gets nothing, and the others keep what they have.
    world.write_profile("worse", "[{ file = \"../two\" }]", "platform_url = \"https://worse.example\"");
    world.write("config/two", "bogus");
    world.ims.fail_next(Error::refused("invalid_client"));
    assert!(world.ask_as("worse", &TokenRequest::default()).is_err());
    assert_eq!(world.number(), 2);
}

#[test]
fn two_profiles_with_the_same_secret_make_one_request() {
    let world = World::new();
    world.number();
    let fetched = world.ask_as("dev", &TokenRequest::default()).unwrap();
    assert_eq!((number(&fetched), fetched.source), (1, Source::Cache));
    assert_eq!(world.ims.count(), 1);
    // From now on it is known, and its secret is not read.
    std::fs::remove_file(world.home.path().join("config/one")).unwrap();
    assert_eq!(number(&world.ask_as("dev", &TokenRequest::default()).unwrap()), 1);
}

#[test]
fn a_second_secret_is_a_proof_as_good_as_the_first() {
    let world = World::new();
    world.write_profile("dev", "[{ file = \"../two\" }]", "");
    world.ask_as("dev", &TokenRequest::default()).unwrap();
    world.write_profile("prod", "[{ file = \"../one\" }, { file = \"../two\" }]", "");
    assert_eq!((world.number(), world.ims.count()), (1, 1));
}

#[test]
fn a_second_secret_that_was_not_shown_is_asked_of_nobody_afterwards() {
    let world = World::new();
    let asked = world.home.path().join("asked");
    let command = world.command(&asked, Some("two"));
    world.write_profile("prod", &format!("[{{ file = \"../one\" }}, {command}]"), "");
    world.ims.fail_next(Error::refused("invalid_scope"));
    world.ask(&TokenRequest::default()).unwrap_err();
    assert!(!asked.exists(), "the failure's note needs it not");
    // One in a file counts, so that another first or second secret is another attempt.
    world.write_profile("prod", "[{ file = \"../one\" }, { file = \"../two\" }]", "");
    world.ims.fail_next(Error::refused("invalid_scope"));
    world.ask(&TokenRequest::default()).unwrap_err();
    let failure = world.store.failure().unwrap();
    assert!(failure.is_of_proof(&Proof::new(["attempt", "secret-one", "secret-two", ""])));
}

#[test]
fn a_hit_of_a_named_profile_reads_no_secret() {
    let world = World::new();
    world.number();
    std::fs::remove_file(world.home.path().join("config/one")).unwrap();
    assert_eq!(world.number(), 1);
}

#[test]
fn name_references_and_hosts_are_what_a_profile_is_known_by() {
    for (what, change) in [
        ("hosts", "hosts = [\"evil.example\"]"),
        ("platform", "platform_url = \"https://evil.example\""),
        ("key", "private_key = { file = \"key\" }\nflow = \"oauth\""),
    ] {
        let world = World::new();
        world.number();
        world.write_profile("prod", "[{ file = \"../one\" }]", change);
        std::fs::remove_file(world.home.path().join("config/one")).unwrap();
        assert!(world.ask(&TokenRequest::default()).is_err(), "{what}");
    }
    let world = World::new();
    world.number();
    world.write_profile("prod", "[{ file = \"../two\" }]", "");
    world.ims.fail_next(Error::refused("no"));
    assert!(world.ask(&TokenRequest::default()).is_err(), "another reference");
    let world = World::new();
    let asked = world.home.path().join("asked");
    world.write_profile("prod", &format!("[{}]", world.command(&asked, Some("secret-one"))), "");
    world.number();
    world.write_profile("prod", &format!("[{}]", world.command(&asked, None)), "");
    if cfg!(unix) {
        assert!(world.ask(&TokenRequest::default()).is_err(), "another argument of the same command");
    }
    let world = World::new();
    world.number();
    world.write_profile("prod", "[{ file = \"../one\" }]", "sandbox = \"dev1\"\ngit_basic = true");
    std::fs::remove_file(world.home.path().join("config/one")).unwrap();
    assert_eq!(world.number(), 1, "a sandbox and git's habit lead nowhere else");
}

#[test]
fn the_environment_proves_itself_by_its_secret_alone() {
    let world = World::new();
    world.number();
    let ask = |secret: Option<&str>| {
        let (context, profile) = world.of_environment(secret);
        let road = Cached::new(Some(world.store.clone()), world.ims.clone());
        acquire(&Credentials::new(&context, &profile), &TokenRequest::default(), &road)
    };
    assert_eq!(ask(Some("secret-one")).unwrap().source, Source::Cache);
    assert_eq!(ask(None).unwrap_err().exit_code(), 3);
    world.ims.fail_next(Error::refused("invalid_client"));
    assert_eq!(ask(Some("bogus")).unwrap_err().exit_code(), 4);
    assert_eq!(world.ims.count(), 2);
    // And it leaves no mark by which a secretless environment would be known.
    assert_eq!(ask(None).unwrap_err().exit_code(), 3);
}

#[test]
fn the_marks_of_earlier_earners_pass_to_the_next_token() {
    let world = World::new();
    world.number();
    world.ask_as("dev", &TokenRequest::default()).unwrap();
    world.number_for(&renew());
    assert!(world.earners().has_mark(&world.mark("prod")) && world.earners().has_mark(&world.mark("dev")));
    assert!(world.earners().has_proof(&Proof::new(["secret-one"])));
}

#[test]
fn a_refusal_takes_the_mark_and_the_proof_of_that_profile_alone() {
    let world = World::new();
    world.write_profile("dev", "[{ file = \"../two\" }]", "");
    world.number();
    world.ask_as("dev", &renew()).unwrap();
    world.ims.fail_next(Error::refused("invalid_client"));
    world.ask_as("dev", &renew()).unwrap_err();
    let earners = world.earners();
    assert!(earners.has_mark(&world.mark("prod")) && earners.has_proof(&Proof::new(["secret-one"])));
    assert!(!earners.has_mark(&world.mark("dev")) && !earners.has_proof(&Proof::new(["secret-two"])));
    // A failure of the network, and of an assertion that was pasted, says nothing against anybody.
    world.ims.fail_next(Error::unreachable("down"));
    world.ask(&renew()).unwrap_err();
    world.ims.0.is_pasted.set(true);
    world.ims.fail_next(Error::refused("invalid_token"));
    world.ask(&renew()).unwrap_err();
    assert!(world.earners().has_mark(&world.mark("prod")));
}

#[test]
fn a_refusal_takes_the_proof_of_a_profile_that_had_no_mark() {
    let world = World::new();
    world.number();
    world.ims.fail_next(Error::refused("invalid_client"));
    world.ask_as("dev", &renew()).unwrap_err();
    let earners = world.earners();
    assert!(earners.has_mark(&world.mark("prod")) && !earners.has_proof(&Proof::new(["secret-one"])));
    assert!(world.store.failure().is_some(), "the entry was written, and those who wait still share the failure");
}

#[test]
fn a_refusal_speaks_against_the_secrets_through_every_level() {
    for (is_pasted, keeps_its_mark) in [(false, false), (true, true)] {
        let (world, far) = (World::new(), MemoryStore::default());
        let profile = world.profile("prod");
        let road = Cached::new(Some(world.store.clone()), Cached::new(Some(far.clone()), world.ims.clone()));
        let ask = |request: &TokenRequest| acquire(&Credentials::new(&world.context, &profile), request, &road);
        ask(&TokenRequest::default()).unwrap();
        world.ims.0.is_pasted.set(is_pasted);
        world.ims.fail_next(Error::refused("no"));
        ask(&renew()).unwrap_err();
        assert_eq!(world.earners().has_mark(&world.mark("prod")), keeps_its_mark, "pasted: {is_pasted}");
    }
    // A plain function shows them too.
    let world = World::new();
    world.number();
    let profile = world.profile("prod");
    let refuses = |_: &FetchRequest<'_>| -> Result<Fetched> { Err(Error::refused("no")) };
    let road = Cached::new(Some(world.store.clone()), refuses);
    acquire(&Credentials::new(&world.context, &profile), &renew(), &road).unwrap_err();
    assert!(!world.earners().has_mark(&world.mark("prod")));
}

#[test]
fn which_secret_is_stale_is_said() {
    let world = World::new();
    let said = |number| stale_secret_message(&world.profile("prod"), number);
    assert_eq!(said(1), "IMS no longer accepts the first client secret of profile prod");
    assert_eq!(said(2), "IMS no longer accepts the second client secret of profile prod");
}

#[test]
fn the_secret_that_was_stale_is_no_proof_any_more() {
    let world = World::new();
    world.number();
    world.write_profile("prod", "[{ file = \"../one\" }, { file = \"../two\" }]", "");
    world.ims.0.accepted.set(Some(Accepted { client_secret: 1, private_key: false }));
    world.ims.0.stale.set(Some(1));
    world.number_for(&renew());
    let earners = world.earners();
    assert!(earners.has_proof(&Proof::new(["secret-two"])) && !earners.has_proof(&Proof::new(["secret-one"])));
}

#[test]
fn disowned_a_profile_is_a_stranger() {
    let world = World::new();
    world.number();
    world.ask_as("dev", &TokenRequest::default()).unwrap();
    disown(&world.store, &world.context, &world.mark("prod")).unwrap();
    assert!(!world.earners().has_mark(&world.mark("prod")) && world.earners().has_mark(&world.mark("dev")));
}

// Stores that fail.

#[test]
fn a_store_that_is_out_of_reach_costs_one_note_and_no_token() {
    for error in [StoreError::Unusable("gone".to_owned()), StoreError::Entry("a link".to_owned())] {
        let world = World::new();
        world.store.break_with(Some(error));
        assert_eq!(world.number(), 1);
        assert_eq!((world.store.reported(), world.clock.waited.get()), (1, Duration::ZERO));
        world.ims.fail_next(Error::refused("no"));
        assert_eq!(world.ask(&TokenRequest::default()).unwrap_err().exit_code(), 4);
    }
}

#[test]
fn a_store_whose_lock_is_not_to_be_had() {
    // Out of reach: past it, within what the store leaves of the time. Otherwise written without the lock, with one note.
    for (error, writes) in [(StoreError::Unusable("gone".to_owned()), 0), (StoreError::Entry("link".to_owned()), 1)] {
        let world = World::new();
        assert_eq!(number(&world.ask_by(AtLock::fails(&world.store, error)).unwrap()), 1);
        assert_eq!((world.store.writes_without_lock(), world.store.reported()), (writes, 1));
        assert_eq!(world.store.entry().is_some(), writes == 1);
        assert_eq!(world.ims.last().budget, Duration::from_secs(8) / 3);
        assert_eq!(world.clock.waited.get(), Duration::ZERO);
    }
}

#[test]
fn levels_stack() {
    let (world, far) = (World::new(), MemoryStore::default());
    let profile = world.profile("prod");
    let road = Cached::new(Some(world.store.clone()), Cached::new(Some(far.clone()), world.ims.clone()));
    let ask = || acquire(&Credentials::new(&world.context, &profile), &TokenRequest::default(), &road).unwrap();
    assert_eq!(number(&ask()), 1);
    world.store.put(None);
    assert_eq!(number(&ask()), 1);
    assert_eq!(world.ims.count(), 1);
    assert_eq!(far.entry().unwrap().token, world.store.entry().unwrap().token);
}

// On disk.

#[test]
fn a_look_finds_what_was_earned_and_nothing_else() {
    let world = World::new();
    let profile = world.profile("prod");
    let road = Cached::new(FileStore::new(&world.context, &profile).unwrap(), world.ims.clone());
    let ask = || acquire(&Credentials::new(&world.context, &profile), &TokenRequest::default(), &road).unwrap();
    assert!(matches!(lookup(&world.context, &profile).unwrap(), Lookup::Nothing));
    ask();
    assert!(matches!(lookup(&world.context, &profile).unwrap(), Lookup::Live(_)));
    assert!(matches!(lookup(&world.context, &world.profile("dev")).unwrap(), Lookup::Nothing));
    let (context, of_environment) = world.of_environment(Some("secret-one"));
    assert!(matches!(lookup(&context, &of_environment).unwrap(), Lookup::Nothing));
    // Times are told to anybody.
    assert!(cached(&world.context, &world.profile("dev")).unwrap().is_some());
    world.at(NOON + 3600 - 100);
    assert!(matches!(lookup(&world.context, &profile).unwrap(), Lookup::Expiring(_)));
    world.at(NOON + 3600);
    assert!(matches!(lookup(&world.context, &profile).unwrap(), Lookup::Nothing));
}

#[test]
fn forget_takes_the_one_that_is_meant() {
    let world = World::new();
    world.number();
    let forget = |only: Option<&str>| {
        let only = only.map(|text| AccessToken::parse(text.to_owned()).unwrap());
        forget(&world.store, &world.context, only.as_ref()).unwrap().was_there
    };
    assert!(!forget(Some("other")));
    assert_eq!(world.number(), 1);
    assert!(forget(Some("token-1")));
    assert!(!forget(None));
    assert_eq!(world.number(), 2);
}

#[test]
fn forget_waits_for_a_fetch_so_that_its_token_stays() {
    let world = World::new();
    world.number();
    world.store.hold(true);
    let (store, entry) = (world.store.clone(), world.entry_of("prod", "token-9"));
    world.after(Duration::from_millis(300), move || {
        store.put(Some(entry.clone()));
        store.hold(false);
    });
    let old = AccessToken::parse("token-1".to_owned()).unwrap();
    assert!(!forget(&world.store, &world.context, Some(&old)).unwrap().was_there);
    assert_eq!(world.number(), 9);
}

#[test]
fn what_ims_accepted_is_known_or_it_is_nobodys_proof() {
    let world = World::new();
    let far = MemoryStore::default();
    let profile = world.profile("prod");
    let road = Cached::new(Some(world.store.clone()), Cached::new(Some(far.clone()), world.ims.clone()));
    for (accepted, is_proof) in [(None, false), (Some(Accepted { client_secret: 0, private_key: false }), true)] {
        world.store.put(None);
        far.put(Some(CacheEntry { earners: None, accepted, ..world.entry_of("prod", "token-9") }));
        let fetched = acquire(&Credentials::new(&world.context, &profile), &TokenRequest::default(), &road).unwrap();
        assert_eq!((number(&fetched), world.ims.count()), (9, 0));
        assert!(world.earners().has_mark(&world.mark("prod")));
        assert_eq!(world.earners().has_proof(&Proof::new(["secret-one"])), is_proof, "{accepted:?}");
    }
}
