//! What our prompt pieces add to the start of a shell and to each prompt.

use std::path::Path;

use anyhow::Result;

use super::measure::{Timed, median};
use super::place::Place;

const REDRAWS: u32 = 50;
const ROUNDS: usize = 15;

pub(crate) fn print(place: &Place) -> Result<()> {
    println!("{:<52} {:>9} {:>9}", "prompt piece, medians", "start", "redraw");
    let pieces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integrations/prompt");
    for (shell, file, redraw) in [
        ("bash", "aep.bash", format!("for ((i = 0; i < {REDRAWS}; i++)); do _aep_prompt_hook; done")),
        ("zsh", "aep.zsh", format!("for i in {{1..{REDRAWS}}}; do _aep_prompt; done")),
    ] {
        if !std::process::Command::new(shell).arg("--version").output().is_ok_and(|output| output.status.success()) {
            println!("{shell:<52} is not installed");
            continue;
        }
        let source = format!("PS1=; PROMPT=; source '{}'", pieces.join(file).display());
        let mut variables = place.variables("one");
        let path = std::env::join_paths(
            std::iter::once(place.ours("aep-auth").parent().unwrap_or(Path::new("/")).to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        )?;
        variables.push(("PATH".to_owned(), path));
        let run = |script: &str| median(&Timed::new(shell, &["-c", script]).with(&variables), ROUNDS);
        let (bare, started) = (run(":")?, run(&source)?);
        let drawn = run(&format!("{source}; {redraw}"))?;
        println!(
            "{shell:<52} {:>6} µs {:>6} µs",
            started.saturating_sub(bare).as_micros(),
            (drawn.saturating_sub(started) / REDRAWS).as_micros()
        );
    }
    Ok(())
}
