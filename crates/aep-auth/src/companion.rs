//! Ending with the helper that asked: a killed helper must not leave a fetch behind.
//!
//! The helper keeps our standard input open for as long as it lives. On Linux the kernel tells us at once; elsewhere the
//! end of that pipe does.

/// From now on this process ends when its parent does.
#[cfg(target_os = "linux")]
pub(crate) fn end_with_parent() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
    // It may have died before that was said; then nobody holds the other end of the pipe.
    let input = std::io::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().contains(PollFlags::HUP) {
        std::process::exit(143);
    }
}

/// From now on this process ends when its standard input does.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_parent() {
    use std::io::Read as _;
    // Without a thread it ends by its own time limits.
    let _ = std::thread::Builder::new().spawn(|| {
        let mut byte = [0];
        // A refused token comes as one line before anything waits here; what follows is the end.
        while std::io::stdin().read(&mut byte).is_ok_and(|count| count > 0) {}
        std::process::exit(143);
    });
}
