//! git: whom the helper answers, in which words, and the real git against a host that takes Bearer tokens alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use ims_emulator::Flow;
use stories::{World, assert_clean, assert_refused, has, root, skip, text};

const PLATFORM: &str = "capability[]=authtype\nprotocol=https\nhost=platform.adobe.io\n";

fn get(world: &World, request: &str) -> Output {
    world.run_with_input("git-credential-aep", &["get"], request.as_bytes())
}

/// No answer, no complaint.
fn assert_silent(output: &Output, what: &str) {
    assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), String::new()), "{what}");
    assert!(output.status.success(), "{what}");
}

/// The known client as the profile `default`, with further keys.
fn with_profile(keys: &[&str]) -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    if !keys.is_empty() {
        assert_clean(&world.run("aep-auth", &[&["profile", "set", "default"], keys].concat()));
    }
    world
}

#[test]
fn a_bearer_token_in_gits_own_words() {
    let world = World::oauth();
    let output = get(&world, PLATFORM);
    assert_clean(&output);
    let token = world.token();
    let answer = text(&output.stdout);
    let lines: Vec<&str> = answer.lines().collect();
    let [capability, authtype, credential, expiry, ephemeral] = lines.as_slice() else { panic!("{answer}") };
    assert_eq!(
        [*capability, *authtype, *credential, *ephemeral],
        ["capability[]=authtype", "authtype=Bearer", &format!("credential={token}"), "ephemeral=1"]
    );
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let left = expiry.strip_prefix("password_expiry_utc=").unwrap().parse::<i64>().unwrap() - now;
    assert!((86_300..=86_340).contains(&left), "{left}");
}

#[test]
fn only_the_profiles_hosts_are_answered() {
    let world = with_profile(&[r#"hosts=["platform.adobe.io", "*.corp.example", "git.example:8443"]"#]);
    let ask = |protocol: &str, host: &str| {
        get(&world, &format!("capability[]=authtype\nprotocol={protocol}\nhost={host}\n\n"))
    };
    for (protocol, host) in [
        ("https", "platform.adobe.io"),
        ("https", "PLATFORM.adobe.io:443"),
        ("https", "git.corp.example"),
        ("https", "git.example:8443"),
    ] {
        assert!(text(&ask(protocol, host).stdout).contains("authtype=Bearer"), "{protocol} {host}");
    }
    for (protocol, host) in [
        ("http", "platform.adobe.io"),
        ("http", "localhost:18181"),
        ("http", "127.0.0.1"),
        ("https", "localhost"),
        ("https", "[::1]:443"),
        ("https", "github.com"),
        ("https", "evilcorp.example"),
        ("https", "corp.example"),
        ("https", "corp.example.evil.example"),
        ("https", "platform.adobe.io."),
        ("https", "platform.adobe.io:8443"),
        ("https", "user@platform.adobe.io"),
        ("https", "platform.adobe.io@evil.example"),
        ("https", "git.example"),
        ("ssh", "platform.adobe.io"),
        ("cert", "platform.adobe.io"),
        ("https", "platform-va7.adobe.io"),
    ] {
        assert_silent(&ask(protocol, host), &format!("{protocol} {host}"));
    }
}

#[test]
fn regional_hosts_are_the_default_and_nothing_is_said_without_a_profile() {
    let world = World::oauth();
    let region = PLATFORM.replace("platform.", "platform-va7.");
    assert!(text(&get(&world, &region).stdout).contains("authtype=Bearer"));
    assert_silent(&get(&World::empty(), PLATFORM), "no profile at all");
}

#[test]
fn a_helper_for_all_sites_complains_at_adobes_alone() {
    let mut world = World::empty();
    world.set("AEP_PROFILE", "missing");
    assert_silent(&get(&world, &PLATFORM.replace("platform.adobe.io", "github.com")), "another site");
    let told = assert_refused(&get(&world, PLATFORM), 3);
    assert!(told.contains("missing"), "{told}");
}

#[test]
fn a_password_only_where_the_profile_says_so() {
    let old_git = "protocol=https\nhost=platform.adobe.io\nusername=me\n\n";
    let basic_only = format!("{PLATFORM}wwwauth[]=Basic realm=\"x\"\n\n");
    let world = with_profile(&[]);
    assert_silent(&get(&world, old_git), "git before 2.46");
    assert_silent(&get(&world, &basic_only), "a host that takes Basic alone");
    let world = with_profile(&["git_basic=true"]);
    let token = world.token();
    for (request, user) in [(old_git, "me"), (basic_only.as_str(), "oauth2")] {
        let answer = text(&get(&world, request).stdout);
        assert!(answer.starts_with(&format!("username={user}\npassword={token}\npassword_expiry_utc=")), "{answer}");
        assert_eq!(answer.lines().count(), 3);
    }
    // With both on offer, Bearer it is.
    let both = format!("{PLATFORM}wwwauth[]=Basic\nwwwauth[]=Bearer\n\n");
    assert!(text(&get(&world, &both).stdout).contains("authtype=Bearer"));
}

#[test]
fn a_user_name_that_is_a_profile_selects_it_for_its_own_hosts() {
    let world = with_profile(&[]);
    let file = world.path("credential.json");
    assert_clean(&world.import(file.to_str().unwrap(), &["--profile", "corp"]));
    assert_clean(&world.run("aep-auth", &["profile", "set", "corp", r#"hosts=["git.corp.example"]"#, "scopes=openid"]));
    let ask = |user: &str, host: &str| {
        get(&world, &format!("capability[]=authtype\nprotocol=https\nhost={host}\nusername={user}\n\n"))
    };
    let of_default = text(&ask("me", "platform.adobe.io").stdout);
    let of_corp = text(&ask("corp", "git.corp.example").stdout);
    assert!(of_default.contains("authtype=Bearer") && of_corp.contains("authtype=Bearer"));
    assert_ne!(of_default, of_corp);
    assert_silent(&ask("corp", "platform.adobe.io"), "the profile's own hosts alone");
    assert_silent(&ask("me", "git.corp.example"), "the default profile's hosts alone");
    for user in ["../../x", "default/../corp", "CON", "", "corp\u{e9}"] {
        assert_eq!(text(&ask(user, "platform.adobe.io").stdout), of_default, "{user}");
    }
}

#[test]
fn erase_drops_the_token_that_was_refused_and_no_other() {
    let world = World::oauth();
    let token = world.token();
    let erase = |lines: &str| {
        let output = world.run_with_input("git-credential-aep", &["erase"], format!("{PLATFORM}{lines}\n").as_bytes());
        assert_silent(&output, lines);
    };
    for lines in ["", "credential=another\n", "password=another\n", "authtype=Bearer\n"] {
        erase(lines);
        assert_eq!(world.token(), token, "{lines}");
    }
    erase(&format!("credential={token}\n"));
    let second = world.token();
    assert_ne!(second, token);
    erase(&format!("username=oauth2\npassword={second}\n"));
    assert_ne!(world.token(), second);
}

#[test]
fn other_operations() {
    let world = World::oauth();
    let capability = world.run("git-credential-aep", &["capability"]);
    assert_clean(&capability);
    assert_eq!(text(&capability.stdout), "version 0\ncapability authtype\n");
    for operation in ["store", "list", "new-operation"] {
        let output = world.run_with_input("git-credential-aep", &[operation], format!("{PLATFORM}\n").as_bytes());
        assert_silent(&output, operation);
    }
    assert_eq!(world.run("git-credential-aep", &[]).status.code(), Some(2));
    assert_eq!(world.emulator.token_requests(), 0);
}

#[test]
fn a_refusal_is_told_in_words() {
    let mut world = World::oauth();
    world.set("AEP_CLIENT_SECRET", "wrong");
    assert!(assert_refused(&get(&world, PLATFORM), 4).contains("invalid_client"));
}

/// git at work in a story: no configuration but its own, no prompt.
fn git(world: &World, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    world.prepare(&mut command);
    command
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@example.com");
    command.output().unwrap()
}

fn assert_git(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn has_new_git() -> bool {
    if !has("git") {
        return false;
    }
    let version = text(&Command::new("git").arg("version").output().unwrap().stdout);
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    let is_new = (numbers.next(), numbers.next()) >= (Some(2), Some(46));
    if !is_new {
        skip(&format!("{} asks for no Bearer token (2.46 does)", version.trim()));
    }
    is_new
}

/// The page's own fragment, with the emulator's address in place of the platform's.
fn configure(world: &World) {
    let page = std::fs::read_to_string(root().join("integrations/git/gitconfig")).unwrap();
    world.write(".gitconfig", &page.replace("https://platform.adobe.io", &world.emulator.url()));
}

#[test]
fn the_real_git_clones_pushes_and_survives_a_revoked_token() {
    if !has_new_git() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let world = World::oauth_at(stories::git::host(folder.path()));
    configure(&world);
    stories::git::bare_repository(folder.path(), "schemas.git");
    let url = format!("{}/git/schemas.git", world.emulator.url());

    assert_git(&git(&world, world.home.path(), &["clone", &url, "work"]));
    let work = world.path("work");
    std::fs::write(work.join("schema.json"), "{}").unwrap();
    assert_git(&git(&world, &work, &["add", "."]));
    assert_git(&git(&world, &work, &["commit", "--quiet", "-m", "first"]));
    assert_git(&git(&world, &work, &["push", "origin", "HEAD:main"]));
    assert_eq!(world.emulator.token_requests(), 1);

    world.emulator.revoke(&world.token());
    let refused = git(&world, &work, &["fetch"]);
    assert!(!refused.status.success(), "git tries no second time in the same process");
    assert_git(&git(&world, &work, &["fetch"]));
    assert_eq!(world.emulator.token_requests(), 2);

    // The companion header of the fragment travelled along.
    let sent = world.emulator.requests();
    assert!(sent.iter().any(|request| request.path.starts_with("/git/") && request.header("x-api-key").is_some()));
}

#[test]
fn git_credential_fill_is_a_source_of_tokens() {
    if !has_new_git() {
        return;
    }
    let world = World::oauth();
    configure(&world);
    let request = format!("url={}\ncapability[]=authtype\n\n", world.emulator.url());
    let mut command = Command::new("git");
    world.prepare(&mut command);
    command.args(["credential", "fill"]).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    command.stdin(world.input(&request));
    let output = command.output().unwrap();
    assert!(text(&output.stdout).contains(&format!("credential={}\n", world.token())), "{}", text(&output.stderr));
}
