//! Redis behind Sentinel, and Redis Cluster.

use std::{fs, process::Command, time::Duration};

use super::{Port, Process, Redis, RedisOptions, need, process::START, wait_until};

/// A master with one replica, watched by one Sentinel under the name [`RedisSentinel::SERVICE`].
#[derive(Debug)]
pub struct RedisSentinel {
    pub master: Redis,
    pub replica: Redis,
    port: Port,
    _process: Process,
}

impl RedisSentinel {
    pub const SERVICE: &'static str = "lab";

    pub fn start() -> RedisSentinel {
        let master = Redis::start();
        let replica = master.replica();
        let port = Port::free();
        let config = master.folder().join("sentinel.conf");
        let service = Self::SERVICE;
        let text = format!(
            "port {}\nbind 127.0.0.1\nsentinel monitor {service} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {service} 1000\nsentinel failover-timeout {service} 5000\n",
            port.number(),
            master.port(),
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new(need::find("redis-server").unwrap());
        command.arg(&config).arg("--sentinel").current_dir(master.folder());
        let process = Process::spawn("sentinel", command, master.folder());
        let sentinel = RedisSentinel { master, replica, port, _process: process };
        wait_until("the sentinel knows master and replica", START, || {
            sentinel.cli(&["SENTINEL", "REPLICAS", service]).contains(&sentinel.replica.port().to_string())
        });
        sentinel
    }

    /// Of the sentinel: `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// Asks the sentinel.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(need::find("redis-cli").unwrap());
        let answer = command.args(["-p", &self.port.number().to_string()]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&answer.stdout).trim_end().to_owned()
    }
}

/// Three masters that share the slots, without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    pub nodes: Vec<Redis>,
    _buses: Vec<Port>,
}

impl RedisCluster {
    pub fn start() -> RedisCluster {
        let buses: Vec<Port> = (0..3).map(|_| Port::free()).collect();
        let options = |bus: &Port| {
            RedisOptions::default()
                .setting("cluster-enabled", "yes")
                .setting("cluster-port", bus.number())
                .setting("cluster-node-timeout", 2000)
        };
        let nodes: Vec<Redis> = buses.iter().map(|bus| options(bus).start()).collect();
        for (node, (from, to)) in nodes.iter().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
            assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()]), "OK");
        }
        for (node, bus) in nodes.iter().zip(&buses).skip(1) {
            let (port, bus) = (node.port().to_string(), bus.number().to_string());
            assert_eq!(nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]), "OK");
        }
        let cluster = RedisCluster { nodes, _buses: buses };
        wait_until("all nodes agree that the cluster is ok", START, || {
            cluster.nodes.iter().all(|node| {
                let info = node.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
        });
        cluster
    }

    /// `127.0.0.1:PORT` of every node.
    pub fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::address).collect()
    }

    /// Waits until the others say that the cluster fails, after a node was stopped.
    pub fn await_failure(&self, asking: usize) {
        wait_until("the cluster is down", Duration::from_secs(20), || {
            self.nodes[asking].cli(&["CLUSTER", "INFO"]).contains("cluster_state:fail")
        });
    }
}
