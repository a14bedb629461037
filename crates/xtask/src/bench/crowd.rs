//! 200 processes at once: on an empty cache against the same crowd on a warm one.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::place::Place;

const SIZE: usize = 200;
const ROUNDS: usize = 7;

pub(crate) fn print(place: &Place) -> Result<()> {
    let cold = median(place, Cache::Empty, SIZE)?;
    let warm = median(place, Cache::Warm, SIZE)?;
    let off = median(place, Cache::Off, SIZE)?;
    let limit = median(place, Cache::Off, 1)? + Duration::from_millis(500);
    println!("{SIZE} processes at once, wall time, medians of {ROUNDS}");
    println!("{:<52} {:>6} ms", "empty cache, over TLS", cold.as_millis());
    println!("{:<52} {:>6} ms", "warm cache", warm.as_millis());
    println!("{:<52} {:>6} ms   limit: a round trip + 500 ms", "difference", cold.saturating_sub(warm).as_millis());
    println!("{:<52} {:>6} ms   {SIZE} token requests", "AEP_CACHE=off, each asks for itself", off.as_millis());
    let over = cold.saturating_sub(warm);
    ensure!(over <= limit, "the crowd passed its limit: {} ms of {} ms", over.as_millis(), limit.as_millis());
    Ok(())
}

/// What a crowd starts on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    Empty,
    Warm,
    Off,
}

/// 500 processes on 50 machines with one engine, on empty caches against the same crowd on warm ones.
pub(crate) fn print_fleet(place: &Place, engine: &str) -> Result<()> {
    const MACHINES: usize = 50;
    const CROWD: usize = 500;
    let run = |round: usize| -> Result<Duration> {
        let requests = place.emulator.token_requests();
        let began = Instant::now();
        let children = (0..CROWD)
            .map(|number| {
                let folder = place.path(&format!("machines{round}/{}", number % MACHINES));
                let mut command = Command::new(place.ours("aep-auth"));
                command.arg("token").env_clear().envs(place.variables("one")).env("AEP_CACHE_DIR", folder);
                // A prefix for each round: the engine is empty for it.
                command.env("AEP_SHARED_CACHE", format!("{engine}?prefix=round{round}:")).stdout(Stdio::null()).spawn()
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        for mut child in children {
            ensure!(child.wait()?.success(), "a process failed");
        }
        ensure!(place.emulator.token_requests() - requests <= 1, "more than one request");
        Ok(began.elapsed())
    };
    let mut both = Vec::new();
    for round in 0..ROUNDS {
        std::fs::create_dir_all(place.path(&format!("machines{round}")))?;
        both.push((run(round)?, run(round)?));
    }
    both.sort_unstable_by_key(|(cold, warm)| cold.saturating_sub(*warm));
    let (cold, warm) = both[ROUNDS / 2];
    println!("{CROWD} processes at once on {MACHINES} machines with one engine, medians of {ROUNDS}");
    println!("{:<52} {:>6} ms", "empty caches, over TLS", cold.as_millis());
    println!("{:<52} {:>6} ms", "warm caches", warm.as_millis());
    let over = cold.saturating_sub(warm);
    println!("{:<52} {:>6} ms   limit: a round trip + 1 s", "difference", over.as_millis());
    let limit = median(place, Cache::Off, 1)? + Duration::from_secs(1);
    ensure!(over <= limit, "the fleet passed its limit: {} ms of {} ms", over.as_millis(), limit.as_millis());
    Ok(())
}

fn median(place: &Place, cache: Cache, size: usize) -> Result<Duration> {
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        if cache == Cache::Empty {
            let forget =
                Command::new(place.ours("aep-auth")).arg("forget").env_clear().envs(place.variables("one")).output()?;
            ensure!(forget.status.success(), "forget failed");
        }
        all.push(once(place, cache, size)?);
    }
    all.sort_unstable();
    Ok(all[ROUNDS / 2])
}

fn once(place: &Place, cache: Cache, size: usize) -> Result<Duration> {
    let requests = place.emulator.token_requests();
    let began = Instant::now();
    let children = (0..size)
        .map(|_| {
            let mut command = Command::new(place.ours("aep-auth"));
            command.arg("token").env_clear().envs(place.variables("one")).stdout(Stdio::null());
            if cache == Cache::Off {
                command.env("AEP_CACHE", "off");
            }
            command.spawn()
        })
        .collect::<std::io::Result<Vec<_>>>()?;
    for mut child in children {
        ensure!(child.wait()?.success(), "a process failed");
    }
    let took = began.elapsed();
    let asked = place.emulator.token_requests() - requests;
    match cache {
        Cache::Off => ensure!(asked == size, "{asked} requests instead of {size}"),
        Cache::Empty | Cache::Warm => ensure!(asked <= 1, "{asked} requests"),
    }
    Ok(took)
}
