//! Field by field, as the tutorial's reader copies them from the Developer Console's page.

use std::io::Read;
use std::path::{Path, PathBuf};

use aep_core::io_words::io_words;
use aep_core::profile::{DEFAULT_META_SCOPE, DEFAULT_SCOPES, Flow, split_list};
use aep_core::secret::Secret;
use aep_core::{Error, Result, text};

use super::{Candidate, Kind};
use crate::prompt;

/// A key is a few kilobytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Asks on the terminal; the client secret without echo, the private key by its path, if it was not given.
pub(crate) fn ask(home: Option<&Path>, has_key: bool) -> Result<Candidate> {
    let ask = |what: &str| prompt::line(&format!("{what}: "));
    let optional = |text: String| Some(text).filter(|text| !text.is_empty());
    let client_id = ask("API key (client id)")?;
    if client_id.is_empty() {
        return Err(Error::configuration("the client id is empty"));
    }
    let secret = prompt::secret("client secret (not shown): ")?;
    let org_id = optional(ask("organization id (…@AdobeOrg)")?);
    let technical_account_id =
        optional(ask("technical account id, for a service account (JWT); empty for OAuth Server-to-Server")?);
    let flow = if technical_account_id.is_some() { Flow::Jwt } else { Flow::Oauth };
    // What is not typed is taken without a word: the question says so, and there is no file that could name it.
    let (mut scopes, mut meta_scopes) = (Vec::new(), Vec::new());
    let mut private_key = None;
    if flow == Flow::Jwt {
        meta_scopes.push(DEFAULT_META_SCOPE.to_owned());
        let path = if has_key { None } else { optional(ask("path of the private key (private.key)")?) };
        private_key = path.map(|path| read_key(&path, home)).transpose()?;
    } else {
        scopes = split_list(&ask("scopes (empty: those of Experience Platform)")?);
        if scopes.is_empty() {
            scopes = DEFAULT_SCOPES.map(str::to_owned).to_vec();
        }
    }
    Ok(Candidate {
        scopes,
        meta_scopes,
        private_key,
        found_in: "what you typed",
        kind: Kind::Service(flow),
        client_id,
        client_secrets: Some(secret).filter(|secret| !secret.is_empty()).into_iter().collect(),
        org_id,
        technical_account_id,
        ..Candidate::default()
    })
}

fn read_key(typed: &str, home: Option<&Path>) -> Result<Secret> {
    // No shell has seen the path.
    let path = match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    };
    let refuse =
        |error: std::io::Error| Error::configuration(format!("cannot read {}: {}", path.display(), io_words(&error)));
    let mut bytes = Vec::with_capacity(8192);
    let file = std::fs::File::open(&path).map_err(refuse)?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(refuse)?;
    let text = text::decode(bytes).ok_or_else(|| refuse(std::io::ErrorKind::InvalidData.into()))?;
    Ok(Secret::new(crate::certificate::with_neighbour(text, &path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_read_is_told_in_our_words() {
        for typed in ["/no/such/key", "/"] {
            let told = read_key(typed, None).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.starts_with("cannot read /") && !told.contains("os error"), "{told}");
        }
    }
}
