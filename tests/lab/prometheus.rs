//! Prometheus, scraping once a second.

use std::{fs, process::Command};

use rustix::process::Signal;
use serde_json::Value;

use super::{Folder, Port, Process, background, need, process::Place};

/// One Prometheus server.
#[derive(Debug)]
pub struct Prometheus {
    process: Place,
    port: Port,
    folder: Folder,
}

impl Prometheus {
    /// Scrapes `/metrics` of each target (`127.0.0.1:PORT`) once a second, as job `lab`.
    pub fn scraping(targets: &[String]) -> Prometheus {
        let folder = Folder::new();
        let list: Vec<_> = targets.iter().map(|target| format!("'{target}'")).collect();
        let config = format!(
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  evaluation_interval: 1s\n\
             scrape_configs:\n  - job_name: lab\n    static_configs:\n      - targets: [{}]\n",
            list.join(", "),
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let mut server = Prometheus { process: Place::default(), port: Port::free(), folder };
        server.run();
        server
    }

    /// Starts it again after [`Self::stop`], on the same port, and waits until it answers.
    pub fn run(&mut self) {
        let mut command = Command::new(need::find("prometheus").unwrap());
        command.current_dir(self.folder.path()).args([
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            &format!("--web.listen-address={}", self.address()),
        ]);
        let mut process = Process::spawn("prometheus", command, self.folder.path());
        let url = self.url();
        process.ready(|| get(&format!("{url}/-/ready")).is_some());
        self.process.take_up(process);
    }

    pub fn stop(&mut self) {
        self.process.stop(Signal::TERM);
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The first value that a query gives at this moment; to wait until something was scraped.
    pub fn value(&self, query: &str) -> Option<f64> {
        let mut url = url::Url::parse(&self.url()).unwrap().join("/api/v1/query").unwrap();
        url.query_pairs_mut().append_pair("query", query);
        let answer: Value = serde_json::from_str(&get(url.as_str())?).ok()?;
        answer.pointer("/data/result/0/value/1")?.as_str()?.parse().ok()
    }
}

/// The body of a page, when it is there and its status is good.
pub(super) fn get(url: &str) -> Option<String> {
    let url = url.to_owned();
    background(async move {
        let client = reqwest::Client::builder().no_proxy().build().ok()?;
        client.get(url).send().await.ok()?.error_for_status().ok()?.text().await.ok()
    })
}
