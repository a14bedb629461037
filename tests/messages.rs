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
    /// What stands behind this in the hint is a line to type, to the letter.
    Line(&'static str),
    /// The hint has this command, or this option, with a place to fill in; filled in so.
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
        (
            "an import onto a profile",
            &["aep-auth", "import", "credential.json", "--profile", "dev"],
            Cure::Filled("--force", &["aep-auth", "import", "credential.json", "--profile", "dev", "--force"]),
        ),
        ("a file that is not there", &["aep-auth", "import", "nosuch.json"], Cure::ByPerson),
        ("a duration that is none", &["aep-auth", "token", "--min-valid", "soon"], Cure::ByPerson),
        ("a command that is not there", &["aep-auth", "exec", "--", "no-such-command"], Cure::ByPerson),
        ("an import of nothing", &["aep-auth", "import", "--profile", "new"], Cure::ByPerson),
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
            Cure::Line("then: "),
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
    all.extend(of_files());
    all.extend(of_references());
    all.extend(of_answers());
    all
}

/// Files that are imported, and files that are named.
fn of_files() -> Vec<Situation> {
    let file = |name: &'static str, content: &str, command: &'static [&'static str]| {
        let world = World::empty();
        world.write("x", content);
        situation(name, world, command, Cure::ByPerson)
    };
    let import = &["aep-auth", "import", "x"];
    let whole = World::empty().emulator.credential_file(Flow::Oauth);
    let key = ims_emulator::private_key_pem();
    let mut all = vec![
        file(
            "a web app",
            r#"{"TYPE":"oauthwebapp","CLIENT_ID":"a","CLIENT_SECRET":"b","REDIRECT_URI":"https://x"}"#,
            import,
        ),
        file("an API key", r#"{"API_KEY":"a64f5f10849a410a97ffdac8ae1eae0e","ORG_ID":"A@AdobeOrg"}"#, import),
        file(
            "a person's login",
            "{\n ims: {\n contexts: {\n cli: {\n access_token: {\n token: eyJ.x.y\n }\n }\n }\n }\n}\n",
            import,
        ),
        file("another project's file", "API_KEY=sk-x\nSECRET=y\n", import),
        file("a template", "CLIENT_ID=your_client_id\nCLIENT_SECRET=your_secret\nORG_ID=A@AdobeOrg\n", import),
        file("a reference for a secret", "ADOBE_CLIENT_ID=a1\nADOBE_CLIENT_SECRET=op://v/i/f\n", import),
        file("a secret that is missing", "CLIENT_ID=a1\nORG_ID=A@AdobeOrg\n", import),
        file("a token in the place of a credential", r#"{"access_token":"eyJ.x.y"}"#, import),
        file("a page in the place of a download", "<!DOCTYPE html>", import),
        file("a key in the place of a credential", key, import),
        file("nothing in the file", "", import),
        file("half a download", "{\"CLIENT_ID\": \"a", import),
        file("a host of its own", &whole.replacen('{', "{\"imsHost\":\"ims.evil.example\",", 1), import),
        file("a credential that is not in the file", &whole, &["aep-auth", "import", "x", "--credential", "nosuch"]),
        file("a place that is none", &whole, &["aep-auth", "import", "x", "--client-secret-from", "vault"]),
        file("a key file that is none", &whole, &["aep-auth", "import", "x", "--flow", "jwt", "--private-key", "x"]),
        file("a collection that is none", "{}", &["aep-postman", "collection", "--from", "x"]),
    ];
    for Situation { name, cure, .. } in &mut all {
        *cure = match *name {
            "a secret that is missing" => Cure::Filled(
                "--client-secret-from keyring, file:PATH, env:NAME or",
                &["aep-auth", "import", "x", "--client-secret-from", "env:MINE"],
            ),
            "a host of its own" => Cure::Filled(
                "--ims-url https://ims.evil.example",
                &["aep-auth", "import", "x", "--ims-url", "https://ims.evil.example"],
            ),
            _ => continue,
        };
    }
    let certificate = ims_emulator::certificate_pem();
    let pem = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    for (name, key) in [
        ("a certificate for a key", certificate.to_owned()),
        ("a key that is cut off", key[..200].to_owned()),
        ("a key of another kind", pem("EC PRIVATE KEY", "MHcCAQEE")),
        ("no key at all", "marker".to_owned()),
        ("a key whose content is none", pem("PRIVATE KEY", "!!!!")),
    ] {
        let world = World::jwt();
        world.write("other.key", &key);
        let path = world.path("other.key").to_str().unwrap().to_owned();
        all.push(situation(name, with(world, &[("AEP_PRIVATE_KEY", &path)]), &["aep-auth", "token"], Cure::ByPerson));
    }
    all
}

/// Profiles whose secrets are elsewhere, and commands that change where they are.
fn of_references() -> Vec<Situation> {
    let referring = |reference: &str| {
        let world = profiles(&["dev"]);
        let stored = std::fs::read_to_string(world.path("config/profiles/dev.toml")).unwrap();
        world.write("config/profiles/dev.toml", &stored.replace("{ store = true }", reference));
        world
    };
    let secret = World::oauth().variable("AEP_CLIENT_SECRET").to_owned();
    let token: &[&str] = &["aep-auth", "token"];
    let mut all = vec![
        situation(
            "a variable for the secret",
            referring("{ env = \"MINE\" }"),
            token,
            Cure::Set("MINE", secret.clone()),
        ),
        situation("a file for the secret", referring("{ file = \"/nosuch/secret\" }"), token, Cure::ByPerson),
        situation("a command that fails", referring("{ command = [\"false\"] }"), token, Cure::ByPerson),
        situation("a command that is nowhere", referring("{ command = [\"nosuch\"] }"), token, Cure::ByPerson),
        situation("a command that says nothing", referring("{ command = [\"true\"] }"), token, Cure::ByPerson),
        situation("a service's credential", referring("{ credential = \"aep\" }"), token, Cure::ByPerson),
        situation("no session for a keyring", referring("{ keyring = true }"), token, Cure::ByPerson),
        situation(
            "a secret that is kept elsewhere",
            referring("{ env = \"MINE\" }"),
            &["aep-auth", "secret", "set", "dev"],
            Cure::ByPerson,
        ),
        situation(
            "a secret that cannot be moved",
            referring("{ env = \"MINE\" }"),
            &["aep-auth", "secret", "move", "dev", "--to", "keyring"],
            Cure::Instead(&["aep-auth", "secret", "show", "dev"]),
        ),
        situation(
            "a keyring to move to, which is not there",
            profiles(&["dev"]),
            &["aep-auth", "secret", "move", "dev", "--to", "keyring"],
            Cure::ByPerson,
        ),
        situation(
            "a stored secret that would be lost",
            profiles(&["dev"]),
            &["aep-auth", "profile", "set", "dev", "client_secrets=[{ keyring = true }]"],
            Cure::ByPerson,
        ),
        situation(
            "a rotation that has not begun",
            profiles(&["dev"]),
            &["aep-auth", "secret", "drop", "dev", "first"],
            Cure::Typed("aep-auth secret set dev --second", &["aep-auth", "secret", "set", "dev", "--second"], secret),
        ),
        situation("no secret typed", profiles(&["dev"]), &["aep-auth", "secret", "set", "dev"], Cure::ByPerson),
        Situation {
            input: "p8e-wrong\n",
            ..situation(
                "a new secret that IMS refuses",
                profiles(&["dev"]),
                &["aep-auth", "secret", "set", "dev"],
                Cure::ByPerson,
            )
        },
    ];
    for (name, pair) in [
        ("a host with too short a domain", "hosts=[\"*.com\"]"),
        ("an engine in the clear", "shared_cache=redis://cache.example:6379/0"),
        ("an engine's password in the address", "shared_cache=rediss://u:p@cache.example:6379/0"),
        ("a service that is none", "services=[\"nosuch\"]"),
        ("an IMS in the clear", "ims_url=http://ims.example"),
        ("a flow that is none", "flow=basic"),
        ("a list that is none", "hosts=[\"a"),
    ] {
        let pair: &'static str = pair;
        let command: &'static [&'static str] = Box::leak(Box::new(["aep-auth", "profile", "set", "dev", pair]));
        all.push(situation(name, profiles(&["dev"]), command, Cure::ByPerson));
    }
    for (name, command) in [
        ("a profile that is the environment", &["aep-auth", "profile", "use"][..]),
        ("an assertion where none is signed", &["aep-auth", "jwt"]),
        ("nothing cached to inspect", &["aep-auth", "inspect"]),
        ("an assertion that is not there", &["aep-auth", "token", "--jwt", "nosuch"]),
        ("no file for GitHub", &["aep-auth", "env", "--shell", "github"]),
        ("a sandbox that Query Service needs", &["aep-auth", "query"]),
        ("an address that is not ours", &["aep-auth", "headers", "--for", "https://evil.example/x"]),
        ("a path that is a host", &["aep-auth", "api", "//evil.example/x"]),
        ("an address of another host", &["aep-auth", "api", "https://evil.example/x"]),
        ("pages of a request that changes", &["aep-auth", "api", "/x", "--all", "-X", "POST"]),
        ("a time that is no number", &["aep-auth", "api", "/x", "--max-time", "soon"]),
        ("a header that is none", &["aep-auth", "api", "/x", "-H", "nonsense"]),
        ("a header that is ours", &["aep-auth", "api", "/x", "-H", "Authorization: x"]),
        ("data that is not there", &["aep-auth", "api", "/x", "-d", "@nosuch.json"]),
        ("data that is a folder", &["aep-auth", "api", "/x", "-d", "@."]),
    ] {
        let cure = match name {
            "a sandbox that Query Service needs" => Cure::Set("AEP_SANDBOX", "prod".to_owned()),
            "nothing cached to inspect" | "an assertion where none is signed" => Cure::Instead(&["aep-auth", "token"]),
            "a profile that is the environment" => Cure::Instead(&["aep-auth", "profile", "list"]),
            _ => Cure::ByPerson,
        };
        all.push(situation(name, World::oauth(), command, cure));
    }
    all
}

/// Variables, the network, and what the two services and the tools send.
fn of_answers() -> Vec<Situation> {
    let token: &[&str] = &["aep-auth", "token"];
    let mut all = Vec::new();
    for (name, variable, value) in [
        ("a folder that is relative", "AEP_CACHE_DIR", "cache"),
        ("a proxy of another kind", "HTTPS_PROXY", "ftp://proxy.example"),
        ("a folder of certificates that is not there", "SSL_CERT_DIR", "/nosuch"),
        ("an IMS that is nowhere", "AEP_IMS_URL", "https://no-such-host.invalid"),
        ("an IMS that is no address", "AEP_IMS_URL", "http://ims.example"),
        ("a shared cache without its password", "AEP_SHARED_CACHE", "rediss://fleet@cache.example:6379/0"),
    ] {
        // An IMS that is none cannot be left away here.
        let cure = if variable == "AEP_IMS_URL" || name.starts_with("a folder of") {
            Cure::ByPerson
        } else {
            Cure::Unset(variable)
        };
        let world = with(World::oauth(), &[(variable, value), ("AEP_TIMEOUT", "1")]);
        let world = if name.starts_with("a proxy") || name.starts_with("a folder of") {
            with(world, &[("AEP_IMS_URL", "https://ims.example")])
        } else {
            world
        };
        let cure = if name.starts_with("a proxy") { Cure::ByPerson } else { cure };
        all.push(situation(name, world, token, cure));
    }
    for (name, fault) in [
        ("no token in the answer", Kind::respond(200, "{}")),
        ("no answer in time", Kind::Hang),
        ("an answer without a body", Kind::respond(200, "")),
        ("a fault of IMS in its own words", Kind::respond(500, r#"{"error":"internal_error"}"#)),
    ] {
        all.push(situation(name, answering(fault), token, Cure::ByPerson));
    }
    all.push(Situation {
        input: "nonsense",
        ..situation("no request of Bazel's", World::oauth(), &["bazel-credential-aep", "get"], Cure::ByPerson)
    });
    all.push(situation(
        "an ExecCredential that is none",
        with(World::oauth(), &[("KUBERNETES_EXEC_INFO", "nonsense")]),
        &["kube-credential-aep"],
        Cure::Unset("KUBERNETES_EXEC_INFO"),
    ));
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
            Cure::Line(before) => {
                let line = hint.lines().find_map(|line| Some(line.split_once(before)?.1));
                let line = line.unwrap_or_else(|| panic!("{name}: {hint}"));
                assert_clean(&world.type_line(line));
                again(&world);
                steady(&world, line).trim_end().to_owned()
            }
            Cure::Filled(part, cure) => {
                assert!(hint.contains(part), "{name}: {hint}");
                assert_clean(&run(&world, cure, ""));
                if cure.get(1..3) != command.get(1..3) {
                    again(&world);
                }
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
    assert!(second.contains("profile dev, named on the command line") && !second.contains("token/v3"), "{second}");
    let told = |world: &World, command: &[&str], input: &str| text(&run(world, command, input).stderr);
    for (options, why) in [
        (["--renew", "--json"].as_slice(), "a new token is asked for"),
        (&["--min-valid", "90d"], "ends sooner than is asked for (--min-valid)"),
        (&[], "cache: a live token"),
    ] {
        let told = told(&world, &[&["aep-auth", "token"], options].concat(), "");
        assert!(told.contains(why), "{told}");
    }
    let request = "capability[]=authtype\nprotocol=https\nhost=platform.adobe.io\n\n";
    let set = told(&world, &["aep-auth", "profile", "set", "dev", "hosts=platform.adobe.io"], "");
    assert_eq!(set.matches("profile dev, named on the command line").count(), 1, "{set}");
    let kept = told(&world, &["git-credential-aep", "get"], request);
    assert!(kept.contains("cache: the token that is kept was earned by another profile, or by this one"), "{kept}");
    world.set("AEP_LOG", "debug");
    let hit = told(&world, &["git-credential-aep", "get"], request);
    assert!(hit.contains("debug: asked for platform.adobe.io:443\ninfo: cache: a live token\n"), "{hit}");
    told(&world, &["aep-auth", "profile", "set", "dev", "hosts="], "");
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
