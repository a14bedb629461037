//! The npm packages: one that a user names, and one for each system, of which npm installs the fitting one.
//!
//! Nothing is fetched or run at install: the first has the others as optional dependencies, and a small launcher.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::archive::{File, Files, Folders, tar_gz};
use super::contents::{PROGRAMS, Package};
use super::target::Target;

/// The time that `npm pack` gives every file: 26 October 1985, 8:15.
const TIME: u64 = 499_162_500;
const LAUNCHER: &str = include_str!("../../../../packaging/npm/launch.js");
const README: &str = include_str!("../../../../packaging/npm/README.md");

/// The name of the package for one system.
pub fn platform_name(target: &Target) -> String {
    let (system, cpu, library) = target.node();
    let library = library.filter(|library| *library != "glibc").map(|library| format!("-{library}"));
    format!("aep-auth-{system}-{cpu}{}", library.unwrap_or_default())
}

/// The package with one system's programs: its file name and content.
///
/// # Errors
/// A part has no place.
pub fn pack_platform(version: &str, target: &Target, parts: &Files) -> Result<(String, Vec<u8>)> {
    let name = platform_name(target);
    let (system, cpu, library) = target.node();
    let mut manifest = manifest(&name, version, &format!("The programs of aep-auth for {system}, {cpu}"));
    manifest.insert("os".to_owned(), json!([system]));
    manifest.insert("cpu".to_owned(), json!([cpu]));
    // The static one works everywhere, but only where there is no other it has to.
    if let Some(library) = library {
        manifest.insert("libc".to_owned(), json!([library]));
    }
    let mut files = Package::NpmPlatform.take(parts)?;
    files.insert(
        "README.md".to_owned(),
        File::data("The programs of [aep-auth](https://www.npmjs.com/package/aep-auth) for one system.\n"),
    );
    pack(&name, version, manifest, files)
}

/// The package that a user names: its file name and content.
///
/// # Errors
/// A part has no place.
pub fn pack_main(version: &str, targets: &[Target], parts: &Files) -> Result<(String, Vec<u8>)> {
    let mut manifest =
        manifest("aep-auth", version, "Access tokens for Adobe Experience Platform, shared by every process");
    let mut files = Package::Npm.take(parts)?;
    let bin: Map<String, Value> =
        PROGRAMS.iter().map(|program| (program.name.to_owned(), format!("bin/{}.js", program.name).into())).collect();
    for program in &PROGRAMS {
        let script = format!("#!/usr/bin/env node\nrequire(\"../launch.js\")(\"{}\");\n", program.name);
        files.insert(format!("bin/{}.js", program.name), File::program(script));
    }
    let pages: Vec<String> =
        files.keys().filter(|name| name.starts_with("man/")).map(|name| format!("./{name}")).collect();
    let platforms: Map<String, Value> = targets.iter().map(|target| (platform_name(target), version.into())).collect();
    manifest.insert("keywords".to_owned(), json!(["adobe", "aep", "authentication", "experience-platform", "token"]));
    manifest.insert("bin".to_owned(), bin.into());
    manifest.insert("man".to_owned(), pages.into());
    manifest.insert("optionalDependencies".to_owned(), platforms.into());
    files.insert("launch.js".to_owned(), File::data(LAUNCHER));
    files.insert("README.md".to_owned(), File::data(README));
    pack("aep-auth", version, manifest, files)
}

fn manifest(name: &str, version: &str, description: &str) -> Map<String, Value> {
    let manifest = json!({
        "name": name,
        "version": version,
        "description": description,
        "license": "MIT OR Apache-2.0",
        "homepage": env!("CARGO_PKG_REPOSITORY"),
        "repository": {"type": "git", "url": format!("git+{}.git", env!("CARGO_PKG_REPOSITORY"))},
        "engines": {"node": ">=18"},
        // Another package's work is not pre-empted, and nothing is run at install.
        "preferUnplugged": true,
    });
    match manifest {
        Value::Object(manifest) => manifest,
        _ => Map::new(),
    }
}

fn pack(name: &str, version: &str, manifest: Map<String, Value>, mut files: Files) -> Result<(String, Vec<u8>)> {
    let manifest = format!("{:#}\n", Value::Object(manifest));
    files.insert("package.json".to_owned(), File::data(manifest));
    let files = files.into_iter().map(|(name, file)| (format!("package/{name}"), file)).collect();
    let bytes = tar_gz(&files, TIME, Folders::Implied).with_context(|| format!("npm package {name}"))?;
    Ok((format!("{name}-{version}.tgz"), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_a_package_of_its_own() {
        for (triple, name) in [
            ("x86_64-unknown-linux-gnu", "aep-auth-linux-x64"),
            ("aarch64-unknown-linux-musl", "aep-auth-linux-arm64-musl"),
            ("x86_64-pc-windows-msvc", "aep-auth-win32-x64"),
            ("aarch64-apple-darwin", "aep-auth-darwin-arm64"),
        ] {
            assert_eq!(platform_name(&Target::new(triple).unwrap()), name);
        }
    }

    #[test]
    fn nothing_is_run_at_install_and_nothing_fetched() {
        let targets = [Target::new("x86_64-unknown-linux-gnu").unwrap()];
        let parts: Files = [
            ("bin/aep-auth".to_owned(), File::program("x")),
            ("share/man/man1/aep-auth.1".to_owned(), File::data(".TH")),
        ]
        .into();
        let read = |packed: &[u8], name: &str| {
            let tar = miniz_oxide::inflate::decompress_to_vec(&packed[10..packed.len() - 8]).unwrap();
            let mut archive = tar::Archive::new(tar.as_slice());
            let mut entry = archive
                .entries()
                .unwrap()
                .map(Result::unwrap)
                .find(|entry| entry.path().unwrap().to_str() == Some(name))
                .unwrap_or_else(|| panic!("{name}"));
            std::io::read_to_string(&mut entry).unwrap()
        };
        let (name, main) = pack_main("1.2.3", &targets, &parts).unwrap();
        assert_eq!(name, "aep-auth-1.2.3.tgz");
        let manifest: Value = serde_json::from_str(&read(&main, "package/package.json")).unwrap();
        assert_eq!(manifest["optionalDependencies"], json!({"aep-auth-linux-x64": "1.2.3"}));
        assert_eq!(manifest["bin"].as_object().unwrap().len(), PROGRAMS.len());
        assert_eq!(manifest["man"], json!(["./man/man1/aep-auth.1"]));
        assert!(manifest.get("scripts").is_none() && manifest.get("dependencies").is_none());
        assert!(read(&main, "package/bin/aep-auth.js").ends_with("(\"aep-auth\");\n"));
        let (name, platform) = pack_platform("1.2.3", &targets[0], &parts).unwrap();
        assert_eq!(name, "aep-auth-linux-x64-1.2.3.tgz");
        let manifest: Value = serde_json::from_str(&read(&platform, "package/package.json")).unwrap();
        assert_eq!((&manifest["os"], &manifest["libc"]), (&json!(["linux"]), &json!(["glibc"])));
        assert_eq!(read(&platform, "package/bin/aep-auth"), "x");
    }
}
