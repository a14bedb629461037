//! The manual pages and the completions of every program, from the definition behind its `--help`.
//!
//! bash's completion is written here, since that of `clap_complete` knows no word after a subcommand of a program with a
//! hyphen in its name (<https://github.com/clap-rs/clap/issues/6421>). The others are its own, with the names of profiles
//! and sandboxes put in. `clap` has no hints of ours for those, so a profile's name is marked as that of a user, and a
//! sandbox's as that of a host: no program of ours asks for either.

use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

mod bash;
mod manual;

pub(crate) use manual::page as manual_page;
pub use manual::{ManualPage, manual_pages};

/// What prints the profiles' names, a line each.
const NAMES: &str = "aep-auth profile list --only names 2>/dev/null";
/// What prints the sandboxes that they name.
const SANDBOXES: &str = "aep-auth profile list --only sandboxes 2>/dev/null";

/// Where a client secret may be; what follows a colon is the user's. It is asked for as `WHERE`.
const PLACES: &str = "keyring file: env: command:";

/// The completion script of a program for a shell.
pub fn completions(command: &Command, shell: Shell) -> String {
    let mut command = command.clone();
    let name = command.get_name().to_owned();
    if shell == Shell::Bash {
        command.build();
        return bash::script(&command);
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Zsh => zsh(&script),
        Shell::Fish => fish(&script, &command),
        _ => script,
    }
}

/// What stands for a profile and a sandbox calls ours instead of the system's users and hosts.
fn zsh(script: &str) -> String {
    let script = script.replace(":_users", ":_aep_profiles").replace(":_hosts", ":_aep_sandboxes");
    let script = script.replace(":WHERE:_default", ":WHERE:_aep_places");
    let ours = format!(
        "_aep_profiles() {{ compadd -- ${{(f)\"$({NAMES})\"}} }}\n\
         _aep_sandboxes() {{ compadd -- ${{(f)\"$({SANDBOXES})\"}} }}\n\
         _aep_places() {{ compadd -S '' -- {PLACES} }}\n"
    );
    // Behind the head, which zsh wants in the first line.
    match script.split_once('\n') {
        Some((head, rest)) => format!("{head}\n\n{ours}{rest}"),
        None => script,
    }
}

/// As [`zsh`]; and arguments without an option, which `clap_complete` passes over.
fn fish(script: &str, command: &Command) -> String {
    let mut script = script
        .replace("\"(__fish_complete_users)\"", &format!("\"({NAMES})\""))
        .replace("\"(__fish_print_hostnames)\"", &format!("\"({SANDBOXES})\""))
        .replace(" -l client-secret-from ", &format!(" -l client-secret-from -f -a \"{PLACES}\" "));
    let name = command.get_name();
    let function = name.replace('-', "_");
    for outer in command.get_subcommands() {
        let condition = format!("__fish_{function}_using_subcommand {}", outer.get_name());
        if let Some(words) = fish_words(outer) {
            script.push_str(&format!("complete -c {name} -n \"{condition}\" -f -a \"{words}\"\n"));
        }
        for inner in outer.get_subcommands() {
            if let Some(words) = fish_words(inner) {
                let inner = inner.get_name();
                script.push_str(&format!(
                    "complete -c {name} -n \"{condition}; and __fish_seen_subcommand_from {inner}\" -f -a \"{words}\"\n"
                ));
            }
        }
    }
    script
}

/// What fish offers for a command's first argument without an option.
fn fish_words(command: &Command) -> Option<String> {
    let first = command.get_positionals().next()?;
    if is_profile(first) {
        return Some(format!("({NAMES})"));
    }
    let known: Vec<String> = first.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    (!known.is_empty()).then(|| known.join(" "))
}

fn is_profile(argument: &Arg) -> bool {
    argument.get_value_hint() == ValueHint::Username
}

fn is_place(argument: &Arg) -> bool {
    argument.get_value_names().is_some_and(|names| names.iter().any(|name| name == "WHERE"))
}

fn is_sandbox(argument: &Arg) -> bool {
    argument.get_value_hint() == ValueHint::Hostname
}
