//! Where a program is: by its name on the `PATH`, or beside the one that runs.
//!
//! Only absolute folders are looked into: neither `.` nor an empty entry leads to the current folder, where a stranger's
//! archive may have been unpacked. The search looks at files and runs nothing; on Windows it goes through `PATHEXT`,
//! which Rust's own does not. Whether others could have put a program there is a question of its own, [`check_trusted`].

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::io_words::{self, io_words};
use crate::{Clock, platform};

/// Why there is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// None of that name.
    Absent,
    /// A file of that name, but none that can be run.
    NotExecutable(PathBuf),
}

/// A place where [`find_beside`] looked in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// What was wrong with the program that is there.
    pub refused: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.refused {
            Some(why) => write!(f, "{} ({why})", self.folder.display()),
            None => write!(f, "{}", self.folder.display()),
        }
    }
}

/// Finds a program: a bare name in the absolute folders of `path_variable`, in order; a path where it leads.
///
/// `path_extensions` is the value of `PATHEXT` on Windows and `None` elsewhere. With it a name without one of those
/// endings stands for each of them in turn, and a file is a program by its ending; without it, by its mode.
///
/// # Errors
/// [`NotFound::NotExecutable`] where a shell would say 126, [`NotFound::Absent`] where it would say 127.
pub fn find_program(
    name: &OsStr,
    path_variable: Option<&OsStr>,
    path_extensions: Option<&str>,
) -> Result<PathBuf, NotFound> {
    let mut unusable = None;
    let is_path = !is_name(name);
    for folder in folders(name, path_variable) {
        for path in spellings(name, path_extensions).map(|spelling| folder.join(spelling)) {
            match kind(&path, path_extensions.is_some()) {
                Kind::Program => return Ok(path),
                Kind::NotExecutable => unusable = unusable.or(Some(path)),
                // A search passes over these, as a shell's does.
                Kind::NoFile if is_path => unusable = unusable.or(Some(path)),
                Kind::NoFile | Kind::Nothing => {}
            }
        }
    }
    Err(unusable.map_or(NotFound::Absent, NotFound::NotExecutable))
}

/// What a program prints, if it ends well within `limit`; it gets no standard input, and its standard error goes nowhere.
pub fn brief_output(command: &mut Command, limit: Duration, clock: &dyn Clock) -> Option<Vec<u8>> {
    const MOST_BYTES: usize = 64 * 1024;
    let (output, status) = platform::output(command.stderr(Stdio::null()), MOST_BYTES, limit, clock).ok()?;
    status.success().then(|| output.to_vec())
}

/// Finds a program of ours: in the folder of the one that runs, its links resolved, then in the absolute folders of
/// `path_variable`; never one that others can write.
///
/// # Errors
/// The places where it is not, in the order in which they were looked at.
pub fn find_beside(own_executable: &Path, name: &str, path_variable: Option<&OsStr>) -> Result<PathBuf, Vec<Place>> {
    let own = std::fs::canonicalize(own_executable).ok().and_then(|path| path.parent().map(Path::to_owned));
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut places: Vec<Place> = Vec::new();
    for folder in own.into_iter().chain(folders(OsStr::new(name), path_variable)) {
        if places.iter().any(|place| place.folder == folder) {
            continue;
        }
        let path = folder.join(&file);
        let refused = match kind(&path, cfg!(windows)) {
            Kind::Nothing | Kind::NoFile => None,
            Kind::NotExecutable => Some("it cannot be run".to_owned()),
            Kind::Program => match check_trusted(&path) {
                Ok(()) => return Ok(path),
                Err(why) => Some(why),
            },
        };
        places.push(Place { folder, refused });
    }
    Err(places)
}

/// Checks that nobody but the user and root could have put this program where it is.
///
/// On Windows nothing is checked, and nothing is claimed.
///
/// # Errors
/// What others can do, as the rest of a sentence about the program.
pub fn check_trusted(path: &Path) -> Result<(), String> {
    platform::check_program(path)
}

/// What helps where there are too few processes or descriptors, or there is too little memory, to run another program.
pub fn cure_of_shortage(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Some("end other programs, or let there be more processes (ulimit -u)"),
        _ => io_words::cure_of_shortage(error),
    }
}

/// Why the system would not run a program, in words, without its number.
pub fn in_words(error: &io::Error) -> String {
    /// `ENOEXEC`, which has no kind.
    const NO_FORMAT: i32 = 8;
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => "there are no processes or no memory left".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not run it".to_owned(),
        io::ErrorKind::NotFound => "the program that it wants to be run by is missing".to_owned(),
        io::ErrorKind::InvalidInput => "its arguments cannot be handed over".to_owned(),
        io::ErrorKind::ExecutableFileBusy => "it is being written".to_owned(),
        _ if cfg!(unix) && error.raw_os_error() == Some(NO_FORMAT) => "it is no program for this system".to_owned(),
        _ => io_words(error),
    }
}

/// The first word of a command, if it has the form of a program's name or path; else `(not shown)`.
///
/// Who pastes a secret in the place of a command must not read it again in a log. So a name is short, and no mixture of
/// small letters, capitals and digits; anything longer is shown as a path alone.
pub fn shown(word: &str) -> &str {
    const LONGEST_NAME: usize = 16;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    let is_mixture = [char::is_uppercase, char::is_lowercase, char::is_numeric].iter().all(|is| word.contains(is));
    let is_name = word.len() <= LONGEST_NAME
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(is_plain)
        && !is_mixture;
    let is_path = ["/", "~/", "./", "../", "\\\\", ".\\", "..\\"].iter().any(|start| word.starts_with(start))
        || matches!(word.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    if is_name || is_path && !word.contains(char::is_control) { word } else { "(not shown)" }
}

/// The value of `PATHEXT` as [`find_program`] takes it: `None` but on Windows.
pub fn path_extensions(environment: &crate::Environment) -> Option<String> {
    let default = || ".COM;.EXE;.BAT;.CMD".to_owned();
    cfg!(windows).then(|| environment.text("PATHEXT").ok().flatten().unwrap_or_else(default))
}

/// Whether this is a path's last part and nothing else; `.`, `..` and nothing at all are not.
fn is_name(name: &OsStr) -> bool {
    Path::new(name).file_name() == Some(name)
}

/// Where to look for a name; a path is looked at as it stands.
fn folders(name: &OsStr, path_variable: Option<&OsStr>) -> Vec<PathBuf> {
    if !is_name(name) {
        return if name.is_empty() { Vec::new() } else { vec![PathBuf::new()] };
    }
    path_variable
        .map(|variable| std::env::split_paths(variable).filter(|folder| folder.is_absolute()).collect())
        .unwrap_or_default()
}

/// The names of files that this name may stand for.
fn spellings(name: &OsStr, path_extensions: Option<&str>) -> impl Iterator<Item = OsString> {
    // The others of `PATHEXT` (`.VBS`, `.JS`, …) are opened by a program of their own, and cannot be run.
    const RUNNABLE: [&str; 4] = [".com", ".exe", ".bat", ".cmd"];
    let endings: Vec<String> = path_extensions
        .into_iter()
        .flat_map(|list| list.split(';'))
        .map(|ending| ending.trim().to_ascii_lowercase())
        .filter(|ending| RUNNABLE.contains(&ending.as_str()))
        .collect();
    let lower = name.to_string_lossy().to_ascii_lowercase();
    let is_whole = path_extensions.is_none() || RUNNABLE.iter().any(|ending| lower.ends_with(ending));
    let whole = is_whole.then(|| name.to_owned());
    let with_endings = if is_whole { Vec::new() } else { endings };
    let name = name.to_owned();
    whole.into_iter().chain(with_endings.into_iter().map(move |ending| {
        let mut spelling = name.clone();
        spelling.push(ending);
        spelling
    }))
}

enum Kind {
    Program,
    /// A file without the right to run it.
    NotExecutable,
    /// A folder, or behind a folder that is closed to this user.
    NoFile,
    Nothing,
}

fn kind(path: &Path, is_by_ending: bool) -> Kind {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && (is_by_ending || platform::is_executable(path)) => Kind::Program,
        Ok(metadata) if metadata.is_file() => Kind::NotExecutable,
        Ok(_) => Kind::NoFile,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Kind::NoFile,
        Err(_) => Kind::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What decides on the system that the test runs on: the ending, or the mode.
    const NATIVE: Option<&str> = if cfg!(windows) { Some(".EXE") } else { None };

    /// A folder with these files, each a program where its name does not begin with `plain`.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::write(&path, "").unwrap();
            #[cfg(unix)]
            set_mode(&path, if file.starts_with("plain") { 0o644 } else { 0o755 });
        }
        folder
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn variable(folders: &[&Path]) -> OsString {
        std::env::join_paths(folders).unwrap()
    }

    fn find(name: &str, path: &OsStr, extensions: Option<&str>) -> Result<PathBuf, NotFound> {
        find_program(OsStr::new(name), Some(path), extensions)
    }

    #[test]
    fn the_first_folder_that_has_it_wins() {
        let (one, two) = (folder(&["other.exe"]), folder(&["op.exe", "other.exe"]));
        let path = variable(&[one.path(), two.path()]);
        assert_eq!(find("op.exe", &path, NATIVE), Ok(two.path().join("op.exe")));
        assert_eq!(find("other.exe", &path, NATIVE), Ok(one.path().join("other.exe")));
        assert_eq!(find("op", &path, Some(".COM")), Err(NotFound::Absent));
        assert_eq!(find("none", &path, NATIVE), Err(NotFound::Absent));
        assert_eq!(find_program(OsStr::new("op.exe"), None, NATIVE), Err(NotFound::Absent));
    }

    #[test]
    fn the_current_folder_is_never_looked_into() {
        // A test runs in its package's folder, where this file is.
        assert!(Path::new("Cargo.toml").is_file());
        for path in ["", ".", ":", "::", "./", "src/..", ";", ";;."] {
            assert_eq!(find("Cargo.toml", OsStr::new(path), Some(".EXE")), Err(NotFound::Absent), "{path:?}");
            assert_eq!(find("Cargo.toml", OsStr::new(path), None), Err(NotFound::Absent), "{path:?}");
        }
        for name in ["", ".", ".."] {
            let path = variable(&[Path::new("/")]);
            assert!(find(name, &path, None).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_path_is_looked_at_where_it_leads() {
        let here = folder(&["op.exe", "plain"]);
        let path = |name: &str| here.path().join(name);
        let nowhere = OsStr::new("");
        assert_eq!(find(path("op.exe").to_str().unwrap(), nowhere, NATIVE), Ok(path("op.exe")));
        assert_eq!(find(path("none").to_str().unwrap(), nowhere, NATIVE), Err(NotFound::Absent));
        // A folder is no program, and where it lies on the `PATH` it hides none.
        let above = here.path().parent().unwrap();
        let name = here.path().file_name().unwrap().to_str().unwrap();
        let told = if cfg!(windows) { NotFound::Absent } else { NotFound::NotExecutable(here.path().into()) };
        assert_eq!(find(here.path().to_str().unwrap(), nowhere, NATIVE), Err(told));
        assert_eq!(find(name, &variable(&[above]), NATIVE), Err(NotFound::Absent));
    }

    #[test]
    fn on_windows_the_endings_are_tried_in_their_order() {
        let here = folder(&["az.cmd", "op.exe", "both.bat", "both.exe", "script.vbs", "bare"]);
        let path = variable(&[here.path()]);
        let extensions = Some(".COM;.EXE; .bat ;.CMD;.VBS");
        for (name, file) in
            [("az", "az.cmd"), ("op", "op.exe"), ("op.exe", "op.exe"), ("both", "both.exe"), ("both.bat", "both.bat")]
        {
            assert_eq!(find(name, &path, extensions), Ok(here.path().join(file)), "{name}");
        }
        assert_eq!(find("both", &path, Some(".BAT;.EXE")), Ok(here.path().join("both.bat")));
        for name in ["script", "script.vbs", "bare", "op.cmd"] {
            assert_eq!(find(name, &path, extensions), Err(NotFound::Absent), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_run_is_passed_over_and_told() {
        let (one, two) = (folder(&["plain"]), folder(&[]));
        let path = variable(&[one.path(), two.path()]);
        assert_eq!(find("plain", &path, None), Err(NotFound::NotExecutable(one.path().join("plain"))));
        std::fs::copy(one.path().join("plain"), two.path().join("plain")).unwrap();
        set_mode(&two.path().join("plain"), 0o755);
        assert_eq!(find("plain", &path, None), Ok(two.path().join("plain")));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_of_ours_is_found_beside_the_one_that_runs() {
        let (own, on_path) = (folder(&["aep-prompt", "aep-auth"]), folder(&["aep-auth", "only-there"]));
        let link = on_path.path().join("aep-prompt");
        std::os::unix::fs::symlink(own.path().join("aep-prompt"), &link).unwrap();
        let path = variable(&[Path::new("."), on_path.path()]);
        let own_folder = own.path().canonicalize().unwrap();
        assert_eq!(find_beside(&link, "aep-auth", Some(&path)), Ok(own_folder.join("aep-auth")));
        assert_eq!(find_beside(&link, "only-there", Some(&path)), Ok(on_path.path().join("only-there")));
        let unseen = |folder: &Path| Place { folder: folder.to_owned(), refused: None };
        let places = vec![unseen(&own_folder), unseen(on_path.path())];
        assert_eq!(find_beside(&link, "none", Some(&path)), Err(places));
    }

    #[cfg(unix)]
    #[test]
    fn one_that_others_can_write_is_passed_over_and_told() {
        let (own, on_path) = (folder(&["aep-prompt", "aep-auth"]), folder(&["aep-auth"]));
        let path = variable(&[on_path.path()]);
        set_mode(&own.path().join("aep-auth"), 0o777);
        let running = own.path().join("aep-prompt");
        assert_eq!(find_beside(&running, "aep-auth", Some(&path)), Ok(on_path.path().join("aep-auth")));
        let places = find_beside(&running, "aep-auth", None).unwrap_err();
        assert!(places[0].to_string().ends_with(" (others can write to it, mode 777)"), "{}", places[0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_trusted_by_its_file_its_links_and_the_folders_above() {
        let here = folder(&["op"]);
        let path = here.path().join("op");
        let check = || check_trusted(&path).map_err(|why| why.replace(&here.path().display().to_string(), "FOLDER"));
        for (file, above, told) in [
            (0o755, 0o755, Ok(())),
            (0o555, 0o700, Ok(())),
            (0o757, 0o755, Err("others can write to it, mode 757".to_owned())),
            (0o755, 0o757, Err("others can write to FOLDER, mode 757".to_owned())),
            (0o755, 0o1777, Ok(())),
        ] {
            set_mode(&path, file);
            set_mode(here.path(), above);
            assert_eq!(check(), told, "{file:o} {above:o}");
        }
        set_mode(here.path(), 0o755);
        let elsewhere = folder(&[]);
        let link = elsewhere.path().join("op");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(check_trusted(&link), Ok(()));
        set_mode(here.path(), 0o777);
        assert!(check_trusted(&link).is_err());
        set_mode(here.path(), 0o755);
        set_mode(elsewhere.path(), 0o777);
        assert!(check_trusted(&link).is_err());
        set_mode(elsewhere.path(), 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_trusted_by_its_owner_and_group() {
        use std::os::unix::fs::{MetadataExt, chown};
        const NOBODY_HERE: u32 = 54321;
        let here = folder(&["op"]);
        let path = here.path().join("op");
        if here.path().metadata().unwrap().uid() != 0 {
            // Only root can give files away.
            return;
        }
        let set = |path: &Path, mode, owner, group| {
            chown(path, Some(owner), Some(group)).unwrap();
            set_mode(path, mode);
        };
        for (file, above, is_trusted) in [
            ((0o755, 0, 0), (0o755, 0, 0), true),
            ((0o755, NOBODY_HERE, 0), (0o755, 0, 0), false),
            ((0o775, 0, NOBODY_HERE), (0o755, 0, 0), false),
            ((0o755, 0, NOBODY_HERE), (0o775, 0, NOBODY_HERE), true),
            ((0o755, 0, 0), (0o755, NOBODY_HERE, 0), true),
            ((0o755, 0, 0), (0o775, NOBODY_HERE, NOBODY_HERE), false),
        ] {
            set(&path, file.0, file.1, file.2);
            set(here.path(), above.0, above.1, above.2);
            assert_eq!(check_trusted(&path).is_ok(), is_trusted, "{file:?} {above:?}");
        }
    }

    #[test]
    fn a_name_and_a_path_are_shown_and_a_secret_is_not() {
        for word in ["op", "aws-vault", "secret-tool", "az.cmd", "VBoxManage", "python3.12", "pass"] {
            assert_eq!(shown(word), word);
        }
        for word in ["/usr/bin/op", "~/bin/get", "./get", "../x", r"C:\Program Files\op.exe", r".\get.cmd"] {
            assert_eq!(shown(word), word);
        }
        for word in [
            "",
            "p8e-AbCdEf1234567890AbCdEf12345678",
            "p8e-Ab1",
            "client-secret-marker",
            "0123456789abcdef",
            "a b",
            "a\nb",
            "/a\nb",
            "-----BEGIN PRIVATE KEY-----",
            "7z",
            "bin/get",
        ] {
            assert_eq!(shown(word), "(not shown)", "{word}");
        }
    }
}
