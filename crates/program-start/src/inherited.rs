//! What a process inherits about signals and passes on.
//!
//! A program that was started with SIGPIPE ignored (`trap '' PIPE`, a parent in Python or Java) runs another one with it
//! ignored too, as `env` or `nice` would. Rust gets in the way twice: its start ignores the signal for itself, and its
//! `exec` sets it to its default.

use std::ffi::c_int;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);
static OUTPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Notes whether SIGPIPE was ignored before this program's start changed it.
pub(crate) fn note_pipe(is_ignored: bool) {
    PIPE_WAS_IGNORED.store(is_ignored, Ordering::Relaxed);
}

/// Notes whether standard output was closed before this program's start opened it on nothing.
pub(crate) fn note_output(is_closed: bool) {
    OUTPUT_WAS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Whether what is written to standard output reaches nobody, since this process was started without one.
pub fn is_output_closed() -> bool {
    OUTPUT_WAS_CLOSED.load(Ordering::Relaxed)
}

/// Becomes another program, with SIGPIPE as this one inherited it; returns only where that fails.
pub fn exec(command: &mut Command) -> io::Error {
    pass_pipe_on(command);
    command.exec()
}

/// Runs another program beside this one, with SIGPIPE as this one inherited it.
///
/// # Errors
/// It cannot be run.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    pass_pipe_on(command);
    command.spawn()
}

fn pass_pipe_on(command: &mut Command) {
    if PIPE_WAS_IGNORED.load(Ordering::Relaxed) {
        // SAFETY: `signal` may be called between fork and exec, and touches no memory of ours.
        unsafe {
            command.pre_exec(|| {
                libc::signal(libc::SIGPIPE, libc::SIG_IGN);
                Ok(())
            });
        }
    }
}

/// Sets `flag` whenever another process sends this signal, from now on. One of the terminal's keys sets nothing: the
/// kernel sends it to all of the foreground by itself.
///
/// # Errors
/// The system's, for a signal that cannot be caught.
pub fn note_sent(signal: c_int, flag: Arc<AtomicBool>) -> io::Result<()> {
    let note = move |info: &libc::siginfo_t| {
        if is_sent(info) {
            flag.store(true, Ordering::SeqCst);
        }
    };
    // SAFETY: the action compares numbers and sets a flag, which is all that a signal's handler may do.
    unsafe { signal_hook_registry::register_sigaction(signal, note) }.map(drop)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_sent(info: &libc::siginfo_t) -> bool {
    // What the kernel sends by itself is above zero; `kill` and its kin are at zero and below.
    info.si_code <= 0
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_sent(info: &libc::siginfo_t) -> bool {
    // SAFETY: for every signal that is sent, the sender's number is there; for others it is zero.
    unsafe { info.si_pid() != 0 }
}

/// Whether this process ignores a signal: by `nohup`, by `trap ''`, or as a background job of a script.
///
/// Who catches such a signal takes away what the user asked for.
pub fn is_ignored(signal: c_int) -> bool {
    // SAFETY: all zeros is a valid `sigaction`, which holds integers and a nullable pointer.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: nothing is set; the answer goes into a value that lives until the call returns.
    let answer = unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) };
    answer == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Asks before Rust's own start, which comes ahead of `main` where [`prepare`](crate::prepare) does not take its place.
#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
mod before_main {
    #[used]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    // SAFETY: the section is a list of functions to be called before `main`, and this is one.
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    static NOTE: extern "C" fn() = note;

    extern "C" fn note() {
        super::note_pipe(super::is_ignored(libc::SIGPIPE));
        // SAFETY: it reads the flags of a number that may be open or not.
        super::note_output(unsafe { libc::fcntl(1, libc::F_GETFD) } < 0);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Runs a test of this crate in a process of its own, started by this line of shell.
    pub(crate) fn run_alone(test: &str, line: &str) -> bool {
        let own = std::env::current_exe().expect("a test has a file");
        Command::new("sh")
            .args(["-c", line, "sh"])
            .arg(own)
            .args(["--exact", test, "--ignored", "--nocapture"])
            .output()
            .expect("there is a shell")
            .status
            .success()
    }

    #[test]
    #[ignore = "becomes another program"]
    fn becomes_a_shell_that_wants_sigpipe_ignored() {
        panic!("{}", exec(Command::new("sh").args(["-c", "trap - PIPE; kill -PIPE $$; exit 0"])));
    }

    #[test]
    fn exec_leaves_sigpipe_as_it_was_inherited() {
        // A shell cannot take back what it inherited as ignored, so that the signal ends it only where it was not.
        let name = "inherited::tests::becomes_a_shell_that_wants_sigpipe_ignored";
        assert!(run_alone(name, "trap '' PIPE; exec \"$@\""));
        assert!(!run_alone(name, "exec \"$@\""));
    }

    #[test]
    #[ignore = "wants to be started with SIGHUP ignored"]
    fn sees_sighup_ignored() {
        assert!(is_ignored(libc::SIGHUP));
    }

    #[test]
    fn what_is_ignored_is_told_apart() {
        assert!(run_alone("inherited::tests::sees_sighup_ignored", "trap '' HUP; exec \"$@\""));
        assert!(!run_alone("inherited::tests::sees_sighup_ignored", "exec \"$@\""));
    }
}
