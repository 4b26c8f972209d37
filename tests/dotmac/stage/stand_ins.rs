//! Stand-ins for Helm and Terraform on the path of everything that runs: they refuse what the real tools refuse, remember every call, and
//! keep as much state as the runbooks look at.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};

use super::{DotMac, DotMacCluster};

const FILES: [(&str, &str); 5] = [
    ("bin/helm", include_str!("stand_ins/helm")),
    ("bin/terraform", include_str!("stand_ins/terraform")),
    ("stand-ins/calls.bash", include_str!("stand_ins/calls.bash")),
    ("stand-ins/helm.flags", include_str!("stand_ins/helm.flags")),
    ("stand-ins/terraform.flags", include_str!("stand_ins/terraform.flags")),
];

/// Puts them into the test's folder, in which `bin` is on the path.
pub fn install(folder: &Path) {
    fs::create_dir_all(folder.join("stand-ins")).unwrap();
    for (name, text) in FILES {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        if name.starts_with("bin/") {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

/// The portal's release in Helm's eyes: its history, and what each revision applies.
pub struct Helm<'a> {
    dotmac: &'a DotMac,
}

impl<'a> Helm<'a> {
    pub const RELEASE: &'static str = DotMacCluster::DEPLOYMENT;

    pub fn of(dotmac: &'a DotMac) -> Helm<'a> {
        Helm { dotmac }
    }

    /// Rolls a version out as one more revision, in Helm's history and on the cluster.
    pub fn release(&self, version: &str) {
        let folder = self.folder();
        fs::create_dir_all(&folder).unwrap();
        let mut history = self.history();
        let now = warroom::host::clock::now().to_string();
        for entry in &mut history {
            if entry["status"] == "deployed" {
                entry["status"] = json!("superseded");
            }
        }
        let revision = history.len() + 1;
        history.push(json!({
            "revision": revision, "updated": now, "status": "deployed", "chart": format!("{}-1.4.0", Self::RELEASE),
            "app_version": version, "description": if revision == 1 { "Install complete" } else { "Upgrade complete" },
        }));
        fs::write(folder.join("history.json"), Value::from(history).to_string()).unwrap();
        let manifest = self.dotmac.cluster().deployment(&image(version), 3);
        fs::write(folder.join(format!("{revision}.yaml")), &manifest).unwrap();
        self.dotmac.cluster().apply(&manifest);
        self.dotmac.cluster().wait_until_rolled_out();
    }

    /// What `helm history -o json` prints.
    pub fn history(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder().join("history.json")).unwrap_or_else(|_| "[]".to_owned());
        serde_json::from_str(&text).unwrap()
    }

    /// `REVISION STATUS DESCRIPTION` of the newest revision.
    pub fn last(&self) -> String {
        let history = self.history();
        let last = history.last().expect("the release is there");
        format!("{} {} {}", last["revision"], last["status"].as_str().unwrap(), last["description"].as_str().unwrap())
    }

    /// A chart of the portal (one deployment, as the cluster's, of `version`), and the values of an environment: its replicas.
    pub fn chart(&self, version: &str, replicas: u64) -> (String, String) {
        let chart = self.dotmac.path("infrastructure/helm/customer-portal");
        fs::create_dir_all(chart.join("templates")).unwrap();
        let named = format!("name: {}\nversion: 1.4.0\nappVersion: \"{version}\"\n", Self::RELEASE);
        fs::write(chart.join("Chart.yaml"), named).unwrap();
        fs::write(chart.join("values.yaml"), "replicas: 1\n").unwrap();
        let template = self
            .dotmac
            .cluster()
            .deployment(&image(version), 77)
            .replace("replicas: 77", "replicas: {{ .Values.replicas }}");
        fs::write(chart.join("templates/deployment.yaml"), template).unwrap();
        let values = self.dotmac.path("infrastructure/values.yaml");
        fs::write(&values, format!("replicas: {replicas}\n")).unwrap();
        (chart.display().to_string(), values.display().to_string())
    }

    /// From now on this sub-command fails with these words; `None` ends it.
    pub fn fails(&self, command: &str, words: Option<&str>) {
        fails(self.dotmac, "helm", command, words);
    }

    fn folder(&self) -> std::path::PathBuf {
        self.dotmac.path("stand-ins/releases").join(self.dotmac.cluster().namespace()).join(Self::RELEASE)
    }
}

fn image(version: &str) -> String {
    format!("dotmac/customer-portal:{version}")
}

/// A folder of Terraform code, its state, and what the world lacks of it.
pub struct Terraform<'a> {
    dotmac: &'a DotMac,
    folder: std::path::PathBuf,
}

impl<'a> Terraform<'a> {
    /// A folder whose state has serial number 7 and holds a network and a cluster.
    pub fn in_folder(dotmac: &'a DotMac, name: &str) -> Terraform<'a> {
        let folder = dotmac.path(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("main.tf"), "# The code of the infrastructure.\n").unwrap();
        let state = json!({
            "version": 4, "serial": 7, "lineage": "lab",
            "resources": ["aws_eks_cluster.portal", "aws_vpc.portal"],
        });
        fs::write(folder.join("terraform.tfstate"), state.to_string()).unwrap();
        Terraform { dotmac, folder }
    }

    pub fn folder(&self) -> String {
        self.folder.display().to_string()
    }

    /// What code and world differ in: addresses and what has to be done (`create`, `update`, `delete`; `delete,create` replaces).
    pub fn differs(&self, changes: &[(&str, &str)]) {
        let change = |(address, actions): &(&str, &str)| json!({"address": address, "mode": "managed", "change": {"actions": actions.split(',').collect::<Vec<_>>()}});
        let changes: Vec<Value> = changes.iter().map(change).collect();
        fs::write(self.folder.join(".differences.json"), Value::from(changes).to_string()).unwrap();
    }

    /// Serial number and resources.
    pub fn state(&self) -> (u64, Vec<String>) {
        let text = fs::read_to_string(self.folder.join("terraform.tfstate")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        let resources =
            state["resources"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        (state["serial"].as_u64().unwrap(), resources)
    }

    /// Somebody else applies something: the state has a new serial number.
    pub fn is_applied_by_somebody_else(&self) {
        let file = self.folder.join("terraform.tfstate");
        let mut state: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        state["serial"] = json!(state["serial"].as_u64().unwrap() + 1);
        fs::write(file, state.to_string()).unwrap();
    }

    /// Somebody else holds the state's lock; false: they let go.
    pub fn is_locked(&self, locked: bool) {
        let file = self.folder.join(".terraform.tfstate.lock.info");
        if locked {
            fs::write(file, "{\"ID\":\"lab\",\"Who\":\"pipeline\"}").unwrap();
        } else {
            fs::remove_file(file).unwrap();
        }
    }

    /// From now on this sub-command fails with these words; `None` ends it.
    pub fn fails(&self, command: &str, words: Option<&str>) {
        fails(self.dotmac, "terraform", command, words);
    }
}

fn fails(dotmac: &DotMac, tool: &str, command: &str, words: Option<&str>) {
    let file = dotmac.path(&format!("stand-ins/{tool}.{command}.fails"));
    match words {
        Some(words) => fs::write(file, words).unwrap(),
        None => fs::remove_file(file).unwrap(),
    }
}

/// Every call of a stand-in so far, as one line each: `helm -n production history …`.
pub fn calls(dotmac: &DotMac) -> Vec<String> {
    let text = fs::read_to_string(dotmac.path("stand-ins/calls.jsonl")).unwrap_or_default();
    let line = |line: &str| {
        let call: Value = serde_json::from_str(line).unwrap();
        let words = call["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        std::iter::once(call["program"].as_str().unwrap()).chain(words).collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect()
}
