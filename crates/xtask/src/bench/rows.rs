//! What is compared with what.

use std::process::Command;

use anyhow::{Result, ensure};

use super::measure::Timed;
use super::peers;
use super::place::Place;

/// One line of the table.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: Timed,
    pub(crate) theirs: Timed,
    pub(crate) rounds: usize,
    /// What the ratio must not exceed.
    pub(crate) limit: Option<f64>,
}

/// All rows.
pub(crate) fn all(place: &Place) -> Result<Vec<Row>> {
    let mut rows = cached(place)?;
    rows.extend(many(place));
    rows.extend(cold(place)?);
    rows.extend(calls(place)?);
    rows.extend(peers::rows(place)?);
    Ok(rows)
}

/// Every cached path against an empty program, and git's helper against git's own.
fn cached(place: &Place) -> Result<Vec<Row>> {
    let variables = place.variables("one");
    let empty = || Timed::new(place.empty(), &[]);
    let ours = |name: &str, arguments: &[&str]| Timed::new(place.ours(name), arguments).with(&variables);
    let git = place.path("git.txt");
    let host = place.emulator.url().replace("https://", "");
    std::fs::write(&git, format!("capability[]=authtype\nprotocol=https\nhost={host}\n\n"))?;
    let bazel = place.path("bazel.json");
    std::fs::write(&bazel, format!("{{\"uri\":\"https://{host}/x\"}}"))?;
    let store = place.path("git-credentials");
    std::fs::write(&store, format!("https://user:secret@{}\n", host.replace(':', "%3a")))?;
    let store_arguments = ["--file", &store.to_string_lossy(), "get"].map(str::to_owned);
    let git_store = git_exec_path()?.join("git-credential-store");
    let git_store = Timed::new(git_store, &store_arguments.each_ref().map(String::as_str)).input(git.clone());
    let row = |name: &str, ours: Timed, theirs: Timed, limit: f64| Row {
        name: name.to_owned(),
        ours,
        theirs,
        rounds: 400,
        limit: Some(limit),
    };
    Ok(vec![
        row("aep-auth token, cached / empty", ours("aep-auth", &["token"]), empty(), 1.08),
        row("aep-auth headers, cached / empty", ours("aep-auth", &["headers"]), empty(), 1.08),
        row("aep-prompt / empty", ours("aep-prompt", &[]), empty(), 0.72),
        row(
            "git-credential-aep get / git-credential-store get",
            ours("git-credential-aep", &["get"]).input(git),
            git_store,
            0.72,
        ),
        row("kube-credential-aep, cached / empty", ours("kube-credential-aep", &[]), empty(), 0.85),
        row(
            "bazel-credential-aep get, cached / empty",
            ours("bazel-credential-aep", &["get"]).input(bazel),
            empty(),
            0.85,
        ),
        row("aep-auth status, cached / empty", ours("aep-auth", &["status"]), empty(), 1.35),
        row("aep-postman environment, cached / empty", ours("aep-postman", &["environment"]), empty(), 1.25),
    ])
}

/// The same work beside 10,000 other profiles and entries.
fn many(place: &Place) -> Vec<Row> {
    [("aep-auth", ["token"].as_slice()), ("aep-prompt", &[])]
        .map(|(name, arguments)| Row {
            name: format!("{name} beside 10,000 profiles and entries / alone"),
            ours: Timed::new(place.ours(name), arguments).with(&place.variables("many")),
            theirs: Timed::new(place.ours(name), arguments).with(&place.variables("one")),
            rounds: 400,
            limit: Some(1.00),
        })
        .to_vec()
}

/// A fetch over TLS against curl with the same request.
fn cold(place: &Place) -> Result<Vec<Row>> {
    let client: Vec<(String, String)> =
        place.emulator.environment().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let value = |name: &str| client.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str());
    let scopes = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext";
    let config = place.path("curl.cfg");
    std::fs::write(
        &config,
        format!(
            "silent\nfail\ncacert = \"{}\"\nurl = \"{}/ims/token/v3\"\n\
             data-urlencode = \"grant_type=client_credentials\"\ndata-urlencode = \"client_id={}\"\n\
             data-urlencode = \"client_secret={}\"\ndata-urlencode = \"scope={scopes}\"\n",
            place.path("ca.pem").display(),
            place.emulator.url(),
            value("AEP_CLIENT_ID"),
            value("AEP_CLIENT_SECRET"),
        ),
    )?;
    let variables = place.variables("one");
    let ours = Timed::new(place.ours("aep-auth"), &["token"]).with(&variables);
    let ours = ours.after(Timed::new(place.ours("aep-auth"), &["forget"]).with(&variables));
    let curl = Timed::new("curl", &["--config", &config.to_string_lossy()]).with(&variables);
    Ok(vec![Row {
        name: "aep-auth token, cold over TLS / curl, same request".to_owned(),
        ours,
        theirs: curl,
        rounds: 60,
        limit: Some(0.80),
    }])
}

/// A call with a cached token against curl with the same headers, and Query Service's variables against `exec`.
fn calls(place: &Place) -> Result<Vec<Row>> {
    const PATH: &str = "/data/foundation/schemaregistry/global/classes";
    let variables = place.variables("one");
    let ours = |arguments: &[&str]| Timed::new(place.ours("aep-auth"), arguments).with(&variables);
    let headers = Command::new(place.ours("aep-auth"))
        .args(["headers", "--format", "curl"])
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()?;
    ensure!(headers.status.success(), "headers failed");
    let config = place.path("call.cfg");
    let own = format!(
        "silent\nfail\ncacert = \"{}\"\nurl = \"{}{PATH}\"\nheader = \"Accept: application/vnd.adobe.xed-id+json\"\n",
        place.path("ca.pem").display(),
        place.emulator.url(),
    );
    std::fs::write(&config, [own.as_bytes(), &headers.stdout].concat())?;
    let curl = Timed::new("curl", &["--config", &config.to_string_lossy()]).with(&variables);
    Ok(vec![
        Row {
            name: "aep-auth api, cached, over TLS / curl, same call".to_owned(),
            ours: ours(&["api", PATH]),
            theirs: curl,
            rounds: 60,
            limit: Some(1.00),
        },
        Row {
            name: "aep-auth query -- true / aep-auth exec -- true".to_owned(),
            ours: ours(&["query", "--sandbox", "prod", "--", "/bin/true"]),
            theirs: ours(&["exec", "--", "/bin/true"]),
            rounds: 200,
            limit: Some(1.50),
        },
    ])
}

fn git_exec_path() -> Result<std::path::PathBuf> {
    let output = Command::new("git").arg("--exec-path").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

/// A miss through a helper, and the same by `aep-auth token`.
pub(crate) fn miss(place: &Place) -> Row {
    let variables = place.variables("one");
    let forget = || Timed::new(place.ours("aep-auth"), &["forget"]).with(&variables);
    Row {
        name: "git-credential-aep get, a miss / aep-auth token, a miss".to_owned(),
        ours: Timed::new(place.ours("git-credential-aep"), &["get"])
            .with(&variables)
            .input(place.path("git.txt"))
            .after(forget()),
        theirs: Timed::new(place.ours("aep-auth"), &["token"]).with(&variables).after(forget()),
        rounds: 60,
        limit: None,
    }
}
