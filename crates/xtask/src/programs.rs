//! Building the workspace's programs from within one of them.

use std::ffi::OsString;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist::contents::PROGRAMS;

/// The programs that a user installs: [`crate::dist::contents::PROGRAMS`] by their names.
pub fn program_names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.name)
}

/// The variables without which no program works on this system, for one that is given no other: Windows finds its sockets
/// and its temporary folder by them.
pub fn system_variables() -> Vec<(&'static str, OsString)> {
    let needed: &[&str] = if cfg!(windows) {
        &["SystemRoot", "SystemDrive", "windir", "TEMP", "TMP", "ComSpec", "PATHEXT", "USERPROFILE"]
    } else {
        &[]
    };
    needed.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect()
}

/// Builds what `selection` names (arguments of `cargo build`) with the cargo and the profile of the running program, and
/// gives the folder of the binaries.
///
/// # Errors
/// Cargo cannot be run, or the build fails; cargo has then said why.
pub fn build_programs(selection: &[&str]) -> Result<PathBuf> {
    build(&[&["--quiet"], selection].concat())
}

/// As [`build_programs`], with what cargo tells of its progress on standard error.
///
/// # Errors
/// As there.
pub fn build_programs_in_sight(selection: &[&str]) -> Result<PathBuf> {
    build(selection)
}

fn build(arguments: &[&str]) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").args(arguments);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // Cargo tells the running program about its own package. With that, build scripts that look (ring's does) would take
    // themselves for changed, and half of the tree would be built again.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"].iter().any(|own| name.to_string_lossy().starts_with(own)) {
            command.env_remove(name);
        }
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !command.current_dir(workspace).status()?.success() {
        return Err(Error::other("cargo build failed"));
    }
    let program = std::env::current_exe()?;
    let folder = program.parent().ok_or_else(|| Error::other("this program is in no folder"))?;
    // A test stands in `deps`, the binaries beside that.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}
