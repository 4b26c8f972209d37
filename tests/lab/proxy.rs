//! A TCP proxy in front of a server: the network between, which can be cut, frozen and mended.

use std::{net::TcpListener as StdListener, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use super::{Port, background::start as start_in_background};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Frozen,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    target: u16,
    mode: watch::Sender<Mode>,
    delay: Duration,
    task: Option<AbortHandle>,
}

impl Proxy {
    /// Forwards to `127.0.0.1:target`.
    pub fn to(target: u16) -> Proxy {
        Proxy::delayed(target, Duration::ZERO)
    }

    /// Forwards with this delay in each direction, as a network of some distance does.
    pub fn delayed(target: u16, delay: Duration) -> Proxy {
        let mode = watch::Sender::new(Mode::Open);
        let mut proxy = Proxy { port: Port::free(), target, mode, delay, task: None };
        proxy.mend();
        proxy
    }

    /// Closes all connections and refuses new ones.
    pub fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            super::wait_until("the proxy is cut", Duration::from_secs(10), || task.is_finished());
        }
    }

    /// Keeps connections open and accepts new ones, but lets no byte through in either direction.
    pub fn freeze(&self) {
        self.mode.send_replace(Mode::Frozen);
    }

    /// Forwards to another server from the next [`Self::mend`] on that follows a [`Self::cut`].
    pub fn lead_to(&mut self, target: u16) {
        self.target = target;
    }

    /// Undoes [`Self::cut`] and [`Self::freeze`]; bytes that were held back arrive now.
    pub fn mend(&mut self) {
        self.mode.send_replace(Mode::Open);
        if self.task.is_some() {
            return;
        }
        let listener = StdListener::bind(("127.0.0.1", self.port())).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (mode, target, delay) = (self.mode.subscribe(), self.target, self.delay);
        self.task = Some(start_in_background(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(forward(near, target, mode.clone(), delay));
                while connections.try_join_next().is_some() {}
            }
        }));
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// `url` with the proxy's port in place of the target's.
    pub fn url(&self, url: &str) -> String {
        url.replacen(&format!(":{}", self.target), &format!(":{}", self.port()), 1)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

async fn forward(near: TcpStream, target: u16, mode: watch::Receiver<Mode>, delay: Duration) {
    let mut opened = mode.clone();
    if opened.wait_for(|mode| *mode == Mode::Open).await.is_err() {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    // A network does not hold small packets back.
    for end in [&near, &far] {
        let _ = end.set_nodelay(true);
    }
    let (near_in, near_out) = split(near);
    let (far_in, far_out) = split(far);
    tokio::join!(pump(near_in, far_out, mode.clone(), delay), pump(far_in, near_out, mode, delay));
}

async fn pump(
    mut from: ReadHalf<TcpStream>,
    mut to: WriteHalf<TcpStream>,
    mut mode: watch::Receiver<Mode>,
    delay: Duration,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if mode.wait_for(|mode| *mode == Mode::Open).await.is_err() || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
