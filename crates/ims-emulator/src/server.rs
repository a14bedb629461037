//! Loopback and nothing else, a thread for each connection, and a bounded number of them.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::serve::{Connection, Context, PATIENCE};
use crate::state::{Place, State};
use crate::{Options, Service, serve, tls};

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    ca_pem: Option<String>,
    state: Arc<State>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(options: Options, state: Arc<State>) -> io::Result<Self> {
        let Options { port, tls, names, ended_in, service, clients: _ } = options;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let (config, ca_pem) = if tls {
            let (config, ca_pem) = tls::make(&names, ended_in).map_err(io::Error::other)?;
            (Some(Arc::new(config)), Some(ca_pem))
        } else {
            (None, None)
        };
        let shared = Arc::new(Shared { state: Arc::clone(&state), config, service, names });
        let acceptor = std::thread::Builder::new().spawn(move || accept(&listener, &shared))?;
        Ok(Self { address, ca_pem, state, acceptor: Some(acceptor) })
    }

    pub(crate) fn url(&self) -> String {
        match self.ca_pem {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://127.0.0.1:{}", self.address.port()),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop();
        // A connection of our own wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// What every connection is given.
struct Shared {
    state: Arc<State>,
    config: Option<Arc<ServerConfig>>,
    service: Option<Arc<Service>>,
    names: Vec<String>,
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    // Further clients wait in the system's queue until a place is free.
    while let Some(place) = State::take_place(&shared.state) {
        let Ok((stream, _)) = listener.accept() else { continue };
        if shared.state.wait(Duration::ZERO) {
            return;
        }
        shared.state.count(|counters| counters.connections += 1);
        let shared = Arc::clone(shared);
        let serve = move || {
            // A client that goes away in the middle is no fault of the emulator.
            let _ = shared.serve(stream);
            drop::<Place>(place);
        };
        let _ = std::thread::Builder::new().stack_size(256 * 1024).spawn(serve);
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let context = Context { state: &self.state, service: self.service.as_deref(), names: &self.names };
        match &self.config {
            None => serve::serve(stream, "http", &context),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                serve::serve(StreamOwned::new(connection, stream), "https", &context)
            }
        }
    }
}

impl Connection for TcpStream {
    fn close(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }

    fn set_read_timeout(&mut self, duration: Duration) -> io::Result<()> {
        TcpStream::set_read_timeout(self, Some(duration))
    }
}

impl Connection for StreamOwned<ServerConnection, TcpStream> {
    fn close(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.shutdown(std::net::Shutdown::Write)
    }

    fn set_read_timeout(&mut self, duration: Duration) -> io::Result<()> {
        self.sock.set_read_timeout(Some(duration))
    }
}
