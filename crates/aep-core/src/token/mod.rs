//! An access token, its life, whose it is ([`identity`]) and who earned it ([`Earners`]).
//!
//! The rules of time are those of the local clock: a token is live from the moment it was fetched for as long as its
//! life lasts, so that a wrong clock does no harm as long as it is steady.

use std::fmt;

use crate::secret::Secret;

mod earners;
pub mod identity;

pub use earners::{Earners, Mark, Proof};

/// A life is never taken to be longer than this: Experience Platform tokens live a day, and a unit mistaken is a
/// thousand days.
pub const LONGEST_LIFE: i64 = 24 * 60 * 60;

/// A token is renewed this long before it ends, or a tenth of its life before, if that is less.
pub const LONGEST_MARGIN: i64 = 5 * 60;

/// A clock may stand this far before the moment of the fetch; further is a clock that was set back.
const BACKWARD_TOLERANCE: i64 = 60;

/// The token itself: visible ASCII, so that it fits a header line, a shell word and a protocol's value.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// Accepts what a header may hold; `None` for anything else.
    pub fn parse(text: String) -> Option<Self> {
        const MOST_BYTES: usize = 64 * 1024;
        let fits = !text.is_empty() && text.len() <= MOST_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
        let secret = Secret::new(text);
        fits.then_some(Self(secret))
    }

    /// The token itself, for the one place that prints or sends it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// An access token and its times, in seconds of the local clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub value: AccessToken,
    /// Unix time of the fetch.
    pub fetched_at: i64,
    /// How long it lives from then; `None` where IMS did not say.
    pub life: Option<i64>,
    /// Which client secret IMS no longer accepts, counted from one, if the other one had to serve.
    pub stale_secret: Option<u8>,
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

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cache, Self::Shared, Self::Ims].into_iter().find(|source| source.name() == text)
    }
}

/// What a cached token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Live, and not to be renewed yet.
    Live,
    /// Live, but inside the renewal margin.
    Expiring,
    /// No longer live.
    Expired,
}

impl State {
    /// The word in `status --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
        }
    }
}

impl Token {
    /// A token that was fetched at this Unix time. A life that is missing or not positive is none; a longer one than
    /// [`LONGEST_LIFE`] is that long.
    pub fn new(value: AccessToken, fetched_at: i64, life: Option<i64>) -> Self {
        let life = life.filter(|life| *life > 0).map(|life| life.min(LONGEST_LIFE));
        Self { value, fetched_at, life, stale_secret: None }
    }

    /// The token, if it lives exactly so long: a stored life that was cut is not ours.
    pub(crate) fn filter_life(self, life: i64) -> Option<Self> {
        (self.life == Some(life)).then_some(self)
    }

    /// Unix time at which the token ends; `None` where IMS did not say.
    pub fn expires_at(&self) -> Option<i64> {
        self.life.map(|life| self.fetched_at.saturating_add(life))
    }

    /// Seconds left at `now`; zero when it is over, when it is unknown, or when the clock was set back.
    pub fn remaining(&self, now: i64) -> i64 {
        if now < self.fetched_at.saturating_sub(BACKWARD_TOLERANCE) {
            return 0;
        }
        self.expires_at().map_or(0, |end| end.saturating_sub(now.max(self.fetched_at)).max(0))
    }

    /// What the token is good for at `now`.
    pub fn state(&self, now: i64) -> State {
        match self.remaining(now) {
            0 => State::Expired,
            left if left < self.margin() => State::Expiring,
            _ => State::Live,
        }
    }

    /// The end that is told to a tool that will not ask again before it: the real one less a minute, or, if that is
    /// past, the earlier of the real one and half a minute from now. `None` where IMS did not say when it ends.
    pub fn advertised_expiry(&self, now: i64) -> Option<i64> {
        self.expires_at().map(|end| if end - 60 > now { end - 60 } else { end.min(now + 30) })
    }

    fn margin(&self) -> i64 {
        LONGEST_MARGIN.min(self.life.unwrap_or(0) / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(fetched_at: i64, life: i64) -> Token {
        let value = AccessToken::parse("token".to_owned()).unwrap();
        Token { value, fetched_at, life: Some(life), stale_secret: None }
    }

    #[test]
    fn a_token_holds_what_a_header_may_hold() {
        assert!(AccessToken::parse("eyJ.a-b_c=~".to_owned()).is_some());
        for text in ["", "a b", "a\nb", "a\r", "a\0", "ä", "\u{7f}"] {
            assert!(AccessToken::parse(text.to_owned()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn live_from_the_fetch_to_the_end() {
        let token = token(1_000, 3_600);
        for (now, state) in [
            (939, State::Expired),
            (940, State::Live),
            (1_000, State::Live),
            (4_300, State::Live),
            (4_301, State::Expiring),
            (4_599, State::Expiring),
            (4_600, State::Expired),
            (i64::MAX, State::Expired),
            (i64::MIN, State::Expired),
        ] {
            assert_eq!(token.state(now), state, "at {now}");
        }
    }

    #[test]
    fn a_short_life_has_a_short_margin() {
        let token = token(0, 60);
        assert_eq!(token.state(54), State::Live);
        assert_eq!(token.state(55), State::Expiring);
    }

    #[test]
    fn the_advertised_end_is_never_past() {
        let token = token(0, 3_600);
        for (now, end) in [(0, 3_540), (3_539, 3_540), (3_540, 3_570), (3_580, 3_600)] {
            assert_eq!(token.advertised_expiry(now), Some(end), "at {now}");
        }
    }
}
