//! Private keys: the form that people have × what comes of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;

use ims_emulator::{Flow, private_key_pem};
use stories::{World, assert_clean, assert_refused, has, text};

/// Makes a file from the known key by openssl.
fn openssl(world: &World, arguments: &str) -> PathBuf {
    world.write("known.key", private_key_pem());
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(world.home.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    world.path("made.key")
}

/// A story whose service account has this key, given as a path.
fn world_with(key: &str) -> World {
    let mut world = World::jwt();
    let path = world.write("given.key", key);
    world.set("AEP_PRIVATE_KEY", path.to_str().unwrap());
    world
}

#[test]
fn every_readable_form_signs() {
    if !has("openssl") {
        return;
    }
    let world = World::empty();
    let pkcs1 = std::fs::read_to_string(openssl(&world, "rsa -in known.key -traditional -out made.key")).unwrap();
    let base64 = text(
        &Command::new("openssl")
            .args(["base64", "-in", "known.key"])
            .current_dir(world.home.path())
            .output()
            .unwrap()
            .stdout,
    );
    let lines = serde_json::json!(private_key_pem().lines().collect::<Vec<_>>()).to_string();
    assert!(pkcs1.contains("BEGIN RSA PRIVATE KEY"));
    for (form, key) in [
        ("PKCS#8", private_key_pem().to_owned()),
        ("PKCS#1", pkcs1),
        ("escaped line ends", private_key_pem().replace('\n', "\\n")),
        ("CRLF", private_key_pem().replace('\n', "\r\n")),
        ("no line ends", private_key_pem().replace('\n', " ")),
        ("base64 of the PEM", base64),
        ("a list of lines", lines),
        ("a certificate before it", format!("{}{}", ims_emulator::certificate_pem(), private_key_pem())),
        ("a byte-order mark", format!("\u{feff}{}", private_key_pem())),
    ] {
        let output = world_with(&key).run("aep-auth", &["token"]);
        assert!(output.status.success(), "{form}: {}", text(&output.stderr));
    }
}

#[test]
fn what_is_no_usable_key_is_named_with_the_way_out() {
    if !has("openssl") {
        return;
    }
    let world = World::empty();
    let made = |arguments: &str| std::fs::read_to_string(openssl(&world, arguments)).unwrap();
    let convert = "openssl pkcs8 -topk8 -nocrypt";
    for (form, key, words, cure) in [
        ("public", made("pkey -in known.key -pubout -out made.key"), "a public key", "BEGIN PRIVATE KEY"),
        ("certificate", ims_emulator::certificate_pem().to_owned(), "a certificate", "private.key"),
        ("EC", made("ecparam -name prime256v1 -genkey -noout -out made.key"), "an EC key", "RSA"),
        (
            "legacy",
            made("rsa -in known.key -traditional -aes128 -passout pass:x -out made.key"),
            "legacy encrypted",
            convert,
        ),
        (
            "PKCS#12 encryption",
            made("pkcs8 -topk8 -in known.key -v1 PBE-SHA1-3DES -passout pass:x -out made.key"),
            "encrypted",
            convert,
        ),
        ("short", made("genrsa -traditional -out made.key 1024"), "2048 bits", "new key pair"),
        ("text", "hello".to_owned(), "not one", "config.zip"),
        ("half", private_key_pem()[..400].to_owned(), "", ""),
        ("empty", String::new(), "", ""),
    ] {
        let mut world = world_with(&key);
        world.set("AEP_PRIVATE_KEY_PASSPHRASE", "x");
        let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
        assert!(told.contains(words) && told.contains(cure), "{form}: {told}");
        assert!(told.contains("hint: "), "{form}: {told}");
    }
}

#[test]
fn an_encrypted_key_wants_its_passphrase() {
    if !has("openssl") {
        return;
    }
    let world = World::empty();
    let made = openssl(&world, "pkcs8 -topk8 -v2 aes-256-cbc -in known.key -passout pass:open-sesame -out made.key");
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Jwt));
    // Nobody is there to be asked: the import succeeds and says so.
    let imported = world.import(file.to_str().unwrap(), &["--private-key", made.to_str().unwrap()]);
    assert_clean(&imported);
    assert!(text(&imported.stdout).contains("the private key is encrypted"));
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("passphrase") && told.contains("AEP_PRIVATE_KEY_PASSPHRASE"), "{told}");
    let with = |passphrase: &str| {
        let mut command = world.command("aep-auth");
        command.arg("token").env("AEP_PRIVATE_KEY_PASSPHRASE", passphrase).output().unwrap()
    };
    assert!(assert_refused(&with("wrong"), 3).contains("passphrase"));
    assert_clean(&with("open-sesame"));
    // By reference, as the user writes it into the profile.
    let word = world.write("word", "open-sesame\n");
    let profile = world.path("config/profiles/default.toml");
    let text_of = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, format!("{text_of}private_key_passphrase = {{ file = {:?} }}\n", word.to_str().unwrap()))
        .unwrap();
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
}

#[test]
fn the_certificate_beside_the_key_is_kept_and_shown() {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Jwt));
    let key = world.write("config.zip.d/private.key", private_key_pem());
    world.write("config.zip.d/certificate_pub.crt", ims_emulator::certificate_pem());
    let imported = world.import(file.to_str().unwrap(), &["--private-key", key.to_str().unwrap()]);
    assert_clean(&imported);
    assert!(text(&imported.stdout).contains("the key's certificate ends "));
    let shown = text(&world.run("aep-auth", &["profile", "show", "default"]).stdout);
    let line = shown.lines().find(|line| line.starts_with("certificate")).unwrap();
    assert!(line.contains("ends 2"), "{line}");
    world.token();
}
