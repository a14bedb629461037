//! How our programs start, and how one becomes another: by C's `main`, where the standard library needs no preparation of
//! its own.
//!
//! Before a Rust `main` the library reads `/proc/self/maps` and sets up a second stack, to be able to name a stack
//! overflow. That is a seventh of an empty program's time, more than all that a cached answer does. With the GNU C library
//! on Linux nothing else depends on it (arguments and environment are there before), so [`main!`] goes past it and
//! [`prepare`] does the two parts of it that matter. A stack overflow still ends the process, by a plain segmentation
//! fault. Elsewhere, and in tests, `main` is the usual one.
//!
//! A file that may grow no further is an error to handle as well, where the system would end the process. Lack of memory ends
//! it with a sentence.
//!
//! What that start changes for the programs that are run is undone by [`exec`]; [`is_ignored`] tells what was inherited.
//!
//! This is the only crate of ours with `unsafe` code.

#[cfg(unix)]
mod file_limits;
#[cfg(unix)]
mod inherited;
mod memory;
#[cfg(unix)]
pub use file_limits::outlive_file_limits;
#[cfg(unix)]
pub use inherited::{exec, is_ignored, is_output_closed, note_sent, spawn};
pub use memory::Memory;

/// There is no such signal.
#[cfg(not(unix))]
pub fn outlive_file_limits() {}

/// Defines `main` from a function that gives an exit code; a second one is that of lack of memory, if not 6.
///
/// The program begins with `#![cfg_attr(all(direct_start, not(test)), no_main)]`; `build-settings` sets `direct_start`
/// where it holds.
#[macro_export]
macro_rules! main {
    ($run:expr) => {
        $crate::main!($run, 6);
    };
    ($run:expr, $without_memory:expr) => {
        #[global_allocator]
        static MEMORY: $crate::Memory = $crate::Memory($without_memory);

        /// The program.
        #[cfg(not(all(direct_start, not(test))))]
        fn main() -> std::process::ExitCode {
            $crate::hide_memory();
            $crate::outlive_file_limits();
            std::process::ExitCode::from($run)
        }

        /// The program, as the C library calls it.
        // The name is the C library's, and no other function of the program has it.
        #[cfg(all(direct_start, not(test)))]
        #[unsafe(no_mangle)]
        extern "C" fn main(_count: std::ffi::c_int, _arguments: *const *const std::ffi::c_char) -> std::ffi::c_int {
            $crate::prepare();
            std::process::exit(i32::from($run))
        }
    };
}

/// Keeps secrets and tokens out of core files, and from processes of the same user that would attach. Programs that are
/// run are as they always are.
#[cfg(target_os = "linux")]
pub fn hide_memory() {
    // SAFETY: it changes a flag of this process.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
}

/// As elsewhere; the system has no such flag that is this process's alone.
#[cfg(not(target_os = "linux"))]
pub fn hide_memory() {}

/// What the standard library also does before `main`: a reader that goes away is an error to handle and not the end of
/// the process, and a closed standard stream is opened on `/dev/null`, lest the next file take its number and receive
/// what was meant to be printed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn prepare() {
    hide_memory();
    outlive_file_limits();
    // SAFETY: ignoring a signal runs no code of ours when it arrives.
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    inherited::note_pipe(before == libc::SIG_IGN);
    let mut streams = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: the pointer and the length are those of an array that lives until the call returns.
    unsafe { libc::poll(streams.as_mut_ptr(), 3, 0) };
    let is_closed = |stream: &libc::pollfd| stream.revents & libc::POLLNVAL != 0;
    inherited::note_output(is_closed(&streams[1]));
    for _ in streams.iter().filter(|stream| is_closed(stream)) {
        // The lowest free number is the one that is closed. It stays open, and in the programs that are run too.
        // SAFETY: the path is a C string that lives for ever.
        if unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) } < 0 {
            std::process::abort();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_memory_is_hidden() {
        super::hide_memory();
        // SAFETY: it reads a flag of this process.
        assert_eq!(unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) }, 0);
    }
}
