//! A secret that a command prints: `{ command = ["op", "read", "…"] }`.
//!
//! The command runs without a shell, without standard input and without any secret of ours; its standard error stays the
//! user's, so that it can ask for a touch or tell its own fault. It has 64 KiB and a limited time, longer where there is
//! someone to ask, and nothing that it started outlives it. A program that others could have put there is not run.
//! Nothing here shows an argument or an output.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use super::Secret;
use crate::environment::SECRET_VARIABLES;
use crate::error::Cause;
use crate::platform::{self, OutputError};
use crate::program::{self, NotFound};
use crate::{Clock, Environment, Error, text};

/// The most that a command may print.
const MOST_BYTES: usize = 64 * 1024;
/// How long a command may take where someone may have to answer it.
const TIME_TO_ASK: Duration = Duration::from_secs(60);
/// How long a command may take where nobody is there.
const TIME_ALONE: Duration = Duration::from_secs(10);

/// What a command is given, and what is kept from it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The variables of this process: where to look for a program, and whether there is a display.
    pub environment: &'a Environment,
    /// Whether standard error is a terminal.
    pub is_terminal: bool,
    /// The folder where relative paths start: the profile's.
    pub folder: &'a Path,
    /// Variables that the profile's own references name, kept from the command beside [`SECRET_VARIABLES`].
    pub withheld: &'a [String],
    /// The stop-watch.
    pub clock: &'a dyn Clock,
}

/// How long a command may take here: 60 seconds where a person can be asked, on a terminal or a display, else 10.
pub fn time_limit(environment: &Environment, is_terminal: bool) -> Duration {
    if is_terminal || has_display(environment) { TIME_TO_ASK } else { TIME_ALONE }
}

/// Runs a command and gives all that it printed, as text.
///
/// # Errors
/// [`Failure`], which names the command by its first word alone.
pub fn run(command: &[String], surroundings: &Surroundings<'_>) -> Result<Secret, Failure> {
    let Some((first, arguments)) = command.split_first() else {
        return Err(Failure { program: String::new(), reason: Reason::Empty });
    };
    let failed = |reason| Failure { program: program::shown(first).to_owned(), reason };
    let program = find(first, surroundings).map_err(failed)?;
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut prepared, first);
    for variable in SECRET_VARIABLES.into_iter().chain(surroundings.withheld.iter().map(String::as_str)) {
        prepared.env_remove(variable);
    }
    let limit = time_limit(surroundings.environment, surroundings.is_terminal);
    let (mut bytes, status) =
        platform::output(&mut prepared, MOST_BYTES, limit, surroundings.clock).map_err(|error| match error {
            OutputError::Start(error) => failed(Reason::NotStarted(error)),
            OutputError::Read(error) => failed(Reason::Unreadable(error)),
            OutputError::TooLong => failed(Reason::TimeLimit(limit)),
            OutputError::TooLarge => failed(Reason::TooLarge),
            #[cfg(unix)]
            OutputError::Interrupted => failed(Reason::Interrupted),
        })?;
    if !status.success() {
        return Err(failed(Reason::Ended(status)));
    }
    match text::decode(std::mem::take(&mut *bytes)).map(Secret::new) {
        Some(secret) if secret.expose().trim().is_empty() => Err(failed(Reason::Silent)),
        Some(secret) => Ok(secret),
        None => Err(failed(Reason::NotText)),
    }
}

/// Why a command gave no secret.
#[derive(Debug)]
pub struct Failure {
    /// The command's first word, as far as it may be shown.
    pub program: String,
    /// What was wrong.
    pub reason: Reason,
}

/// What was wrong with a command.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// There is no first word.
    Empty,
    /// There is no such program; it may be where the `PATH` at hand does not lead.
    NotFound {
        /// Where it is, if it is in one of the usual places.
        elsewhere: Option<PathBuf>,
    },
    /// There is a file, but none that can be run.
    NotExecutable(PathBuf),
    /// Others could have put the program there, or changed it.
    Untrusted {
        /// The program.
        path: PathBuf,
        /// What others can do.
        why: String,
    },
    /// The system would not start it.
    NotStarted(std::io::Error),
    /// Its output could not be read.
    Unreadable(std::io::Error),
    /// It ended without success.
    Ended(ExitStatus),
    /// It was ended after this time.
    TimeLimit(Duration),
    /// It was ended after 64 KiB.
    TooLarge,
    /// It printed nothing.
    Silent,
    /// It printed something else than text in UTF-8 or UTF-16.
    NotText,
    /// This process was told to end.
    Interrupted,
}

impl Failure {
    /// As an error about the secret that was wanted: `what` is its name.
    pub fn into_error(self, what: &str) -> Error {
        if let Reason::NotStarted(error) | Reason::Unreadable(error) = &self.reason
            && let Some(cure) = program::cure_of_shortage(error)
        {
            // Of this process alone: those who wait for its answer may have what it lacks.
            let told = format!("the command `{}` gave no {what}: {}", self.program, self.reason);
            return Error::storage(told).with_cause(Cause::Io(error.kind())).with_hint(cure);
        }
        self.describe(what).with_cause(Cause::SecretSource)
    }

    fn describe(self, what: &str) -> Error {
        if matches!(self.reason, Reason::Empty) {
            return Error::configuration(format!("the command for the {what} is empty"))
                .with_hint("command = [\"PROGRAM\", \"ARGUMENT\", …]");
        }
        let (program, reason) = (&self.program, &self.reason);
        let error = Error::configuration(format!("the command `{program}` gave no {what}: {reason}"));
        match reason {
            Reason::NotFound { elsewhere: Some(path) } => {
                // In TOML a backslash means itself between such quotes alone.
                let quote = if path.to_string_lossy().contains('\\') { '\'' } else { '"' };
                error.with_hint(format!("use its absolute path: command = [{quote}{}{quote}, …]", path.display()))
            }
            Reason::NotFound { elsewhere: None } if program == NOT_SHOWN => {
                error.with_hint("the first word of `command` is a program; the words after it are its arguments")
            }
            Reason::NotFound { elsewhere: None } => {
                error.with_hint(format!("install {program}, or use its absolute path in `command`"))
            }
            Reason::NotExecutable(path) if cfg!(unix) && path.is_file() => {
                error.with_hint(format!("chmod u+x {}", path.display()))
            }
            Reason::TimeLimit(limit) if *limit == TIME_ALONE => {
                error.with_hint("where it has to ask, run this once on a terminal")
            }
            _ => error,
        }
    }
}

const NOT_SHOWN: &str = "(not shown)";

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::NotFound { .. } => f.write_str("there is no such program"),
            Self::NotExecutable(path) => write!(f, "{} is no program that you can run", path.display()),
            Self::Untrusted { path, why } => write!(f, "{} is not run: {why}", path.display()),
            Self::NotStarted(error) => write!(f, "it could not be started: {}", program::in_words(error)),
            Self::Unreadable(error) => write!(f, "its output could not be read: {}", program::in_words(error)),
            Self::Ended(status) => how_it_ended(*status, f),
            Self::TimeLimit(limit) => write!(f, "it took longer than {} seconds and was ended", limit.as_secs()),
            Self::TooLarge => f.write_str("it printed more than 64 KiB"),
            Self::Silent => f.write_str("it printed nothing"),
            Self::NotText => f.write_str("it printed something else than text in UTF-8 or UTF-16"),
            Self::Interrupted => f.write_str("it was interrupted"),
        }
    }
}

fn how_it_ended(status: ExitStatus, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal_hook::low_level::signal_name(signal) {
            Some(name) => write!(f, "it was ended by signal {signal} ({name})"),
            None => write!(f, "it was ended by signal {signal}"),
        };
    }
    match status.code() {
        Some(code) => write!(f, "it ended with exit code {code}"),
        None => f.write_str("it ended without an exit code"),
    }
}

fn has_display(environment: &Environment) -> bool {
    let has = |names: [&str; 2]| names.iter().any(|name| environment.has(name));
    if cfg!(any(windows, target_os = "macos")) {
        // The system is one display, but for who is not sitting in front of it.
        !has(["SSH_CONNECTION", "SSH_TTY"])
    } else {
        has(["DISPLAY", "WAYLAND_DISPLAY"])
    }
}

fn find(first: &str, surroundings: &Surroundings<'_>) -> Result<PathBuf, Reason> {
    let environment = surroundings.environment;
    let extensions = program::path_extensions(environment);
    let is_path = first.contains(std::path::is_separator);
    let name = match (first.strip_prefix("~/"), home(environment)) {
        (Some(rest), Some(home)) => home.join(rest),
        // An absolute path stays what it is.
        _ if is_path => surroundings.folder.join(first),
        _ => PathBuf::from(first),
    };
    let look_in = |path: Option<&OsStr>| program::find_program(name.as_os_str(), path, extensions.as_deref());
    let path = look_in(environment.raw("PATH").as_deref()).map_err(|error| match error {
        NotFound::NotExecutable(path) => Reason::NotExecutable(path),
        NotFound::Absent if is_path => Reason::NotFound { elsewhere: None },
        NotFound::Absent => Reason::NotFound { elsewhere: look_in(usual_places(environment).as_deref()).ok() },
    })?;
    match program::check_trusted(&path) {
        Ok(()) => Ok(path),
        Err(why) => Err(Reason::Untrusted { path, why }),
    }
}

fn home(environment: &Environment) -> Option<PathBuf> {
    environment.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

/// Where programs are that a desktop's short `PATH` does not lead to.
fn usual_places(environment: &Environment) -> Option<std::ffi::OsString> {
    let system: &[&str] = if cfg!(windows) {
        &[]
    } else {
        &[
            "/usr/local/bin",
            "/opt/homebrew/bin",
            "/home/linuxbrew/.linuxbrew/bin",
            "/snap/bin",
            "/opt/local/bin",
            "/usr/bin",
        ]
    };
    let own: &[&str] = if cfg!(windows) {
        &[r"AppData\Local\Microsoft\WinGet\Links", r"scoop\shims"]
    } else {
        &[".local/bin", "bin", ".cargo/bin", ".nix-profile/bin"]
    };
    let home = home(environment);
    let own = own.iter().filter_map(|folder| Some(home.as_ref()?.join(folder)));
    std::env::join_paths(system.iter().map(PathBuf::from).chain(own)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_longer_where_someone_can_be_asked() {
        let limit = |pairs: &[(&str, &str)], is_terminal| {
            time_limit(&Environment::from_pairs(pairs.iter().copied()), is_terminal).as_secs()
        };
        assert_eq!(limit(&[], true), 60);
        if cfg!(any(windows, target_os = "macos")) {
            assert_eq!(limit(&[], false), 60);
            assert_eq!(limit(&[("SSH_CONNECTION", "x")], false), 10);
        } else {
            assert_eq!(limit(&[], false), 10);
            assert_eq!(limit(&[("DISPLAY", ""), ("TERM", "xterm")], false), 10);
            assert_eq!(limit(&[("DISPLAY", ":0")], false), 60);
            assert_eq!(limit(&[("WAYLAND_DISPLAY", "wayland-0")], false), 60);
        }
    }

    #[test]
    fn a_cure_fits_where_the_command_ran_and_repeats_no_secret() {
        let hint = |program: &str, reason| {
            let error = Failure { program: program.to_owned(), reason }.into_error("client secret");
            error.hint().map(str::to_owned)
        };
        assert_eq!(
            hint("op", Reason::NotFound { elsewhere: None }).as_deref(),
            Some("install op, or use its absolute path in `command`")
        );
        for (path, expected) in
            [("/opt/x/op", r#"["/opt/x/op", …]"#), (r"C:\Users\a\op.exe", r"['C:\Users\a\op.exe', …]")]
        {
            let hint = hint("op", Reason::NotFound { elsewhere: Some(path.into()) }).unwrap();
            assert_eq!(hint, format!("use its absolute path: command = {expected}"));
        }
        assert_eq!(
            hint(NOT_SHOWN, Reason::NotFound { elsewhere: None }).as_deref(),
            Some("the first word of `command` is a program; the words after it are its arguments")
        );
        assert!(hint("op", Reason::TimeLimit(TIME_ALONE)).unwrap().contains("run this once on a terminal"));
        assert_eq!(hint("op", Reason::TimeLimit(TIME_TO_ASK)), None, "it was on one");
    }

    #[cfg(unix)]
    mod on_unix {
        use super::super::*;
        use crate::clock::SystemClock;

        /// Stands still until there is such a file, and then is past every limit; the first look is always the start.
        struct Until(PathBuf, std::cell::Cell<bool>);

        impl Clock for Until {
            fn unix_millis(&self) -> i64 {
                0
            }

            fn monotonic(&self) -> Duration {
                let is_there = self.1.replace(true) && std::fs::read(&self.0).is_ok_and(|content| !content.is_empty());
                Duration::from_secs(if is_there { 1000 } else { 0 })
            }

            fn sleep(&self, _: Duration) {}
        }

        struct Given {
            environment: Environment,
            withheld: Vec<String>,
            folder: tempfile::TempDir,
            clock: Box<dyn Clock>,
        }

        impl Given {
            fn new() -> Self {
                let folder = tempfile::tempdir().unwrap();
                let path = format!("/usr/bin:/bin:{}", folder.path().join("path").display());
                let environment =
                    Environment::from_pairs([("PATH", path), ("HOME", folder.path().display().to_string())]);
                Self { environment, withheld: Vec::new(), folder, clock: Box::new(SystemClock::start()) }
            }

            fn write(&self, name: &str, mode: u32) -> PathBuf {
                use std::os::unix::fs::PermissionsExt;
                let path = self.folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, "").unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
                path
            }

            /// A link to a program that is there: what was just written cannot be run while other tests fork.
            fn link(&self, name: &str) {
                let path = self.folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::os::unix::fs::symlink("/bin/echo", path).unwrap();
            }

            fn run(&self, command: &[&str]) -> Result<Secret, Failure> {
                let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
                run(
                    &command,
                    &Surroundings {
                        environment: &self.environment,
                        is_terminal: false,
                        folder: self.folder.path(),
                        withheld: &self.withheld,
                        clock: &*self.clock,
                    },
                )
            }

            fn printed(&self, command: &[&str]) -> String {
                self.run(command).unwrap().expose().to_owned()
            }

            fn told(&self, command: &[&str]) -> String {
                let error = self.run(command).unwrap_err().into_error("client secret");
                format!("{}\n{}", error.message(), error.hint().unwrap_or_default())
            }
        }

        #[test]
        fn the_whole_output_is_given_and_no_shell_is_asked() {
            let given = Given::new();
            assert_eq!(given.printed(&["printf", "%s\\n", "$HOME", "a b"]), "$HOME\na b\n");
            assert_eq!(given.printed(&["printf", "\\357\\273\\277x"]), "x");
        }

        #[test]
        fn standard_input_is_empty() {
            assert_eq!(Given::new().printed(&["sh", "-c", "cat; echo end"]), "end\n");
        }

        #[test]
        fn it_is_found_by_path_from_the_folder_and_from_the_home() {
            let given = Given::new();
            given.link("path/get");
            for first in ["get", "./path/get", "path/get", "~/path/get"] {
                assert_eq!(given.printed(&[first, "it ran"]), "it ran\n", "{first}");
            }
            for first in ["./get", "~/get", "none"] {
                assert!(matches!(given.run(&[first]).unwrap_err().reason, Reason::NotFound { .. }), "{first}");
            }
            // The package's own folder is where this test runs.
            assert!(matches!(given.run(&["./Cargo.toml"]).unwrap_err().reason, Reason::NotFound { .. }));
        }

        #[test]
        fn one_that_is_elsewhere_is_named_with_its_path() {
            let given = Given::new();
            let path = given.write(".local/bin/aep-op-for-this-test", 0o755);
            // Its name is too long to be shown, but what is in a usual place is a program.
            let told = given.told(&["aep-op-for-this-test", "read"]);
            let hint = format!("use its absolute path: command = [\"{}\", …]", path.display());
            assert_eq!(
                told,
                format!("the command `(not shown)` gave no client secret: there is no such program\n{hint}")
            );
            let told = given.told(&["no-such-op"]);
            assert!(told.ends_with("install no-such-op, or use its absolute path in `command`"), "{told}");
        }

        #[test]
        fn one_that_others_can_write_is_not_run() {
            let given = Given::new();
            let path = given.write("path/get", 0o757);
            let told = given.told(&["get"]);
            assert!(told.contains(&format!("{} is not run: others can write to it", path.display())), "{told}");
            given.write("path/get", 0o644);
            assert!(given.told(&["get"]).contains("is no program that you can run\nchmod u+x "));
        }

        #[test]
        fn it_gets_none_of_our_secrets_and_everything_else() {
            // What the process has is what it is given, so that names of this very process serve.
            let given = Given { withheld: vec!["CARGO_PKG_NAME".to_owned()], ..Given::new() };
            let printed = given.printed(&["env"]);
            assert!(!printed.contains("CARGO_PKG_NAME=") && printed.contains("CARGO_PKG_VERSION="));
        }

        #[test]
        fn how_it_ended_is_told_and_nothing_that_it_printed() {
            let given = Given::new();
            for (script, reason) in [
                ("echo marker; exit 7", "it ended with exit code 7"),
                ("echo marker; kill -KILL $$", "it was ended by signal 9 (SIGKILL)"),
                ("printf '\\377marker'", "it printed something else than text in UTF-8 or UTF-16"),
                ("echo", "it printed nothing"),
                ("head -c 65537 /dev/zero", "it printed more than 64 KiB"),
                ("cat /dev/zero", "it printed more than 64 KiB"),
            ] {
                let told = given.told(&["sh", "-c", script, "marker"]);
                assert_eq!(told, format!("the command `sh` gave no client secret: {reason}\n"), "{script}");
            }
            assert!(given.told(&[]).starts_with("the command for the client secret is empty\n"));
        }

        #[test]
        fn just_64_kib_are_taken() {
            assert_eq!(Given::new().printed(&["sh", "-c", "head -c 65536 /dev/zero | tr '\\0' x"]).len(), 65536);
        }

        /// Whether a process that wrote its number into this file is gone.
        fn is_gone(file: &Path) -> bool {
            let number = std::fs::read_to_string(file).unwrap();
            let pid = rustix::process::Pid::from_raw(number.trim().parse().unwrap()).unwrap();
            rustix::process::test_kill_process(pid).is_err() || {
                // Killed, and waiting for whoever reaps orphans here.
                let stat = std::fs::read_to_string(format!("/proc/{}/stat", number.trim())).unwrap_or_default();
                stat.contains(") Z ") || stat.is_empty()
            }
        }

        fn wait_until_gone(file: &Path) {
            let start = std::time::Instant::now();
            while !is_gone(file) {
                assert!(start.elapsed() < Duration::from_secs(20), "it lives on");
                std::thread::yield_now();
            }
        }

        #[test]
        fn at_the_limit_all_that_it_started_is_ended() {
            for script in [
                "sleep 1000 & echo $! > \"$0\"; wait",
                "trap '' TERM; sleep 1000 & echo $! > \"$0\"; wait",
                "exec >&-; sleep 1000 & echo $! > \"$0\"; wait",
                "sleep 1000 & echo $! > \"$0\"; kill -STOP $! $$",
            ] {
                let mut given = Given::new();
                let file = given.folder.path().join("pid");
                given.clock = Box::new(Until(file.clone(), std::cell::Cell::default()));
                let told = given.told(&["sh", "-c", script, file.to_str().unwrap()]);
                let expected =
                    "it took longer than 10 seconds and was ended\nwhere it has to ask, run this once on a terminal";
                assert!(told.ends_with(expected), "{script}: {told}");
                wait_until_gone(&file);
            }
        }

        #[test]
        fn what_lives_on_is_ended_and_does_not_hold_us_up() {
            let given = Given::new();
            for ignoring in ["", "trap '' TERM;"] {
                let file = given.folder.path().join("pid");
                // It keeps standard output open, as a careless daemon does.
                let script = format!("{ignoring} sleep 1000 & echo $! > \"$0\"; echo secret");
                assert_eq!(given.printed(&["sh", "-c", &script, file.to_str().unwrap()]), "secret\n");
                wait_until_gone(&file);
            }
        }

        #[test]
        fn an_early_end_of_output_is_not_the_end() {
            let script = "echo secret; exec >&-; i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; exit 3";
            assert!(Given::new().told(&["sh", "-c", script]).contains("exit code 3"));
        }
    }
}
