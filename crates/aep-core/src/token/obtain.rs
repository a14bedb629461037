//! The one road to a token: the cache, else the lock and another look, else a fetch.
//!
//! A hit takes no lock and opens one cache file. A miss makes one request for all processes that want it at once: they
//! wait for the holder of the lock, take its token, or share its failure. The wait is bounded, and whatever is wrong
//! with the cache costs a warning, never the token.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::{AccessToken, LONGEST_LIFE, State, Token};
use crate::cache::{self, Failure, LockError, Slot, Trouble, Turn};
use crate::clock::jittered;
use crate::error::Kind;
use crate::identity::{Identity, hexadecimal};
use crate::secret::Credentials;
use crate::{Context, Error, Profile, Result};

/// The way to fetch, handed in: this crate knows no network.
pub trait Fetch {
    /// Fetches a new token within the order's budget.
    ///
    /// # Errors
    /// Refused, unreachable, or a configuration that does not allow to ask.
    fn fetch(&self, order: &Order<'_>) -> Result<Fetched>;
}

/// What a fetch is told.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The surroundings.
    pub context: &'a Context,
    /// Who asks, and where.
    pub profile: &'a Profile,
    /// The secrets.
    pub credentials: &'a Credentials<'a>,
    /// The time for all of it.
    pub budget: Duration,
    /// How often the request may be repeated after a fault of the network.
    pub retries: u32,
    /// A token that will not do.
    pub refused: Option<&'a AccessToken>,
    /// How long the token should live, at least.
    pub min_valid: i64,
}

/// What a fetch brings.
#[derive(Debug)]
pub struct Fetched {
    /// The token.
    pub value: AccessToken,
    /// Its life in seconds, as IMS told it.
    pub life: Option<i64>,
    /// Unix time from which it lives, where it was fetched before; `None` is now.
    pub fetched_at: Option<i64>,
    /// Which client secret IMS no longer accepts, counted from one.
    pub stale_secret: Option<u8>,
    /// Where it comes from.
    pub source: Source,
}

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The local cache.
    Cache,
    /// The engine that a fleet shares.
    Shared,
    /// Adobe IMS.
    Ims,
}

impl Source {
    /// The word in `token --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Shared => "shared",
            Self::Ims => "ims",
        }
    }
}

/// Which tokens will do.
#[derive(Debug, Default)]
pub struct Wish {
    /// Seconds that the token should live, at least. A fresh one is served even if it is shorter.
    pub min_valid: i64,
    /// Which token will not do.
    pub refuse: Refuse,
}

/// Which token will not do.
#[derive(Debug, Default)]
pub enum Refuse {
    /// Any token will do.
    #[default]
    Nothing,
    /// The cached one will not do, whichever it is.
    Cached,
    /// This one will not do: somebody refused it.
    This(AccessToken),
}

/// A token, and where it comes from.
#[derive(Debug)]
pub struct Obtained {
    /// The token.
    pub token: Token,
    /// Where it comes from.
    pub source: Source,
}

/// Obtains a token that will do.
///
/// # Errors
/// Those of [`Fetch::fetch`], and configuration for a missing or unreadable secret or a variable that cannot be read.
pub fn obtain(context: &Context, profile: &Profile, wish: &Wish, fetch: &dyn Fetch) -> Result<Obtained> {
    let mut road = Road { context, profile, fetch, wish, seen: None, slot: None, trouble: None };
    if cache::is_off(&context.environment)? {
        return road.fetch_without_cache(whole_budget(context)?);
    }
    road.look();
    if let Some(token) = road.seen.as_ref().filter(|token| road.will_do(token)) {
        if token.state(context.clock.now()) == State::Live {
            return Ok(Obtained { token: token.clone(), source: Source::Cache });
        }
        let old = token.clone();
        return Ok(road.renew_early(old));
    }
    road.miss()
}

/// Reads the cached token of a profile, whatever its state; never the network, never a lock.
///
/// # Errors
/// The cache cannot be trusted or read.
pub fn cached(context: &Context, profile: &Profile) -> std::result::Result<Option<Token>, Trouble> {
    let (Ok(path), Ok(false)) = (context.folders.cache(), cache::is_off(&context.environment)) else { return Ok(None) };
    match Slot::open(path, Identity::of(profile))? {
        Some(slot) => slot.read(),
        None => Ok(None),
    }
}

/// Drops the cached token of a profile, if `only` is not given or is that very token; says whether one was dropped.
///
/// # Errors
/// Storage, when it is there and cannot be removed.
pub fn forget(context: &Context, profile: &Profile, only: Option<&AccessToken>) -> Result<bool> {
    if cache::is_off(&context.environment)? {
        return Ok(false);
    }
    let as_storage = |trouble: Trouble| Error::storage(format!("cannot drop the cached token: {trouble}"));
    let Some(slot) = Slot::open(context.folders.cache()?, Identity::of(profile)).map_err(as_storage)? else {
        return Ok(false);
    };
    let is_meant = |slot: &Slot| -> Result<bool> {
        match only {
            None => Ok(true),
            Some(only) => Ok(slot.read().map_err(as_storage)?.is_some_and(|token| token.value == *only)),
        }
    };
    if !is_meant(&slot)? {
        return Ok(false);
    }
    // A process that fetches right now is about to replace the entry; wait for it, so that its token stays.
    let deadline = context.clock.monotonic() + lock_budget(context)?;
    let turn = loop {
        match slot.try_lock() {
            Ok(turn) => break turn,
            Err(LockError::Unusable(_)) => break Turn::WithoutLock,
            Err(LockError::Held) if context.clock.monotonic() >= deadline => break Turn::WithoutLock,
            Err(LockError::Held) => context.clock.sleep(LONGEST_PAUSE),
        }
    };
    if is_meant(&slot)? { slot.remove(&turn).map_err(as_storage) } else { Ok(false) }
}

/// Seconds for one whole fetch, retries included: `AEP_TIMEOUT`.
const DEFAULT_TIMEOUT: f64 = 8.0;

/// An early renewal must not keep anybody waiting for long, since the old token still serves.
const EARLY_BUDGET: Duration = Duration::from_secs(3);

/// Repetitions after a fault of the network.
/// How often a request may be repeated after a fault that may pass.
pub const RETRIES: u32 = 3;

const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The time for one whole exchange with a server, repetitions included: `AEP_TIMEOUT`, in seconds.
///
/// # Errors
/// Configuration, for a variable that is no number of seconds.
pub fn whole_budget(context: &Context) -> Result<Duration> {
    Ok(seconds(context, "AEP_TIMEOUT")?.unwrap_or(Duration::from_secs_f64(DEFAULT_TIMEOUT)))
}

fn lock_budget(context: &Context) -> Result<Duration> {
    match seconds(context, "AEP_LOCK_TIMEOUT")? {
        Some(budget) => Ok(budget),
        None => Ok(whole_budget(context)? + Duration::from_secs(1)),
    }
}

fn seconds(context: &Context, variable: &str) -> Result<Option<Duration>> {
    const AN_HOUR: f64 = 3600.0;
    context
        .environment
        .text(variable)?
        .map(|text| match text.trim().parse::<f64>() {
            Ok(seconds) if seconds.is_finite() && seconds > 0.0 => Ok(Duration::from_secs_f64(seconds.min(AN_HOUR))),
            _ => Err(Error::configuration(format!("{variable} is `{text}`; expected a number of seconds, like 8"))),
        })
        .transpose()
}

/// One request on its way.
struct Road<'a> {
    context: &'a Context,
    profile: &'a Profile,
    fetch: &'a dyn Fetch,
    wish: &'a Wish,
    /// What the cache held when the request began.
    seen: Option<Token>,
    slot: Option<Slot>,
    /// The first thing that was wrong with the cache; told once, at the end.
    trouble: Option<Trouble>,
}

impl Road<'_> {
    /// The lock-free look: all that a hit does.
    fn look(&mut self) {
        let Ok(path) = self.context.folders.cache() else { return };
        match Slot::open(path, Identity::of(self.profile)) {
            Ok(slot) => self.slot = slot,
            Err(trouble) => self.trouble = Some(trouble),
        }
        self.seen = self.slot.as_ref().and_then(|slot| {
            slot.read().unwrap_or_else(|trouble| {
                self.trouble = Some(trouble);
                None
            })
        });
    }

    fn will_do(&self, token: &Token) -> bool {
        let remaining = token.remaining(self.context.clock.now());
        let is_refused = match &self.wish.refuse {
            Refuse::Nothing => false,
            Refuse::Cached => true,
            Refuse::This(refused) => *refused == token.value,
        };
        !is_refused && remaining > 0 && remaining >= self.wish.min_valid
    }

    /// Whether a token that came while this request waited will do: another process fetched it just now, so that this
    /// one could get no better.
    fn will_do_after_waiting(&self, token: &Token) -> bool {
        let is_new = self.seen.as_ref().is_none_or(|seen| seen.value != token.value);
        let is_refused = matches!(&self.wish.refuse, Refuse::This(refused) if *refused == token.value);
        token.remaining(self.context.clock.now()) > 0 && ((is_new && !is_refused) || self.will_do(token))
    }

    /// The token is inside its renewal margin but will do: one try, while nobody waits.
    fn renew_early(&mut self, old: Token) -> Obtained {
        let serve = |token| Obtained { token, source: Source::Cache };
        let Some(slot) = self.slot.take() else { return serve(old) };
        let known = slot.failure().map(|failure| failure.nonce);
        let turn = match slot.try_lock() {
            Ok(turn) => turn,
            Err(LockError::Held) => return serve(old),
            Err(LockError::Unusable(trouble)) => {
                self.trouble = Some(trouble);
                Turn::WithoutLock
            }
        };
        if let Ok(Some(token)) = slot.read()
            && token.value != old.value
            && self.will_do(&token)
        {
            return serve(token);
        }
        let failed_meanwhile = slot.failure().is_some_and(|failure| Some(failure.nonce) != known);
        let renewed = match whole_budget(self.context) {
            Ok(whole) if !failed_meanwhile => self.fetch_and_keep(Some((&slot, &turn)), whole.min(EARLY_BUDGET), 0),
            _ => return serve(old),
        };
        renewed.unwrap_or_else(|error| {
            self.context.log.info(format_args!("the token was not renewed early: {error}"));
            serve(old)
        })
    }

    fn miss(&mut self) -> Result<Obtained> {
        let budget = whole_budget(self.context)?;
        let lock_budget = lock_budget(self.context)?;
        let Some(slot) = self.open_for_writing() else { return self.fetch_without_cache(budget) };
        let credentials = Credentials::of(self.context, self.profile);
        let mut known = slot.failure().map(|failure| failure.nonce);
        let deadline = self.context.clock.monotonic() + lock_budget;
        let mut pause = SHORTEST_PAUSE;
        let turn = loop {
            let turn = match slot.try_lock() {
                Ok(turn) => Some(turn),
                Err(LockError::Held) => None,
                Err(LockError::Unusable(trouble)) => {
                    self.trouble.get_or_insert(trouble);
                    Some(Turn::WithoutLock)
                }
            };
            // With the lock: someone may have fetched meanwhile. Without it: waiters need not queue for it.
            if let Ok(Some(token)) = slot.read()
                && self.will_do_after_waiting(&token)
            {
                return Ok(Obtained { token, source: Source::Cache });
            }
            if let Some(failure) = slot.failure().filter(|failure| known.as_ref() != Some(&failure.nonce)) {
                if credentials.digest(&failure.nonce, failure.tried)? == failure.digest {
                    return Err(failure.error);
                }
                known = Some(failure.nonce);
            }
            if let Some(turn) = turn {
                break turn;
            }
            if self.context.clock.monotonic() >= deadline {
                self.context.log.info(format_args!(
                    "another process has held {} for {} s (AEP_LOCK_TIMEOUT); fetching without it",
                    self.context.folders.cache()?.display(),
                    lock_budget.as_secs_f64(),
                ));
                break Turn::WithoutLock;
            }
            self.context.clock.sleep(jittered(pause));
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        self.fetch_and_keep(Some((&slot, &turn)), budget, RETRIES)
    }

    fn open_for_writing(&mut self) -> Option<Slot> {
        if let Some(slot) = self.slot.take() {
            return Some(slot);
        }
        if self.trouble.is_some() {
            return None;
        }
        let created = match self.context.folders.cache() {
            Ok(path) => Slot::create(path, Identity::of(self.profile)).map_err(|trouble| trouble.to_string()),
            Err(error) => Err(error.message().to_owned()),
        };
        created.map_err(|why| self.context.log.warn(format_args!("the token is not cached: {why}"))).ok()
    }

    fn fetch_without_cache(&mut self, budget: Duration) -> Result<Obtained> {
        self.fetch_and_keep(None, budget, RETRIES)
    }

    /// Fetches, stores, and tells at last what was wrong with the cache.
    fn fetch_and_keep(&mut self, place: Option<(&Slot, &Turn)>, budget: Duration, retries: u32) -> Result<Obtained> {
        let credentials = Credentials::of(self.context, self.profile);
        let refused = match &self.wish.refuse {
            Refuse::Nothing => None,
            Refuse::Cached => self.seen.as_ref().map(|token| &token.value),
            Refuse::This(token) => Some(token),
        };
        let order = Order {
            context: self.context,
            profile: self.profile,
            credentials: &credentials,
            budget,
            retries,
            refused,
            min_valid: self.wish.min_valid,
        };
        // Taken before the request, so that the token is never thought to live longer than it does.
        let asked_at = self.context.clock.now();
        let fetched = self.fetch.fetch(&order).inspect_err(|error| {
            if let Some((slot, turn)) = place
                && matches!(error.kind(), Kind::Refused | Kind::Unreachable)
                && let Some(failure) = note(&credentials, error)
            {
                slot.leave_failure(&failure, turn);
            }
        })?;
        let Fetched { value, life, fetched_at, stale_secret, source } = fetched;
        if let Some(number) = stale_secret {
            self.context.log.warn(stale_secret_message(self.profile, number));
        }
        let life = life.filter(|life| *life > 0).map(|life| life.min(LONGEST_LIFE));
        let token = Token { value, fetched_at: fetched_at.unwrap_or(asked_at), life, stale_secret };
        if let Some((slot, turn)) = place.filter(|_| life.is_some())
            && let Err(trouble) = slot.replace(&token, turn)
        {
            self.trouble.get_or_insert(trouble);
        }
        if let Some(trouble) = self.trouble.take() {
            self.context.log.warn(format_args!("the token cache is not used as it should be: {trouble}"));
        }
        Ok(Obtained { token, source })
    }
}

/// Says which client secret IMS no longer accepts.
pub fn stale_secret_message(profile: &Profile, number: u8) -> String {
    let which = if number == 1 { "first" } else { "second" };
    format!("IMS no longer accepts the {which} client secret of profile {}", profile.name())
}

fn note(credentials: &Credentials<'_>, error: &Error) -> Option<Failure> {
    let mut random = [0; 16];
    SystemRandom::new().fill(&mut random).ok()?;
    let nonce = hexadecimal(&random);
    let tried = credentials.tried();
    Some(Failure { digest: credentials.digest(&nonce, tried).ok()?, nonce, tried, error: error.clone() })
}
