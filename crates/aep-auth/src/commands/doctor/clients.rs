//! The programs that our helpers answer: whether they are there, and new enough.

use std::process::{Command, Stdio};
use std::time::Duration;

use aep_core::{Context, program};

use super::Findings;

/// Whoever hangs is passed over.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn look(context: &Context, findings: &mut Findings) {
    match version(context, "git", &["--version"]) {
        None => findings.note("git is not on the path, or does not tell its version"),
        Some(version) if is_older(&version, (2, 46)) => findings.note(format!(
            "git {version} asks for no Bearer token (2.46 does); it is answered only where a profile says git_basic = true"
        )),
        Some(version) => findings.good(format!("git {version}")),
    }
    match version(context, "kubectl", &["version", "--client"]) {
        None => findings.note("kubectl is not on the path, or does not tell its version"),
        Some(version) => findings.good(format!("kubectl {version}")),
    }
}

/// The first thing like a version number in what the program prints.
fn version(context: &Context, program: &str, arguments: &[&str]) -> Option<String> {
    let environment = &context.environment;
    let path = environment.raw("PATH");
    let extensions = program::path_extensions(environment);
    let mut command =
        Command::new(program::find_program(program.as_ref(), path.as_deref(), extensions.as_deref()).ok()?);
    command.args(arguments).stdin(Stdio::null());
    for secret in aep_core::environment::SECRET_VARIABLES {
        command.env_remove(secret);
    }
    let output = program::brief_output(&mut command, PATIENCE, &*context.clock)?;
    let text = String::from_utf8_lossy(&output);
    text.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .map(|word| word.chars().take(30).collect())
}

fn is_older(version: &str, (major, minor): (u32, u32)) -> bool {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let own = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    own < (major, minor)
}

#[cfg(test)]
mod tests {
    use super::is_older;

    #[test]
    fn versions_compare_as_numbers() {
        for (version, older) in [("2.39.5", true), ("2.45", true), ("2.46.0", false), ("2.100", false), ("3.0", false)]
        {
            assert_eq!(is_older(version, (2, 46)), older, "{version}");
        }
    }
}
