//! Builds the programs that are handed to users: the same bytes for the same commit and compiler, in any folder and for
//! any user.
//!
//! On Linux with the GNU C library there are two kinds. What resolves names is linked as if on a machine with glibc 2.28;
//! the rest carries musl inside. Nothing comes from the machine that builds: glibc's symbols are those of the pinned
//! `ziglang` by way of `cargo-zigbuild`, musl is that of the Rust target.

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
        System::Gnu => vec![
            (Tool::Zig, triple.to_owned(), format!(".{GLIBC}"), resolving),
            (Tool::Zig, target.with_musl().triple, String::new(), others),
        ],
        System::Musl => vec![(Tool::Zig, triple.to_owned(), String::new(), all)],
        System::Windows | System::MacOs => vec![(Tool::Cargo, triple.to_owned(), String::new(), all)],
    };
    let out = out.join(triple);
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let folder = root.join("target/portable");
    for (tool, triple, version, programs) in &builds {
        build(root, *tool, triple, version, programs, &folder)?;
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

fn build(root: &Path, tool: Tool, triple: &str, version: &str, programs: &[&str], folder: &Path) -> Result<()> {
    let target = &format!("{triple}{version}");
    let mut command = match tool {
        Tool::Cargo => Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
        Tool::Zig => Command::new("cargo-zigbuild"),
    };
    command.arg(if matches!(tool, Tool::Zig) { "zigbuild" } else { "build" });
    command.args(["--release", "--locked", "--target", target, "--target-dir"]).arg(folder);
    for program in programs {
        command.args(["--package", program]);
    }
    // What the caller's cargo tells this program about itself, and what a user may set, is no part of the commit.
    for (name, _) in std::env::vars_os() {
        if is_setting(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    let places = places(root)?;
    let (mut rust, mut c) = (Vec::<OsString>::new(), Vec::new());
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
    if triple.ends_with("-musl") {
        // Zig's linker would fix the programs to one address.
        let linker = format!("CARGO_TARGET_{}_LINKER", triple.replace('-', "_").to_uppercase());
        command.env(linker, "rust-lld");
    }
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

/// Whether a variable can change what a compiler makes of the same source, or tells this program about itself.
fn is_setting(name: &str) -> bool {
    const BEGINNINGS: [&str; 8] = [
        "AEP_",
        "CARGO_BUILD_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
        "HOST_",
        "TARGET_",
    ];
    const TOOLS: [&str; 9] = ["AR", "ARFLAGS", "CC", "CFLAGS", "CPPFLAGS", "CXX", "CXXFLAGS", "LDFLAGS", "RANLIB"];
    const NAMES: [&str; 6] = [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
    ];
    // Each of the tools has a variable for one target as well: CC_x86_64_unknown_linux_musl.
    let tool = name.split_once('_').map_or(name, |(tool, _)| tool);
    name != "CARGO_BUILD_JOBS"
        && (BEGINNINGS.iter().any(|own| name.starts_with(own)) || TOOLS.contains(&tool) || NAMES.contains(&name))
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

#[cfg(test)]
mod tests {
    use super::is_setting;

    #[test]
    fn what_a_user_may_set_is_no_part_of_the_commit() {
        let settings = "RUSTFLAGS CARGO_PROFILE_RELEASE_LTO CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER CC CC_x86_64_unknown_linux_musl \
                        CFLAGS TARGET_CFLAGS AEP_PORTABLE CARGO_BUILD_TARGET CARGO_PKG_NAME";
        assert!(settings.split_whitespace().all(is_setting));
        let rest = "PATH HOME CARGO CARGO_HOME CARGO_BUILD_JOBS CARGO_NET_OFFLINE CARGO_ZIGBUILD_ZIG_PATH RUSTUP_HOME CCACHE_DIR TMPDIR";
        assert!(!rest.split_whitespace().any(is_setting));
    }
}
