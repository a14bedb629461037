//! Signals that end a program, caught for as long as something must be put back first.
//!
//! While a [`Watch`] lives, such a signal is noted and wakes whoever waits for [`Watch::fd`]; once it is dropped, the
//! signal does what it would have done, so that a shell sees the death that it asked for. None is lost, and what is
//! ignored (by `nohup`, or as a background job of a script) stays so.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use signal_hook::consts::{SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2};
use signal_hook::{flag, low_level};

pub use program_start::is_output_closed;

/// The handlers, which stay once they are set; at other times they do what the default is.
static HANDLERS: Mutex<Option<Arc<Handlers>>> = Mutex::new(None);

#[derive(Debug)]
struct Handlers {
    is_default: Arc<AtomicBool>,
    caught: Arc<AtomicUsize>,
    wake: UnixStream,
}

/// The time during which signals are held; one at a time in a process.
#[derive(Debug)]
pub struct Watch(Arc<Handlers>);

impl Watch {
    /// From now on nothing but `SIGKILL` ends the process, until this is dropped.
    ///
    /// # Errors
    /// The system's, where it has no file handles left.
    pub fn start() -> io::Result<Self> {
        let mut handlers = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner);
        let handlers = match &*handlers {
            Some(handlers) => Arc::clone(handlers),
            None => Arc::clone(handlers.insert(Arc::new(Handlers::set()?))),
        };
        handlers.is_default.store(false, Ordering::SeqCst);
        Ok(Self(handlers))
    }

    /// The signal that came, if one did.
    pub fn caught(&self) -> Option<i32> {
        i32::try_from(self.0.caught.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    /// Becomes readable when a signal comes.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.wake.as_fd()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // In this order, so that one that comes in between is either seen here or acts by itself.
        self.0.is_default.store(true, Ordering::SeqCst);
        if let Some(signal) = self.caught() {
            // Does not return.
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

impl Handlers {
    fn set() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let handlers = Self { is_default: Arc::new(AtomicBool::new(true)), caught: Arc::default(), wake };
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            if program_start::is_ignored(signal) {
                continue;
            }
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_conditional_default(signal, Arc::clone(&handlers.is_default))?;
            flag::register_usize(signal, Arc::clone(&handlers.caught), number)?;
            low_level::pipe::register(signal, waker.try_clone()?)?;
        }
        Ok(handlers)
    }
}

/// Passes on to a command what others send to this process, for as long as it runs.
///
/// Nothing of it ends this process meanwhile, so that it can clear away; nothing stops it either but itself. What the
/// terminal's keys send reaches the command by itself, and what is ignored stays so.
#[derive(Debug)]
pub struct Relay {
    sent: Vec<(i32, Arc<AtomicBool>)>,
    wake: UnixStream,
}

impl Relay {
    /// From now on.
    ///
    /// # Errors
    /// The system's, where it has no file handles left.
    pub fn start() -> io::Result<Self> {
        const PASSED_ON: [i32; 9] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGCONT];
        let (wake, waker) = UnixStream::pair()?;
        waker.set_nonblocking(true)?;
        let mut sent = Vec::new();
        for signal in PASSED_ON {
            if !program_start::is_ignored(signal) {
                let flag = Arc::new(AtomicBool::new(false));
                program_start::note_sent(signal, Arc::clone(&flag))?;
                low_level::pipe::register(signal, waker.try_clone()?)?;
                sent.push((signal, flag));
            }
        }
        low_level::pipe::register(SIGCHLD, waker)?;
        if let Some(handlers) = &*HANDLERS.lock().unwrap_or_else(PoisonError::into_inner) {
            handlers.is_default.store(false, Ordering::SeqCst);
        }
        Ok(Self { sent, wake })
    }

    /// The signals that were sent since the last question.
    pub fn take(&self) -> impl Iterator<Item = i32> {
        self.sent.iter().filter(|(_, flag)| flag.swap(false, Ordering::SeqCst)).map(|(signal, _)| *signal)
    }

    /// Waits for the next signal, or for news of a child.
    pub fn wait(&self) {
        // Several at once are one; whatever it says, the caller looks again.
        let _ = (&self.wake).read(&mut [0; 64]);
    }
}

/// Ends this process by a signal, as a command was ended by it; returns where that is not the signal's default.
pub fn end_by(signal: i32) {
    let _ = low_level::emulate_default_handler(signal);
}

/// Runs `action` with `SIGTTOU` held back: who is no longer in the terminal's foreground may still put it right.
pub fn with_terminal_output_allowed<T>(action: impl FnOnce() -> T) -> T {
    let before = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let result = action();
    if let Ok(before) = before {
        let _ = before.thread_set_mask();
    }
    result
}
