//! Bazel's helper: all headers for the profile's addresses and no other.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::process::Output;

use serde_json::{Value, json};
use stories::{World, assert_clean, assert_refused, root, text};

fn get(world: &World, request: &str) -> Output {
    world.run_with_input("bazel-credential-aep", &["get"], request.as_bytes())
}

#[test]
fn all_headers_as_lists_and_their_end() {
    let mut world = World::oauth();
    world.set("AEP_SANDBOX", "dev1");
    let output = get(&world, r#"{"uri":"https://platform.adobe.io/data?x","new":1}"#);
    assert_clean(&output);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expires = answer["expires"].as_str().unwrap();
    assert!(expires.ends_with('Z') && expires.len() == 20);
    assert_eq!(
        answer,
        json!({"headers": {
            "Authorization": [format!("Bearer {}", world.token())],
            "x-api-key": [world.variable("AEP_CLIENT_ID")],
            "x-gw-ims-org-id": [world.variable("AEP_ORG_ID")],
            "x-sandbox-name": ["dev1"],
        }, "expires": expires})
    );
}

#[test]
fn what_is_not_the_profiles_is_refused_and_nothing_is_fetched() {
    let world = World::oauth();
    for uri in [
        "http://platform.adobe.io/",
        "https://evil.example/",
        "https://platform.adobe.io@evil.example/",
        "https://platform.adobe.io.evil.example/",
        "https://platform.adobe.io:8443/",
        "ftp://platform.adobe.io/",
        "platform.adobe.io",
    ] {
        assert_refused(&get(&world, &json!({"uri": uri}).to_string()), 4);
    }
    assert_eq!(world.emulator.token_requests(), 0);
}

#[test]
fn no_list_of_hosts_lets_a_token_go_by_http() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert!(world.import(file.to_str().unwrap(), &[]).status.success());
    assert_clean(&world.run("aep-auth", &["profile", "set", "default", r#"hosts=["h.example", "h.example:80"]"#]));
    let by_http = get(&world, r#"{"uri":"http://h.example/"}"#);
    assert_refused(&by_http, 4);
    let told = text(&by_http.stderr);
    assert!(told.contains("https") && !told.contains("profile set"), "{told}");
    let same = world.run("aep-auth", &["headers", "--for", "http://h.example/"]);
    assert_eq!(text(&same.stderr), told);
    // The other half: another port by https may be listed.
    let told = text(&get(&world, r#"{"uri":"https://h.example:8443/"}"#).stderr);
    assert!(told.contains(r#"hosts='["h.example", "h.example:80", "h.example:8443"]'"#), "{told}");
}

#[test]
fn what_is_no_request_is_a_matter_of_the_command_line() {
    let world = World::oauth();
    for request in ["", "{", "[]", "{}", "\u{feff}{}"] {
        assert_refused(&get(&world, request), 2);
    }
    for arguments in [vec![], vec!["set"], vec!["get", "more"]] {
        let output = world.run("bazel-credential-aep", &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn without_a_profile_it_says_so() {
    assert_refused(&get(&World::empty(), r#"{"uri":"https://platform.adobe.io/"}"#), 3);
}

/// Bazel in a version that knows helpers is in no package; this does as it does (`CredentialHelper.java`): the option's host
/// and program, the program from the `PATH`, `get`, a request without a line's end, an answer of lists.
#[test]
fn the_option_of_the_page_as_bazel_takes_it() {
    let option = std::fs::read_to_string(root().join("integrations/bazel/bazelrc")).unwrap();
    let option = option.trim_end().strip_prefix("common --credential_helper=").unwrap();
    let (host, program) = option.split_once('=').unwrap();
    let world = World::oauth();
    let request = json!({"uri": format!("https://{host}/data/foundation/import/part.parquet")}).to_string();
    let output = world.run_with_input(program, &["get"], request.as_bytes());
    assert_clean(&output);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, values) in answer["headers"].as_object().unwrap() {
        assert!(values.as_array().unwrap().iter().all(Value::is_string), "{name}");
    }
    assert_eq!(answer["headers"]["Authorization"][0], format!("Bearer {}", world.token()));
    // `Instant.parse` of Java takes this form.
    let expires = answer["expires"].as_str().unwrap();
    assert!(expires.len() == 20 && expires.ends_with('Z') && expires.as_bytes()[10] == b'T', "{expires}");
}

#[test]
#[cfg(unix)]
fn the_pages_check_as_it_stands() {
    let world = World::oauth();
    for block in stories::pages::blocks("bazel/README.md", "Check", "sh") {
        let mut shell = std::process::Command::new("sh");
        world.prepare(&mut shell);
        let output = shell.args(["-ec", &block]).output().unwrap();
        assert_clean(&output);
        assert!(text(&output.stdout).contains("\"headers\":{\"Authorization\":[\"Bearer "));
    }
}

#[test]
fn the_pages_name_the_command_that_works() {
    let page = |name: &str| std::fs::read_to_string(root().join("integrations/bazel").join(name)).unwrap();
    assert!(page("bazelrc").contains("=bazel-credential-aep\n"));
    let restish: Value = serde_json::from_str(&page("restish.json")).unwrap();
    let command = restish["aep"]["profiles"]["default"]["auth"]["params"]["commandline"].as_str().unwrap();
    let (program, arguments) = command.split_once(' ').unwrap();
    // As restish sends it.
    let request = r#"{"method":"GET","uri":"https://platform.adobe.io/x","headers":{"Accept":["*/*"]},"body":""}"#;
    assert_clean(&World::oauth().run_with_input(program, &[arguments], request.as_bytes()));
}

#[test]
fn a_crowd_over_all_programs_makes_one_request() {
    let world = World::oauth();
    let git = "capability[]=authtype\nprotocol=https\nhost=platform.adobe.io\n\n";
    let calls = [
        ("aep-auth", vec!["token"], ""),
        ("git-credential-aep", vec!["get"], git),
        ("kube-credential-aep", vec![], ""),
        ("bazel-credential-aep", vec!["get"], r#"{"uri":"https://platform.adobe.io/"}"#),
    ];
    let children: Vec<_> = (0..200)
        .map(|number| {
            let (program, arguments, input) = &calls[number % calls.len()];
            let mut command = world.command(program);
            command.args(arguments).stdin(world.input(input));
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let token = world.token();
    for output in &outputs {
        assert_clean(output);
        assert!(text(&output.stdout).contains(&token));
    }
    assert_eq!(world.emulator.token_requests(), 1);
}
