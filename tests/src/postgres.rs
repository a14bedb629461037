//! A real PostgreSQL on a free port, with TLS under an authority of its own and nothing else.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::skip;

/// As the emulator names it, and a role that needs no password.
const ADMINISTRATOR: &str = "keeper";
/// The server refuses to run as root.
const NOBODY: u32 = 65_534;

/// A server that ends with this value.
pub struct Postgres {
    server: Child,
    /// Its port.
    pub port: u16,
    /// The certificate of its authority.
    pub authority_pem: String,
    _folder: tempfile::TempDir,
}

/// The folder of PostgreSQL's own programs, which Debian keeps off the path.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let debian = crate::files_in(Path::new("/usr/lib/postgresql")).into_iter().map(|version| version.join("bin"));
    on_path
        .into_iter()
        .flatten()
        .chain(debian)
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

impl Postgres {
    /// Starts it with a certificate for this name; `None`, visibly, where it is not installed.
    pub fn start(name: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            skip("there is no PostgreSQL server: apt-get install postgresql");
            return None;
        };
        if !crate::has("psql") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let is_root = rustix::process::geteuid().is_root();
        let own = |path: &Path| {
            if is_root {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        };
        own(folder.path());
        let prepare = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.env_clear().env("HOME", folder.path()).env("LC_ALL", "C").current_dir(folder.path());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let data = folder.path().join("data");
        let made = prepare("initdb")
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--username", ADMINISTRATOR, "--pgdata"])
            .arg(&data)
            .status();
        assert!(made.unwrap().success(), "initdb");

        let (authority_pem, certificate, key) = certificate_for(name);
        let write = |file: &str, text: &str| {
            let path = data.join(file);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            own(&path);
        };
        write("server.crt", &certificate);
        write("server.key", &key);
        // A password is asked for over TLS alone, in the clear inside it, as Query Service does.
        write(
            "pg_hba.conf",
            &format!("hostnossl all {ADMINISTRATOR} 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 password\n"),
        );
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = folder.path().join("log");
        let mut server = prepare("postgres");
        server.arg("-D").arg(&data).stderr(std::fs::File::create(&log).unwrap());
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "ssl=on"]);
        server.args(["-c", "fsync=off", "-c", "max_connections=20", "-c", &format!("port={port}")]);
        let mut started = Self { server: server.spawn().unwrap(), port, authority_pem, _folder: folder };
        while !started.psql().args(["-c", "SELECT 1"]).stderr(Stdio::null()).status().unwrap().success() {
            let ended = started.server.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(&log).unwrap());
        }
        Some(started)
    }

    /// `psql` as the administrator.
    fn psql(&self) -> Command {
        let mut psql = Command::new("psql");
        psql.args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            ADMINISTRATOR,
            "-h",
            "127.0.0.1",
            "-d",
            "postgres",
            "-p",
        ]);
        psql.arg(self.port.to_string()).env("PGSSLMODE", "disable").stdin(Stdio::null()).stdout(Stdio::null());
        psql
    }

    /// Makes a database of this name and a role that opens it by this password; of what is there, the password alone is
    /// changed.
    pub fn admit(&self, database: &str, role: &str, password: &str) {
        let script = format!(
            "SELECT 'CREATE ROLE \"{role}\" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec\n\
             SELECT 'CREATE DATABASE \"{database}\"' \
             WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec\n\
             ALTER ROLE \"{role}\" PASSWORD '{password}';\n"
        );
        let mut psql = self.psql().stdin(Stdio::piped()).spawn().unwrap();
        psql.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(psql.wait().unwrap().success());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown, which ends its children too.
        if let Some(pid) = rustix::process::Pid::from_raw(i32::try_from(self.server.id()).unwrap_or_default()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let _ = self.server.wait();
    }
}

/// An authority, and a server's certificate and key under it.
fn certificate_for(name: &str) -> (String, String, String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(vec![]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test's database");
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, &issuer).unwrap().pem();
    (authority_pem, certificate, key.serialize_pem())
}
