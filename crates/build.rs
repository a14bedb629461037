//! The build script of every program: the text of `--version`, how the program starts, and link settings that make it
//! start faster.
//!
//! The link settings concern release builds for Linux with the GNU C library, made on that machine. Where a condition is
//! not met, nothing changes. What each gave is written down in `docs/figures.md`.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a build script talks to cargo by these")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=../build.rs");
    version();
    direct_start();
    link_settings();
}

/// `AEP_VERSION`: version, commit and build profile.
fn version() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let folder = variable("CARGO_MANIFEST_DIR");
    let git = |arguments: &[&str]| answer("git", &[["-C", folder.as_str()].as_slice(), arguments].concat());
    let commit = git(&["rev-parse", "--short=10", "HEAD"]).filter(|commit| !commit.is_empty());
    if let Some(log) = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        // It changes with every commit that is checked out.
        println!("cargo:rerun-if-changed={log}");
    }
    let commit = commit.map_or_else(|| "no commit".to_owned(), |commit| format!("commit {commit}"));
    println!("cargo:rustc-env=AEP_VERSION={} ({commit}, {})", variable("CARGO_PKG_VERSION"), variable("PROFILE"));
}

/// `direct_start`, for `program-start`: with the GNU C library alone the arguments are known without Rust's own start.
fn direct_start() {
    println!("cargo:rustc-check-cfg=cfg(direct_start)");
    if is_gnu_linux() {
        println!("cargo:rustc-cfg=direct_start");
    }
}

fn is_gnu_linux() -> bool {
    is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu")
}

fn is(variable: &str, value: &str) -> bool {
    std::env::var(variable).is_ok_and(|own| own == value)
}

fn link_settings() {
    let is_native = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
    println!("cargo:rerun-if-env-changed=AEP_PORTABLE");
    let is_portable = std::env::var_os("AEP_PORTABLE").is_some();
    if !is_gnu_linux() || !is("PROFILE", "release") || !is_native || is_portable {
        return;
    }
    unwinder_statically();
    if glibc_version().is_some_and(|version| version >= (2, 36)) {
        // 24 bytes for each of some thousand relocations become a few bits; older C libraries cannot read them.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Rust asks for `libgcc_s.so.1`, whose loading is a fifth of a short program's time. With the static one at hand,
/// nothing of the shared one is needed and the linker drops it.
fn unwinder_statically() {
    let Some(library) = answer("cc", &["-print-file-name=libgcc_eh.a"]) else { return };
    if let Some(folder) = Path::new(&library).parent().filter(|_| Path::new(&library).is_absolute()) {
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

fn glibc_version() -> Option<(u32, u32)> {
    let answer = answer("getconf", &["GNU_LIBC_VERSION"])?;
    let (major, minor) = answer.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
