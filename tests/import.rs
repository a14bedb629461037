//! `import`: file shape × what comes out; and what bad files get.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ims_emulator::Flow;
use stories::{World, assert_clean, assert_refused, files_in, text};

const ORG: &str = "745F37C35E4B776E0A49421B@AdobeOrg";

struct Known {
    id: String,
    secret: String,
    account: String,
}

fn known(flow: Flow) -> Known {
    let file: serde_json::Value = serde_json::from_str(&World::empty().emulator.credential_file(flow)).unwrap();
    let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
    match flow {
        Flow::Jwt => {
            Known { id: text("API_KEY"), secret: text("CLIENT_SECRET"), account: text("TECHNICAL_ACCOUNT_ID") }
        }
        _ => Known {
            id: text("CLIENT_ID"),
            secret: file["CLIENT_SECRETS"][0].as_str().unwrap().to_owned(),
            account: text("TECHNICAL_ACCOUNT_ID"),
        },
    }
}

/// The shapes of files that people have; each must give a token.
fn shapes() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let world = World::empty();
    let Known { id, secret, account } = known(Flow::Oauth);
    let jwt = known(Flow::Jwt);
    let key = ims_emulator::private_key_pem();
    let key_lines = serde_json::json!(key.lines().collect::<Vec<_>>());
    let scopes = "openid, AdobeID,read_organizations";
    let with_key = || vec!["--private-key", "private.key"];
    let aem = serde_json::json!({"ok": true, "integration": {
        "imsEndpoint": "ims-na1.adobelogin.com", "metascopes": "ent_dataservices_sdk", "org": ORG, "id": jwt.account,
        "technicalAccount": {"clientId": jwt.id, "clientSecret": jwt.secret},
        "privateKey": key.replace('\n', "\r\n")}, "statusCode": 200});
    let aio = serde_json::json!({"ims": {"config": {"current": "good"}, "contexts": {
        "cli": {"access_token": {"token": "x", "expiry": 1}},
        "first": {"client_id": "0", "client_secrets": ["0"], "scopes": ["openid"], "ims_org_id": ORG},
        "good": {"client_id": id, "client_secrets": [secret], "scopes": ["openid"], "ims_org_id": ORG,
                 "technical_account_id": account, "technical_account_email": "e"}}}});
    let aio_jwt = serde_json::json!({"ims": {"contexts": {"service": {"client_id": jwt.id, "client_secret": jwt.secret,
        "meta_scopes": ["ent_dataservices_sdk"], "ims_org_id": ORG, "technical_account_id": jwt.account,
        "private_key": key_lines}}}});
    let postman = |scopes: serde_json::Value| {
        serde_json::json!({"name": "Prøject", "values": [
            {"key": "CLIENT_SECRET", "value": secret, "type": "text", "enabled": true},
            {"key": "API_KEY", "value": id}, {"key": "ACCESS_TOKEN", "value": ""}, {"key": "SCOPES", "value": scopes},
            {"key": "TECHNICAL_ACCOUNT_ID", "value": account}, {"key": "IMS", "value": "ims-na1.adobelogin.com"},
            {"key": "IMS_ORG", "value": ORG}]})
        .to_string()
    };
    vec![
        ("console oauth", world.emulator.credential_file(Flow::Oauth), vec![]),
        ("console oauth with a mark and CRLF", format!("\u{feff}{}", world.emulator.credential_file(Flow::Oauth).replace('\n', "\r\n")), vec![]),
        ("console jwt", world.emulator.credential_file(Flow::Jwt), with_key()),
        ("migrated, as oauth", world.emulator.credential_file(Flow::Migrated), vec![]),
        ("project", world.emulator.project_file(), vec![]),
        ("project, by name", world.emulator.project_file(), vec!["--credential", "OAuth Server-to-Server"]),
        ("project, the service account", world.emulator.project_file(), [with_key(), vec!["--flow", "jwt"]].concat()),
        ("postman, list", postman(serde_json::json!(["openid", "AdobeID"])), vec![]),
        ("postman, text", postman(serde_json::json!("openid,AdobeID")), vec![]),
        ("aepp", serde_json::json!({"Org_Id": ORG, "client_id": id, "secret": secret, "sandbox-name": "prod", "environment": "prod", "scopes": scopes}).to_string(), vec![]),
        ("aepp jwt", serde_json::json!({"org_id": ORG, "client_id": jwt.id, "secret": jwt.secret, "tech_id": jwt.account, "pathToKey": "/etc/shadow"}).to_string(), with_key()),
        ("aio, the current context", aio.to_string(), vec![]),
        ("aio jwt", aio_jwt.to_string(), vec![]),
        ("aem", aem.to_string(), vec![]),
        ("lines, ours", format!("# comment\nexport AEP_CLIENT_ID='{id}'\nAEP_CLIENT_SECRET=\"{secret}\"\nAEP_ORG_ID={ORG}\nAEP_SCOPES=openid\n"), vec![]),
        ("lines, app builder", format!("IMS_OAUTH_S2S_CLIENT_ID={id}\r\nIMS_OAUTH_S2S_CLIENT_SECRET={secret}\r\nIMS_OAUTH_S2S_ORG_ID={ORG}\r\nIMS_OAUTH_S2S_SCOPES=[\"openid\",\"AdobeID\"]\r\n"), vec![]),
        ("lines, postman names", format!("API_KEY={id}\nCLIENT_SECRET={secret}\nIMS_ORG={ORG}\nSCOPES=openid\n"), vec![]),
    ]
}

#[test]
fn every_shape_gives_a_token() {
    for (shape, content, arguments) in shapes() {
        let world = World::empty();
        world.write("private.key", ims_emulator::private_key_pem());
        let file = world.write("file", &content);
        let output = world.import(file.to_str().unwrap(), &arguments);
        assert!(output.status.success(), "{shape}: {}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "{shape}");
        assert!(text(&output.stdout).contains("next: aep-auth "), "{shape}");
        assert_clean(&world.run("aep-auth", &["check"]));
        // The same from standard input.
        let url = world.emulator.url();
        let again = [&["import", "-", "--profile", "again", "--ims-url", &url, "--platform-url", &url], &arguments[..]];
        assert_clean(&world.run_with_input("aep-auth", &again.concat(), content.as_bytes()));
    }
}

#[test]
fn a_profile_holds_no_secret_and_secrets_are_private() {
    let world = World::empty();
    world.write("private.key", ims_emulator::private_key_pem());
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Jwt));
    assert_clean(&world.import(file.to_str().unwrap(), &["--private-key", "private.key"]));
    let profile = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
    assert!(!profile.contains(&known(Flow::Jwt).secret) && !profile.contains("PRIVATE"), "{profile}");
    assert_eq!(std::fs::read_to_string(world.path("data/secrets/.gitignore")).unwrap(), "*\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&world.path("data/secrets")), 0o700);
        for path in files_in(&world.path("data/secrets")) {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    let shown = world.run("aep-auth", &["profile", "show", "default"]);
    assert!(!text(&shown.stdout).contains(&known(Flow::Jwt).secret));
}

fn aem_without_key() -> String {
    serde_json::json!({"ok": true, "integration": {
        "imsEndpoint": "ims-na1.adobelogin.com", "metascopes": "ent_dataservices_sdk", "org": ORG, "id": "x@techacct.adobe.com",
        "technicalAccount": {"clientId": "cm-p1-e2-integration-0", "clientSecret": "s8e-marker"}, "privateKey": ""}})
    .to_string()
}

/// The report says of the keys what is so, and names what the file has by its own names.
#[test]
fn notes_say_what_is_so() {
    let jwt = World::empty().emulator.credential_file(Flow::Jwt);
    let (key, certificate) = (ims_emulator::private_key_pem(), ims_emulator::certificate_pem());
    let another = rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap().cert.pem();
    let env = |rest: &str| format!("ADOBE_CLIENT_ID=a\nADOBE_CLIENT_SECRET=p8e-b\n{rest}");
    let with_key = || vec!["--private-key", "private.key"];
    for (what, content, private_key, arguments, says, says_not) in [
        (
            "its certificate",
            jwt.clone(),
            format!("{key}{certificate}"),
            with_key(),
            "key's certificate ends",
            "another key's",
        ),
        (
            "another's certificate",
            jwt.clone(),
            format!("{another}{key}"),
            with_key(),
            "is another key's",
            "key's certificate ends",
        ),
        ("one key", jwt.clone(), key.to_owned(), with_key(), "next:", "private keys were given"),
        (
            "two keys",
            jwt,
            format!("{key}{key}"),
            with_key(),
            "2 private keys were given; the first is taken",
            "certificate",
        ),
        ("AEM's key apart", aem_without_key(), key.to_owned(), with_key(), "AEM", "no private key"),
        (
            "names with NAME in them",
            env("GREETING_NAME=x\nUSERNAME_SECRET=y"),
            String::new(),
            vec![],
            "GREETING_NAME, USERNAME_SECRET",
            "NAME org_id",
        ),
    ] {
        let world = World::empty();
        world.write("private.key", &private_key);
        let file = world.write("file", &content);
        let output = world.import(file.to_str().unwrap(), &arguments);
        assert_clean(&output);
        let told = text(&output.stdout);
        assert!(told.contains(says) && !told.contains(says_not), "{what}: {told}");
    }
}

#[test]
fn bad_files_are_refused_and_leave_nothing() {
    let oauth = World::empty().emulator.credential_file(Flow::Oauth);
    let jwt = World::empty().emulator.credential_file(Flow::Jwt);
    for (what, content, arguments, words) in [
        ("empty", String::new(), vec![], "it is empty"),
        ("truncated", oauth[..oauth.len() / 2].to_owned(), vec![], "no valid JSON"),
        ("other JSON", "{\"a\": 1}".to_owned(), vec![], "taken for a config"),
        ("a list", "[1, 2]".to_owned(), vec![], "no client id"),
        ("brackets", "[".repeat(100_000), vec![], "no client id"),
        ("braces", "{\"a\":".repeat(100_000), vec![], "no valid JSON"),
        ("many names", "CLIENT_ID=a\n".repeat(100_000), vec![], "more fields"),
        ("a key", ims_emulator::private_key_pem().to_owned(), vec![], "key or certificate"),
        ("text", "hello".to_owned(), vec![], "taken for KEY=VALUE lines"),
        (
            "swapped",
            "CLIENT_ID=p8e-marker\nCLIENT_SECRET=x1\nORG_ID=o@AdobeOrg".to_owned(),
            vec![],
            "CLIENT_ID holds a client secret",
        ),
        ("no secret", oauth.replace("CLIENT_SECRETS", "OTHER"), vec![], "no client secret"),
        ("a blank in the id", oauth.replace("\"CLIENT_ID\": \"", "\"CLIENT_ID\": \"a b"), vec![], "not one word"),
        ("a line break in the organization", oauth.replace("@AdobeOrg", "\\nX: y@AdobeOrg"), vec![], "not one word"),
        ("a line break in the secret", oauth.replace("\"p8e-", "\"p8e-\\n"), vec![], "the client secret in the file"),
        (
            "a zero in the secret",
            "ADOBE_CLIENT_ID=a\nADOBE_CLIENT_SECRET=p8e-marker\0\0\n".to_owned(),
            vec![],
            "the client secret in the file",
        ),
        (
            "a quote in the secret",
            "ADOBE_CLIENT_ID=a\nADOBE_CLIENT_SECRET=p8e-'marker\n".to_owned(),
            vec![],
            "the client secret in the file",
        ),
        ("AEM's without its key", aem_without_key(), vec![], "no private key"),
        ("a public key", jwt.clone(), vec!["--private-key", "public"], "this is a public key"),
        ("a certificate", jwt.clone(), vec!["--private-key", "certificate"], "this is a certificate"),
        ("an EC key", jwt.clone(), vec!["--private-key", "ec"], "this is an EC key"),
        ("a missing key file", jwt.clone(), vec!["--private-key", "nowhere"], "cannot read nowhere"),
        ("a hostile name", oauth.clone(), vec!["--profile", "../x"], "cannot be a profile name"),
        ("the name env", oauth.clone(), vec!["--profile", "env"], "environment variables"),
        ("no such credential", oauth.clone(), vec!["--credential", "nope"], "no such credential"),
    ] {
        let world = World::empty();
        world.write("public", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n");
        world.write("certificate", ims_emulator::certificate_pem());
        world.write("ec", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n");
        let file = world.write("file", &content);
        let told = assert_refused(&world.import(file.to_str().unwrap(), &arguments), 3);
        assert!(told.contains(words) && !told.contains("marker"), "{what}: {told}");
        for folder in ["config", "data"] {
            assert!(!world.path(folder).exists(), "{what} left {folder}");
        }
    }
}

#[test]
fn a_file_cannot_send_the_secret_to_a_host_of_its_own() {
    let Known { id, secret, .. } = known(Flow::Oauth);
    for host in ["evil.example", "https://evil.example", "https://adobelogin.com.evil.example", "https://eviladobe.io"]
    {
        let world = World::empty();
        let file = world.write("x.env", &format!("API_KEY={id}\nCLIENT_SECRET={secret}\nIMS={host}\nSCOPES=openid\n"));
        let told = assert_refused(&world.run("aep-auth", &["import", file.to_str().unwrap()]), 3);
        assert!(told.contains("not Adobe's") && told.contains("--ims-url"), "{told}");
        assert_clean(&world.run("aep-auth", &["import", file.to_str().unwrap(), "--ims-url", host]));
    }
}

#[test]
fn an_existing_profile_stays_without_force() {
    let world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Oauth));
    let file = file.to_str().unwrap();
    assert_clean(&world.import(file, &[]));
    let before = std::fs::read(world.path("config/profiles/default.toml")).unwrap();
    assert!(assert_refused(&world.import(file, &["--sandbox", "x"]), 3).contains("--force"));
    assert_eq!(std::fs::read(world.path("config/profiles/default.toml")).unwrap(), before);
    assert_clean(&world.import(file, &["--sandbox", "x", "--force"]));
}

#[test]
fn the_first_import_is_the_default_and_later_ones_are_not() {
    let world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Oauth));
    for name in ["one", "two"] {
        assert_clean(&world.import(file.to_str().unwrap(), &["--profile", name]));
    }
    let is_default = |name: &str| {
        let list = text(&world.run("aep-auth", &["profile", "list"]).stdout);
        list.lines()
            .filter(|line| line.contains("(default)"))
            .all(|line| line.starts_with(&format!("{name}  (default)")))
    };
    assert!(is_default("one"));
    assert_clean(&world.run("aep-auth", &["profile", "use", "two"]));
    assert!(is_default("two"));
    world.token();
    let removed = world.run("aep-auth", &["profile", "remove", "two"]);
    assert_clean(&removed);
    assert!(text(&removed.stdout).contains("cached token, stored client secret, default"), "{}", text(&removed.stdout));
    assert!(files_in(&world.path("data/secrets")).iter().all(|path| !path.to_str().unwrap().contains("two")));
}

#[test]
fn the_profile_variable_names_the_new_profile() {
    let mut world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Oauth));
    world.set("AEP_PROFILE", "three");
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    assert_clean(&world.import(file.to_str().unwrap(), &["--profile", "four"]));
    world.set("AEP_PROFILE", "../x");
    assert_refused(&world.import(file.to_str().unwrap(), &["--force"]), 3);
    let written: Vec<_> = files_in(&world.path("config/profiles"));
    assert_eq!(written.len(), 2, "{written:?}");
    assert!(world.path("config/profiles/three.toml").is_file() && world.path("config/profiles/four.toml").is_file());
}

#[test]
fn of_three_secrets_two_are_taken_and_it_is_said() {
    let world = World::empty();
    let three = r#"{"CLIENT_ID":"a","CLIENT_SECRETS":["one","two","three"],"ORG_ID":"o@AdobeOrg"}"#;
    let file = world.write("c.json", three);
    let output = world.import(file.to_str().unwrap(), &[]);
    assert_clean(&output);
    assert!(text(&output.stdout).contains("3 client secrets; the first two"), "{}", text(&output.stdout));
    assert_eq!(
        files_in(&world.path("data/secrets")).iter().filter(|path| path.to_str().unwrap().contains("@")).count(),
        2
    );
}

#[test]
fn folders_that_are_missing_are_made_and_relative_ones_refused() {
    let mut world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Oauth));
    let whole = |folder: &str| world.path(folder).to_str().unwrap().to_owned();
    let folders = [("AEP_CONFIG_DIR", whole("c")), ("AEP_DATA_DIR", whole("d/e")), ("AEP_CACHE_DIR", "~/k/l/".into())];
    for (variable, folder) in &folders {
        world.set(variable, folder);
    }
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    assert_clean(&world.run("aep-auth", &["token"]));
    assert!(world.path("k/l").is_dir() && world.path("c/profiles/default.toml").is_file());
    for (variable, folder) in &folders {
        world.set(variable, "relative/folder");
        let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
        assert!(told.contains(variable) && told.contains("relative folder"), "{told}");
        world.set(variable, folder);
    }
}

#[test]
fn set_keeps_the_users_comments_and_refuses_secrets() {
    let world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &["--profile", "prod"]));
    let path = world.path("config/profiles/prod.toml");
    let text_before = format!("# mine\n{}", std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, &text_before).unwrap();
    assert_clean(&world.run("aep-auth", &["profile", "set", "prod", "sandbox=dev1", "hosts=[\"*.corp.example\"]"]));
    let changed = std::fs::read_to_string(&path).unwrap();
    assert!(changed.starts_with("# mine\n") && changed.contains("sandbox = \"dev1\""), "{changed}");
    for (pair, code) in [
        ("client_secret=marker", 3),
        ("client_secrets=[\"marker\"]", 3),
        ("shared_cache=redis://:marker@127.0.0.1:6379", 3),
        ("hosts=[\"*.com\"]", 3),
        ("ims_url=http://ims.example", 3),
        ("colour=green", 3),
        ("git_basic=maybe", 3),
        ("nonsense", 2),
    ] {
        let told = assert_refused(&world.run("aep-auth", &["profile", "set", "prod", pair]), code);
        assert!(!told.contains("marker"), "{told}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), changed, "{pair}");
    }
    assert_clean(&world.run("aep-auth", &["profile", "set", "prod", "sandbox="]));
    assert!(!std::fs::read_to_string(&path).unwrap().contains("sandbox"));
}

#[test]
fn a_new_secret_is_stored_from_standard_input() {
    let world = World::empty();
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Oauth).replace("p8e-", "old-"));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    assert_refused(&world.run("aep-auth", &["token"]), 4);
    let secret = known(Flow::Oauth).secret;
    assert_clean(&world.run_with_input(
        "aep-auth",
        &["secret", "set", "default", "--second"],
        format!("{secret}\n").as_bytes(),
    ));
    let output = world.run("aep-auth", &["token"]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("no longer accepts the first client secret"), "{}", text(&output.stderr));
    assert!(text(&world.run("aep-auth", &["status"]).stderr).contains("first client secret"));
    assert_clean(&world.run_with_input("aep-auth", &["secret", "set", "default"], secret.as_bytes()));
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
}

#[test]
fn a_retired_service_account_is_told_so() {
    let world = World::empty();
    world.write("private.key", ims_emulator::private_key_pem());
    let file = world.write("c.json", &world.emulator.credential_file(Flow::Jwt));
    let output = world.run("aep-auth", &["import", file.to_str().unwrap(), "--private-key", "private.key"]);
    assert_clean(&output);
    assert!(text(&output.stdout).contains("aep-auth profile set default flow=oauth"), "{}", text(&output.stdout));
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks_field_by_field() {
    if !stories::has("tmux") {
        return;
    }
    let Known { id, secret, .. } = known(Flow::Oauth);
    let world = World::empty();
    let url = world.emulator.url();
    let command = format!("aep-auth import --ims-url {url} --platform-url {url}; echo ended=$?; cat");
    let terminal = stories::terminal::Terminal::open(&world, &command);
    for (question, answer) in [
        ("API key (client id):", id.as_str()),
        ("client secret (not shown):", secret.as_str()),
        ("organization id (…@AdobeOrg):", ORG),
        ("technical account id", ""),
        ("scopes (empty", ""),
    ] {
        terminal.wait_for(question);
        terminal.type_line(answer);
    }
    terminal.wait_for("ended=0");
    assert!(!terminal.screen().contains(&secret), "the secret was echoed");
    assert!(!terminal.screen().contains("the file"), "there was none: {}", terminal.screen());
    world.token();

    let Known { id, secret, account } = known(Flow::Jwt);
    let world = World::empty();
    world.write("private.key", ims_emulator::private_key_pem());
    let url = world.emulator.url();
    let command = format!("aep-auth import --ims-url {url} --platform-url {url}; echo ended=$?; cat");
    let terminal = stories::terminal::Terminal::open(&world, &command);
    for (question, answer) in [
        ("API key (client id):", id.as_str()),
        ("client secret (not shown):", secret.as_str()),
        ("organization id (…@AdobeOrg):", ORG),
        ("technical account id", account.as_str()),
        ("path of the private key", "~/private.key"),
    ] {
        terminal.wait_for(question);
        terminal.type_line(answer);
    }
    terminal.wait_for("ended=0");
    world.token();
}
