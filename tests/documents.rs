//! The pages tell the truth: examples are executed, links lead somewhere, `--help` reads alike everywhere.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use stories::{World, assert_clean, root, text};

/// Every Markdown page of the repository.
fn pages() -> Vec<PathBuf> {
    fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
        for path in stories::files_in(folder) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !["target", "node_modules", ".git"].contains(&name.as_str()) {
                collect(&path, pages);
            } else if name.ends_with(".md") {
                pages.push(path);
            }
        }
    }
    let mut pages = Vec::new();
    collect(root(), &mut pages);
    pages
}

#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    for page in pages() {
        let content = std::fs::read_to_string(&page).unwrap();
        for part in content.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let target = target.split('#').next().unwrap();
            assert!(page.parent().unwrap().join(target).exists(), "{} links to {target}", page.display());
            links += 1;
        }
    }
    assert!(links > 30, "only {links} links");
}

/// Whether a line is as the page has it, with `…` standing for anything.
fn fits(shown: &str, page: &str) -> bool {
    let mut parts = page.split('…');
    let Some(mut rest) = shown.strip_prefix(parts.next().unwrap()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn every_example_exchange_is_as_the_page_has_it() {
    let page = std::fs::read_to_string(root().join("docs/protocols.md")).unwrap();
    let world = World::oauth();
    world.token();
    let mut run = 0;
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for exchange in block.split("$ ").skip(1) {
            let (command, expected) = exchange.split_once('\n').unwrap();
            let mut shell = Command::new("bash");
            world.prepare(&mut shell);
            let output = shell.args(["-c", command]).output().unwrap();
            assert_clean(&output);
            let (shown, expected) = (text(&output.stdout), expected.trim_end());
            let (shown, expected) = (shown.trim_end().lines(), expected.lines().collect::<Vec<_>>());
            for (number, line) in shown.clone().enumerate() {
                match expected.get(number) {
                    // A line of its own stands for all that follow.
                    Some(&"…") => break,
                    Some(wanted) => assert!(fits(line, wanted), "$ {command}\nshows   {line}\nexpected {wanted}"),
                    None => panic!("$ {command}\nshows more: {line}"),
                }
            }
            let is_open = expected.last() == Some(&"…");
            assert!(is_open || shown.count() == expected.len(), "$ {command} shows less than the page");
            run += 1;
        }
    }
    assert!(run >= 10, "only {run} examples");
}

/// One of them shows the quick start, and so it is run.
#[test]
fn the_pictures_are_what_the_command_draws() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(stories::xtask()).arg("pictures").arg("--out").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let drawn = stories::files_in(folder.path());
    assert_eq!(drawn.len(), stories::files_in(&root().join("docs/pictures")).len());
    for path in drawn {
        let kept = root().join("docs/pictures").join(path.file_name().unwrap());
        let (new, kept) = (std::fs::read_to_string(&path).unwrap(), std::fs::read_to_string(kept).unwrap());
        assert!(new == kept, "{} is not up to date: cargo xtask pictures", path.display());
    }
}

#[test]
fn the_page_of_the_entry_has_every_field() {
    fn fields(value: &serde_json::Value, before: &str, found: &mut Vec<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            found.push(format!("{before}{key}"));
            fields(value, &format!("{before}{key}."), found);
        }
    }
    let page = std::fs::read_to_string(root().join("docs/entry.md")).unwrap();
    let shown = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let world = World::oauth();
    world.token();
    let entry = std::fs::read_to_string(world.entry()).unwrap();
    let seed = std::fs::read_to_string(root().join("fuzz/corpus/entry/live")).unwrap();
    let [shown, entry, seed] = [shown, &entry, &seed].map(|text| {
        let mut found = Vec::new();
        fields(&serde_json::from_str(text).unwrap(), "", &mut found);
        found.sort();
        found
    });
    assert_eq!(shown, entry);
    assert_eq!(seed, entry, "fuzz/corpus/entry/live");
}

#[test]
fn every_service_is_on_its_page() {
    let page = std::fs::read_to_string(root().join("docs/api.md")).unwrap();
    let world = World::oauth();
    let profile = "flow = \"oauth\"\nclient_id = \"a\"\nclient_secrets = [{ store = true }]\n";
    world.write("config/profiles/p.toml", profile);
    // The refusal of an unknown one lists those that there are.
    let told = text(&world.run("aep-auth", &["profile", "set", "p", "services=[\"nope\"]"]).stderr);
    let names = told.lines().find_map(|line| line.split("there are ").nth(1)).unwrap_or_else(|| panic!("{told}"));
    let names: Vec<&str> = names.split(", ").collect();
    assert!(names.len() >= 8, "{told}");
    for name in names {
        assert!(page.contains(&format!("| `{name}`")), "docs/api.md does not tell of {name}");
    }
}

#[test]
fn every_program_is_on_the_front_page() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 150, "the front page has more than 150 lines");
    let programs = std::fs::read_dir(root().join("crates")).unwrap().map(|item| item.unwrap());
    let programs = programs.filter(|item| item.path().join("src/main.rs").is_file() && item.file_name() != "xtask");
    let names: Vec<String> = programs.map(|item| item.file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 7);
    for name in names {
        assert!(readme.contains(&format!("**`{name}`**")), "{name}");
    }
}

#[test]
fn every_fuzz_target_has_seeds() {
    let names = |folder: &str| -> Vec<String> {
        let files = stories::files_in(&root().join("fuzz").join(folder));
        files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let targets = names("fuzz_targets");
    assert_eq!(targets, names("corpus"));
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for target in targets {
        assert!(!names(&format!("corpus/{target}")).is_empty(), "{target} begins with nothing");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not built");
    }
}

#[test]
fn help_reads_alike_everywhere() {
    let world = World::empty();
    for program in xtask::program_names() {
        let help = world.run(program, &["--help"]);
        assert_clean(&help);
        let help = text(&help.stdout);
        let first = help.lines().next().unwrap();
        assert!(first.starts_with(|c: char| c.is_ascii_uppercase()) && !first.ends_with('.'), "{program}: {first}");
        assert!(help.contains("Usage: "), "{program}");
        assert!(help.contains("Examples:"), "{program}");
        let version = text(&world.run(program, &["--version"]).stdout);
        let form = [program, " ", env!("CARGO_PKG_VERSION"), " ("].concat();
        assert!(version.starts_with(&form) && version.ends_with(")\n"), "{version}");
        assert!(version.contains("commit ") || version.contains("no commit"), "{version}");
    }
}

#[test]
fn every_program_has_its_pages_for_every_shell() {
    let prefix = tempfile::tempdir().unwrap();
    let output = Command::new(stories::xtask()).arg("pages").arg(prefix.path()).output().unwrap();
    assert_clean(&output);
    for program in xtask::program_names() {
        for file in [
            format!("man/man1/{program}.1"),
            format!("bash-completion/completions/{program}"),
            format!("zsh/site-functions/_{program}"),
            format!("fish/vendor_completions.d/{program}.fish"),
            format!("powershell/{program}.ps1"),
        ] {
            let path = prefix.path().join("share").join(&file);
            assert!(std::fs::metadata(&path).is_ok_and(|file| file.len() > 200), "{file}");
        }
    }
    // What each shell itself thinks of its script.
    for (shell, file) in [
        ("bash", "bash-completion/completions/aep-auth"),
        ("zsh", "zsh/site-functions/_aep-auth"),
        ("fish", "fish/vendor_completions.d/aep-auth.fish"),
    ] {
        if stories::has(shell) {
            let checked = Command::new(shell).arg("-n").arg(prefix.path().join("share").join(file)).output().unwrap();
            assert!(checked.status.success(), "{shell}: {}", text(&checked.stderr));
        }
    }
}

/// A page that names a test names one that is there: `--test NAME`, with `-p PACKAGE` before it or in this folder.
#[test]
fn tests_that_pages_name_are_there() {
    let mut seen = 0;
    let pages = ["docs", "."].map(|folder| stories::files_in(&root().join(folder)));
    for page in pages.concat().into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        let text = std::fs::read_to_string(&page).unwrap();
        for command in text.split("cargo test ").skip(1) {
            let command = command.split(['`', '\n']).next().unwrap();
            let words: Vec<&str> = command.split_whitespace().collect();
            let package = words.windows(2).find(|pair| pair[0] == "-p").map_or("stories", |pair| pair[1]);
            let folder = match package {
                "stories" => root().join("tests"),
                package => root().join("crates").join(package).join("tests"),
            };
            for pair in words.windows(2).filter(|pair| pair[0] == "--test") {
                let file = folder.join(format!("{}.rs", pair[1]));
                assert!(file.is_file(), "{}: {} is not there", page.display(), file.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "only {seen}");
}
