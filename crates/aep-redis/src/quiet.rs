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
