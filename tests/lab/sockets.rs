//! Sockets that behave badly: closed, silent, or answering with given bytes.

use std::{
    net::TcpListener as StdListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};

use super::{Port, background::start as start_in_background};

/// A port on which nobody listens, as long as the value lives: connections are refused.
pub fn closed_port() -> Port {
    Port::free()
}

fn listen(port: &Port) -> StdListener {
    let listener = StdListener::bind(("127.0.0.1", port.number())).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// A socket that accepts every connection, reads all, and never answers.
#[derive(Debug)]
pub struct Hanging {
    port: Port,
    accepted: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Hanging {
    pub fn start() -> Hanging {
        let port = Port::free();
        let listener = listen(&port);
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        let task = start_in_background(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                connections.spawn(async move {
                    let mut ignored = [0; 4096];
                    while stream.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Hanging { port, accepted, task }
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// How many connections it has taken.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A socket that answers the first bytes of every connection with given bytes, then closes its side.
#[derive(Debug)]
pub struct Scripted {
    port: Port,
    answer: Arc<Mutex<Vec<u8>>>,
    task: AbortHandle,
}

impl Scripted {
    pub fn start(answer: impl Into<Vec<u8>>) -> Scripted {
        let port = Port::free();
        let listener = listen(&port);
        let answer = Arc::new(Mutex::new(answer.into()));
        let current = answer.clone();
        let task = start_in_background(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = current.lock().unwrap().clone();
                connections.spawn(async move {
                    let mut ignored = [0; 4096];
                    // PostgreSQL, Redis and HTTP clients all speak first.
                    if stream.read(&mut ignored).await.is_ok_and(|read| read > 0) {
                        let _ = stream.write_all(&answer).await;
                        let _ = stream.shutdown().await;
                        // Closing with unread input would reset the connection before the answer is read.
                        let rest = async { while stream.read(&mut ignored).await.is_ok_and(|read| read > 0) {} };
                        let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Scripted { port, answer, task }
    }

    /// What connections from now on are answered.
    pub fn answer(&self, bytes: impl Into<Vec<u8>>) {
        *self.answer.lock().unwrap() = bytes.into();
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}
