//! Reads the user's kubeconfig as kubectl does, and writes a private copy with one context in it. The user's own files are
//! only read.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use kube::config::{Kubeconfig, KubeconfigError};

/// One context, with what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) context: String,
    pub(super) namespace: Option<String>,
    /// URL of the API server, without credentials.
    pub(super) server: Option<String>,
}

/// Reads and merges the files of `list` (as `KUBECONFIG` names them; the first to name a thing wins), else
/// `~/.kube/config`. `None` when there are none; files that do not exist are passed over, as kubectl does. The error is one
/// sentence that quotes nothing of a file.
pub(super) fn read(list: Option<&str>, home: Option<&str>) -> Result<Option<Kubeconfig>, String> {
    let listed: Vec<PathBuf> =
        std::env::split_paths(list.unwrap_or_default()).filter(|path| !path.as_os_str().is_empty()).collect();
    let usual = home.map(|home| Path::new(home).join(".kube/config"));
    let paths = if listed.is_empty() { usual.into_iter().collect() } else { listed };
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
        // Relative paths of certificates are made to start at the folder of the file: it must be absolute to stay valid elsewhere.
        let path = std::path::absolute(&path).unwrap_or(path);
        let mut one = match Kubeconfig::read_from(&path) {
            Ok(one) => one,
            Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(sentence(&error, &path)),
        };
        // kubectl skips an empty name and takes that of the next file; kube 5 would keep the empty one.
        one.current_context = one.current_context.filter(|name| !name.is_empty());
        merged = Some(match merged {
            None => one,
            Some(before) => before.merge(one).map_err(|error| sentence(&error, &path))?,
        });
    }
    Ok(merged)
}

/// A parser's own message may repeat the line, which may hold a token: only the place is said.
fn sentence(error: &KubeconfigError, path: &Path) -> String {
    let path = path.display();
    match error {
        KubeconfigError::ReadConfig(cause, _) => format!("the kubeconfig {path} cannot be read: {cause}"),
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("the kubeconfig {path} is not valid: line {}, column {}", at.line(), at.column()),
            None => format!("the kubeconfig {path} is not valid"),
        },
        _ => format!("the kubeconfig {path} cannot be used: run kubectl config view in another terminal to see why"),
    }
}

/// What a context says; the current one when no name is given.
pub(super) fn look(config: &Kubeconfig, name: Option<&str>) -> Option<Seen> {
    let name = name.or(config.current_context.as_deref()).filter(|name| !name.is_empty())?;
    let context = config.contexts.iter().find(|one| one.name == name)?.context.as_ref()?;
    let cluster = config.clusters.iter().find(|one| one.name == context.cluster);
    let server = cluster.and_then(|one| one.cluster.as_ref()?.server.as_deref());
    Some(Seen {
        context: name.to_owned(),
        namespace: context.namespace.clone().filter(|namespace| !namespace.is_empty()),
        server: server.map(super::machine::without_password),
    })
}

/// Only this context, its cluster and its user; the context is the current one. `None` when there is no such context.
pub(super) fn only(config: Kubeconfig, name: &str, namespace: Option<&str>) -> Option<Kubeconfig> {
    let mut kept = config.contexts.into_iter().find(|one| one.name == name)?;
    let context = kept.context.as_mut()?;
    if let Some(namespace) = namespace {
        context.namespace = Some(namespace.to_owned());
    }
    let (cluster, user) = (context.cluster.clone(), context.user.clone());
    Some(Kubeconfig {
        clusters: config.clusters.into_iter().find(|one| one.name == cluster).into_iter().collect(),
        auth_infos: config.auth_infos.into_iter().find(|one| Some(&one.name) == user.as_ref()).into_iter().collect(),
        contexts: vec![kept],
        current_context: Some(name.to_owned()),
        ..empty()
    })
}

/// One that leads nowhere.
pub(super) fn empty() -> Kubeconfig {
    Kubeconfig { api_version: Some("v1".to_owned()), kind: Some("Config".to_owned()), ..Kubeconfig::default() }
}

/// Writes it for its owner alone, whole or not at all. As JSON, which is YAML too. The error is one sentence.
pub(super) fn write(config: &Kubeconfig, path: &Path) -> Result<(), String> {
    let failed =
        |error: &dyn std::fmt::Display| format!("the private kubeconfig {} cannot be written: {error}", path.display());
    let text = serde_json::to_vec_pretty(config).map_err(|error| failed(&error))?;
    let fresh = path.with_extension("new");
    let written = (|| {
        // A file that is there already would keep its mode.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    })();
    written.map_err(|error| failed(&error))
}
