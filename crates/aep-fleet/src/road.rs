//! The road on a local miss: the engine's entry, else the engine's lock and another look, else IMS for all machines.

use std::time::Duration;

use aep_core::clock::jittered;
use aep_core::error::Kind;
use aep_core::identity::{Identity, hexadecimal};
use aep_core::secret::Credentials;
use aep_core::token::{AccessToken, Fetch, Fetched, Order, Source, State, Token};
use aep_core::{Error, Profile, Result};
use aep_ims::Ims;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

use crate::engine::{Engine, Trouble};
use crate::seal::Seal;
use crate::{Address, quiet};

const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(80);

/// How long a failed fetch is told to the other machines.
const FAILURE_LIFE: Duration = Duration::from_secs(2);

/// Fetches for this machine, and for all others that want the same.
pub(crate) fn fetch(order: &Order<'_>, address: &Address, ims: &Ims) -> Result<Fetched> {
    let context = order.context;
    if quiet::is_left_alone(context, address) {
        return ims.fetch(order);
    }
    let started = context.clock.monotonic();
    let password = crate::password(context, order.profile)?;
    let served = Engine::connect(context, address, password.as_ref())?
        .and_then(|engine| Shared::new(order, address, engine)?.serve(ims, started));
    match served {
        Ok(result) => result,
        Err(Trouble(why)) => {
            context.log.info(format_args!("the shared cache {address} is not used: {why}"));
            quiet::leave_alone(context, address);
            ims.fetch(&with_rest_of_budget(order, started))
        }
    }
}

/// The same order with what is left of its time, but enough for one try.
fn with_rest_of_budget<'a>(order: &Order<'a>, started: Duration) -> Order<'a> {
    const ENOUGH: Duration = Duration::from_secs(1);
    let used = order.context.clock.monotonic().saturating_sub(started);
    Order { budget: order.budget.saturating_sub(used).max(ENOUGH.min(order.budget)), ..*order }
}

/// What one identity has on the engine.
struct Shared<'o, 'a> {
    order: &'o Order<'a>,
    engine: Engine,
    seals: Vec<Seal>,
    prefix: &'o str,
}

/// A fault of the engine is the outer error; what IMS says of the request is the inner one.
type Served = std::result::Result<Result<Fetched>, Trouble>;

impl<'o, 'a> Shared<'o, 'a> {
    fn new(order: &'o Order<'a>, address: &'o Address, engine: Engine) -> std::result::Result<Self, Trouble> {
        let seals = seals(order.profile, order.credentials).map_err(|error| Trouble(error.message().to_owned()))?;
        Ok(Self { order, engine, seals, prefix: &address.prefix })
    }

    fn serve(&self, ims: &Ims, started: Duration) -> Served {
        let clock = &self.order.context.clock;
        // A quarter is kept for a request of our own, should the other machine never finish.
        let patience = self.order.budget.mul_f32(0.75);
        let known = self.failure_bytes()?;
        let mut pause = SHORTEST_PAUSE;
        loop {
            let found = self.find()?;
            if let Some(token) = found.as_ref().filter(|token| token.state(clock.now()) == State::Live) {
                return Ok(Ok(shared(token.clone())));
            }
            let owner = random_mark();
            let is_ours =
                self.engine.try_lock(&self.lock_name(), &owner, self.order.budget + Duration::from_secs(1))?;
            let failure = self.new_failure(known.as_deref())?.filter(|_| found.is_none());
            let served = match (failure, is_ours) {
                (Some(error), _) => Some(Err(error)),
                (None, true) => Some(self.fetch_for_all(ims, started, found)),
                // Near its end, and another machine renews it.
                (None, false) => found.map(|token| Ok(shared(token))),
            };
            if is_ours {
                let _ = self.engine.unlock(&self.lock_name(), &owner);
            }
            if let Some(served) = served {
                return Ok(served);
            }
            if clock.monotonic().saturating_sub(started) >= patience {
                self.order.context.log.info("another machine holds the shared cache's lock; asking IMS without it");
                return Ok(ims.fetch(&with_rest_of_budget(self.order, started)));
            }
            clock.sleep(jittered(pause));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// With the lock. What the engine does with the result is no longer of weight: this machine has its token.
    fn fetch_for_all(&self, ims: &Ims, started: Duration, old: Option<Token>) -> Result<Fetched> {
        let now = self.order.context.clock.now();
        if let Ok(Some(token)) = self.find()
            && token.state(now) == State::Live
        {
            return Ok(shared(token));
        }
        match ims.fetch(&with_rest_of_budget(self.order, started)) {
            Ok(fetched) => {
                let _ = self.leave_token(&fetched, now);
                Ok(fetched)
            }
            Err(error) => match old {
                // It still serves, as it does on one machine.
                Some(token) => Ok(shared(token)),
                None => {
                    let _ = self.leave_failure(&error);
                    Err(error)
                }
            },
        }
    }

    /// A token on the engine that will do.
    fn find(&self) -> std::result::Result<Option<Token>, Trouble> {
        let now = self.order.context.clock.now();
        for seal in &self.seals {
            let name = seal.entry_name(self.prefix);
            let token = self.engine.get(&name)?.and_then(|sealed| read_token(&seal.open(&name, &sealed)?));
            let will_do = |token: &Token| {
                let remaining = token.remaining(now);
                remaining > 0 && remaining >= self.order.min_valid && self.order.refused != Some(&token.value)
            };
            if let Some(token) = token.filter(will_do) {
                return Ok(Some(token));
            }
        }
        Ok(None)
    }

    fn leave_token(&self, fetched: &Fetched, asked_at: i64) -> std::result::Result<(), Trouble> {
        let (Some(seal), Some(life)) = (self.seals.first(), fetched.life.filter(|life| *life > 0)) else {
            return Ok(());
        };
        let name = seal.entry_name(self.prefix);
        let life = life.min(aep_core::token::LONGEST_LIFE);
        let value = json!({"token": fetched.value.expose(), "fetched_at": asked_at, "life": life}).to_string();
        let value = zeroize::Zeroizing::new(value);
        let Some(sealed) = seal.close(&name, value.as_bytes()) else { return Ok(()) };
        self.engine.set(&name, &sealed, Duration::from_secs(life.unsigned_abs()))?;
        self.engine.remove(&self.failure_name(seal))
    }

    fn leave_failure(&self, error: &Error) -> std::result::Result<(), Trouble> {
        if !matches!(error.kind(), Kind::Refused | Kind::Unreachable) {
            return Ok(());
        }
        let Some(seal) = self.seals.first() else { return Ok(()) };
        let name = self.failure_name(seal);
        let is_refused = error.kind() == Kind::Refused;
        let value = json!({"refused": is_refused, "message": error.message(), "hint": error.cure()}).to_string();
        let Some(sealed) = seal.close(&name, value.as_bytes()) else { return Ok(()) };
        self.engine.set(&name, &sealed, FAILURE_LIFE)
    }

    /// A failure that another machine with the same secret met since this one began to wait.
    fn new_failure(&self, known: Option<&[u8]>) -> std::result::Result<Option<Error>, Trouble> {
        let Some(seal) = self.seals.first() else { return Ok(None) };
        let sealed = self.failure_bytes()?.filter(|sealed| Some(sealed.as_slice()) != known);
        Ok(sealed.and_then(|sealed| {
            let note: Value = serde_json::from_slice(&seal.open(&self.failure_name(seal), &sealed)?).ok()?;
            let text = |key: &str| note.get(key)?.as_str().map(str::to_owned);
            let kind = if note.get("refused")?.as_bool()? { Kind::Refused } else { Kind::Unreachable };
            Some(Error::new(kind, text("message")?).maybe_hint(text("hint")))
        }))
    }

    fn failure_bytes(&self) -> std::result::Result<Option<Vec<u8>>, Trouble> {
        match self.seals.first() {
            Some(seal) => self.engine.get(&self.failure_name(seal)),
            None => Ok(None),
        }
    }

    fn failure_name(&self, seal: &Seal) -> String {
        format!("{}{}:failed", self.prefix, seal.name())
    }

    fn lock_name(&self) -> String {
        format!("{}{}:lock", self.prefix, self.seals.first().map_or("", Seal::name))
    }
}

/// A seal for each secret that may stand behind an entry: the private key of a service account, else the client secrets.
pub(crate) fn seals(profile: &Profile, credentials: &Credentials<'_>) -> Result<Vec<Seal>> {
    let identity = Identity::of(profile);
    let secrets = if profile.private_key.is_some() && profile.flow == aep_core::profile::Flow::Jwt {
        vec![credentials.private_key()?]
    } else {
        std::iter::once(credentials.client_secret()?).chain(credentials.second_client_secret()?).collect()
    };
    Ok(secrets.into_iter().filter_map(|secret| Seal::of(&identity, secret)).collect())
}

pub(crate) fn read_token(bytes: &[u8]) -> Option<Token> {
    let entry: Value = serde_json::from_slice(bytes).ok()?;
    let number = |key: &str| entry.get(key)?.as_i64();
    Some(Token {
        value: AccessToken::parse(entry.get("token")?.as_str()?.to_owned())?,
        fetched_at: number("fetched_at")?,
        life: Some(number("life")?.min(aep_core::token::LONGEST_LIFE)),
        stale_secret: None,
    })
}

fn shared(token: Token) -> Fetched {
    Fetched {
        value: token.value,
        life: token.life,
        fetched_at: Some(token.fetched_at),
        stale_secret: None,
        source: Source::Shared,
    }
}

fn random_mark() -> String {
    let mut random = [0; 16];
    // Without randomness the mark is the process's own number, which is enough to tell two owners apart.
    match SystemRandom::new().fill(&mut random) {
        Ok(()) => hexadecimal(&random),
        Err(_) => std::process::id().to_string(),
    }
}
