//! Many processes at once: one request, equal tokens, shared failures, and nobody held up by a dead or stopped holder.
//!
//! Windows starts processes more slowly: there a crowd is smaller, and what it waits for takes longer, so that all of it is
//! there before that is over.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeSet;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use ims_emulator::{Fault, Kind};
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use stories::{World, assert_clean, text, wait_until};

fn tokens(outputs: &[Output]) -> BTreeSet<String> {
    outputs
        .iter()
        .map(|output| {
            assert_clean(output);
            text(&output.stdout)
        })
        .collect()
}

/// Puts the cached token `left` seconds before its end.
fn age(world: &World, left: i64) {
    let entry = world.entry();
    let mut json: Value = serde_json::from_slice(&std::fs::read(&entry).unwrap()).unwrap();
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    json["fetched_at"] = (now + left - json["life"].as_i64().unwrap()).into();
    std::fs::write(entry, json.to_string()).unwrap();
}

/// How many come at once, and the milliseconds in which the last of them has come.
const CROWD: usize = if cfg!(windows) { 20 } else { 60 };
const ALL_HAVE_COME: u64 = if cfg!(windows) { 6_000 } else { 200 };

#[test]
fn an_empty_cache_makes_one_request() {
    for round in 0..3 {
        let world = World::oauth();
        let outputs = world.crowd(if cfg!(windows) { 30 } else { 200 }, "aep-auth", &["token"]);
        assert_eq!(tokens(&outputs).len(), 1, "round {round}");
        assert_eq!(world.emulator.token_requests(), 1, "round {round}");
    }
}

#[test]
fn a_slow_answer_is_waited_for_by_all() {
    let world = World::oauth();
    world.emulator.fault(Fault::always(Kind::Delay { ms: 300 }));
    assert_eq!(tokens(&world.crowd(CROWD + CROWD / 2, "aep-auth", &["token"])).len(), 1);
    assert_eq!(world.emulator.token_requests(), 1);
}

#[test]
fn a_forced_renewal_is_shared_by_those_who_wait() {
    let world = World::oauth();
    let old = world.token();
    world.emulator.fault(Fault::always(Kind::Delay { ms: if cfg!(windows) { 3_000 } else { 500 } }));
    let renewed = tokens(&world.crowd(20, "aep-auth", &["token", "--renew"]));
    assert!(!renewed.contains(&format!("{old}\n")));
    assert!(world.emulator.token_requests() <= 5, "{}", world.emulator.token_requests());
}

#[test]
fn near_its_end_one_process_renews_and_nobody_waits() {
    let world = World::oauth();
    let old = world.token();
    age(&world, 200);
    world.emulator.fault(Fault::always(Kind::Delay { ms: 2_000 }));
    let crowd = if cfg!(windows) { 8 } else { 100 };
    let outputs = world.crowd(crowd, "aep-auth", &["token"]);
    let tokens = tokens(&outputs);
    assert_eq!(world.emulator.token_requests(), 2);
    assert!(tokens.len() == 2 && tokens.contains(&format!("{old}\n")));
    let olds = outputs.iter().filter(|output| text(&output.stdout).trim() == old).count();
    assert!(olds == crowd - 1 || cfg!(windows), "all but the one that renewed got the old token at once: {olds}");
}

#[test]
fn near_its_end_an_outage_does_not_show() {
    for fault in [
        Kind::respond(503, ""),
        Kind::respond(400, r#"{"error":"invalid_client"}"#),
        Kind::Cut,
        Kind::respond(200, "<html>"),
    ] {
        let world = World::oauth();
        let old = world.token();
        age(&world, 200);
        world.emulator.fault(Fault::always(fault));
        assert_eq!(world.token(), old);
        assert_eq!(world.emulator.token_requests(), 2, "one try, no repetition");
    }
}

#[test]
fn a_refusal_is_shared() {
    let mut world = World::oauth();
    world.set("AEP_CLIENT_SECRET", "wrong");
    world.emulator.fault(Fault::always(Kind::Delay { ms: ALL_HAVE_COME }));
    for output in world.crowd(CROWD, "aep-auth", &["token"]) {
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("invalid client_secret parameter"));
    }
    assert!(world.emulator.token_requests() <= 6, "{} requests", world.emulator.token_requests());
}

#[test]
fn a_later_process_and_another_secret_try_anew() {
    let mut world = World::oauth();
    let right = world.variable("AEP_CLIENT_SECRET").to_owned();
    world.set("AEP_CLIENT_SECRET", "wrong");
    for requests in 1..=2 {
        assert_eq!(world.run("aep-auth", &["token"]).status.code(), Some(4));
        assert_eq!(world.emulator.token_requests(), requests);
    }
    world.set("AEP_CLIENT_SECRET", &right);
    world.token();
}

#[test]
fn an_outage_is_shared() {
    let mut world = World::oauth();
    world.set("AEP_TIMEOUT", if cfg!(windows) { "6" } else { "1" });
    world.emulator.fault(Fault::always(Kind::Hang));
    let began = Instant::now();
    for output in world.crowd(CROWD, "aep-auth", &["token"]) {
        assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    }
    assert!(world.emulator.token_requests() <= 3, "{} requests", world.emulator.token_requests());
    assert!(
        began.elapsed() < Duration::from_secs(if cfg!(windows) { 60 } else { 20 }),
        "they did not wait one after the other"
    );
}

#[test]
#[cfg(unix)]
fn a_stopped_holder_holds_nobody_longer_than_the_lock_budget() {
    let mut world = World::oauth();
    world.set("AEP_LOCK_TIMEOUT", "0.5");
    world.emulator.fault(Fault::times(1, Kind::Hang));
    let mut holder = world.command("aep-auth").arg("token").stdout(Stdio::piped()).spawn().unwrap();
    wait_until(|| world.emulator.token_requests() == 1);
    let pid = Pid::from_child(&holder);
    kill_process(pid, Signal::STOP).unwrap();
    for output in world.crowd(5, "aep-auth", &["token"]) {
        assert_clean(&output);
    }
    // What they fetched without the lock is kept: the next one does not wait.
    let requests = world.emulator.token_requests();
    world.token();
    assert_eq!(world.emulator.token_requests(), requests);
    kill_process(pid, Signal::KILL).unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_killed_holder_holds_nobody() {
    let world = World::oauth();
    world.emulator.fault(Fault::times(1, Kind::Hang));
    let mut holder = world.command("aep-auth").arg("token").stdout(Stdio::piped()).spawn().unwrap();
    wait_until(|| world.emulator.token_requests() == 1);
    let children: Vec<_> = (0..10)
        .map(|_| world.command("aep-auth").arg("token").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    holder.kill().unwrap();
    holder.wait().unwrap();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert_eq!(tokens(&outputs).len(), 1);
    assert_eq!(world.emulator.token_requests(), 2);
}

#[test]
fn two_identities_do_not_wait_for_each_other() {
    let world = World::oauth();
    world.emulator.fault(Fault::times(1, Kind::Hang));
    let mut holder = world.command("aep-auth").arg("token").stdout(Stdio::piped()).spawn().unwrap();
    wait_until(|| world.emulator.token_requests() == 1);
    let mut other = world.command("aep-auth");
    let output = other.arg("token").env("AEP_SCOPES", "openid").env("AEP_LOCK_TIMEOUT", "60").output().unwrap();
    assert_clean(&output);
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_write_that_is_killed_leaves_the_old_entry_or_the_new_one() {
    let world = World::oauth();
    world.token();
    // The delay of the answer spreads the kills over request, write and rename; the seed makes the run repeatable.
    let mut seed: u64 = 7;
    let (kills, spread) = if cfg!(windows) { (25, 0x7_ffff) } else { (200, 0x3fff) };
    let kills = std::env::var("AEP_TEST_KILLS").map_or(kills, |kills| kills.parse().unwrap());
    for _ in 0..kills {
        let mut writer = world.command("aep-auth").args(["token", "--renew"]).stdout(Stdio::null()).spawn().unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let pause = Duration::from_micros(seed >> 33 & spread);
        let until = Instant::now() + pause;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        let _ = writer.kill();
        writer.wait().unwrap();
        let bytes = std::fs::read(world.entry()).unwrap();
        assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "a torn entry");
    }
    world.token();
    let litter =
        stories::files_in(&world.cache()).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "tmp"));
    // There are eight names; one that was killed before it wrote a byte is let be for a minute.
    assert!(litter.count() <= 8, "temporary files grow");
}
