//! The one algorithm that leads to a token, over any [`Store`] and any [`Fetch`]: read, decide, lock, read again, fetch,
//! write, share a failure, wait within a budget.
//!
//! A [`Cached`] level is itself a way to fetch, so that levels stack: the cache on disk before a fleet's engine before
//! IMS. A hit takes no lock. A miss makes one request for all that want the same at once; the wait is bounded, and
//! whatever is wrong with a store costs a note, never the token.

use std::time::Duration;

use crate::cache::{CacheEntry, Failure, FileStore, Store, StoreError, Waiting, WithoutLock};
use crate::clock::jittered;
use crate::secret::Credentials;
use crate::token::{AccessToken, Earners, Mark, Source, State, Token};
use crate::{Context, Error, Profile, Result, budget};

/// Which tokens will do.
#[derive(Debug, Default)]
pub struct TokenRequest {
    /// Seconds that the token should live, at least. A fresh one is served even if it is shorter.
    pub min_valid: i64,
    /// Which token will not do.
    pub refuse: Refuse,
}

/// Which token will not do.
#[derive(Clone, Debug, Default)]
pub enum Refuse {
    /// Any token will do.
    #[default]
    Nothing,
    /// The cached one will not do, whichever it is.
    Cached,
    /// This one will not do: somebody refused it.
    This(AccessToken),
}

/// What a way to fetch is told.
#[derive(Clone, Copy, Debug)]
pub struct FetchRequest<'a> {
    /// The surroundings.
    pub context: &'a Context,
    /// Who asks, and where.
    pub profile: &'a Profile,
    /// The secrets.
    pub credentials: &'a Credentials<'a>,
    /// Which tokens will do.
    pub token: &'a TokenRequest,
    /// The time for all of it; what asking a person takes comes on top.
    pub budget: Duration,
    /// How often the request may be repeated after a fault of the network.
    pub retries: u32,
}

/// What a fetch brings.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The token.
    pub token: Token,
    /// Where it comes from.
    pub source: Source,
    /// What IMS accepted for it, now or at an earlier fetch; `None` where that is not known.
    pub accepted: Option<Accepted>,
    /// The name under which it lies on a shared engine.
    pub shared_name: Option<String>,
}

/// What IMS accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which client secret, counted from zero.
    pub client_secret: usize,
    /// Whether the profile's private key signed the assertion.
    pub private_key: bool,
}

/// A way to a token.
pub trait Fetch {
    /// Brings a token within the request's budget.
    ///
    /// # Errors
    /// Refused, unreachable, or a configuration that does not allow to ask.
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<Fetched>;

    /// Whether a refusal speaks against the profile's own secrets.
    fn shows_the_profiles_secrets(&self) -> bool {
        true
    }
}

impl<F: Fn(&FetchRequest<'_>) -> Result<Fetched>> Fetch for F {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<Fetched> {
        self(request)
    }
}

/// A store in front of another way to fetch; without one, that way alone.
#[derive(Debug)]
pub struct Cached<S, F> {
    store: Option<S>,
    next: F,
}

impl<S: Store, F: Fetch> Cached<S, F> {
    /// Puts a store in front of `next`.
    pub fn new(store: Option<S>, next: F) -> Self {
        Self { store, next }
    }
}

impl<S: Store, F: Fetch> Fetch for Cached<S, F> {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<Fetched> {
        match &self.store {
            Some(store) => Acquisition::new(store, &self.next, request).run(),
            None => self.next.fetch(request),
        }
    }

    fn shows_the_profiles_secrets(&self) -> bool {
        self.next.shows_the_profiles_secrets()
    }
}

/// Acquires a token that will do, by a whole road of levels.
///
/// # Errors
/// Those of [`Fetch::fetch`], and configuration for a missing or unreadable secret or a variable that cannot be read.
pub fn acquire(credentials: &Credentials<'_>, token: &TokenRequest, road: &impl Fetch) -> Result<Fetched> {
    let (context, profile) = (credentials.context(), credentials.profile());
    let budget = budget::whole(context)?;
    let request = FetchRequest { context, profile, credentials, token, budget, retries: budget::RETRIES };
    let fetched = road.fetch(&request)?;
    if let (Source::Ims, Some(number)) = (fetched.source, fetched.token.stale_secret) {
        context.log.warn(stale_secret_message(profile, number));
    }
    Ok(fetched)
}

/// Says which client secret IMS no longer accepts.
pub fn stale_secret_message(profile: &Profile, number: u8) -> String {
    let which = if number == 1 { "first" } else { "second" };
    format!("IMS no longer accepts the {which} client secret of profile {}", profile.name())
}

/// What a lock-free look at the cache on disk finds for a profile that earned it.
#[derive(Debug)]
pub enum Lookup {
    /// A token that needs no renewal yet.
    Live(Token),
    /// A live token inside its renewal margin.
    Expiring(Token),
    /// Nothing for this profile.
    Nothing,
}

/// Looks, and does nothing else: no lock, no secret, no network. An identity from the environment proves itself by its
/// secret alone, so that nothing is found for it here.
///
/// # Errors
/// Configuration, for a variable that cannot be read.
pub fn lookup(context: &Context, profile: &Profile) -> Result<Lookup> {
    let tell = |what: &str| context.log.info(format_args!("{}: {what}", FileStore::SOURCE.name()));
    let Some(store) = FileStore::new(context, profile)? else {
        tell("switched off by AEP_CACHE");
        return Ok(Lookup::Nothing);
    };
    // What is wrong with the cache is told by the one who would write it.
    let Some(entry) = store.read().unwrap_or_default() else {
        tell(NOT_KEPT);
        return Ok(Lookup::Nothing);
    };
    let Some(mark) = profile.mark() else {
        tell("whether the environment earned the token that is kept, aep-auth finds out");
        return Ok(Lookup::Nothing);
    };
    if !entry.earners.is_some_and(|earners| earners.has_mark(&mark)) {
        tell(NOT_EARNED);
        return Ok(Lookup::Nothing);
    }
    let (told, found) = match entry.token.state(context.clock.now()) {
        State::Live => (LIVE, Lookup::Live(entry.token)),
        State::Expiring => (EXPIRING, Lookup::Expiring(entry.token)),
        State::Expired => (ENDED, Lookup::Nothing),
    };
    tell(told);
    Ok(found)
}

// What is told of a look.
const NOT_KEPT: &str = "no token is kept";
const NOT_EARNED: &str = "the token that is kept was earned by another profile, or by this one before it was changed";
const LIVE: &str = "a live token";
const EXPIRING: &str = "a live token, to be renewed early";
const ENDED: &str = "the token that is kept has ended";

/// Reads the entry of a profile, whatever its state and whoever earned it: for those who tell times, or what to drop.
///
/// # Errors
/// The cache cannot be trusted or read; `AEP_CACHE` cannot be understood.
pub fn cached(context: &Context, profile: &Profile) -> Result<Option<CacheEntry>> {
    let Some(store) = FileStore::new(context, profile)? else { return Ok(None) };
    store.read().map_err(|error| {
        Error::storage(format!("the token cache is not used as it should be: {error}")).with_source(error)
    })
}

/// What was dropped.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// Whether there was something.
    pub was_there: bool,
    /// The entry, where it could be read.
    pub entry: Option<CacheEntry>,
}

/// Drops the entry of a store, if `only` is not given or is that very token.
///
/// # Errors
/// Storage, when it is there and cannot be removed.
pub fn forget<S: Store>(store: &S, context: &Context, only: Option<&AccessToken>) -> Result<Forgotten> {
    let read = || store.read().map_err(|error| cannot_drop(&error));
    let is_meant = |entry: Option<&CacheEntry>| match only {
        None => true,
        Some(only) => entry.is_some_and(|entry| entry.token.value == *only),
    };
    if !is_meant(read().or_else(|error| if only.is_none() { Ok(None) } else { Err(error) })?.as_ref()) {
        return Ok(Forgotten::default());
    }
    // A process that fetches right now is about to replace the entry; wait for it, so that its token stays.
    let waiting = store.waiting(budget::whole(context)?);
    match wait_for_lock(store, context, waiting, |_| Ok(None::<()>))? {
        Waited::Nowhere(error) => Err(cannot_drop(&error)),
        Waited::Done(()) => Ok(Forgotten::default()),
        Waited::Lock(guard, _) => {
            let entry = store.read().unwrap_or_default();
            if !is_meant(entry.as_ref()) {
                return Ok(Forgotten::default());
            }
            let was_there = store.remove(&guard).map_err(|error| cannot_drop(&error))?;
            Ok(Forgotten { was_there, entry })
        }
    }
}

fn cannot_drop(error: &StoreError) -> Error {
    Error::storage(format!("cannot drop the cached token: {error}")).with_source(error.clone())
}

/// Takes a profile's mark off an entry: what it has to show now was not what earned the token, nor is its first or second
/// secret the one that the entry speaks of.
///
/// # Errors
/// Storage, when the entry is there and cannot be changed.
pub fn disown<S: Store>(store: &S, context: &Context, mark: &Mark) -> Result<()> {
    let has_mark = |entry: &CacheEntry| entry.earners.as_ref().is_some_and(|earners| earners.has_mark(mark));
    // What cannot be read is given to nobody.
    if !store.read().unwrap_or_default().as_ref().is_some_and(has_mark) {
        return Ok(());
    }
    let waiting = store.waiting(budget::whole(context)?);
    let Waited::Lock(guard, _) = wait_for_lock(store, context, waiting, |_| Ok(None::<()>))? else { return Ok(()) };
    let Some(mut entry) = store.read().unwrap_or_default() else { return Ok(()) };
    if let Some(earners) = &mut entry.earners {
        earners.remove_mark(mark);
    }
    entry.token.stale_secret = None;
    let written = store.write(&entry, &guard).map(drop);
    written.or_else(|_| store.remove(&guard).map(drop)).map_err(|error| cannot_drop(&error))
}

/// How a wait ended.
enum Waited<G, T> {
    /// With the lock, or its stated absence and why.
    Lock(G, Option<StoreError>),
    /// With what the look found.
    Done(T),
    /// The store is out of reach.
    Nowhere(StoreError),
}

/// The one waiting loop: the lock, or what `look` finds while somebody else holds it, or the end of the patience. `look`
/// is given the lock where it is held.
fn wait_for_lock<S: Store, T>(
    store: &S,
    context: &Context,
    waiting: Waiting,
    mut look: impl FnMut(Option<&S::LockGuard>) -> Result<Option<T>>,
) -> Result<Waited<S::LockGuard, T>> {
    let clock = &context.clock;
    let began = clock.monotonic();
    let mut pause = waiting.shortest_pause;
    let mut told = None;
    loop {
        let (guard, fault) = match store.try_lock() {
            Ok(guard) => (guard, None),
            Err(error) if error.is_out_of_reach() => return Ok(Waited::Nowhere(error)),
            Err(error) => (Some(store.without_lock(WithoutLock::no_locks_here())), Some(error)),
        };
        // With the lock: someone may have fetched meanwhile. Without it: waiters need not queue for it.
        if let Some(found) = look(guard.as_ref())? {
            return Ok(Waited::Done(found));
        }
        if let Some(guard) = guard {
            return Ok(Waited::Lock(guard, fault));
        }
        let waited = clock.monotonic().saturating_sub(began);
        let is_asked = store.is_a_person_asked();
        let limit = if is_asked { waiting.at_most.max(waiting.for_a_person) } else { waiting.at_most };
        if waited >= limit {
            let variable = if S::SOURCE == Source::Shared { "AEP_TIMEOUT" } else { "AEP_LOCK_TIMEOUT" };
            context.log.info(format_args!(
                "{}: the lock was held by another for {:.1} s ({variable}); going on without it",
                S::SOURCE.name(),
                waited.as_secs_f64(),
            ));
            return Ok(Waited::Lock(store.without_lock(WithoutLock::waited_long_enough()), None));
        }
        if told != Some(is_asked) {
            let whom = if is_asked { "another that asks a person for the secret" } else { "another that fetches" };
            context.log.info(format_args!("{}: waiting for {whom}", S::SOURCE.name()));
            told = Some(is_asked);
        }
        clock.sleep(jittered(pause));
        pause = (pause * 2).min(waiting.longest_pause);
    }
}

/// Whether a profile may be given an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It earned it.
    Earner,
    /// It holds a secret that IMS accepted for it.
    Holder,
    /// Neither, as far as is known without asking anybody.
    Stranger,
}

/// Who may be asked for a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// Files, variables, and whoever keeps the secret.
    Anybody,
    /// Files and variables alone: one process asks for all.
    Nobody,
}

/// How a fetch is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Urgency {
    /// Without its token the caller has none.
    Needed,
    /// The old token still serves.
    Early,
}

/// One request on its way through one level.
struct Acquisition<'a, S, F> {
    store: &'a S,
    next: &'a F,
    request: &'a FetchRequest<'a>,
    mark: Option<Mark>,
    began: Duration,
    /// The token that was there when the request came.
    first: Option<AccessToken>,
    /// Whether it could be seen what was there; what cannot be read is not absent.
    is_first_known: bool,
    /// The entry as it was last read.
    entry: Option<CacheEntry>,
    /// The first thing that was wrong with the store; told once, at the end.
    fault: Option<StoreError>,
}

impl<'a, S: Store, F: Fetch> Acquisition<'a, S, F> {
    fn new(store: &'a S, next: &'a F, request: &'a FetchRequest<'a>) -> Self {
        let began = request.context.clock.monotonic();
        let mark = request.profile.mark();
        Self { store, next, request, mark, began, first: None, is_first_known: false, entry: None, fault: None }
    }

    fn run(&mut self) -> Result<Fetched> {
        self.read();
        if let Some(error) = self.fault.take_if(|error| error.is_out_of_reach()) {
            return self.fetch_past(&error);
        }
        self.first = self.entry.as_ref().map(|entry| entry.token.value.clone());
        self.is_first_known = self.fault.is_none();
        let Some(entry) = self.entry.clone() else {
            self.tell(NOT_KEPT);
            return self.miss();
        };
        // A profile's secret is not read for a hit; the environment has nothing but its secret to show.
        let asking = if self.mark.is_some() { None } else { Some(Asking::Anybody) };
        let is_earned = self.standing(&entry, asking)? != Standing::Stranger;
        match (self.why_not(&entry.token), is_earned) {
            (None, true) if entry.token.state(self.now()) == State::Live => {
                self.tell(LIVE);
                Ok(serve::<S>(entry))
            }
            (None, true) => {
                self.tell(EXPIRING);
                Ok(self.renew_early(entry))
            }
            (Some(why), _) => {
                self.tell(why);
                self.miss()
            }
            (None, false) => {
                self.tell(NOT_EARNED);
                self.miss()
            }
        }
    }

    fn now(&self) -> i64 {
        self.request.context.clock.now()
    }

    fn tell(&self, what: &str) {
        self.request.context.log.info(format_args!("{}: {what}", S::SOURCE.name()));
    }

    /// Looks at the store; what is wrong with it is remembered.
    fn read(&mut self) {
        self.entry = match self.store.read() {
            Ok(entry) => entry,
            Err(error) => {
                self.fault.get_or_insert(error);
                None
            }
        };
    }

    fn will_do(&self, token: &Token) -> bool {
        self.why_not(token).is_none()
    }

    /// Why a token will not do.
    fn why_not(&self, token: &Token) -> Option<&'static str> {
        let TokenRequest { min_valid, refuse } = self.request.token;
        let remaining = token.remaining(self.now());
        match refuse {
            Refuse::Cached if self.first.as_ref() == Some(&token.value) || self.first.is_none() => {
                Some("a new token is asked for, whatever is kept")
            }
            Refuse::This(refused) if *refused == token.value => {
                Some("the token that is kept is the one that was refused, or is being replaced")
            }
            _ if remaining <= 0 => Some(ENDED),
            _ if remaining < *min_valid => Some("the token that is kept ends sooner than is asked for (--min-valid)"),
            _ => None,
        }
    }

    /// Whether a token that came while this request waited will do: another process fetched it just now, so that this
    /// one could get no better.
    fn will_do_after_waiting(&self, token: &Token) -> bool {
        let is_new = self.is_first_known && self.first.as_ref() != Some(&token.value);
        let is_refused = matches!(&self.request.token.refuse, Refuse::This(refused) if *refused == token.value);
        token.remaining(self.now()) > 0 && ((is_new && !is_refused) || self.will_do(token))
    }

    /// Whether this profile may be given the entry. `asking` says whose secrets may be looked at; none: nobody's.
    fn standing(&self, entry: &CacheEntry, asking: Option<Asking>) -> Result<Standing> {
        let Some(earners) = &entry.earners else { return Ok(Standing::Earner) };
        if self.mark.as_ref().is_some_and(|mark| earners.has_mark(mark)) {
            return Ok(Standing::Earner);
        }
        let FetchRequest { profile, credentials, .. } = self.request;
        let may_look = match asking {
            None => false,
            Some(Asking::Nobody) => !profile.asks_somebody(),
            Some(Asking::Anybody) => true,
        };
        if may_look && credentials.proofs()?.iter().any(|proof| earners.has_proof(proof)) {
            return Ok(if self.mark.is_some() { Standing::Holder } else { Standing::Earner });
        }
        Ok(Standing::Stranger)
    }

    /// The token is inside its renewal margin but will do: one try, while nobody waits.
    fn renew_early(&mut self, old: CacheEntry) -> Fetched {
        let known = self.store.failure();
        let guard = match self.store.try_lock() {
            Ok(Some(guard)) => guard,
            Ok(None) => return serve::<S>(old),
            Err(error) if error.is_out_of_reach() => return serve::<S>(old),
            Err(error) => {
                self.fault.get_or_insert(error);
                self.store.without_lock(WithoutLock::no_locks_here())
            }
        };
        self.read();
        let renewed = self.entry.as_ref().filter(|entry| entry.token.value != old.token.value);
        if let Some(entry) = renewed.filter(|entry| self.will_do(&entry.token))
            && self.standing(entry, None).is_ok_and(|standing| standing != Standing::Stranger)
        {
            return serve::<S>(entry.clone());
        }
        if self.store.failure().is_some_and(|failure| failure.is_other_than(known.as_ref())) {
            return serve::<S>(old);
        }
        self.fetch_and_write(&guard, Urgency::Early).unwrap_or_else(|error| {
            self.request.context.log.info(format_args!("the token was not renewed early: {error}"));
            serve::<S>(old)
        })
    }

    fn miss(&mut self) -> Result<Fetched> {
        let context = self.request.context;
        let mut known = self.store.failure();
        let waiting = self.store.waiting(self.request.budget);
        let store = self.store;
        let waited = wait_for_lock(store, context, waiting, |guard| {
            self.read();
            if let Some(found) = self.serve_after_waiting(guard)? {
                return Ok(Some(found));
            }
            if let Some(failure) = store.failure().filter(|failure| failure.is_other_than(known.as_ref())) {
                if self.would_meet(&failure)? {
                    self.tell("another met a failure that this request would meet as well");
                    return Err(failure.into_error());
                }
                known = Some(failure);
            }
            Ok(None)
        })?;
        match waited {
            Waited::Done(found) => Ok(found),
            Waited::Nowhere(error) => self.fetch_past(&error),
            Waited::Lock(guard, fault) => {
                self.fault = self.fault.take().or(fault);
                self.fetch_and_write(&guard, Urgency::Needed)
            }
        }
    }

    /// The entry as it was just read, if it will do and may be given.
    fn serve_after_waiting(&mut self, guard: Option<&S::LockGuard>) -> Result<Option<Fetched>> {
        let Some(entry) = self.entry.clone().filter(|entry| self.will_do_after_waiting(&entry.token)) else {
            return Ok(None);
        };
        let asking = match guard {
            Some(guard) => {
                self.tell_if_a_person_is_asked(guard);
                Asking::Anybody
            }
            None => Asking::Nobody,
        };
        match self.standing(&entry, Some(asking))? {
            Standing::Stranger => return Ok(None),
            Standing::Earner => {}
            Standing::Holder => {
                if let Some(guard) = guard {
                    self.add_mark(entry.clone(), guard);
                }
            }
        }
        Ok(Some(serve::<S>(entry)))
    }

    /// Those who wait then wait longer, and ask nobody themselves.
    fn tell_if_a_person_is_asked(&self, guard: &S::LockGuard) {
        if self.request.profile.asks_somebody() {
            self.store.tell_that_a_person_is_asked(guard);
        }
    }

    /// Lets the next hit read no secret; best effort.
    fn add_mark(&self, mut entry: CacheEntry, guard: &S::LockGuard) {
        if let (Some(earners), Some(mark)) = (&mut entry.earners, &self.mark) {
            earners.add_mark(mark);
            let _ = self.store.write(&entry, guard);
        }
    }

    /// Whether this request would meet the failure as well: the same was shown, or the same keeper was asked.
    fn would_meet(&self, failure: &Failure) -> Result<bool> {
        let FetchRequest { profile, credentials, .. } = self.request;
        if profile.asks_somebody() {
            return Ok(self.mark.as_ref().is_some_and(|mark| failure.is_of_mark(mark)));
        }
        Ok(credentials.attempt()?.is_some_and(|attempt| failure.is_of_proof(&attempt)))
    }

    /// The store is as if it were not there.
    fn fetch_past(&self, error: &StoreError) -> Result<Fetched> {
        let spent = self.request.context.clock.monotonic().saturating_sub(self.began);
        let budget = self.store.fetch_budget(self.request.budget, spent);
        let fetched = self.next.fetch(&FetchRequest { budget, ..*self.request })?;
        self.store.report(&self.request.context.log, error);
        Ok(fetched)
    }

    /// Fetches, writes, and tells at last what was wrong with the store.
    fn fetch_and_write(&mut self, guard: &S::LockGuard, urgency: Urgency) -> Result<Fetched> {
        let FetchRequest { context, credentials, .. } = *self.request;
        self.tell_if_a_person_is_asked(guard);
        let refuse = match &self.request.token.refuse {
            Refuse::Cached => {
                let old = self.first.clone().or_else(|| self.entry.as_ref().map(|entry| entry.token.value.clone()));
                old.map_or(Refuse::Nothing, Refuse::This)
            }
            other => other.clone(),
        };
        let token = TokenRequest { min_valid: self.request.token.min_valid, refuse };
        let spent = context.clock.monotonic().saturating_sub(self.began);
        let whole = self.store.fetch_budget(self.request.budget, spent);
        let (budget, retries) = match urgency {
            Urgency::Needed => (whole, self.request.retries),
            Urgency::Early => (whole.min(budget::EARLY), 0),
        };
        let result = self.next.fetch(&FetchRequest { token: &token, budget, retries, ..*self.request });
        let mut fetched = match result {
            Ok(fetched) => fetched,
            Err(error) => {
                self.take_note(&error, guard, urgency);
                return Err(error);
            }
        };
        if fetched.token.life.is_some() {
            let earners = self.earners_after(&fetched, credentials);
            let (token, shared_name) = (fetched.token.clone(), fetched.shared_name.clone());
            let entry = CacheEntry { token, earners: Some(earners), accepted: fetched.accepted, shared_name };
            match self.store.write(&entry, guard) {
                Ok(name) => fetched.shared_name = name.or(fetched.shared_name),
                Err(error) => drop(self.fault.get_or_insert(error)),
            }
        }
        if let Some(error) = self.fault.take() {
            self.store.report(&context.log, &error);
        }
        Ok(fetched)
    }

    /// Those who earned the entry before, and this profile with what IMS accepted of it.
    fn earners_after(&self, fetched: &Fetched, credentials: &Credentials<'_>) -> Earners {
        let before = self.entry.as_ref().and_then(|entry| entry.earners.clone());
        let mut earners = before.unwrap_or_else(Earners::nobody);
        self.mark.iter().for_each(|mark| earners.add_mark(mark));
        let proof = |accepted| credentials.proof(accepted).ok().flatten();
        if let Some(accepted) = fetched.accepted {
            proof(accepted).iter().for_each(|proof| earners.add_proof(proof));
            if fetched.token.stale_secret == Some(1)
                && let Some(stale) = proof(Accepted { client_secret: 0, ..accepted })
            {
                earners.remove_proof(&stale);
            }
        }
        earners
    }

    /// Leaves the failure for those who wait; after a refusal the profile has earned nothing any more.
    fn take_note(&self, error: &Error, guard: &S::LockGuard, urgency: Urgency) {
        let credentials = self.request.credentials;
        if Failure::is_shared(error) {
            let attempt = credentials.attempt_so_far();
            self.store.leave_failure(&Failure::new(error, self.mark.as_ref(), attempt.as_ref()), guard);
        }
        let is_refused = matches!(error, Error::Refused(_)) && self.next.shows_the_profiles_secrets();
        // The old token of an early try was earned, and ends within minutes.
        if !is_refused || urgency == Urgency::Early {
            return;
        }
        let Some(mut entry) = self.entry.clone() else { return };
        let Some(earners) = &mut entry.earners else { return };
        let mut is_changed = self.mark.as_ref().is_some_and(|mark| earners.remove_mark(mark));
        for proof in credentials.proofs_so_far() {
            is_changed |= earners.remove_proof(&proof);
        }
        if is_changed && self.store.write(&entry, guard).is_ok() {
            // Writing the entry ended the failure's note.
            let attempt = credentials.attempt_so_far();
            self.store.leave_failure(&Failure::new(error, self.mark.as_ref(), attempt.as_ref()), guard);
        }
    }
}

fn serve<S: Store>(entry: CacheEntry) -> Fetched {
    let CacheEntry { token, accepted, shared_name, earners: _ } = entry;
    Fetched { token, source: S::SOURCE, accepted, shared_name }
}
