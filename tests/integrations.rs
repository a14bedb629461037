//! The snippets of `integrations/`, run as they stand, with the emulator's address in place of the platform's.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output};

use stories::{World, assert_clean, has, has_further, root, text};

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("integrations").join(name)).unwrap()
}

/// A copy of the snippet in the story's home, pointed at the emulator.
fn copy(world: &World, name: &str, to: &str) -> PathBuf {
    world.write(to, &page(name).replace("https://platform.adobe.io", &world.emulator.url()))
}

fn sh(world: &World, script: &str) -> Output {
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    shell.args(["-c", script]).output().unwrap()
}

fn lists_the_classes(output: &Output) {
    assert_clean(output);
    assert!(text(&output.stdout).contains("XDM ExperienceEvent"), "{}", text(&output.stdout));
}

#[test]
fn curl() {
    if !has("curl") {
        return;
    }
    let world = World::oauth();
    for name in ["curl/headers.sh", "curl/config.sh"] {
        let script = std::fs::read_to_string(copy(&world, name, "call.sh")).unwrap();
        lists_the_classes(&sh(&world, &script));
    }
    let blocks = stories::pages::blocks("curl/README.md", "Set up", "sh");
    assert_eq!(blocks.len(), 2);
    for (block, name) in blocks.iter().zip(["curl/headers.sh", "curl/config.sh"]) {
        assert_eq!(*block, page(name));
    }
}

#[test]
fn httpie() {
    if !has("http") || !has("jq") {
        return;
    }
    let world = World::oauth();
    let script = std::fs::read_to_string(copy(&world, "httpie/session.sh", "call.sh")).unwrap();
    lists_the_classes(&sh(&world, &format!("TMPDIR=$HOME\nexport TMPDIR\n{script}")));
}

#[test]
fn xh_reads_the_same_session() {
    if !has_further("xh") || !has("jq") {
        return;
    }
    let world = World::oauth();
    let script = std::fs::read_to_string(copy(&world, "httpie/session.sh", "call.sh")).unwrap();
    assert!(script.contains("\nhttp --check-status "));
    let script = script.replace("\nhttp ", "\nxh ");
    std::fs::create_dir(world.path("tmp")).unwrap();
    let output = sh(&world, &format!("TMPDIR=$HOME/tmp\nexport TMPDIR\n{script}"));
    lists_the_classes(&output);
    assert!(stories::files_in(&world.path("tmp")).is_empty());
    // The token went by the session, and not by an argument: all four headers arrived.
    let sent = world.emulator.requests();
    let call = sent.iter().find(|request| request.path.starts_with("/data/")).unwrap();
    assert_eq!(call.header("authorization"), Some(&*format!("Bearer {}", world.token())));
    assert!(call.header("x-api-key").is_some() && call.header("x-gw-ims-org-id").is_some());
    // A refusal is a failure.
    world.emulator.revoke(&world.token());
    assert_eq!(sh(&world, &script).status.code(), Some(4));
}

#[test]
fn hurl_gets_the_token_by_its_environment() {
    let world = World::oauth();
    // In Hurl's place: what it would be given is looked at.
    world
        .write("bin/hurl", "#!/bin/sh\necho \"$HURL_SECRET_token $HURL_VARIABLE_api_key $HURL_VARIABLE_ims_org $*\"\n");
    let output = sh(&world, &format!("chmod +x bin/hurl; PATH=$HOME/bin:$PATH\n{}", page("hurl/run.sh")));
    assert_clean(&output);
    let [id, organization] = ["AEP_CLIENT_ID", "AEP_ORG_ID"].map(|name| world.variable(name));
    assert_eq!(text(&output.stdout), format!("{} {id} {organization} --test classes.hurl\n", world.token()));
}

#[test]
fn hurl() {
    if !has_further("hurl") {
        return;
    }
    let world = World::oauth();
    copy(&world, "hurl/classes.hurl", "classes.hurl");
    let run = || sh(&world, &page("hurl/run.sh"));
    let output = run();
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success() && told.contains("Success"), "{told}");
    // Told more, it hides the token still.
    let output = sh(&world, &page("hurl/run.sh").replace("hurl --test", "hurl --very-verbose --test"));
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success() && told.contains("Bearer ***") && !told.contains(&world.token()), "{told}");
    // A refusal is a failed test.
    world.emulator.revoke(&world.token());
    let output = run();
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(!output.status.success() && told.contains("401"), "{told}");
}

#[test]
fn editors_read_a_private_file() {
    let world = World::oauth();
    // One that was there stays no more readable than it should be.
    let old = world.write(".env", "OLD=1\n");
    std::fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let installed = world.path(".local/share/aep-auth/integrations/editors");
    std::fs::create_dir_all(&installed).unwrap();
    for name in ["README.md", "classes.http", "dotenv.sh", "private-env.sh"] {
        std::fs::write(installed.join(name), page(&format!("editors/{name}"))).unwrap();
    }
    let set_up = stories::pages::blocks("editors/README.md", "Set up", "sh").concat();
    assert_clean(&sh(&world, &format!("set -e\n{set_up}")));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&old).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let dotenv = std::fs::read_to_string(world.path(".env")).unwrap();
    for name in ["AEP_ACCESS_TOKEN", "AEP_API_KEY", "AEP_IMS_ORG"] {
        assert!(dotenv.contains(&format!("{name}=")) && page("editors/classes.http").contains(name), "{name}");
    }
    if has("jq") {
        let old = world.write("http-client.private.env.json", "{}");
        std::fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        // A refusal is told, and leaves what was there.
        let mut shell = Command::new("sh");
        world.prepare(&mut shell);
        let refused = shell.args(["-c", &page("editors/private-env.sh")]).env("AEP_CLIENT_SECRET", "wrong").output();
        assert_eq!(refused.unwrap().status.code(), Some(4));
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "{}");
        assert_clean(&sh(&world, &page("editors/private-env.sh")));
        let written = std::fs::read_to_string(world.path("http-client.private.env.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(json["aep"]["token"], world.token());
        // The names that the page gives for the request's variables.
        let told = page("editors/README.md");
        let names: Vec<&String> = json["aep"].as_object().unwrap().keys().collect();
        assert!(names.len() == 3 && names.iter().all(|name| told.contains(&format!("{{{{{name}}}}}"))), "{names:?}");
        let mode = std::fs::metadata(world.path("http-client.private.env.json")).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }
}

/// A home with the known client as the profile `default`.
fn with_profile() -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    world
}

#[test]
fn direnv() {
    if !has("direnv") || !has("bash") {
        return;
    }
    let world = with_profile();
    std::fs::create_dir(world.path("project")).unwrap();
    let set_up = stories::pages::blocks("direnv/README.md", "# direnv", "sh").concat();
    let shown = sh(&world, &format!("cd project\n{set_up}direnv exec . sh -c 'echo $AEP_PROFILE$AEP_ACCESS_TOKEN'"));
    assert_eq!(text(&shown.stdout), "default\n", "{}", text(&shown.stderr));
    let whole = std::fs::read_to_string(world.path("project/.envrc")).unwrap() + &page("direnv/envrc");
    world.write("project/.envrc", &whole);
    let ask = "cd project && direnv allow && direnv exec . sh -c 'echo $AEP_ACCESS_TOKEN'";
    let output = sh(&world, ask);
    assert_eq!(text(&output.stdout).trim(), world.token(), "{}", text(&output.stderr));
    // A failure is one, in our words.
    world.write("project/.envrc", &whole.replace("=default", "=missing"));
    let output = sh(&world, ask);
    assert!(!output.status.success() && text(&output.stderr).contains("error: "), "{}", text(&output.stderr));
    let undo = stories::pages::blocks("direnv/README.md", "Undo", "sh").concat();
    let output = sh(&world, &format!("cd project && {undo} direnv exec . true"));
    assert!(text(&output.stderr).contains("blocked"), "{}", text(&output.stderr));
}

/// The commands of a workflow, in order.
fn steps(workflow: &str) -> Vec<&str> {
    workflow.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("run: ")).collect()
}

/// What is installed is this version, and the programs that follow are then there.
fn installs_this_version(line: &str) {
    let version = concat!("aep-auth==", env!("CARGO_PKG_VERSION"));
    assert!(line.ends_with(version) && line.contains("install "), "{line}");
}

#[test]
fn no_workflow_gives_more_than_its_steps_need() {
    for name in ["github-actions/workflow.yml", "fleet/github-actions.yml"] {
        let workflow = page(name);
        let (head, body) = workflow.split_once("    steps:\n").unwrap();
        assert!(head.contains("permissions:\n  contents: read\n") && !head.contains("secrets."), "{name}");
        for used in body.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")) {
            let commit = used.split('@').nth(1).unwrap().split(' ').next().unwrap();
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {used}");
        }
        // The steps that fetch a token, and no other.
        for step in body.split("      - ").skip(1) {
            let fetches = step.contains("aep-auth ") && !step.contains("install");
            assert_eq!(step.contains("secrets.AEP_CLIENT_SECRET"), fetches, "{name}: {step}");
        }
        installs_this_version(steps(&workflow)[0]);
    }
}

#[test]
fn github_actions() {
    let mut world = World::oauth();
    let workflow = std::fs::read_to_string(copy(&world, "github-actions/workflow.yml", "workflow.yml")).unwrap();
    let steps = steps(&workflow);
    let [_, pipe, env, uses] = steps.as_slice() else { panic!("{steps:?}") };
    if has("curl") {
        assert_clean(&sh(&world, pipe));
    }
    let file = world.write("github-env", "");
    world.set("GITHUB_ENV", file.to_str().unwrap());
    let output = sh(&world, env);
    assert_clean(&output);
    assert_eq!(text(&output.stdout), format!("::add-mask::{}\n", world.token()));
    assert!(std::fs::read_to_string(&file).unwrap().contains("AEP_ACCESS_TOKEN"));
    // The runner gives what stands in that file to the steps that follow, and they have no secret.
    world.unset("AEP_CLIENT_SECRET");
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        if let Some((name, value)) = line.split_once('=') {
            world.set(name, value);
        }
    }
    if has("python3") {
        world.write("upload.py", "import os\nprint(len(os.environ['AEP_ACCESS_TOKEN']) > 1000)\n");
        assert_eq!(text(&sh(&world, uses).stdout), "True\n");
    }
}

#[test]
fn gitlab_ci() {
    let world = World::oauth();
    let pipeline = std::fs::read_to_string(copy(&world, "gitlab-ci/gitlab-ci.yml", "ci.yml")).unwrap();
    let steps: Vec<&str> = pipeline.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    let [install, pipe, exec] = steps.as_slice() else { panic!("{steps:?}") };
    installs_this_version(install);
    let fleet = page("fleet/gitlab-ci.yml");
    installs_this_version(fleet.lines().find_map(|line| line.trim().strip_prefix("- ")).unwrap());
    if has("curl") {
        assert_clean(&sh(&world, pipe));
    }
    if has("python3") {
        world.write(
            "upload.py",
            "import os\nprint(os.environ['AEP_ACCESS_TOKEN'], 'AEP_CLIENT_SECRET' in os.environ)\n",
        );
        assert_eq!(text(&sh(&world, exec).stdout), format!("{} False\n", world.token()));
    }
}

#[test]
fn make() {
    if !has("make") || !has("curl") {
        return;
    }
    let world = World::oauth();
    copy(&world, "make/Makefile", "Makefile");
    lists_the_classes(&sh(&world, "make classes"));
    assert_eq!(text(&sh(&world, "make who").stdout).trim(), world.variable("AEP_ORG_ID"));
}

/// The commands that the README shows, in a fresh home that holds what the Developer Console downloaded.
#[test]
fn the_readmes_commands() {
    if !has("bash") || !has("curl") || !has("python3") {
        return;
    }
    let mut world = World::empty();
    world.write("Downloads/credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    world.write("upload.py", "import os\nos.environ['AEP_ACCESS_TOKEN']\n");
    world.set("AEP_SANDBOX", "prod");
    let url = world.emulator.url();
    let own = format!("--ims-url {url} --platform-url {url}");
    let mut run = 0;
    let front = ["With a real account", "Use"].map(|section| stories::pages::blocks("README.md", section, "console"));
    let of_the_wheel = stories::pages::blocks("python/README.md", "# aep-auth", "sh");
    let lines = [front.concat(), of_the_wheel].concat().concat();
    for line in lines.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line)) {
        // What builds is run by the gate, and by `documents`; psql meets its server in `query`.
        if ["./install.sh", "cargo ", "aep-auth query "].iter().any(|start| line.starts_with(start)) {
            continue;
        }
        let line = line.replace("https://platform.adobe.io", &url);
        // The second page begins in a home of its own.
        let begin = "import ~/Downloads/credential.json";
        let force = if run > 0 && line.contains(begin) { "--force" } else { "" };
        let line = line.replace(begin, &format!("{begin} {own} {force}"));
        let mut shell = Command::new("bash");
        world.prepare(&mut shell);
        let output = shell.args(["-o", "pipefail", "-ec", &line]).output().unwrap();
        assert!(output.status.success(), "{line}: {}{}", text(&output.stdout), text(&output.stderr));
        run += 1;
    }
    assert!(run >= 9, "only {run} commands");
}

#[test]
fn every_folder_has_a_page() {
    for folder in stories::files_in(&root().join("integrations")) {
        assert!(folder.join("README.md").is_file(), "{}", folder.display());
    }
}
