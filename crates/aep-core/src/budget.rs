//! How long things may take: `AEP_TIMEOUT` for one whole fetch, `AEP_LOCK_TIMEOUT` for another process's.

use std::time::Duration;

use crate::{Context, Error, Result};

/// Seconds for one whole fetch, retries included, where `AEP_TIMEOUT` says nothing.
const DEFAULT: Duration = Duration::from_secs(8);

/// An early renewal must not keep anybody waiting for long, since the old token still serves.
pub(crate) const EARLY: Duration = Duration::from_secs(3);

/// How often a request may be repeated after a fault that may pass.
pub const RETRIES: u32 = 3;

/// The time for one whole exchange with a server, repetitions included: `AEP_TIMEOUT`, in seconds.
///
/// # Errors
/// Configuration, for a variable that is no number of seconds.
pub fn whole(context: &Context) -> Result<Duration> {
    Ok(seconds(context, "AEP_TIMEOUT")?.unwrap_or(DEFAULT))
}

/// `AEP_LOCK_TIMEOUT`, where it is set.
///
/// # Errors
/// Configuration, for a variable that is no number of seconds.
pub(crate) fn lock_timeout(context: &Context) -> Result<Option<Duration>> {
    seconds(context, "AEP_LOCK_TIMEOUT")
}

fn seconds(context: &Context, variable: &str) -> Result<Option<Duration>> {
    const AN_HOUR: f64 = 3600.0;
    context
        .environment
        .text(variable)?
        .map(|text| match text.parse::<f64>() {
            Ok(seconds) if seconds.is_finite() && seconds > 0.0 => Ok(Duration::from_secs_f64(seconds.min(AN_HOUR))),
            _ => Err(Error::configuration(format!("{variable} is `{text}`; expected a number of seconds, like 8"))),
        })
        .transpose()
}
