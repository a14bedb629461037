//! The walls of the house: which crate may depend on which, as `docs/architecture.md` draws them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use stories::root;

/// Our own crates that each crate uses to run; what is used to build or to test it is free.
const WALLS: [(&str, &[&str]); 15] = [
    ("aep-core", &["program-start"]),
    ("jwt-ring", &[]),
    ("program-start", &[]),
    ("aep-cli", &["aep-core"]),
    ("aep-ims", &["aep-core", "jwt-ring"]),
    ("aep-redis", &["aep-core"]),
    ("aep-keyring", &["aep-core"]),
    ("aep-auth", &["aep-core", "aep-cli", "aep-keyring", "aep-redis", "aep-ims", "program-start"]),
    ("git-credential-aep", &["aep-core", "aep-cli", "program-start"]),
    ("kube-credential-aep", &["aep-core", "aep-cli", "program-start"]),
    ("bazel-credential-aep", &["aep-core", "aep-cli", "program-start"]),
    ("aep-postman", &["aep-core", "aep-cli", "program-start"]),
    ("aep-prompt", &["aep-core", "aep-cli", "program-start"]),
    ("ims-emulator", &["jwt-ring"]),
    (
        "xtask",
        &[
            "aep-auth",
            "aep-core",
            "aep-ims",
            "aep-postman",
            "aep-prompt",
            "aep-redis",
            "bazel-credential-aep",
            "git-credential-aep",
            "ims-emulator",
            "kube-credential-aep",
        ],
    ),
];

fn metadata() -> Value {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The crates of this workspace that a package is built upon.
fn ours_of(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    let ours = all.filter(|dependency| dependency["kind"].is_null() && !dependency["path"].is_null());
    ours.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_crate_reaches_through_a_wall() {
    let metadata = metadata();
    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        found.insert(package["name"].as_str().unwrap().to_owned(), ours_of(package));
    }
    found.remove("stories");
    for (name, allowed) in WALLS {
        let used = found.remove(name).unwrap_or_else(|| panic!("{name} is gone; draw the walls anew"));
        for own in used {
            assert!(allowed.contains(&own.as_str()), "{name} reaches for {own}");
        }
    }
    assert!(found.is_empty(), "no walls are drawn for {:?}", found.keys());
}

/// What the programs beside `aep-auth` are made of: nothing that opens a socket, signs, or reads what strangers send.
#[test]
fn the_helpers_are_small_and_have_no_network() {
    for (program, most) in [
        ("git-credential-aep", 45),
        ("kube-credential-aep", 45),
        ("bazel-credential-aep", 45),
        ("aep-prompt", 45),
        ("aep-postman", 60),
    ] {
        let tree = Command::new("cargo")
            .args([
                "tree",
                "--offline",
                "--package",
                program,
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--manifest-path",
            ])
            .arg(root().join("Cargo.toml"))
            .output()
            .unwrap();
        let tree = String::from_utf8(tree.stdout).unwrap();
        let names: std::collections::BTreeSet<&str> =
            tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
        assert!(names.contains("aep-core"), "{program}: {tree}");
        assert!(names.len() <= most, "{program} has {} packages: {names:?}", names.len());
        for heavy in ["rustls", "ureq", "redis", "url", "jsonwebtoken", "aep-ims", "aep-redis", "aep-keyring", "dbus"] {
            assert!(!names.contains(heavy), "{program} has {heavy}");
        }
    }
}

#[test]
fn the_core_knows_no_tool_and_the_page_names_every_crate() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    for (name, _) in WALLS {
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
    let core = root().join("crates/aep-core/src");
    for word in ["match tool", "\"git\"", "\"kubectl\"", "ureq::", "jsonwebtoken::", "clap::"] {
        let found = Command::new("grep").args(["-rlF", word]).arg(&core).output().unwrap();
        assert!(found.stdout.is_empty(), "{word}: {}", String::from_utf8_lossy(&found.stdout));
    }
}

/// The rows of a table of the architecture page, without its head.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, after) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = after.split("\n## ").next().unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    section.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

/// What stands between backticks.
fn words(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_page_says_what_each_crate_depends_on_and_where_things_are() {
    let metadata = metadata();
    let mut above: Vec<String> = Vec::new();
    for row in rows("Which crate may know what") {
        let [names, .., told] = row.as_slice() else { panic!("{row:?}") };
        let mut told_names = words(told);
        if told.starts_with("all of the above") {
            told_names.extend(above.iter().cloned());
        }
        told_names.sort();
        for name in words(names).into_iter().filter(|_| told != "everything") {
            let packages = metadata["packages"].as_array().unwrap();
            let package = packages.iter().find(|package| package["name"] == *name).unwrap();
            let mut used = ours_of(package);
            used.sort();
            assert_eq!(used, told_names, "{name}");
        }
        above.extend(words(names));
    }
    for row in rows("Where is …") {
        let mut whole: Vec<std::path::PathBuf> = Vec::new();
        for word in words(&row[1]) {
            if word.starts_with("crates/") {
                whole.push(root().join(&word));
                assert!(root().join(&word).exists(), "{word}");
            } else if word.ends_with(".rs") {
                // A further one of the same crate.
                let found = whole.iter().flat_map(|path| path.ancestors()).any(|folder| folder.join(&word).exists());
                assert!(found, "{word} is nowhere near {whole:?}");
            }
        }
    }
}

#[test]
fn the_streams_are_touched_where_the_page_says() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    for word in ["io::stdin()", "io::stdout()", "io::stderr()"] {
        let mut grep = Command::new("grep");
        grep.args(["-rlF", "--include=*.rs", word]).arg("crates").current_dir(root());
        let found = String::from_utf8(grep.output().unwrap().stdout).unwrap();
        for file in found.lines().filter(|file| !["xtask", "ims-emulator"].iter().any(|own| file.contains(own))) {
            assert!(page.contains(&format!("`{file}`")), "{file}: {word}");
        }
    }
}
