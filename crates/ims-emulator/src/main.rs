//! `ims-emulator`: prints where it serves and how to point the other programs at it, then serves until it is stopped.

use std::process::ExitCode;
use std::sync::mpsc;

#[expect(clippy::disallowed_methods, reason = "this is where the process's variables enter")]
fn main() -> ExitCode {
    // Before anything is made that would have to be cleared away.
    let (stop, stopped) = mpsc::channel();
    // Sent to nobody once the program is on its way out.
    let told = move || stop.send(()).unwrap_or_default();
    let has_handler = ctrlc::set_handler(told).is_ok();
    let code = ims_emulator::run(ims_emulator::Invocation {
        arguments: std::env::args_os().collect(),
        current_folder: std::env::current_dir().unwrap_or_default(),
        temporary_folder: std::env::temp_dir(),
        in_unix_shell: std::env::var_os("SHLVL").is_some(),
        stdout: &mut std::io::stdout().lock(),
        stderr: &mut std::io::stderr().lock(),
        wait: &mut || {
            // Without a handler the system ends the process, and this waits for that.
            if !has_handler || stopped.recv().is_err() {
                std::thread::park();
            }
        },
    });
    ExitCode::from(code)
}
