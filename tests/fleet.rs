//! One token for many machines: a real `redis-server`, and a cache folder for each machine.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ims_emulator::{Fault, Kind};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use stories::redis::Redis;
use stories::{World, assert_clean, assert_refused, has, text, wait_until};

/// A command on one of the machines, each of which has a cache folder of its own.
fn on(world: &World, machine: usize) -> Command {
    let mut command = world.command("aep-auth");
    command.env("AEP_CACHE_DIR", world.path(&format!("machine{machine}"))).arg("token");
    command
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn world(redis: &Redis) -> World {
    let mut world = World::oauth();
    world.set("AEP_SHARED_CACHE", &redis.url());
    world
}

/// One token for all, and nothing on standard error.
fn one_token(outputs: &[Output]) -> String {
    outputs.iter().for_each(assert_clean);
    let tokens: BTreeSet<_> = outputs.iter().map(|output| text(&output.stdout)).collect();
    assert_eq!(tokens.len(), 1);
    tokens.into_iter().next().unwrap().trim_end().to_owned()
}

/// A token in spite of the engine, and one note at `info`.
fn token_without_engine(world: &mut World, machine: usize, part: &str) {
    world.set("AEP_LOG", "info");
    let mut command = on(world, machine);
    let began = Instant::now();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let notes = text(&output.stderr);
    assert_eq!(notes.lines().filter(|line| line.contains("the shared cache")).count(), 1, "{notes}");
    assert!(notes.contains(part), "{notes}");
    assert!(!text(&output.stdout).trim().is_empty());
    assert!(began.elapsed() < Duration::from_secs(6), "it took {:?}", began.elapsed());
}

#[test]
fn fifty_machines_make_one_request() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    let children: Vec<Child> = (0..500).map(|number| start(on(&world, number % 50))).collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    one_token(&outputs);
    assert_eq!(world.emulator.token_requests(), 1);
    // What is left is the entry, which goes with the token; no lock and no failure.
    assert_eq!(redis.names().len(), 1);
    let left: i64 = redis::cmd("PTTL").arg(&redis.names()[0]).query(&mut redis.connection()).unwrap();
    assert!((86_000_000..=86_400_000).contains(&left), "{left} ms");
}

/// The page's lines: the user that it makes, the variables, and the undoing on that very engine.
#[test]
fn every_line_of_the_page() {
    if !has("redis-server") || !has("redis-cli") {
        return;
    }
    let redis = Redis::plain();
    let mut world = world(&redis);
    let here = |block: &str| {
        let engine = format!("-h 127.0.0.1 -p {}", redis.port);
        let block = block.replace("--tls -h cache.corp.example -p 6379", &engine);
        let block =
            block.replace("rediss://fleet@cache.corp.example:6379", &format!("redis://fleet@127.0.0.1:{}", redis.port));
        block.replace("/run/secrets/engine-password", world.path("engine-password").to_str().unwrap())
    };
    let page = |section: &str, language: &str| stories::pages::blocks("fleet/README.md", section, language);
    let acl = page("Set up", "").remove(0).replace("PASSWORD", "marker-word");
    let words: Vec<&str> = acl.split_whitespace().skip(1).collect();
    let _: () = redis::cmd("ACL").arg(&words).query(&mut redis.connection()).unwrap();
    let export = here(&page("Set up", "sh")[0]);
    let undo = here(&page("Undo", "sh")[0]);
    world.write("engine-password", "marker-word\n");
    world.unset("AEP_SHARED_CACHE");
    let run = |script: &str| {
        let mut shell = Command::new("sh");
        world.prepare(&mut shell);
        shell.args(["-ec", &format!("{export}\n{script}")]).output().unwrap()
    };
    assert_clean(&run("aep-auth token"));
    // A second machine, by the engine.
    let second = run("AEP_CACHE_DIR=$HOME/second aep-auth token --json");
    assert!(text(&second.stdout).contains("\"shared\""), "{}", text(&second.stderr));
    let checked = run(&page("Check", "sh")[0]);
    let shown = text(&checked.stdout);
    assert!(checked.status.success() && shown.contains("\"source\": \"cache\""), "{shown}");
    assert!(shown.contains("shared cache"), "{shown}");
    let _: () = redis::cmd("ACL").arg(&["SETUSER", "fleet", "+scan"]).query(&mut redis.connection()).unwrap();
    let _: () = redis::cmd("SET").arg(&["another", "kept"]).query(&mut redis.connection()).unwrap();
    let undone = run(&undo);
    assert!(undone.status.success(), "{}", text(&undone.stderr));
    assert_eq!(redis.names(), ["another"]);
}

/// What would be refused later is refused at once, also while a token is at hand and no engine would be asked.
#[test]
fn an_address_that_cannot_be_used_is_refused_while_the_cache_is_warm() {
    let mut world = World::oauth();
    world.token();
    for (address, part, cure) in [
        ("redis://far.example:6379", "plain text", "rediss://"),
        ("rediss://fleet@cache.corp.example:6379/0", "no password", "AEP_SHARED_CACHE_PASSWORD"),
        ("rediss://cache.corp.example:no/0", "host", "rediss://"),
    ] {
        world.set("AEP_SHARED_CACHE", address);
        for arguments in [["aep-auth", "token"].as_slice(), &["aep-auth", "status"], &["kube-credential-aep"]] {
            let told = assert_refused(&world.run(arguments[0], &arguments[1..]), 3);
            assert!(told.contains(part) && told.contains(cure), "{address} {arguments:?}: {told}");
        }
    }
    // With its password, or with one in the address, it is a user like others; nobody listens there.
    world.set("AEP_SHARED_CACHE", "redis://fleet@127.0.0.1:1").set("AEP_SHARED_CACHE_PASSWORD", "word");
    world.token();
    world.unset("AEP_SHARED_CACHE_PASSWORD").set("AEP_SHARED_CACHE", "redis://fleet:word@127.0.0.1:1");
    world.token();
    // A profile of its own, and what its password would be.
    let mut world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    world.set("AEP_SHARED_CACHE", "rediss://fleet@cache.corp.example");
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("aep-auth profile set default 'shared_cache_password="), "{told}");
}

#[test]
fn a_second_machine_is_told_where_its_token_came_from() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    let source = |machine| {
        let output = on(&world, machine).arg("--json").output().unwrap();
        assert_clean(&output);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["source"].as_str().unwrap().to_owned()
    };
    assert_eq!([source(1), source(1), source(2), source(2)], ["ims", "cache", "shared", "cache"]);
    assert_eq!(world.emulator.token_requests(), 1);
}

#[test]
fn tls_user_password_database_and_prefix() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::tls();
    let mut world = world(&redis);
    world.set("AEP_SHARED_CACHE_PASSWORD", redis.password().unwrap());
    world.set("AEP_CA_FILE", redis.ca().to_str().unwrap());
    world.set("AEP_SHARED_CACHE", &format!("{}?prefix=aep:team:", redis.url()));
    let outputs: Vec<Output> = (0..3).map(|machine| on(&world, machine).output().unwrap()).collect();
    one_token(&outputs);
    assert_eq!(world.emulator.token_requests(), 1);
    // The cure of an unknown authority is not to trust it.
    world.unset("AEP_CA_FILE");
    token_without_engine(&mut world, 4, "certificate");
}

#[test]
fn a_forced_renewal_reaches_the_other_machines_when_they_need_it() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    let old = one_token(&[on(&world, 1).output().unwrap()]);
    let new = one_token(&[on(&world, 1).arg("--renew").output().unwrap()]);
    assert_ne!(old, new);
    assert_eq!(one_token(&[on(&world, 2).output().unwrap()]), new);
    assert_eq!(world.emulator.token_requests(), 2);
}

#[test]
fn what_is_dropped_does_not_come_back_from_the_engine() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let mut world = world(&redis);
    let mut old = world.token();
    let refused = |token: &str| format!("protocol=https\nhost=platform.adobe.io\npassword={token}\n\n");
    for arguments in [["erase"].as_slice(), &["forget"], &["forget", "--revoke"], &["forget", "--all"]] {
        let output = match arguments {
            ["erase"] => world.run_with_input("git-credential-aep", arguments, refused(&old).as_bytes()),
            _ => world.run("aep-auth", arguments),
        };
        assert_clean(&output);
        let new = world.token();
        assert_ne!(new, old, "{arguments:?}");
        old = new;
    }
    // Another token than the cached one, and an engine that is switched off: nothing is dropped.
    assert_clean(&world.run_with_input("git-credential-aep", &["erase"], refused("eyJother").as_bytes()));
    world.set("AEP_CACHE", "off");
    assert_clean(&world.run("aep-auth", &["forget", "--all"]));
    world.unset("AEP_CACHE");
    assert_eq!(one_token(&[on(&world, 2).output().unwrap()]), old);
}

#[test]
fn a_token_too_short_for_one_machine_is_replaced_for_those_who_ask_as_much() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    world.emulator.set_life(20_000);
    let first = one_token(&[on(&world, 1).output().unwrap()]);
    world.emulator.set_life(86_400_000);
    let long = one_token(&[on(&world, 2).args(["--min-valid", "30s"]).output().unwrap()]);
    assert_ne!(first, long);
    assert_eq!(one_token(&[on(&world, 3).args(["--min-valid", "30s"]).output().unwrap()]), long);
    assert_eq!(world.emulator.token_requests(), 2);
}

#[test]
fn a_refusal_is_shared_by_machines_that_wait() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let mut world = world(&redis);
    world.set("AEP_CLIENT_SECRET", "wrong-secret-marker");
    // As long as a busy machine takes to start the others.
    world.emulator.fault(Fault::times(1, Kind::Delay { ms: 4000 }));
    let holder = start(on(&world, 0));
    wait_until(|| world.emulator.token_requests() == 1);
    let children: Vec<Child> = (1..30).map(|machine| start(on(&world, machine))).collect();
    for child in children.into_iter().chain([holder]) {
        assert_refused(&child.wait_with_output().unwrap(), 4);
    }
    assert!(world.emulator.token_requests() <= 4, "{} requests", world.emulator.token_requests());
}

#[test]
fn both_generations_of_a_rotation_keep_working() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    let old = world.variable("AEP_CLIENT_SECRET").to_owned();
    world.emulator.set_secrets(world.variable("AEP_CLIENT_ID"), &[&old, "new-secret"]);
    let on_new = |machine| {
        let mut command = on(&world, machine);
        command.env("AEP_CLIENT_SECRET", "new-secret");
        one_token(&[command.output().unwrap()])
    };
    let of_old = one_token(&[on(&world, 1).output().unwrap()]);
    assert_eq!(on_new(2), on_new(3));
    assert_eq!(one_token(&[on(&world, 4).output().unwrap()]), of_old);
    assert_eq!(world.emulator.token_requests(), 2);
}

#[test]
fn the_engine_sees_hashed_names_and_sealed_values() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut monitor = TcpStream::connect(("127.0.0.1", redis.port)).unwrap();
    monitor.write_all(b"MONITOR\r\n").unwrap();
    let sink = Arc::clone(&seen);
    std::thread::spawn(move || {
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = monitor.read(&mut bytes) {
            sink.lock().unwrap().extend_from_slice(&bytes[..count]);
        }
    });
    let shows = |part: &str| text(&seen.lock().unwrap().clone()).to_lowercase().contains(part);
    wait_until(|| shows("+ok"));
    let token = one_token(&[on(&world, 1).output().unwrap(), on(&world, 2).output().unwrap()]);
    wait_until(|| shows("\"eval\""));
    let name = redis.names().remove(0);
    let value: Vec<u8> = redis::cmd("GET").arg(&name).query(&mut redis.connection()).unwrap();
    let dump = [seen.lock().unwrap().clone(), value, name.into_bytes()].concat();
    let dump = String::from_utf8_lossy(&dump).into_owned();
    let (claims, signature) = (token.split('.').nth(1).unwrap(), token.split('.').nth(2).unwrap());
    let private = [
        &claims[..40],
        &signature[..40],
        world.variable("AEP_CLIENT_SECRET"),
        world.variable("AEP_CLIENT_ID"),
        world.variable("AEP_ORG_ID"),
    ];
    for secret in private {
        assert!(!dump.contains(secret), "the engine saw {secret}");
    }
}

#[test]
fn a_damaged_entry_is_a_miss_and_replaced() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    let token = one_token(&[on(&world, 0).output().unwrap()]);
    let name = redis.names().remove(0);
    let mut connection = redis.connection();
    let good: Vec<u8> = redis::cmd("GET").arg(&name).query(&mut connection).unwrap();
    let foreign = {
        let mut other = on(&world, 100);
        other.env("AEP_SCOPES", "openid");
        one_token(&[other.output().unwrap()]);
        let moved = redis.names().into_iter().find(|own| *own != name).unwrap();
        redis::cmd("GET").arg(moved).query::<Vec<u8>>(&mut connection).unwrap()
    };
    let flipped = good.iter().enumerate().map(|(at, byte)| if at == 20 { byte ^ 1 } else { *byte }).collect();
    let damaged: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("truncated", good[..good.len() / 2].to_vec()),
        ("garbage", b"garbage".repeat(100)),
        ("moved from another name", foreign),
        ("changed in one bit", flipped),
        ("of another version", [&[9], &good[1..]].concat()),
    ];
    for (machine, (what, bytes)) in (1..).zip(damaged) {
        let requests = world.emulator.token_requests();
        redis::cmd("SET").arg(&name).arg(bytes).exec(&mut connection).unwrap();
        assert_ne!(one_token(&[on(&world, machine).output().unwrap()]), token, "{what}");
        assert_eq!(world.emulator.token_requests(), requests + 1, "{what}");
        let mended: Vec<u8> = redis::cmd("GET").arg(&name).query(&mut connection).unwrap();
        assert!(mended.len() > 1000, "{what}");
    }
    redis::cmd("DEL").arg(&name).exec(&mut connection).unwrap();
    redis::cmd("LPUSH").arg(&name).arg("x").exec(&mut connection).unwrap();
    one_token(&[on(&world, 90).output().unwrap()]);
}

#[test]
fn a_replayed_old_entry_is_judged_by_its_own_times() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    world.emulator.set_life(1_000);
    one_token(&[on(&world, 1).output().unwrap()]);
    let name = redis.names().remove(0);
    let mut connection = redis.connection();
    let old: Vec<u8> = redis::cmd("GET").arg(&name).query(&mut connection).unwrap();
    wait_until(|| redis.names().is_empty());
    world.emulator.set_life(86_400_000);
    redis::cmd("SET").arg(&name).arg(old).exec(&mut connection).unwrap();
    one_token(&[on(&world, 2).output().unwrap()]);
    assert_eq!(world.emulator.token_requests(), 2);
}

#[test]
fn somebody_elses_lock_is_waited_for_and_never_ended() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let mut world = world(&redis);
    world.set("AEP_TIMEOUT", "2");
    one_token(&[on(&world, 1).output().unwrap()]);
    let name = redis.names().remove(0);
    let mut connection = redis.connection();
    redis::cmd("DEL").arg(&name).exec(&mut connection).unwrap();
    redis::cmd("SET").arg(format!("{name}:lock")).arg("another machine").exec(&mut connection).unwrap();
    let began = Instant::now();
    one_token(&[on(&world, 2).output().unwrap()]);
    assert!(began.elapsed() >= Duration::from_millis(1400), "it did not wait");
    let owner: String = redis::cmd("GET").arg(format!("{name}:lock")).query(&mut connection).unwrap();
    assert_eq!(owner, "another machine");
}

/// Its own lock ended while it fetched, and another machine has one now: that one stays.
#[test]
fn a_lock_that_has_passed_on_is_not_ended() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let world = world(&redis);
    world.emulator.fault(Fault::times(1, Kind::Delay { ms: 2000 }));
    let child = start(on(&world, 1));
    wait_until(|| world.emulator.token_requests() == 1);
    let lock = redis.names().into_iter().find(|name| name.ends_with(":lock")).unwrap();
    let mut connection = redis.connection();
    redis::cmd("SET").arg(&lock).arg("another machine").exec(&mut connection).unwrap();
    one_token(&[child.wait_with_output().unwrap()]);
    let owner: Option<String> = redis::cmd("GET").arg(&lock).query(&mut connection).unwrap();
    assert_eq!(owner.as_deref(), Some("another machine"));
    // The other half: one's own is ended at once.
    redis::cmd("DEL").arg(&lock).exec(&mut connection).unwrap();
    one_token(&[on(&world, 2).arg("--renew").output().unwrap()]);
    assert_eq!(redis.names().len(), 1, "{:?}", redis.names());
}

#[test]
fn a_service_account_has_one_token_for_all_machines_with_its_key() {
    if !has("redis-server") || !has("openssl") {
        return;
    }
    let redis = Redis::plain();
    let mut world = World::jwt();
    world.set("AEP_SHARED_CACHE", &redis.url());
    let secret = world.variable("AEP_CLIENT_SECRET").to_owned();
    world.emulator.set_secrets(world.variable("AEP_CLIENT_ID"), &[&secret, "new-secret"]);
    let first = one_token(&[on(&world, 1).output().unwrap()]);
    // During a rotation the machines hold different client secrets.
    assert_eq!(one_token(&[on(&world, 2).env("AEP_CLIENT_SECRET", "new-secret").output().unwrap()]), first);
    assert_eq!(world.emulator.token_requests(), 1);
    // Who has the client secret and another key neither finds nor opens it; IMS decides, and refuses.
    let other = world.path("other.pem");
    let made = Command::new("openssl").args(["genrsa", "-out"]).arg(&other).arg("2048").output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let mut stranger = on(&world, 3);
    stranger.env("AEP_PRIVATE_KEY", &other);
    assert_refused(&stranger.output().unwrap(), 4);
}

#[test]
fn an_engine_that_is_down_or_stopped_costs_little_and_is_then_left_alone() {
    if !has("redis-server") {
        return;
    }
    let mut redis = Redis::plain();
    let mut world = world(&redis);
    let pid = Pid::from_raw(i32::try_from(redis.process()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    token_without_engine(&mut world, 1, "did not answer within 500 ms");
    redis.kill();
    token_without_engine(&mut world, 2, "onnection refused");
    // Left alone: the next fetch on this machine does not even try.
    let listener = TcpListener::bind(("127.0.0.1", redis.port)).unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let output = on(&world, 2).arg("--renew").output().unwrap();
    assert!(output.status.success());
    assert_eq!(accepted.load(Ordering::SeqCst), 0);
}

#[test]
fn an_engine_that_is_killed_while_we_hold_its_lock_costs_nothing() {
    if !has("redis-server") {
        return;
    }
    let mut redis = Redis::plain();
    let world = world(&redis);
    world.emulator.fault(Fault::times(1, Kind::Delay { ms: 400 }));
    let child = start(on(&world, 1));
    wait_until(|| world.emulator.token_requests() == 1);
    redis.kill();
    one_token(&[child.wait_with_output().unwrap()]);
    assert_eq!(world.emulator.token_requests(), 1);
}

#[test]
fn an_engine_that_refuses_is_as_if_it_were_not_there() {
    if !has("redis-server") {
        return;
    }
    let full = Redis::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let replica = Redis::start(&["--replicaof", "127.0.0.1", "1"]);
    let locked = Redis::start(&["--requirepass", "engine-password-marker"]);
    let denied = Redis::start(&["--user", "default", "on", "nopass", "~other:*", "+@all"]);
    for (what, redis, part) in [
        ("full", &full, "OOM"),
        ("a read-only replica", &replica, "READONLY"),
        ("a password is missing", &locked, "NOAUTH"),
        ("the user may not use our names", &denied, "NOPERM"),
    ] {
        let mut world = world(redis);
        token_without_engine(&mut world, 1, part);
        assert_eq!(world.emulator.token_requests(), 1, "{what}");
    }
    let mut world = world(&locked);
    world.set("AEP_SHARED_CACHE_PASSWORD", "wrong-password-marker").set("AEP_LOG", "debug");
    let output = on(&world, 2).output().unwrap();
    assert!(output.status.success());
    assert!(!text(&output.stderr).contains("marker"), "{}", text(&output.stderr));
}

/// What the engine did not confirm is named as remaining.
#[test]
fn purge_names_the_token_that_an_engine_keeps() {
    if !has("redis-server") {
        return;
    }
    for what in ["removed", "a replica", "not allowed", "stopped", "gone"] {
        let mut redis = Redis::plain();
        let mut world = World::empty();
        let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
        assert_clean(&world.import(file.to_str().unwrap(), &[]));
        world.set("AEP_SHARED_CACHE", &redis.url());
        world.token();
        let tell = |words: &[&str]| {
            redis::cmd(words[0]).arg(&words[1..]).exec(&mut redis.connection()).unwrap();
        };
        match what {
            "a replica" => tell(&["REPLICAOF", "127.0.0.1", "1"]),
            "not allowed" => tell(&["ACL", "SETUSER", "default", "-del"]),
            "stopped" => kill_process(Pid::from_raw(redis.process() as i32).unwrap(), Signal::STOP).unwrap(),
            "gone" => redis.kill(),
            _ => {}
        }
        let output = world.run("aep-auth", &["purge", "--yes"]);
        let (told, why) = (text(&output.stdout), text(&output.stderr));
        let count = told.lines().filter(|line| line.ends_with(')')).count();
        if what == "removed" {
            assert_eq!(output.status.code(), Some(0), "{why}");
            assert!(told.contains(&format!("removed {count} of {count}")) && redis.names().is_empty(), "{told}");
            continue;
        }
        assert_eq!(output.status.code(), Some(6), "{what}: {told}");
        assert!(told.contains(&format!("removed {} of {count}", count - 1)), "{what}: {told}");
        assert!(why.contains("the token of profile default in the shared cache may stay: "), "{what}: {why}");
        assert!(!world.path("data").exists(), "{what}: the rest goes");
    }
}

/// The entry keeps its name on the engine, so that the secret is not needed.
#[test]
fn a_token_is_dropped_from_the_engine_without_the_secret() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let mut world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    world.set("AEP_SHARED_CACHE", &redis.url());
    world.token();
    assert!(!redis.names().is_empty());
    std::fs::remove_file(world.stored("default", "client-secret")).unwrap();
    assert_clean(&world.run("aep-auth", &["forget"]));
    assert!(redis.names().is_empty(), "{:?}", redis.names());
}

#[test]
fn an_engine_that_talks_nonsense_is_as_if_it_were_not_there() {
    for answer in [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), b"$99999999999\r\n", b"\0\0\0\0", b"*-9\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = stream.unwrap().write_all(answer);
            }
        });
        let mut world = World::oauth();
        world.set("AEP_SHARED_CACHE", &format!("redis://127.0.0.1:{port}"));
        token_without_engine(&mut world, 1, "");
    }
}

#[test]
fn plain_text_to_a_far_host_is_refused_before_anything_is_sent() {
    let mut world = World::oauth();
    world.set("AEP_SHARED_CACHE", "redis://fleet:password-marker@cache.example:6379/0");
    let told = assert_refused(&world.run("aep-auth", &["token"]), 3);
    assert!(told.contains("rediss://") && !told.contains("marker"), "{told}");
    assert_eq!(world.emulator.token_requests(), 0);
}

#[test]
fn a_switched_off_cache_is_off_here_too() {
    let mut world = World::oauth();
    // Nobody listens there; a try would be told at `info`.
    world.set("AEP_SHARED_CACHE", "redis://127.0.0.1:1").set("AEP_CACHE", "off").set("AEP_LOG", "info");
    let output = world.run("aep-auth", &["token"]);
    assert!(output.status.success());
    assert!(!text(&output.stderr).contains("shared"), "{}", text(&output.stderr));
}

#[test]
fn the_profiles_password_stays_with_the_profiles_engine() {
    let mut world = World::empty();
    let file = world.write("credential.json", &world.emulator.credential_file(ims_emulator::Flow::Oauth));
    assert_clean(&world.import(file.to_str().unwrap(), &[]));
    let password = world.write("password", "engine-password-marker\n");
    let reference = format!("shared_cache_password={{ file = {:?} }}", password.to_str().unwrap());
    assert_clean(
        &world.run("aep-auth", &["profile", "set", "default", "shared_cache=redis://127.0.0.1:1", &reference]),
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut bytes = [0; 4096];
            let mut stream = stream.unwrap();
            let count = stream.read(&mut bytes).unwrap_or(0);
            sink.lock().unwrap().extend_from_slice(&bytes[..count]);
        }
    });
    world.set("AEP_SHARED_CACHE", &format!("redis://127.0.0.1:{port}"));
    world.token();
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    assert!(!heard.contains("marker"), "{heard}");
}

#[test]
fn doctor_tells_of_the_engine() {
    if !has("redis-server") {
        return;
    }
    let redis = Redis::plain();
    let mut world = world(&redis);
    world.token();
    let output = world.run("aep-auth", &["doctor"]);
    let told = text(&output.stdout);
    for part in ["is reached and lets us in", "allows SET, GET, DEL and EVAL", "a shared token, 23h59m left"] {
        assert!(told.contains(part) || told.contains(&part.replace("23h59m", "24h00m")), "{part}\n{told}");
    }
    assert!(output.status.success(), "{told}");
    world.set("AEP_SHARED_CACHE", "redis://127.0.0.1:1");
    let output = world.run("aep-auth", &["doctor"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stdout).contains("does not serve"));
}

#[test]
fn an_engine_whose_name_is_not_known_costs_little() {
    let mut world = World::oauth();
    world.set("AEP_SHARED_CACHE", "rediss://no-such-host.invalid");
    token_without_engine(&mut world, 1, "no-such-host.invalid:6379");
}
