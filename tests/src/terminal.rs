//! A real terminal, by tmux.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{World, wait_until};

/// A program on a terminal, which tmux gives it.
pub struct Terminal {
    socket: String,
}

impl Terminal {
    /// Opens one that runs this command.
    pub fn open(world: &World, command: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let socket = format!("aep-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let mut tmux = Command::new("tmux");
        world.prepare(&mut tmux);
        let started = tmux
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .args(["-L", &socket, "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "30", command])
            .status();
        assert!(started.unwrap().success());
        Self { socket }
    }

    /// A command to its tmux.
    pub fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").args(["-L", &self.socket]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a line and the key at its end.
    pub fn type_line(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// What stands on it.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until this stands on it.
    pub fn wait_for(&self, part: &str) {
        wait_until(|| self.screen().contains(part));
    }

    /// The line on which the cursor waits.
    pub fn prompt(&self) -> String {
        let screen = self.screen();
        screen.trim_end().lines().last().unwrap_or_default().to_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
