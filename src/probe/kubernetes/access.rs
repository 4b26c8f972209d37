//! The way to a cluster: which kubeconfig, which context, which credentials.
//!
//! The context is the probe's own, else the one that the environment pins. Only when neither names one is the
//! kubeconfig's current-context used, and the details say so. The kubeconfig is never written.

use std::{path::PathBuf, time::Duration};

use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError},
};
use secrecy::ExposeSecret;
use tokio::sync::oneshot;

use super::{
    bounded::Bound,
    cause::{self, Failure},
    proxy,
};
use crate::Surroundings;
use warroom_domain::platform::{OnTimeout, SecretText};
use warroom_host::secret::expand_home;

/// How long a credential plugin may take: some ask a cloud, none may ask a person.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(60);

/// A cluster that can be asked.
#[derive(Clone)]
pub(super) struct Access {
    pub client: Client,
    /// Name of the kube context; `in-cluster` for a service account.
    pub context: String,
    /// Who chose the context.
    pub chosen_by: &'static str,
    /// `HOST:PORT` of the API server.
    pub server: String,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("context", &self.context).field("server", &self.server).finish_non_exhaustive()
    }
}

/// What a pack says of the way to the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub context: Option<String>,
    pub kubeconfig: Option<SecretText>,
    pub surroundings: Surroundings,
    pub connect_timeout: Duration,
    /// What it means when the server does not answer in time.
    pub on_timeout: OnTimeout,
}

impl Route {
    /// Reads the kubeconfig and gets the credentials. Does not talk to the API server, but may run a credential plugin.
    pub(super) async fn open(&self) -> Result<Access, Failure> {
        let pinned = match (&self.context, &self.surroundings.environment.kube_context) {
            (Some(context), _) => Some((context.clone(), "the probe")),
            (None, Some(context)) => Some((context.clone(), "the environment")),
            (None, None) => None,
        };
        let source = self.source().await?;
        let connect_timeout = self.connect_timeout;
        // Files are read, certificates parsed and plugins run here: not on the threads that draw the screen, nor on
        // the pool that the runtime waits for when it ends.
        let (answer, opened) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("kube-credentials".into())
            .spawn(move || {
                let _ = answer.send(runtime.block_on(open(source, pinned, connect_timeout)));
            })
            .map_err(|error| Failure::setup(format!("cannot start a thread to read the kubeconfig: {error}")))?;
        match tokio::time::timeout(CREDENTIALS_TIMEOUT, opened).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(_)) => Err(Failure::setup("reading the kubeconfig failed: a defect of warroom, see its log")),
            Err(_) => Err(Failure::setup(format!(
                "the kube context's credential plugin has not answered for {} s",
                CREDENTIALS_TIMEOUT.as_secs()
            ))),
        }
    }

    async fn source(&self) -> Result<Source, Failure> {
        let Some(text) = &self.kubeconfig else { return Ok(Source::Ambient) };
        let resolved = self.surroundings.secrets.resolve(text).await;
        let resolved = resolved.map_err(|error| Failure::setup(error.to_string()))?;
        let resolved = resolved.expose_secret();
        // A reference may give the path of a kubeconfig, or the kubeconfig itself.
        if resolved.contains('\n') || resolved.starts_with('{') {
            return Ok(Source::Content(resolved.to_owned()));
        }
        Ok(Source::File(self.surroundings.base.join(expand_home(resolved))))
    }
}

enum Source {
    /// `KUBECONFIG`, else `~/.kube/config`, else the pod's service account.
    Ambient,
    File(PathBuf),
    Content(String),
}

async fn open(
    source: Source,
    pinned: Option<(String, &'static str)>,
    connect_timeout: Duration,
) -> Result<Access, Failure> {
    let read = match source {
        Source::File(path) => Kubeconfig::read_from(path).map(Some),
        Source::Content(text) => Kubeconfig::from_yaml(&text).map(Some),
        Source::Ambient => ambient(),
    };
    let read = read.map_err(|error| Failure::setup(cause::kubeconfig(&error)))?;
    let (mut config, context, chosen_by) = match (read, pinned) {
        (Some(kubeconfig), pinned) => of_kubeconfig(kubeconfig, pinned).await?,
        (None, Some((context, _))) => {
            return Err(Failure::setup(format!(
                "there is no kubeconfig to find the context {context} in: set KUBECONFIG, or kubeconfig in the pack"
            )));
        }
        (None, None) => match Config::incluster() {
            Ok(config) => (config, "in-cluster".to_owned(), "the pod's service account"),
            Err(_) => return Err(Failure::setup(cause::kubeconfig(&KubeconfigError::FindPath))),
        },
    };
    let server = server(&config);
    config.connect_timeout = Some(connect_timeout);
    // The feeds have their own pauses and bounds.
    config.default_retry = false;
    config.read_timeout = None;
    // A plugin that asks on the terminal would draw over the screen and take the keys.
    if let Some(exec) = &mut config.auth_info.exec {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    let client = ClientBuilder::try_from(config).map_err(|error| Failure::of_client(&error, &server))?;
    let client = client.with_layer(&Bound).build();
    Ok(Access { client, context, chosen_by, server })
}

/// None when there is neither `KUBECONFIG` nor `~/.kube/config`.
fn ambient() -> Result<Option<Kubeconfig>, KubeconfigError> {
    if let Some(kubeconfig) = Kubeconfig::from_env()? {
        return Ok(Some(kubeconfig));
    }
    let path = expand_home("~/.kube/config");
    if path.exists() { Kubeconfig::read_from(path).map(Some) } else { Ok(None) }
}

async fn of_kubeconfig(
    kubeconfig: Kubeconfig,
    pinned: Option<(String, &'static str)>,
) -> Result<(Config, String, &'static str), Failure> {
    let known = || {
        let mut names: Vec<&str> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
        names.sort_unstable();
        match names.len() {
            0 => "it has none".to_owned(),
            1..=8 => format!("it has {}", names.join(", ")),
            more => format!("it has {} and {} more", names[..8].join(", "), more - 8),
        }
    };
    let current = || kubeconfig.current_context.clone().filter(|name| !name.is_empty());
    let Some((context, chosen_by)) = pinned.or_else(|| Some((current()?, "the kubeconfig's current-context"))) else {
        return Err(Failure::setup(format!(
            "no kube context is chosen: set kube_context in the environment; {}",
            known()
        )));
    };
    let Some(named) = kubeconfig.contexts.iter().find(|named| named.name == context) else {
        return Err(Failure::setup(format!("the kubeconfig has no context {context}: {}", known())));
    };
    let cluster = named.context.as_ref().map(|inner| inner.cluster.as_str()).unwrap_or_default();
    let own_proxy = kubeconfig
        .clusters
        .iter()
        .find(|named| named.name == cluster)
        .and_then(|named| named.cluster.as_ref()?.proxy_url.clone())
        .filter(|proxy| !proxy.is_empty());
    let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig.clone(), &options)
        .await
        .map_err(|error| Failure::setup(cause::kubeconfig(&error)))?;
    if own_proxy.is_none() && proxy::bypassed(config.cluster_url.host().unwrap_or_default()) {
        config.proxy_url = None;
    }
    Ok((config, context, chosen_by))
}

fn server(config: &Config) -> String {
    let url = &config.cluster_url;
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", url.host().unwrap_or("the API server"))
}
