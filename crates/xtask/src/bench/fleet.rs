//! 10,000 machines with empty caches and one engine: requests at IMS, and what each machine costs the engine.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aep_core::acquire::{Cached, TokenRequest, acquire};
use aep_core::cache::FileStore;
use aep_core::clock::SystemClock;
use aep_core::profile::{ProfileSelection, resolve};
use aep_core::secret::Credentials;
use aep_core::{Context, Environment, Folders, Log};
use aep_ims::Ims;
use aep_redis::RedisStore;
use anyhow::{Context as _, Result, ensure};
use ims_emulator::Emulator;

use super::place::Place;

const MACHINES: usize = 10_000;
const AT_ONCE: usize = 64;

pub(crate) fn print(place: &Place) -> Result<()> {
    let Some(engine) = Engine::start()? else {
        println!("redis-server is not installed");
        return Ok(());
    };
    super::crowd::print_fleet(place, &format!("redis://127.0.0.1:{}/0", engine.port))?;
    let emulator = Emulator::plain()?;
    let folder = place.path("fleet");
    let before = engine.counters()?;
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= MACHINES {
                            return Ok(());
                        }
                        machine(&emulator, &engine, &folder.join(number.to_string()))?;
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a machine panicked"))?)
    })?;
    let after = engine.counters()?;
    let each = |at: usize| (after[at] - before[at]) as f64 / MACHINES as f64;
    println!(
        "{MACHINES} machines with empty caches, {AT_ONCE} at once, one engine: {:.1} s",
        began.elapsed().as_secs_f64()
    );
    println!("{:<52} {:>9}", "token requests at IMS", emulator.token_requests());
    println!("{:<52} {:>9.2}", "commands at the engine, for each machine", each(0));
    println!("{:<52} {:>9.0}", "bytes to the engine, for each machine", each(1));
    println!("{:<52} {:>9.0}", "bytes from the engine, for each machine", each(2));
    ensure!(emulator.token_requests() == 1, "more than one request");
    Ok(())
}

fn machine(emulator: &Emulator, engine: &Engine, folder: &std::path::Path) -> Result<()> {
    let mut variables = emulator.environment();
    variables.push(("AEP_SHARED_CACHE", format!("redis://127.0.0.1:{}/0", engine.port)));
    let context = Context {
        environment: Environment::from_pairs(variables),
        clock: Box::new(SystemClock::start()),
        folders: Folders::at(folder, folder, folder),
        log: Log::silent(),
        keyring: Default::default(),
    };
    let profile = resolve(&context, &ProfileSelection::default())?;
    let credentials = Credentials::new(&context, &profile);
    let engine = RedisStore::new(&credentials, aep_ims::tls_config)?;
    let road = Cached::new(FileStore::new(&context, &profile)?, Cached::new(engine, Ims::asked_by("bench")));
    acquire(&credentials, &TokenRequest::default(), &road)?;
    Ok(())
}

struct Engine {
    child: Child,
    port: u16,
}

impl Engine {
    fn start() -> Result<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let started = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = started else { return Ok(None) };
        let engine = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::yield_now();
        }
        Ok(Some(engine))
    }

    /// Commands, bytes in, bytes out.
    fn counters(&self) -> Result<[u64; 3]> {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string(), "INFO", "stats"]).output()?;
        let text = String::from_utf8(output.stdout)?;
        let read = |key: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key}:")));
            Ok(line.context("no such counter")?.trim().parse()?)
        };
        Ok([read("total_commands_processed")?, read("total_net_input_bytes")?, read("total_net_output_bytes")?])
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
