//! `install.sh` with stand-ins for the compilers: what it asks for, what it leaves, and that taking it away leaves nothing.
//! The gate runs it with the real ones.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use stories::text;

/// What stands in for cargo: it "builds" programs that say their names, and writes one page.
const CARGO: &str = r#"#!/bin/sh
case $1 in
  metadata) printf '{"target_directory":"%s/target"}\n' "$PWD"; exit 0 ;;
  run) shift $(($# - 1)); mkdir -p "$1/share/man/man1"; echo .TH > "$1/share/man/man1/aep-auth.1"; exit 0 ;;
esac
folder=target/release
for word; do
  case $before in --target-dir) folder=$word/host-linux-gnu/release ;; esac
  before=$word
done
mkdir -p "$folder"
echo "   Compiling everything" >&2
before=
for word; do
  case $before in --package) printf '#!/bin/sh\necho %s\n' "$word" > "$folder/$word"; chmod 755 "$folder/$word" ;; esac
  before=$word
done
"#;

struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new() -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        for file in ["install.sh", "Cargo.toml"] {
            tree.add(&format!("the tree/{file}"), &std::fs::read_to_string(stories::root().join(file)).unwrap(), 0o755);
        }
        tree.add("the tree/integrations/git/README.md", "# git\n", 0o644);
        tree.add("the tree/integrations/python/init.sh", "#!/bin/sh\n", 0o755);
        tree.add("tools/cargo", CARGO, 0o755);
        tree.rust("1.95.0");
        tree.add("tools/cc", "#!/bin/sh\necho /usr/lib/libc.a\n", 0o755);
        std::fs::create_dir(tree.path("home")).unwrap();
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add(&self, name: &str, content: &str, mode: u32) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn rust(&self, version: &str) {
        let about = format!(
            "#!/bin/sh\ncase $1 in\n-vV) echo 'host: host-linux-gnu' ;;\n*) echo 'rustc {version} (0 2026-01-01)' ;;\nesac\n"
        );
        self.add("tools/rustc", &about, 0o755);
    }

    fn run(&self, arguments: &[&str], prefix: Option<&Path>) -> Output {
        let mut command = Command::new("sh");
        // The mask of somebody who shares nothing.
        command.args(["-c", "umask 077; exec \"$0\" \"$@\""]).arg(self.path("the tree/install.sh")).args(arguments);
        command.env_clear().env("HOME", self.path("home")).env("SHELL", "/bin/bash");
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("tools").display()));
        prefix.map(|prefix| command.env("PREFIX", prefix));
        command.current_dir("/").output().unwrap()
    }

    fn install(&self, prefix: Option<&Path>) -> Output {
        let output = self.run(&[], prefix);
        assert!(output.status.success(), "{output:?}");
        output
    }
}

/// Everything below a folder, by its name there.
fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            if path.is_dir() {
                waiting.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn help_is_told_and_nothing_done() {
    let tree = Tree::new();
    for word in ["--help", "-h"] {
        let output = tree.run(&[word], None);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        for part in ["Usage: ./install.sh", "--uninstall", "PREFIX", "https://rustup.rs"] {
            assert!(text(&output.stdout).contains(part), "{part}");
        }
    }
    let output = tree.run(&["--remove"], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(below(&tree.path("home")).is_empty());
}

#[test]
fn a_rust_that_is_absent_or_too_old_names_rustup() {
    let tree = Tree::new();
    for (version, is_taken) in
        [("1.63.0", false), ("1.94.1", false), ("1.95.0", true), ("1.100.0-nightly", true), ("2.0.0", true)]
    {
        tree.rust(version);
        let output = tree.run(&[], None);
        let told = text(&output.stderr);
        assert_eq!(output.status.success(), is_taken, "{version}: {told}");
        assert_eq!(told.contains("hint: rustup brings Rust: https://rustup.rs"), !is_taken, "{told}");
        assert_eq!(told.contains(&format!("error: Rust {version} is too old; expected Rust 1.95 or newer")), !is_taken);
        if !is_taken {
            assert!(below(&tree.path("home")).is_empty());
        }
    }
    std::fs::remove_file(tree.path("tools/cargo")).unwrap();
    if !["/usr/bin/cargo", "/bin/cargo"].iter().any(|path| Path::new(path).exists()) {
        let output = tree.run(&[], None);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains("error: cargo is needed")
                && text(&output.stderr).contains("https://rustup.rs")
        );
    }
}

#[test]
fn others_can_use_what_is_installed_and_taking_it_away_leaves_nothing() {
    let tree = Tree::new();
    let shared = tree.path("a prefix");
    std::fs::create_dir(&shared).unwrap();
    for prefix in [None, Some(shared.as_path())] {
        let output = tree.install(prefix);
        let told = text(&output.stderr);
        for part in ["1/4 building aep-auth", "Compiling", "2/4 ", "3/4 ", "4/4 installing below"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let said = text(&output.stdout);
        assert!(said.contains("is not on the PATH"), "{said}");
        // Below ~/.local bash and fish look by themselves.
        assert_eq!(said.contains("completion: in ~/.bashrc"), prefix.is_some(), "{said}");
        let root = prefix.map_or_else(|| tree.path("home/.local"), Path::to_owned);
        for (file, mode) in [
            ("bin/aep-prompt", 0o755),
            ("share", 0o755),
            ("share/man/man1/aep-auth.1", 0o644),
            ("share/aep-auth/integrations/git/README.md", 0o644),
            ("share/aep-auth/integrations/python/init.sh", 0o755),
        ] {
            assert_eq!(root.join(file).metadata().unwrap().permissions().mode() & 0o777, mode, "{file}");
        }
        assert_eq!(text(&Command::new(root.join("bin/aep-auth")).output().unwrap().stdout), "aep-auth\n");
        let again = tree.install(prefix);
        assert!(!text(&again.stderr).contains("error"));
        assert!(tree.run(&["--uninstall"], prefix).status.success());
        assert!(below(&tree.path("home")).is_empty(), "{:?}", below(&tree.path("home")));
    }
    // A folder that was there stays.
    assert!(below(&shared).is_empty());
    let output = tree.run(&["--uninstall"], Some(&shared));
    assert!(!output.status.success() && text(&output.stderr).contains("nothing is installed below"));
}

#[test]
fn what_is_not_ours_stays() {
    let tree = Tree::new();
    tree.add("home/.local/bin/mine", "", 0o755);
    tree.add("home/.local/share/aep/secret", "", 0o600);
    let before = below(&tree.path("home"));
    tree.install(None);
    let output = tree.run(&["--uninstall"], None);
    assert!(text(&output.stdout).contains("`aep-auth purge` removes them"), "{output:?}");
    assert_eq!(below(&tree.path("home")), before);
}

#[test]
fn what_a_newer_version_has_no_more_goes_when_it_comes() {
    let tree = Tree::new();
    tree.add("the tree/integrations/old/README.md", "", 0o644);
    tree.install(None);
    let old = tree.path("home/.local/share/aep-auth/integrations/old");
    assert!(old.exists());
    std::fs::remove_dir_all(tree.path("the tree/integrations/old")).unwrap();
    tree.install(None);
    assert!(!old.exists());
    assert!(tree.path("home/.local/bin/aep-auth").exists());
    assert!(tree.run(&["--uninstall"], None).status.success());
    assert!(below(&tree.path("home")).is_empty());
}

#[test]
fn one_that_was_cut_short_is_removed_like_any_other() {
    let tree = Tree::new();
    tree.add("the tree/integrations/old/README.md", "", 0o644);
    tree.install(None);
    // The copy of a page fails, after the programs.
    std::fs::remove_dir_all(tree.path("the tree/integrations/old")).unwrap();
    tree.add("tools/cp", "#!/bin/sh\ncase $2 in */.README.md.new) exit 1 ;; esac\nexec /bin/cp \"$@\"\n", 0o755);
    assert!(!tree.run(&[], None).status.success());
    std::fs::remove_file(tree.path("tools/cp")).unwrap();
    assert!(tree.run(&["--uninstall"], None).status.success());
    assert!(below(&tree.path("home")).is_empty(), "{:?}", below(&tree.path("home")));
}
