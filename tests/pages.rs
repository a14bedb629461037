//! Every block and every piece that a page gives its reader is run by a test, or stands here with a reason.
//!
//! A new one fails this until it is decided which of the two it is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

use stories::pages::{self, Block};
use stories::root;

/// What shows that a block or a piece is true.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// A story, in a file below `tests/` or, for Python, `python/tests/`.
    By(&'static str, &'static str),
    /// None, and why.
    Not(&'static str),
}

use Shown::{By, Not};

const RESTISH: &str = "restish is in no package; the command of its file is run";
const PUBLISHED: &str = "nothing is published yet; the wheel's own way is python/check.sh";

/// The page, a heading, a language, how many blocks.
const BLOCKS: &[(&str, &str, &str, usize, Shown)] = &[
    ("README.md", "See it", "console", 1, Not("the gate itself: its last step, and its tests")),
    ("README.md", "With a real account", "console", 1, By("integrations", "the_readmes_commands")),
    ("README.md", "Use", "console", 1, By("integrations", "the_readmes_commands")),
    ("integrations/bazel/README.md", "Set up", "", 1, By("bazel", "the_option_of_the_page_as_bazel_takes_it")),
    ("integrations/bazel/README.md", "Check", "sh", 1, By("bazel", "the_pages_check_as_it_stands")),
    ("integrations/bruno/README.md", "Set up", "sh", 1, By("bruno", "each_line_of_the_page_works_as_it_stands")),
    (
        "integrations/bruno/README.md",
        "A collection of Postman's",
        "sh",
        1,
        By("bruno", "each_line_of_the_page_works_as_it_stands"),
    ),
    (
        "integrations/bruno/README.md",
        "The app, and runs longer than a token",
        "js",
        1,
        By("bruno", "each_line_of_the_page_works_as_it_stands"),
    ),
    ("integrations/curl/README.md", "Set up", "sh", 2, By("integrations", "curl")),
    ("integrations/direnv/README.md", "# direnv", "sh", 1, By("integrations", "direnv")),
    ("integrations/direnv/README.md", "Undo", "sh", 1, By("integrations", "direnv")),
    ("integrations/editors/README.md", "Set up", "sh", 1, By("integrations", "editors_read_a_private_file")),
    ("integrations/fleet/README.md", "Set up", "", 1, By("fleet", "every_line_of_the_page")),
    ("integrations/fleet/README.md", "Set up", "sh", 1, By("fleet", "every_line_of_the_page")),
    (
        "integrations/fleet/README.md",
        "Set up",
        "yaml",
        1,
        By("containers", "a_pod_that_has_the_credential_as_variables"),
    ),
    ("integrations/fleet/README.md", "Check", "sh", 1, By("fleet", "every_line_of_the_page")),
    ("integrations/fleet/README.md", "Undo", "sh", 1, By("fleet", "every_line_of_the_page")),
    ("integrations/git/README.md", "Set up", "sh", 2, By("git", "the_pages_other_lines")),
    ("integrations/git/README.md", "Check", "sh", 1, By("git", "the_pages_other_lines")),
    ("integrations/git/README.md", "Undo", "sh", 1, By("git", "every_place_gives_the_same_set_up")),
    ("integrations/git/README.md", "What can go wrong", "sh", 1, By("git", "the_pages_other_lines")),
    (
        "integrations/git/README.md",
        "git before 2.46, and git-lfs before 3.6",
        "sh",
        1,
        By("git", "the_pages_other_lines"),
    ),
    ("integrations/httpyac/README.md", "Check", "sh", 1, By("header_clients", "httpyac_by_the_lines_of_the_pages")),
    ("integrations/kubernetes/README.md", "Set up", "sh", 1, By("kubernetes", "every_line_of_the_page")),
    ("integrations/kubernetes/README.md", "Check", "sh", 1, By("kubernetes", "every_line_of_the_page")),
    ("integrations/kubernetes/README.md", "Undo", "sh", 1, By("kubernetes", "every_line_of_the_page")),
    ("integrations/mcp/README.md", "Set up", "sh", 1, By("header_clients", "every_line_of_the_page_of_mcp")),
    ("integrations/mcp/README.md", "Check", "sh", 1, By("header_clients", "every_line_of_the_page_of_mcp")),
    ("integrations/postman/README.md", "Set up", "sh", 2, By("postman", "each_line_of_the_page_works_as_it_stands")),
    ("integrations/postman/README.md", "Day two", "sh", 2, By("postman", "each_line_of_the_page_works_as_it_stands")),
    (
        "integrations/postman/README.md",
        "In a terminal and in CI",
        "sh",
        1,
        By("postman", "each_line_of_the_page_works_as_it_stands"),
    ),
    ("integrations/prompt/README.md", "Set up", "sh", 5, By("shells", "every_line_of_the_page")),
    ("integrations/prompt/README.md", "Check", "sh", 1, By("shells", "every_line_of_the_page")),
    (
        "integrations/psql/README.md",
        "Try it here",
        "sh",
        3,
        By("query", "an_analyst_tries_the_page_without_an_account"),
    ),
    ("integrations/psql/README.md", "Set up", "sh", 1, By("query", "the_page_is_true_from_a_fresh_home_on")),
    ("integrations/psql/README.md", "psql", "sh", 3, By("query", "the_page_is_true_from_a_fresh_home_on")),
    ("integrations/psql/README.md", "A name for it", "sh", 3, By("query", "the_page_is_true_from_a_fresh_home_on")),
    ("integrations/psql/README.md", "Python", "python", 1, By("query", "the_page_is_true_from_a_fresh_home_on")),
    ("integrations/psql/README.md", "dbt", "yaml", 1, By("query", "dbt_connects_and_builds_by_the_pages_profile")),
    ("integrations/psql/README.md", "dbt", "sh", 1, By("query", "dbt_connects_and_builds_by_the_pages_profile")),
    ("integrations/psql/README.md", "Check", "sh", 1, By("query", "the_page_is_true_from_a_fresh_home_on")),
    ("integrations/psql/README.md", "Undo", "sh", 1, By("query", "the_page_is_true_from_a_fresh_home_on")),
    ("integrations/python/README.md", "Set up", "sh", 1, Not(PUBLISHED)),
    (
        "integrations/python/README.md",
        "requests",
        "python",
        1,
        By("test_pages.py", "test_each_block_lists_the_classes"),
    ),
    ("integrations/python/README.md", "httpx", "python", 2, By("test_pages.py", "test_each_block_lists_the_classes")),
    (
        "integrations/python/README.md",
        "Anything else",
        "python",
        1,
        By("test_pages.py", "test_each_block_lists_the_classes"),
    ),
    ("integrations/python/README.md", "aepp", "python", 1, By("test_pages.py", "test_each_block_lists_the_classes")),
    ("integrations/python/README.md", "Databricks", "text", 1, Not("a cluster's own form, which is nowhere but there")),
    ("integrations/python/README.md", "Check", "sh", 1, By("test_pages.py", "test_the_check_is_one")),
    ("integrations/python/README.md", "Undo", "sh", 1, Not(PUBLISHED)),
    ("integrations/systemd/README.md", "# systemd", "sh", 1, By("secret_life", "the_lines_of_systemds_page")),
    ("python/README.md", "# aep-auth", "sh", 1, By("integrations", "the_readmes_commands")),
    ("python/README.md", "# aep-auth", "python", 1, By("test_pages.py", "test_the_distributions_own_page")),
];

/// What a reader takes as a file.
const PIECES: &[(&str, Shown)] = &[
    ("bazel/bazelrc", By("bazel", "the_option_of_the_page_as_bazel_takes_it")),
    ("bazel/restish.json", Not(RESTISH)),
    ("bruno/bruno.json", By("bruno", "each_line_of_the_page_works_as_it_stands")),
    ("bruno/classes.bru", By("bruno", "each_line_of_the_page_works_as_it_stands")),
    ("bruno/collection.bru", By("bruno", "each_line_of_the_page_works_as_it_stands")),
    ("bruno/sandboxes.bru", By("bruno", "each_line_of_the_page_works_as_it_stands")),
    ("curl/config.sh", By("integrations", "curl")),
    ("curl/headers.sh", By("integrations", "curl")),
    ("direnv/envrc", By("integrations", "direnv")),
    ("editors/classes.http", By("header_clients", "httpyac_by_the_lines_of_the_pages")),
    ("editors/dotenv.sh", By("integrations", "editors_read_a_private_file")),
    ("editors/private-env.sh", By("integrations", "editors_read_a_private_file")),
    ("fleet/airflow.py", Not("Airflow itself is not run; Python compiles it")),
    ("fleet/github-actions.yml", By("integrations", "no_workflow_gives_more_than_its_steps_need")),
    ("fleet/gitlab-ci.yml", By("integrations", "gitlab_ci")),
    ("fleet/job.yaml", By("containers", "the_job_of_the_page_gets_its_token_and_shares_it_in_the_pod")),
    ("git/gitconfig", By("git", "the_real_git_clones_pushes_and_survives_a_revoked_token")),
    ("github-actions/workflow.yml", By("integrations", "github_actions")),
    ("gitlab-ci/gitlab-ci.yml", By("integrations", "gitlab_ci")),
    ("httpie/session.sh", By("integrations", "httpie")),
    ("httpyac/classes.http", By("header_clients", "httpyac_by_the_lines_of_the_pages")),
    ("hurl/classes.hurl", By("integrations", "hurl")),
    ("hurl/run.sh", By("integrations", "hurl")),
    ("kubernetes/kubeconfig.yaml", By("kubernetes", "the_pages_kubeconfig_is_read_by_kubectl")),
    ("kubernetes/set-credentials.sh", By("kubernetes", "every_line_of_the_page")),
    ("make/Makefile", By("integrations", "make")),
    ("mcp/headers-helper.json", By("header_clients", "the_python_sdk_connects_with_what_the_helper_prints")),
    ("mcp/mcp-remote.json", By("header_clients", "mcp_remote_has_the_token_in_its_environment")),
    ("prompt/aep.bash", By("shells", "bash_as_people_have_it")),
    ("prompt/aep.fish", By("shells", "fish")),
    ("prompt/aep.omp.json", Not("oh-my-posh is in no package; the file is read, and its command run")),
    ("prompt/aep.p10k.zsh", Not("powerlevel10k is in no package; zsh runs it with a stand-in")),
    ("prompt/aep.tmux.conf", By("shells", "tmux")),
    ("prompt/aep.zsh", By("shells", "zsh_as_people_have_it")),
    ("prompt/starship.toml", By("shells", "starship_as_people_have_it")),
    ("psql/try.sh", By("query", "an_analyst_tries_the_page_without_an_account")),
    ("python/classes.ipynb", By("test_pages.py", "test_the_notebook_runs_and_holds_no_token")),
    ("python/databricks-init.sh", Not("a cluster's init script; the shell reads it, and shellcheck")),
    (
        "systemd/aep-upload.service",
        By("secret_life", "the_units_are_what_systemd_takes_and_the_service_gets_its_token"),
    ),
    ("systemd/aep-upload.timer", By("secret_life", "the_units_are_what_systemd_takes_and_the_service_gets_its_token")),
    ("systemd/upload.toml", By("secret_life", "the_units_are_what_systemd_takes_and_the_service_gets_its_token")),
    ("terraform/main.tf", By("header_clients", "terraforms_command_prints_texts_alone")),
];

/// The pages of whom all is listed, relative to the root.
fn pages() -> Vec<String> {
    let folders = stories::files_in(&root().join("integrations"));
    let below = folders.iter().map(|folder| relative(&folder.join("README.md")));
    ["README.md".to_owned(), "python/README.md".to_owned()].into_iter().chain(below).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/")
}

/// The story is there, and its file reads from the page's folder.
fn check(what: &str, folder: &str, shown: Shown) {
    match shown {
        Not(why) => assert!(why.len() > 20, "{what}: {why}"),
        By(file, story) => {
            let (path, function) = match file.strip_suffix(".py") {
                Some(_) => (root().join("python/tests").join(file), format!("def {story}(")),
                None => (root().join("tests").join(format!("{file}.rs")), format!("fn {story}(")),
            };
            let source = std::fs::read_to_string(&path).unwrap();
            assert!(source.contains(&function), "{what}: {file} has no story {story}");
            assert!(source.contains(folder), "{what}: {file} reads nothing of {folder}");
        }
    }
}

#[test]
fn every_block_is_run_or_says_why_not() {
    let mut there: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for page in pages() {
        for Block { heading, language, .. } in pages::all(&page) {
            *there.entry((page.clone(), heading, language)).or_default() += 1;
        }
    }
    assert!(there.values().sum::<usize>() > 60, "{there:?}");
    for (page, heading, language, count, shown) in BLOCKS {
        let found = there.remove(&((*page).to_owned(), (*heading).to_owned(), (*language).to_owned()));
        assert_eq!(found, Some(*count), "blocks of `{language}` in {page} below {heading}");
        let folder = page.trim_start_matches("integrations/").trim_end_matches("/README.md");
        check(&format!("{page}, {heading}"), folder, *shown);
    }
    assert!(there.is_empty(), "neither run nor on the list: {there:#?}");
}

#[test]
fn every_piece_is_run_or_says_why_not() {
    let folders = stories::files_in(&root().join("integrations"));
    let pieces = folders.iter().flat_map(|folder| stories::files_in(folder));
    let pieces: Vec<String> = pieces.map(|path| relative(&path).replacen("integrations/", "", 1)).collect();
    let mut pieces: Vec<&str> = pieces.iter().map(String::as_str).filter(|path| !path.ends_with("README.md")).collect();
    for (piece, shown) in PIECES {
        assert!(pieces.contains(piece), "{piece} is not there");
        pieces.retain(|other| other != piece);
        check(piece, piece.split('/').next().unwrap(), *shown);
    }
    assert!(pieces.is_empty(), "neither run nor on the list: {pieces:?}");
}

/// What is not run is at least of its language.
#[test]
fn what_no_program_reads_is_well_formed() {
    for piece in ["bazel/restish.json", "prompt/aep.omp.json", "mcp/headers-helper.json", "mcp/mcp-remote.json"] {
        let text = pages::read(piece);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|json| json.is_object()), "{piece}");
    }
    if stories::has("python3") {
        let mut python = std::process::Command::new("python3");
        python.args(["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())"]);
        assert!(python.arg(root().join("integrations/fleet/airflow.py")).status().unwrap().success());
    }
}
