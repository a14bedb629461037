//! What an error of the system means, in plain words: no `os error 2` and no text of a library reaches a person.
//!
//! A message reads `cannot write PATH: WORDS`. What the words do not cover keeps the system's own text, without its
//! number.

use std::io::{self, ErrorKind};

/// Says what the system's error means, in words that fit after a colon.
pub fn io_words(error: &io::Error) -> String {
    if let Some(code) = error.raw_os_error() {
        return match words_of_code(code).or_else(|| words_of_kind(error.kind())) {
            Some(words) => words.to_owned(),
            None => without_number(&error.to_string()),
        };
    }
    match error.get_ref() {
        // One of our own reasons, or an error of the system that a library wrapped.
        Some(inner) => match inner.downcast_ref::<io::Error>() {
            Some(inner) => io_words(inner),
            None => without_number(&inner.to_string()),
        },
        None => words_of_kind(error.kind()).map_or_else(|| without_number(&error.to_string()), str::to_owned),
    }
}

/// Whether the file is not to blame: the process or the system is short of something, or the disk failed.
pub fn is_beyond_the_file(error: &io::Error) -> bool {
    cure_of_shortage(error).is_some() || error.raw_os_error().is_some_and(is_disk_fault)
}

/// What helps where the process or the system is short of descriptors or memory; `None` for everything else.
pub fn cure_of_shortage(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error().and_then(shortage_of_code) {
        None if error.kind() == ErrorKind::OutOfMemory => Some(MEMORY),
        found => found,
    }
}

const MEMORY: &str = "end other programs, or let this one have more memory (ulimit -v, the limit of the container)";

#[cfg(unix)]
fn shortage_of_code(code: i32) -> Option<&'static str> {
    use rustix::io::Errno;
    match Errno::from_raw_os_error(code) {
        Errno::MFILE => Some("let it open more files: ulimit -n 256, or the limit that this was started with"),
        Errno::NFILE => Some("end other programs; the system's limit is fs.file-max"),
        _ => None,
    }
}

#[cfg(unix)]
fn is_disk_fault(code: i32) -> bool {
    code == rustix::io::Errno::IO.raw_os_error()
}

#[cfg(not(unix))]
fn shortage_of_code(code: i32) -> Option<&'static str> {
    match code {
        4 => Some("end other programs"),
        8 | 14 => Some(MEMORY),
        _ => None,
    }
}

#[cfg(not(unix))]
fn is_disk_fault(code: i32) -> bool {
    matches!(code, 23 | 1117)
}

fn words_of_kind(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "it does not exist",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::AlreadyExists => "it exists already",
        ErrorKind::NotADirectory => "a part of the path is not a folder",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "the disk quota is used up",
        ErrorKind::FileTooLarge => "the file would be larger than the system allows",
        ErrorKind::ResourceBusy => "it is in use",
        ErrorKind::ExecutableFileBusy => "the program is being written",
        ErrorKind::StaleNetworkFileHandle => "the network file system lost the file",
        ErrorKind::CrossesDevices => "the two places are on different file systems",
        ErrorKind::TooManyLinks => "the file has too many names",
        ErrorKind::InvalidFilename => "the name is not allowed or too long",
        ErrorKind::ArgumentListTooLong => "the arguments and variables are too long",
        ErrorKind::OutOfMemory => "there is not enough memory",
        ErrorKind::Deadlock => "the lock would wait for itself",
        ErrorKind::WouldBlock => "it is not ready, or the system is short of processes or memory",
        ErrorKind::Interrupted => "a signal interrupted it",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::BrokenPipe => "the reader went away",
        ErrorKind::UnexpectedEof => "it ends too early",
        ErrorKind::WriteZero => "not all of it could be written",
        ErrorKind::InvalidData => "it is damaged or no text",
        ErrorKind::InvalidInput => "the system does not take such a value",
        ErrorKind::NotSeekable => "it is a stream",
        ErrorKind::Unsupported => "the system cannot do that here",
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "the connection was cut",
        ErrorKind::NotConnected => "there is no connection",
        ErrorKind::HostUnreachable => "there is no way to the host",
        ErrorKind::NetworkUnreachable => "there is no way to the network",
        ErrorKind::NetworkDown => "the network is down",
        ErrorKind::AddrInUse => "the address is in use",
        ErrorKind::AddrNotAvailable => "the address is not one of this machine",
        _ => return None,
    })
}

/// Codes that have no kind of their own, or share one with others that mean something else.
#[cfg(unix)]
fn words_of_code(code: i32) -> Option<&'static str> {
    use rustix::io::Errno;
    Some(match Errno::from_raw_os_error(code) {
        Errno::PERM => "the system does not allow it",
        Errno::IO => "the disk or device failed (input/output error)",
        Errno::MFILE => "this process has too many open files",
        Errno::NFILE => "the system has too many open files",
        Errno::NOLCK => "the file system has no locks to give",
        Errno::LOOP => "too many symbolic links follow one another",
        Errno::NAMETOOLONG => "the name is too long",
        Errno::NXIO => "nobody reads from it, or there is no such device",
        Errno::NODEV => "there is no such device",
        Errno::NOSYS | Errno::OPNOTSUPP => "the system or file system cannot do that",
        Errno::NOEXEC => "it is no program that this system can run",
        _ => return None,
    })
}

#[cfg(windows)]
fn words_of_code(code: i32) -> Option<&'static str> {
    windows_words(code)
}

#[cfg(not(any(unix, windows)))]
fn words_of_code(_code: i32) -> Option<&'static str> {
    None
}

/// The codes of Windows that have no kind of their own, or share one; the table is tested on every system.
#[cfg(any(windows, test))]
fn windows_words(code: i32) -> Option<&'static str> {
    Some(match code {
        4 => "this process has too many open files",
        5 => "access is denied",
        8 | 14 => "there is not enough memory",
        19 => "the disk is write-protected",
        21 => "the device is not ready",
        23 | 1117 => "the disk or device failed (input/output error)",
        32 => "another program has it open",
        33 => "another program has locked a part of it",
        39 | 112 => "the disk is full",
        53 | 67 => "the network path was not found",
        64 => "the network drive went away",
        123 | 161 => "the name is not allowed",
        193 => "it is no program that this system can run",
        206 => "the name is too long",
        225 => "the virus scanner blocked it",
        267 => "a part of the path is not a folder",
        740 => "it needs an administrator",
        1295 | 1816 => "the disk quota is used up",
        1314 => "this account lacks the privilege for it",
        1920 => "the system cannot open it",
        _ => return None,
    })
}

/// The system's own text, as a clause of ours: without the number that the library adds, in lower case, no full stop.
fn without_number(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("(os error ") {
        words.push_str(before.trim_end());
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    let words = words.trim().trim_end_matches('.');
    let mut letters = words.chars();
    match (letters.next(), letters.clone().next()) {
        (None, _) => "the system refused it".to_owned(),
        // Not an abbreviation.
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain(words: &str) -> bool {
        let first = words.chars().next();
        !words.contains("os error") && !words.ends_with('.') && first.is_some_and(char::is_lowercase)
    }

    #[test]
    fn every_code_of_the_system_has_words_without_a_number() {
        for code in 1..=200 {
            let words = io_words(&io::Error::from_raw_os_error(code));
            assert!(!words.contains("os error") && !words.is_empty(), "{code}: {words}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_faults_that_people_meet() {
        use rustix::io::Errno;
        for (code, words) in [
            (Errno::NOENT, "it does not exist"),
            (Errno::ACCESS, "permission denied"),
            (Errno::PERM, "the system does not allow it"),
            (Errno::NOSPC, "the disk is full"),
            (Errno::DQUOT, "the disk quota is used up"),
            (Errno::ROFS, "the file system is read-only"),
            (Errno::MFILE, "this process has too many open files"),
            (Errno::NFILE, "the system has too many open files"),
            (Errno::ISDIR, "it is a folder"),
            (Errno::NOTDIR, "a part of the path is not a folder"),
            (Errno::NOTEMPTY, "the folder is not empty"),
            (Errno::IO, "the disk or device failed (input/output error)"),
            (Errno::NAMETOOLONG, "the name is too long"),
            (Errno::STALE, "the network file system lost the file"),
            (Errno::NOLCK, "the file system has no locks to give"),
            (Errno::NOMEM, "there is not enough memory"),
            (Errno::LOOP, "too many symbolic links follow one another"),
            (Errno::NXIO, "nobody reads from it, or there is no such device"),
            (Errno::NODEV, "there is no such device"),
            (Errno::OPNOTSUPP, "the system or file system cannot do that"),
            (Errno::NOEXEC, "it is no program that this system can run"),
            (Errno::FBIG, "the file would be larger than the system allows"),
            (Errno::TXTBSY, "the program is being written"),
            (Errno::BUSY, "it is in use"),
            (Errno::XDEV, "the two places are on different file systems"),
            (Errno::PIPE, "the reader went away"),
            (Errno::AGAIN, "it is not ready, or the system is short of processes or memory"),
            (Errno::CONNREFUSED, "connection refused"),
            (Errno::CONNRESET, "the connection was cut"),
            (Errno::NOTCONN, "there is no connection"),
            (Errno::TIMEDOUT, "it took too long"),
        ] {
            assert_eq!(io_words(&io::Error::from(code)), words, "{code}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shortage_is_told_from_a_fault_of_the_file() {
        use rustix::io::Errno;
        for (code, is_shortage, is_beyond) in [
            (Errno::MFILE, true, true),
            (Errno::NFILE, true, true),
            (Errno::NOMEM, true, true),
            (Errno::IO, false, true),
            (Errno::ACCESS, false, false),
            (Errno::NOENT, false, false),
            (Errno::NOTDIR, false, false),
        ] {
            let error = io::Error::from(code);
            assert_eq!((cure_of_shortage(&error).is_some(), is_beyond_the_file(&error)), (is_shortage, is_beyond));
        }
    }

    #[test]
    fn the_codes_of_windows() {
        for (code, part) in [
            (4, "too many open files"),
            (5, "access is denied"),
            (8, "memory"),
            (19, "write-protected"),
            (21, "not ready"),
            (23, "failed"),
            (32, "another program has it open"),
            (33, "locked"),
            (39, "full"),
            (112, "full"),
            (53, "network path"),
            (64, "network drive"),
            (123, "not allowed"),
            (193, "no program"),
            (206, "too long"),
            (225, "virus"),
            (267, "not a folder"),
            (740, "administrator"),
            (1295, "quota"),
            (1314, "privilege"),
            (1920, "cannot open"),
        ] {
            let words = windows_words(code).unwrap();
            assert!(words.contains(part) && is_plain(words), "{code}: {words}");
        }
        // These have a kind that says it.
        assert!([2, 3, 80, 145, 183].iter().all(|code| windows_words(*code).is_none()));
    }

    #[test]
    fn every_kind_reads_as_a_clause() {
        use ErrorKind::*;
        for kind in [
            NotFound,
            PermissionDenied,
            AlreadyExists,
            NotADirectory,
            IsADirectory,
            DirectoryNotEmpty,
            ReadOnlyFilesystem,
            StorageFull,
            QuotaExceeded,
            FileTooLarge,
            ResourceBusy,
            ExecutableFileBusy,
            StaleNetworkFileHandle,
            CrossesDevices,
            TooManyLinks,
            InvalidFilename,
            ArgumentListTooLong,
            OutOfMemory,
            Deadlock,
            WouldBlock,
            Interrupted,
            TimedOut,
            BrokenPipe,
            UnexpectedEof,
            WriteZero,
            InvalidData,
            InvalidInput,
            NotSeekable,
            Unsupported,
            ConnectionRefused,
            ConnectionReset,
            ConnectionAborted,
            NotConnected,
            HostUnreachable,
            NetworkUnreachable,
            NetworkDown,
            AddrInUse,
            AddrNotAvailable,
            Other,
        ] {
            let words = io_words(&io::Error::from(kind));
            assert!(is_plain(&words), "{kind:?}: {words}");
        }
    }

    #[test]
    fn own_reasons_are_kept_and_wrapped_numbers_go() {
        assert_eq!(io_words(&io::Error::other("it belongs to another user")), "it belongs to another user");
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        assert_eq!(io_words(&io::Error::other(denied)), "permission denied");
        assert_eq!(io_words(&io::Error::other("No luck. (os error 7)")), "no luck");
        assert_eq!(io_words(&io::Error::other("a (os error 7), b (os error 8) c")), "a, b c");
        assert_eq!(io_words(&io::Error::other("TLS failed")), "TLS failed");
        assert_eq!(io_words(&io::Error::other("")), "the system refused it");
    }
}
