//! Whether a server can be reached at all, for `doctor`: the name, the proxy, the TLS chain, and the server's clock.

use std::path::Path;
use std::time::Duration;

use aep_core::url::BaseUrl;
use aep_core::{Context, Result};

use crate::http::Http;
use crate::proxy;

/// A person waits for it.
const BUDGET: Duration = Duration::from_secs(5);

/// What a server that answered has told.
#[derive(Debug)]
pub struct Reached {
    /// Seconds that the server's clock is ahead of the local one; `None` where it sent no `Date`.
    pub clock_ahead: Option<i64>,
}

/// Asks a server for anything; every answer counts.
///
/// # Errors
/// As every fetch: unreachable, or a certificate file or proxy that cannot be used.
pub fn reach(context: &Context, server: &BaseUrl, ca_file: Option<&Path>, tool: &str) -> Result<Reached> {
    let http = Http::to(server, ca_file, context, tool)?;
    let answer = http.probe(BUDGET).map_err(|no_answer| no_answer.error)?;
    let now = context.clock.now();
    Ok(Reached { clock_ahead: answer.date.map(|date| date - now) })
}

/// The proxy that a request to `server` goes through, as host and port; never its user or password.
///
/// # Errors
/// Configuration, when the variable cannot be used.
pub fn proxy_for(context: &Context, server: &BaseUrl) -> Result<Option<String>> {
    let proxy = proxy::choose(&context.environment, server)?;
    Ok(proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())))
}
