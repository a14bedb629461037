//! The states of the prompt: `aep-prompt` is run for each, with a cached token of that age.

#![allow(clippy::disallowed_methods, reason = "a token's age is set by this machine's clock")]

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ims_emulator::{Emulator, Flow};

use super::svg::Picture;

const ROW: usize = 34;

/// Seconds that the token has left (`None`: nothing is cached), and what that is.
const STATES: [(Option<i64>, &str); 4] = [
    (Some(3 * 3600 + 12 * 60 + 30), "a live token"),
    (Some(9 * 60 + 30), "less than half an hour, in yellow"),
    (Some(-5), "over, in red; the next command fetches"),
    (None, "nothing cached, or no profile: nothing"),
];

pub(super) fn draw() -> Result<String> {
    let packages = ["--package", "xtask", "--package", "aep-auth", "--package", "aep-prompt"];
    let programs =
        crate::build_programs(&[packages.as_slice(), &["--bin", "aep-auth", "--bin", "aep-prompt"]].concat())?;
    let emulator = Emulator::plain()?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("credential.json"), emulator.credential_file(Flow::Oauth))?;
    let run = |program: &str, arguments: &[&str]| -> Result<String> {
        let output = Command::new(programs.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .envs(crate::system_variables())
            .env("AEP_CONFIG_DIR", folder.path().join("config"))
            .env("AEP_DATA_DIR", folder.path().join("data"))
            .env("AEP_CACHE_DIR", folder.path().join("cache"))
            .output()
            .with_context(|| format!("cannot run {program}"))?;
        ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    };
    let url = emulator.url();
    let import = ["import", "credential.json", "--profile", "prod", "--sandbox", "dev1"];
    run("aep-auth", &[import.as_slice(), &["--ims-url", &url, "--platform-url", &url]].concat())?;

    let mut picture = Picture::new(
        776,
        20 + ROW * STATES.len(),
        "The prompt in each state of the token",
        "prod/dev1 3h12m with a live token; 9m in yellow when it ends soon; a red X when it is over; nothing where there \
         is nothing to say.",
    );
    for (index, (left, meaning)) in STATES.iter().enumerate() {
        let shown = match left {
            Some(left) => {
                run("aep-auth", &["token"])?;
                leave(&folder.path().join("cache"), *left)?;
                run("aep-prompt", &["--color", "always"])?
            }
            None => {
                run("aep-auth", &["forget"])?;
                run("aep-prompt", &["--color", "always"])?
            }
        };
        let y = 32 + ROW * index;
        let mut spans = vec![("muted", "~/campaigns ")];
        spans.extend(painted(&shown));
        spans.push(("muted", if shown.is_empty() { "$ " } else { " $ " }));
        picture.rect("panel", (12, y - 22), (372, 30));
        picture.spans((24, y - 2), &spans);
        picture.text("", (404, y - 2), meaning);
    }
    Ok(picture.finish())
}

/// Makes the cached token as old as it must be to live this much longer.
fn leave(cache: &Path, seconds: i64) -> Result<()> {
    let entry = std::fs::read_dir(cache)?
        .filter_map(|item| Some(item.ok()?.path()))
        .find(|path| path.extension().is_some_and(|kind| kind == "json"))
        .context("nothing is cached")?;
    let text = std::fs::read_to_string(&entry)?;
    let number = |key: &str| -> Option<(&str, i64)> {
        let digits = text.split_once(&format!("\"{key}\":"))?.1.trim_start();
        let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit())?];
        Some((digits, digits.parse().ok()?))
    };
    let ((fetched, _), (_, life)) = number("fetched_at").zip(number("life")).context("the entry has no times")?;
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_secs())?;
    // The time of a fetch stands nowhere else in an entry.
    Ok(std::fs::write(&entry, text.replacen(fetched, &(now - life + seconds).to_string(), 1))?)
}

/// A line with the terminal's colours, in parts with their class.
fn painted(line: &str) -> Vec<(&'static str, &str)> {
    let mut parts = Vec::new();
    for (index, part) in line.split('\u{1b}').enumerate() {
        let (class, text) = match part.strip_prefix('[').filter(|_| index > 0).and_then(|rest| rest.split_once('m')) {
            Some(("33", text)) => ("warn", text),
            Some(("31", text)) => ("bad", text),
            Some((_, text)) => ("", text),
            None => ("", part),
        };
        if !text.is_empty() {
            parts.push((class, text));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes() {
        assert_eq!(painted("env \u{1b}[33m9m\u{1b}[0m"), [("", "env "), ("warn", "9m")]);
        assert_eq!(painted("env \u{1b}[31mX\u{1b}[0m!"), [("", "env "), ("bad", "X"), ("", "!")]);
        assert_eq!(painted("env 3h12m"), [("", "env 3h12m")]);
        assert_eq!(painted(""), []);
    }
}
