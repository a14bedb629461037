//! Looking up a server's name: in time, on a thread of its own where one is to be had.
//!
//! ureq's own resolver starts a thread in a way that panics where the system gives none, and reports an unknown name as
//! any other fault of input and output.

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
        return (host, port).to_socket_addrs().map(Vec::from_iter).map_err(|_| Error::HostNotFound);
    }
    match receiver.recv_timeout(*timeout.after) {
        Ok(found) => found.map_err(|_| Error::HostNotFound),
        Err(_) => Err(Error::Timeout(timeout.reason)),
    }
}
