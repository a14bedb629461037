//! `query -- COMMAND`: a command with a password file of its own, which is gone afterwards.
//!
//! This process stays, to clear away. Signals that are sent to it go on to the command; the terminal's keys reach both,
//! and act on the command alone; it stops with the command, and ends as the command ended.

use std::ffi::OsString;
use std::io;
use std::process::Command;

use aep_core::write_file::PassingFile;
use aep_core::{Context, Profile, Result, program};

use super::{Connection, Password, pgpass, variables};
use crate::commands::exec::{self, CANNOT_RUN, Secrets};

pub(super) fn run(context: &Context, profile: &Profile, connection: &Connection, command: &[OsString]) -> Result<u8> {
    let Some(first) = command.first() else { return Ok(2) };
    let mut prepared = match exec::prepare(context, profile, command, Secrets::Withheld) {
        Ok(prepared) => prepared,
        Err(code) => return Ok(code),
    };
    let watch = Watch::start().map_err(|error| {
        aep_core::Error::storage(format!("signals cannot be watched: {}", aep_core::io_words::io_words(&error)))
    })?;
    let mut line = pgpass::line(connection);
    line.push(b'\n');
    let file = PassingFile::write(&super::folder(context)?, &line).map_err(|error| super::cannot_keep(&error))?;
    drop(line);
    for (name, value) in variables(connection, &Password::In(file.path()))? {
        match value {
            Some(value) => prepared.env(name, value),
            None => prepared.env_remove(name),
        };
    }
    let ended = watch.run(&mut prepared, first);
    // Before this process ends as the command did.
    drop(file);
    match ended {
        Ok(ended) => Ok(ended.end_likewise()),
        Err(error) => Ok(exec::told(context, first, &program::in_words(&error), CANNOT_RUN)),
    }
}

#[cfg(unix)]
use unix::Watch;

#[cfg(unix)]
mod unix {
    use super::{Command, OsString, io};
    use std::os::unix::process::CommandExt;

    use aep_core::signals::{self, Relay};
    use rustix::io::Errno;
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

    /// From here on this process is not ended by what is meant for the command.
    pub(super) struct Watch(Relay);

    /// How the command ended.
    pub(super) enum Ended {
        With(u8),
        By(i32),
    }

    impl Watch {
        pub(super) fn start() -> io::Result<Self> {
            Relay::start().map(Self)
        }

        pub(super) fn run(self, command: &mut Command, name: &OsString) -> io::Result<Ended> {
            // It was found by its path, and is called by its name, as a shell would.
            command.arg0(name);
            let child = Pid::from_child(&program_start::spawn(command)?);
            loop {
                for signal in self.0.take().filter_map(Signal::from_named_raw) {
                    // It is not reaped yet, so that the number is its own.
                    let _ = rustix::process::kill_process(child, signal);
                }
                let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
                match rustix::process::waitid(WaitId::Pid(child), options) {
                    Ok(None) => self.0.wait(),
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                    Ok(Some(status)) => {
                        if let Some(code) = status.exit_status() {
                            return Ok(Ended::With(u8::try_from(code & 0xff).unwrap_or(1)));
                        }
                        if let Some(signal) = status.terminating_signal() {
                            return Ok(Ended::By(signal));
                        }
                        if status.stopping_signal().is_some() && is_a_job_of_its_parent() {
                            // Until somebody continues the job.
                            let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
                        }
                    }
                }
            }
        }
    }

    /// Whether a shell with job control waits for this very process, and can continue what it sees stopped.
    fn is_a_job_of_its_parent() -> bool {
        let Some(parent) = rustix::process::getppid() else { return false };
        let same_session = rustix::process::getsid(Some(parent)).ok() == rustix::process::getsid(None).ok();
        let other_group = rustix::process::getpgid(Some(parent)).ok() != Some(rustix::process::getpgrp());
        same_session && other_group
    }

    impl Ended {
        /// By the same signal, so that a shell sees it; for those that leave a core, by its number alone.
        pub(super) fn end_likewise(self) -> u8 {
            match self {
                Self::With(code) => code,
                Self::By(signal) => {
                    let named = Signal::from_named_raw(signal);
                    if matches!(named, Some(Signal::INT | Signal::TERM | Signal::HUP | Signal::PIPE)) {
                        signals::end_by(signal);
                    }
                    u8::try_from(128 + signal).unwrap_or(1)
                }
            }
        }
    }
}

#[cfg(not(unix))]
use other::Watch;

#[cfg(not(unix))]
mod other {
    use super::{Command, OsString, io};

    /// From here on ^C goes to the command alone.
    pub(super) struct Watch;

    /// The exit code, all 32 bits of it.
    pub(super) struct Ended(i32);

    impl Watch {
        pub(super) fn start() -> io::Result<Self> {
            let _ = ctrlc::set_handler(|| {});
            Ok(Self)
        }

        pub(super) fn run(self, command: &mut Command, _name: &OsString) -> io::Result<Ended> {
            Ok(Ended(command.status()?.code().unwrap_or(1)))
        }
    }

    impl Ended {
        /// `ExitCode` has eight bits, and 0xC000013A is what a script looks for.
        pub(super) fn end_likewise(self) -> u8 {
            std::process::exit(self.0)
        }
    }
}
