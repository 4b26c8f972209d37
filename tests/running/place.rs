//! Where a step acts: what cannot be proved to use the pinned kube context is refused, with the reason.

use crate::desk::{Desk, stderr, stdout};

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\nclusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n\
    users:\n- {name: u, user: {token: t}}\ncontexts:\n- {name: lab, context: {cluster: c, user: u}}\n\
    - {name: other, context: {cluster: c, user: u}}\ncurrent-context: other\n";

/// Runs one step, to be confirmed as whatever it is, where the pack pins the context `lab`.
fn run(code: &str) -> (Option<i32>, String) {
    let desk =
        Desk::new("kube_context = \"lab\"", &format!("# A task\n\n## Steps\n\n### 1. Step\n```bash\n{code}\n```\n"));
    std::fs::write(desk.path("kubeconfig"), KUBECONFIG).unwrap();
    let mut command = desk.command(&["runbook", "run", "task", "--confirm", "destructive"]);
    let output = command.env("KUBECONFIG", desk.path("kubeconfig")).output().unwrap();
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
fn what_may_act_elsewhere_is_refused_before_anything_starts() {
    for (code, said) in [
        ("kubectl config use-context other", "lab"),
        ("kubectl --context other get pods", "asks for the kube context other"),
        ("KUBECONFIG=other kubectl get pods", "KUBECONFIG"),
        ("export KUBECONFIG=other\nkubectl get pods", "sets KUBECONFIG itself"),
        ("env -u KUBECONFIG kubectl get pods", "kubectl does not get KUBECONFIG through env"),
        ("env -i kubectl get pods", "kubectl does not get KUBECONFIG through env"),
        ("unset KUBECONFIG; kubectl get pods", "unset takes KUBECONFIG away"),
        ("export -n KUBECONFIG; kubectl get pods", "KUBECONFIG is not handed on any more"),
        ("source ./setup.sh; kubectl get pods", "is read, which may set KUBECONFIG"),
        ("sudo -i kubectl get pods", "kubectl does not get KUBECONFIG through sudo"),
        ("sudo kubectl get pods", "kubectl does not get KUBECONFIG through sudo"),
        ("su - app -c 'kubectl get pods'", "kubectl"),
        ("bash -lc 'kubectl get pods'", "kubectl"),
        ("bash -c 'unset KUBECONFIG; kubectl get pods'", "unset takes KUBECONFIG away"),
        ("ssh other-host kubectl get pods", "other-host"),
        ("helm --kube-context other list", "asks for the kube context other"),
        ("kubectl --kubeconfig other get pods", "--kubeconfig"),
        ("kubectl --server https://127.0.0.1:2 get pods", "--server"),
    ] {
        let (exit, text) = run(code);
        assert_eq!(exit, Some(4), "{code}: {text}");
        assert!(text.contains(said) && !text.contains("done in") && !text.contains("FAILED"), "{code}: {text}");
    }
}

#[test]
fn what_uses_the_pinned_context_is_started() {
    for code in
        ["kubectl version --client", "kubectl --context lab version --client", "bash -c 'kubectl version --client'"]
    {
        let (_, text) = run(code);
        assert!(text.contains("done in") || text.contains("FAILED after"), "{code}: {text}");
    }
}
