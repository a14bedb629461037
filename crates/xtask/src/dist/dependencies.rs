//! What of others is in the programs: from `cargo metadata`, for the targets that are packed, and from the lock file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::contents::{PROGRAMS, read};
use super::target::{System, Target};

/// A package, as Cargo has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, as an SPDX expression.
    pub licence: String,
    /// Who wrote it, as it says itself.
    pub authors: Vec<String>,
    /// Where its source is.
    pub repository: Option<String>,
    /// Its folder.
    pub folder: PathBuf,
    /// The SHA-256 of what the registry has; `None` for a package of this tree.
    pub checksum: Option<String>,
    /// The packages that it uses in turn: name and version.
    pub uses: BTreeSet<(String, String)>,
}

/// Everything that the programs are made of, this tree's packages among it, for all of the targets together.
///
/// Nothing is fetched: what a target needs was fetched when its programs were built.
///
/// # Errors
/// Cargo cannot be run, or a package is not on this machine.
pub fn of(root: &Path, targets: &[Target]) -> Result<Vec<Dependency>> {
    let lock: toml::Table = String::from_utf8(read(&root.join("Cargo.lock"))?)?.parse().context("Cargo.lock")?;
    let checksums = checksums(&lock);
    let mut found: BTreeMap<(String, String), Dependency> = BTreeMap::new();
    // Beside the GNU C library there are programs with musl.
    let musl = targets.iter().filter(|target| target.system == System::Gnu).map(Target::with_musl);
    let triples: BTreeSet<String> = targets.iter().cloned().chain(musl).map(|target| target.triple).collect();
    for triple in &triples {
        for dependency in of_one(&metadata(root, triple)?, &checksums)? {
            let key = (dependency.name.clone(), dependency.version.clone());
            found.entry(key).and_modify(|known| known.uses.extend(dependency.uses.clone())).or_insert(dependency);
        }
    }
    Ok(found.into_values().collect())
}

fn metadata(root: &Path, triple: &str) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", triple])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}\nhint: cargo fetch --locked --target {triple}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")
}

fn checksums(lock: &toml::Table) -> BTreeMap<(String, String), String> {
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    packages
        .filter_map(|package| {
            let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
            Some(((text("name")?, text("version")?), text("checksum")?))
        })
        .collect()
}

fn of_one(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Result<Vec<Dependency>> {
    let by_id = |list: &Value| -> Result<BTreeMap<String, Value>> {
        let list = list.as_array().context("cargo metadata: a list is missing")?;
        list.iter().map(|item| Ok((text(item, "id")?, item.clone()))).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"])?, by_id(&metadata["resolve"]["nodes"])?);
    let is_program =
        |package: &Value| package["source"].is_null() && PROGRAMS.iter().any(|program| package["name"] == program.name);
    let mut waiting: Vec<String> =
        packages.iter().filter(|(_, package)| is_program(package)).map(|(id, _)| id.clone()).collect();
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some(id) = waiting.pop() {
        if used.contains_key(&id) {
            continue;
        }
        let node = nodes.get(&id).with_context(|| format!("cargo metadata: nothing about {id}"))?;
        let needs: Vec<String> = node["deps"]
            .as_array()
            .into_iter()
            .flatten()
            // What builds the programs, or tests them, is not in them.
            .filter(|needed| needed["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null()))
            .filter_map(|needed| needed["pkg"].as_str().map(str::to_owned))
            .collect();
        waiting.extend(needs.iter().cloned());
        used.insert(id, needs);
    }
    let key = |id: &String| -> Result<(String, String)> {
        let package = packages.get(id).with_context(|| format!("cargo metadata: nothing about {id}"))?;
        Ok((text(package, "name")?, text(package, "version")?))
    };
    used.iter()
        .map(|(id, needs)| {
            let (name, version) = key(id)?;
            let package = &packages[id];
            let folder = PathBuf::from(text(package, "manifest_path")?);
            let authors = package["authors"].as_array().into_iter().flatten();
            Ok(Dependency {
                licence: text(package, "license").unwrap_or_default(),
                authors: authors.filter_map(Value::as_str).map(str::to_owned).collect(),
                repository: text(package, "repository").ok(),
                folder: folder.parent().context("a manifest in no folder")?.to_owned(),
                checksum: checksums.get(&(name.clone(), version.clone())).cloned(),
                uses: needs.iter().map(key).collect::<Result<_>>()?,
                name,
                version,
            })
        })
        .collect()
}

fn text(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(str::to_owned).with_context(|| format!("cargo metadata: no {key}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_in_the_programs_counts() {
        let package = |name: &str, source: Value| {
            json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT", "source": source,
                   "manifest_path": format!("/x/{name}/Cargo.toml"), "authors": [], "repository": null})
        };
        let needs = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let there = json!("registry");
        let metadata = json!({
            "packages": [
                package("aep-auth", json!(null)), package("xtask", json!(null)), package("used", there.clone()),
                package("deep", there.clone()), package("builds", there.clone()), package("tests", there.clone()),
                package("other", there),
            ],
            "resolve": {"nodes": [
                {"id": "aep-auth", "deps": [needs("used", json!(null)), needs("builds", json!("build")),
                                            needs("tests", json!("dev"))]},
                {"id": "xtask", "deps": [needs("other", json!(null))]},
                {"id": "used", "deps": [needs("deep", json!(null))]},
                {"id": "deep", "deps": []}, {"id": "builds", "deps": []}, {"id": "tests", "deps": []},
                {"id": "other", "deps": []},
            ]},
        });
        let sums = [(("used".to_owned(), "1.0.0".to_owned()), "00ff".to_owned())].into();
        let found = of_one(&metadata, &sums).unwrap();
        let names: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.checksum.as_deref())).collect();
        assert_eq!(names, [("aep-auth", None), ("deep", None), ("used", Some("00ff"))]);
    }
}
