//! A DNS server that knows a few names.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, UdpSocket},
    sync::{Arc, Mutex},
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{RData, Record, RecordType, rdata::A},
};
use tokio::task::AbortHandle;

use super::background::start as start_in_background;

/// Answers questions for A records over UDP; names that it was not given do not exist.
#[derive(Debug)]
pub struct NameServer {
    address: String,
    names: Arc<Mutex<HashMap<String, Ipv4Addr>>>,
    task: AbortHandle,
}

impl NameServer {
    pub fn start(names: &[(&str, Ipv4Addr)]) -> NameServer {
        let names = names.iter().map(|(name, address)| (format!("{name}."), *address)).collect();
        let names = Arc::new(Mutex::new(names));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let known = names.clone();
        let task = start_in_background(async move {
            let socket = tokio::net::UdpSocket::from_std(socket).unwrap();
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let answer = answer(&packet[..length], &known.lock().unwrap());
                if let Some(answer) = answer {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        NameServer { address, names, task }
    }

    /// From now on a name leads there.
    pub fn lead(&self, name: &str, address: Ipv4Addr) {
        self.names.lock().unwrap().insert(format!("{name}."), address);
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(packet: &[u8], names: &HashMap<String, Ipv4Addr>) -> Option<Vec<u8>> {
    let asked = Message::from_vec(packet).ok()?;
    let question = asked.queries.first()?.clone();
    let mut answer = Message::response(asked.metadata.id, OpCode::Query);
    answer.metadata.authoritative = true;
    match names.get(&question.name().to_ascii()) {
        None => answer.metadata.response_code = ResponseCode::NXDomain,
        Some(address) if question.query_type() == RecordType::A => {
            answer.add_answer(Record::from_rdata(question.name().clone(), 300, RData::A(A(*address))));
        }
        Some(_) => {}
    }
    answer.add_query(question);
    answer.to_vec().ok()
}
