//! `import`: every file of `import-cases/` becomes what `expected.json` says; `docs/import.md` has the same table.
//!
//! In the files `@PRIVATE_KEY@`, `@PEM@` (with its line breaks), `@PKCS8@` and `@CERTIFICATE@` stand for the emulator's own,
//! which no file may repeat.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use stories::{World, assert_clean, assert_refused, files_in, root, skip, text};

fn folder() -> PathBuf {
    root().join("tests/import-cases")
}

fn cases() -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

/// The file with the emulator's key in it, as JSON and `.env` files write it: in one line.
fn content(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    let Ok(text) = String::from_utf8(bytes.clone()) else { return bytes };
    let one_line = |pem: &str| pem.trim_end().replace('\n', "\\n");
    let body: String = ims_emulator::private_key_pem().lines().filter(|line| !line.starts_with("-----")).collect();
    text.replace("@PRIVATE_KEY@", &one_line(ims_emulator::private_key_pem()))
        .replace("@CERTIFICATE@", &one_line(ims_emulator::certificate_pem()))
        .replace("@PEM@", ims_emulator::private_key_pem().trim_end())
        .replace("@PKCS8@", &body)
        .into_bytes()
}

fn import(world: &World, file: &str, at_emulator: bool, arguments: &[&str]) -> Output {
    if at_emulator {
        return world.import(file, arguments);
    }
    world.run("aep-auth", &[&["import", file], arguments].concat())
}

fn words<'a>(expect: &'a Value, key: &str) -> Vec<&'a str> {
    expect[key].as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn every_file_becomes_what_is_expected() {
    let mut faults = String::new();
    for case in cases() {
        let file = case["file"].as_str().unwrap();
        if let Err(fault) = std::panic::catch_unwind(|| check(file, &case["expect"])) {
            let fault = fault.downcast_ref::<String>().cloned().unwrap_or_default();
            writeln!(faults, "== {file}: {fault}").unwrap();
        }
    }
    assert_eq!(faults, "");
}

fn check(file: &str, expect: &Value) {
    let world = World::empty();
    std::fs::write(world.path(file), content(file)).unwrap();
    let output = import(&world, file, expect.get("hosts").is_none(), &[]);
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    for word in words(expect, "says") {
        assert!(told.contains(word), "does not say `{word}`: {told}");
    }
    for word in words(expect, "says_not") {
        assert!(!told.contains(word), "says `{word}`: {told}");
    }
    for secret in ["p8e-", "s8e-", "PRIVATE KEY"] {
        assert!(!told.contains(secret), "shows a secret: {told}");
    }
    if expect["rc"] == 3 {
        let told = assert_refused(&output, 3);
        assert!(told.contains("hint: "), "{told}");
        assert!(!world.path("config").exists() && !world.path("data").exists(), "it left something");
        return;
    }
    assert_clean(&output);
    let remove = if cfg!(windows) { "del" } else { "rm" };
    assert!(told.contains(&format!("{remove} {file}")), "{told}");
    let profile = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
    if let Some(flow) = expect["flow"].as_str() {
        assert!(profile.contains(&format!("flow = \"{flow}\"")), "{profile}");
    }
    if let Some(sandbox) = expect["sandbox"].as_str() {
        assert!(profile.contains(&format!("sandbox = \"{sandbox}\"")), "{profile}");
        assert!(told.contains(sandbox), "{told}");
    }
    if let Some(is_stage) = expect["stage"].as_bool() {
        for host in ["https://ims-na1-stg1.adobelogin.com", "https://platform-stage.adobe.io"] {
            assert_eq!(profile.contains(host), is_stage, "{host}: {profile}");
        }
    }
    let secrets = profile.lines().find(|line| line.starts_with("client_secrets")).unwrap().matches("store").count();
    assert_eq!(secrets as u64, expect["secrets"].as_u64().unwrap_or(1), "{profile}");
    if expect["token"] == true {
        let output = world.run("aep-auth", &["token"]);
        assert!(output.status.success(), "{}\n{profile}", text(&output.stderr));
    }
}

/// Every hint that `next:` gives after an import that can reach IMS works as it stands.
#[test]
fn the_next_step_works() {
    for case in cases().iter().filter(|case| case["expect"]["token"] == true) {
        let file = case["file"].as_str().unwrap();
        let world = World::empty();
        std::fs::write(world.path(file), content(file)).unwrap();
        let imported = world.import(file, &[]);
        assert_clean(&imported);
        let report = text(&imported.stdout);
        let next = report.lines().find_map(|line| line.strip_prefix("next: ")).unwrap_or_else(|| panic!("{report}"));
        let output = world.run("aep-auth", &next.split(' ').skip(1).collect::<Vec<_>>());
        assert!(output.status.success(), "{file}: {next}: {}", text(&output.stderr));
    }
}

#[test]
fn the_page_has_every_file() {
    let page = std::fs::read_to_string(root().join("docs/import.md")).unwrap();
    let mut table = String::new();
    for case in cases() {
        let (file, expect) = (case["file"].as_str().unwrap(), &case["expect"]);
        let becomes = match expect["flow"].as_str() {
            _ if expect["rc"] == 3 => "refused".to_owned(),
            Some("jwt") => "a service account (JWT)".to_owned(),
            _ => "OAuth Server-to-Server".to_owned(),
        };
        let becomes = becomes + if expect["stage"] == true { ", Adobe's stage" } else { "" };
        let said: Vec<_> = words(expect, "says").iter().map(|word| format!("`{word}`")).collect();
        let said = if said.is_empty() { String::new() } else { format!("; says {}", said.join(", ")) };
        writeln!(
            table,
            "| {} | [{file}](../tests/import-cases/{file}) | {becomes}{said} |",
            case["like"].as_str().unwrap()
        )
        .unwrap();
    }
    assert!(page.contains(&table), "the table must be\n{table}");
}

#[test]
fn every_file_has_its_line() {
    let listed: Vec<String> = cases().iter().map(|case| case["file"].as_str().unwrap().to_owned()).collect();
    for path in files_in(&folder()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name == "expected.json" || listed.contains(&name), "{name} is not in expected.json");
    }
}

/// The archive that the Developer Console made.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_archive_gives_credential_key_and_certificate() {
    let world = World::empty();
    let credential = world.emulator.credential_file(ims_emulator::Flow::Jwt);
    let key = ims_emulator::private_key_pem().as_bytes();
    let certificate = ims_emulator::certificate_pem().as_bytes();
    let whole =
        archive(&[("config.json", credential.as_bytes()), ("private.key", key), ("certificate_pub.crt", certificate)]);
    std::fs::write(world.path("config.zip"), whole).unwrap();
    let output = world.import("config.zip", &[]);
    assert_clean(&output);
    assert!(text(&output.stdout).contains("the key's certificate ends"), "{}", text(&output.stdout));
    world.token();
}

/// Of two without names each is named by its place in the archive, and of others nothing is said that is not so.
#[test]
fn an_archive_of_several_names_them() {
    let first = World::empty().emulator.credential_file(ims_emulator::Flow::Oauth);
    let second = first.replace("\"CLIENT_ID\": \"a64f", "\"CLIENT_ID\": \"b64f");
    for (wanted, id) in
        [(vec![], "a64f"), (vec!["--credential", "a/dev.json"], "a64f"), (vec!["--credential", "b/dev.json"], "b64f")]
    {
        let world = World::empty();
        let both = archive(&[("a/dev.json", first.as_bytes()), ("b/dev.json", second.as_bytes())]);
        std::fs::write(world.path("x.zip"), both).unwrap();
        let output = world.import("x.zip", &wanted);
        assert_clean(&output);
        let told = text(&output.stdout);
        assert!(told.contains("a/dev.json") && told.contains("b/dev.json"), "{told}");
        let profile = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
        assert!(profile.contains(&format!("\"{id}")), "{wanted:?}: {profile}");
    }
    let world = World::empty();
    std::fs::write(world.path("x.zip"), archive(&[("a.txt", b"hello"), ("b.txt", b"A=1")])).unwrap();
    let told = assert_refused(&world.import("x.zip", &[]), 3);
    assert!(told.contains("the archive holds no credential"), "{told}");
}

#[test]
fn hostile_archives_end_in_a_sentence() {
    let credential = content("apps-action.env");
    let bomb = vec![b'0'; 64 * 1024 * 1024];
    let many: Vec<(String, &[u8])> = (0..1000).map(|index| (format!("{index}.json"), &b"{}"[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let inner = archive(&[("a.env", &credential)]);
    let whole = archive(&[("a.env", &credential)]);
    let mut damaged = whole.clone();
    damaged[40] ^= 0xff;
    for (what, bytes, told) in [
        ("a bomb", archive(&[("a", &bomb)]), "unpacks to more than 4 MiB"),
        ("many", archive(&many), "1000 files"),
        ("nested", archive(&[("a.zip", &inner)]), "holds no credential"),
        ("a key alone", archive(&[("private.key", ims_emulator::private_key_pem().as_bytes())]), "private key and no"),
        ("empty", archive(&[]), "holds no credential"),
        ("cut", whole[..whole.len() / 2].to_vec(), "damaged"),
        ("damaged", damaged, ""),
    ] {
        let world = World::empty();
        std::fs::write(world.path("x.zip"), bytes).unwrap();
        let refusal = assert_refused(&world.import("x.zip", &[]), 3);
        assert!(refusal.contains(told), "{what}: {refusal}");
    }
    // A name is no path.
    let world = World::empty();
    let tricky = archive(&[("../../escaped.env", &credential), ("/tmp/x/../y.key", b"")]);
    std::fs::write(world.path("x.zip"), tricky).unwrap();
    assert_clean(&world.import("x.zip", &[]));
    assert!(!world.path("../escaped.env").exists() && !Path::new("/tmp/x").join("y.key").exists());
}

#[test]
fn what_the_file_names_is_never_opened_or_run() {
    let world = World::empty();
    world.write("private.key", ims_emulator::private_key_pem());
    world.write("launchpy.json", &text(&content("launchpy-jwt.json")));
    let output = world.import("launchpy.json", &[]);
    assert_clean(&output);
    let profile = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
    assert!(!profile.contains("private_key"), "{profile}");
    let report = text(&output.stdout);
    let next = report.lines().find_map(|line| line.strip_prefix("next: ")).unwrap();
    let url = world.emulator.url();
    assert_eq!(
        next,
        format!(
            "aep-auth import launchpy.json --private-key ./private.key --force --profile default --ims-url {url} --platform-url {url}"
        )
    );
    // The option does open it, and the step works.
    let words: Vec<&str> = next.split(' ').collect();
    assert_clean(&world.run(words[0], &words[1..]));
    world.token();
    // JSON is no key, and neither is what a browser exports.
    std::fs::write(world.path("key.p12"), b"\x30\x82\x09\xa1\x02\x01\x03\x30\x82\xff").unwrap();
    for (file, told) in [("launchpy.json", "it is JSON"), ("key.p12", "hint: openssl pkcs12 -in KEY -nodes -nocerts")] {
        let told_now = assert_refused(&world.import("launchpy.json", &["--private-key", file, "--force"]), 3);
        assert!(told_now.contains(told), "{told_now}");
    }
    // A key that is not there is not named, and what was given is given again.
    std::fs::remove_file(world.path("private.key")).unwrap();
    let again = ["--flow", "jwt", "--sandbox", "dev-1", "--profile", "other"];
    let report = text(&world.import("launchpy.json", &again).stdout);
    let told = "--private-key PATH --force --profile other --flow jwt --sandbox dev-1 --ims-url ";
    assert!(report.contains(told), "{report}");
}

#[test]
fn the_next_step_mends_an_identifier_that_would_be_refused() {
    let world = World::empty();
    let whole = world.emulator.credential_file(ims_emulator::Flow::Oauth);
    let cut = whole.replace("@AdobeOrg", "");
    assert_ne!(whole, cut);
    for (content, next) in [(whole, "next: aep-auth check"), (cut, "next: aep-auth profile set default org_id=")] {
        world.write("credential.json", &content);
        let report = text(&world.import("credential.json", &["--force"]).stdout);
        assert!(report.contains(next), "{report}");
    }
}

#[test]
fn loopback_comes_from_the_option_alone() {
    let world = World::empty();
    let url = world.emulator.url();
    let file = world.write(
        "x.json",
        &text(&content("imscli.json")).replace("\"clientID\"", &format!("\"imsHost\": \"{url}\", \"clientID\"")),
    );
    let file = file.to_str().unwrap();
    let told = assert_refused(&world.run("aep-auth", &["import", file]), 3);
    assert!(told.contains(&format!("--ims-url {url}")), "{told}");
    assert_clean(&world.run("aep-auth", &["import", file, "--ims-url", &url]));
    world.token();
}

#[test]
fn another_credential_is_taken_by_name_or_client_id() {
    for (wanted, id) in
        [("first", "b64f5f10"), ("b64f5f10849a410a97ffdac8ae1eae0e", "b64f5f10"), ("second", "a64f5f10")]
    {
        let world = World::empty();
        std::fs::write(world.path("aio"), content("aio-edited.hjson")).unwrap();
        assert_clean(&world.import("aio", &["--credential", wanted]));
        let profile = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
        assert!(profile.contains(id), "{wanted}: {profile}");
    }
    let world = World::empty();
    std::fs::write(world.path("aio"), content("aio-three-contexts.json")).unwrap();
    let told = assert_refused(&world.import("aio", &["--credential", "Projéct A"]), 3);
    assert!(told.contains("OAuth Web App"), "{told}");
}

#[test]
fn what_aios_own_library_writes_is_read() {
    let modules = root().join("tests/aio/node_modules");
    if !stories::has("node") {
        return;
    }
    if !modules.exists() {
        return skip("aio's library is not there: npm ci --prefix tests/aio");
    }
    let world = World::empty();
    let credential: Value = serde_json::from_str(&world.emulator.credential_file(ims_emulator::Flow::Oauth)).unwrap();
    let context = serde_json::json!({
        "client_id": credential["CLIENT_ID"], "client_secrets": credential["CLIENT_SECRETS"],
        "ims_org_id": credential["ORG_ID"], "technical_account_id": credential["TECHNICAL_ACCOUNT_ID"],
        "technical_account_email": "e@techacct.adobe.com", "scopes": credential["SCOPES"],
    });
    let script = format!(
        "const config = require('@adobe/aio-lib-core-config')\n\
         config.set('ims.contexts.cli.access_token', {{ token: 'eyJ.x.y', expiry: 1 }})\n\
         config.set('ims.contexts.Pröject B', {context})\n"
    );
    world.write("write.js", &script);
    let mut node = Command::new("node");
    world.prepare(&mut node);
    let output =
        node.arg("write.js").env("NODE_PATH", modules).env("AIO_CONFIG_FILE", world.path("aio")).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        serde_json::from_slice::<Value>(&std::fs::read(world.path("aio")).unwrap()).is_err(),
        "it is plain JSON now"
    );
    let output = world.import("aio", &[]);
    assert_clean(&output);
    assert!(text(&output.stdout).contains("\"Pröject B\""), "{}", text(&output.stdout));
    world.token();
}
