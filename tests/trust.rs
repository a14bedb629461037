//! Who is trusted on disk, with two real users where the tests run as root: the one who runs the programs, and another.
//!
//! Each refusal stands beside what must go on working. No account is made: a process takes a number, as in a container.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::disallowed_methods, reason = "tests")]

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use stories::{World, assert_clean, assert_refused, text};

const ANN: u32 = 61_001;
const EVE: u32 = 61_002;

/// The home of a user, with a profile `dev` whose secret lies in a file.
struct Home {
    world: World,
    user: u32,
}

impl Home {
    /// Ann's home. `None` where the tests may not become another user.
    fn of_ann() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: two users take root");
            return None;
        }
        let home = Self::of_root();
        for path in ["", "config", "config/profiles", "config/profiles/dev.toml", "config/default-profile", "secret"] {
            home.give(path, ANN);
        }
        Some(Self { user: ANN, ..home })
    }

    /// The home of whoever runs the tests.
    fn of_root() -> Self {
        let world = World::empty();
        let known = world.emulator.environment();
        let value = |name: &str| known.iter().find(|(own, _)| *own == name).unwrap().1.clone();
        let (id, organization, url) = (value("AEP_CLIENT_ID"), value("AEP_ORG_ID"), world.emulator.url());
        let secret = world.write("secret", &value("AEP_CLIENT_SECRET"));
        let text = format!(
            "flow = \"oauth\"\nclient_id = \"{id}\"\norg_id = \"{organization}\"\nims_url = \"{url}\"\n\
             platform_url = \"{url}\"\nclient_secrets = [{{ file = \"{}\" }}]\n",
            secret.display()
        );
        world.write("config/profiles/dev.toml", &text);
        world.write("config/default-profile", "dev\n");
        for (path, bits) in [("", 0o755), ("config", 0o755), ("config/profiles", 0o755), ("secret", 0o600)] {
            mode(&world.path(path), bits);
        }
        for path in ["config/profiles/dev.toml", "config/default-profile"] {
            mode(&world.path(path), 0o644);
        }
        Self { world, user: rustix::process::geteuid().as_raw() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }

    fn profile(&self) -> PathBuf {
        self.path("config/profiles/dev.toml")
    }

    fn give(&self, name: &str, user: u32) {
        lchown(self.path(name), Some(user), Some(user)).unwrap();
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.world.command(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.user != 0 && rustix::process::geteuid().is_root() {
            command.uid(self.user).gid(self.user);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command("aep-auth", arguments).output().unwrap()
    }

    /// Everything that reads the profile refuses, and says why.
    fn assert_not_trusted(&self, words: &str) -> String {
        // Of a regular file alone: this would wait for others, or never end.
        let content = || self.profile().is_file().then(|| std::fs::read(self.profile()).unwrap());
        let before = content();
        let mut told = String::new();
        for arguments in [
            &["token"][..],
            &["profile", "show", "dev"],
            &["profile", "set", "dev", "sandbox=x"],
            &["profile", "use", "dev"],
        ] {
            told = assert_refused(&self.run(arguments), 3);
            assert!(told.contains(words), "{arguments:?}: {told}");
        }
        assert_eq!(content(), before, "what is not trusted is not written");
        told
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn files_of_ones_own_and_of_roots_are_trusted() {
    let Some(home) = Home::of_ann() else { return };
    assert_clean(&home.run(&["token"]));
    // From a baked image, a ConfigMap, Ansible: root's, and readable by all.
    for path in ["config", "config/profiles", "config/profiles/dev.toml", "config/default-profile", "secret"] {
        home.give(path, 0);
    }
    mode(&home.path("secret"), 0o644);
    assert_clean(&home.run(&["token", "--renew"]));
}

#[test]
fn what_another_could_have_written_is_refused_whoever_asks() {
    let Some(home) = Home::of_ann() else { return };
    for path in ["config/profiles/dev.toml", "config/profiles", "config"] {
        home.give(path, EVE);
        home.assert_not_trusted("it belongs to another user");
        home.give(path, ANN);
        for bits in [0o777, 0o757] {
            mode(&home.path(path), bits);
            home.assert_not_trusted("others can write to it");
        }
        mode(&home.path(path), 0o775);
        home.assert_not_trusted("its group can write to it");
        mode(&home.path(path), 0o755);
        assert_clean(&home.run(&["token"]));
    }
}

#[test]
fn the_pointer_and_the_secret_file_count_too() {
    let Some(home) = Home::of_ann() else { return };
    for path in ["config/default-profile", "secret"] {
        home.give(path, EVE);
        mode(&home.path(path), 0o644);
        let told = assert_refused(&home.run(&["token", "--renew"]), 3);
        assert!(told.contains("it belongs to another user"), "{told}");
        home.give(path, ANN);
        mode(&home.path(path), 0o666);
        let told = assert_refused(&home.run(&["token", "--renew"]), 3);
        assert!(told.contains("others can write to it (mode 666)"), "{told}");
        mode(&home.path(path), 0o644);
        assert_clean(&home.run(&["token", "--renew"]));
    }
}

#[test]
fn a_cure_can_be_carried_out_by_the_one_who_reads_it() {
    let Some(home) = Home::of_ann() else { return };
    let cases: [(&str, u32, u32); 3] = [
        ("config/profiles/dev.toml", ANN, 0o666),
        ("config/profiles/dev.toml", EVE, 0o644),
        ("config/profiles", ANN, 0o777),
    ];
    for (path, owner, bits) in cases {
        home.give(path, owner);
        mode(&home.path(path), bits);
        let told = home.assert_not_trusted("is not trusted");
        let hints: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
        assert!(hints[0].starts_with("look into it first: "), "{told}");
        for hint in hints {
            let command = hint.split_once(": ").unwrap().1;
            let mut shell = Command::new("sh");
            let done = shell.args(["-c", command]).uid(ANN).gid(ANN).output().unwrap();
            assert!(done.status.success(), "{command}: {}", text(&done.stderr));
        }
        assert_clean(&home.run(&["token"]));
    }
}

#[test]
fn links_of_dotfiles_managers_are_followed_and_kept_and_anothers_are_not() {
    let Some(home) = Home::of_ann() else { return };
    let (link, dotfiles) = (home.profile(), home.path("dotfiles"));
    std::fs::create_dir(&dotfiles).unwrap();
    mode(&dotfiles, 0o755);
    home.give("dotfiles", ANN);
    std::fs::rename(&link, dotfiles.join("dev.toml")).unwrap();
    symlink("../../dotfiles/dev.toml", &link).unwrap();
    home.give("config/profiles/dev.toml", ANN);
    assert_clean(&home.run(&["token"]));
    assert!(home.run(&["profile", "set", "dev", "sandbox=dev1"]).status.success());
    assert!(link.is_symlink());
    let target = dotfiles.join("dev.toml");
    assert!(std::fs::read_to_string(&target).unwrap().contains("dev1"));
    let metadata = std::fs::metadata(&target).unwrap();
    assert_eq!((metadata.uid(), metadata.mode() & 0o777), (ANN, 0o600));
    mode(&dotfiles, 0o777);
    home.assert_not_trusted("others can write to it");
    mode(&dotfiles, 0o755);
    home.give("config/profiles/dev.toml", EVE);
    home.assert_not_trusted("it is a symbolic link of another user");
    // The pointer too.
    home.give("config/profiles/dev.toml", ANN);
    let pointer = home.path("config/default-profile");
    std::fs::rename(&pointer, dotfiles.join("default")).unwrap();
    symlink("../dotfiles/default", &pointer).unwrap();
    home.give("config/default-profile", ANN);
    assert!(home.run(&["profile", "use", "dev"]).status.success());
    assert!(pointer.is_symlink());
    home.give("config/default-profile", EVE);
    let refused = home.run(&["profile", "use", "dev"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("another user"), "{}", text(&refused.stderr));
}

#[test]
fn nothing_hangs_and_nothing_eats_the_memory() {
    let home = Home::of_root();
    for what in ["fifo", "zero"] {
        for path in [home.profile(), home.path("secret")] {
            let aside = home.path("aside");
            std::fs::rename(&path, &aside).unwrap();
            match what {
                "fifo" => fifo(&path),
                _ => symlink("/dev/zero", &path).unwrap(),
            }
            let told = assert_refused(&home.run(&["token", "--renew"]), 3);
            assert!(told.contains("it is not a regular file"), "{what}: {told}");
            if path == home.profile() {
                home.assert_not_trusted("it is not a regular file");
            }
            std::fs::rename(&aside, &path).unwrap();
        }
    }
    assert_clean(&home.run(&["token", "--renew"]));
}

#[test]
fn anothers_cache_is_neither_read_nor_written() {
    let Some(home) = Home::of_ann() else { return };
    assert_clean(&home.run(&["token"]));
    let (cache, elsewhere) = (home.path("cache"), home.path("elsewhere"));
    std::fs::rename(&cache, &elsewhere).unwrap();
    symlink(&elsewhere, &cache).unwrap();
    // A link of one's own is a way to put it elsewhere.
    home.give("cache", ANN);
    assert_clean(&home.run(&["token"]));
    assert_eq!(home.world.emulator.token_requests(), 1);
    home.give("cache", EVE);
    let before = stories::files_in(&elsewhere);
    let output = home.run(&["token"]);
    assert!(output.status.success());
    let told = text(&output.stderr);
    assert!(told.lines().count() == 1 && told.contains("it is a symbolic link of another user"), "{told}");
    assert_eq!(home.world.emulator.token_requests(), 2);
    assert_eq!(stories::files_in(&elsewhere), before);
}

/// Root is trusted for what one reads of it, and not for what is one's own to write.
#[test]
fn a_cached_token_of_another_is_not_served() {
    for owner in [EVE, 0] {
        let Some(home) = Home::of_ann() else { return };
        assert_clean(&home.run(&["token"]));
        let entry = home.world.entry();
        let token = std::fs::read(&entry).unwrap();
        lchown(&entry, Some(owner), Some(owner)).unwrap();
        mode(&entry, 0o644);
        let output = home.run(&["token"]);
        assert!(output.status.success());
        let told = text(&output.stderr);
        assert!(told.lines().count() == 1 && told.contains("it belongs to another user"), "{told}");
        assert_eq!(home.world.emulator.token_requests(), 2);
        // In one's own folder the new one takes its place, and is served.
        assert_eq!(std::fs::metadata(&entry).unwrap().uid(), ANN);
        assert_ne!(std::fs::read(&entry).unwrap(), token);
        assert_clean(&home.run(&["token"]));
        assert_eq!(home.world.emulator.token_requests(), 2);
    }
}

#[test]
fn a_stored_secret_of_another_is_not_used() {
    let Some(home) = Home::of_ann() else { return };
    let secret = std::fs::read_to_string(home.path("secret")).unwrap();
    let profile = std::fs::read_to_string(home.profile()).unwrap();
    let at = profile.find("client_secrets").unwrap();
    std::fs::write(home.profile(), format!("{}client_secrets = [{{ store = true }}]\n", &profile[..at])).unwrap();
    let mut set = home.command("aep-auth", &["secret", "set", "dev"]);
    let mut child = set.stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), secret.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let stored = home.world.stored("dev", "client-secret");
    assert_eq!(std::fs::metadata(&stored).unwrap().uid(), ANN);
    assert_clean(&home.run(&["token"]));
    for (path, bits) in [(stored.as_path(), 0o600), (stored.parent().unwrap(), 0o700)] {
        for owner in [EVE, 0] {
            lchown(path, Some(owner), Some(owner)).unwrap();
            mode(path, bits | 0o055);
            assert_refused(&home.run(&["token", "--renew"]), 3);
        }
        lchown(path, Some(ANN), Some(ANN)).unwrap();
        mode(path, bits);
        assert_clean(&home.run(&["token", "--renew"]));
    }
}

#[test]
fn nothing_of_ours_lies_in_anothers_folder_nor_is_made_there() {
    let Some(home) = Home::of_ann() else { return };
    let secret = std::fs::read_to_string(home.path("secret")).unwrap();
    let profile = std::fs::read_to_string(home.profile()).unwrap();
    let at = profile.find("client_secrets").unwrap();
    std::fs::write(home.profile(), format!("{}client_secrets = [{{ store = true }}]\n", &profile[..at])).unwrap();
    let file = home.world.write("credential.json", &home.world.emulator.credential_file(ims_emulator::Flow::Oauth));
    home.give("credential.json", ANN);
    let place = tempfile::tempdir().unwrap();
    mode(place.path(), 0o755);
    let folder = place.path().join("shared");
    std::fs::create_dir(&folder).unwrap();
    let run = |variable: &str, arguments: &[&str]| {
        let mut command = home.command("aep-auth", arguments);
        let mut child = command.env(variable, folder.join("x/aep")).stdin(Stdio::piped()).spawn().unwrap();
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), secret.as_bytes());
        child.wait_with_output().unwrap()
    };
    let import = ["import", file.to_str().unwrap(), "--profile", "other"];
    let commands: [(&str, &[&str]); 3] = [
        ("AEP_DATA_DIR", &["secret", "set", "dev", "--untried"]),
        ("AEP_DATA_DIR", &import),
        ("AEP_CONFIG_DIR", &import),
    ];
    for (owner, bits) in [(EVE, 0o777), (EVE, 0o755), (EVE, 0o1777), (0, 0o777)] {
        lchown(&folder, Some(owner), Some(owner)).unwrap();
        mode(&folder, bits);
        for (variable, arguments) in commands {
            let output = run(variable, arguments);
            assert!([3, 6].contains(&output.status.code().unwrap()), "{}", text(&output.stderr));
            let told = text(&output.stderr);
            assert!(told.contains("not trusted") && !told.contains("chmod"), "{owner} {bits:o} {arguments:?}: {told}");
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{owner} {bits:o} {arguments:?}");
        }
    }
    let told = text(&run("AEP_DATA_DIR", commands[0].1).stderr);
    assert!(told.contains("hint: let AEP_DATA_DIR name a folder that is yours alone, or unset it"), "{told}");
    // Another's link leads to nothing that is removed.
    let link = place.path().join("link");
    symlink(home.path("data"), &link).unwrap();
    lchown(&link, Some(EVE), Some(EVE)).unwrap();
    for arguments in [&["profile", "remove", "dev"][..], &["secret", "drop", "dev", "first"]] {
        let output = home.command("aep-auth", arguments).env("AEP_DATA_DIR", &link).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", text(&output.stderr));
    }
    assert!(home.profile().is_file());
    // The cure: one's own, in a folder that only root can write, or that is sticky.
    for (owner, bits) in [(ANN, 0o755), (0, 0o1777)] {
        lchown(&folder, Some(owner), Some(owner)).unwrap();
        mode(&folder, bits);
        for (variable, arguments) in commands {
            let output = run(variable, arguments);
            assert!(output.status.success(), "{owner} {bits:o} {arguments:?}: {}", text(&output.stderr));
        }
        assert_clean(&run("AEP_DATA_DIR", &["token", "--renew"]));
        // A store that came to lie in another's folder is not read any more.
        for (owner, bits) in [(EVE, 0o755), (0, 0o777)] {
            lchown(&folder, Some(owner), Some(owner)).unwrap();
            mode(&folder, bits);
            let told = assert_refused(&run("AEP_DATA_DIR", &["token", "--renew"]), 3);
            assert!(
                told.contains(&format!("{} is not trusted", folder.display())) && !told.contains("chmod"),
                "{told}"
            );
        }
        std::fs::remove_dir_all(folder.join("x")).unwrap();
        let _ = home.run(&["profile", "remove", "other"]);
    }
}

#[test]
fn root_by_sudo_creates_nothing_in_the_callers_home() {
    let Some(home) = Home::of_ann() else { return };
    let mut world = World::oauth();
    lchown(world.path(""), Some(ANN), Some(ANN)).unwrap();
    // Where the platform has the folders: below the home.
    let run = |world: &World, arguments: &[&str], caller: Option<u32>| {
        let mut command = world.command("aep-auth");
        for name in ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"] {
            command.env_remove(name);
        }
        if let Some(caller) = caller {
            command.env("SUDO_UID", caller.to_string());
        }
        command.args(arguments).output().unwrap()
    };
    let output = run(&world, &["token"], Some(ANN));
    assert!(output.status.success(), "the token is still printed");
    let told = text(&output.stderr);
    assert!(told.lines().count() == 1 && told.contains("sudo runs this over the home of another account"), "{told}");
    let file = home.world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    for name in ["AEP_CLIENT_ID", "AEP_CLIENT_SECRET"] {
        world.unset(name);
    }
    let told = assert_refused(&run(&world, &["import", file.to_str().unwrap()], Some(ANN)), 3);
    assert!(told.contains("run it without sudo, or with sudo -H"), "{told}");
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), 0, "not even a folder");
    // Root whose home belongs to another account without sudo, as on CI runners, is at home there.
    assert!(run(&world, &["import", file.to_str().unwrap()], None).status.success());
    assert!(std::fs::read_dir(world.path("")).unwrap().count() > 0);
}

#[test]
fn two_edits_at_once_both_count() {
    let home = Home::of_root();
    for round in 0..10 {
        let one = format!("sandbox=s{round}");
        let two = format!("scopes=[\"openid\", \"r{round}\"]");
        let children =
            [&one, &two].map(|pair| home.command("aep-auth", &["profile", "set", "dev", pair]).spawn().unwrap());
        for child in children {
            assert!(child.wait_with_output().unwrap().status.success());
        }
        let now = std::fs::read_to_string(home.profile()).unwrap();
        assert!(now.contains(&format!("s{round}")) && now.contains(&format!("r{round}")), "{now}");
    }
    let left: Vec<_> = std::fs::read_dir(home.path("config/profiles")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn output_goes_to_a_device_and_never_in_its_place() {
    let home = Home::of_root();
    let write = |file: &str| home.command("aep-postman", &["collection", "-o", file]).output().unwrap();
    assert_clean(&write("/dev/null"));
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    fifo(&home.path("fifo"));
    let told = assert_refused(&write("fifo"), 6);
    assert!(told.contains("nobody reads from it"), "{told}");
    assert!(std::fs::metadata(home.path("fifo")).unwrap().file_type().is_fifo());
    let output = write("/dev/stdout");
    assert_clean(&output);
    assert!(text(&output.stdout).starts_with('{'));
    // A link of a dotfiles manager stays.
    symlink("target.json", home.path("link.json")).unwrap();
    assert_clean(&write("link.json"));
    assert!(home.path("link.json").is_symlink() && home.path("target.json").is_file());
}

/// Where one of the folders takes no change, a command changes none of them, and says how to open it.
#[test]
fn what_cannot_be_done_whole_is_not_begun() {
    let mut refused = 0;
    for closed in ["config", "config/profiles", "data/secrets"] {
        for arguments in [
            ["profile", "rename", "own", "new"].as_slice(),
            &["profile", "copy", "own", "new"],
            &["profile", "remove", "own"],
            &["profile", "set", "own", "client_secrets=[{ env = \"X_Y\" }]"],
            &["secret", "drop", "own", "first"],
            &["import", "new.json", "--profile", "own", "--force", "--ims-url", "@", "--platform-url", "@"],
        ] {
            let Some(home) = Home::of_ann() else { return };
            let url = home.world.emulator.url();
            let mut file: serde_json::Value =
                serde_json::from_str(&home.world.emulator.credential_file(ims_emulator::Flow::Oauth)).unwrap();
            for (name, secrets) in [("old.json", vec!["p8e-one", "p8e-two"]), ("new.json", vec!["p8e-three"])] {
                file["CLIENT_SECRETS"] = serde_json::json!(secrets);
                mode(&home.world.write(name, &file.to_string()), 0o644);
            }
            let run = |arguments: &[&str]| {
                home.run(&arguments.iter().map(|word| if *word == "@" { &*url } else { *word }).collect::<Vec<_>>())
            };
            let import =
                ["import", "old.json", "--profile", "own", "--default", "--ims-url", "@", "--platform-url", "@"];
            assert_clean(&run(&import));
            let content = || {
                let folders = ["config", "config/profiles", "data/secrets"];
                let files = folders.iter().flat_map(|folder| stories::files_in(&home.path(folder)));
                files.map(|path| (std::fs::read(&path).ok(), path)).collect::<Vec<_>>()
            };
            let before = content();
            mode(&home.path(closed), 0o500);
            let output = run(arguments);
            mode(&home.path(closed), 0o700);
            if output.status.success() {
                continue;
            }
            refused += 1;
            let told = assert_refused(&output, 6);
            assert!(told.contains("permission denied\nhint: chmod u+wx "), "{closed} {arguments:?}: {told}");
            assert_eq!(content(), before, "{closed} {arguments:?}");
            let output = run(arguments);
            assert!(output.status.success(), "{closed} {arguments:?}: {}", text(&output.stderr));
        }
    }
    assert!(refused > 12, "only {refused} were refused");
}

#[test]
fn output_goes_to_nothing_of_anothers_and_none_of_it_is_kept() {
    let Some(home) = Home::of_ann() else { return };
    std::fs::create_dir(home.path("shared")).unwrap();
    mode(&home.path("shared"), 0o777);
    let theirs = r#"{"id":"theirs","values":[{"key":"EVIL","value":"x"}]}"#;
    let file = home.world.write("shared/file", theirs);
    let pipe = home.path("shared/pipe");
    fifo(&pipe);
    // Opened for both it is there at once, and a reader.
    let reader = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).unwrap();
    let runs = |owner: u32, path: &Path| {
        home.give(path.to_str().unwrap(), owner);
        mode(path, 0o666);
        let name = path.to_str().unwrap();
        let commands: [(&str, &[&str]); 4] = [
            ("aep-postman", &["environment", "-o", name]),
            ("aep-postman", &["collection", "-o", name]),
            ("aep-auth", &["api", "/data/foundation/sandbox-management/", "-o", name]),
            ("aep-auth", &["env", "--shell", "github"]),
        ];
        commands.map(|(program, words)| home.command(program, words).env("GITHUB_ENV", path).output().unwrap())
    };
    for (path, held) in [(&file, theirs), (&pipe, "")] {
        for refused in runs(EVE, path) {
            let told = assert_refused(&refused, 6);
            let (what, cure) = ("belongs to another user", "hint: name another file");
            let of_github = told.contains("GITHUB_ENV names");
            assert!(of_github || told.contains(what) && told.contains(cure), "{told}");
        }
        let mut found = String::new();
        if path == &file {
            found = std::fs::read_to_string(path).unwrap();
        } else {
            let _ = std::io::Read::read_to_string(&mut &reader, &mut found);
        }
        assert_eq!(found, held);
    }
    // The other half: what is hers.
    let written = runs(ANN, &file);
    assert!(written.iter().all(|output| output.status.success()), "{written:?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("AEP_ACCESS_TOKEN="));
    for output in &runs(ANN, &pipe)[..3] {
        assert_clean(output);
    }
}

#[test]
fn root_of_a_jobs_container_appends_to_the_runners_file() {
    let Some(home) = Home::of_ann() else { return };
    let home = Home { user: 0, ..home };
    let file = home.world.write("github.env", "");
    home.give("github.env", EVE);
    for name in ["config", "config/profiles", "config/profiles/dev.toml", "config/default-profile", "secret"] {
        home.give(name, 0);
    }
    assert!(
        home.command("aep-auth", &["env", "--shell", "github"])
            .env("GITHUB_ENV", &file)
            .output()
            .unwrap()
            .status
            .success()
    );
    assert!(std::fs::read_to_string(&file).unwrap().contains("AEP_ACCESS_TOKEN="));
}

#[test]
fn what_a_shell_puts_in_a_files_place_is_written_to() {
    let world = World::oauth();
    let mut shell = world.command("bash");
    let output = shell.args(["-c", "aep-postman collection -o >(cat) | grep -c schema"]).output();
    let Ok(output) = output else { return };
    assert!(output.status.success(), "{output:?}");
}
