//! Builds the programs that are handed to users: the same bytes for the same commit and compiler, in any folder and for
//! any user.
//!
//! On Linux with the GNU C library there are two kinds. What resolves names is linked, by `cargo-zigbuild`, as if on a
//! machine with glibc 2.28; the rest carries the C library inside, as with `install.sh`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::contents::{PROGRAMS, Program};
use super::target::{System, Target};

/// The oldest GNU C library that the programs run with, as Debian 10, RHEL 8 and Ubuntu 18.10 have it.
const GLIBC: &str = "2.28";

/// Builds the programs for a target into a folder.
///
/// # Errors
/// A tool is not there, or a build fails; it has then said why.
pub fn run(root: &Path, triple: &str, out: &Path) -> Result<()> {
    let root = &root.canonicalize()?;
    let target = Target::new(triple)?;
    let (resolving, others): (Vec<_>, Vec<_>) = PROGRAMS.iter().partition(|program| program.resolves_names);
    let names = |programs: Vec<&Program>| programs.iter().map(|program| program.name).collect::<Vec<_>>();
    let (all, resolving, others) = (names(PROGRAMS.iter().collect()), names(resolving), names(others));
    let builds = match target.system {
        System::Gnu if triple == host()? => vec![
            (Tool::Zig, format!("{triple}.{GLIBC}"), resolving, ""),
            (Tool::Cargo, triple.to_owned(), others, "-C target-feature=+crt-static"),
        ],
        System::Gnu => vec![(Tool::Zig, format!("{triple}.{GLIBC}"), all, "")],
        System::Musl => vec![(Tool::Zig, triple.to_owned(), all, "")],
        System::Windows | System::MacOs => vec![(Tool::Cargo, triple.to_owned(), all, "")],
    };
    let out = out.join(triple);
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    for (index, (tool, target_name, programs, flags)) in builds.iter().enumerate() {
        // One for each, since cargo would build all of it anew when the flags change.
        let folder = root.join("target/portable").join(index.to_string());
        build(root, *tool, target_name, programs, flags, &folder)?;
        for program in programs {
            let name = format!("{program}{}", target.suffix());
            let from = folder.join(triple).join("release").join(&name);
            std::fs::copy(&from, out.join(&name)).with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Tool {
    Cargo,
    Zig,
}

fn build(root: &Path, tool: Tool, target: &str, programs: &[&str], flags: &str, folder: &Path) -> Result<()> {
    let mut command = match tool {
        Tool::Cargo => Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
        Tool::Zig => Command::new("cargo-zigbuild"),
    };
    command.arg(if matches!(tool, Tool::Zig) { "zigbuild" } else { "build" });
    command.args(["--quiet", "--release", "--locked", "--target", target, "--target-dir"]).arg(folder);
    for program in programs {
        command.args(["--package", program]);
    }
    // What the caller's cargo tells this program about itself, and what a user may set, is no part of the commit.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_PROFILE_", "CARGO_BUILD_", "AEP_"]
            .iter()
            .any(|own| text.starts_with(own))
            || matches!(
                text.as_ref(),
                "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "RUSTC_WRAPPER" | "CFLAGS" | "CPPFLAGS" | "LDFLAGS"
            )
        {
            command.env_remove(name);
        }
    }
    let places = places(root)?;
    let mut rust: Vec<OsString> = flags.split_whitespace().map(OsString::from).collect();
    let mut c = Vec::new();
    for (place, name) in &places {
        let place = place.to_str().with_context(|| format!("no text: {}", place.display()))?;
        ensure!(!place.contains(['=', ' ']), "a folder whose name a compiler's option cannot hold: {place:?}");
        rust.push(format!("--remap-path-prefix={place}={name}").into());
        c.push(format!("-ffile-prefix-map={place}={name}"));
    }
    // The separator of this variable lets a folder's name have a blank.
    command.env("CARGO_ENCODED_RUSTFLAGS", rust.join(&OsString::from("\u{1f}")));
    command.env("CFLAGS", c.join(" "));
    if matches!(tool, Tool::Zig) {
        command.env("AEP_PORTABLE", "1");
    }
    command.env("CARGO_INCREMENTAL", "0").env("ZERO_AR_DATE", "1");
    let status = command.current_dir(root).status();
    let status = match (status, tool) {
        (Ok(status), _) => status,
        (Err(error), Tool::Zig) => {
            bail!("cannot run cargo-zigbuild: {error}\nhint: python3 -m pip install cargo-zigbuild ziglang")
        }
        (Err(error), Tool::Cargo) => bail!("cannot run cargo: {error}"),
    };
    ensure!(status.success(), "the build for {target} failed");
    Ok(())
}

/// The folders that differ from machine to machine, and what stands for each in the programs; a later one goes first.
fn places(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let rustc = |argument: &[&str]| -> Result<String> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).args(argument).current_dir(root).output().context("cannot run rustc")?;
        ensure!(output.status.success(), "rustc failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let about = rustc(&["-vV"])?;
    let commit = about.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("no home of cargo's")?;
    Ok(vec![
        (home, "/cargo".to_owned()),
        (PathBuf::from(rustc(&["--print", "sysroot"])?).join("lib/rustlib/src/rust"), format!("/rustc/{commit}")),
        (root.to_owned(), "/aep-auth".to_owned()),
    ])
}

/// The target that this machine builds for by itself.
pub fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8(output.stdout)?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).context("rustc names no host")
}
