//! What every story needs: the real binaries, a throw-away home, and an emulator.
//!
//! A process starts with no variables but those of its story (and those that the system itself needs), so that nothing of
//! the machine leaks in.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, clippy::panic, reason = "tests take the machine as it is")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use ims_emulator::Emulator;

pub mod git;
#[cfg(target_os = "linux")]
pub mod keyring;
pub mod kubernetes;
pub mod pages;
#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod pty;
#[cfg(unix)]
pub mod redis;
#[cfg(unix)]
pub mod terminal;

/// A command that prints its variables, each on a line.
pub const ENV: [&str; 3] = if cfg!(windows) { ["cmd", "/c", "set"] } else { ["sh", "-c", "env"] };

/// The path of one of the workspace's binaries, built now if need be.
pub fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder =
        FOLDER.get_or_init(|| xtask::build_programs(&["--workspace", "--bins", "--exclude", "xtask"]).unwrap());
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The command that is no product: `cargo xtask`.
pub fn xtask() -> PathBuf {
    xtask::build_programs(&["--package", "xtask"]).unwrap().join(format!("xtask{}", std::env::consts::EXE_SUFFIX))
}

/// The workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A home, an emulator, and the variables of a story.
pub struct World {
    /// The emulator.
    pub emulator: Emulator,
    /// The home; everything that is written is below it.
    pub home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl World {
    /// A home without anything, and no identity.
    pub fn empty() -> Self {
        Self::at(Emulator::plain().unwrap())
    }

    /// The known OAuth client, by the environment.
    pub fn oauth() -> Self {
        Self::oauth_at(Emulator::plain().unwrap())
    }

    /// The known service account, by the environment.
    pub fn jwt() -> Self {
        let mut world = Self::empty();
        let key = world.write("private.key", ims_emulator::private_key_pem());
        for (name, value) in ims_emulator::service_account_environment(&world.emulator.url(), key.to_str().unwrap()) {
            world.set(name, &value);
        }
        world
    }

    /// The known OAuth client over TLS.
    pub fn tls() -> Self {
        Self::oauth_at(Emulator::tls().unwrap())
    }

    /// The known OAuth client at an emulator that was started in another way.
    pub fn oauth_at(emulator: Emulator) -> Self {
        let mut world = Self::at(emulator);
        for (name, value) in world.emulator.environment() {
            world.set(name, &value);
        }
        if let Some(pem) = world.emulator.ca_pem().map(str::to_owned) {
            let ca = world.write("ca.pem", &pem);
            world.set("AEP_CA_FILE", ca.to_str().unwrap());
        }
        world
    }

    fn at(emulator: Emulator) -> Self {
        Self { emulator, home: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Sets a variable of the story.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.unset(name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Unsets a variable of the story.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.retain(|(own, _)| own != name);
        self
    }

    /// The value of a variable of the story.
    pub fn variable(&self, name: &str) -> &str {
        &self.variables.iter().find(|(own, _)| own == name).unwrap().1
    }

    /// Points stored profiles at the emulator as well.
    pub fn import(&self, file: &str, arguments: &[&str]) -> Output {
        let url = self.emulator.url();
        let mut all = vec!["import", file, "--ims-url", &url, "--platform-url", &url];
        all.extend(arguments);
        self.run("aep-auth", &all)
    }

    /// A path below the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file below the home.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// What the private store holds of a profile: `client-secret`, `private-key` and so on.
    pub fn stored(&self, profile: &str, kind: &str) -> PathBuf {
        let start = format!("{profile}@{kind}.");
        let found = files_in(&self.path("data/secrets"))
            .into_iter()
            .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&start));
        found.expect("a stored secret of this kind")
    }

    /// The folder of the cache.
    pub fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// The one entry of the cache.
    pub fn entry(&self) -> PathBuf {
        let mut entries =
            files_in(&self.cache()).into_iter().filter(|path| path.extension() == Some(OsStr::new("json")));
        let entry = entries.next().expect("no entry");
        assert!(entries.next().is_none(), "more than one entry");
        entry
    }

    /// A command with the story's variables and no other.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(binary(program));
        self.prepare(&mut command);
        command
    }

    /// Gives a command the story's variables and no other; `PATH` begins with our binaries.
    pub fn prepare(&self, command: &mut Command) {
        let ours = binary("aep-auth").parent().unwrap().to_owned();
        let theirs = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&theirs))).unwrap();
        command
            .env_clear()
            .envs(xtask::system_variables())
            .env("PATH", path)
            .env("HOME", self.home.path())
            .envs(cfg!(windows).then(|| ("USERPROFILE", self.home.path())))
            .env("AEP_CONFIG_DIR", self.path("config"))
            .env("AEP_DATA_DIR", self.path("data"))
            .env("AEP_CACHE_DIR", self.cache())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::null());
    }

    /// Runs a program to its end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// Runs a program with this standard input.
    pub fn run_with_input(&self, program: &str, arguments: &[&str], input: &[u8]) -> Output {
        use std::io::Write;
        let mut child = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    /// Runs a line as a person would type it: in `sh`, and on Windows in the command prompt.
    pub fn type_line(&self, line: &str) -> Output {
        let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
        self.prepare(&mut shell);
        #[cfg(windows)]
        std::os::windows::process::CommandExt::raw_arg(&mut shell, format!("/d /c {line}"));
        #[cfg(not(windows))]
        shell.args(["-c", line]);
        shell.output().unwrap()
    }

    /// Standard input for a command of another program.
    pub fn input(&self, text: &str) -> Stdio {
        use std::io::{Seek, Write};
        let mut file = tempfile::tempfile_in(self.home.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        file.into()
    }

    /// Runs `aep-auth token` and gives the token; anything on standard error is a fault.
    pub fn token(&self) -> String {
        let output = self.run("aep-auth", &["token"]);
        assert_clean(&output);
        text(&output.stdout).trim_end().to_owned()
    }

    /// Makes what a note of answers in the cache remembers older by so many seconds, in place of waiting for them.
    pub fn age_answers(&self, note: &str, seconds: i64) {
        let path = self.cache().join(note);
        let note = std::fs::read_to_string(&path).unwrap();
        let rows = note.lines().map(|row| {
            let words: Vec<&str> = row.split_whitespace().collect();
            let [caller, token, answered_at, rest @ ..] = words.as_slice() else { return format!("{row}\n") };
            format!("{caller} {token} {} {}\n", answered_at.parse::<i64>().unwrap() - seconds, rest.join(" "))
        });
        std::fs::write(&path, rows.collect::<String>()).unwrap();
    }

    /// Starts `count` processes at once, then waits for all.
    pub fn crowd(&self, count: usize, program: &str, arguments: &[&str]) -> Vec<Output> {
        let start =
            || self.command(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let children: Vec<Child> = (0..count).map(|_| start()).collect();
        children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
    }
}

/// The files of a folder, in order; none if it is missing.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(items) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = items.map(|item| item.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Success, and nothing on standard error.
pub fn assert_clean(output: &Output) {
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success(), "{}", output.status);
}

/// This exit code, nothing on standard output, one `error:` line; gives standard error.
pub fn assert_refused(output: &Output, code: i32) -> String {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(told.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{told}");
    told
}

/// Whether a program of this name is on the path; says visibly that a test is skipped where it is not.
///
/// With `AEP_TEST_CLIENTS=required`, as the gate sets it, an absent program fails the test instead.
pub fn has(program: &str) -> bool {
    let found = is_on_path(program);
    if !found {
        skip(&format!("there is no `{program}` on the path"));
    }
    found
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH");
    path.is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Whether a program is on the path that takes long to build, so that `.ci/clients` brings it and `.ci/run` does not.
///
/// With `AEP_TEST_CLIENTS=further`, as that script sets it, an absent program fails the test; else it is told, visibly.
pub fn has_further(program: &str) -> bool {
    let found = is_on_path(program);
    if !found {
        let why = format!("there is no `{program}` on the path; .ci/clients brings it");
        assert!(std::env::var_os("AEP_TEST_CLIENTS").is_none_or(|value| value != "further"), "{why}");
        not_here(&why);
    }
    found
}

/// A program among the JavaScript tools; says visibly that a test is skipped where they are not installed.
pub fn node_module(path: &str) -> Option<PathBuf> {
    let program = root().join("tests/postman/node_modules").join(path);
    if program.is_file() {
        return Some(program);
    }
    skip(&format!("{path} is not installed: npm ci --prefix tests/postman"));
    None
}

/// Says visibly that a story cannot be told on this machine, by no fault of it: another user, a newer client.
pub fn not_here(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Says visibly why a test is skipped; fails it where nothing may be skipped.
pub fn skip(why: &str) {
    use std::io::Write;
    assert!(
        std::env::var_os("AEP_TEST_CLIENTS").is_none_or(|value| value != "required" && value != "further"),
        "{why}"
    );
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Waits, as long as a hung test would be let run, until something is so.
pub fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "it did not come about");
        std::thread::yield_now();
    }
}
