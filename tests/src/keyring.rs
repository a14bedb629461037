//! A real keyring: gnome-keyring on a session bus of its own, without a desktop.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::{World, text, wait_until};

/// A bus that starts nothing by itself: neither a keyring nor somebody to ask.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// Processes that end with this value.
pub struct Session {
    children: Vec<Child>,
}

impl Session {
    /// A bus without a keyring on it.
    pub fn without_keyring(world: &mut World) -> Self {
        let configuration = world.write("bus.conf", CONFIGURATION);
        let mut command = Command::new("dbus-daemon");
        world.prepare(&mut command);
        command.arg(format!("--config-file={}", configuration.display())).args(["--nofork", "--print-address"]);
        let mut bus = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        world.set("DBUS_SESSION_BUS_ADDRESS", address.trim());
        std::fs::create_dir_all(world.path("run")).unwrap();
        let run = world.path("run").to_str().unwrap().to_owned();
        world.set("XDG_RUNTIME_DIR", &run);
        Self { children: vec![bus] }
    }

    /// A bus and an open keyring.
    pub fn unlocked(world: &mut World) -> Self {
        let mut session = Self::without_keyring(world);
        session.start(world, &["--unlock"]);
        session
    }

    /// The keyring ends, and another one starts that nobody has unlocked.
    pub fn lock(&mut self, world: &World) {
        let mut keyring = self.children.pop().unwrap();
        keyring.kill().unwrap();
        keyring.wait().unwrap();
        wait_until(|| !has_keyring(world));
        self.start(world, &["--start"]);
    }

    fn start(&mut self, world: &World, arguments: &[&str]) {
        let mut command = Command::new("gnome-keyring-daemon");
        world.prepare(&mut command);
        command.args(arguments).args(["--components=secrets", "--foreground"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"password").unwrap();
        self.children.push(child);
        wait_until(|| has_keyring(world));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// All that an open keyring holds of ours, values and all.
pub fn content(world: &World) -> String {
    let mut command = Command::new("secret-tool");
    world.prepare(&mut command);
    let output = command.args(["search", "--all", "service", "aep-auth"]).output().unwrap();
    text(&output.stdout) + &text(&output.stderr)
}

fn has_keyring(world: &World) -> bool {
    let mut command = Command::new("dbus-send");
    world.prepare(&mut command);
    command.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]);
    let output =
        command.args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]).output().unwrap();
    text(&output.stdout).contains("boolean true")
}
