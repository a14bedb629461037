//! One identity's token on the engine, as a [`Store`] like any other.
//!
//! An entry is given only to a holder of the secret that sealed it. Whatever is wrong with the engine makes it as if it
//! were not there: a note at `info`, and half a minute of peace.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aep_core::acquire::Accepted;
use aep_core::cache::{CacheEntry, Failure, Seen, Store, StoreError, Waiting, WithoutLock, is_off};
use aep_core::profile::Flow;
use aep_core::profile::shared_cache::SharedCacheUrl;
use aep_core::secret::{Credentials, Secret, store::SecretKind};
use aep_core::token::identity::{Identity, hexadecimal};
use aep_core::token::{AccessToken, LONGEST_LIFE, Source, Token};
use aep_core::{Log, Result, budget};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::ClientConfig;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::engine::{Engine, EngineError};
use crate::quiet;
use crate::seal::Seal;

/// How long a failed fetch is told to the other machines.
const FAILURE_LIFE: Duration = Duration::from_secs(2);

/// How TLS is spoken, asked for when it is needed.
pub type Tls = fn(&aep_core::Context, Option<&std::path::Path>) -> Result<Arc<ClientConfig>>;

/// The place of one identity on the engine of a profile.
#[derive(Debug)]
pub struct RedisStore<'a> {
    credentials: &'a Credentials<'a>,
    url: &'a SharedCacheUrl,
    tls: Tls,
    /// A lock ends by itself after this.
    lock_life: Duration,
    engine: OnceCell<Rc<Engine>>,
    seals: OnceCell<Vec<Seal>>,
    seen: OnceCell<RefCell<Option<Seen>>>,
}

/// The engine's lock, or what stands for it; ended when dropped.
#[derive(Debug)]
pub struct RedisLock(Option<Held>);

#[derive(Debug)]
struct Held {
    engine: Rc<Engine>,
    name: String,
    owner: String,
}

impl Drop for RedisLock {
    fn drop(&mut self) {
        if let Some(Held { engine, name, owner }) = &self.0 {
            // It ends by itself too, if later.
            let _ = engine.unlock(name, owner);
        }
    }
}

impl<'a> RedisStore<'a> {
    /// The place on the profile's engine; `None` where there is none or the cache is off. Nothing is asked or read yet.
    ///
    /// # Errors
    /// Configuration, for a variable that cannot be read.
    pub fn new(credentials: &'a Credentials<'a>, tls: Tls) -> Result<Option<Self>> {
        let (context, profile) = (credentials.context(), credentials.profile());
        let Some(url) = &profile.shared_cache else { return Ok(None) };
        if is_off(&context.environment)? {
            return Ok(None);
        }
        Ok(Some(Self {
            credentials,
            url,
            tls,
            lock_life: budget::whole(context)? + Duration::from_secs(1),
            engine: OnceCell::new(),
            seals: OnceCell::new(),
            seen: OnceCell::new(),
        }))
    }

    /// Drops the token from the engine, and remembers that it was dropped; says whether it was there. `local` is what
    /// this machine had; `only` is the token that is meant, if not any.
    ///
    /// # Errors
    /// The engine did not serve, or nothing tells under which name the token lies.
    pub fn forget(&self, local: Option<&CacheEntry>, only: Option<&AccessToken>) -> Result<bool, StoreError> {
        let now = self.credentials.context().clock.now();
        let refuse = |token: &Token| {
            if let Some(seen) = self.seen().borrow_mut().as_mut() {
                seen.was_refused(token, now);
            }
        };
        match (local, only) {
            (Some(entry), _) => refuse(&entry.token),
            (None, Some(only)) => refuse(&Token::new(only.clone(), i64::MIN, Some(LONGEST_LIFE))),
            (None, None) => {}
        }
        // Before the clock of the engine runs: a secret may have to be asked for.
        let seals = self.seals();
        let engine = self.connect().map_err(unusable)?;
        let mut was_there = false;
        // The name that the entry kept needs no secret.
        let name = local.and_then(|entry| entry.shared_name.as_deref()).filter(|_| only.is_none());
        if let Some(name) = name {
            was_there |= engine.remove(name).map_err(unusable)?;
        }
        let seals = match seals {
            Err(_) if name.is_some() => return Ok(was_there),
            other => other.map_err(unusable)?,
        };
        for seal in seals {
            let name = seal.entry_name(self.url.prefix());
            let Some(sealed) = engine.get(&name).map_err(unusable)? else { continue };
            let token = seal.open(&name, &sealed).and_then(|bytes| read_token(&bytes));
            if only.is_none_or(|only| token.as_ref().is_some_and(|token| token.value == *only)) {
                token.iter().for_each(refuse);
                was_there |= engine.remove(&name).map_err(unusable)?;
            }
        }
        Ok(was_there)
    }

    fn seen(&self) -> &RefCell<Option<Seen>> {
        let identity = || Identity::new(self.credentials.profile());
        self.seen.get_or_init(|| RefCell::new(Seen::open(self.credentials.context(), &identity())))
    }

    pub(crate) fn engine(&self) -> Result<&Rc<Engine>, EngineError> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        if quiet::is_left_alone(self.credentials.context(), self.url) {
            return Err(EngineError::LeftAlone);
        }
        self.reach()
    }

    /// The engine for a person who asks for it by name: it is not left alone for a failure a moment ago, which may be cured.
    pub(crate) fn reach(&self) -> Result<&Rc<Engine>, EngineError> {
        // Before the clock of the engine runs: a secret may have to be asked for.
        self.seals()?;
        self.connect()
    }

    fn connect(&self) -> Result<&Rc<Engine>, EngineError> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let context = self.credentials.context();
        let not_asked = |error: aep_core::Error| EngineError::NotAsked(error.message().to_owned());
        let password = self.password().map_err(not_asked)?;
        let ca_file = self.credentials.profile().ca_file.as_deref();
        let tls = || (self.tls)(context, ca_file).map_err(|error| error.message().to_owned());
        let engine = Engine::connect(self.url, password.as_ref(), tls)?;
        Ok(self.engine.get_or_init(|| Rc::new(engine)))
    }

    /// A seal for each secret that may stand behind an entry: the private key of a service account, else the client
    /// secrets.
    pub(crate) fn seals(&self) -> Result<&[Seal], EngineError> {
        if let Some(seals) = self.seals.get() {
            return Ok(seals);
        }
        let not_asked = |error: aep_core::Error| EngineError::NotAsked(error.message().to_owned());
        let profile = self.credentials.profile();
        let identity = Identity::new(profile);
        let secrets: Vec<&Secret> = if self.is_sealed_by_key() {
            vec![self.credentials.private_key().map_err(not_asked)?]
        } else {
            let first = self.credentials.client_secret().map_err(not_asked)?;
            // One that cannot be read seals nothing; IMS decides about the other.
            std::iter::once(first).chain(self.credentials.second_client_secret().ok().flatten()).collect()
        };
        let seals = secrets.into_iter().filter_map(|secret| Seal::new(&identity, secret)).collect();
        Ok(self.seals.get_or_init(|| seals))
    }

    fn is_sealed_by_key(&self) -> bool {
        let profile = self.credentials.profile();
        profile.flow == Flow::Jwt && profile.private_key.is_some()
    }

    /// The password of the engine, where the profile or the environment names one.
    fn password(&self) -> Result<Option<Secret>> {
        let (context, profile) = (self.credentials.context(), self.credentials.profile());
        let reference = profile.shared_cache_password.as_ref();
        reference.map(|reference| reference.read(context, profile, SecretKind::SharedCachePassword)).transpose()
    }

    fn name_with(&self, suffix: &str) -> Result<String, EngineError> {
        let name = self.seals()?.first().map(|seal| seal.entry_name(self.url.prefix()));
        let name = name.ok_or_else(|| EngineError::NotAsked("there is no secret to seal with".to_owned()))?;
        Ok(format!("{name}:{suffix}"))
    }

    /// The newest token of those that open and that this machine has no reason to refuse.
    fn find(&self) -> Result<Option<CacheEntry>, EngineError> {
        let engine = self.engine()?;
        let mut newest: Option<CacheEntry> = None;
        for (number, seal) in self.seals()?.iter().enumerate() {
            let name = seal.entry_name(self.url.prefix());
            let token = engine.get(&name)?.and_then(|sealed| read_token(&seal.open(&name, &sealed)?));
            let Some(token) = token else { continue };
            if self.seen().borrow().as_ref().is_some_and(|seen| seen.rules_out(&token)) {
                self.credentials
                    .context()
                    .log
                    .info("shared: an entry that is older than what was here, or was refused");
                continue;
            }
            if newest.as_ref().is_none_or(|newest| newest.token.fetched_at < token.fetched_at) {
                let by_key = self.is_sealed_by_key();
                let accepted = Accepted { client_secret: if by_key { 0 } else { number }, private_key: by_key };
                newest = Some(CacheEntry { token, earners: None, accepted: Some(accepted), shared_name: Some(name) });
            }
        }
        Ok(newest)
    }

    fn leave_token(&self, entry: &CacheEntry) -> Result<Option<String>, EngineError> {
        let CacheEntry { token, accepted, .. } = entry;
        let number = accepted.filter(|_| !self.is_sealed_by_key()).map_or(0, |accepted| accepted.client_secret);
        let (Some(seal), Some(life)) = (self.seals()?.get(number), token.life) else { return Ok(None) };
        let name = seal.entry_name(self.url.prefix());
        let value = json!({"token": token.value.expose(), "fetched_at": token.fetched_at, "life": life}).to_string();
        let Some(sealed) = seal.close(&name, Zeroizing::new(value).as_bytes()) else { return Ok(None) };
        let engine = self.engine()?;
        engine.set(&name, &sealed, Duration::from_secs(life.unsigned_abs()))?;
        engine.remove(&self.name_with("failed")?)?;
        Ok(Some(name))
    }

    fn read_failure(&self) -> Option<Failure> {
        let name = self.name_with("failed").ok()?;
        let sealed = self.engine().ok()?.get(&name).ok()??;
        Failure::from_bytes(&self.seals().ok()?.first()?.open(&name, &sealed)?)
    }
}

impl Store for RedisStore<'_> {
    type LockGuard = RedisLock;

    const SOURCE: Source = Source::Shared;

    fn read(&self) -> Result<Option<CacheEntry>, StoreError> {
        let found = self.find().map_err(unusable)?;
        if let (Some(seen), Some(entry)) = (self.seen().borrow_mut().as_mut(), &found) {
            seen.has_come(&entry.token);
        }
        Ok(found)
    }

    fn try_lock(&self) -> Result<Option<RedisLock>, StoreError> {
        let (engine, name) =
            self.engine().and_then(|engine| Ok((engine, self.name_with("lock")?))).map_err(unusable)?;
        let owner = random_mark();
        let is_ours = engine.try_lock(&name, &owner, self.lock_life).map_err(unusable)?;
        Ok(is_ours.then(|| RedisLock(Some(Held { engine: Rc::clone(engine), name, owner }))))
    }

    /// Somebody keeps a lock without ever leaving an entry: once is enough to learn that.
    fn without_lock(&self, _: WithoutLock) -> RedisLock {
        quiet::leave_alone(self.credentials.context(), self.url);
        RedisLock(None)
    }

    fn write(&self, entry: &CacheEntry, _: &RedisLock) -> Result<Option<String>, StoreError> {
        if let Some(seen) = self.seen().borrow_mut().as_mut() {
            seen.has_come(&entry.token);
        }
        self.leave_token(entry).map_err(unusable)
    }

    fn remove(&self, _: &RedisLock) -> Result<bool, StoreError> {
        self.forget(None, None)
    }

    fn failure(&self) -> Option<Failure> {
        self.read_failure()
    }

    fn leave_failure(&self, failure: &Failure, _: &RedisLock) {
        let Ok(name) = self.name_with("failed") else { return };
        let Some(seal) = self.seals().ok().and_then(<[Seal]>::first) else { return };
        if let (Some(sealed), Ok(engine)) = (seal.close(&name, &failure.to_bytes()), self.engine()) {
            let _ = engine.set(&name, &sealed, FAILURE_LIFE);
        }
    }

    /// The local lock says it to this machine, and other machines have their own person to ask.
    fn tell_that_a_person_is_asked(&self, _: &RedisLock) {}

    fn is_a_person_asked(&self) -> bool {
        false
    }

    /// A quarter is kept for a request of our own, should the other machine never finish.
    fn waiting(&self, fetch_budget: Duration) -> Waiting {
        let at_most = fetch_budget.mul_f32(0.75);
        let (shortest_pause, longest_pause) = (Duration::from_millis(10), Duration::from_millis(80));
        Waiting { at_most, for_a_person: at_most, shortest_pause, longest_pause }
    }

    /// What is left, but enough for one try.
    fn fetch_budget(&self, budget: Duration, spent: Duration) -> Duration {
        const ENOUGH: Duration = Duration::from_secs(1);
        budget.saturating_sub(spent).max(ENOUGH.min(budget))
    }

    fn report(&self, log: &Log, error: &StoreError) {
        if matches!(error, StoreError::LeftAlone) {
            return log.debug(format_args!("the engine {} is left alone: {error}", self.url));
        }
        log.info(format_args!("the shared cache {} is not used: {error}", self.url));
        quiet::leave_alone(self.credentials.context(), self.url);
    }
}

fn unusable(error: EngineError) -> StoreError {
    match error {
        EngineError::LeftAlone => StoreError::LeftAlone,
        other => StoreError::Unusable(other.to_string()),
    }
}

pub(crate) fn read_token(bytes: &[u8]) -> Option<Token> {
    let entry: Value = serde_json::from_slice(bytes).ok()?;
    let number = |key: &str| entry.get(key)?.as_i64();
    let value = AccessToken::parse(entry.get("token")?.as_str()?.to_owned())?;
    let token = Token::new(value, number("fetched_at")?, number("life"));
    token.life.is_some().then_some(token)
}

fn random_mark() -> String {
    let mut random = [0; 16];
    // Without randomness the mark is the process's own number, which is enough to tell two owners apart.
    match SystemRandom::new().fill(&mut random) {
        Ok(()) => hexadecimal(&random),
        Err(_) => std::process::id().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aep_core::profile::{ProfileSelection, resolve};
    use aep_core::{Context, Environment, Folders, clock::SystemClock};

    const JWT: [(&str, &str); 6] = [
        ("AEP_CLIENT_ID", "c"),
        ("AEP_CLIENT_SECRET", "secret"),
        ("AEP_ORG_ID", "o@AdobeOrg"),
        ("AEP_TECHNICAL_ACCOUNT_ID", "t@techacct.adobe.com"),
        ("AEP_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ("AEP_SHARED_CACHE", "redis://127.0.0.1:1"),
    ];

    /// The names of what seals a profile of these variables, but for one of them.
    fn names(variables: &[(&str, &str)], name: &str, value: &str) -> Vec<String> {
        let others = variables.iter().filter(|(own, _)| *own != name).copied();
        let context = Context {
            environment: Environment::from_pairs(others.chain([(name, value)])),
            clock: Box::new(SystemClock::start()),
            folders: Folders::default(),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let profile = resolve(&context, &ProfileSelection::default()).unwrap();
        let credentials = Credentials::new(&context, &profile);
        let store =
            RedisStore::new(&credentials, |_, _| Err(aep_core::Error::configuration("no TLS here"))).unwrap().unwrap();
        store.seals().unwrap().iter().map(|seal| seal.entry_name("")).collect()
    }

    #[test]
    fn a_service_account_is_sealed_by_its_key_alone() {
        let own = names(&JWT, "X", "");
        assert_eq!(own.len(), 1);
        // Its client secret differs between machines during a rotation, and lies in more places than the key.
        assert_eq!(names(&JWT, "AEP_CLIENT_SECRET", "another"), own);
        let other = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----";
        assert_ne!(names(&JWT, "AEP_PRIVATE_KEY", other), own);
        assert_ne!(names(&JWT, "AEP_TECHNICAL_ACCOUNT_ID", "u@techacct.adobe.com"), own);
    }

    #[test]
    fn everybody_else_is_sealed_by_the_client_secret() {
        let oauth = [JWT[0], JWT[1], JWT[2], JWT[5]];
        let own = names(&oauth, "X", "");
        assert_eq!(own.len(), 1);
        assert_ne!(names(&oauth, "AEP_CLIENT_SECRET", "another"), own);
        assert_eq!(names(&oauth, "AEP_SHARED_CACHE", "redis://127.0.0.1:2"), own);
    }
}
