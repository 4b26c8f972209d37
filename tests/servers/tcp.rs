//! `tcp` probes against open, closed and unreachable ports.

use warroom::{
    health::{Status, Unit},
    platform::{OnTimeout, ProbeSpec, ProbeTarget},
};

use crate::{
    lab::{Hanging, closed_port},
    look,
};

fn tcp(address: impl Into<String>) -> ProbeTarget {
    ProbeTarget::Tcp { address: address.into() }
}

#[tokio::test]
async fn an_open_port_is_ok_with_its_connect_time() {
    let server = Hanging::start();
    let reading = look::at(tcp(server.address())).await;
    look::expect(&reading, Status::Ok, "accepts connections");
    assert!(reading.value.is_some_and(|ms| ms > 0.0 && ms < 5000.0) && reading.unit == Some(Unit::Milliseconds));
    assert_eq!(reading.details["attempts"][0]["address"], server.address());
}

#[tokio::test]
async fn a_closed_port_is_down_and_named() {
    let port = closed_port();
    let address = format!("127.0.0.1:{}", port.number());
    let reading = look::at(tcp(address.clone())).await;
    look::expect(&reading, Status::Down, &format!("connection refused by {address}"));
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let server = Hanging::start();
    let reading = look::at(tcp(format!("localhost:{}", server.port()))).await;
    look::expect(&reading, Status::Ok, "accept");
    assert_eq!(reading.details["accepting"], 1, "{:?}", reading.details);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_unknown() {
    let reading = look::at(tcp("db.invalid:5432")).await;
    look::expect(&reading, Status::Unknown, "db.invalid does not resolve here");
}

#[tokio::test]
async fn no_route_is_unknown_even_when_time_outs_are_down() {
    // A multicast address is never a TCP peer: the kernel refuses at once.
    let spec = ProbeSpec { on_timeout: OnTimeout::Down, ..look::spec(tcp("224.0.0.1:80")) };
    look::expect(&look::with(spec).await, Status::Unknown, "no route to 224.0.0.1:80");
}

#[tokio::test]
async fn an_address_that_is_none_is_told() {
    look::expect(&look::at(tcp("database")).await, Status::Unknown, "write HOST:PORT");
}
