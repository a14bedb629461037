//! The first version's programs and these on one home: what it stored works, and what it cached is nobody's.
//!
//! The gate builds them from the commit before this version (`.ci/former`); elsewhere these stories are skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use ims_emulator::Flow;
use stories::{World, assert_clean, assert_refused, not_here, text};

/// A program of the first version, where it was built.
fn former(program: &str) -> Option<PathBuf> {
    let found = std::env::var_os("AEP_FORMER_PROGRAMS").map(|folder| PathBuf::from(folder).join(program));
    if found.is_none() {
        not_here("AEP_FORMER_PROGRAMS names no folder of the first version's programs; .ci/former builds them");
    }
    found
}

fn command(world: &World, program: PathBuf, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    world.prepare(&mut command);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn token_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    let token = text(&output.stdout);
    assert!(token.starts_with("eyJ"), "no token");
    token
}

#[test]
fn what_the_first_version_stored_works_and_is_moved_once() {
    for flow in [Flow::Oauth, Flow::Jwt] {
        let Some(former) = former("aep-auth") else { return };
        let world = World::empty();
        let url = world.emulator.url();
        world.write("credential.json", &world.emulator.credential_file(flow));
        world.write("private.key", ims_emulator::private_key_pem());
        let mut import = vec!["import", "credential.json", "--ims-url", &url, "--platform-url", &url];
        if flow == Flow::Jwt {
            import.extend(["--private-key", "private.key"]);
        }
        let imported = command(&world, former.clone(), &import).output().unwrap();
        assert!(imported.status.success(), "{}", text(&imported.stderr));
        token_of(&command(&world, former.clone(), &["token"]).output().unwrap());
        assert_eq!(world.emulator.token_requests(), 1);

        // Its entry tells of nobody who earned it: one fetch, and what is stored is moved with one warning.
        let first = world.run("aep-auth", &["token"]);
        let token = token_of(&first);
        assert_eq!(world.emulator.token_requests(), 2);
        let told = text(&first.stderr);
        assert!(told.starts_with("warning: ") && !told.contains("error"), "{told}");
        assert_eq!(
            text(&{
                let again = world.run("aep-auth", &["token"]);
                assert_clean(&again);
                again.stdout
            }),
            token
        );
        assert_eq!(world.emulator.token_requests(), 2);
        assert_clean(&world.run("aep-auth", &["profile", "list"]));
        assert_clean(&world.run("aep-auth", &["token", "--renew"]));
    }
}

#[test]
fn both_share_a_cache_folder() {
    let Some(former) = former("aep-auth") else { return };
    let world = World::oauth();
    for _ in 0..2 {
        token_of(&command(&world, former.clone(), &["token"]).output().unwrap());
        token_of(&world.run("aep-auth", &["token"]));
    }
    // Each has an entry of its own: none is served what it did not earn, and none pushes the other out.
    assert_eq!(world.emulator.token_requests(), 2);
    let children: Vec<Child> = (0..20)
        .map(|number| match number % 2 {
            0 => command(&world, former.clone(), &["token"]).spawn().unwrap(),
            _ => {
                let mut ours = world.command("aep-auth");
                ours.arg("token").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            }
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        token_of(&output);
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn what_the_first_version_cached_is_not_served_on_public_data() {
    let Some(former) = former("aep-auth") else { return };
    let mut world = World::oauth();
    let token = token_of(&command(&world, former, &["token"]).output().unwrap());
    world.set("AEP_CLIENT_SECRET", "wrong-secret-marker");
    let told = assert_refused(&world.run("aep-auth", &["token"]), 4);
    assert!(!told.contains(token.trim()), "{told}");
    world.unset("AEP_CLIENT_SECRET");
    let host = world.emulator.url().trim_start_matches("http://").to_owned();
    let request = format!("protocol=http\nhost={host}\ncapability[]=authtype\n\n");
    let output = world.run_with_input("git-credential-aep", &["get"], request.as_bytes());
    assert!(!text(&output.stdout).contains(token.trim()), "{}", text(&output.stdout));
}
