//! Those outside whom DotMac depends on, all well: their status pages, its own names and certificates.

use std::{net::Ipv4Addr, path::PathBuf};

use jiff::Span;
use serde_json::json;
use warroom::host::clock;

use crate::lab::{Answer, Certificates, Folder, Http, NameServer};

/// Vendors' pages, a name server, and an address with TLS.
pub struct Vendors {
    pages: Http,
    names: NameServer,
    shown: Http,
    certificates: Certificates,
    /// What the object store of another region lists.
    listing: PathBuf,
    _folder: Folder,
}

impl Vendors {
    pub fn start() -> Vendors {
        let (pages, certificates) = (Http::start(), Certificates::new());
        let summary = json!({
            "page": {"name": "Vendor", "url": "https://status.example", "updated_at": "2026-01-01T00:00:00Z"},
            "status": {"indicator": "none", "description": "All Systems Operational"},
            "components": [], "incidents": [], "scheduled_maintenances": [],
        });
        pages.otherwise(Answer::json(&summary));
        let names = ["portal.dotmac.com", "api.dotmac.com"].map(|name| (name, Ipv4Addr::LOCALHOST));
        let shown = Http::start_tls(certificates.valid(60));
        let folder = Folder::new();
        let listing = folder.path().join("listing");
        let an_hour_ago = (clock::now() - Span::new().hours(1)).strftime("%F %T").to_string();
        std::fs::write(&listing, format!("{an_hour_ago}       5120 portal.dump\n")).unwrap();
        Vendors { pages, names: NameServer::start(&names), shown, certificates, listing, _folder: folder }
    }

    /// Where the probes of an environment find all that.
    pub fn overrides(&self, environment: &str) -> String {
        let mut text = String::new();
        let mut say = |probe: &str, key: &str, value: &str| {
            text += &format!("[environments.{environment}.probes.{probe}]\n{key} = \"{value}\"\n");
        };
        for probe in [
            "stripe",
            "stripe_status",
            "github",
            "pagerduty",
            "slack",
            "cloud",
            "registry",
            "images",
            "status_page",
            "dashboards",
        ] {
            say(probe, "url", &self.pages.url(&format!("/{probe}")));
        }
        for probe in ["portal_dns", "api_dns"] {
            say(probe, "server", self.names.address());
        }
        for probe in ["portal_tls", "api_tls"] {
            say(probe, "address", &format!("localhost:{}", self.shown.port()));
        }
        say("backups_offsite", "command", &format!("cat '{}'", self.listing.display()));
        text
    }

    /// The authority that the program has to trust.
    pub fn ca_file(&self) -> String {
        self.certificates.ca_file().display().to_string()
    }
}
