//! A terminal without a window: a shell with job control on it, what is typed, and what stands there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;

use crate::{World, wait_until};

/// A child that inherited it would keep the terminal open. Linux alone can open it so at once.
fn open_terminal() -> OwnedFd {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    #[cfg(target_os = "linux")]
    let flags = flags | OpenptFlags::CLOEXEC;
    let terminal = rustix::pty::openpt(flags).unwrap();
    rustix::io::fcntl_setfd(&terminal, rustix::io::FdFlags::CLOEXEC).unwrap();
    terminal
}

const PROMPT: &str = "ready> ";

/// An interactive `dash` on a terminal of its own.
pub struct Shell {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    child: Child,
}

impl Shell {
    /// Starts it in the world's home.
    pub fn start(world: &World) -> Self {
        let keyboard = open_terminal();
        rustix::pty::grantpt(&keyboard).unwrap();
        rustix::pty::unlockpt(&keyboard).unwrap();
        let name = rustix::pty::ptsname(&keyboard, Vec::new()).unwrap();
        let terminal = || -> Stdio {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let terminal: OwnedFd = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
            terminal.into()
        };
        let mut setsid = Command::new("setsid");
        world.prepare(&mut setsid);
        let child = setsid
            .args(["--ctty", "dash", "-i"])
            .env("PS1", PROMPT)
            .stdin(terminal())
            .stdout(terminal())
            .stderr(terminal())
            .spawn()
            .unwrap();
        let keyboard = File::from(keyboard);
        let screen = Arc::new(Mutex::new(String::new()));
        let (mut output, shown) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut chunk) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
        });
        let shell = Self { keyboard, screen, child };
        shell.wait_for_prompt();
        shell
    }

    /// Types this.
    pub fn type_keys(&self, keys: &str) {
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    /// Runs a line to its end; gives what it printed. `$c` is the exit code of the one before.
    pub fn run(&self, line: &str) -> String {
        self.clear();
        // The quotes tell what is printed from the echo of what is typed.
        self.type_keys(&format!("c=$?; echo be''gin; {line}; echo en''d\n"));
        self.wait_for("end\r\n");
        self.wait_for_prompt();
        let screen = self.screen();
        let (_, printed) = screen.split_once("begin\r\n").unwrap();
        printed.split("end\r\n").next().unwrap().replace('\r', "")
    }

    /// The exit code of the last line.
    pub fn code(&self) -> String {
        self.run("echo $c").trim().to_owned()
    }

    /// Waits until the shell wants a line.
    pub fn wait_for_prompt(&self) {
        wait_until(|| self.screen().ends_with(PROMPT));
    }

    /// Whether the terminal shows what is typed, and edits it by line.
    pub fn is_sane(&self) -> bool {
        let modes = self.run("stty -a");
        let has = |mode: &str| modes.split([' ', ';', '\n']).any(|word| word == mode);
        has("echo") && has("icanon") && has("isig") && modes.contains("susp = ^Z") && modes.contains("eol = <undef>")
    }

    /// All that was shown since it was cleared.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    /// Forgets what was shown.
    pub fn clear(&self) {
        self.screen.lock().unwrap().clear();
    }

    /// Waits until this is shown.
    pub fn wait_for(&self, part: &str) {
        wait_until(|| self.screen().contains(part));
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
