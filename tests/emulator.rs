//! `ims-emulator` as a user meets it: what it prints works, it is as strict as IMS, and it can be driven by HTTP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use stories::{World, assert_clean, has, not_here, text};

/// The program, and what it printed.
struct Running {
    child: Child,
    printed: String,
}

impl Running {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let folder = world.path("emulator");
        let mut command = world.command("ims-emulator");
        command.args(["--dir", folder.to_str().unwrap()]).args(arguments);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            printed.push_str(&line);
            printed.push('\n');
            // The last line of the introduction.
            if line.contains("--profile service") {
                break;
            }
        }
        Self { child, printed }
    }

    fn url(&self) -> &str {
        self.printed.lines().next().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request; gives the status and the body.
fn http(url: &str, method: &str, path: &str, content_type: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let host = url.strip_prefix("http://").unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or_default())
}

#[test]
fn the_lines_that_it_prints_work_over_http_and_tls() {
    if !has("bash") {
        return;
    }
    for arguments in [vec![], vec!["--tls"]] {
        let world = World::empty();
        let running = Running::start(&world, &arguments);
        let exports: String =
            running.printed.lines().filter(|line| line.starts_with("export ")).collect::<Vec<_>>().join("\n");
        let service: String = running
            .printed
            .lines()
            .filter_map(|line| line.strip_prefix("# export "))
            .map(|line| format!("export {line}\n"))
            .collect();
        let ca = if arguments.is_empty() { "" } else { "AEP_CA_FILE=$HOME/emulator/ca.pem; export AEP_CA_FILE" };
        let imports: String = running
            .printed
            .lines()
            .filter_map(|line| line.strip_prefix("#   "))
            .map(|line| format!("{line}\n"))
            .collect();
        for script in [
            format!("{exports}\naep-auth token && aep-auth check >/dev/null"),
            format!("{ca}\n{service}\naep-auth token"),
            format!("{ca}\n({imports}) >/dev/null && aep-auth token && aep-auth token --profile service >/dev/null"),
        ] {
            let mut shell = Command::new("bash");
            world.prepare(&mut shell);
            let output = shell.args(["-c", &script]).output().unwrap();
            assert_clean(&output);
            assert!(text(&output.stdout).starts_with("eyJ"), "{script}");
        }
    }
}

#[test]
fn it_is_as_strict_as_ims() {
    let world = World::empty();
    let running = Running::start(&world, &[]);
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(world.path("emulator/credential-oauth.json")).unwrap()).unwrap();
    let (id, secret) = (known["CLIENT_ID"].as_str().unwrap(), known["CLIENT_SECRETS"][0].as_str().unwrap());
    let form = "application/x-www-form-urlencoded";
    let good = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=openid");
    let (status, body) = http(running.url(), "POST", "/ims/token/v3", form, &good);
    assert_eq!((status, body["token_type"].as_str(), body["expires_in"].as_i64()), (200, Some("bearer"), Some(86_399)));
    for (what, path, content_type, body, status, error) in [
        ("a query", "/ims/token/v3?client_id=x", form, good.clone(), 400, "invalid_request"),
        ("JSON", "/ims/token/v3", "application/json", "{}".to_owned(), 400, "invalid_request"),
        ("no grant", "/ims/token/v3", form, good.replace("grant_type", "x"), 400, "invalid_request"),
        (
            "another grant",
            "/ims/token/v3",
            form,
            good.replace("client_credentials", "password"),
            400,
            "unsupported_grant_type",
        ),
        ("another secret", "/ims/token/v3", form, good.replace(secret, "x"), 400, "invalid_client"),
        ("another client", "/ims/token/v3", form, good.replace(id, "x"), 400, "invalid_client"),
        ("a foreign scope", "/ims/token/v3", form, good.replace("openid", "openid,x"), 400, "invalid_scope"),
        ("scopes with blanks", "/ims/token/v3", form, good.replace("openid", "openid+AdobeID"), 400, "invalid_scope"),
        ("the other flow", "/ims/exchange/jwt", form, good.clone(), 401, "invalid_client"),
    ] {
        let (got, answer) = http(running.url(), "POST", path, content_type, &body);
        assert_eq!((got, answer["error"].as_str()), (status, Some(error)), "{what}: {answer}");
    }
    assert_eq!(http(running.url(), "GET", "/ims/token/v3", form, "").0, 405);
    let (status, body) = http(running.url(), "GET", "/data/foundation/schemaregistry/global/classes", form, "");
    assert_eq!((status, body["error_code"].as_str()), (403, Some("403010")));
}

#[test]
#[cfg(unix)]
fn told_to_stop_it_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM, rustix::process::Signal::HUP] {
        let mut world = World::empty();
        let temporary = world.path("tmp");
        std::fs::create_dir(&temporary).unwrap();
        world.set("TMPDIR", temporary.to_str().unwrap());
        let mut running = Running::spawn(world.command("ims-emulator"));
        let folders: Vec<_> = std::fs::read_dir(&temporary).unwrap().map(|item| item.unwrap().path()).collect();
        assert_eq!(folders.len(), 1);
        assert_eq!(std::fs::metadata(&folders[0]).unwrap().permissions().mode() & 0o777, 0o700);
        let key = folders[0].join("private.key");
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        let id = rustix::process::Pid::from_child(&running.child);
        rustix::process::kill_process(id, signal).unwrap();
        assert!(running.child.wait().unwrap().success(), "{signal:?}");
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "{signal:?}");
    }
}

#[test]
fn the_lines_of_each_shell_are_read_by_that_shell() {
    let world = World::empty();
    // A path that no shell takes as it is.
    let folder = world.path("it's $here");
    for (shell, arguments) in [("sh", ["-c"].as_slice()), ("fish", &["-c"]), ("pwsh", &["-NoProfile", "-Command"])] {
        // PowerShell is in none of the registries that the gate installs from.
        if shell == "pwsh" && Command::new(shell).arg("-Version").output().is_err() {
            not_here("there is no `pwsh` on the path");
            continue;
        }
        if !has(shell) {
            continue;
        }
        let word = if shell == "pwsh" { "powershell" } else { shell };
        let mut command = world.command("ims-emulator");
        let running = Running::spawn({
            command.arg("--dir").arg(&folder).args(["--tls", "--shell", word]);
            command
        });
        let lines: Vec<_> = running.printed.lines().skip(1).collect();
        let show = match shell {
            "pwsh" => "Write-Output $env:AEP_CA_FILE; Write-Output $env:AEP_SCOPES",
            _ => "printf '%s\\n' \"$AEP_CA_FILE\" \"$AEP_SCOPES\"",
        };
        let output = Command::new(shell).args(arguments).arg(format!("{}\n{show}", lines.join("\n"))).output().unwrap();
        let told = text(&output.stdout);
        let told: Vec<&str> = told.lines().collect();
        assert_eq!(told[0], folder.join("ca.pem").to_str().unwrap(), "{shell}: {}", text(&output.stderr));
        assert!(told[1].starts_with("openid,session"), "{shell}");
    }
}

#[test]
fn faults_and_lives_by_option_and_by_http() {
    let world = World::empty();
    let fault = r#"{"path":"/ims/","times":1,"kind":"respond","status":503}"#;
    let running = Running::start(&world, &["--fault", fault, "--life", "60"]);
    let url = running.url().to_owned();
    let ask = || http(&url, "POST", "/ims/token/v3", "application/x-www-form-urlencoded", "grant_type=x").0;
    assert_eq!((ask(), ask()), (503, 400));
    let control = |path: &str, body: Value| http(&url, "POST", path, "application/json", &body.to_string()).0;
    assert_eq!(control("/emulator/faults", json!([{"kind": "respond", "status": 429}])), 200);
    assert_eq!((ask(), ask()), (429, 429));
    assert_eq!(http(&url, "DELETE", "/emulator/faults", "", "").0, 200);
    assert_eq!(ask(), 400);
    assert_eq!(control("/emulator/faults", json!({"kind": "unheard of"})), 400);
    assert_eq!(control("/emulator/life", json!({"ms": 1000})), 200);
    let (_, state) = http(&url, "GET", "/emulator/state", "", "");
    assert_eq!(state["token_requests"], 5);
    assert_eq!(control("/emulator/reset", json!({})), 200);
    assert_eq!(http(&url, "GET", "/emulator/state", "", "").1["token_requests"], 0);
}
