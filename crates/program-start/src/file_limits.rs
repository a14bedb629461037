//! A limit on the size of files (`ulimit -f`): to write beyond it is an error like that of a full disk, and not the end of
//! the process.
//!
//! The signal is caught and not ignored: what is caught goes back to its default in every program that is run, however it
//! is run, while what is ignored stays so. Where it was ignored before, it stays ignored, here and there.

use std::ffi::c_int;

extern "C" fn nothing(_signal: c_int) {}

/// From now on such a write fails with `EFBIG`.
pub fn outlive_file_limits() {
    // SAFETY: all zeros is a valid `sigaction`, which holds integers and a nullable pointer.
    let (mut ours, mut before): (libc::sigaction, libc::sigaction) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    ours.sa_sigaction = nothing as extern "C" fn(c_int) as libc::sighandler_t;
    ours.sa_flags = libc::SA_RESTART;
    // SAFETY: the handler does nothing, which it may at any time; both values live until the call returns.
    let answer = unsafe { libc::sigaction(libc::SIGXFSZ, &ours, &mut before) };
    if answer == 0 && before.sa_sigaction == libc::SIG_IGN {
        // SAFETY: as above; it takes back what was there.
        unsafe { libc::sigaction(libc::SIGXFSZ, &before, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command;

    use super::*;
    use crate::inherited::tests::run_alone;

    const NAME: &str = "file_limits::tests::writes_beyond_the_limit_and_runs_a_shell_that_does";

    #[test]
    #[ignore = "wants to be started with a limit of 0"]
    fn writes_beyond_the_limit_and_runs_a_shell_that_does() {
        outlive_file_limits();
        let path = std::env::temp_dir().join(format!("aep-file-limit-{}", std::process::id()));
        let own = std::fs::File::create(&path).and_then(|mut file| file.write_all(b"x"));
        std::fs::remove_file(&path).expect("it was made");
        assert_eq!(own.map_err(|error| error.kind()), Err(std::io::ErrorKind::FileTooLarge));
        // A shell cannot take back what it inherited as ignored, so that the signal ends it only where it was not.
        let shell = Command::new("sh").args(["-c", "trap - XFSZ; kill -XFSZ $$; exit 0"]).status();
        let is_inherited_ignored = std::env::args().any(|word| word == "--show-output");
        assert_eq!(shell.expect("there is a shell").success(), is_inherited_ignored);
    }

    #[test]
    fn a_file_that_may_not_grow_is_an_error_and_other_programs_have_what_we_inherited() {
        assert!(run_alone(NAME, "ulimit -f 0; exec \"$@\""));
        assert!(run_alone(NAME, "ulimit -f 0; trap '' XFSZ; exec \"$@\" --show-output"));
    }
}
