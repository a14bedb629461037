//! Other programs for the same work, as their registries install them; no row for one that is not on the path.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::measure::Timed;
use super::place::Place;
use super::rows::Row;

/// What a person of `aepp` writes, but for the address of IMS, which it has no option for. The token is what it begins with.
const AEPP: &str = "
import os
import aepp
from aepp import config, schema
e = os.environ
aepp.configure(org_id=e['AEP_ORG_ID'], client_id=e['AEP_CLIENT_ID'], secret=e['AEP_CLIENT_SECRET'],
               scopes=e['AEP_SCOPES'], sandbox='prod')
config.config_object['oauthTokenEndpointV2'] = e['AEP_IMS_URL'] + '/ims/token/v3'
schema.Schema()
";

/// The rows of the peers that are here.
pub(crate) fn rows(place: &Place) -> Result<Vec<Row>> {
    Ok([aio(place)?, aepp(place), git_credential_oauth(place)].into_iter().flatten().collect())
}

/// Adobe's own command line with a token that it has at hand.
fn aio(place: &Place) -> Result<Option<Row>> {
    let Some(program) = on_path("aio") else { return Ok(None) };
    let folder = place.path("aio/.config");
    std::fs::create_dir_all(&folder)?;
    let token = r#"{"token":"eyJ0","expiry":9999999999999}"#;
    let context = format!(r#"{{"client_id":"a","client_secrets":["b"],"scopes":["openid"],"access_token":{token}}}"#);
    let quiet = r#""aio-cli-telemetry":{"optOut":true}"#;
    std::fs::write(folder.join("aio"), format!(r#"{{"ims":{{"contexts":{{"mine":{context}}}}},{quiet}}}"#))?;
    Ok(Some(Row {
        name: "aep-auth token, cached / aio auth login, cached".to_owned(),
        ours: Timed::new(place.ours("aep-auth"), &["token"]).with(&place.variables("one")),
        theirs: Timed::new(program, &["auth", "login", "--ctx", "mine", "--bare"]).with(&place.variables("aio")),
        rounds: 7,
        limit: None,
    }))
}

/// The Python library, which keeps its token in the process: each script begins with a request.
fn aepp(place: &Place) -> Option<Row> {
    let python = on_path("python3")?;
    let found = Command::new(&python).args(["-c", "import aepp"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut variables = place.variables("one");
    variables.extend(place.emulator.environment().into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    Some(Row {
        name: "aep-auth token, cached / aepp, the same token".to_owned(),
        ours: Timed::new(place.ours("aep-auth"), &["token"]).with(&place.variables("one")),
        theirs: Timed::new(python, &["-W", "ignore", "-c", AEPP]).with(&variables),
        rounds: 7,
        limit: None,
    })
}

/// Another credential helper of git's, asked for a host that it does not know: its start alone, since it keeps nothing.
fn git_credential_oauth(place: &Place) -> Option<Row> {
    let program = on_path("git-credential-oauth")?;
    let input = place.path("git.txt");
    let variables = place.variables("one");
    Some(Row {
        name: "git-credential-aep get / git-credential-oauth, start".to_owned(),
        ours: Timed::new(place.ours("git-credential-aep"), &["get"]).with(&variables).input(input.clone()),
        theirs: Timed::new(program, &["get"]).with(&variables).input(input),
        rounds: 100,
        limit: None,
    })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}
