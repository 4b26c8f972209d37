//! Servers that want to harm who asks them: they announce what does not fit, never end, or talk nonsense.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::Port;

/// What such a server does on every connection.
#[derive(Debug, Clone)]
pub struct Script {
    /// Each entry is sent after something was read.
    pub answers: Vec<Vec<u8>>,
    /// Sent again and again after the last answer.
    pub forever: Vec<u8>,
}

/// See the module. It stops when it is dropped.
pub struct Hostile {
    port: Port,
    stop: Arc<AtomicBool>,
}

impl Hostile {
    pub fn start(script: Script) -> Hostile {
        let port = Port::free();
        let listener = TcpListener::bind(("127.0.0.1", port.number())).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (script, stopped) = (script.clone(), stopped.clone());
                thread::spawn(move || talk(stream, &script, &stopped));
            }
        });
        Hostile { port, stop }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port.number()));
    }
}

fn talk(mut stream: TcpStream, script: &Script, stop: &AtomicBool) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(20)));
    let mut heard = vec![0; 16 * 1024];
    for answer in &script.answers {
        if !stream.read(&mut heard).is_ok_and(|read| read > 0) || stream.write_all(answer).is_err() {
            return;
        }
    }
    let part = script.forever.repeat(64 * 1024 / script.forever.len().max(1) + 1);
    while !part.is_empty() && !stop.load(Ordering::Relaxed) && stream.write_all(&part).is_ok() {}
}
