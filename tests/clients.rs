//! `docs/clients.md`: which clients were run, in which versions, what that showed, and when.
//!
//! `AEP_TEST_WRITE=1 cargo test -p stories --test clients` writes the versions of this machine and the day; a client that
//! is absent keeps its row. Without it, the page must name these clients and stories, and every story must be there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::io::Write;
use std::process::Command;

use stories::{root, text};

/// A client, how it tells its version, what a story showed with it, and the story.
struct Client {
    name: &'static str,
    version: Version,
    shown: &'static str,
    story: (&'static str, &'static str),
}

enum Version {
    /// A program and its arguments; the first thing like a version in what it says.
    Of(&'static [&'static str]),
    /// A JavaScript package below `tests/`.
    Package(&'static str),
}

use Version::{Of, Package};

const CLIENTS: &[Client] = &[
    Client {
        name: "git",
        version: Of(&["git", "version"]),
        shown: "clone, fetch, a push of 5 MiB, a partial clone, a revoked token, beside another helper",
        story: ("git", "a_pack_of_several_mebibytes_up_and_a_partial_clone_down"),
    },
    Client {
        name: "git, older (`/usr/bin/git`)",
        version: Of(&["/usr/bin/git", "version"]),
        shown: "nothing without `git_basic`, the token as a password with it",
        story: ("git", "an_older_git_gets_a_password_where_the_profile_says_so"),
    },
    Client {
        name: "git-lfs",
        version: Of(&["git-lfs", "version"]),
        shown: "3 MiB up and down by `git_basic`; `credential.helper=store` keeps nothing",
        story: ("git", "git_lfs_gets_a_password_and_nobody_else_keeps_it"),
    },
    Client {
        name: "kubectl",
        version: Of(&["kubectl", "version", "--client"]),
        shown: "the page's lines, a revoked token, and behind wrappers that fork",
        story: ("kubernetes", "the_real_kubectl_recovers_behind_a_wrapper_that_forks"),
    },
    Client {
        name: "Kubernetes for Python (`kubernetes`)",
        version: Of(&["python3", "-c", "import kubernetes; print(kubernetes.__version__)"]),
        shown: "lists pods by the kubeconfig",
        story: ("kubernetes", "the_python_client_gets_in"),
    },
    Client {
        name: "Kubernetes for JavaScript (`@kubernetes/client-node`)",
        version: Package("kubernetes-js/node_modules/@kubernetes/client-node"),
        shown: "lists pods by the kubeconfig",
        story: ("kubernetes", "the_javascript_client_gets_in"),
    },
    Client {
        name: "newman",
        version: Package("postman/node_modules/newman"),
        shown: "the script and the collection of `aep-postman`",
        story: ("postman", "each_line_of_the_page_works_as_it_stands"),
    },
    Client {
        name: "Postman CLI",
        version: Package("postman/node_modules/@postman/pm-bin-linux-x64"),
        shown: "the same collection",
        story: ("postman", "each_line_of_the_page_works_as_it_stands"),
    },
    Client {
        name: "Bruno (`@usebruno/cli`)",
        version: Package("postman/node_modules/@usebruno/cli"),
        shown: "the collection of the page",
        story: ("bruno", "each_line_of_the_page_works_as_it_stands"),
    },
    Client {
        name: "bash",
        version: Of(&["bash", "--version"]),
        shown: "the prompt piece, beside ten ways in which people have `PROMPT_COMMAND` and `PS1`",
        story: ("shells", "bash_as_people_have_it"),
    },
    Client {
        name: "zsh",
        version: Of(&["zsh", "--version"]),
        shown: "the prompt piece, beside themes and `ksh_arrays`",
        story: ("shells", "zsh_as_people_have_it"),
    },
    Client { name: "fish", version: Of(&["fish", "--version"]), shown: "the prompt piece", story: ("shells", "fish") },
    Client {
        name: "tmux",
        version: Of(&["tmux", "-V"]),
        shown: "the prompt piece, beside its own status line",
        story: ("shells", "tmux"),
    },
    Client {
        name: "starship",
        version: Of(&["starship", "--version"]),
        shown: "the page's line in bash, zsh and fish, beside its own modules",
        story: ("shells", "starship_as_people_have_it"),
    },
    Client {
        name: "curl",
        version: Of(&["curl", "--version"]),
        shown: "both snippets of the page",
        story: ("integrations", "curl"),
    },
    Client {
        name: "HTTPie",
        version: Of(&["http", "--version"]),
        shown: "the page's session",
        story: ("integrations", "httpie"),
    },
    Client {
        name: "direnv",
        version: Of(&["direnv", "version"]),
        shown: "the page's lines, and a failure that is one",
        story: ("integrations", "direnv"),
    },
    Client {
        name: "GNU Make",
        version: Of(&["make", "--version"]),
        shown: "the page's Makefile",
        story: ("integrations", "make"),
    },
    Client {
        name: "xh",
        version: Of(&["xh", "--version"]),
        shown: "the same session",
        story: ("integrations", "xh_reads_the_same_session"),
    },
    Client {
        name: "Hurl",
        version: Of(&["hurl", "--version"]),
        shown: "the page's file, which hides the token",
        story: ("integrations", "hurl"),
    },
    Client {
        name: "httpYac",
        version: Package("clients/node_modules/httpyac"),
        shown: "the page's file, and the editors' file with its `.env`",
        story: ("header_clients", "httpyac_by_the_lines_of_the_pages"),
    },
    Client {
        name: "MCP SDK for Python (`mcp`)",
        version: Of(&["python3", "-c", "import importlib.metadata as all; print(all.version('mcp'))"]),
        shown: "lists tools with what the headers' helper prints",
        story: ("header_clients", "the_python_sdk_connects_with_what_the_helper_prints"),
    },
    Client {
        name: "mcp-remote",
        version: Package("clients/node_modules/mcp-remote"),
        shown: "connects, with the token in its environment",
        story: ("header_clients", "mcp_remote_has_the_token_in_its_environment"),
    },
    Client {
        name: "psql",
        version: Of(&["psql", "--version"]),
        shown: "every line of the page, a renewed and a revoked token, another certificate",
        story: ("query", "the_page_is_true_from_a_fresh_home_on"),
    },
    Client {
        name: "PostgreSQL",
        version: Of(&["sh", "-c", "set -- /usr/lib/postgresql/*/bin/postgres; \"$1\" --version"]),
        shown: "in Query Service's place, by the page's `try.sh`",
        story: ("query", "an_analyst_tries_the_page_without_an_account"),
    },
    Client {
        name: "psycopg",
        version: Of(&["python3", "-c", "import psycopg; print(psycopg.__version__)"]),
        shown: "connects by what `--format json` prints, and by the variables",
        story: ("query", "psycopg_connects_by_what_json_says"),
    },
    Client {
        name: "dbt (`dbt-core`, `dbt-postgres`)",
        version: Of(&["dbt", "--version"]),
        shown: "connects and builds by the page's profile, and logs no token",
        story: ("query", "dbt_connects_and_builds_by_the_pages_profile"),
    },
    Client {
        name: "aepp",
        version: Of(&["python3", "-c", "import importlib.metadata as all; print(all.version('aepp'))"]),
        shown: "finds in the emulator what it expects of the platform",
        story: ("aepp", "it_lists_sandboxes_classes_and_schemas"),
    },
    Client {
        name: "systemd (`systemd-analyze`)",
        version: Of(&["systemd-analyze", "--version"]),
        shown: "takes the units of the page",
        story: ("secret_life", "the_units_are_what_systemd_takes_and_the_service_gets_its_token"),
    },
    Client {
        name: "Redis",
        version: Of(&["redis-server", "--version"]),
        shown: "the fleet page's lines: the user, its ACL, the variables, the undoing",
        story: ("fleet", "every_line_of_the_page"),
    },
    Client {
        name: "redis-cli",
        version: Of(&["redis-cli", "--version"]),
        shown: "the fleet page's Undo",
        story: ("fleet", "every_line_of_the_page"),
    },
];

const HEAD: &str = "\
# Clients that were run

Each row is a story that the gate runs with the client itself, `.ci/clients` those of xh, starship, Hurl and dbt. The page is written
by `AEP_TEST_WRITE=1 cargo test -p stories --test clients`, with the versions that it finds and the day, after a gate that passed
on that machine; a client that is absent there keeps its row.

| client | version | what was shown | story | run on |
|---|---|---|---|---|
";

const TAIL: &str = "
Which line of a page is run by which story, and why the few are not that are not, stands in `tests/pages.rs`. Written from their
documentation and **not run**: powerlevel10k, oh-my-posh, Bazel (5.4 and newer), restish, DBeaver, DataGrip, Tableau, Terraform's
provider, GitHub Actions, GitLab CI, Airflow, Databricks, a cluster's own kubelet, the apps of Postman and Bruno, the HTTP clients
of editors. Their pages say so as well.
";

/// The client, the version, what was shown, the story, the day.
fn rows(page: &str) -> Vec<[String; 5]> {
    let lines = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| client |"));
    lines
        .map(|line| {
            let cells: Vec<String> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            cells.try_into().unwrap_or_else(|cells| panic!("{cells:?}"))
        })
        .collect()
}

fn version(client: &Client) -> Option<String> {
    let said = match client.version {
        Package(path) => {
            let manifest = std::fs::read(root().join("tests").join(path).join("package.json")).ok()?;
            serde_json::from_slice::<serde_json::Value>(&manifest).ok()?["version"].as_str()?.to_owned()
        }
        Of(words) => {
            let output =
                Command::new(words[0]).args(&words[1..]).output().ok().filter(|output| output.status.success())?;
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
        }
    };
    let words = said.split(|c: char| c.is_whitespace() || "/=,(".contains(c));
    let mut words = words.map(|word| word.trim_start_matches('v'));
    let found = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))?;
    Some(found.chars().take_while(|c| c.is_ascii_alphanumeric() || ".-".contains(*c)).collect())
}

fn today() -> String {
    text(&Command::new("date").args(["-u", "+%Y-%m-%d"]).output().unwrap().stdout).trim().to_owned()
}

fn story((file, name): (&str, &str)) -> String {
    format!("`{file}`: {}", name.replace('_', " "))
}

#[test]
fn the_page_names_the_clients_that_the_stories_run() {
    let path = root().join("docs/clients.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    let known = rows(&page);
    let row_of = |client: &Client| known.iter().find(|row| row[0] == client.name);
    let mut whole = HEAD.to_owned();
    let (is_writing, today) = (std::env::var_os("AEP_TEST_WRITE").is_some(), today());
    for client in CLIENTS {
        let (file, name) = client.story;
        let source = std::fs::read_to_string(root().join("tests").join(format!("{file}.rs"))).unwrap();
        assert!(source.contains(&format!("fn {name}()")), "{}: {file} has no story {name}", client.name);
        let (found, row) = (version(client), row_of(client));
        let (version, day) = match (is_writing, found, row) {
            (true, Some(version), _) => (version, today.clone()),
            (_, found, Some(row)) => {
                if found.as_ref().is_some_and(|found| *found != row[1]) {
                    let found = found.unwrap_or_default();
                    let _ =
                        writeln!(std::io::stderr(), "note: {} is {found} here, {} on the page", client.name, row[1]);
                }
                (row[1].clone(), row[4].clone())
            }
            (_, _, None) => panic!("docs/clients.md has no row for {}: AEP_TEST_WRITE=1", client.name),
        };
        assert!(!version.is_empty() && day.len() == 10, "{}", client.name);
        whole += &format!("| {} | {version} | {} | {} | {day} |\n", client.name, client.shown, story(client.story));
    }
    whole += TAIL;
    if is_writing {
        std::fs::write(path, whole).unwrap();
    } else {
        assert_eq!(page, whole, "AEP_TEST_WRITE=1 cargo test -p stories --test clients");
    }
}
