//! Time, handed in: a test moves it by hand, and no test needs a sleep.

use std::time::Duration;

/// The local clock, a stop-watch, and a way to wait.
pub trait Clock {
    /// Unix time in milliseconds. It may be wrong, and may jump.
    fn unix_millis(&self) -> i64;

    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// Unix time in whole seconds.
    fn now(&self) -> i64 {
        self.unix_millis().div_euclid(1000)
    }
}

/// Between half of a pause and all of it, so that those who wait do not come back in step.
pub fn jittered(pause: Duration) -> Duration {
    let mut random = [0; 1];
    crate::digest::random(&mut random);
    pause / 2 + pause / 2 * u32::from(random[0]) / 255
}

/// The clock of this machine.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl SystemClock {
    /// Starts the stop-watch.
    pub fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the system's time enters")]
    fn unix_millis(&self) -> i64 {
        let signed = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => signed(after),
            Err(before) => -signed(before.duration()),
        }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is where waiting happens")]
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
