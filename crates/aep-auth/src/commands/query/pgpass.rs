//! A line of a password file (`~/.pgpass`): ours is put in, and the rest stays byte for byte.
//!
//! libpq takes the first line that fits, with `*` for anything, and wants a regular file that nobody else can read; so do
//! we. <https://www.postgresql.org/docs/current/libpq-pgpass.html>

use std::io::Read;
use std::path::{Path, PathBuf};

use aep_core::write_file::{self, EditLock, WriteError};
use aep_core::{Context, Error, Result, budget, trust};
use zeroize::Zeroizing;

use super::Connection;

/// A larger file is none of passwords.
const MOST_BYTES: u64 = 1024 * 1024;

/// The file that is meant: the one that is named, else libpq's own.
pub(super) fn path(context: &Context, named: Option<&Path>) -> Result<PathBuf> {
    let own = || context.environment.path("PGPASSFILE").or_else(|| default_path(context));
    let path = named.map(Path::to_owned).or_else(own).ok_or_else(|| {
        Error::configuration("there is no home folder for a password file")
            .with_hint("name one: aep-auth query --pgpass=FILE")
    })?;
    // A client may run in another folder.
    std::path::absolute(&path)
        .map_err(|error| Error::configuration(format!("--pgpass={} is no path: {error}", path.display())))
}

/// libpq's own file, where it is there.
pub(super) fn existing(context: &Context) -> Option<PathBuf> {
    default_path(context).filter(|path| path.is_file())
}

#[cfg(not(windows))]
fn default_path(context: &Context) -> Option<PathBuf> {
    context.folders.home().map(|home| home.join(".pgpass"))
}

#[cfg(windows)]
fn default_path(context: &Context) -> Option<PathBuf> {
    context.environment.path("APPDATA").map(|folder| folder.join("postgresql").join("pgpass.conf"))
}

/// Puts the line in.
pub(super) fn put(context: &Context, path: &Path, connection: &Connection) -> Result<()> {
    // Two at once both count. The lock lies with us, and not in the user's home.
    let _lock = super::folder(context)
        .and_then(|folder| {
            EditLock::take(&folder, budget::whole(context)?, &*context.clock).map_err(|error| refuse(&error))
        })
        .ok();
    let before = read(context, path)?;
    let after = with_line(&before, &line(connection));
    if *after == *before {
        return Ok(());
    }
    if cfg!(windows)
        && let Some(folder) = path.parent()
    {
        write_file::create_folders(folder, context.folders.home()).map_err(|error| refuse(&error))?;
    }
    write_file::replace(path, &after, context.folders.home()).map_err(|error| refuse(&error))
}

/// `host:port:database:user:password`, for this connection.
pub(super) fn line(connection: &Connection) -> Zeroizing<Vec<u8>> {
    let parameters = &connection.parameters;
    let port = parameters.port.to_string();
    let fields = [&parameters.host, &port, &parameters.database, &parameters.user, &*connection.password];
    let mut line = Zeroizing::new(Vec::with_capacity(8192));
    for (number, field) in fields.into_iter().enumerate() {
        if number > 0 {
            line.push(b':');
        }
        for byte in field.bytes() {
            if matches!(byte, b':' | b'\\') {
                line.push(b'\\');
            }
            line.push(byte);
        }
    }
    line
}

fn refuse(error: &WriteError) -> Error {
    let told = Error::storage(format!("the password file stays as it was: {error}"));
    told.with_hint_if_any(error.cure().or_else(|| match error {
        WriteError::Failed { .. } => Some("name another file: aep-auth query --pgpass=FILE".to_owned()),
        _ => None,
    }))
}

/// The file as it is; empty where there is none.
fn read(context: &Context, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let cannot = |what: &str, hint: String| {
        Err(Error::storage(format!("the password file {} stays as it was: {what}", path.display())).with_hint(hint))
    };
    let other = "name another file: aep-auth query --pgpass=FILE".to_owned();
    let file = match trust::open(path, context.folders.home()) {
        Ok(file) => file,
        Err(trust::OpenError::Absent) => return Ok(Zeroizing::default()),
        Err(error) => {
            let hint = error.cure().unwrap_or(other);
            return Err(Error::storage(format!("the password file stays as it was: {error}")).with_hint(hint));
        }
    };
    let metadata = match file.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return cannot(&aep_core::io_words::io_words(&error), other),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let (mode, name) = (metadata.permissions().mode() & 0o777, crate::quote::word(path));
        // For root any file is its own, the system's too.
        let is_at_home = context.folders.home().is_some_and(|home| path.starts_with(home));
        let chmod = |change: &str| if is_at_home { format!("chmod {change} {name}") } else { other.clone() };
        if mode & 0o077 != 0 {
            return cannot(&format!("others can read it (mode {mode:03o}), and psql would ignore it"), chmod("600"));
        }
        if mode & 0o200 == 0 {
            return cannot(&format!("it is read-only (mode {mode:03o})"), chmod("u+w"));
        }
    }
    #[cfg(not(unix))]
    if metadata.permissions().readonly() {
        return cannot("it is read-only", other);
    }
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len().min(MOST_BYTES)).unwrap_or(0) + 64));
    if let Err(error) = file.take(MOST_BYTES + 1).read_to_end(&mut bytes) {
        return cannot(&aep_core::io_words::io_words(&error), other);
    }
    if bytes.len() as u64 > MOST_BYTES {
        return cannot("it is larger than 1 MiB, as no list of passwords is", other);
    }
    Ok(bytes)
}

/// Takes the place of the line for the same connection. Where there is none, it goes before the first line with a `*` that
/// libpq would take instead, else to the end.
fn with_line(before: &[u8], ours: &[u8]) -> Zeroizing<Vec<u8>> {
    let wanted = fields(ours);
    let lines: Vec<&[u8]> = before.split_inclusive(|byte| *byte == b'\n').collect();
    let own = lines.iter().position(|line| !is_comment(line) && same(&fields(line), &wanted));
    let taken = lines.iter().position(|line| !is_comment(line) && fits(&fields(line), &wanted));
    // With room for all of it, no copy of a password is left behind by a growing buffer.
    let mut after = Zeroizing::new(Vec::with_capacity(before.len() + ours.len() + 4));
    for (number, line) in lines.iter().enumerate() {
        if taken == Some(number) {
            after.extend_from_slice(ours);
            // A line that is replaced keeps its end; one that is put in before another needs one.
            after.extend_from_slice(if own == Some(number) { end_of(line) } else { b"\n" });
        }
        if own != Some(number) {
            after.extend_from_slice(line);
        }
    }
    if taken.is_none() {
        if after.last().is_some_and(|last| *last != b'\n') {
            after.push(b'\n');
        }
        after.extend_from_slice(ours);
        after.push(b'\n');
    }
    after
}

fn is_comment(line: &[u8]) -> bool {
    line.first() == Some(&b'#')
}

/// The line break and what libpq takes off before it.
fn end_of(line: &[u8]) -> &[u8] {
    let length = line.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    &line[line.len() - length..]
}

/// A field as it stands, and what it says.
type Field = (Vec<u8>, bool);

/// The first four fields, and whether each is a `*`; fewer where the line has fewer.
fn fields(line: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let (mut field, mut is_plain) = (Vec::new(), true);
    let mut bytes = line.iter();
    while let (Some(byte), true) = (bytes.next(), fields.len() < 4) {
        match byte {
            b':' => {
                let is_star = is_plain && field == b"*";
                fields.push((std::mem::take(&mut field), is_star));
                is_plain = true;
            }
            b'\\' => {
                is_plain = false;
                field.extend(bytes.next());
            }
            byte => field.push(*byte),
        }
    }
    fields
}

/// Whether libpq would take the line for this connection.
fn fits(line: &[Field], wanted: &[Field]) -> bool {
    line.len() == 4 && line.iter().zip(wanted).all(|((text, is_star), (wanted, _))| *is_star || text == wanted)
}

/// Whether it is for this connection alone.
fn same(line: &[Field], wanted: &[Field]) -> bool {
    line.len() == 4 && line.iter().zip(wanted).all(|((text, is_star), (wanted, _))| !is_star && text == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: &str, ours: &str) -> String {
        String::from_utf8(with_line(before.as_bytes(), ours.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn its_line_alone_is_replaced() {
        let ours = "h:1:p\\:all:u:NEW";
        for (before, wanted) in [
            ("", "h:1:p\\:all:u:NEW\n"),
            ("h:1:p\\:all:u:old\n", "h:1:p\\:all:u:NEW\n"),
            ("h:1:p\\:all:u:old", "h:1:p\\:all:u:NEW"),
            ("h:1:p\\:all:u:old\r\nx:1:d:u:p\r\n", "h:1:p\\:all:u:NEW\r\nx:1:d:u:p\r\n"),
            ("# mine\n\nx:1:d:u:p", "# mine\n\nx:1:d:u:p\nh:1:p\\:all:u:NEW\n"),
            // Another port, user, database or host is another line; so are a comment and half a line.
            ("h:2:p\\:all:u:old\n", "h:2:p\\:all:u:old\nh:1:p\\:all:u:NEW\n"),
            ("h:1:p\\:all:v:old\n", "h:1:p\\:all:v:old\nh:1:p\\:all:u:NEW\n"),
            ("h:1:p:all:u:old\n", "h:1:p:all:u:old\nh:1:p\\:all:u:NEW\n"),
            ("# h:1:p\\:all:u:old\n", "# h:1:p\\:all:u:old\nh:1:p\\:all:u:NEW\n"),
            ("h:1\n", "h:1\nh:1:p\\:all:u:NEW\n"),
            // Escaped in another way, it says the same.
            ("\\h:1:p\\:\\a\\l\\l:u:old\n", "h:1:p\\:all:u:NEW\n"),
            // The rest of the line is the password, whatever it holds.
            ("h:1:p\\:all:u:o:l:d\n", "h:1:p\\:all:u:NEW\n"),
            // libpq takes the first that fits.
            ("a:1:b:c:d\n*:*:*:u:x\n", "a:1:b:c:d\nh:1:p\\:all:u:NEW\n*:*:*:u:x\n"),
            ("*:*:*:*:x\nh:1:p\\:all:u:old\nz", "h:1:p\\:all:u:NEW\n*:*:*:*:x\nz"),
            ("h:1:p\\:all:u:old\n*:*:*:*:x\n", "h:1:p\\:all:u:NEW\n*:*:*:*:x\n"),
            ("\\*:*:*:*:x\n", "\\*:*:*:*:x\nh:1:p\\:all:u:NEW\n"),
        ] {
            assert_eq!(after(before, ours), wanted, "{before:?}");
            assert_eq!(after(wanted, ours), wanted, "a second time: {before:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let before = [b"\xff\xfe\x00:".as_slice(), b"\nh:1:d:u:old\n\x80"].concat();
        let wanted = [b"\xff\xfe\x00:".as_slice(), b"\nh:1:d:u:n\n\x80"].concat();
        assert_eq!(*with_line(&before, b"h:1:d:u:n"), wanted);
    }

    #[cfg(unix)]
    fn context(variables: &[(&str, &str)]) -> Context {
        let environment = aep_core::Environment::from_pairs(variables.iter().copied());
        Context {
            folders: aep_core::Folders::find(&environment),
            environment,
            clock: Box::new(aep_core::clock::SystemClock::start()),
            log: aep_core::Log::silent(),
            keyring: Default::default(),
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_that_is_named_then_the_variables_then_libpqs_own() {
        let (home, variable) = (("HOME", "/home/u"), ("PGPASSFILE", "/v/pass"));
        let named = Some(Path::new("/n/pass"));
        for (variables, named, meant) in [
            ([home, variable].as_slice(), named, Some("/n/pass")),
            (&[home, variable], None, Some("/v/pass")),
            (&[home], None, Some("/home/u/.pgpass")),
            (&[("X", "")], None, None),
        ] {
            let found = path(&context(variables), named).map_err(|error| error.exit_code());
            assert_eq!(found, meant.map(PathBuf::from).ok_or(3));
        }
        let own = path(&context(&[home]), Some(Path::new("pass"))).unwrap();
        assert!(own.is_absolute() && own.ends_with("pass"), "a client may run in another folder");
    }

    #[cfg(unix)]
    #[test]
    fn libpqs_own_file_is_told_of_where_it_is_there() {
        let home = tempfile::tempdir().unwrap();
        let (context, file) = (context(&[("HOME", home.path().to_str().unwrap())]), home.path().join(".pgpass"));
        assert_eq!(existing(&context), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(existing(&context), Some(file));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_passwords_is_ones_own_alone_and_of_a_mebibyte_at_most() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, context) = (folder.path().join("pass"), context(&[("X", "")]));
        assert_eq!(read(&context, &path).unwrap().len(), 0, "none yet");
        for (mode, length, is_read) in [
            (0o600, 1024 * 1024, true),
            (0o600, 1024 * 1024 + 1, false),
            (0o700, 1, true),
            (0o610, 1, false),
            (0o604, 1, false),
            (0o500, 1, false),
        ] {
            std::fs::write(&path, vec![b'x'; length]).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let found = read(&context, &path).map(|bytes| bytes.len()).map_err(|error| error.exit_code());
            assert_eq!(found, if is_read { Ok(length) } else { Err(6) }, "{mode:o}, {length}");
            std::fs::remove_file(&path).unwrap();
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_found_again(host in "[a-z:\\\\*#]{1,8}", database in "[a-z:\\\\*=]{1,8}", user in ".{1,8}") {
            let connection = Connection {
                parameters: aep_ims::QueryParameters { host, port: 5, database, user },
                password: Zeroizing::new("a:b\\c".to_owned()),
                roots: PathBuf::new(),
            };
            let line = line(&connection);
            let found: Vec<Vec<u8>> = fields(&line).into_iter().map(|(text, _)| text).collect();
            let p = &connection.parameters;
            proptest::prop_assert_eq!(found, [p.host.as_bytes(), b"5", p.database.as_bytes(), p.user.as_bytes()]);
        }
    }
}
