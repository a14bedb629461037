//! Windows and the rest: a command's output, read by a thread, since a pipe has no deadline of its own there.

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
    clock: &dyn Clock,
) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), OutputError> {
    let deadline = clock.monotonic() + limit;
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(OutputError::Start)?;
    let result = read_in_time(&mut child, most_bytes, limit)
        .and_then(|bytes| Ok((bytes, wait_in_time(&mut child, deadline, clock)?)));
    if result.is_err() {
        end_tree(&mut child);
        let _ = child.wait();
    }
    result
}

/// One that has closed its output need not end.
fn wait_in_time(child: &mut Child, deadline: Duration, clock: &dyn Clock) -> Result<ExitStatus, OutputError> {
    const PAUSE: Duration = Duration::from_millis(5);
    loop {
        match child.try_wait().map_err(OutputError::Read)? {
            Some(status) => return Ok(status),
            None if clock.monotonic() >= deadline => return Err(OutputError::TooLong),
            None => clock.sleep(PAUSE),
        }
    }
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

#[cfg(all(test, windows))]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn run(line: &str, most_bytes: usize, limit: Duration) -> Result<(String, Option<i32>), OutputError> {
        let mut command = Command::new("cmd");
        // As it stands: this shell takes a word in quotes for something else.
        std::os::windows::process::CommandExt::raw_arg(&mut command, format!("/d /c {line}"));
        let (bytes, status) = output(&mut command, most_bytes, limit, &SystemClock::start())?;
        Ok((String::from_utf8(bytes.to_vec()).unwrap(), status.code()))
    }

    const MINUTE: Duration = Duration::from_secs(60);
    const ENDLESS: &str = "for /l %i in (1,0,2) do @rem";

    #[test]
    fn what_it_prints_and_how_it_ends() {
        assert_eq!(run("echo one", 100, MINUTE).unwrap(), ("one\r\n".to_owned(), Some(0)));
        assert_eq!(run("exit 256", 100, MINUTE).unwrap(), (String::new(), Some(256)));
        assert_eq!(run("set /p x=&exit 3", 100, MINUTE).unwrap().1, Some(3), "nobody waits for an answer");
        assert!(matches!(run("echo 123456789", 10, MINUTE), Err(OutputError::TooLarge)));
        assert_eq!(run("echo 12345678", 10, MINUTE).unwrap().0, "12345678\r\n");
        let absent = output(&mut Command::new("no-such-program.exe"), 10, MINUTE, &SystemClock::start());
        assert!(matches!(absent, Err(OutputError::Start(_))));
    }

    #[test]
    fn one_that_takes_too_long_is_ended() {
        let began = std::time::Instant::now();
        assert!(matches!(run(ENDLESS, 10, Duration::from_millis(300)), Err(OutputError::TooLong)));
        assert!(matches!(run(&format!("({ENDLESS}) >nul"), 10, Duration::from_millis(300)), Err(OutputError::TooLong)));
        assert!(began.elapsed() < MINUTE);
    }
}
