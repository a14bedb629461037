//! A real `redis-server` on a free port of loopback, ended when dropped.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// A running engine.
pub struct Redis {
    child: Child,
    /// The port.
    pub port: u16,
    folder: tempfile::TempDir,
    is_tls: bool,
    /// What a test signs in with.
    password: Option<&'static str>,
}

impl Redis {
    /// Plain text, no password.
    pub fn plain() -> Self {
        Self::start(&[])
    }

    /// With these further settings, each an argument of `redis-server`.
    pub fn start(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let child = spawn(&folder, &[&["--port", &port.to_string()], settings].concat());
        let redis = Self { child, port, folder, is_tls: false, password: None };
        redis.wait();
        redis
    }

    /// TLS under an authority of its own, with the password `engine-password-marker` for the user `fleet`, who may use
    /// `aep:*` alone.
    pub fn tls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let authority = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = parameters.self_signed(&authority).unwrap();
        let issuer = rcgen::Issuer::new(parameters, authority);
        let key = rcgen::KeyPair::generate().unwrap();
        let own =
            rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(file("ca.pem"), ca.pem()).unwrap();
        std::fs::write(file("server.pem"), own.pem()).unwrap();
        std::fs::write(file("server.key"), key.serialize_pem()).unwrap();
        let settings = [
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--tls-auth-clients",
            "no",
            "--tls-ca-cert-file",
            &file("ca.pem"),
            "--tls-cert-file",
            &file("server.pem"),
            "--tls-key-file",
            &file("server.key"),
            "--user",
            "fleet",
            "on",
            ">engine-password-marker",
            "~aep:*",
            "+@all",
            "--user",
            "default",
            "off",
        ];
        let child = spawn(&folder, &settings);
        let redis = Self { child, port, folder, is_tls: true, password: Some("engine-password-marker") };
        redis.wait();
        redis
    }

    /// The address for `AEP_SHARED_CACHE`.
    pub fn url(&self) -> String {
        match self.is_tls {
            true => format!("rediss://fleet@localhost:{}/0", self.port),
            false => format!("redis://127.0.0.1:{}/0", self.port),
        }
    }

    /// The certificate of the authority.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What signs in.
    pub fn password(&self) -> Option<&'static str> {
        self.password
    }

    /// A connection past our own programs, to a plain engine.
    pub fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Every name that the engine holds.
    pub fn names(&self) -> Vec<String> {
        redis::cmd("KEYS").arg("*").query(&mut self.connection()).unwrap()
    }

    /// The process number.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait(&self) {
        crate::wait_until(|| TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(folder: &tempfile::TempDir, settings: &[&str]) -> Child {
    Command::new("redis-server")
        .args(["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", folder.path().to_str().unwrap()])
        .args(settings)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Below the range from which the system picks, so that no outgoing connection is in the way, and never twice.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 200).unwrap() * 100 + 10_000;
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::SeqCst);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
