//! The skip rule: a test whose servers are not installed says so and passes, except where they are required and can be had.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A family of programs that a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    programs: &'static [&'static str],
    /// What to do about it.
    hint: &'static str,
}

pub const POSTGRES: Need =
    Need { programs: &["initdb", "postgres", "psql"], hint: "apt-get install postgresql postgresql-contrib" };
pub const REDIS: Need =
    Need { programs: &["redis-server", "redis-cli"], hint: "apt-get install redis-server redis-sentinel" };
pub const PGBOUNCER: Need = Need { programs: &["pgbouncer"], hint: "apt-get install pgbouncer" };
pub const PROMETHEUS: Need = Need { programs: &["prometheus"], hint: "apt-get install prometheus" };
/// What packs the dumps of others.
pub const PACKERS: Need =
    Need { programs: &["zstd", "lz4", "xz", "bzip2"], hint: "apt-get install zstd lz4 xz-utils bzip2" };
pub const RESTIC: Need = Need { programs: &["restic"], hint: "apt-get install restic" };
/// What runbooks call.
pub const TOOLS: Need = Need {
    programs: &["kubectl", "jq", "curl", "dig", "openssl", "sha256sum"],
    hint: "apt-get install kubernetes-client jq curl bind9-dnsutils openssl",
};
/// A plain API server: objects, no pods that run.
pub const KUBERNETES: Need = Need {
    programs: &["etcd", "kube-apiserver"],
    hint: "set KUBEBUILDER_ASSETS to a folder that holds etcd and kube-apiserver",
};
/// A cluster with nodes, named by `WARROOM_TEST_KUBECONFIG`.
pub const WHOLE_CLUSTER: Need =
    Need { programs: &[], hint: "set WARROOM_TEST_KUBECONFIG to the kubeconfig of a cluster for tests" };

/// Why the test cannot run here; `None` when everything is there.
///
/// # Panics
/// Under `WARROOM_REQUIRE_SERVERS=1` instead of returning a reason, but for a Kubernetes that `.ci/run` could not have had.
pub fn missing(needs: &[Need]) -> Option<String> {
    needs.iter().find_map(|need| {
        let reason = match need.programs.iter().find(|program| find(program).is_none()) {
            None if *need == WHOLE_CLUSTER && env::var_os("WARROOM_TEST_KUBECONFIG").is_none() => "no whole cluster",
            None => return None,
            Some(program) => &format!("{program} is not here"),
        };
        let reason = format!("{reason} ({})", need.hint);
        assert!(!is_required() || !need.is_to_be_had(), "the test cannot run: {reason}");
        Some(reason)
    })
}

/// What starts a cluster, beside a checkout; `.ci/run` takes it from there.
const KUBE_LAB: &str = "../shared/kube/kube-lab";

impl Need {
    /// Debian has everything but Kubernetes.
    fn is_to_be_had(self) -> bool {
        let given_by = match self {
            KUBERNETES => "KUBEBUILDER_ASSETS",
            WHOLE_CLUSTER => "WARROOM_TEST_KUBECONFIG",
            _ => return true,
        };
        env::var_os(given_by).is_some() || Path::new(KUBE_LAB).exists()
    }
}

/// Says why a test cannot run here.
///
/// # Panics
/// Under `WARROOM_REQUIRE_SERVERS=1` instead.
pub fn skip(reason: &str) {
    assert!(!is_required(), "the test cannot run: {reason}");
    eprintln!("skipped: {reason}");
}

fn is_required() -> bool {
    env::var("WARROOM_REQUIRE_SERVERS").as_deref() == Ok("1")
}

/// `lab::require!(lab::POSTGRES, lab::REDIS);` returns from the test, with the reason printed, when one is missing.
#[allow(unused_macros, reason = "the lab by hand skips nothing")]
macro_rules! require {
    ($($need:expr),+ $(,)?) => {
        if let Some(reason) = $crate::lab::missing(&[$($need),+]) {
            eprintln!("skipped: {reason}");
            return;
        }
    };
}
pub(crate) use require;

/// Where a program is: Kubernetes' from KUBEBUILDER_ASSETS, PostgreSQL's from Debian's own folder, others from the path. The folders of
/// `WARROOM_TEST_PROGRAMS` come first: for another PostgreSQL, and for a Valkey that is called `redis-server` there.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("WARROOM_TEST_PROGRAMS").iter().flat_map(env::split_paths).collect();
    if matches!(program, "etcd" | "kube-apiserver") {
        folders.extend(env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from));
    } else {
        folders.extend(newest_postgres());
        folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    }
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn newest_postgres() -> Option<PathBuf> {
    let versions = Path::new("/usr/lib/postgresql").read_dir().ok()?;
    let newest = versions.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max()?;
    Some(format!("/usr/lib/postgresql/{newest}/bin").into())
}
