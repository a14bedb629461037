//! Times whole processes and prints ratios: `cargo run --release -p xtask -- bench [NAME…]`.
//!
//! A ratio compares two commands that are run in turn, so that a busy machine slows both. The empty program is what
//! `cargo new` and `cargo build --release` make.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures this machine, and prints the result")]

mod crowd;
mod fleet;
mod measure;
mod peers;
mod place;
mod postman;
mod rows;
mod shells;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

/// What asking the program beside may cost.
const LONGER_MISS: Duration = Duration::from_millis(3);

/// Bytes of a program as installed.
const LARGEST: u64 = 5_000_000;
const LARGEST_HELPER: u64 = 1_900_000;

/// Measures the rows whose names hold one of these words, or all.
///
/// # Errors
/// Something that cannot be built or run, or that passes its limit.
pub fn run(wanted: &[String]) -> Result<()> {
    if let [first, command @ ..] = wanted
        && first == measure::TIME
    {
        // A fresh parent for one child: some helpers look at who asks.
        return measure::time_one(command);
    }
    let place = place::Place::prepare()?;
    println!("{}", machine());
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    println!("{:<52} {:>9} {:>9} {:>7} {:>7}", "whole process, medians", "ours", "theirs", "ratio", "limit");
    let mut passed = Vec::new();
    for row in rows::all(&place)?.into_iter().filter(|row| is_wanted(&row.name)) {
        let pair = measure::pair(&row.ours, &row.theirs, row.rounds)?;
        let limit = row.limit.map_or_else(String::new, |limit| format!("{limit:.2}"));
        println!(
            "{:<52} {:>6} µs {:>6} µs {:>7.digits$} {limit:>7}",
            row.name,
            pair.ours.as_micros(),
            pair.theirs.as_micros(),
            pair.ratio,
            digits = if pair.ratio < 0.01 { 5 } else { 2 },
        );
        // As it is printed.
        if row.limit.is_some_and(|limit| (pair.ratio * 100.0).round() > (limit * 100.0).round()) {
            passed.push(row.name);
        }
    }
    let miss = rows::miss(&place);
    if is_wanted(&miss.name) {
        let pair = measure::pair(&miss.ours, &miss.theirs, miss.rounds)?;
        let over = pair.ours.saturating_sub(pair.theirs);
        println!("{:<52} {:>6} µs longer   limit: {} ms", miss.name, over.as_micros(), LONGER_MISS.as_millis());
        if over > LONGER_MISS {
            passed.push(miss.name);
        }
    }
    for (name, print) in [
        ("crowd", crowd::print as fn(&place::Place) -> Result<()>),
        ("shells", shells::print),
        ("postman", postman::print),
        ("fleet", fleet::print),
    ] {
        if is_wanted(name) {
            println!();
            print(&place)?;
        }
    }
    println!("\n{:<52} {:>9}", "binary, release", "KiB");
    for name in crate::program_names() {
        let size = std::fs::metadata(place.ours(name))?.len();
        println!("{name:<52} {:>9}", size.div_ceil(1024));
        let limit = if ["aep-auth", "ims-emulator"].contains(&name) { LARGEST } else { LARGEST_HELPER };
        if size > limit {
            passed.push(format!("the size of {name}"));
        }
    }
    ensure!(passed.is_empty(), "passed the limit: {}", passed.join("; "));
    Ok(())
}

/// The machine, in a line.
fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let system = if Path::new("/etc/debian_version").exists() { "Debian" } else { std::env::consts::OS };
    format!("{} ({cores} cores), {system}, kernel {}", model.trim_start_matches([':', ' ', '\t']), kernel.trim())
}
