//! What the programs say on standard error: a situation, the message, and the cure that it names, carried out.
//!
//! The messages stand in `messages.txt`, which is reviewed like code: `AEP_TEST_WRITE=1 cargo test -p stories --test
//! messages` writes it anew.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::os::unix::fs::PermissionsExt;

use ims_emulator::{Fault, Flow, Kind};
use serde_json::json;
use stories::{World, assert_clean, root, text};

/// What the hint says to do, and that it helps.
enum Cure {
    /// No command: a person has to look, or somebody else to act.
    ByPerson,
    /// The hint is this command, to the letter.
    Command(&'static [&'static str]),
    /// The hint has this command with a place to fill in; filled in so.
    Filled(&'static str, &'static [&'static str]),
    /// As [`Self::Filled`], with this on standard input.
    Typed(&'static str, &'static [&'static str], String),
    /// The hint names the variable; this is its right value.
    Set(&'static str, String),
    /// The hint names the variable, which has to go.
    Unset(&'static str),
    /// Another command than the one that failed, which works.
    Instead(&'static [&'static str]),
}

struct Situation {
    name: &'static str,
    world: World,
    command: &'static [&'static str],
    input: &'static str,
    cure: Cure,
}

fn situation(name: &'static str, world: World, command: &'static [&'static str], cure: Cure) -> Situation {
    Situation { name, world, command, input: "", cure }
}

fn with(mut world: World, variables: &[(&str, &str)]) -> World {
    for (name, value) in variables {
        world.set(name, value);
    }
    world
}

fn without(mut world: World, variable: &str) -> World {
    world.unset(variable);
    world
}

/// Profiles of the known credential; the first is the default.
fn profiles(names: &[&str]) -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    for name in names {
        assert_clean(&world.import(file.to_str().unwrap(), &["--profile", name]));
    }
    world
}

fn answering(fault: Kind) -> World {
    let world = with(World::oauth(), &[("AEP_TIMEOUT", "1")]);
    world.emulator.fault(Fault::always(fault));
    world
}

/// The platform refuses with this; IMS works.
fn refusing(status: u16, body: &serde_json::Value) -> World {
    let world = World::oauth();
    world.token();
    world.emulator.fault(Fault::always(Kind::respond(status, &body.to_string())));
    world
}

fn secret(world: &World) -> String {
    world.variable("AEP_CLIENT_SECRET").to_owned()
}

fn situations() -> Vec<Situation> {
    let known = World::oauth();
    let (client_id, client_secret) = (known.variable("AEP_CLIENT_ID").to_owned(), secret(&known));
    let organization = known.variable("AEP_ORG_ID").to_owned();
    let mut all = vec![
        situation(
            "a machine without anything",
            {
                let world = World::empty();
                world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
                world
            },
            &["aep-auth", "status"],
            Cure::Filled(
                "aep-auth import FILE",
                &["aep-auth", "import", "credential.json", "--ims-url", "@", "--platform-url", "@"],
            ),
        ),
        situation(
            "profiles, and none is the default",
            {
                let world = profiles(&["dev", "prod"]);
                std::fs::remove_file(world.path("config/default-profile")).unwrap();
                world
            },
            &["aep-auth", "token"],
            Cure::Command(&["aep-auth", "profile", "use", "dev"]),
        ),
        situation(
            "a profile that is not there",
            profiles(&["dev"]),
            &["aep-auth", "token", "--profile", "nosuch"],
            Cure::Instead(&["aep-auth", "profile", "list"]),
        ),
        situation("no name at all", profiles(&["dev"]), &["aep-auth", "token", "--profile", "Prod"], Cure::ByPerson),
        situation(
            "a secret that a pipeline did not hand on",
            with(World::oauth(), &[("AEP_CLIENT_ID", "")]),
            &["aep-auth", "token"],
            Cure::Set("AEP_CLIENT_ID", client_id),
        ),
        situation(
            "an empty client secret",
            with(World::oauth(), &[("AEP_CLIENT_SECRET", "")]),
            &["aep-auth", "token"],
            Cure::Set("AEP_CLIENT_SECRET", client_secret.clone()),
        ),
        situation(
            "no client secret",
            without(World::oauth(), "AEP_CLIENT_SECRET"),
            &["aep-auth", "token"],
            Cure::Set("AEP_CLIENT_SECRET", client_secret.clone()),
        ),
        situation(
            "no organization",
            without(World::oauth(), "AEP_ORG_ID"),
            &["aep-auth", "headers"],
            Cure::Set("AEP_ORG_ID", organization),
        ),
        situation(
            "a sandbox's title for its name",
            World::oauth(),
            &["aep-auth", "headers", "--sandbox", "Dev 1"],
            Cure::Instead(&["aep-auth", "headers", "--sandbox", "dev-1"]),
        ),
        situation(
            "a level that is none",
            with(World::oauth(), &[("AEP_LOG", "loud")]),
            &["aep-auth", "token"],
            Cure::Unset("AEP_LOG"),
        ),
        situation(
            "a word that is none",
            with(World::oauth(), &[("AEP_CACHE", "maybe")]),
            &["aep-auth", "token"],
            Cure::Unset("AEP_CACHE"),
        ),
        situation(
            "a time that is none",
            with(World::oauth(), &[("AEP_TIMEOUT", "soon")]),
            &["aep-auth", "token"],
            Cure::Unset("AEP_TIMEOUT"),
        ),
        situation(
            "another host than the profile's",
            with(profiles(&["dev"]), &[("AEP_IMS_URL", "https://ims.other.example")]),
            &["aep-auth", "token"],
            Cure::Unset("AEP_IMS_URL"),
        ),
    ];
    let of_commands = [
        ("a slip of the finger", &["aep-auth", "tokn"][..], Cure::Instead(&["aep-auth", "token"])),
        (
            "an option where the argument stands",
            &["aep-auth", "profile", "show", "--profile", "dev"],
            Cure::Command(&["aep-auth", "profile", "show", "dev"]),
        ),
        (
            "every profile, and one",
            &["aep-auth", "status", "--all", "--profile", "dev"],
            Cure::Instead(&["aep-auth", "status", "--all"]),
        ),
        (
            "a pair that is none",
            &["aep-auth", "profile", "set", "dev", "sandbox"],
            Cure::Command(&["aep-auth", "profile", "set", "dev", "sandbox=dev1"]),
        ),
        ("a key that is none", &["aep-auth", "profile", "set", "dev", "sandbx=dev1"], Cure::ByPerson),
        (
            "a secret as a key",
            &["aep-auth", "profile", "set", "dev", "client_secret=x"],
            Cure::Typed("aep-auth secret set dev", &["aep-auth", "secret", "set", "dev"], client_secret.clone()),
        ),
        (
            "a copy onto a profile",
            &["aep-auth", "profile", "copy", "dev", "prod"],
            Cure::Command(&["aep-auth", "profile", "remove", "prod"]),
        ),
        ("a name that leads away", &["aep-auth", "profile", "rename", "dev", "../prod"], Cure::ByPerson),
        ("an import onto a profile", &["aep-auth", "import", "credential.json", "--profile", "dev"], Cure::ByPerson),
        ("a file that is not there", &["aep-auth", "import", "nosuch.json"], Cure::ByPerson),
        ("a duration that is none", &["aep-auth", "token", "--min-valid", "soon"], Cure::ByPerson),
        ("a command that is not there", &["aep-auth", "exec", "--", "no-such-command"], Cure::ByPerson),
        ("no token to inspect", &["aep-auth", "inspect", "credential.json"], Cure::ByPerson),
        ("no token that was refused", &["aep-auth", "token", "--refused", "-"], Cure::ByPerson),
    ];
    all.extend(of_commands.map(|(name, command, cure)| situation(name, profiles(&["dev", "prod"]), command, cure)));
    all.extend([
        situation(
            "a wrong client secret in a variable",
            with(World::oauth(), &[("AEP_CLIENT_SECRET", "p8e-marker")]),
            &["aep-auth", "token"],
            Cure::Set("AEP_CLIENT_SECRET", client_secret.clone()),
        ),
        situation(
            "a wrong client secret in a profile",
            {
                let world = profiles(&["dev"]);
                let id = world_client_id(&world);
                world.emulator.set_secrets(&id, &["p8e-NewSecret1"]);
                world
            },
            &["aep-auth", "token"],
            Cure::Typed("aep-auth secret set dev", &["aep-auth", "secret", "set", "dev"], "p8e-NewSecret1".to_owned()),
        ),
        situation(
            "an unknown client id",
            with(World::oauth(), &[("AEP_CLIENT_ID", "nobody")]),
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        situation(
            "metascopes that the credential has not",
            with(World::jwt(), &[("AEP_META_SCOPES", "ent_nosuch_sdk")]),
            &["aep-auth", "token"],
            Cure::Set("AEP_META_SCOPES", "ent_dataservices_sdk".to_owned()),
        ),
        situation(
            "a key that is not there",
            with(World::jwt(), &[("AEP_PRIVATE_KEY", "/nosuch/private.key")]),
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        situation(
            "nobody listens",
            with(World::oauth(), &[("AEP_IMS_URL", "http://127.0.0.1:1"), ("AEP_TIMEOUT", "1")]),
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        situation(
            "a proxy that is not there",
            with(
                World::oauth(),
                &[
                    ("AEP_IMS_URL", "https://ims.example"),
                    ("HTTPS_PROXY", "http://u:p@127.0.0.1:1"),
                    ("AEP_TIMEOUT", "1"),
                ],
            ),
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        {
            let world = World::tls();
            let file = world.variable("AEP_CA_FILE").to_owned();
            situation(
                "an authority of one's own",
                without(world, "AEP_CA_FILE"),
                &["aep-auth", "token"],
                Cure::Set("AEP_CA_FILE", file),
            )
        },
        situation(
            "a certificate file that is not there",
            with(World::tls(), &[("AEP_CA_FILE", "/nosuch/ca.pem")]),
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        situation(
            "a page",
            answering(Kind::respond(200, "<html>sign in</html>")),
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        situation("too many requests", answering(Kind::respond(429, "{}")), &["aep-auth", "token"], Cure::ByPerson),
        situation("an outage", answering(Kind::respond(503, "{}")), &["aep-auth", "token"], Cure::ByPerson),
        situation(
            "an API that the project does not have",
            refusing(403, &json!({"error_code": "403003", "message": "Api Key is invalid"})),
            &["aep-auth", "check"],
            Cure::ByPerson,
        ),
        situation(
            "an account without rights",
            refusing(403, &json!({"error_code": "403025", "message": "Profile is not valid"})),
            &["aep-auth", "check"],
            Cure::ByPerson,
        ),
        situation(
            "a refusal in words of its own",
            refusing(403, &json!({"reason": "not today", "who": "the sandbox"})),
            &["aep-auth", "check"],
            Cure::ByPerson,
        ),
        situation(
            "a profile that others can write",
            {
                let world = profiles(&["dev"]);
                let path = world.path("config/profiles/dev.toml");
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
                world
            },
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        situation(
            "a cached token that others can write",
            {
                let world = World::oauth();
                world.token();
                std::fs::set_permissions(world.entry(), std::fs::Permissions::from_mode(0o666)).unwrap();
                world
            },
            &["aep-auth", "token"],
            Cure::ByPerson,
        ),
        Situation {
            input: "{\"uri\": \"https://other.example/x\"}",
            ..situation(
                "a host that is none of the profile's",
                World::oauth(),
                &["bazel-credential-aep", "get"],
                Cure::ByPerson,
            )
        },
        situation(
            "no version of the protocol",
            World::oauth(),
            &["kube-credential-aep", "--api-version", "v7"],
            Cure::ByPerson,
        ),
    ]);
    all
}

fn world_client_id(world: &World) -> String {
    let file: serde_json::Value = serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
    file["CLIENT_ID"].as_str().unwrap().to_owned()
}

fn run(world: &World, command: &[&str], input: &str) -> std::process::Output {
    let url = world.emulator.url();
    let command: Vec<&str> = command.iter().map(|word| if *word == "@" { url.as_str() } else { word }).collect();
    world.run_with_input(command[0], &command[1..], input.as_bytes())
}

/// What differs from one run to the next.
fn steady(world: &World, told: &str) -> String {
    let url = world.emulator.url();
    let port = url.rsplit(':').next().unwrap();
    let told = told.replace(world.home.path().to_str().unwrap(), "HOME").replace(&format!(":{port}"), ":PORT");
    // The name of an entry tells the identity, and with it the port.
    let entry = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words: Vec<&str> = told.split(['/', '.']).filter(|word| entry(word)).collect();
    let told = words.iter().fold(told.clone(), |told, word| told.replace(word, "ENTRY"));
    let mut steady = String::new();
    for (number, part) in told.split("-id ").enumerate() {
        // Behind `x-debug-id` and `x-request-id`, up to the bracket.
        let rest = if number == 0 { part } else { part.find(')').map_or(part, |end| &part[end..]) };
        steady.push_str(if number == 0 { "" } else { "-id ID" });
        steady.push_str(rest);
    }
    steady.lines().map(str::trim_end).filter(|line| !line.is_empty()).fold(String::new(), |all, line| all + line + "\n")
}

#[test]
fn every_message_is_as_it_was_reviewed_and_its_cure_cures() {
    let mut made = String::from(
        "What the programs say on standard error, by situation. Made and checked by tests/messages.rs:\n\
         AEP_TEST_WRITE=1 cargo test -p stories --test messages\n",
    );
    for Situation { name, mut world, command, input, cure } in situations() {
        let output = run(&world, command, input);
        let told = text(&output.stderr);
        let code = output.status.code().unwrap();
        for unwanted in ["os error", "UnknownIssuer", "Rustls", "p8e-marker", "u:p@", "panicked"] {
            assert!(!told.contains(unwanted), "{name}: {told}");
        }
        let mut said = steady(&world, &told);
        let hint: String = told.lines().filter_map(|line| line.strip_prefix("hint: ")).collect::<Vec<_>>().join("\n");
        let again = |world: &World| {
            let output = run(world, command, input);
            // `status` ends well as soon as there is a profile.
            assert!(output.status.success(), "{name}: not cured: {}", text(&output.stderr));
        };
        let carried_out = match cure {
            Cure::ByPerson => String::new(),
            Cure::Command(cure) => {
                assert!(hint.contains(&cure.join(" ")), "{name}: {hint}");
                assert_clean(&run(&world, cure, ""));
                if cure.get(1..3) != command.get(1..3) {
                    again(&world);
                }
                cure.join(" ")
            }
            Cure::Filled(part, cure) => {
                assert!(hint.contains(part), "{name}: {hint}");
                assert_clean(&run(&world, cure, ""));
                again(&world);
                cure.join(" ")
            }
            Cure::Typed(part, cure, typed) => {
                assert!(hint.contains(part), "{name}: {hint}");
                assert_clean(&run(&world, cure, &format!("{typed}\n")));
                assert_clean(&run(&world, &["aep-auth", "token", "--renew"], ""));
                format!("{}, and the secret typed", cure.join(" "))
            }
            Cure::Set(variable, value) => {
                assert!(told.contains(variable), "{name}: {told}");
                world.set(variable, &value);
                again(&world);
                format!("{variable} set")
            }
            Cure::Unset(variable) => {
                assert!(told.contains(variable), "{name}: {told}");
                world.unset(variable);
                again(&world);
                format!("{variable} unset")
            }
            Cure::Instead(other) => {
                assert_clean(&run(&world, other, ""));
                other.join(" ")
            }
        };
        if !carried_out.is_empty() {
            said.push_str(&format!("cured: {carried_out}\n"));
        }
        made.push_str(&format!("\n# {name}\n$ {}\nexit {code}\n{said}", command.join(" ")));
    }
    let path = root().join("tests/messages.txt");
    if std::env::var_os("AEP_TEST_WRITE").is_some() {
        return std::fs::write(&path, &made).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap();
    for (made, reviewed) in made.split("\n# ").zip(reviewed.split("\n# ")) {
        assert_eq!(made, reviewed, "not as it was reviewed: AEP_TEST_WRITE=1 cargo test -p stories --test messages");
    }
    assert_eq!(made, reviewed);
}

/// The road is told, and nothing on it is a secret.
#[test]
fn the_road_is_told_without_a_secret() {
    let mut world = profiles(&["dev"]);
    world.set("AEP_LOG", "info");
    let first = world.run("aep-auth", &["token"]);
    let told = text(&first.stderr);
    for part in ["profile dev, the default: ", "/ims/token/v3: 200 in ", " ms"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let second = text(&world.run("aep-auth", &["token", "--profile", "dev"]).stderr);
    assert!(second.contains("profile dev, named by --profile") && !second.contains("token/v3"), "{second}");
    world.set("AEP_LOG", "debug");
    let file: serde_json::Value = serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
    let secret = file["CLIENT_SECRETS"][0].as_str().unwrap().to_owned();
    let token = text(&first.stdout);
    for command in
        [["token", "--renew"].as_slice(), &["token", "--verify"], &["check"], &["headers"], &["forget", "--revoke"]]
    {
        let output = world.run("aep-auth", command);
        let told = text(&output.stderr);
        assert!(output.status.success(), "{told}");
        for private in [secret.as_str(), token.trim_end(), "eyJ"] {
            assert!(!told.contains(private), "{command:?}: {told}");
        }
    }
    world.unset("AEP_LOG");
    world.emulator.fault(Fault::always(Kind::respond(400, r#"{"error": "invalid_client"}"#)));
    world.set("AEP_LOG", "info");
    let refused = text(&world.run("aep-auth", &["token"]).stderr);
    assert!(refused.contains("/ims/token/v3: 400 in "), "{refused}");
}
