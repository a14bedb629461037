//! What can be wrong with the cache on disk: a token all the same, and at most one warning.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt, symlink};
#[cfg(unix)]
use std::path::Path;

use stories::{World, text};
#[cfg(unix)]
use stories::{assert_clean, files_in};

#[cfg(unix)]
fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A token, and exactly one warning that holds these words.
fn token_with_one_warning(world: &World, words: &str) -> String {
    let output = world.run("aep-auth", &["token"]);
    assert!(output.status.success(), "{words}: {}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.starts_with("warning: ") && told.lines().count() == 1 && told.contains(words), "{words}: {told}");
    text(&output.stdout)
}

#[test]
fn a_home_that_is_not_there_yet_is_made() {
    let world = World::oauth();
    let home = world.path("not/yet");
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    let mut command = world.command("aep-auth");
    for name in ["AEP_CONFIG_DIR", "AEP_DATA_DIR", "AEP_CACHE_DIR"] {
        command.env_remove(name);
    }
    command.env("HOME", &home).env("USERPROFILE", &home).arg("import").arg(&file);
    let output =
        command.args(["--ims-url", &world.emulator.url(), "--platform-url", &world.emulator.url()]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(cfg!(not(unix)) || home.is_dir());
}

#[test]
fn one_write_removes_what_several_killed_writers_left() {
    let world = World::oauth();
    world.token();
    for number in [0, 3, 7] {
        world.write(&format!("cache/writing-{number}.tmp"), "eyJleft");
    }
    // A hit changes nothing; a write clears away.
    world.token();
    let left = || {
        stories::files_in(&world.cache())
            .iter()
            .filter(|file| file.extension().is_some_and(|kind| kind == "tmp"))
            .count()
    };
    assert_eq!(left(), 3);
    assert!(world.run("aep-auth", &["token", "--renew"]).status.success());
    assert_eq!(left(), 0);
}

#[test]
fn a_damaged_entry_is_a_miss_and_mended_in_silence() {
    type Damage = fn(&str) -> Vec<u8>;
    let cases: [(&str, Damage); 12] = [
        ("empty", |_| Vec::new()),
        ("half", |good| good.as_bytes()[..good.len() / 2].to_vec()),
        ("garbage", |_| vec![0xff; 300]),
        ("nul bytes", |_| vec![0; 4096]),
        ("other JSON", |_| b"[1]".to_vec()),
        ("brackets", |_| "[".repeat(100_000).into_bytes()),
        ("another version", |good| good.replace("\"version\":2", "\"version\":1").into_bytes()),
        ("no version", |good| good.replace("\"version\"", "\"edition\"").into_bytes()),
        ("another identity", |good| good.replace("openid", "closedid").into_bytes()),
        ("a token with a line break", |good| {
            good.replace("\"access_token\":\"ey", "\"access_token\":\"a\\r\\nb").into_bytes()
        }),
        ("a life of years", |good| good.replace("\"life\":86400", "\"life\":864000000").into_bytes()),
        ("huge", |_| vec![b' '; 5 * 1024 * 1024]),
    ];
    for (what, damage) in cases {
        let world = World::oauth();
        world.token();
        // This world's own entry, since one of another emulator is a miss whatever else is wrong with it.
        let good = std::fs::read_to_string(world.entry()).unwrap();
        let bad = damage(&good);
        assert_ne!(bad, good.as_bytes(), "{what}: nothing was damaged");
        std::fs::write(world.entry(), bad).unwrap();
        world.token();
        world.token();
        assert_eq!(world.emulator.token_requests(), 2, "{what}");
    }
}

#[test]
#[cfg(unix)]
fn what_stands_in_the_entrys_place_is_not_trusted() {
    for what in ["symlink", "folder", "fifo", "writable", "foreign owner"] {
        let world = World::oauth();
        world.token();
        let entry = world.entry();
        let content = std::fs::read(&entry).unwrap();
        match what {
            "writable" => mode(&entry, 0o666),
            "foreign owner" => {
                if std::os::unix::fs::chown(&entry, Some(65_534), None).is_err() {
                    continue; // Only root can give a file away.
                }
            }
            _ => std::fs::remove_file(&entry).unwrap(),
        }
        match what {
            "symlink" => {
                let elsewhere = world.path("elsewhere.json");
                std::fs::write(&elsewhere, content).unwrap();
                symlink(elsewhere, &entry).unwrap();
            }
            "folder" => std::fs::create_dir(&entry).unwrap(),
            "fifo" => assert!(std::process::Command::new("mkfifo").arg(&entry).status().unwrap().success()),
            _ => {}
        }
        token_with_one_warning(&world, entry.file_name().unwrap().to_str().unwrap());
        assert_eq!(world.emulator.token_requests(), 2, "{what}");
        // Mended: from now on it serves, in silence.
        world.token();
        assert_eq!(world.emulator.token_requests(), 2, "{what}");
    }
}

#[test]
#[cfg(unix)]
fn a_folder_that_is_not_ours_is_neither_read_nor_written() {
    for what in ["writable", "foreign owner"] {
        let world = World::oauth();
        world.token();
        let before = files_in(&world.cache());
        match what {
            "writable" => mode(&world.cache(), 0o777),
            _ => {
                if std::os::unix::fs::chown(world.cache(), Some(65_534), None).is_err() {
                    continue;
                }
            }
        }
        token_with_one_warning(&world, "cache");
        assert_eq!(world.emulator.token_requests(), 2, "{what}");
        assert_eq!(files_in(&world.cache()), before, "{what}");
    }
}

#[test]
fn a_folder_that_cannot_be_used_costs_a_warning() {
    for what in ["a file", "below a file", "missing with a file as parent"] {
        let mut world = World::oauth();
        let file = world.write("file", "");
        match what {
            "a file" => world.set("AEP_CACHE_DIR", file.to_str().unwrap()),
            _ => world.set("AEP_CACHE_DIR", file.join("x/y").to_str().unwrap()),
        };
        token_with_one_warning(&world, "file");
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_costs_a_warning() {
    // /dev/full is no folder; a quota of zero bytes does the same to every write.
    for trap in ["", "trap '' XFSZ;"] {
        let world = World::oauth();
        let run = |line: &str| {
            let mut shell = std::process::Command::new("bash");
            world.prepare(shell.args(["-c", &format!("ulimit -f 0; {trap} {line}")]));
            shell.output().unwrap()
        };
        for line in ["aep-auth token", "aep-auth token --renew", "kube-credential-aep"] {
            let output = run(line);
            assert!(output.status.success(), "{trap} {line}: {} {}", output.status, text(&output.stderr));
            assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
            assert!(text(&output.stdout).contains("eyJ"));
        }
        // A lock, and the place of a note; half of nothing.
        let left = files_in(&world.cache());
        assert!(left.iter().all(|path| std::fs::metadata(path).unwrap().len() == 0), "{left:?}");
        assert!(left.iter().all(|path| path.extension().is_none_or(|kind| kind == "lock")), "{left:?}");
        // What is run has the signal as we were given it; a shell cannot take back what it inherited as ignored.
        let output = run("aep-auth exec -- sh -c 'trap - XFSZ; kill -XFSZ $$; echo lived'");
        assert_eq!(text(&output.stdout) == "lived\n", !trap.is_empty(), "{trap}: {}", text(&output.stderr));
    }
}

#[test]
#[cfg(unix)]
fn modes_are_private_under_every_umask() {
    for umask in ["000", "002", "022", "077", "277", "777"] {
        let world = World::oauth();
        let mut shell = std::process::Command::new("sh");
        world.prepare(shell.args(["-c", &format!("umask {umask}; aep-auth token")]));
        assert_clean(&shell.output().unwrap());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&world.cache()), 0o700, "{umask}");
        for path in files_in(&world.cache()) {
            assert_eq!(mode(&path), 0o600, "{umask} {}", path.display());
        }
    }
}

#[test]
fn a_clock_that_was_set_back_is_a_miss_and_a_steady_one_does_no_harm() {
    for (shift, requests) in [(-3_600, 1), (-30, 1), (30, 1), (61, 2), (86_400, 2)] {
        let world = World::oauth();
        world.token();
        let entry = world.entry();
        let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&entry).unwrap()).unwrap();
        // The entry moves instead of the clock; far back it still lives, since it was fetched then.
        json["fetched_at"] = (json["fetched_at"].as_i64().unwrap() + shift + i64::from(shift > 60)).into();
        std::fs::write(&entry, json.to_string()).unwrap();
        world.token();
        assert_eq!(world.emulator.token_requests(), requests, "{shift}");
    }
}

#[test]
fn another_versions_files_are_left_alone() {
    let world = World::oauth();
    std::fs::create_dir(world.cache()).unwrap();
    #[cfg(unix)]
    mode(&world.cache(), 0o700);
    let other = world.cache().join(format!("{}.json", "0".repeat(64)));
    std::fs::write(&other, "{\"version\":9}").unwrap();
    world.token();
    world.token();
    assert_eq!(world.emulator.token_requests(), 1);
    assert_eq!(std::fs::read_to_string(other).unwrap(), "{\"version\":9}");
}
