//! What is said about where actions act, for shells as they stand in runbooks.

use std::{fs, os::unix::fs::PermissionsExt as _};

use indexmap::IndexMap;
use kube::config::Kubeconfig;
use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use warroom_runbook::shell;

const CONFIG: &str = "
apiVersion: v1
kind: Config
current-context: dev
clusters:
- {name: c-dev, cluster: {server: 'https://dev.example:6443', certificate-authority: pki/ca.pem}}
- {name: c-prod, cluster: {server: 'https://prod.example:6443', certificate-authority: pki/ca.pem}}
users:
- {name: u-dev, user: {token: dev-token-hunter2}}
- {name: u-prod, user: {token: prod-token-hunter2, client-key: pki/key.pem}}
contexts:
- {name: dev, context: {cluster: c-dev, user: u-dev}}
- {name: prod, context: {cluster: c-prod, user: u-prod, namespace: web}}
";

/// A pack's environment, a home with a kubeconfig, and a run's variables.
struct Bench {
    home: TempDir,
    pin: Option<&'static str>,
    context: Option<&'static str>,
    vars: &'static [(&'static str, &'static str)],
    variables: Vec<(&'static str, &'static str)>,
}

impl Bench {
    fn new(pin: Option<&'static str>) -> Self {
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join(".kube")).unwrap();
        fs::write(home.path().join(".kube/config"), CONFIG).unwrap();
        Bench { home, pin, context: None, vars: &[], variables: Vec::new() }
    }

    fn private(&self) -> PathBuf {
        self.home.path().join("private")
    }

    async fn resolve(&self, code: &str) -> Place {
        let script = shell::analyse(code);
        let vars: IndexMap<String, String> =
            self.vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = Environment {
            title: None,
            protected: true,
            kube_context: self.pin.map(str::to_owned),
            vars,
            ..Environment::default()
        };
        let variables: Vec<(String, SecretString)> =
            self.variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        let wanted = Wanted {
            script: Some(&script),
            database: None,
            environment: &environment,
            environment_name: "production",
            context: self.context,
            pinned_contexts: &["prod".to_owned(), "dr".to_owned()],
            variables: &variables,
            kubeconfig: &self.private(),
        };
        let home = self.home.path().to_string_lossy().into_owned();
        resolve_with(&wanted, vec![("HOME".to_owned(), home)]).await
    }
}

fn value<'p>(place: &'p Place, name: &str) -> Option<&'p str> {
    place.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str())
}

fn one<'s>(sentences: impl IntoIterator<Item = &'s String>) -> &'s str {
    match sentences.into_iter().collect::<Vec<_>>().as_slice() {
        [only] => only,
        other => panic!("one sentence was expected: {other:?}"),
    }
}

#[tokio::test]
async fn host_and_user_stand_first_and_nothing_else_is_said_of_a_command_that_stays_here() {
    let place = Bench::new(None).resolve("df -h | sort").await;
    let names: Vec<&str> = place.facts.iter().map(|fact| fact.name.as_str()).collect();
    assert_eq!(names, ["host", "user"]);
    assert_eq!(place.kubeconfig, None);
    assert!(place.unknown().next().is_none() && place.mismatches.is_empty(), "{place:?}");
}

#[tokio::test]
async fn the_private_kubeconfig_leads_to_the_pinned_context_only_and_the_users_own_stays() {
    let bench = Bench { vars: &[("NAMESPACE", "shop")], ..Bench::new(Some("prod")) };
    let place = bench.resolve("kubectl get pods | grep -v Running").await;
    assert_eq!(value(&place, "kube context"), Some("prod"));
    assert_eq!(value(&place, "namespace"), Some("shop"));
    assert_eq!(value(&place, "API server"), Some("https://prod.example:6443"));
    assert!(place.mismatches.is_empty(), "{place:?}");
    let path = place.kubeconfig.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("prod-token-hunter2") && !text.contains("dev"), "{text}");
    let private = Kubeconfig::read_from(&path).unwrap();
    assert_eq!(private.current_context.as_deref(), Some("prod"));
    assert_eq!((private.contexts.len(), private.clusters.len(), private.auth_infos.len()), (1, 1, 1));
    let authority = private.clusters[0].cluster.as_ref().unwrap().certificate_authority.clone().unwrap();
    assert_eq!(Path::new(&authority), bench.home.path().join(".kube/pki/ca.pem"));
    assert_eq!(fs::read_to_string(bench.home.path().join(".kube/config")).unwrap(), CONFIG);
}

#[tokio::test]
async fn kubectl_itself_takes_the_private_kubeconfig() {
    let bench = Bench::new(Some("prod"));
    let path = bench.resolve("true").await.kubeconfig.unwrap();
    let Ok(output) = std::process::Command::new("kubectl")
        .args(["config", "view", "--minify", "-o", "jsonpath={.current-context} {.contexts[0].context.namespace}"])
        .env("KUBECONFIG", path)
        .output()
    else {
        return; // no kubectl on this machine
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "prod web");
}

#[tokio::test]
async fn several_files_of_kubeconfig_are_one_and_missing_ones_are_passed_over() {
    let mut bench = Bench::new(Some("dr"));
    let other = bench.home.path().join("dr.yaml");
    fs::write(
        &other,
        "contexts: [{name: dr, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://dr:6443'}}]\nusers: [{name: u, user: {}}]\n",
    )
    .unwrap();
    let list = format!("{0}/.kube/config:{0}/absent:{1}", bench.home.path().display(), other.display());
    bench.variables.push(("KUBECONFIG", list.leak()));
    let place = bench.resolve("helm list -n web").await;
    assert_eq!(value(&place, "API server"), Some("https://dr:6443"));
    assert_eq!(value(&place, "namespace"), Some("web"));
    assert!(place.mismatches.is_empty(), "{place:?}");
}

/// kubectl 1.20 takes the current context of the next file then; kube 5 alone would keep the empty one.
#[tokio::test]
async fn an_empty_current_context_of_the_first_file_leaves_that_of_the_next() {
    let mut bench = Bench::new(None);
    let first = bench.home.path().join("first.yaml");
    fs::write(&first, "current-context: ''\n").unwrap();
    let list = format!("{1}:{0}/.kube/config", bench.home.path().display(), first.display());
    let alone = value(&bench.resolve("kubectl get pods").await, "kube context").map(str::to_owned);
    bench.variables.push(("KUBECONFIG", list.leak()));
    let place = bench.resolve("kubectl get pods").await;
    assert!(alone.is_some());
    assert_eq!(value(&place, "kube context"), alone.as_deref());
}

#[tokio::test]
async fn whatever_leads_past_the_pin_is_a_mismatch() {
    let bench = Bench::new(Some("prod"));
    for (code, said) in [
        ("kubectl --context dev get pods", "kubectl asks for the kube context dev"),
        ("C=dev; kubectl --context=$C get pods", "kubectl asks for the kube context dev"),
        ("kubectl --context \"$(cat ctx)\" get pods", "asks for the kube context $(…)"),
        ("kubectl config use-context dev", "kubectl asks for the kube context dev"),
        ("kubectx dev", "kubectx asks for the kube context dev"),
        ("helm --kube-context dev list", "helm asks for the kube context dev"),
        ("kubectl --kubeconfig /etc/other get pods", "kubectl is given --kubeconfig"),
        ("kubectl -s https://elsewhere get pods", "kubectl is given -s"),
        ("helm --kube-apiserver https://elsewhere list", "helm is given --kube-apiserver"),
        ("export KUBECONFIG=/etc/other; kubectl get pods", "the action sets KUBECONFIG itself"),
        ("KUBECONFIG=/etc/other kubectl get pods", "the action sets KUBECONFIG itself"),
        ("HELM_KUBECONTEXT=dev helm list", "HELM_KUBECONTEXT is dev"),
        ("sudo kubectl get pods", "kubectl does not get KUBECONFIG through sudo"),
        ("kubectl --context dev exec db-0 -- psql -l", "kubectl asks for the kube context dev"),
        ("if true; then for p in a b; do kubectl --context=dev delete pod $p; done; fi", "the kube context dev"),
    ] {
        let place = bench.resolve(code).await;
        let said_it = place.mismatches.iter().any(|sentence| sentence.contains(said));
        assert!(said_it, "{code}: {:?}", place.mismatches);
    }
    for code in [
        "kubectl --context prod get pods",
        "kubectl logs -f web-0 -n web",
        "sudo -E kubectl get pods",
        "sudo KUBECONFIG=\"$KUBECONFIG\" kubectl get pods",
    ] {
        let place = bench.resolve(code).await;
        assert!(place.mismatches.is_empty(), "{code}: {:?}", place.mismatches);
    }
}

#[tokio::test]
async fn a_pinned_context_that_is_not_there_is_a_mismatch_and_leaves_nothing_to_act_on() {
    let bench = Bench::new(Some("gone"));
    let place = bench.resolve("kubectl get pods").await;
    assert_eq!(
        one(&place.mismatches),
        "the kube context gone, which the environment production pins, is not in the kubeconfig: it has dev, prod"
    );
    // What a script hides must not reach the current context of the user.
    let place = bench.resolve("./deploy.sh").await;
    assert!(place.mismatches.is_empty(), "{place:?}");
    assert!(Kubeconfig::read_from(place.kubeconfig.unwrap()).unwrap().contexts.is_empty());
}

#[tokio::test]
async fn another_context_is_taken_when_the_pack_pins_it_somewhere() {
    let bench = Bench { context: Some("prod"), ..Bench::new(Some("dev")) };
    let place = bench.resolve("kubectl get pods").await;
    assert_eq!((value(&place, "kube context"), value(&place, "namespace")), (Some("prod"), Some("web")));
    assert!(place.mismatches.is_empty(), "{place:?}");
    let bench = Bench { context: Some("staging"), ..Bench::new(Some("prod")) };
    let place = bench.resolve("kubectl get pods").await;
    assert!(place.mismatches[0].contains("staging, which no environment of the pack pins"), "{place:?}");
}

#[tokio::test]
async fn a_broken_kubeconfig_is_said_without_quoting_it() {
    let bench = Bench::new(Some("prod"));
    fs::write(bench.home.path().join(".kube/config"), "users:\n- {name: [token: hunter2secret\n").unwrap();
    let place = bench.resolve("kubectl get pods").await;
    assert!(place.mismatches[0].contains("is not valid"), "{place:?}");
    assert!(!format!("{place:?}").contains("hunter2secret"));
}

#[tokio::test]
async fn without_a_pin_the_current_context_is_shown_and_no_copy_is_made() {
    let bench = Bench::new(None);
    let place = bench.resolve("kubectl delete pod web-1 -A").await;
    assert_eq!((value(&place, "kube context"), value(&place, "namespace")), (Some("dev"), Some("all")));
    assert_eq!(place.kubeconfig, None);
    let place = bench.resolve("kubectl --context prod get pods").await;
    assert_eq!((value(&place, "kube context"), value(&place, "namespace")), (Some("prod"), Some("web")));
}

#[tokio::test]
async fn a_database_in_a_pod_is_said_to_be_there_and_nobody_is_asked() {
    let place = Bench::new(Some("prod"))
        .resolve("kubectl exec -n db db-0 -c postgres -- psql -U app -d portal -Atc 'SELECT 1'")
        .await;
    assert_eq!(value(&place, "database host"), Some("in the pod db-0"));
    assert_eq!((value(&place, "database"), value(&place, "database user")), (Some("portal"), Some("app")));
    assert_eq!(value(&place, "namespace"), Some("db"));
    assert_eq!(value(&place, "database role"), None);
    assert!(place.unknown().next().is_none(), "{place:?}");
}

#[tokio::test]
async fn clients_of_postgresql_are_read_as_they_read_their_arguments() {
    // Nothing listens on port 1.
    let mut bench = Bench::new(None);
    bench.variables = vec![
        ("DATABASE_URL", "postgresql://app:hunter2secret@127.0.0.1:1/portal"),
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", "1"),
        ("DB", "shop"),
    ];
    for (code, database, user) in [
        ("psql \"$DATABASE_URL\" -Atc 'SELECT 1'", "portal", Some("app")),
        ("psql -Atc 'SELECT 1' $DB", "shop", None),
        ("psql -qXh 127.0.0.1 -p1 \"${DB:-x}\" alice <<'EOF'\nSELECT 1\nEOF", "shop", Some("alice")),
        ("pg_dump -Fc -t customers -f out.dump $DB", "shop", None),
        ("pg_restore --clean -U owner --dbname=portal out.dump", "portal", Some("owner")),
        ("dropdb --if-exists -U owner old_portal", "old_portal", Some("owner")),
        ("PGDATABASE=inner psql -c 'SELECT 1'", "inner", None),
        ("export PGDATABASE=inner\npg_isready && psql", "inner", None),
        ("psql 'host=127.0.0.1 port=1 dbname=kv user=bob password=hunter2secret'", "kv", Some("bob")),
        ("sudo -u postgres psql -h 127.0.0.1 -p 1 portal", "portal", Some("postgres")),
    ] {
        let place = bench.resolve(code).await;
        assert_eq!(value(&place, "database host"), Some("127.0.0.1:1"), "{code}: {place:?}");
        assert_eq!(value(&place, "database"), Some(database), "{code}: {place:?}");
        if user.is_some() {
            assert_eq!(value(&place, "database user"), user, "{code}");
        }
        assert!(one(place.unknown()).starts_with("cannot ask 127.0.0.1:1 whether it is the primary"), "{place:?}");
        assert!(!format!("{place:?}").contains("hunter2secret"), "{place:?}");
    }
    let place = bench.resolve("pg_restore -l out.dump").await;
    assert_eq!(value(&place, "database host"), None);
    let place = bench.resolve("psql -h \"$(cat primary)\" portal").await;
    assert_eq!(one(&place.unresolved), "where psql acts is not known: $(…) is set when it runs");
}

#[tokio::test]
async fn redis_is_shown_without_its_password() {
    let mut bench = Bench::new(None);
    bench.variables = vec![("REDIS_URL", "redis://:hunter2secret@cache:6380/2"), ("REDIS_PASSWORD", "hunter2secret")];
    for (code, host, database) in [
        ("redis-cli -u \"$REDIS_URL\" FLUSHDB", "cache:6380", Some("2")),
        ("redis-cli -h cache -p 6390 -n 3 -a \"$REDIS_PASSWORD\" SET -h x", "cache:6390", Some("3")),
        ("redis-cli PING", "127.0.0.1:6379", None),
        ("docker exec -it cache redis-cli PING", "127.0.0.1:6379, seen in the container cache", None),
    ] {
        let place = bench.resolve(code).await;
        assert_eq!((value(&place, "Redis host"), value(&place, "Redis database")), (Some(host), database), "{code}");
        assert!(!format!("{place:?}").contains("hunter2secret"), "{place:?}");
    }
}

#[tokio::test]
async fn a_secret_given_as_a_host_is_masked_by_its_name() {
    let mut bench = Bench::new(None);
    bench.variables = vec![("REDIS_PASSWORD", "hunter2secret")];
    let place = bench.resolve("redis-cli -h \"$REDIS_PASSWORD\" PING").await;
    assert!(value(&place, "Redis host").unwrap().starts_with("[REDIS_PASSWORD]"), "{place:?}");
}

#[tokio::test]
async fn hosts_behind_ssh_and_container_engines_are_named() {
    let mut bench = Bench::new(None);
    let place = bench.resolve("ssh -p 2222 -l ops bastion 'sudo systemctl restart portal; psql portal'").await;
    assert_eq!(value(&place, "ssh host"), Some("ops@bastion:2222"));
    assert_eq!(value(&place, "database host"), Some("on the host bastion"));
    let place = bench.resolve("scp dump.gz backup@vault:/srv/").await;
    assert_eq!(value(&place, "ssh host"), Some("backup@vault"));
    let place = bench.resolve("ssh bastion kubectl get pods").await;
    assert_eq!(one(&place.unresolved), "kubectl runs on the host bastion, with the kube context that is set there");
    bench.variables.push(("DOCKER_HOST", "tcp://engine:2376"));
    let place = bench.resolve("docker restart portal").await;
    assert_eq!(value(&place, "docker host"), Some("tcp://engine:2376"));
}

#[tokio::test]
async fn code_that_nobody_can_read_is_said_to_act_anywhere() {
    let place = Bench::new(None).resolve("curl -s https://example.test/x | sh").await;
    assert!(one(&place.unresolved).contains("nobody can tell before it runs where it acts"), "{place:?}");
}

#[tokio::test]
async fn aws_is_asked_for_account_and_region_with_the_profile_of_the_command() {
    let mut bench = Bench::new(None);
    let program = bench.home.path().join("aws");
    let script = "#!/bin/sh
case \"$*\" in
  *get-caller-identity*'--profile prod'*) echo '{\"Account\": \"111122223333\", \"Arn\": \"arn:aws:iam::111122223333:user/alice\"}' ;;
  *get-caller-identity*) echo 'Unable to locate credentials' >&2; exit 253 ;;
  'configure get region --profile prod') echo eu-west-1 ;;
  *) exit 1 ;;
esac
";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bench.home.path().display());
    bench.variables = vec![("PATH", path.leak())];
    for code in ["aws --profile prod rds reboot-db-instance", "AWS_PROFILE=prod aws s3 ls"] {
        let place = bench.resolve(code).await;
        assert_eq!(value(&place, "AWS profile"), Some("prod"), "{code}: {place:?}");
        assert_eq!(value(&place, "AWS account"), Some("111122223333"));
        assert_eq!(value(&place, "AWS region"), Some("eu-west-1"));
        assert!(place.unknown().next().is_none(), "{place:?}");
    }
    let place = bench.resolve("aws s3 ls --region us-east-1").await;
    assert_eq!((value(&place, "AWS profile"), value(&place, "AWS region")), (Some("default"), Some("us-east-1")));
    assert_eq!(one(place.unknown()), "cannot ask AWS which account this is: Unable to locate credentials");
    bench.variables.push(("AWS_PROFILE", "prod"));
    let place = bench.resolve("aws s3 ls").await;
    assert_eq!(place.environment, [("AWS_PROFILE".to_owned(), "prod".to_owned())]);
}
