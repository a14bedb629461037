//! `--git URL`: the exchange of git, its helpers and the server, played by the git that the user would run.
//!
//! What the helpers answer is looked at and never shown.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use aep_core::url::{Authority, Scheme};
use aep_core::{Context, Profile, program, terminal};

use super::{Findings, Kind};

/// git sends a larger request in pieces, after a probe without the token, in the versions that [`cannot_push`] names.
const DEFAULT_POST_BUFFER: u64 = 1024 * 1024;

/// Names that a helper of ours has in git's configuration.
const OURS: &str = "aep";

/// Looks at the way to a repository.
pub(super) fn look(context: &Context, profile: Option<&Profile>, url: &str, findings: &mut Findings) {
    let Some((scheme, authority)) = place(url) else {
        return findings.bad(
            Kind::Configuration,
            "--git names no https address",
            "write it as git has it: aep-auth doctor --git https://git.corp.example/repository.git",
        );
    };
    let path = context.environment.raw("PATH");
    let extensions = program::path_extensions(&context.environment);
    let found = program::find_program(OsStr::new("git"), path.as_deref(), extensions.as_deref());
    let Ok(program) = found else {
        return findings.bad(Kind::Configuration, "git is not on the path", "install git 2.46 or newer");
    };
    let git = Git { program, url };
    let version = git.version();
    findings.good(format!("git {} at {}", version.as_deref().unwrap_or("of no known version"), git.program.display()));
    let numbers = version.as_deref().map(numbers);
    let origin = origin(scheme, &authority);
    look_at_profile(profile, scheme, &authority, findings);
    look_at_helpers(&git, &origin, findings);
    let has_answer = look_at_answer(&git, profile, numbers, findings);
    let is_basic = has_answer && look_at_server(context, profile, &git, &origin, findings);
    if !is_basic && numbers.is_some_and(cannot_push) && git.post_buffer() <= DEFAULT_POST_BUFFER {
        findings.bad(
            Kind::Configuration,
            "this git cannot push more than 1 MiB with a Bearer token: its first request carries none",
            format!("git config --global http.{origin}.postBuffer 512m"),
        );
    }
}

fn look_at_profile(profile: Option<&Profile>, scheme: Scheme, authority: &Authority, findings: &mut Findings) {
    let Some(profile) = profile.filter(|profile| !profile.hosts.allow(scheme, authority)) else { return };
    let (asked, hosts) = (authority.to_listed(), profile.hosts.to_texts().join(", "));
    let what = format!("{asked} is not one of the hosts of profile {}: {hosts}", profile.name());
    let cure = match profile.file_name() {
        Some(name) => aep_core::headers::list_host(name, profile, authority),
        None => "import a profile, which can list it: aep-auth import FILE".to_owned(),
    };
    findings.bad(Kind::Configuration, what, cure);
}

/// The helpers in the order in which git asks them; an empty one forgets those before.
fn look_at_helpers(git: &Git<'_>, origin: &str, findings: &mut Findings) {
    let all = git.helpers();
    let from = all.iter().rposition(String::is_empty).map_or(0, |at| at + 1);
    let asked = &all[from..];
    let set_up = format!(
        "git config --global credential.{origin}.helper \"\"\ngit config --global --add credential.{origin}.helper aep"
    );
    let is_ours = |helper: &String| {
        helper.split_whitespace().next().is_some_and(|word| word == OURS || word.ends_with("git-credential-aep"))
    };
    match asked.iter().position(is_ours) {
        None => findings.bad(Kind::Configuration, "git asks no helper of ours for this address", set_up),
        Some(0) if asked.len() == 1 => findings.good("git asks our helper alone"),
        Some(before) => {
            let others: Vec<_> = asked.iter().filter(|helper| !is_ours(helper)).map(|helper| shown(helper)).collect();
            let what = if before > 0 { "git asks another helper first" } else { "another helper is offered the token" };
            findings.bad(Kind::Configuration, format!("{what}: {}", others.join(", ")), set_up);
        }
    }
}

/// Plays `git credential fill`; says whether there was an answer.
fn look_at_answer(
    git: &Git<'_>,
    profile: Option<&Profile>,
    numbers: Option<(u32, u32)>,
    findings: &mut Findings,
) -> bool {
    let Some(output) = git.fill() else {
        findings.bad(Kind::Configuration, "git credential fill cannot be run", "install git 2.46 or newer");
        return false;
    };
    let answer = String::from_utf8_lossy(&output.stdout);
    let has = |line: &str| answer.lines().any(|own| own.starts_with(line));
    if has("authtype=Bearer") && has("credential=") {
        findings.good("git credential fill brings a Bearer token");
        return true;
    }
    if has("password=") {
        findings.good("git credential fill brings a password");
        return true;
    }
    // The helper passes on what aep-auth met, with its cure.
    let told = String::from_utf8_lossy(&output.stderr);
    if let Some(error) = told.lines().find_map(|line| line.strip_prefix("error: ")) {
        let cure: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("hint: ")).map(terminal::clean).collect();
        let what = format!("git credential fill brings nothing: {}", terminal::clean_within(error, 300));
        findings.bad(
            Kind::Configuration,
            what,
            if cure.is_empty() { "aep-auth token".to_owned() } else { cure.join("\n") },
        );
        return false;
    }
    let knows_no_bearer = numbers.is_some_and(|numbers| numbers < (2, 46));
    let name = profile.map_or_else(|| "NAME".to_owned(), |profile| profile.name().to_string());
    let cure = if knows_no_bearer {
        format!(
            "install git 2.46 or newer, or, where the server takes the token as a password: aep-auth profile set {name} git_basic=true"
        )
    } else {
        format!(
            "ask the helper: printf 'url={}\\ncapability[]=authtype\\n\\n' | AEP_LOG=debug git-credential-aep get",
            git.url
        )
    };
    findings.bad(Kind::Configuration, "git credential fill brings nothing", cure);
    for line in String::from_utf8_lossy(&output.stderr).lines().filter(|line| line.contains("no answer: ")).take(3) {
        findings.note(terminal::clean(line));
    }
    false
}

/// Lists the branches there; says whether the server takes passwords alone.
fn look_at_server(
    context: &Context,
    profile: Option<&Profile>,
    git: &Git<'_>,
    origin: &str,
    findings: &mut Findings,
) -> bool {
    let Some(output) = git.list() else { return false };
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_basic = offers_basic_alone(&told);
    if output.status.success() {
        findings.good("the server lists its branches");
    } else if let Some(profile) = profile.filter(|profile| is_basic && !profile.git_basic) {
        let cure = match profile.file_name() {
            Some(name) => format!("if it takes Adobe IMS access tokens so: aep-auth profile set {name} git_basic=true"),
            None => "import a profile, which can say git_basic=true: aep-auth import FILE".to_owned(),
        };
        let what = "the server takes a password alone (Basic), and the profile gives git none";
        findings.bad(Kind::Configuration, what, cure);
    } else {
        let form = if is_basic { "as a password" } else { "as Bearer" };
        tell_failure(context, profile, &told, origin, form, findings);
    }
    is_basic
}

/// What git says of a server that did not list its branches.
fn tell_failure(
    context: &Context,
    profile: Option<&Profile>,
    told: &str,
    origin: &str,
    form: &str,
    findings: &mut Findings,
) {
    let line = told.lines().find(|line| line.starts_with("fatal: ")).unwrap_or("git says nothing");
    let shown = terminal::clean_within(line, 300);
    if is_about_certificates(line) {
        let own =
            context.environment.path("AEP_CA_FILE").or_else(|| profile.and_then(|profile| profile.ca_file.clone()));
        let own = own.filter(|path| path.is_absolute());
        let file = own.map_or_else(|| "/path/to/ca.pem".to_owned(), |path| crate::quote::word(&path));
        return findings.bad(
            Kind::Unreachable,
            format!("git does not believe the server's certificate: {shown}"),
            format!(
                "name the certificate of the company's CA, in PEM, to git too: \
                 git config --global http.{origin}.sslCAInfo {file}"
            ),
        );
    }
    if is_out_of_reach(line) {
        return findings.bad(
            Kind::Unreachable,
            format!("git does not reach the server: {shown}"),
            format!(
                "look at the address, the network, and what git has for it: git config --get-urlmatch http {origin}"
            ),
        );
    }
    findings.bad(
        Kind::Refused,
        format!("the server does not take it: {shown}"),
        format!(
            "ask whoever runs it whether it takes Adobe IMS access tokens {form}, and whether this account may read there"
        ),
    );
}

/// Whether the server asked for Basic and for nothing else, by the headers in git's trace.
fn offers_basic_alone(trace: &str) -> bool {
    let headers = trace.lines().filter_map(|line| line.split_once("<= Recv header: ")?.1.split_once(':'));
    let challenges = headers.filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    let mut challenges = challenges.map(|(_, value)| value.to_ascii_lowercase()).peekable();
    challenges.peek().is_some()
        && challenges.all(|value| value.trim_start().starts_with("basic") && !value.contains("bearer"))
}

/// In the words of libcurl with OpenSSL, GnuTLS, Schannel and Secure Transport; git tells no more than a line.
fn is_about_certificates(line: &str) -> bool {
    let line = line.to_lowercase();
    ["certificate", "schannel", "ssl_error_syscall"].iter().any(|word| line.contains(word))
}

/// Whether no answer came: these are git's words in `LC_ALL=C`, with curl's behind them, or the status where there was one.
fn is_out_of_reach(line: &str) -> bool {
    line.starts_with("fatal: unable to access ") && !line.contains("The requested URL returned error: ")
}

/// The git that was found, and the address.
struct Git<'a> {
    program: std::path::PathBuf,
    url: &'a str,
}

impl Git<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // It asks nobody, and waits for no silent server.
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS", "")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    fn version(&self) -> Option<String> {
        let output = self.command().arg("version").output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .map(|word| word.chars().take(30).collect())
    }

    /// What is configured for the address; `None` where nothing is.
    fn config(&self, arguments: &[&str]) -> Option<String> {
        let output = self.command().arg("config").args(arguments).arg(self.url).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Every helper for the address, in order; `--get-urlmatch` gives the last alone.
    fn helpers(&self) -> Vec<String> {
        let listed = self.command().args(["config", "--null", "--get-regexp", r"^credential\.(.*\.)?helper$"]).output();
        let Ok(listed) = listed else { return Vec::new() };
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let entries = listed.split('\0').filter_map(|entry| entry.split_once('\n'));
        let is_for_us = |key: &str| {
            let scope = key.strip_prefix("credential.").and_then(|rest| rest.strip_suffix(".helper"));
            scope.is_none_or(|scope| covers(scope, self.url))
        };
        entries.filter(|(key, _)| is_for_us(key)).map(|(_, value)| value.to_owned()).collect()
    }

    fn post_buffer(&self) -> u64 {
        let value = self.config(&["--type=int", "--get-urlmatch", "http.postBuffer"]);
        value.and_then(|value| value.trim().parse().ok()).unwrap_or(DEFAULT_POST_BUFFER)
    }

    fn fill(&self) -> Option<Output> {
        use std::io::Write;
        let mut child = self
            .command()
            .args(["credential", "fill"])
            .env("AEP_LOG", "debug")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        // One that does not read ends without an answer.
        let _ = child.stdin.take()?.write_all(format!("url={}\ncapability[]=authtype\n\n", self.url).as_bytes());
        child.wait_with_output().ok()
    }

    fn list(&self) -> Option<Output> {
        let patience = ["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=10"];
        // The trace holds the challenge; credentials in it are hidden, and none of it is shown.
        let trace = [("GIT_TRACE_CURL", "1"), ("GIT_TRACE_CURL_NO_DATA", "1"), ("GIT_TRACE_REDACT", "1")];
        self.command().envs(trace).args(patience).args(["ls-remote", "--heads", "--", self.url]).output().ok()
    }
}

/// Scheme and place of an address without user and password.
fn place(url: &str) -> Option<(Scheme, Authority)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return None,
    };
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let authority = Authority::parse(rest.split(['/', '?', '#']).next()?, scheme.default_port())?;
    (is_plain && (scheme == Scheme::Https || authority.is_loopback())).then_some((scheme, authority))
}

fn origin(scheme: Scheme, authority: &Authority) -> String {
    let (name, default) = match scheme {
        Scheme::Https => ("https", 443),
        Scheme::Http => ("http", 80),
    };
    match authority.port {
        port if port == default => format!("{name}://{}", authority.host),
        port => format!("{name}://{}:{port}", authority.host),
    }
}

/// Whether a section's address covers one: the same place, and a path above it.
fn covers(scope: &str, url: &str) -> bool {
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    let path =
        |text: &str| text.split_once("://").and_then(|(_, rest)| rest.split_once('/').map(|(_, path)| bare(path)));
    let (Some(own), Some(asked)) = (place(scope), place(url)) else { return false };
    let scope = path(scope).unwrap_or_default();
    let asked_path = path(url).unwrap_or_default();
    own == asked && (scope.is_empty() || asked_path == scope || asked_path.starts_with(&format!("{scope}/")))
}

/// A helper as it is configured, without what a snippet of the shell may hold.
fn shown(helper: &str) -> String {
    let word = helper.split_whitespace().next().unwrap_or_default();
    if helper.starts_with('!') { "a shell snippet".to_owned() } else { terminal::clean_within(word, 100) }
}

fn numbers(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Mended in git 2.54.
fn cannot_push(version: (u32, u32)) -> bool {
    ((2, 46)..(2, 54)).contains(&version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_that_cannot_push() {
        for (version, is_so) in
            [("2.39.5", false), ("2.46.0", true), ("2.53.1", true), ("2.54.0", false), ("3.0", false)]
        {
            assert_eq!(cannot_push(numbers(version)), is_so, "{version}");
        }
    }

    #[test]
    fn no_answer_is_told_from_a_refusal() {
        for (line, is_so) in [
            ("fatal: unable to access 'https://h/': Could not resolve host: h", true),
            ("fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none", true),
            ("fatal: unable to access 'https://h/': The requested URL returned error: 403", false),
            ("fatal: Authentication failed for 'https://h/'", false),
            ("fatal: repository 'https://h/' not found", false),
        ] {
            assert_eq!(is_out_of_reach(line), is_so, "{line}");
        }
    }

    #[test]
    fn what_a_server_offers() {
        let trace = |challenges: &[&str]| {
            let line =
                |challenge: &&str| format!("15:27:42.188404 http.c:872              <= Recv header: {challenge}\n");
            challenges.iter().map(line).collect::<String>()
        };
        for (challenges, is_basic) in [
            ([].as_slice(), false),
            (&["WWW-Authenticate: Basic realm=\"x\"", "Date: y"], true),
            (&["www-authenticate: basic"], true),
            (&["WWW-Authenticate: Bearer"], false),
            (&["WWW-Authenticate: Basic", "WWW-Authenticate: Bearer"], false),
            (&["WWW-Authenticate: Basic realm=\"x\", Bearer realm=\"x\""], false),
        ] {
            assert_eq!(offers_basic_alone(&trace(challenges)), is_basic, "{challenges:?}");
        }
    }

    #[test]
    fn addresses() {
        for url in ["https://git.corp.example/a.git", "https://h:8443", "http://127.0.0.1:8080/x"] {
            assert!(place(url).is_some(), "{url}");
        }
        for url in ["", "git@h:x", "ssh://h/x", "http://h/x", "https://", "https://u:p@h/x", "https://h/\nhost=evil"] {
            assert!(place(url).is_none(), "{url}");
        }
    }

    #[test]
    fn a_section_covers_its_place_and_what_is_below() {
        for (scope, url, is_so) in [
            ("https://h", "https://h/a.git", true),
            ("https://h/", "https://h:443/a.git", true),
            ("https://h/team", "https://h/team/a.git", true),
            ("https://h/team", "https://h/teams/a.git", false),
            ("https://h:8443", "https://h/a.git", false),
            ("http://127.0.0.1:80", "https://127.0.0.1:80", false),
        ] {
            assert_eq!(covers(scope, url), is_so, "{scope} {url}");
        }
    }
}
