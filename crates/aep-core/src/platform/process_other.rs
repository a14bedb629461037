//! Windows and the rest: a command's output, read by a thread, since a pipe has no deadline of its own there. Written,
//! not run.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::OutputError;
use crate::Clock;

/// The output of a command and how it ended, after at most `limit`, with at most `most_bytes` of output.
pub(crate) fn output(
    command: &mut Command,
    most_bytes: usize,
    limit: Duration,
    _clock: &dyn Clock,
) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), OutputError> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(OutputError::Start)?;
    let result = read_in_time(&mut child, most_bytes, limit);
    if result.is_err() {
        end_tree(&mut child);
    }
    let status = child.wait().map_err(OutputError::Read)?;
    Ok((result?, status))
}

fn read_in_time(child: &mut Child, most_bytes: usize, limit: Duration) -> Result<Zeroizing<Vec<u8>>, OutputError> {
    let (sender, receiver) = mpsc::channel();
    let pipe = child.stdout.take();
    let read = move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(most_bytes + 64));
        let room = u64::try_from(most_bytes + 1).unwrap_or(u64::MAX);
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(room).read_to_end(&mut bytes));
        let result = match read {
            Ok(_) if bytes.len() > most_bytes => Err(OutputError::TooLarge),
            Ok(_) => Ok(bytes),
            Err(error) => Err(OutputError::Read(error)),
        };
        // Nobody listens any more when the time is over.
        let _ = sender.send(result);
    };
    std::thread::Builder::new().spawn(read).map_err(OutputError::Start)?;
    receiver.recv_timeout(limit).unwrap_or(Err(OutputError::TooLong))
}

/// Ends a process and those that it started, by the system's own tool.
fn end_tree(child: &mut Child) {
    let environment = crate::Environment::from_process();
    if let Some(root) = environment.path("SystemRoot").filter(|root| root.is_absolute()) {
        let _ = Command::new(root.join(r"System32\taskkill.exe"))
            .args(["/T", "/F", "/PID", &child.id().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
    let _ = child.kill();
}
