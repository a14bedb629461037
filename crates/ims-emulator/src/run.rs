//! The program: it starts an emulator, writes the files that the Developer Console would give, prints the lines that point the
//! other programs at it, and clears away what it made once it is told to stop.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Shell};
use crate::{Emulator, Fault, Flow, Options, certificate_pem, private_key_pem, service_account_environment};

/// All that a run is given; it takes nothing else from the process.
pub struct Invocation<'a> {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// Where a relative `--dir` starts.
    pub current_folder: PathBuf,
    /// Where the folder for the files is made, without `--dir`.
    pub temporary_folder: PathBuf,
    /// Whether a Unix shell is around it, as `SHLVL` tells; asked on Windows alone.
    pub in_unix_shell: bool,
    /// The standard output.
    pub stdout: &'a mut dyn Write,
    /// The standard error.
    pub stderr: &'a mut dyn Write,
    /// Waits until the emulator is to stop.
    pub wait: &'a mut dyn FnMut(),
}

impl fmt::Debug for Invocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

/// Runs the program to its end; gives the exit code.
pub fn run(mut invocation: Invocation<'_>) -> u8 {
    let parse = |arguments: &[OsString]| Cli::try_parse_from(arguments).and_then(with_faults);
    let arguments = match parse(&invocation.arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // It repeats an argument, which may hold bytes that a terminal would obey, and an end of a line.
            let shown: Vec<OsString> = invocation.arguments.iter().map(|word| safe(word).into()).collect();
            return tell(&mut invocation, &parse(&shown).err().unwrap_or(error));
        }
    };
    match serve(&arguments, &mut invocation) {
        Ok(()) => 0,
        Err(failure) => {
            // There is nobody left to tell if this fails.
            let _ = write!(invocation.stderr, "{failure}");
            failure.code()
        }
    }
}

/// What clap has to say: help and version, or what is wrong with the command line.
fn tell(invocation: &mut Invocation<'_>, error: &clap::Error) -> u8 {
    let mut text = error.to_string();
    // A refusal repeats what was typed, and that may be a secret in the wrong window.
    for word in invocation.arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        let bare = word.trim_start_matches('-');
        if ["p8e-", "s8e-", "eyJ"].iter().any(|start| bare.starts_with(start)) {
            text = text.replace(bare, "(not shown)");
        }
    }
    let stream = if error.use_stderr() { &mut *invocation.stderr } else { &mut *invocation.stdout };
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    u8::try_from(error.exit_code()).unwrap_or(2)
}

/// Text with nothing in it that a terminal would take for a command, for an order of reading or for nothing.
fn safe(text: &std::ffi::OsStr) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.to_string_lossy().replace(is_unsafe, "\u{fffd}")
}

fn with_faults(cli: Cli) -> Result<(Cli, Vec<Fault>), clap::Error> {
    let wrong = |what: &str| Err(Cli::command().error(clap::error::ErrorKind::ValueValidation, what));
    // What is printed is pasted.
    if cli.dir.as_ref().is_some_and(|dir| safe(dir.as_os_str()) != dir.to_string_lossy()) {
        return wrong("--dir: the name holds characters that are not shown");
    }
    let faults: Result<Vec<Fault>, _> = cli.fault.iter().map(|fault| serde_json::from_str(fault)).collect();
    match faults {
        Ok(faults) => Ok((cli, faults)),
        Err(error) => wrong(&format!("--fault: {error}")),
    }
}

/// Why it cannot serve.
enum Failure {
    Port(u16, io::Error),
    Folder(PathBuf, io::Error),
    Output(io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Port(..) => 3,
            Self::Folder(..) | Self::Output(_) => 6,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port, error) => {
                writeln!(f, "error: cannot serve on port {port}: {}", reason(error))?;
                writeln!(f, "hint: leave `--port` out to take a free one")
            }
            Self::Folder(folder, error) => {
                writeln!(f, "error: cannot write to {}: {}", safe(folder.as_os_str()), reason(error))?;
                writeln!(f, "hint: name a folder of your own with `--dir`")
            }
            Self::Output(error) => writeln!(f, "error: cannot write to standard output: {}", reason(error)),
        }
    }
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => "another program serves there",
        ErrorKind::PermissionDenied => "this user is not permitted to",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "there is no room left",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "it is no folder",
        ErrorKind::NotFound => "there is no such folder",
        _ => "the system refuses it",
    }
}

fn serve((arguments, faults): &(Cli, Vec<Fault>), invocation: &mut Invocation<'_>) -> Result<(), Failure> {
    let emulator = Emulator::start(Options { port: arguments.port, tls: arguments.tls, ..Options::default() })
        .map_err(|error| Failure::Port(arguments.port, error))?;
    if let Some(seconds) = arguments.life {
        emulator.set_life(seconds.saturating_mul(1000));
    }
    faults.iter().for_each(|fault| emulator.fault(fault.clone()));
    let (folder, own) = match &arguments.dir {
        Some(folder) => (make_folder(&invocation.current_folder, folder)?, None),
        None => {
            let made = private_folder(&invocation.temporary_folder)
                .map_err(|error| Failure::Folder(invocation.temporary_folder.clone(), error))?;
            (made.path().to_owned(), Some(made))
        }
    };
    write_files(&emulator, &folder).map_err(|error| Failure::Folder(folder.clone(), error))?;
    let shell = arguments.shell.unwrap_or_else(|| Shell::usual(invocation.in_unix_shell));
    let text = introduction(&emulator, &folder, shell);
    let written = invocation.stdout.write_all(text.as_bytes()).and_then(|()| invocation.stdout.flush());
    match written {
        Ok(()) => (invocation.wait)(),
        // Who closed the pipe has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => return Err(Failure::Output(error)),
    }
    drop(emulator);
    // What cannot be removed (a file that is open on Windows) holds nothing that is secret.
    let _ = own.map(tempfile::TempDir::close);
    Ok(())
}

/// A new folder of a name that nobody can foresee, for this user alone; removed when dropped.
fn private_folder(temporary: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("ims-emulator-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(temporary)
}

/// The folder that was asked for, as an absolute path: what is printed is pasted elsewhere.
fn make_folder(current: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let folder = current.join(folder);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(&folder).and_then(|()| std::path::absolute(&folder));
    made.map_err(|error| Failure::Folder(folder, error))
}

fn introduction(emulator: &Emulator, folder: &Path, shell: Shell) -> String {
    let url = emulator.url();
    let file = |name: &str| folder.join(name).display().to_string();
    let note = shell.comment();
    let mut text = format!("{url}\n\n{note} OAuth Server-to-Server, without any file:\n");
    let ca = emulator.ca_pem().map(|_| ("AEP_CA_FILE", file("ca.pem")));
    for (name, value) in emulator.environment().into_iter().chain(ca) {
        text.push_str(&format!("{}\n", shell.assignment(name, &value)));
    }
    text.push_str(&format!("\n{note} or the service account (JWT), without any profile:\n"));
    for (name, value) in service_account_environment(&url, &file("private.key")) {
        text.push_str(&format!("{note} {}\n", shell.assignment(name, &value)));
    }
    let quoted = |name: &str| shell.quoted(&file(name));
    text.push_str(&format!(
        "\n{note} or a profile, from the files that the Developer Console would give:\n\
         {note}   aep-auth import {} --ims-url {url} --platform-url {url}\n\
         {note}   aep-auth import {} --private-key {} --profile service --ims-url {url} --platform-url {url}\n",
        quoted("credential-oauth.json"),
        quoted("credential-jwt.json"),
        quoted("private.key"),
    ));
    if emulator.ca_pem().is_some() {
        // Where the variable above is not set, as in another shell, a profile has to name the authority itself.
        for name in ["default", "service"] {
            let setting = shell.quoted(&format!("ca_file={}", file("ca.pem")));
            text.push_str(&format!("{note}   aep-auth profile set {name} {setting}\n"));
        }
    }
    text
}

/// Writes beside and renames: a link or an open file of the same name is replaced, not written through.
fn write_files(emulator: &Emulator, folder: &Path) -> io::Result<()> {
    let files = [
        ("credential-oauth.json", emulator.credential_file(Flow::Oauth)),
        ("credential-jwt.json", emulator.credential_file(Flow::Jwt)),
        ("credential-migrated.json", emulator.credential_file(Flow::Migrated)),
        ("project.json", emulator.project_file()),
        ("private.key", private_key_pem().to_owned()),
        ("certificate_pub.crt", certificate_pem().to_owned()),
        ("ca.pem", emulator.ca_pem().unwrap_or_default().to_owned()),
    ];
    for (name, content) in files.iter().filter(|(_, content)| !content.is_empty()) {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content.as_bytes())?;
        file.persist(folder.join(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs with these arguments; gives the exit code, both streams, and the files that were there while it served.
    fn run_in(folder: &Path, arguments: &[&str]) -> (u8, String, String, usize) {
        let (mut stdout, mut stderr, mut seen) = (Vec::new(), Vec::new(), 0);
        let temporary = folder.join("tmp");
        std::fs::create_dir_all(&temporary).unwrap();
        let count = || {
            std::fs::read_dir(&temporary)
                .unwrap()
                .flat_map(|item| std::fs::read_dir(item.unwrap().path()).unwrap())
                .count()
        };
        let code = run(Invocation {
            arguments: std::iter::once("ims-emulator").chain(arguments.iter().copied()).map(OsString::from).collect(),
            current_folder: folder.to_owned(),
            temporary_folder: temporary.clone(),
            in_unix_shell: false,
            stdout: &mut stdout,
            stderr: &mut stderr,
            wait: &mut || seen = count(),
        });
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "a folder is left");
        (code, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), seen)
    }

    #[test]
    fn its_folder_is_there_while_it_serves_and_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let (code, stdout, stderr, files) = run_in(folder.path(), &[]);
        assert_eq!((code, stderr.as_str(), files), (0, "", 6));
        assert!(stdout.starts_with("http://127.0.0.1:"), "{stdout}");
        assert!(!stdout.contains("ca_file="), "{stdout}");
        let (_, stdout, _, files) = run_in(folder.path(), &["--tls", "--shell", "sh"]);
        assert_eq!(
            (files, stdout.matches("aep-auth profile set ").count(), stdout.matches("'ca_file=").count()),
            (7, 2, 2)
        );
    }

    #[test]
    fn a_relative_folder_is_printed_in_full_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (code, stdout, _, files) = run_in(folder.path(), &["--dir", "a/b", "--shell", "sh"]);
        let own = folder.path().join("a").join("b");
        assert_eq!((code, files), (0, 0));
        assert!(
            stdout.contains(&format!("aep-auth import '{}'", own.join("credential-oauth.json").display())),
            "{stdout}"
        );
        assert!(own.join("private.key").is_file());
        // Again, over what is there.
        assert_eq!(run_in(folder.path(), &["--dir", "a/b"]).0, 0);
    }

    #[test]
    fn nothing_secret_is_printed_beyond_the_client_that_everybody_knows() {
        let folder = tempfile::tempdir().unwrap();
        let (_, stdout, ..) = run_in(folder.path(), &["--tls"]);
        assert!(!stdout.contains("PRIVATE KEY") && !stdout.contains("CERTIFICATE"), "{stdout}");
    }

    #[test]
    fn what_cannot_be_is_said_with_its_exit_code() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let other = Emulator::plain().unwrap();
        let port = other.port().to_string();
        for (arguments, code, words) in [
            (vec!["--port", port.as_str()], 3, "another program serves there\nhint: "),
            (vec!["--dir", "file"], 6, "it is no folder\nhint: "),
            (vec!["--fault", "{}"], 2, "--fault"),
            (vec!["--address", "0.0.0.0"], 2, "unexpected argument"),
            (vec!["--port", "x\u{1b}[2J"], 2, "--port"),
            (vec!["--port", "7\u{202e}\nerror: forged"], 2, "7\u{fffd}\u{fffd}error: forged"),
            (vec!["x\u{ad}\u{202e}\nerror: forged"], 2, "x\u{fffd}\u{fffd}\u{fffd}error: forged"),
            (vec!["--life", "\n\u{2066}error: forged"], 2, "--life"),
            (vec!["--fault", "{\"kind\": \"\nerror: forged\"}"], 2, "--fault"),
            (vec!["--dir", "a\u{202e}b"], 2, "characters that are not shown"),
            (vec!["--dir", "file/\nerror: forged"], 2, "characters that are not shown"),
            (vec!["--shell", "tcsh"], 2, "powershell"),
        ] {
            let (got, stdout, stderr, _) = run_in(folder.path(), &arguments);
            assert_eq!((got, stdout.as_str()), (code, ""), "{arguments:?}: {stderr}");
            assert!(stderr.contains(words), "{arguments:?}: {stderr}");
            assert!(!stderr.contains(['\u{1b}', '\u{202e}', '\u{2066}']) && !stderr.contains("os error"), "{stderr:?}");
            assert!(!stderr.lines().skip(1).any(|line| line.starts_with("error:")), "{stderr:?}");
        }
        let (code, stdout, stderr, _) = run_in(folder.path(), &["--help"]);
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(stdout.contains("Usage: "));
    }
}
