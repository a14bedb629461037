//! `/dev/tty`, with its modes put back on every way out.
//!
//! The signals that end a process are held by a [`Watch`] until the modes are back. ^Z is not one of them: what it does
//! has to be left to the kernel, which alone knows whether anyone could continue us. So the terminal hands the key over
//! as the end of a line, and we stop ourselves when all is put back.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use aep_core::signals::{self, Watch};
use nix::sys::select::{FD_SETSIZE, FdSet, select};
use rustix::process::Signal;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use zeroize::Zeroizing;

use super::{Echo, NoAnswer};

/// A terminal cuts what is longer than this, and says nothing.
const LONGEST_LINE: usize = if cfg!(any(target_os = "linux", target_os = "android")) { 4095 } else { 1023 };
/// What stands for "no key" in a terminal's list of keys.
const NO_KEY: u8 = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for NoAnswer {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}

/// Asks until there is an answer: a line without its end.
pub(super) fn ask(question: &str, echo: Echo) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    let mut tty = File::options().read(true).write(true).open("/dev/tty")?;
    loop {
        if let Some(answer) = ask_once(&mut tty, question, echo)? {
            return Ok(answer);
        }
        // Each process of the job, as the key does.
        rustix::process::kill_current_process_group(Signal::TSTP)?;
    }
}

/// Asks; `None` where the answer is ^Z.
fn ask_once(tty: &mut File, question: &str, echo: Echo) -> Result<Option<Zeroizing<Vec<u8>>>, NoAnswer> {
    // Dropped last: a signal takes effect when the modes are back.
    let watch = Watch::start()?;
    let mut modes = Modes::set(tty.try_clone()?, echo)?;
    tty.write_all(question.as_bytes())?;
    // Never grown, since growing leaves copies that nobody wipes.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE + 1));
    let mut chunk = Zeroizing::new([0; LONGEST_LINE + 1]);
    loop {
        wait_for(tty, &watch)?;
        if watch.caught().is_some() {
            modes.leave_unfinished();
            let _ = tty.write_all(b"\n");
            return Err(io::Error::from(io::ErrorKind::Interrupted).into());
        }
        let count = match tty.read(&mut chunk[..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        match &chunk[..count] {
            [] if line.is_empty() => return Err(NoAnswer::End),
            [.., last] if modes.stop_key == Some(*last) => {
                modes.leave_unfinished();
                let _ = tty.write_all(b"\n");
                return Ok(None);
            }
            part => {
                let is_whole = part.is_empty() || part.ends_with(b"\n");
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                if line.len() + part.len() >= LONGEST_LINE {
                    modes.leave_unfinished();
                    return Err(NoAnswer::TooLong(LONGEST_LINE));
                }
                line.extend_from_slice(part);
                if is_whole {
                    return Ok(Some(line));
                }
            }
        }
    }
}

/// Until there is something to read, or a signal.
fn wait_for(tty: &File, watch: &Watch) -> io::Result<()> {
    let mut ready = FdSet::new();
    for fd in [tty.as_fd(), watch.fd()] {
        // A set of `select` has a fixed size; who inherited a thousand open files is past it.
        if usize::try_from(fd.as_raw_fd()).is_ok_and(|number| number >= FD_SETSIZE) {
            return Err(io::Error::other("too many open files"));
        }
        ready.insert(fd);
    }
    match select(None, &mut ready, None, None, None) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// A terminal's modes for one question; those before are back when this is dropped.
struct Modes {
    tty: File,
    before: Termios,
    ours: Termios,
    /// The key that stops a job, as it comes at the end of a line.
    stop_key: Option<u8>,
    way_back: OptionalActions,
}

impl Modes {
    fn set(tty: File, echo: Echo) -> rustix::io::Result<Self> {
        let before = rustix::termios::tcgetattr(&tty)?;
        let mut ours = before.clone();
        if echo == Echo::Off {
            ours.local_modes.remove(LocalModes::ECHO);
            // The end of the line is shown, so that what follows stands on one of its own.
            ours.local_modes.insert(LocalModes::ECHONL);
        }
        let key = before.special_codes[SpecialCodeIndex::VSUSP];
        let stop_key = Some(key).filter(|key| *key != NO_KEY && before.local_modes.contains(LocalModes::ISIG));
        if let Some(key) = stop_key {
            ours.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
            ours.special_codes[SpecialCodeIndex::VEOL] = key;
        }
        // What was typed or pasted ahead is kept: it may be the answers to several questions.
        rustix::termios::tcsetattr(&tty, OptionalActions::Drain, &ours)?;
        Ok(Self { tty, before, ours, stop_key, way_back: OptionalActions::Now })
    }

    /// What was typed of the answer must not become the next program's input.
    fn leave_unfinished(&mut self) {
        self.way_back = OptionalActions::Flush;
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        // A shell that took the terminal meanwhile has modes of its own.
        let now = rustix::termios::tcgetattr(&self.tty);
        if now.is_ok_and(|now| now.local_modes == self.ours.local_modes) {
            signals::with_terminal_output_allowed(|| {
                let _ = rustix::termios::tcsetattr(&self.tty, self.way_back, &self.before);
            });
        }
    }
}
