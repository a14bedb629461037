//! The snippets of `integrations/`, run as they stand, with the emulator's address in place of the platform's.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output};

use stories::{World, assert_clean, has, root, text};

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
fn hurl_gets_the_token_by_its_environment() {
    let world = World::oauth();
    // Hurl itself cannot be had as a package; what it would be given is looked at.
    world
        .write("bin/hurl", "#!/bin/sh\necho \"$HURL_SECRET_token $HURL_VARIABLE_api_key $HURL_VARIABLE_ims_org $*\"\n");
    let output = sh(&world, &format!("chmod +x bin/hurl; PATH=$HOME/bin:$PATH\n{}", page("hurl/run.sh")));
    assert_clean(&output);
    let [id, organization] = ["AEP_CLIENT_ID", "AEP_ORG_ID"].map(|name| world.variable(name));
    assert_eq!(text(&output.stdout), format!("{} {id} {organization} --test classes.hurl\n", world.token()));
    for name in ["token", "api_key", "ims_org"] {
        assert!(page("hurl/classes.hurl").contains(&format!("{{{{{name}}}}}")), "{name}");
    }
}

#[test]
fn editors_read_a_private_file() {
    let world = World::oauth();
    assert_clean(&sh(&world, &page("editors/dotenv.sh")));
    let dotenv = std::fs::read_to_string(world.path(".env")).unwrap();
    for name in ["AEP_ACCESS_TOKEN", "AEP_API_KEY", "AEP_IMS_ORG"] {
        assert!(dotenv.contains(&format!("{name}=")) && page("editors/classes.http").contains(name), "{name}");
    }
    if has("jq") {
        assert_clean(&sh(&world, &page("editors/private-env.sh")));
        let written = std::fs::read_to_string(world.path("http-client.private.env.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(json["aep"]["token"], world.token());
    }
}

#[test]
fn direnv() {
    if !has("direnv") || !has("bash") {
        return;
    }
    let world = World::oauth();
    copy(&world, "direnv/envrc", "project/.envrc");
    let output = sh(&world, "cd project && direnv allow && direnv exec . sh -c 'echo $AEP_ACCESS_TOKEN'");
    assert_eq!(text(&output.stdout).trim(), world.token(), "{}", text(&output.stderr));
}

#[test]
fn github_actions() {
    let mut world = World::oauth();
    let workflow = std::fs::read_to_string(copy(&world, "github-actions/workflow.yml", "workflow.yml")).unwrap();
    let steps: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("run: ")).collect();
    let [pipe, env, _] = steps.as_slice() else { panic!("{steps:?}") };
    if has("curl") {
        assert_clean(&sh(&world, pipe));
    }
    let file = world.write("github-env", "");
    world.set("GITHUB_ENV", file.to_str().unwrap());
    let output = sh(&world, env);
    assert_clean(&output);
    assert_eq!(text(&output.stdout), format!("::add-mask::{}\n", world.token()));
    assert!(std::fs::read_to_string(file).unwrap().contains("AEP_ACCESS_TOKEN"));
}

#[test]
fn gitlab_ci() {
    let world = World::oauth();
    let pipeline = std::fs::read_to_string(copy(&world, "gitlab-ci/gitlab-ci.yml", "ci.yml")).unwrap();
    let steps: Vec<&str> = pipeline.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    let [pipe, exec] = steps.as_slice() else { panic!("{steps:?}") };
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

#[test]
fn every_folder_has_a_page() {
    for folder in stories::files_in(&root().join("integrations")) {
        assert!(folder.join("README.md").is_file(), "{}", folder.display());
    }
}
