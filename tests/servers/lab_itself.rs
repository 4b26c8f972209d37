//! The lab keeps its own promises: servers start, break on request, recover, and leave nothing behind.

use std::{io::Read, net::TcpStream, time::Duration};

use crate::lab::{
    self, Answer, Certificates, Hanging, Http, Kubernetes, Postgres, PostgresOptions, Prometheus, Proxy, Redis,
    TerminalOptions, key,
};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_replica_follows_its_primary_until_replay_is_paused() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let mut replica = primary.replica();
    let customers = || replica.sql("SELECT count(*) FROM customers");
    assert_eq!(customers(), "1000");
    primary.sql("INSERT INTO customers VALUES (1001, 'one more')");
    lab::wait_until("the insert is replayed", SOON, || customers() == "1001");
    replica.pause_replay();
    primary.sql("DELETE FROM customers WHERE id = 1001");
    primary.write_wal(1 << 20);
    assert_eq!(customers(), "1001");
    replica.resume_replay();
    lab::wait_until("the delete is replayed", SOON, || customers() == "1000");
    replica.promote();
    replica.sql("INSERT INTO customers VALUES (2000, 'of the new primary')");
}

#[test]
fn a_full_postgres_refuses_ordinary_roles_until_connections_are_given_back() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default().max_connections(10).start();
    let held = server.fill_connections(0);
    assert_eq!(held.count(), 7);
    let refused = lab::background({
        let url = server.password_url();
        async move { tokio_postgres::connect(&url, tokio_postgres::NoTls).await.err() }
    });
    assert_eq!(
        refused.and_then(|error| error.code().cloned()),
        Some(tokio_postgres::error::SqlState::TOO_MANY_CONNECTIONS)
    );
    drop(held);
    lab::wait_until("the connections are free", SOON, || {
        server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'") == "0"
    });
}

#[test]
fn a_server_that_is_starting_up_says_so() {
    lab::require!(lab::POSTGRES);
    let server = PostgresOptions::default().start_without_finishing();
    let error = server.try_sql("SELECT 1").unwrap_err();
    assert!(error.contains("starting up"), "{error}");
}

#[test]
fn a_stopped_postgres_comes_back_on_its_port() {
    lab::require!(lab::POSTGRES);
    let mut server = Postgres::start();
    server.kill();
    assert!(server.try_sql("SELECT 1").unwrap_err().contains("refused"));
    server.run();
    assert_eq!(server.sql("SELECT 1"), "1");
}

#[test]
fn redis_replicates_loads_and_runs_full() {
    lab::require!(lab::REDIS);
    let mut master = Redis::start();
    let replica = master.replica();
    master.cli(&["SET", "a", "1"]);
    lab::wait_until("the key arrives", SOON, || replica.cli(&["GET", "a"]) == "1");
    replica.lose_master();
    master.restart_loading();
    assert!(master.cli(&["GET", "a"]).contains("LOADING"));
    let small = lab::RedisOptions::default().maxmemory("4mb").password("s3cret").start();
    small.fill_memory();
    assert!(small.cli(&["SET", "a", "1"]).contains("OOM"));
}

#[test]
fn redis_fails_over_behind_sentinel() {
    lab::require!(lab::REDIS);
    let mut group = lab::RedisSentinel::start();
    group.master.kill();
    lab::wait_until("the replica is promoted", Duration::from_secs(30), || group.replica.info("role") == "master");
}

#[test]
fn a_redis_cluster_serves_all_slots() {
    lab::require!(lab::REDIS);
    let cluster = lab::RedisCluster::start();
    assert_eq!(cluster.addresses().len(), 3);
}

#[test]
fn prometheus_sees_what_the_http_server_counts() {
    lab::require!(lab::PROMETHEUS);
    let http = Http::start();
    http.count("http_requests_total{code=\"500\"}", 7.0);
    let prometheus = Prometheus::scraping(&[http.address()]);
    lab::wait_until("it is scraped", SOON, || prometheus.value("http_requests_total{code=\"500\"}") == Some(7.0));
}

#[tokio::test]
async fn http_answers_what_the_test_says_also_over_tls() {
    let certificates = Certificates::new();
    let mut server = Http::start_tls(certificates.valid(30));
    server.on("/health", Answer::new(503, "down"));
    let root = reqwest::Certificate::from_pem(certificates.ca_pem().as_bytes()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let answer = client.get(server.url("/health")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (503, "down"));
    assert_eq!(server.requests("/health").len(), 1);
    server.stop();
    assert!(client.get(server.url("/health")).send().await.is_err());
    server.run();
    assert_eq!(client.get(server.url("/else")).send().await.unwrap().status().as_u16(), 404);
}

#[test]
fn a_hanging_socket_accepts_and_stays_silent() {
    let hanging = Hanging::start();
    let mut stream = TcpStream::connect(hanging.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(stream.read(&mut [0]).is_err());
    assert_eq!(hanging.accepted(), 1);
}

#[test]
fn a_cut_proxy_refuses_and_a_mended_one_forwards() {
    lab::require!(lab::REDIS);
    let redis = Redis::start();
    let mut proxy = Proxy::to(redis.port());
    let ping = |proxy: &Proxy| {
        let client = redis::Client::open(proxy.url(&redis.url())).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_millis(500)).ok()?;
        connection.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        redis::cmd("PING").query::<String>(&mut connection).ok()
    };
    assert_eq!(ping(&proxy).as_deref(), Some("PONG"));
    proxy.cut();
    assert_eq!(ping(&proxy), None);
    proxy.mend();
    proxy.freeze();
    assert_eq!(ping(&proxy), None);
    proxy.mend();
    assert_eq!(ping(&proxy).as_deref(), Some("PONG"));
}

#[tokio::test]
async fn the_api_server_keeps_its_objects_over_a_restart() {
    lab::require!(lab::KUBERNETES);
    let mut kubernetes = Kubernetes::start();
    kubernetes.pod("default", "web-1", serde_json::json!({"app": "web"}), lab::running());
    kubernetes.pod("default", "web-2", serde_json::json!({"app": "web"}), lab::waiting("CrashLoopBackOff", 5));
    kubernetes.stop();
    assert!(kubernetes.try_request("GET", "/api/v1/nodes", None).is_err());
    kubernetes.run();
    let pods = kubernetes.request("GET", "/api/v1/namespaces/default/pods", None);
    assert_eq!(pods["items"].as_array().unwrap().len(), 2);
    kubernetes.compact();
}

/// A checkout alone passes; one that has a cluster to start beside it does not get away without.
#[test]
fn a_kubernetes_that_cannot_be_had_is_skipped_where_servers_are_required() {
    let folder = tempfile::tempdir().unwrap();
    let checkout = folder.path().join("checkout");
    std::fs::create_dir(&checkout).unwrap();
    let run = || {
        let test = "lab_itself::the_api_server_keeps_its_objects_over_a_restart";
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).current_dir(&checkout).env("WARROOM_REQUIRE_SERVERS", "1");
        let output = command.env_remove("KUBEBUILDER_ASSETS").output().unwrap();
        (output.status.success(), lab::desk::stderr(&output))
    };
    let (passed, said) = run();
    assert!(passed && said.contains("skipped: etcd is not here (set KUBEBUILDER_ASSETS"), "{said}");
    std::fs::create_dir_all(folder.path().join("shared/kube")).unwrap();
    std::fs::write(folder.path().join("shared/kube/kube-lab"), "").unwrap();
    let (passed, said) = run();
    assert!(!passed && said.contains("the test cannot run: etcd is not here"), "{said}");
}

#[test]
fn a_terminal_shows_what_a_program_draws_and_how_it_leaves() {
    let script = "stty -echo -icanon; printf '\\033[?1049h\\033[31mred\\033[m '; read -r line; stty size; read -r line; \
                  printf '\\033[?1049lleft'; stty echo icanon; exit 7";
    let mut terminal = TerminalOptions::new("sh").arguments(&["-c", script]).size(100, 30).start();
    terminal.wait_for("red");
    let screen = terminal.screen();
    assert!(screen.alternate_screen());
    assert_eq!(screen.cell(0, 0).unwrap().fgcolor(), vt100::Color::Idx(1));
    assert!(!terminal.is_cooked());
    terminal.resize(90, 20);
    terminal.keys(key::ENTER);
    terminal.wait_for("20 90");
    terminal.keys(key::ENTER);
    assert_eq!(terminal.exit().code(), Some(7));
    assert!(terminal.is_restored());
    assert!(terminal.contents().contains("left"));
}
