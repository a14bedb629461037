//! Looking up a server's name: in time, on a thread of its own where one is to be had.
//!
//! ureq's own resolver starts a thread in a way that panics where the system gives none, and reports an unknown name as
//! any other fault of input and output.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// More addresses than these are not tried.
const MOST_ADDRESSES: usize = 16;

/// The system's look-up, with a deadline.
#[derive(Debug)]
pub(crate) struct TimedResolver;

impl Resolver for TimedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let authority = uri.authority().ok_or(Error::HostNotFound)?;
        let default_port = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let port = authority.port_u16().unwrap_or(default_port);
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let mut found = self.empty();
        let addresses = look_up(host, port, timeout)?;
        for address in config.ip_family().keep_wanted(addresses.into_iter()).take(MOST_ADDRESSES) {
            found.push(address);
        }
        if found.is_empty() { Err(Error::HostNotFound) } else { Ok(found) }
    }
}

fn look_up(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let spawned = std::thread::Builder::new().spawn(move || {
        // Nobody listens any more where it took too long.
        let _ = sender.send((name.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    });
    if spawned.is_err() {
        // A late answer is better than none.
        return (host, port).to_socket_addrs().map(Vec::from_iter).map_err(failed);
    }
    match receiver.recv_timeout(*timeout.after) {
        Ok(found) => found.map_err(failed),
        Err(_) => Err(Error::Timeout(timeout.reason)),
    }
}

/// A look-up that failed. On Unix the resolver's own codes are none of the system's; on Windows they are four of them.
fn failed(error: io::Error) -> Error {
    /// `WSAHOST_NOT_FOUND`, `WSATRY_AGAIN`, `WSANO_RECOVERY`, `WSANO_DATA`.
    const OF_THE_RESOLVER: std::ops::RangeInclusive<i32> = 11_001..=11_004;
    match error.raw_os_error() {
        Some(code) if !OF_THE_RESOLVER.contains(&code) => Error::Io(error),
        Some(_) | None => Error::HostNotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_resolver_says_is_an_unknown_name_and_the_rest_is_the_system() {
        for code in 11_001..=11_004 {
            assert!(matches!(failed(io::Error::from_raw_os_error(code)), Error::HostNotFound), "{code}");
        }
        assert!(matches!(failed(io::Error::other("failed to lookup address information")), Error::HostNotFound));
        // No file handles, no sockets.
        for code in [24, 10_107] {
            assert!(matches!(failed(io::Error::from_raw_os_error(code)), Error::Io(_)), "{code}");
        }
    }
}
