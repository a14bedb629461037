//! After a failure the engine is left alone for a while on this machine, so that not every process finds out anew.

use aep_core::cache::Note;
use aep_core::profile::shared_cache::SharedCacheUrl;
use aep_core::token::identity::hexadecimal;
use aep_core::{Context, Result};

/// Seconds.
const PAUSE: i64 = 30;

fn note(context: &Context, address: &SharedCacheUrl) -> Result<Note> {
    let digest = ring::digest::digest(&ring::digest::SHA256, address.to_string().as_bytes());
    Ok(Note::at(context.folders.cache()?, format!("{}.engine", &hexadecimal(digest.as_ref())[..32])))
}

/// Whether the engine failed just now.
pub(crate) fn is_left_alone(context: &Context, address: &SharedCacheUrl) -> bool {
    let failed_at = note(context, address).ok().and_then(|note| {
        let bytes = note.read()?;
        std::str::from_utf8(&bytes).ok()?.trim().parse::<i64>().ok()
    });
    let now = context.clock.now();
    // A clock that was set back must not make this last.
    failed_at.is_some_and(|at| (at..at.saturating_add(PAUSE)).contains(&now))
}

/// Remembers that the engine failed; best effort.
pub(crate) fn leave_alone(context: &Context, address: &SharedCacheUrl) {
    if let Ok(note) = note(context, address) {
        note.overwrite(format!("{:<20}", context.clock.now()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aep_core::{Clock, Environment, Folders, Log};
    use std::time::Duration;

    struct At(i64);

    impl Clock for At {
        fn unix_millis(&self) -> i64 {
            self.0 * 1000
        }
        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
        fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn an_engine_that_failed_is_left_alone_for_half_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| Context {
            environment: Environment::from_pairs([] as [(&str, &str); 0]),
            clock: Box::new(At(second)),
            folders: Folders::at(folder.path(), folder.path(), folder.path()),
            log: Log::silent(),
            keyring: Default::default(),
        };
        let [one, other] =
            ["rediss://one", "rediss://other"].map(|url| SharedCacheUrl::parse("shared_cache", url).unwrap());
        leave_alone(&at(100), &one);
        for (second, is_left) in [(99, false), (100, true), (129, true), (130, false)] {
            assert_eq!(is_left_alone(&at(second), &one), is_left, "{second}");
        }
        assert!(!is_left_alone(&at(100), &other));
    }
}
