//! Redis behind Sentinel, and Redis Cluster.

use std::{fs, process::Command, time::Duration};

use super::{Port, Process, Redis, RedisOptions, need, process::START, wait_until};

/// A master with one replica, watched by Sentinels under the name [`RedisSentinel::SERVICE`].
#[derive(Debug)]
pub struct RedisSentinel {
    pub master: Redis,
    pub replica: Redis,
    ports: Vec<Port>,
    _processes: Vec<Process>,
}

impl RedisSentinel {
    pub const SERVICE: &'static str = "lab";

    /// One Sentinel, which decides alone.
    pub fn start() -> RedisSentinel {
        Self::watching(RedisOptions::default(), 1, &[""])
    }

    /// One Sentinel for each of the further lines of its configuration. The first must be able to look at the master.
    pub fn watching(master: RedisOptions, quorum: u32, lines: &[&str]) -> RedisSentinel {
        let master = master.start();
        let replica = master.replica();
        let ports: Vec<Port> = lines.iter().map(|_| Port::free()).collect();
        let service = Self::SERVICE;
        let processes = ports.iter().zip(lines).map(|(port, lines)| {
            let port = port.number();
            let config = master.folder().join(format!("sentinel-{port}.conf"));
            let text = format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor {service} 127.0.0.1 {} {quorum}\n{lines}\n\
                 sentinel down-after-milliseconds {service} 1000\nsentinel failover-timeout {service} 5000\n",
                master.port(),
            );
            fs::write(&config, text).unwrap();
            let mut command = Command::new(need::find("redis-server").unwrap());
            command.arg(&config).arg("--sentinel").current_dir(master.folder());
            Process::spawn(&format!("sentinel-{port}"), command, master.folder())
        });
        let processes = processes.collect();
        let sentinel = RedisSentinel { master, replica, ports, _processes: processes };
        wait_until("the sentinel knows master and replica", START, || {
            sentinel.cli(&["SENTINEL", "REPLICAS", service]).contains(&sentinel.replica.port().to_string())
        });
        sentinel
    }

    /// Of the first sentinel: `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.addresses().remove(0)
    }

    pub fn addresses(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("127.0.0.1:{}", port.number())).collect()
    }

    /// Asks the first sentinel.
    pub fn cli(&self, arguments: &[&str]) -> String {
        self.ask(0, arguments)
    }

    /// Asks one of the sentinels.
    pub fn ask(&self, sentinel: usize, arguments: &[&str]) -> String {
        let mut command = Command::new(need::find("redis-cli").unwrap());
        let port = self.ports[sentinel].number().to_string();
        let answer = command.args(["-p", &port]).args(arguments).output().unwrap();
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
        Self::start_with("yes")
    }

    /// With `cluster-require-full-coverage` as given.
    pub fn start_with(full_coverage: &str) -> RedisCluster {
        let buses: Vec<Port> = (0..3).map(|_| Port::free()).collect();
        let options = |bus: &Port| {
            RedisOptions::default()
                .setting("cluster-enabled", "yes")
                .setting("cluster-port", bus.number())
                .setting("cluster-node-timeout", 2000)
                .setting("cluster-require-full-coverage", full_coverage)
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
