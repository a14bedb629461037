//! Bruno: the folder `integrations/bruno` and collections that came from Postman, run by Bruno's own CLI.
//!
//! It is installed by `npm ci --prefix tests/postman`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::{Command, Output};

use stories::{World, assert_clean, node_module, root, text};

const FILES: [&str; 4] = ["bruno.json", "collection.bru", "classes.bru", "sandboxes.bru"];

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("integrations/bruno").join(name)).unwrap()
}

/// The folder at home, pointed at the emulator, and `bru` on the path; `false` where it is not installed.
fn lay_out(world: &World) -> bool {
    let Some(bru) = node_module("@usebruno/cli/bin/bru.js") else { return false };
    for name in FILES {
        world.write(&format!("bruno/{name}"), &page(name).replace("https://platform.adobe.io", &world.emulator.url()));
    }
    // Not every package has the executable bit on its program.
    world.write("bin/bru", &format!("#!/bin/sh\nexec node '{}' \"$@\"\n", bru.display()));
    assert_clean(&sh(world, "chmod +x bin/bru"));
    true
}

fn sh(world: &World, script: &str) -> Output {
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    shell.args(["-c", &format!("set -e\nPATH=$HOME/bin:$PATH\n{script}")]).output().unwrap()
}

fn shown(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// The headers of this name in the calls of the platform, in order; nothing where a call had none.
fn sent(world: &World, name: &str) -> Vec<Option<String>> {
    let requests = world.emulator.requests();
    let calls = requests.iter().filter(|request| request.path.starts_with("/data/"));
    calls.map(|request| request.header(name).map(str::to_owned)).collect()
}

#[test]
fn each_line_of_the_page_works_as_it_stands() {
    let world = World::empty();
    if !lay_out(&world) {
        return;
    }
    let url = world.emulator.url();
    world.write("Downloads/credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    let page = page("README.md");
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let [set_up, without_script] = blocks.as_slice() else { panic!("{blocks:?}") };
    let to_the_emulator = format!("import ~/Downloads/credential.json --ims-url {url} --platform-url {url}");
    // Where it is installed, and from a folder of the user's.
    std::fs::create_dir_all(world.path(".local/share/aep-auth/integrations")).unwrap();
    std::fs::rename(world.path("bruno"), world.path(".local/share/aep-auth/integrations/bruno")).unwrap();
    let output = sh(&world, &set_up.replace("import ~/Downloads/credential.json", &to_the_emulator));
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!(sent(&world, "x-sandbox-name"), [None, None]);
    assert!(!shown(&output).contains("eyJ"), "{}", shown(&output));

    let output =
        sh(&world, &format!("aep-postman collection -o with-script.postman_collection.json\n{without_script}"));
    assert_clean(&output);
    let plain = std::fs::read_to_string(world.path("plain.postman_collection.json")).unwrap();
    assert!(!plain.contains("aep-postman: "));

    // The script of developer mode in place of the other.
    let collection = std::fs::read_to_string(world.path("bruno/collection.bru")).unwrap();
    let (variables, _) = collection.split_once("script:pre-request").unwrap();
    let script = page.split("```js\n").nth(1).unwrap().split("```").next().unwrap();
    world.write("bruno/collection.bru", &format!("{variables}script:pre-request {{\n{script}}}\n"));
    let output = sh(&world, "cd bruno\nbru run --sandbox developer");
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!(sent(&world, "authorization").len(), 4);
    let output = sh(&world, "cd bruno\nbru run");
    assert!(!output.status.success() && shown(&output).contains("Cannot find module child_process"));
}

#[test]
fn the_sandbox_of_the_profile_is_sent_and_no_report_holds_the_token() {
    for folder in ["--sandbox safe", "--sandbox developer"] {
        let mut world = World::oauth();
        if !lay_out(world.set("AEP_SANDBOX", "dev1")) {
            return;
        }
        let output = sh(&world, &format!("cd bruno\naep-auth exec -- bru run {folder} --reporter-json ../report.json"));
        assert!(output.status.success(), "{}", shown(&output));
        assert_eq!(sent(&world, "x-sandbox-name"), [Some("dev1".to_owned()), Some("dev1".to_owned())]);
        let report = std::fs::read_to_string(world.path("report.json")).unwrap();
        assert!(report.contains("********") && !report.contains("eyJ"));
    }
}

#[test]
fn without_a_token_nothing_is_sent_and_the_cure_is_named() {
    let world = World::oauth();
    if !lay_out(&world) {
        return;
    }
    let output = sh(&world, "cd bruno\nbru run");
    assert!(!output.status.success() && shown(&output).contains("aep-auth exec -- bru run"), "{}", shown(&output));
    assert_eq!(world.emulator.requests().len(), 0);
}

#[test]
fn a_refused_call_is_a_failed_run() {
    let mut world = World::oauth();
    if !lay_out(world.set("AEP_SANDBOX", "nope")) {
        return;
    }
    let output = sh(&world, "cd bruno\naep-auth exec -- bru run");
    assert!(!output.status.success() && shown(&output).contains("expected 404 to equal 200"), "{}", shown(&output));
}

#[test]
fn a_collection_of_postmans_runs_with_the_script() {
    let world = World::oauth();
    if !lay_out(&world) {
        return;
    }
    let convert = root().join("tests/postman/to-bruno.mjs");
    let script = page("collection.bru");
    let (_, script) = script.split_once("script:pre-request").unwrap();
    let output = sh(
        &world,
        &format!("aep-postman collection --no-script -o plain.json\nnode '{}' plain.json imported", convert.display()),
    );
    assert_clean(&output);
    let collection = std::fs::read_to_string(world.path("imported/collection.bru")).unwrap();
    world.write("imported/collection.bru", &format!("{collection}\nscript:pre-request{script}"));
    let output = sh(&world, "cd imported\naep-auth exec -- bru run");
    assert!(output.status.success(), "{}", shown(&output));
    // Its headers name a sandbox that no variable has.
    assert_eq!(sent(&world, "x-sandbox-name"), [None, None, None]);
    assert!(sent(&world, "authorization").iter().all(|header| header.as_ref().unwrap().starts_with("Bearer eyJ")));
}
