//! A git host that takes nothing but Bearer tokens: git's own `http-backend`, at the emulator's address.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use ims_emulator::{Answer, Emulator, Options, Request};

/// Starts an emulator that also serves the repositories below `folder`, under `/git/`.
pub fn host(folder: &Path) -> Emulator {
    let folder = folder.to_owned();
    let service = Arc::new(move |request: &Request, is_valid: &dyn Fn(&str) -> bool| {
        let path = request.path.strip_prefix("/git")?;
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if token.is_none_or(|token| !is_valid(token)) {
            let mut refusal = Answer::empty(401);
            refusal.headers.push(("WWW-Authenticate".to_owned(), "Bearer realm=\"git\"".to_owned()));
            return Some(refusal);
        }
        Some(backend(&folder, path, request))
    });
    Emulator::start(Options { service: Some(service), ..Options::default() }).unwrap()
}

/// An empty repository that can be pushed to.
pub fn bare_repository(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let made = Command::new("git").args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(&path).status();
    assert!(made.unwrap().success());
    let allow = Command::new("git").arg("-C").arg(&path).args(["config", "http.receivepack", "true"]).status();
    assert!(allow.unwrap().success());
    path
}

/// One request by CGI (RFC 3875).
fn backend(folder: &Path, path: &str, request: &Request) -> Answer {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", &request.query)
        .env("REQUEST_METHOD", &request.method)
        .env("REMOTE_USER", "technical-account")
        .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&request.body).unwrap();
    let output = child.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let mut answer = Answer { status: 200, headers: Vec::new(), body: output[end + 4..].to_vec() };
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if name == "Status" {
            answer.status = value.split(' ').next().unwrap().parse().unwrap();
        } else {
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    answer
}
