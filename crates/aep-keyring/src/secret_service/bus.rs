//! Which bus is asked: a socket on this machine that is the user's or root's.
//!
//! The library takes more. `unixexec:` runs a program of the address's choice with all of our variables, `tcp:` reaches
//! whoever answers there, and without an address it starts `dbus-launch`, wherever the `PATH` has it.

use std::path::{Path, PathBuf};

use aep_core::secret::keyring::KeyringError;
use aep_core::trust;

/// Looks at the address before the library does.
///
/// # Errors
/// There is no bus, or the address leads elsewhere.
#[expect(clippy::disallowed_methods, reason = "as the library reads them")]
pub(super) fn check() -> Result<(), KeyringError> {
    let usual = std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("bus"));
    let address = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
    judge(address.to_str().ok_or(KeyringError::ForeignBus)?, usual.as_deref(), trust::is_own_socket)
}

/// All addresses of a list, since the library tries one after the other.
fn judge(address: &str, usual: Option<&Path>, socket: impl Fn(&Path) -> Option<bool>) -> Result<(), KeyringError> {
    let look = |path: Option<&Path>| match path.and_then(&socket) {
        Some(true) => Ok(()),
        Some(false) => Err(KeyringError::ForeignBus),
        None => Err(KeyringError::NoSession),
    };
    if address.is_empty() {
        return look(usual);
    }
    for one in address.split(';').filter(|one| !one.is_empty()) {
        for pair in one.strip_prefix("unix:").ok_or(KeyringError::ForeignBus)?.split(',') {
            match pair.split_once('=').ok_or(KeyringError::ForeignBus)? {
                ("path", path) => look(Some(Path::new(&unescaped(path))))?,
                ("runtime", _) => look(usual)?,
                // Nobody's by its name: whoever sets the variables names it.
                ("abstract" | "guid", _) => {}
                _ => return Err(KeyringError::ForeignBus),
            }
        }
    }
    Ok(())
}

fn unescaped(value: &str) -> String {
    let mut parts = value.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        // A wrong one leads nowhere, here and in the library.
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        bytes.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_a_socket_of_ones_own_on_this_machine() {
        let socket = |path: &Path| match path.to_str() {
            Some("/run/bus" | "/tmp/a b" | "/run/user/7/bus") => Some(true),
            Some("/tmp/theirs") => Some(false),
            _ => None,
        };
        let judged = |address| judge(address, Some(Path::new("/run/user/7/bus")), socket);
        for address in
            ["", "unix:path=/run/bus", "unix:path=/tmp/a%20b,guid=7", "unix:abstract=/tmp/x", "unix:runtime=yes"]
        {
            assert_eq!(judged(address), Ok(()), "{address}");
        }
        for address in [
            "unixexec:path=/tmp/evil.sh",
            "tcp:host=127.0.0.1,port=7",
            "nonce-tcp:host=localhost,port=7,noncefile=/tmp/n",
            "launchd:env=X",
            "autolaunch:",
            "systemd:",
            "unix:path=/tmp/theirs",
            "unix:path=/tmp/their%73",
            "unix:path=/run/bus;unixexec:path=/tmp/evil.sh",
            "unix:dir=/tmp",
            "unix:",
            "UNIX:path=/run/bus",
            " unix:path=/run/bus",
            "/run/bus",
        ] {
            assert_eq!(judged(address), Err(KeyringError::ForeignBus), "{address}");
        }
        assert_eq!(judged("unix:path=/none"), Err(KeyringError::NoSession));
        assert_eq!(judge("", None, socket), Err(KeyringError::NoSession));
    }
}
