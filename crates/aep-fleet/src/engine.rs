//! The conversation with Redis or Valkey, bounded as a whole.
//!
//! It runs on a thread of its own: names, TLS and a server that drips bytes have no deadline otherwise. What is not done
//! in time is left behind, and the engine counts as not there.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use aep_core::secret::Secret;
use aep_core::{Context, Error, Result};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates};

use crate::Address;

/// The time for the connection, and again for each question.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// A larger value is not ours.
const MOST_BYTES: usize = 128 * 1024;

/// Why the engine did not serve; one line, without anything private.
#[derive(Debug)]
pub(crate) struct Trouble(pub(crate) String);

type Answer = std::result::Result<redis::Value, Trouble>;

/// A connection.
#[derive(Debug)]
pub(crate) struct Engine {
    questions: Sender<redis::Cmd>,
    answers: Receiver<Answer>,
}

impl Engine {
    /// Connects and signs in.
    ///
    /// # Errors
    /// Configuration for a certificate file that cannot be used; the inner one when the engine is as if not there.
    pub(crate) fn connect(
        context: &Context,
        address: &Address,
        password: Option<&Secret>,
    ) -> Result<std::result::Result<Self, Trouble>> {
        let client = match client(context, address, password)? {
            Ok(client) => client,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let (questions, inbox) = channel::<redis::Cmd>();
        let (outbox, answers) = channel::<Answer>();
        std::thread::spawn(move || {
            let mut connection = match client.get_connection_with_timeout(PATIENCE) {
                Ok(connection) => connection,
                Err(error) => return drop(outbox.send(Err(trouble(&error)))),
            };
            let limited =
                connection.set_read_timeout(Some(PATIENCE)).and_then(|()| connection.set_write_timeout(Some(PATIENCE)));
            let mut answer = limited.map(|()| redis::Value::Okay).map_err(|error| trouble(&error));
            while outbox.send(answer).is_ok() {
                let Ok(question) = inbox.recv() else { return };
                answer = question.query(&mut connection).map_err(|error| trouble(&error));
            }
        });
        let engine = Self { questions, answers };
        Ok(engine.answer().map(|_| engine))
    }

    /// The value of a name; `None` where there is none, or one of another type.
    pub(crate) fn get(&self, name: &str) -> std::result::Result<Option<Vec<u8>>, Trouble> {
        match self.ask(redis::cmd("GET").arg(name)) {
            Ok(redis::Value::BulkString(bytes)) if bytes.len() <= MOST_BYTES => Ok(Some(bytes)),
            Ok(_) => Ok(None),
            Err(Trouble(why)) if why.contains("WRONGTYPE") => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Sets a value that the engine forgets after `life`.
    pub(crate) fn set(&self, name: &str, value: &[u8], life: Duration) -> std::result::Result<(), Trouble> {
        self.ask(redis::cmd("SET").arg(name).arg(value).arg("PX").arg(milliseconds(life))).map(drop)
    }

    /// Takes a lock with the owner's mark, unless somebody has it; it ends by itself after `life`.
    pub(crate) fn try_lock(&self, name: &str, owner: &str, life: Duration) -> std::result::Result<bool, Trouble> {
        let answer = self.ask(redis::cmd("SET").arg(name).arg(owner).arg("NX").arg("PX").arg(milliseconds(life)))?;
        Ok(matches!(answer, redis::Value::Okay | redis::Value::SimpleString(_)))
    }

    /// Ends a lock if it is still the owner's; in one step, so that a lock that has passed on is not ended.
    pub(crate) fn unlock(&self, name: &str, owner: &str) -> std::result::Result<(), Trouble> {
        const IF_OWN: &str =
            "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
        self.ask(redis::cmd("EVAL").arg(IF_OWN).arg(1).arg(name).arg(owner)).map(drop)
    }

    /// Removes a name.
    pub(crate) fn remove(&self, name: &str) -> std::result::Result<(), Trouble> {
        self.ask(redis::cmd("DEL").arg(name)).map(drop)
    }

    /// Milliseconds until a name ends by itself; `None` where there is none.
    pub(crate) fn remaining(&self, name: &str) -> std::result::Result<Option<i64>, Trouble> {
        match self.ask(redis::cmd("PTTL").arg(name))? {
            redis::Value::Int(left) if left > 0 => Ok(Some(left)),
            _ => Ok(None),
        }
    }

    /// The engine's clock, in Unix seconds.
    pub(crate) fn time(&self) -> std::result::Result<Option<i64>, Trouble> {
        let redis::Value::Array(parts) = self.ask(&redis::cmd("TIME"))? else { return Ok(None) };
        let Some(redis::Value::BulkString(seconds)) = parts.first() else { return Ok(None) };
        Ok(std::str::from_utf8(seconds).ok().and_then(|seconds| seconds.parse().ok()))
    }

    fn ask(&self, question: &redis::Cmd) -> Answer {
        self.questions.send(question.clone()).map_err(|_| gone())?;
        self.answer()
    }

    fn answer(&self) -> Answer {
        self.answers.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> Trouble {
    Trouble(format!("it did not answer within {} ms", PATIENCE.as_millis()))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What the engine said, without values: only its own error code and the kind of fault.
fn trouble(error: &redis::RedisError) -> Trouble {
    Trouble(match (error.code(), error.is_timeout()) {
        (Some(code), _) => format!("it answered {}", aep_core::terminal::clean_within(code, 40)),
        (None, true) => gone().0,
        (None, false) => aep_core::terminal::clean_within(&error.to_string(), 200),
    })
}

fn client(
    context: &Context,
    address: &Address,
    password: Option<&Secret>,
) -> Result<std::result::Result<Client, Trouble>> {
    let host = address.authority.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = address.authority.port;
    let place = if address.is_tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let mut settings = RedisConnectionInfo::default().set_db(address.database).set_skip_set_lib_name();
    if let Some(user) = &address.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = address.password.as_ref().or(password) {
        settings = settings.set_password(password.expose());
    }
    let information: ConnectionInfo = match place.into_connection_info() {
        Ok(information) => information.set_redis_settings(settings),
        Err(error) => return Ok(Err(trouble(&error))),
    };
    let client = if address.is_tls {
        // One backend for the whole process; a second call finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = aep_ims::trusted_certificates(&context.environment)?;
        Client::build_with_tls(information, TlsCertificates { client_tls: None, root_cert: Some(roots.into_bytes()) })
    } else {
        Client::open(information)
    };
    Ok(client.map_err(|error| trouble(&error)))
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        Self::unreachable(format!("the shared cache is not used: {}", trouble.0))
    }
}
