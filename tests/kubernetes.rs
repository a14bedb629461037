//! kubectl: what the helper prints, when it doubts a token, and the real clients against an API server.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use stories::kubernetes::api_server;
use stories::{World, assert_clean, assert_refused, has, root, skip, text};

const V1: &str = "client.authentication.k8s.io/v1";

fn exec_info(version: &str) -> String {
    // kubectl ends it with a line end.
    format!("{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{version}\",\"spec\":{{\"interactive\":false}}}}\n")
}

/// A program that is no shell to whoever looks, and runs this script all the same: as each kubectl command is a process
/// of its own. The last command keeps it from becoming the helper.
fn client(world: &World, script: &str) -> Command {
    let program = world.path("client");
    if !program.exists() {
        std::fs::copy("/bin/sh", &program).unwrap();
    }
    let mut command = Command::new(program);
    world.prepare(&mut command);
    command.args(["-c", &format!("{script}; :")]);
    command
}

/// Runs the helper this often from a caller of its own, by this command line.
fn from_fresh_caller(world: &World, calls: usize, line: &str) -> Vec<Value> {
    let script = format!("i=0; while [ $i -lt {calls} ]; do {line} || exit; i=$((i+1)); done");
    let output = client(world, &script).output().unwrap();
    assert_clean(&output);
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn from_fresh_parent(world: &World, calls: usize) -> Vec<Value> {
    from_fresh_caller(world, calls, "kube-credential-aep")
}

/// A wrapper that forks, and one level more, as `op run --` does it; its name is what matters.
#[cfg(target_os = "linux")]
fn wrapper(world: &World, name: &str) -> PathBuf {
    let path =
        world.write(&format!("wrappers/{name}"), "#!/bin/sh\nshift 2\nsh -c '\"$@\"; exit $?' sh \"$@\"\nexit $?\n");
    let mut chmod = Command::new("chmod");
    assert!(chmod.arg("755").arg(&path).status().unwrap().success());
    path
}

fn token(answer: &Value) -> &str {
    answer["status"]["token"].as_str().unwrap()
}

#[test]
fn one_object_with_a_token_and_its_end() {
    let world = World::oauth();
    let output = world.run("kube-credential-aep", &[]);
    assert_clean(&output);
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 1);
    let answer: Value = serde_json::from_str(&printed).unwrap();
    let end = answer["status"]["expirationTimestamp"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({"apiVersion": V1, "kind": "ExecCredential",
            "status": {"token": world.token(), "expirationTimestamp": end}})
    );
    assert!(end.ends_with('Z') && end.len() == 20, "{end}");
}

#[test]
fn the_version_is_the_callers() {
    let mut world = World::oauth();
    let version = |world: &World, arguments: &[&str]| {
        let output = world.run("kube-credential-aep", arguments);
        assert_clean(&output);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["apiVersion"].as_str().unwrap().to_owned()
    };
    let beta = format!("{V1}beta1");
    assert_eq!(version(&world, &["--api-version", "v1beta1"]), beta);
    world.set("KUBERNETES_EXEC_INFO", &exec_info(&beta));
    assert_eq!(version(&world, &[]), beta);
    world.set("KUBERNETES_EXEC_INFO", &exec_info(V1));
    assert_eq!(version(&world, &["--api-version=v1beta1"]), V1);
    world.set("KUBERNETES_EXEC_INFO", &exec_info(&format!("{V1}alpha1")));
    let told = assert_refused(&world.run("kube-credential-aep", &[]), 3);
    assert!(told.contains("v1alpha1") && told.contains(&beta), "{told}");
    world.set("KUBERNETES_EXEC_INFO", "{");
    assert_refused(&world.run("kube-credential-aep", &[]), 3);
}

#[test]
fn the_end_is_never_in_the_past() {
    if cfg!(windows) {
        return stories::not_here("its caller is a Unix shell");
    }
    let world = World::oauth();
    world.emulator.set_life(40_000);
    let answer = &from_fresh_parent(&world, 1)[0];
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let end = answer["status"]["expirationTimestamp"].as_str().unwrap();
    // Seconds since the Unix epoch by date(1), which reads RFC 3339.
    let output = Command::new("date").args(["-u", "-d", end, "+%s"]).output().unwrap();
    let end: i64 = text(&output.stdout).trim().parse().unwrap();
    assert!((now + 20..=now + 31).contains(&end), "{}", end - now);
}

#[test]
fn a_process_that_asks_again_makes_us_ask_ims_once_a_minute() {
    if cfg!(windows) {
        return stories::not_here("its caller is a Unix shell");
    }
    let mut world = World::oauth();
    let answers = from_fresh_parent(&world, 6);
    assert!(answers.iter().all(|answer| token(answer) == token(&answers[0])));
    assert_eq!(world.emulator.counters().validate, 1);
    // Other processes are no repetition.
    for _ in 0..3 {
        from_fresh_parent(&world, 1);
    }
    assert_eq!((world.emulator.counters().validate, world.emulator.token_requests()), (1, 1));
    world.set("AEP_LOG", "debug");
    let asks = ["kube-credential-aep"; 3].join("; ");
    let told = text(&client(&world, &asks).output().unwrap().stderr);
    assert!(told.contains("IMS was asked about this token less than a minute ago"), "{told}");
}

#[test]
fn a_token_that_was_revoked_is_replaced_when_its_process_comes_back() {
    if cfg!(windows) {
        return stories::not_here("its caller is a Unix shell");
    }
    let world = World::oauth();
    let first = world.token();
    world.emulator.revoke(&first);
    let answers = from_fresh_parent(&world, 3);
    assert_eq!(token(&answers[0]), first);
    assert_ne!(token(&answers[1]), first);
    assert_eq!(token(&answers[2]), token(&answers[1]));
    assert_eq!(world.emulator.token_requests(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_wrapper_that_forks_is_not_the_caller() {
    let world = World::oauth();
    let line = format!("{} run -- kube-credential-aep", wrapper(&world, "op").display());
    let first = world.token();
    world.emulator.revoke(&first);
    let answers = from_fresh_caller(&world, 2, &line);
    assert_eq!(token(&answers[0]), first);
    assert_ne!(token(&answers[1]), first);
    // Other callers behind the same wrapper are no repetition.
    let asked = world.emulator.counters().validate;
    for _ in 0..3 {
        from_fresh_caller(&world, 1, &line);
    }
    assert_eq!(world.emulator.counters().validate, asked);
}

#[test]
fn a_token_that_ims_called_invalid_is_given_to_nobody_when_its_renewal_fails() {
    if cfg!(windows) {
        return stories::not_here("its caller is a Unix shell");
    }
    use ims_emulator::{Fault, Kind};
    let world = World::oauth();
    let first = world.token();
    world.emulator.revoke(&first);
    let fault = Fault::times(1, Kind::respond(400, r#"{"error":"temporarily"}"#));
    world.emulator.fault(fault.at("/ims/token"));
    let script = "kube-credential-aep >&2; kube-credential-aep 2>&1 && exit 9; kube-credential-aep 2>&1";
    let output = client(&world, script).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains(&first) && !text(&output.stdout).contains(&first));
}

#[test]
fn an_ims_that_does_not_answer_changes_nothing() {
    if cfg!(windows) {
        return stories::not_here("its caller is a Unix shell");
    }
    let world = World::oauth();
    world.token();
    world.emulator.fault(ims_emulator::Fault::always(ims_emulator::Kind::respond(503, "")));
    let answers = from_fresh_parent(&world, 2);
    assert_eq!(token(&answers[0]), token(&answers[1]));
}

#[test]
fn nothing_is_remembered_where_the_cache_is_off() {
    if cfg!(windows) {
        return stories::not_here("its caller is a Unix shell");
    }
    let mut world = World::oauth();
    world.set("AEP_CACHE", "off");
    from_fresh_parent(&world, 2);
    assert!(!world.cache().exists());
}

/// A kubeconfig for the API server, its user made by the page's own command.
fn kubeconfig(world: &mut World) -> bool {
    if !has("kubectl") {
        return false;
    }
    let config = world.path("kubeconfig");
    world.set("KUBECONFIG", config.to_str().unwrap());
    let page = root().join("integrations/kubernetes/set-credentials.sh");
    let mut script = Command::new("sh");
    world.prepare(&mut script);
    assert!(script.arg(page).stdout(Stdio::null()).status().unwrap().success());
    let url = world.emulator.url();
    let ca = world.variable("AEP_CA_FILE").to_owned();
    for arguments in [
        vec!["config", "set-cluster", "aep", "--server", &url, "--certificate-authority", &ca],
        vec!["config", "set-context", "aep", "--cluster", "aep", "--user", "aep"],
        vec!["config", "use-context", "aep"],
    ] {
        assert!(kubectl(world, &arguments).status.success());
    }
    true
}

/// kubectl itself. The Google Cloud SDK's `kubectl` asks the server for its version first, as a client of its own in the
/// same process; beside it stands the one that does not.
fn program() -> PathBuf {
    let found = text(&Command::new("sh").args(["-c", "command -v kubectl"]).output().unwrap().stdout);
    let beside = std::fs::canonicalize(found.trim()).unwrap().with_file_name("kubectl.1.32");
    if beside.is_file() { beside } else { PathBuf::from("kubectl") }
}

fn kubectl(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    world.prepare(&mut command);
    command.args(arguments).output().unwrap()
}

#[test]
fn the_real_kubectl_gets_in_and_recovers_from_a_revoked_token() {
    let mut world = World::oauth_at(api_server());
    if !kubeconfig(&mut world) {
        return;
    }
    let version = kubectl(&world, &["get", "--raw", "/version"]);
    assert!(text(&version.stdout).contains("v1.32.0"), "{}", text(&version.stderr));
    let pods = kubectl(&world, &["get", "pods"]);
    assert!(text(&pods.stdout).contains("ingest-0"), "{}", text(&pods.stderr));
    assert_eq!(world.emulator.token_requests(), 1);

    assert_eq!(world.emulator.counters().validate, 0);
    world.emulator.revoke(&world.token());
    // Its discovery meets the refusal; kubectl asks again, and its later requests carry the new token.
    let _ = kubectl(&world, &["get", "pods"]);
    let again = kubectl(&world, &["get", "pods"]);
    assert!(text(&again.stdout).contains("ingest-0"), "{}", text(&again.stderr));
    assert_eq!(world.emulator.token_requests(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn the_real_kubectl_recovers_behind_a_wrapper_that_forks() {
    let mut world = World::oauth_at(api_server());
    if !kubeconfig(&mut world) {
        return;
    }
    for name in ["op", "aws-vault", "with-secrets"] {
        let wrapper = wrapper(&world, name);
        let user = ["config", "set-credentials", "aep", "--exec-command", wrapper.to_str().unwrap()];
        let plugin = ["--exec-arg=run,--,kube-credential-aep", "--exec-api-version=client.authentication.k8s.io/v1"];
        let interactive = ["--exec-interactive-mode=Never"];
        let made = kubectl(&world, &[user.as_slice(), &plugin, &interactive].concat());
        assert!(made.status.success(), "{}", text(&made.stderr));
        assert!(text(&kubectl(&world, &["get", "pods"]).stdout).contains("ingest-0"), "{name}");
        let refused = world.token();
        world.emulator.revoke(&refused);
        let _ = kubectl(&world, &["get", "pods"]);
        let again = kubectl(&world, &["get", "pods"]);
        assert!(text(&again.stdout).contains("ingest-0"), "{name}: {}", text(&again.stderr));
        assert_ne!(world.token(), refused, "{name}");
    }
}

/// From the installed program on, beside a context that the user has already.
#[test]
fn every_line_of_the_page() {
    if !has("kubectl") {
        return;
    }
    let mut world = World::oauth_at(api_server());
    let config = world.path(".kube/config");
    world.set("KUBECONFIG", config.to_str().unwrap());
    let (url, ca) = (world.emulator.url(), world.variable("AEP_CA_FILE").to_owned());
    for arguments in [
        vec!["config", "set-cluster", "work", "--server", &url, "--certificate-authority", &ca],
        vec!["config", "set-credentials", "me", "--token=not-an-adobe-token"],
        vec!["config", "set-context", "work", "--cluster", "work", "--user", "me"],
        vec!["config", "use-context", "work"],
    ] {
        assert!(kubectl(&world, &arguments).status.success());
    }
    let page = |section: &str| {
        let blocks = stories::pages::blocks("kubernetes/README.md", section, "sh");
        assert!(!blocks.is_empty(), "{section}");
        let mut shell = Command::new("sh");
        world.prepare(&mut shell);
        // The client itself, past what another packager put before it.
        let folder = world.path("bin");
        let _ = std::fs::create_dir(&folder);
        #[cfg(unix)]
        if program().is_absolute() && !folder.join("kubectl").exists() {
            std::os::unix::fs::symlink(program(), folder.join("kubectl")).unwrap();
        }
        let script = format!("set -e; PATH={}:$PATH\n{}", folder.display(), blocks.concat());
        let output = shell.args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{section}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    page("Set up");
    let checked = page("Check");
    assert!(checked.contains("ExecCredential") && checked.contains("technical"), "{checked}");
    page("Undo");
    assert!(!text(&kubectl(&world, &["config", "view"]).stdout).contains("kube-credential-aep"));
    assert_eq!(
        stories::pages::blocks("kubernetes/README.md", "Set up", "sh")[0],
        stories::pages::read("kubernetes/set-credentials.sh")
    );
}

#[test]
fn the_real_kubectl_shows_our_errors() {
    let mut world = World::oauth_at(api_server());
    if !kubeconfig(&mut world) {
        return;
    }
    // Some builds of kubectl ask the server for its version before anything else.
    assert_clean(&world.run("aep-auth", &["forget"]));
    world.set("AEP_CLIENT_SECRET", "wrong");
    let output = kubectl(&world, &["get", "--raw", "/version"]);
    let told = text(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    for part in ["error: IMS refused", "hint: ", "exit code 4"] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn the_pages_kubeconfig_is_read_by_kubectl() {
    let mut world = World::oauth_at(api_server());
    if !has("kubectl") {
        return;
    }
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let page = std::fs::read_to_string(root().join("integrations/kubernetes/kubeconfig.yaml")).unwrap();
    let ca = world.variable("AEP_CA_FILE").to_owned();
    let server = format!("{}\n    certificate-authority: {ca}", world.emulator.url());
    let config = world.write("kubeconfig", &page.replace("https://kubernetes.corp.example", &server));
    world.set("KUBECONFIG", config.to_str().unwrap());
    let version = kubectl(&world, &["get", "--raw", "/version"]);
    assert!(text(&version.stdout).contains("v1.32.0"), "{}", text(&version.stderr));
}

#[test]
fn the_python_client_gets_in() {
    let mut world = World::oauth_at(api_server());
    if !kubeconfig(&mut world) {
        return;
    }
    let script = "from kubernetes import client, config\n\
                  config.load_kube_config()\n\
                  print(client.CoreV1Api().list_namespaced_pod('default').items[0].metadata.name)\n";
    let has_client = Command::new("python3").args(["-c", "import kubernetes"]).stderr(Stdio::null()).status();
    if !has_client.is_ok_and(|status| status.success()) {
        return skip("the Python package `kubernetes` is not installed");
    }
    let mut python = Command::new("python3");
    world.prepare(&mut python);
    let output = python.args(["-c", script]).output().unwrap();
    assert_eq!(text(&output.stdout), "ingest-0\n", "{}", text(&output.stderr));
}

#[test]
fn the_javascript_client_gets_in() {
    let mut world = World::oauth_at(api_server());
    if !has("node") || !kubeconfig(&mut world) {
        return;
    }
    let folder = root().join("tests/kubernetes-js");
    if !folder.join("node_modules/@kubernetes/client-node").is_dir() {
        return skip("@kubernetes/client-node is not installed: npm ci --prefix tests/kubernetes-js");
    }
    let mut node = Command::new("node");
    world.prepare(&mut node);
    let output = node.arg(folder.join("pods.mjs")).output().unwrap();
    assert_eq!(text(&output.stdout), "ingest-0\n", "{}", text(&output.stderr));
}
