//! A client that sends what it is told to the byte, and the headers of the known account.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses its part")]

use std::io::{Read, Write};
use std::net::TcpStream;

use ims_emulator::Emulator;
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value)
    }

    pub fn read(stream: &mut impl Read) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("no head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Self { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, body: bytes[end + 4..].to_vec() }
    }
}

pub fn connect(emulator: &Emulator) -> TcpStream {
    TcpStream::connect(("127.0.0.1", emulator.port())).unwrap()
}

/// One request with these headers, and `Host` and `Content-Length` where they are not given.
pub fn send(emulator: &Emulator, method: &str, target: &str, headers: &[(String, String)], body: &[u8]) -> Reply {
    let mut stream = connect(emulator);
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    let has = |name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !has("host") {
        head.push_str(&format!("Host: 127.0.0.1:{}\r\n", emulator.port()));
    }
    if !has("content-length") && !has("transfer-encoding") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    Reply::read(&mut stream)
}

pub fn post_json(emulator: &Emulator, path: &str, body: &Value) -> Reply {
    send(
        emulator,
        "POST",
        path,
        &[("Content-Type".to_owned(), "application/json".to_owned())],
        body.to_string().as_bytes(),
    )
}

pub fn variable(emulator: &Emulator, name: &str) -> String {
    emulator.environment().into_iter().find(|(own, _)| *own == name).unwrap().1
}

pub fn ims(emulator: &Emulator, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let form = ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned());
    send(emulator, "POST", path, &[form], body.join("&").as_bytes())
}

/// A token, got with this secret.
pub fn token_with(emulator: &Emulator, secret: &str) -> Reply {
    let id = variable(emulator, "AEP_CLIENT_ID");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret),
        ("scope", "openid"),
    ];
    ims(emulator, "/ims/token/v3", &fields)
}

pub fn token(emulator: &Emulator) -> String {
    let reply = token_with(emulator, &variable(emulator, "AEP_CLIENT_SECRET"));
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

/// Headers of a call.
#[derive(Clone, Debug)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The four of the platform, with a fresh token.
    pub fn four(emulator: &Emulator) -> Self {
        Self::four_with(emulator, &token(emulator))
    }

    pub fn four_with(emulator: &Emulator, token: &str) -> Self {
        Self(Vec::new())
            .with("Authorization", &format!("Bearer {token}"))
            .with("x-api-key", &variable(emulator, "AEP_CLIENT_ID"))
            .with("x-gw-ims-org-id", &variable(emulator, "AEP_ORG_ID"))
            .with("x-sandbox-name", "prod")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self
    }

    pub fn get(&self, emulator: &Emulator, target: &str) -> Reply {
        send(emulator, "GET", target, &self.0, b"")
    }

    pub fn post(&self, emulator: &Emulator, target: &str, body: &Value) -> Reply {
        send(
            emulator,
            "POST",
            target,
            &self.clone().with("Content-Type", "application/json").0,
            body.to_string().as_bytes(),
        )
    }
}
