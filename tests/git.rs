//! git: whom the helper answers, in which words, and the real git against a host that takes Bearer tokens alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use ims_emulator::Flow;
use stories::{World, assert_clean, assert_refused, has, not_here, root, skip, text};

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
    let mut told = world.command("git-credential-aep");
    let input = world.input("capability[]=authtype\nprotocol=https\nhost=git.corp.example\nusername=corp\n\n");
    let told = text(&told.arg("get").env("AEP_LOG", "info").stdin(input).output().unwrap().stderr);
    assert!(told.contains("profile corp, named by the address"), "{told}");
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

/// A repository with this much that no packing makes smaller.
fn commit_bytes(world: &World, work: &Path, name: &str, length: usize) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let bytes = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    let bytes: Vec<u8> = bytes.take(length).collect();
    std::fs::write(work.join(name), bytes).unwrap();
    assert_git(&git(world, work, &["add", "."]));
    assert_git(&git(world, work, &["commit", "--quiet", "-m", name]));
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

/// A manager for all sites, as systems come with one: it says that it was asked.
fn other_manager(world: &World) {
    let script = world.write("manager", "#!/bin/sh\necho \"$1\" >> \"$HOME/manager.log\"\ncat >/dev/null\n");
    let mut chmod = Command::new("chmod");
    assert!(chmod.arg("755").arg(&script).status().unwrap().success());
    assert_git(&git(world, world.home.path(), &["config", "--global", "credential.helper", script.to_str().unwrap()]));
}

/// What the page has typed, pointed at the emulator.
fn typed(world: &World, section: &str) -> Vec<String> {
    let blocks = stories::pages::blocks("git/README.md", section, "sh");
    blocks.iter().map(|block| block.replace("https://platform.adobe.io", &world.emulator.url())).collect()
}

fn sh(world: &World, script: &str) -> Output {
    let mut shell = Command::new("sh");
    world.prepare(&mut shell);
    shell.args(["-ec", script]).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    shell.output().unwrap()
}

#[test]
fn a_pack_of_several_mebibytes_up_and_a_partial_clone_down() {
    if !has_new_git() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let world = World::oauth_at(stories::git::host(folder.path()));
    let bare = stories::git::bare_repository(folder.path(), "large.git");
    let allow = Command::new("git").arg("-C").arg(&bare).args(["config", "uploadpack.allowFilter", "true"]).status();
    assert!(allow.unwrap().success());
    other_manager(&world);
    let set_up = typed(&world, "Set up");
    assert!(set_up.len() >= 2);
    assert_git(&sh(&world, &set_up[0]));

    let url = format!("{}/git/large.git", world.emulator.url());
    assert_git(&git(&world, world.home.path(), &["clone", &url, "work"]));
    let work = world.path("work");
    commit_bytes(&world, &work, "first.bin", 5 * 1024 * 1024);
    let token = world.token();
    assert_git(&git(&world, &work, &["push", "origin", "HEAD:main"]));
    assert_eq!((world.token(), world.emulator.token_requests()), (token, 1), "the token stands");
    assert_git(&git(&world, world.home.path(), &["clone", "--filter=blob:none", &url, "partial"]));
    assert_eq!(std::fs::metadata(world.path("partial/first.bin")).unwrap().len(), 5 * 1024 * 1024);
    assert!(!world.path("manager.log").exists(), "the other manager was asked");

    // The other half: it is the buffer that makes it work, in the versions that the page names.
    let version = text(&Command::new("git").arg("version").output().unwrap().stdout);
    if (46..54).any(|minor| version.contains(&format!(" 2.{minor}."))) {
        commit_bytes(&world, &work, "second.bin", 2 * 1024 * 1024);
        let buffer = format!("http.{}.postBuffer=1m", world.emulator.url());
        let push = git(&world, &work, &["-c", &buffer, "push", "origin", "HEAD:main"]);
        assert!(!push.status.success());
        assert_git(&git(&world, &work, &["push", "origin", "HEAD:main"]));
    }

    let undo = typed(&world, "Undo");
    assert_git(&sh(&world, &undo[0]));
    let left = std::fs::read_to_string(world.path(".gitconfig")).unwrap();
    assert!(!left.contains("aep") && !left.contains("postBuffer") && left.contains("manager"), "{left}");
}

#[test]
fn every_place_gives_the_same_set_up() {
    if !has("git") {
        return;
    }
    let world = World::oauth();
    let entries = |world: &World| text(&git(world, world.home.path(), &["config", "--global", "--list"]).stdout);
    configure(&world);
    let of_file = entries(&world);
    std::fs::remove_file(world.path(".gitconfig")).unwrap();
    assert_git(&git(&world, world.home.path(), &["config", "--global", "user.name", "kept"]));
    assert_git(&sh(&world, &typed(&world, "Set up")[0]));
    assert_eq!(entries(&world), format!("user.name=kept\n{of_file}"));
    // The help's lines are the first of the page's.
    let help = text(&world.run("git-credential-aep", &["--help"]).stdout);
    for line in stories::pages::blocks("git/README.md", "Set up", "sh")[0].lines().take(3) {
        assert!(help.contains(line), "{line}\n{help}");
    }
    assert_git(&sh(&world, &typed(&world, "Undo")[0]));
    assert_eq!(entries(&world), "user.name=kept\n");
}

#[test]
fn the_pages_other_lines() {
    if !has_new_git() {
        return;
    }
    let world = with_profile(&[]);
    let hosts = [typed(&world, "Set up"), typed(&world, "git before 2.46, and git-lfs before 3.6")].concat();
    for block in hosts.iter().skip(1) {
        assert_clean(&sh(&world, block));
    }
    let shown = std::fs::read_to_string(world.path("config/profiles/default.toml")).unwrap();
    assert!(shown.contains("*.corp.example") && shown.contains("git_basic"), "{shown}");
    let world = World::oauth();
    configure(&world);
    let checked = sh(&world, &typed(&world, "Check")[0]);
    assert!(text(&checked.stdout).contains("authtype=Bearer\ncredential="), "{}", text(&checked.stderr));
    let mut world = World::empty();
    configure(&world);
    world.set("AEP_LOG", "warn");
    let told = sh(&world, &typed(&world, "What can go wrong")[0]);
    assert!(text(&told.stderr).contains("no answer: "), "{}", text(&told.stderr));
}

#[test]
fn a_silent_answer_can_be_asked_why() {
    let mut world = with_profile(&[r#"hosts=["platform.adobe.io", "*.corp.example"]"#]);
    world.set("AEP_LOG", "debug");
    let told = |world: &World, request: &str| {
        let output = get(world, request);
        assert!(output.status.success());
        assert_eq!(text(&output.stdout), "");
        let told = text(&output.stderr);
        assert!(told.contains("no answer: "), "{told}");
        told
    };
    for (request, parts) in [
        (
            PLATFORM.replace("platform.adobe.io", "github.com"),
            vec!["github.com:443", "platform.adobe.io, *.corp.example", "default"],
        ),
        (format!("{PLATFORM}wwwauth[]=Basic realm=\"x\"\n\n"), vec!["Basic alone", "git_basic = true", "default"]),
        (PLATFORM.replace("capability[]=authtype\n", ""), vec!["before 2.46", "before 3.6", "git_basic = true"]),
        (PLATFORM.replace("https", "ssh"), vec!["no https or http address"]),
        (PLATFORM.replace("https", "http"), vec!["by https alone"]),
        (
            PLATFORM.replace("platform.adobe.io\n", "github.com\nusername=nobody\n"),
            vec!["the user name in the address, nobody, is no profile", "github.com:443"],
        ),
        ("\n".to_owned(), vec!["no request of git's"]),
    ] {
        let told = told(&world, &request);
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    }
    let mut empty = World::empty();
    empty.set("AEP_LOG", "debug");
    let told = told(&empty, PLATFORM);
    assert!(told.contains(empty.path("config").to_str().unwrap()) && told.contains("AEP_CLIENT_ID"), "{told}");
}

/// Debian's own git, where a newer one was put before it.
fn old_git() -> Option<&'static str> {
    let version = Command::new("/usr/bin/git").arg("version").output().ok()?;
    let version = text(&version.stdout);
    let minor: u32 = version.trim().strip_prefix("git version 2.")?.split('.').next()?.parse().ok()?;
    (minor < 46).then_some("/usr/bin/git")
}

#[test]
fn an_older_git_gets_a_password_where_the_profile_says_so() {
    let Some(old) = old_git() else { return not_here("/usr/bin/git is not older than 2.46") };
    let fill = |world: &World| {
        configure(world);
        let mut command = Command::new(old);
        world.prepare(&mut command);
        command.args(["credential", "fill"]).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.stdin(world.input(&format!("url={}\n\n", world.emulator.url()))).output().unwrap()
    };
    let hosts = |world: &World| format!("hosts=[\"{}\"]", world.emulator.url().rsplit('/').next().unwrap());
    let silent = with_profile(&[]);
    assert_clean(&silent.run("aep-auth", &["profile", "set", "default", &hosts(&silent)]));
    assert!(!fill(&silent).status.success());
    let world = with_profile(&["git_basic=true"]);
    assert_clean(&world.run("aep-auth", &["profile", "set", "default", &hosts(&world)]));
    let answer = text(&fill(&world).stdout);
    assert!(answer.contains(&format!("password={}\n", world.token())), "{answer}");
}

/// git-lfs before 3.6, which knows no Bearer tokens, and what `helper =` keeps from another that stores.
#[test]
fn git_lfs_gets_a_password_and_nobody_else_keeps_it() {
    if !has_new_git() || !has("git-lfs") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::empty();
    world.emulator = stories::git::password_host(folder.path());
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let host = world.emulator.url();
    let host = host.rsplit('/').next().unwrap();
    assert_clean(
        &world.run("aep-auth", &["profile", "set", "default", &format!("hosts=[\"{host}\"]"), "git_basic=true"]),
    );
    stories::git::bare_repository(folder.path(), "data.git");
    let at_home = |world: &World, arguments: &[&str]| assert_git(&git(world, world.home.path(), arguments));
    at_home(&world, &["config", "--global", "credential.helper", "store"]);
    let section = format!("credential.{}.helper", world.emulator.url());
    assert_git(&sh(&world, &typed(&world, "Set up")[0]));
    at_home(&world, &["lfs", "install", "--skip-repo"]);
    let url = format!("{}/git/data.git", world.emulator.url());
    at_home(&world, &["clone", &url, "work"]);
    let work = world.path("work");
    assert_git(&git(&world, &work, &["config", "lfs.locksverify", "false"]));
    assert_git(&git(&world, &work, &["lfs", "track", "*.bin"]));
    commit_bytes(&world, &work, "events.bin", 3 * 1024 * 1024);
    assert_git(&git(&world, &work, &["push", "origin", "HEAD:main"]));
    at_home(&world, &["clone", &url, "again"]);
    assert_eq!(std::fs::metadata(world.path("again/events.bin")).unwrap().len(), 3 * 1024 * 1024);
    let kept = world.path(".git-credentials");
    assert!(!kept.exists(), "{}", std::fs::read_to_string(kept).unwrap_or_default());
    // The other half, which the page warns of: without the empty helper the other one keeps the token.
    at_home(&world, &["config", "--global", "--unset-all", &section]);
    at_home(&world, &["config", "--global", &section, "aep"]);
    at_home(&world, &["clone", &url, "third"]);
    assert!(std::fs::read_to_string(kept).unwrap().contains(&world.token()));
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
