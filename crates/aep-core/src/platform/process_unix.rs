//! Unix: a command's output, from a process group of its own.
//!
//! [`output`] leaves nothing behind, however it ends: the group is ended, the terminal is as it was.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};
use rustix::termios::{OptionalActions, Termios};
use zeroize::Zeroizing;

use super::OutputError;
use crate::Clock;
use crate::signals::{self, Watch};

/// How long a group may take to end when it is asked to.
const GRACE: Duration = Duration::from_millis(300);
/// How long a process that was killed may still be in the kernel.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// Who waits for a process looks again after this time at the latest.
const LONGEST_TICK: Duration = Duration::from_millis(50);

/// The output of a command and how it ended, after at most `limit`, with at most `most_bytes` of output.
///
/// The command runs in a process group of its own, which is the terminal's foreground group if ours is. A stop (^Z) stops
/// our group too, and does not count; a key that ends the command (^C) ends our group too. What lives on in the group
/// when the command has ended is not waited for.
pub(crate) fn output(
    command: &mut Command,
    most_bytes: usize,
    limit: Duration,
    clock: &dyn Clock,
) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), OutputError> {
    // Dropped last: a signal of ours takes effect when all is put back.
    let watch = Watch::start().map_err(OutputError::Start)?;
    let mut group = Group::start(command).map_err(OutputError::Start)?;
    let mut output = Output::of(&mut group.child, most_bytes).map_err(OutputError::Read)?;
    let mut deadline = clock.monotonic() + limit;
    let mut tick = Duration::from_millis(1);
    loop {
        if watch.caught().is_some() {
            return Err(OutputError::Interrupted);
        }
        let has_ended = group.has_ended().map_err(OutputError::Read)?;
        if output.take()? {
            tick = Duration::from_millis(1);
        }
        if has_ended {
            break;
        }
        let now = clock.monotonic();
        if now >= deadline {
            return Err(OutputError::TooLong);
        }
        if let Some(signal) = group.stopped().map_err(OutputError::Read)? {
            group.stop_with(signal);
            deadline += clock.monotonic() - now;
        }
        wait_for([output.fd(), Some(watch.fd())].into_iter().flatten(), tick.min(deadline - now));
        tick = (tick * 2).min(LONGEST_TICK);
    }
    let status = group.end().ok_or(OutputError::Interrupted)?;
    Ok((output.bytes, status))
}

/// A pipe's content so far.
struct Output {
    pipe: Option<ChildStdout>,
    bytes: Zeroizing<Vec<u8>>,
    most_bytes: usize,
}

impl Output {
    fn of(child: &mut Child, most_bytes: usize) -> io::Result<Self> {
        let pipe = child.stdout.take();
        if let Some(pipe) = &pipe {
            rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK)?;
        }
        // Never grown, since growing leaves copies that nobody wipes; reading to the end wants some room to spare.
        Ok(Self { pipe, bytes: Zeroizing::new(Vec::with_capacity(most_bytes + 64)), most_bytes })
    }

    /// Reads what is there, without waiting; says whether there was anything, the end included.
    fn take(&mut self) -> Result<bool, OutputError> {
        let Some(pipe) = &mut self.pipe else { return Ok(false) };
        let before = self.bytes.len();
        let room = u64::try_from(self.most_bytes + 1 - before).unwrap_or(0);
        let is_at_end = match pipe.take(room).read_to_end(&mut self.bytes) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(error) => return Err(OutputError::Read(error)),
        };
        if self.bytes.len() > self.most_bytes {
            return Err(OutputError::TooLarge);
        }
        if is_at_end {
            self.pipe = None;
        }
        Ok(is_at_end || self.bytes.len() > before)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }
}

/// A command's process group; ended when dropped.
struct Group {
    leader: Pid,
    child: Child,
    terminal: Option<Terminal>,
    status: Option<ExitStatus>,
    has_been_ended: bool,
}

impl Group {
    fn start(command: &mut Command) -> io::Result<Self> {
        let terminal = Terminal::open();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn()?;
        let leader = Pid::from_child(&child);
        let mut group = Self { leader, child, terminal, status: None, has_been_ended: false };
        group.resume();
        Ok(group)
    }

    /// Lends the terminal, and goes on with what was stopped; it may have wanted the terminal before it had it.
    fn resume(&mut self) {
        if let Some(terminal) = &mut self.terminal {
            terminal.lend(self.leader);
        }
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process_group(self.leader, signal);
    }

    /// How the leader ended. It is not reaped, so that the number of its group is given to nobody else.
    fn ended(&self) -> io::Result<Option<WaitIdStatus>> {
        self.ask(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
    }

    fn has_ended(&self) -> io::Result<bool> {
        Ok(self.ended()?.is_some())
    }

    /// The signal that stopped the leader, if one did since the last question.
    fn stopped(&self) -> io::Result<Option<Signal>> {
        let status = match self.ask(WaitIdOptions::STOPPED) {
            // Who asks for stops alone is told of no child, once the leader has ended.
            Err(error) if error.raw_os_error() == Some(Errno::CHILD.raw_os_error()) => None,
            other => other?,
        };
        Ok(status.and_then(|status| status.stopping_signal()).and_then(Signal::from_named_raw))
    }

    fn ask(&self, options: WaitIdOptions) -> io::Result<Option<WaitIdStatus>> {
        match rustix::process::waitid(WaitId::Pid(self.leader), options | WaitIdOptions::NOHANG) {
            Err(Errno::INTR) => Ok(None),
            other => Ok(other?),
        }
    }

    /// Stops as the command was stopped, and goes on with it.
    fn stop_with(&mut self, signal: Signal) {
        let is_for_terminal = matches!(signal, Signal::TTIN | Signal::TTOU);
        let has_terminal = self.terminal.as_ref().is_some_and(|terminal| terminal.belongs_to(self.leader));
        if !is_for_terminal && !has_terminal {
            // Somebody stopped the command alone.
            return;
        }
        // With the terminal, it asked for that just before it got it, and has only to go on.
        if !is_for_terminal || !has_terminal {
            if let Some(terminal) = &mut self.terminal {
                terminal.take_back(self.leader);
            }
            // Where nobody could continue us, the kernel lets us go on at once.
            let own = if is_for_terminal { signal } else { Signal::TSTP };
            let _ = rustix::process::kill_current_process_group(own);
        }
        self.resume();
    }

    /// Ends what is left of the group, and gives the terminal back; `None` where not even `SIGKILL` ended the leader.
    fn end(&mut self) -> Option<ExitStatus> {
        if std::mem::replace(&mut self.has_been_ended, true) {
            return self.status;
        }
        // Still with the terminal, which it may have to put right.
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
        let has_ended = || self.has_ended().unwrap_or(true);
        if !wait_until(GRACE, has_ended) {
            self.signal(Signal::KILL);
            wait_until(LAST_WAIT, has_ended);
        }
        let key = self.ended().ok().flatten().and_then(|status| status.terminating_signal());
        let had_terminal = self.terminal.as_mut().is_some_and(|terminal| terminal.take_back(self.leader));
        self.status = self.child.try_wait().ok().flatten();
        let is_gone = || rustix::process::test_kill_process_group(self.leader).is_err();
        if !wait_until(GRACE, is_gone) {
            self.signal(Signal::KILL);
        }
        if let Some(key) = key.and_then(Signal::from_named_raw)
            && had_terminal
            && matches!(key, Signal::INT | Signal::QUIT)
        {
            // The key was meant for the whole job, as it stood in the foreground before.
            let _ = rustix::process::kill_current_process_group(key);
        }
        self.status
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// The controlling terminal.
struct Terminal {
    tty: File,
    own: Pid,
    /// The modes when it was lent.
    modes: Option<Termios>,
}

impl Terminal {
    /// `None` where there is no terminal.
    fn open() -> Option<Self> {
        let tty = File::options().read(true).write(true).open("/dev/tty").ok()?;
        Some(Self { tty, own: rustix::process::getpgrp(), modes: None })
    }

    fn belongs_to(&self, group: Pid) -> bool {
        rustix::termios::tcgetpgrp(&self.tty) == Ok(group)
    }

    /// Only if it is ours: in the background, it is another's.
    fn lend(&mut self, group: Pid) {
        if self.belongs_to(self.own) {
            self.modes = rustix::termios::tcgetattr(&self.tty).ok();
            let _ = rustix::termios::tcsetpgrp(&self.tty, group);
        }
    }

    /// With the modes that it had; says whether it was lent. A shell may have taken it meanwhile.
    fn take_back(&mut self, group: Pid) -> bool {
        let is_lent = self.belongs_to(group);
        if is_lent {
            signals::with_terminal_output_allowed(|| {
                let _ = rustix::termios::tcsetpgrp(&self.tty, self.own);
                if let Some(modes) = &self.modes {
                    let _ = rustix::termios::tcsetattr(&self.tty, OptionalActions::Now, modes);
                }
            });
        }
        is_lent
    }
}

fn wait_for<'fd>(handles: impl Iterator<Item = BorrowedFd<'fd>>, time: Duration) {
    let mut handles: Vec<_> = handles.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let time = Timespec::try_from(time).ok();
    // Whatever it says, the caller looks again.
    let _ = rustix::event::poll(&mut handles, time.as_ref());
}

/// Whether it has come about before the time is over.
fn wait_until(time: Duration, is_so: impl Fn() -> bool) -> bool {
    let mut waited = Duration::ZERO;
    let mut tick = Duration::from_millis(1);
    while !is_so() {
        if waited >= time {
            return false;
        }
        wait_for(std::iter::empty(), tick);
        waited += tick;
        tick = (tick * 2).min(LONGEST_TICK);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_ended_is_not_stopped() {
        let mut group = Group::start(&mut Command::new("true")).unwrap();
        // Waits for the end, and leaves the child to be reaped.
        rustix::process::waitid(WaitId::Pid(group.leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        assert_eq!(group.stopped().unwrap(), None);
        assert!(group.end().unwrap().success());
    }
}
