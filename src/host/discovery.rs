//! What this machine already knows about the platforms it works on: kube contexts, and the variables that clients read.

use std::collections::HashMap;

use kube::config::Kubeconfig;

/// What was found. Values of variables are not kept: they may be secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    pub contexts: Vec<KubeContext>,
    /// Name of the kubeconfig's current context.
    pub current_context: Option<String>,
    /// Why there are no contexts, when there is a kubeconfig that cannot be read.
    pub kubeconfig_problem: Option<String>,
    /// Those of [`VARIABLES`] that are set.
    pub variables: Vec<&'static str>,
}

/// One context of the kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeContext {
    pub name: String,
    pub namespace: Option<String>,
}

/// Variables that say where a server is. Any of libpq's says that `postgresql://` alone leads somewhere.
pub const VARIABLES: [&str; 7] =
    ["DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGDATABASE", "PGUSER", "REDIS_URL", "PROMETHEUS_URL"];

impl Discovery {
    /// Looks at the kubeconfig (`KUBECONFIG`, else `~/.kube/config`) and at these variables.
    pub fn look(environment: &HashMap<String, String>) -> Self {
        let set = |name: &&str| environment.get(*name).is_some_and(|value| !value.is_empty());
        let mut found =
            Discovery { variables: VARIABLES.into_iter().filter(|name| set(name)).collect(), ..Discovery::default() };
        match Kubeconfig::read() {
            Ok(config) => found.take(config),
            // No kubeconfig at all is nothing to talk about.
            Err(kube::config::KubeconfigError::ReadConfig(error, _))
                if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(kube::config::KubeconfigError::FindPath) => {}
            Err(error) => {
                // What follows the first line quotes the file, which holds credentials.
                let told = error.to_string();
                found.kubeconfig_problem = Some(told.lines().next().unwrap_or_default().to_owned());
            }
        }
        found
    }

    fn take(&mut self, config: Kubeconfig) {
        self.current_context = config.current_context.filter(|name| !name.is_empty());
        let contexts = config.contexts.into_iter().map(|named| KubeContext {
            name: named.name,
            namespace: named.context.and_then(|context| context.namespace),
        });
        self.contexts = contexts.filter(|context| !context.name.is_empty()).collect();
    }

    pub fn has(&self, variable: &str) -> bool {
        self.variables.contains(&variable)
    }

    /// Whether libpq's own variables name a server.
    pub fn has_libpq(&self) -> bool {
        self.variables.iter().any(|name| name.starts_with("PG"))
    }

    /// The current context, else the only one.
    pub fn chosen_context(&self) -> Option<&KubeContext> {
        let current = self.current_context.as_ref();
        let named = current.and_then(|name| self.contexts.iter().find(|context| context.name == *name));
        named.or(match self.contexts.as_slice() {
            [only] => Some(only),
            _ => None,
        })
    }
}
