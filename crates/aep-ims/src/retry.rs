//! Repeating a request within a deadline: the same rule for IMS and the platform's gateway.

use std::time::Duration;

use aep_core::clock::jittered;
use aep_core::url::BaseUrl;
use aep_core::{Context, Error, Result};

use crate::http::Answer;

const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// How long one call goes on trying.
pub(crate) struct RetryPolicy<'a> {
    context: &'a Context,
    server: &'a BaseUrl,
    /// On the clock's stop-watch.
    deadline: Duration,
    left: u32,
    pause: Duration,
}

impl<'a> RetryPolicy<'a> {
    /// Until this moment of the clock's stop-watch, with this many repetitions.
    pub(crate) fn until(deadline: Duration, repetitions: u32, context: &'a Context, server: &'a BaseUrl) -> Self {
        Self { context, server, deadline, left: repetitions, pause: FIRST_PAUSE }
    }

    /// The time that the next request may take.
    pub(crate) fn budget(&self) -> Result<Duration> {
        let budget = self.deadline.saturating_sub(self.context.clock.monotonic());
        if budget.is_zero() {
            return Err(Error::unreachable(format!("{} did not answer in time", self.server))
                .with_hint("try again, or give it longer: AEP_TIMEOUT=30 (seconds)"));
        }
        Ok(budget)
    }

    pub(crate) fn repeat_at_most(&mut self, repetitions: u32) {
        self.left = self.left.min(repetitions);
    }

    /// Waits for another try, as long as the server asks or longer each time; `false` where there is none in time.
    pub(crate) fn wait(&mut self, asked_pause: Option<Duration>) -> bool {
        let clock = &self.context.clock;
        // A moment that is past already asks for no wait at all; the server is spared all the same.
        let own = jittered(self.pause);
        let wait = asked_pause.map_or(own, |asked| asked.max(own));
        if self.left == 0 || clock.monotonic() + wait >= self.deadline {
            return false;
        }
        self.context.log.debug(format_args!("{} will be asked again in {} ms", self.server, wait.as_millis()));
        clock.sleep(wait);
        self.left -= 1;
        self.pause *= 2;
        true
    }
}

impl Answer {
    /// Whether the server could not answer now, and may later.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.status == 429 || self.status >= 500
    }

    /// How long the server asks to wait. `now` serves where it does not tell its own time.
    pub(crate) fn asked_pause(&self, now: i64) -> Option<Duration> {
        wait_of(self.retry_after.as_deref()?, self.date.unwrap_or(now))
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, which is measured from the answer's own date.
pub(crate) fn wait_of(text: &str, answered_at: i64) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX)).min(u64::from(u32::MAX))));
    }
    let then = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(then.saturating_sub(Duration::from_secs(u64::try_from(answered_at).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_both_forms() {
        let answered_at = 784_111_777;
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(wait_of(text, answered_at), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
