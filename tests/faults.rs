//! Faults of the system, injected by strace: death at every system call of a write, file systems without locks, full and
//! read-only disks; and what a hit is allowed to do.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ims_emulator::Flow;
use stories::{World, assert_clean, binary, files_in, has, skip, text};

/// Whether strace may trace here.
fn can_trace() -> bool {
    if !has("strace") {
        return false;
    }
    let works = Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success());
    if !works {
        skip("strace may not trace here");
    }
    works
}

/// Runs `aep-auth` under strace with these options; the log goes to `strace.log`.
fn traced(world: &World, options: &[&str], arguments: &[&str]) -> Output {
    let mut command = Command::new("strace");
    world.prepare(&mut command);
    command.args(["-qq", "-o"]).arg(world.path("strace.log")).args(options).arg(binary("aep-auth")).args(arguments);
    command.output().unwrap()
}

fn log(world: &World) -> Vec<String> {
    std::fs::read_to_string(world.path("strace.log")).unwrap().lines().map(str::to_owned).collect()
}

/// A profile with a cached token.
fn with_profile() -> World {
    let world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    world.token();
    world
}

fn count(calls: &[String], names: &[&str]) -> usize {
    calls.iter().filter(|call| names.iter().any(|name| call.starts_with(&format!("{name}(")))).count()
}

#[test]
fn killed_at_every_system_call_of_a_write() {
    if !can_trace() {
        return;
    }
    let world = with_profile();
    assert!(traced(&world, &[], &["token", "--renew"]).status.success());
    let calls = log(&world);
    let mut kills = 0;
    for name in
        ["openat", "fstat", "statx", "flock", "ftruncate", "lseek", "write", "fchmod", "close", "renameat", "unlinkat"]
    {
        for nth in 1..=count(&calls, &[name]) {
            let inject = format!("inject={name}:signal=KILL:when={nth}");
            let killed = traced(&world, &["-e", "trace=all", "-e", &inject], &["token", "--renew"]);
            assert!(!killed.status.success(), "{inject}");
            kills += 1;
            let bytes = std::fs::read(world.entry()).unwrap();
            let entry: serde_json::Value =
                serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("torn by {inject}"));
            assert!(entry["access_token"].is_string() || entry["token"].is_string(), "{inject}: {entry}");
        }
    }
    assert!(kills > 40, "only {kills} points were tried");
    // The next one reads, writes, and has cleared what the dead left.
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
    // One that was killed before it wrote a byte leaves an empty file, which goes a minute later.
    let litter = files_in(&world.cache()).into_iter().filter(|path| {
        path.extension().is_some_and(|kind| kind == "tmp") && std::fs::metadata(path).unwrap().len() > 0
    });
    assert_eq!(litter.count(), 0);
}

/// The files below a folder that hold a text.
fn found_in(folder: &Path, marker: &str) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = files_in(folder).into_iter().partition(|path| path.is_dir());
    let holds = |path: &PathBuf| {
        std::fs::read(path).is_ok_and(|bytes| bytes.windows(marker.len()).any(|part| part == marker.as_bytes()))
    };
    let below = folders.iter().flat_map(|folder| found_in(folder, marker));
    below.chain(files.into_iter().filter(holds)).collect()
}

/// Whatever a command that changes where secrets lie is doing when it dies, the profile that stands finds its secret, and
/// what was to go is gone after the next command that writes there.
#[test]
fn killed_at_every_step_of_a_secrets_life_nothing_is_lost_and_nothing_stays() {
    const OLD: &str = "p8e-old-secret-marker";
    const NEW: &str = "p8e-new-secret-marker";
    if !can_trace() {
        return;
    }
    let mut kills = 0;
    for arguments in [
        ["secret", "drop", "default", "first"].as_slice(),
        &["profile", "set", "default", "client_secrets=[{ env = \"MINE\" }]"],
        &["import", "new.json", "--force", "--ims-url", "@", "--platform-url", "@"],
    ] {
        let prepare = || {
            let mut world = World::empty();
            let known: serde_json::Value = serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
            let id = known["CLIENT_ID"].as_str().unwrap();
            world.emulator.set_secrets(id, &[OLD, NEW]);
            let file = |secrets: &[&str]| {
                let mut file = known.clone();
                file["CLIENT_SECRETS"] = serde_json::json!(secrets);
                file.to_string()
            };
            let both: &[&str] = if arguments[1] == "drop" { &[OLD, NEW] } else { &[OLD] };
            world.write("credential.json", &file(both));
            world.write("new.json", &file(&[NEW]));
            assert_clean(&world.import("credential.json", &[]));
            std::fs::remove_file(world.path("credential.json")).unwrap();
            world.set("MINE", NEW);
            world
        };
        let words = |world: &World| -> Vec<String> {
            arguments.iter().map(|word| if *word == "@" { world.emulator.url() } else { (*word).to_owned() }).collect()
        };
        let run = |world: &World, options: &[&str]| {
            let words = words(world);
            traced(world, options, &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let whole = prepare();
        assert!(run(&whole, &[]).status.success());
        let calls = log(&whole);
        for name in ["openat", "write", "fchmod", "flock", "renameat", "unlinkat"] {
            for nth in 1..=count(&calls, &[name]) {
                let inject = format!("inject={name}:signal=KILL:when={nth}");
                let world = prepare();
                assert!(!run(&world, &["-e", "trace=all", "-e", &inject]).status.success(), "{arguments:?} {inject}");
                kills += 1;
                let after = world.run("aep-auth", &["token", "--renew"]);
                assert!(after.status.success(), "{arguments:?} {inject}: {}", text(&after.stderr));
                // Done by now, or done again.
                let words = words(&world);
                world.run("aep-auth", &words.iter().map(String::as_str).collect::<Vec<_>>());
                let next = ["secret", "set", "default", "--second", "--untried"];
                world.run_with_input("aep-auth", &next, b"p8e-third-secret\n");
                let left = found_in(&world.path("data"), OLD);
                assert!(left.is_empty(), "{arguments:?} {inject}: {left:?}");
                assert!(world.run("aep-auth", &["token", "--renew"]).status.success(), "{arguments:?} {inject}");
            }
        }
    }
    assert!(kills > 25, "only {kills} points were tried");
}

/// What a keyring holds of ours with a text in it.
fn in_keyring(world: &World, marker: &str) -> usize {
    stories::keyring::content(world).matches(marker).count()
}

/// The same where the secret comes to the keyring, goes from it, or is copied in it: it is there once in the end, whatever
/// was killed.
#[test]
fn killed_at_every_step_into_and_out_of_a_keyring() {
    const SECRET: &str = "p8e-keyring-secret-marker";
    let has_keyring = ["gnome-keyring-daemon", "secret-tool", "dbus-daemon", "dbus-send"].into_iter().all(has);
    if !can_trace() || !has_keyring {
        return;
    }
    let mut bus = World::empty();
    let _session = stories::keyring::Session::unlocked(&mut bus);
    let clear = || {
        let mut command = Command::new("secret-tool");
        bus.prepare(&mut command);
        let _ = command.args(["clear", "service", "aep-auth"]).output().unwrap();
    };
    let mut kills = 0;
    // How it begins, what is killed, what comes next, and how often the secret is in files and items then.
    let import: &[&str] = &["import", "credential.json", "--ims-url", "@", "--platform-url", "@"];
    let into_keyring = [import, &["--client-secret-from", "keyring"]].concat();
    let replacing = [import, &["--force"]].concat();
    for (begin, killed, next, name, in_files, items) in [
        (None, into_keyring.as_slice(), replaced(&into_keyring), "default", 0, 1),
        (Some("store"), &["secret", "move", "default", "--to", "keyring"], vec![], "default", 0, 1),
        (Some("keyring"), &["secret", "move", "default", "--to", "store"], vec![], "default", 1, 0),
        (Some("keyring"), replacing.as_slice(), vec![], "default", 1, 0),
        (Some("keyring"), &["profile", "rename", "default", "new"], vec!["profile", "remove", "default"], "new", 0, 1),
        (
            Some("keyring"),
            &["profile", "set", "default", "client_secrets=[{ env = \"MINE\" }]"],
            vec![],
            "default",
            0,
            0,
        ),
    ] {
        let prepare = || {
            clear();
            let mut world = World::empty();
            for variable in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
                world.set(variable, bus.variable(variable));
            }
            let mut file: serde_json::Value =
                serde_json::from_str(&world.emulator.credential_file(Flow::Oauth)).unwrap();
            world.emulator.set_secrets(file["CLIENT_ID"].as_str().unwrap(), &[SECRET]);
            file["CLIENT_SECRETS"] = serde_json::json!([SECRET]);
            world.write("credential.json", &file.to_string());
            world.set("MINE", SECRET);
            match begin {
                None => {}
                Some("store") => assert_clean(&world.import("credential.json", &[])),
                Some(_) => assert_clean(&world.import("credential.json", &["--client-secret-from", "keyring"])),
            }
            world
        };
        let words = |world: &World, words: &[&str]| -> Vec<String> {
            words.iter().map(|word| if *word == "@" { world.emulator.url() } else { (*word).to_owned() }).collect()
        };
        let run = |world: &World, options: &[&str]| {
            let words = words(world, killed);
            traced(world, options, &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let again = |world: &World, arguments: &[&str]| {
            let words = words(world, arguments);
            world.run("aep-auth", &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let whole = prepare();
        let output = run(&whole, &["-f"]);
        assert!(output.status.success(), "{killed:?}: {}", text(&output.stderr));
        let calls = std::fs::read_to_string(whole.path("strace.log")).unwrap();
        for call in ["write", "renameat", "unlinkat", "sendmsg", "sendto"] {
            let count = calls.lines().filter(|line| line.contains(&format!(" {call}("))).count();
            for nth in 1..=count {
                let inject = format!("inject={call}:signal=KILL:when={nth}");
                let world = prepare();
                // A thread of its own asks the keyring; the counts are for each thread.
                let ended = run(&world, &["-f", "-e", "trace=all", "-e", &inject]);
                let what = format!("{killed:?} {inject}");
                if ended.status.success() {
                    continue;
                }
                kills += 1;
                let profiles = files_in(&world.path("config/profiles"));
                let stands = |name: &str| profiles.iter().any(|path| path.ends_with(format!("{name}.toml")));
                for profile in [name, "default"].into_iter().filter(|name| stands(name)) {
                    // Of two that a rename left, the old one may be on its way out.
                    let after = world.run("aep-auth", &["token", "--renew", "--profile", profile]);
                    let may_fail = profile != name && stands(name);
                    assert!(may_fail || after.status.success(), "{what}: {profile}: {}", text(&after.stderr));
                }
                again(&world, killed);
                if !next.is_empty() {
                    again(&world, &next);
                }
                std::fs::remove_file(world.path("credential.json")).unwrap();
                let _ = std::fs::remove_file(world.path("strace.log"));
                let after = world.run("aep-auth", &["token", "--renew", "--profile", name]);
                assert!(after.status.success(), "{what}: {}", text(&after.stderr));
                let found = found_in(world.home.path(), SECRET);
                assert_eq!((found.len(), in_keyring(&world, SECRET)), (in_files, items), "{what}: {found:?}");
            }
        }
    }
    assert!(kills > 40, "only {kills} points were tried");
}

/// The same import once more, over what the first one left.
fn replaced<'a>(import: &[&'a str]) -> Vec<&'a str> {
    [import, &["--force"]].concat()
}

#[test]
fn an_entry_that_cannot_be_read_is_told() {
    if !can_trace() {
        return;
    }
    let world = with_profile();
    let entry = world.entry();
    let name = entry.file_name().unwrap().to_str().unwrap();
    for error in ["EIO", "ENOMEM", "EACCES"] {
        let options = ["-P", entry.to_str().unwrap(), "-P", name, "-e", "trace=openat", "-e"];
        let inject = format!("inject=openat:error={error}");
        let output = traced(&world, &[&options[..], &[inject.as_str()]].concat(), &["token"]);
        let told = text(&output.stderr);
        assert!(output.status.success() && text(&output.stdout).starts_with("eyJ"), "{error}: {told}");
        assert_eq!(told.lines().count(), 1, "{error}: {told}");
        assert!(told.starts_with("warning: ") && told.contains(name), "{error}: {told}");
    }
}

#[test]
fn a_file_system_that_refuses_costs_one_warning() {
    if !can_trace() {
        return;
    }
    for inject in [
        "inject=flock:error=ENOLCK",
        "inject=flock:error=EOPNOTSUPP",
        "inject=flock:error=EIO",
        "inject=renameat:error=ENOSPC",
        "inject=renameat:error=EROFS",
        "inject=renameat:error=EDQUOT",
        "inject=renameat:error=EIO",
    ] {
        let world = World::oauth();
        let output = traced(&world, &["-e", "trace=all", "-e", inject], &["token"]);
        assert!(output.status.success(), "{inject}: {}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with("eyJ"));
        let told = text(&output.stderr);
        assert_eq!(told.lines().count(), 1, "{inject}: {told}");
        assert!(told.starts_with("warning: "), "{inject}: {told}");
        // Where there are no locks, what was fetched is kept all the same.
        let is_kept = files_in(&world.cache()).iter().any(|path| path.extension().is_some_and(|kind| kind == "json"));
        assert_eq!(is_kept, inject.contains("flock"), "{inject}");
    }
}

#[test]
fn a_secret_that_cannot_be_seen_is_not_told_to_be_absent() {
    if !can_trace() {
        return;
    }
    let world = with_profile();
    let stored = world.stored("default", "client-secret");
    let folder = stored.parent().unwrap().to_owned();
    for (error, code, hint) in [
        ("EMFILE", 6, "ulimit -n"),
        ("ENFILE", 6, "fs.file-max"),
        ("ENOMEM", 6, "more memory"),
        ("EIO", 6, ""),
        ("EACCES", 3, ""),
    ] {
        for (path, calls) in
            [(&stored, "open,openat"), (&stored, "lstat,statx,newfstatat"), (&folder, "open,openat"), (&stored, "read")]
        {
            // A process may read less than it wanted, but not for these reasons.
            if calls == "read" && error != "EIO" {
                continue;
            }
            let inject = format!("inject={calls}:error={error}");
            let options = ["-f", "-P", path.to_str().unwrap(), "-e", &format!("trace={calls}"), "-e", &inject];
            let output = traced(&world, &options, &["token", "--renew"]);
            let told = text(&output.stderr);
            if calls != "read" {
                assert_eq!(output.status.code(), Some(code), "{inject}: {told}");
            }
            assert!(!output.status.success() && told.contains(hint), "{inject}: {told}");
            assert!(!told.contains("secret set") && !told.contains("does not exist"), "{inject}: {told}");
        }
        // Nothing that is there is told to be gone.
        let options =
            ["-P", folder.to_str().unwrap(), "-e", "trace=openat", "-e", &format!("inject=openat:error={error}")];
        let output = traced(&world, &options, &["profile", "remove", "default"]);
        assert!(!output.status.success() && stored.is_file(), "{error}: {}", text(&output.stdout));
    }
    assert_clean(&world.run("aep-auth", &["token", "--renew"]));
}

#[test]
fn a_small_disk_that_is_full() {
    let world = World::oauth();
    std::fs::create_dir(world.cache()).unwrap();
    let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(world.cache()).output();
    let mounted = mount(&["-t", "tmpfs", "-o", "size=4k,mode=700", "tmpfs"]);
    if !mounted.is_ok_and(|output| output.status.success()) {
        return skip("a tmpfs cannot be mounted here");
    }
    std::fs::write(world.cache().join("filler"), [0; 4096]).unwrap();
    let output = world.run("aep-auth", &["token"]);
    let unmounted = Command::new("umount").arg(world.cache()).status().unwrap();
    assert!(unmounted.success());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.starts_with("warning: ") && told.lines().count() == 1, "{told}");
}

#[test]
fn a_hit_takes_no_lock_and_opens_three_files() {
    if !can_trace() {
        return;
    }
    let world = with_profile();
    for arguments in [vec!["token"], vec!["headers"]] {
        let output = traced(&world, &[], &arguments);
        assert_clean(&output);
        let calls = log(&world);
        for (what, names) in [
            ("a lock", ["flock"].as_slice()),
            ("a socket", &["socket", "connect"]),
            ("a child or thread", &["fork", "vfork", "clone", "clone3"]),
            ("a change", &["rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "ftruncate", "fchmod"]),
            ("a wait", &["nanosleep", "clock_nanosleep"]),
        ] {
            assert_eq!(count(&calls, names), 0, "{what}: {calls:#?}");
        }
        assert!(!calls.iter().any(|call| call.contains("/etc/ssl") || call.contains("resolv.conf")), "{calls:#?}");
        let home = world.home.path().to_str().unwrap();
        let entry = world.entry();
        let entry = entry.file_name().unwrap().to_str().unwrap();
        let opened: Vec<&String> = calls
            .iter()
            .filter(|call| call.starts_with("open") && (call.contains(home) || call.contains(entry)))
            .filter(|call| !call.contains("O_DIRECTORY"))
            .collect();
        // The pointer to the default profile, the profile, the entry.
        assert_eq!(opened.len(), 3, "{opened:#?}");
        assert_eq!(count(&calls, &["write", "writev"]), 1, "the result, in one piece");
        assert!(calls.len() <= 110, "{} calls: {calls:#?}", calls.len());
    }
}

#[test]
fn a_helpers_hit_is_as_small() {
    if !can_trace() {
        return;
    }
    let world = with_profile();
    let host = world.emulator.url().trim_start_matches("http://").to_owned();
    let git = format!("protocol=http\nhost={host}\ncapability[]=authtype\n\n");
    let bazel = format!("{{\"uri\":\"{}/x\"}}", world.emulator.url());
    world.token();
    for (program, arguments, input, further) in [
        ("git-credential-aep", ["get"].as_slice(), git.as_str(), 0),
        ("bazel-credential-aep", &["get"], &bazel, 0),
        ("aep-postman", &["environment"], "", 0),
        // It remembers whom it answered.
        ("kube-credential-aep", &[], "", 60),
    ] {
        let mut command = Command::new("strace");
        world.prepare(&mut command);
        command.args(["-f", "-qq", "-o"]).arg(world.path("strace.log")).arg(binary(program)).args(arguments);
        let output = command.stdin(world.input(input)).output().unwrap();
        assert_clean(&output);
        assert!(text(&output.stdout).contains("eyJ"), "{program}");
        // Each line begins with the process number.
        let calls: Vec<String> =
            log(&world).iter().filter_map(|line| Some(line.split_once(' ')?.1.trim().to_owned())).collect();
        for names in [&["flock"][..], &["socket", "connect"], &["fork", "vfork", "clone", "clone3", "nanosleep"]] {
            assert_eq!(count(&calls, names), 0, "{program}: {calls:#?}");
        }
        assert!(calls.len() <= 110 + further, "{program}: {} calls: {calls:#?}", calls.len());
    }
}

/// A lookup of an account by the C library loads modules of the system's own, which ends a program that carries another.
#[test]
fn without_a_home_no_account_is_looked_up_by_the_c_library() {
    if !can_trace() {
        return;
    }
    let world = World::empty();
    // The tracer sees such a lookup.
    let lookup = |program: &std::path::Path, arguments: &[&str]| {
        let mut command = Command::new("strace");
        world.prepare(&mut command);
        for name in ["HOME", "AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"] {
            command.env_remove(name);
        }
        command.args(["-qq", "-e", "trace=openat,open", "-o"]).arg(world.path("strace.log"));
        let output = command.arg(program).args(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.code().is_some(), "{}: {}", program.display(), output.status);
        log(&world).iter().any(|call| call.contains("nsswitch.conf"))
    };
    assert!(lookup("/usr/bin/env".as_ref(), &["id", "-un"]));
    for (program, arguments) in [
        ("git-credential-aep", ["get"].as_slice()),
        ("kube-credential-aep", &[]),
        ("bazel-credential-aep", &["get"]),
        ("aep-postman", &["script"]),
        ("aep-prompt", &[]),
        ("aep-auth", &["profile", "list"]),
    ] {
        assert!(!lookup(&binary(program), arguments), "{program}");
    }
}

#[test]
fn a_home_that_is_missing_unset_or_somebody_elses() {
    // Each with the folders that the platform has, not our own variables.
    let run = |change: &dyn Fn(&mut Command, &World)| {
        let world = World::oauth();
        let mut command = world.command("aep-auth");
        for name in ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"] {
            command.env_remove(name);
        }
        command.arg("token");
        change(&mut command, &world);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with("eyJ"));
        text(&output.stderr)
    };
    let told = run(&|command, world| {
        command.env("HOME", world.write("file", "").join("home"));
    });
    assert!(told.starts_with("warning: ") && told.lines().count() == 1, "{told}");
    let told = run(&|command, _| {
        command.env("HOME", "/proc/1/nowhere");
    });
    assert!(told.starts_with("warning: ") && told.lines().count() == 1, "{told}");
    if rustix::process::geteuid().is_root() {
        let told = run(&|command, world| {
            let home = world.path("theirs");
            std::fs::create_dir_all(home.join(".cache/aep")).unwrap();
            std::os::unix::fs::chown(home.join(".cache/aep"), Some(65_534), None).unwrap();
            command.env("HOME", home);
        });
        assert!(told.contains("another user") && told.lines().count() == 1, "{told}");
    } else {
        skip("only root can make a folder somebody else's");
    }
}

/// Wherever a rename or a removal dies, each profile that stands has its secret, and the same once more ends it.
#[test]
fn killed_at_every_step_of_a_rename_or_removal_the_same_again_ends_it() {
    if !can_trace() {
        return;
    }
    let mut kills = 0;
    for (arguments, left) in
        [(["profile", "rename", "default", "new"].as_slice(), Some("new")), (&["profile", "remove", "default"], None)]
    {
        let whole = with_profile();
        assert!(traced(&whole, &[], arguments).status.success());
        let calls = log(&whole);
        for name in ["openat", "write", "flock", "link", "linkat", "rename", "renameat", "unlink", "unlinkat"] {
            for nth in 1..=count(&calls, &[name]) {
                let what = format!("{arguments:?} {name} {nth}");
                let world = with_profile();
                let secret = std::fs::read_to_string(world.stored("default", "client-secret")).unwrap();
                let inject = format!("inject={name}:signal=KILL:when={nth}");
                assert!(!traced(&world, &["-e", "trace=all", "-e", &inject], arguments).status.success(), "{what}");
                kills += 1;
                let profiles = || {
                    let files = files_in(&world.path("config/profiles"));
                    let names = files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "toml"));
                    names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
                };
                for profile in profiles() {
                    let after = world.run("aep-auth", &["token", "--renew", "--profile", &profile]);
                    assert!(after.status.success(), "{what}: {profile}: {}", text(&after.stderr));
                }
                let default = || world.run("aep-auth", &["token", "--renew"]);
                let is_whole = profiles().is_empty() || default().status.success();
                assert!(is_whole, "{what}: {:?} {}", profiles(), text(&default().stderr));
                // Done by now, or done again.
                let again = world.run("aep-auth", arguments);
                let is_done = text(&again.stderr).starts_with("error: there is no profile `default`");
                assert!(again.status.success() || is_done, "{what}: {}", text(&again.stderr));
                assert_eq!(profiles(), Vec::from_iter(left), "{what}");
                assert_eq!(default().status.success(), left.is_some(), "{what}");
                assert_eq!(world.path("config/default-profile").exists(), left.is_some(), "{what}");
                let kept = found_in(&world.path("data"), secret.trim());
                assert_eq!(kept, Vec::from_iter(left.map(|name| world.stored(name, "client-secret"))), "{what}");
            }
        }
    }
    assert!(kills > 40, "only {kills} points were tried");
}
