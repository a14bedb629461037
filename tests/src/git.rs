//! A git host that takes nothing but Bearer tokens: git's own `http-backend`, at the emulator's address; and one of git-lfs
//! for clients that know none, where the token is a password.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use ims_emulator::{Answer, Emulator, Options, Request};

/// Starts an emulator that also serves the repositories below `folder`, under `/git/`.
pub fn host(folder: &Path) -> Emulator {
    host_with(folder, Options::default())
}

/// The same with further options.
pub fn host_with(folder: &Path, options: Options) -> Emulator {
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
    Emulator::start(Options { service: Some(service), ..options }).unwrap()
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

/// Starts an emulator whose repositories below `/git/` take the token as a password (Basic), those of git-lfs as well.
pub fn password_host(folder: &Path) -> Emulator {
    let folder = folder.to_owned();
    let objects: Mutex<HashMap<String, Vec<u8>>> = Mutex::default();
    let service = Arc::new(move |request: &Request, is_valid: &dyn Fn(&str) -> bool| {
        let path = request.path.strip_prefix("/git")?;
        let password =
            request.header("authorization").and_then(|value| value.strip_prefix("Basic ")).and_then(|text| {
                let words = String::from_utf8(base64(text)?).ok()?;
                Some(words.split_once(':')?.1.to_owned())
            });
        if !password.is_some_and(|password| is_valid(&password)) {
            let mut refusal = Answer::empty(401);
            let name = if path.contains("/info/lfs/") { "LFS-Authenticate" } else { "WWW-Authenticate" };
            refusal.headers.push((name.to_owned(), "Basic realm=\"git\"".to_owned()));
            return Some(refusal);
        }
        let Some((_, what)) = path.split_once("/info/lfs/") else { return Some(backend(&folder, path, request)) };
        let mut objects = objects.lock().unwrap();
        Some(match what.strip_prefix("objects/") {
            Some("batch") => batch(request, &objects),
            Some(id) if request.method == "PUT" => {
                objects.insert(id.to_owned(), request.body.clone());
                Answer::empty(200)
            }
            Some(id) => match objects.get(id) {
                Some(bytes) => Answer { status: 200, headers: Vec::new(), body: bytes.clone() },
                None => Answer::empty(404),
            },
            // No locks here.
            None => Answer::empty(404),
        })
    });
    Emulator::start(Options { service: Some(service), ..Options::default() }).unwrap()
}

/// The batch of git-lfs: where each object is to be put or had.
fn batch(request: &Request, objects: &HashMap<String, Vec<u8>>) -> Answer {
    let asked: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let host = request.header("host").unwrap_or_default();
    let base = format!("http://{host}{}", request.path.trim_end_matches("/batch"));
    let operation = asked["operation"].as_str().unwrap_or_default();
    let answers: Vec<_> = asked["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| {
            let id = object["oid"].as_str().unwrap();
            let mut answer = serde_json::json!({"oid": id, "size": object["size"]});
            if operation == "download" || !objects.contains_key(id) {
                answer["actions"] = serde_json::json!({operation: {"href": format!("{base}/{id}")}});
            }
            answer
        })
        .collect();
    let mut answer = Answer::json(200, &serde_json::json!({"transfer": "basic", "objects": answers}));
    answer.headers = vec![("Content-Type".to_owned(), "application/vnd.git-lfs+json".to_owned())];
    answer
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|own| *own == byte)?;
        bits = (bits << 6 | u32::try_from(digit).ok()?) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}
