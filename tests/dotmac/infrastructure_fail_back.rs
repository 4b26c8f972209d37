//! `infrastructure-fail-back`: the DR region's database comes home, the portal starts here, and the name follows.

use std::{
    net::Ipv4Addr,
    process::{Command, Stdio},
};

use crate::{
    lab::{Answer, Cluster, Http, NameServer, Postgres},
    stage::{DotMac, Part, PortalDatabase, Run, server},
};

const NAME: &str = "portal.dotmac.com";
const DR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;
const START: &str = "Start the portal here";
const MOVE: &str = "Move the name back";

/// Both regions: customers work in the other one since the loss, and the portal is stopped here.
struct Regions {
    dotmac: DotMac,
    dr: Postgres,
    names: NameServer,
    /// The portal here, as it is seen from outside.
    portal: Http,
}

impl Regions {
    fn start() -> Option<Regions> {
        let dotmac = DotMac::start(&[Part::Cluster, Part::Database])?.impatient();
        let dr = server();
        PortalDatabase::of(&dr, "portal").sql(
            "INSERT INTO customers VALUES (41, 'since the loss'); UPDATE customers SET name = 'moved' WHERE id = 1",
        );
        dotmac.database("portal").sql("INSERT INTO customers VALUES (50, 'never reached the DR region')");
        let cluster = dotmac.cluster();
        cluster.scale(0);
        let portal = Http::start_tls(cluster.certificates.for_names(&[NAME]));
        portal.on("/api/health", Answer::text("{\"status\":\"ok\"}\n"));
        let bundle = cluster.certificates.ca_file().display().to_string();
        let dotmac = dotmac.with_environment("CURL_CA_BUNDLE", &bundle);
        Some(Regions { dotmac, dr, names: NameServer::start(&[(NAME, DR)]), portal })
    }

    fn fail_back(&self) -> Run<'_> {
        self.dotmac
            .run("infrastructure-fail-back")
            .var("HOME_CONTEXT", Cluster::CONTEXT)
            .var("HOME_DB_SERVER", self.dotmac.db_server())
            .var("DR_DB_SERVER", self.dr_server())
            .var("REPLICAS", "3")
            .var("WORK_DIR", self.dotmac.at("work"))
            .var("HOME_ADDRESS", HOME.to_string())
            .var("HOME_PORT", self.portal.port().to_string())
            .var("RESOLVER", "127.0.0.1")
            .var("RESOLVER_PORT", self.names.address().rsplit(':').next().unwrap())
    }

    fn dr_server(&self) -> String {
        format!("postgresql://postgres@{}", self.dr.address())
    }

    /// Whether the DR region's database refuses what customers write.
    fn dr_is_read_only(&self) -> bool {
        PortalDatabase::of(&self.dr, "portal").sql("SHOW default_transaction_read_only") == "on"
    }

    fn refuse(&self, refuses: bool) {
        let change =
            if refuses { "SET default_transaction_read_only = on" } else { "RESET default_transaction_read_only" };
        self.dr.sql(&format!("ALTER DATABASE portal {change}"));
    }
}

#[test]
fn customers_go_on_in_the_dr_region_when_the_portal_does_not_start_and_come_home_when_it_does() {
    let Some(regions) = Regions::start() else { return };
    let dotmac = &regions.dotmac;
    let there = PortalDatabase::of(&regions.dr, "portal").rows();
    let old = dotmac.database("portal").rows();
    regions.portal.on("/api/health", Answer::new(503, "starting\n"));
    regions.fail_back().decide(START, "b").go().says(&format!("{START} failed.")).rolled_back();
    assert_eq!(dotmac.cluster().replicas(), 0);
    assert!(!regions.dr_is_read_only(), "customers can work in the DR region");

    regions.portal.on("/api/health", Answer::text("{\"status\":\"ok\"}\n"));
    let moved = || regions.names.lead(NAME, HOME);
    regions.fail_back().meanwhile(MOVE, moved).go().completed();
    assert!(dotmac.database("portal").rows() == there, "every row of the DR region is here");
    assert!(regions.dr_is_read_only(), "nothing new is written there");
    assert_eq!(dotmac.cluster().replicas(), 3);
    let kept = dotmac.databases().into_iter().find(|name| name.starts_with("portal_before_loss_")).unwrap();
    dotmac.server().sql(&format!("ALTER DATABASE {kept} ALLOW_CONNECTIONS true"));
    assert!(dotmac.database(&kept).rows() == old, "what was here before the loss is kept");
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'portal'";
    assert_eq!(dotmac.server().sql(owner), "portal_owner");
    let saved = std::fs::read_to_string(dotmac.path("work/dns-before-fail-back.txt")).unwrap();
    assert!(saved.contains(&DR.to_string()), "the record from before is saved: {saved}");
}

#[test]
fn what_is_not_as_it_should_be_stops_the_move() {
    let Some(regions) = Regions::start() else { return };
    let dotmac = &regions.dotmac;
    let (cluster, dr) = (dotmac.cluster(), PortalDatabase::of(&regions.dr, "portal"));
    let wrong = regions.fail_back().var("HOME_CONTEXT", "another-region").go();
    wrong.failed_at("Everything here acts on the region that we go back to");
    // Something still writes in the DR region when the dump has been taken.
    dotmac.tool(
        "createdb",
        &format!(
            "#!/bin/sh
             PATH=${{PATH#*:}}
             PGOPTIONS='-c default_transaction_read_only=off' psql -Xq {}/portal -c \"INSERT INTO customers VALUES (42, 'late')\" || exit
             createdb \"$@\"",
            regions.dr_server()
        ),
    );
    let [bring, stop, reach, writes, ready, back] = [
        "Bring the data over",
        "Stop the portal in the DR region",
        "Customers reach this region by name",
        "The database here takes writes, and the one in the DR region does not",
        "Every pod is ready",
        "Stop the portal here, as long as the name leads to the DR region",
    ];
    let session = std::cell::RefCell::new(None);
    let done = regions
        .fail_back()
        .decide(bring, "u")
        .meanwhile(bring, || {})
        .meanwhile(bring, || {
            assert!(!dotmac.databases().contains(&"portal".to_owned()), "its undo takes the copy away");
            std::fs::remove_file(dotmac.path("bin/createdb")).unwrap();
            regions.portal.on("/api/health", Answer::new(503, "starting\n"));
        })
        .decide(bring, "r")
        .meanwhile(START, || {
            regions.portal.on("/api/health", Answer::text("ok\n"));
            let sleeps = Command::new("psql")
                .args(["-Xq", &format!("{}/portal", regions.dr_server()), "-c", "SELECT pg_sleep(600)"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            *session.borrow_mut() = Some(sleeps.unwrap());
            crate::lab::wait_until("a job is connected", std::time::Duration::from_secs(10), || {
                regions.dr.sql("SELECT count(*) FROM pg_stat_activity WHERE query ~ 'sleep.600' AND pid <> pg_backend_pid()") == "1"
            });
        })
        .decide(START, "r")
        // Ticked, and not so.
        .meanwhile(stop, || {})
        .meanwhile(stop, || {
            let mut session = session.borrow_mut().take().unwrap();
            regions.dr.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'sleep.600' AND pid <> pg_backend_pid()");
            session.wait().unwrap();
        })
        .decide(stop, "r")
        .meanwhile(MOVE, || {})
        .meanwhile(MOVE, || regions.names.lead(NAME, HOME))
        .decide(MOVE, "r")
        .meanwhile("Make the DR region ready again", || regions.names.lead(NAME, DR))
        .meanwhile(reach, || {
            regions.names.lead(NAME, HOME);
            regions.refuse(false);
        })
        .decide(reach, "r")
        .meanwhile(writes, || {
            regions.refuse(true);
            cluster.scale(0);
        })
        .decide(writes, "r")
        .meanwhile(ready, || cluster.scale(3))
        .decide(ready, "b")
        .go();
    for title in [bring, START, stop, MOVE, reach, writes, ready] {
        assert!(done.said.contains(&format!("{title} failed.")), "{title} did not fail:\n{}", done.said);
    }
    // Customers write here since the name has moved.
    done.failed_at(back);
    assert_eq!(cluster.replicas(), 3);
    assert!(regions.dr_is_read_only());
    assert!(dotmac.database("portal").rows() == dr.rows());
}
