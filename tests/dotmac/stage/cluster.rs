//! DotMac's objects on a real Kubernetes cluster, in a namespace of their own.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::lab::{Certificates, Cluster, Kubelet, Namespace, wait_until};

const ROLLED_OUT: Duration = Duration::from_secs(90);

/// The portal's deployment (three pods, whose logs can be read), its service and ingress, and the primary's pod.
pub struct DotMacCluster {
    pub cluster: Cluster,
    pub kubelet: Kubelet,
    pub certificates: Certificates,
    namespace: Namespace,
}

impl DotMacCluster {
    pub const DEPLOYMENT: &str = "customer-portal";
    pub const IMAGE: &str = "dotmac/customer-portal:2.3.1";
    /// The TLS secret that the ingress uses.
    pub const TLS: &str = "portal-tls";

    /// Waits until the portal's pods run.
    pub fn start() -> DotMacCluster {
        let cluster = Cluster::whole();
        let kubelet = Kubelet::start(&cluster);
        let (namespace, certificates) = (cluster.namespace(), Certificates::new());
        let this = DotMacCluster { cluster, kubelet, certificates, namespace };
        this.apply(&this.objects());
        let shown = this.certificates.for_names(&["portal.dotmac.com", "api.dotmac.com"]);
        let secret = serde_json::json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": Self::TLS},
            "stringData": {"tls.crt": shown.chain_pem, "tls.key": shown.key_pem},
        });
        this.apply(&secret.to_string());
        this.wait_until_rolled_out();
        wait_until("the primary's pod runs", ROLLED_OUT, || {
            this.get("pod", "postgres-primary-0").is_some_and(|pod| pod["status"]["phase"] == "Running")
        });
        this
    }

    pub fn namespace(&self) -> &str {
        &self.namespace.name
    }

    /// Rolls another image out, as a release does, and waits until it runs.
    pub fn release(&self, image: &str) {
        let container = format!("portal={image}");
        self.kubectl(&["set", "image", &format!("deployment/{}", Self::DEPLOYMENT), &container]);
        self.wait_until_rolled_out();
    }

    /// Asks for so many pods, and waits until they run.
    pub fn scale(&self, replicas: u32) {
        self.kubectl(&["scale", "deployment", Self::DEPLOYMENT, &format!("--replicas={replicas}")]);
        self.wait_until_rolled_out();
    }

    /// The image that the deployment asks for.
    pub fn image(&self) -> String {
        let deployment = self.get("deployment", Self::DEPLOYMENT).expect("the deployment is there");
        deployment.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).unwrap().to_owned()
    }

    /// How many pods the deployment asks for.
    pub fn replicas(&self) -> u64 {
        let deployment = self.get("deployment", Self::DEPLOYMENT).expect("the deployment is there");
        deployment["spec"]["replicas"].as_u64().unwrap()
    }

    /// The names of the portal's pods, without those that are about to go.
    pub fn pods(&self) -> Vec<String> {
        let text = self.kubectl(&["get", "pods", "-l", &format!("app={}", Self::DEPLOYMENT), "-o", "json"]);
        let pods: Value = serde_json::from_str(&text).unwrap();
        let stay = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null() && pod["status"]["phase"] == "Running";
        let names = pods["items"].as_array().unwrap().iter().filter(stay);
        names.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// From now on no pod finds a node, and a rollout is given up after two seconds.
    pub fn fill_nodes(&self) {
        self.kubectl(&["cordon", self.kubelet.name()]);
        self.give_up_after(2);
    }

    /// Undoes [`Self::fill_nodes`].
    pub fn free_nodes(&self) {
        self.kubectl(&["uncordon", self.kubelet.name()]);
        self.give_up_after(600);
        // Its controller says so for a while yet of a deployment that got nowhere, and `kubectl rollout status` believes it.
        wait_until("nothing is said of a deadline any longer", ROLLED_OUT, || {
            let deployment = self.get("deployment", Self::DEPLOYMENT).unwrap();
            let conditions = deployment.pointer("/status/conditions").and_then(Value::as_array).unwrap();
            conditions.iter().all(|condition| condition["reason"] != "ProgressDeadlineExceeded")
        });
    }

    fn give_up_after(&self, seconds: u32) {
        let patch = format!("{{\"spec\": {{\"progressDeadlineSeconds\": {seconds}}}}}");
        self.kubectl(&["patch", &format!("deployment/{}", Self::DEPLOYMENT), "-p", &patch]);
    }

    /// Rolls out pods that no node takes: those of before go on.
    pub fn roll_out_where_there_is_no_node(&self) {
        let nowhere = r#"{"spec":{"template":{"spec":{"nodeSelector":{"kubernetes.io/hostname":"nowhere"}}}}}"#;
        self.kubectl(&["patch", "deployment", Self::DEPLOYMENT, "-p", nowhere]);
        wait_until("the new pods are not ready", ROLLED_OUT, || {
            let deployment = self.get("deployment", Self::DEPLOYMENT).unwrap();
            let status = &deployment["status"];
            status["observedGeneration"] == deployment["metadata"]["generation"]
                && status["updatedReplicas"] != deployment["spec"]["replicas"]
        });
    }

    /// Lets the portal's service lead to the pods of this label `app`, and waits until something ready stands behind it, or nothing when
    /// there are none.
    pub fn point_service_at(&self, app: &str) {
        let selector = serde_json::json!({"spec": {"selector": {"app": app}}}).to_string();
        self.kubectl(&["patch", "service", Self::DEPLOYMENT, "-p", &selector]);
        let label = format!("kubernetes.io/service-name={}", Self::DEPLOYMENT);
        wait_until("the service leads there", ROLLED_OUT, || {
            let slices: Value =
                serde_json::from_str(&self.kubectl(&["get", "endpointslices", "-l", &label, "-o", "json"])).unwrap();
            let behind = slices["items"].as_array().unwrap().iter().any(|slice| {
                slice["endpoints"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one["conditions"]["ready"] == true))
            });
            behind == (app == Self::DEPLOYMENT)
        });
    }

    /// Which revision of the deployment is the newest.
    pub fn revision(&self) -> u64 {
        let deployment = self.get("deployment", Self::DEPLOYMENT).expect("the deployment is there");
        let annotations = &deployment["metadata"]["annotations"];
        annotations["deployment.kubernetes.io/revision"].as_str().unwrap().parse().unwrap()
    }

    /// An object of the namespace; `None` when it is not there.
    pub fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let text = self.kubectl(&["get", kind, name, "-o", "json", "--ignore-not-found"]);
        serde_json::from_str(&text).ok()
    }

    /// What `kubectl` prints in the namespace.
    #[track_caller]
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl_with(arguments, "")
    }

    /// Applies a manifest.
    #[track_caller]
    pub fn apply(&self, manifest: &str) {
        self.kubectl_with(&["apply", "-f", "-"], manifest);
    }

    #[track_caller]
    fn kubectl_with(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new("kubectl")
            .args(["--context", Cluster::CONTEXT, "--namespace", self.namespace()])
            .args(arguments)
            .env("KUBECONFIG", &self.cluster.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {}: {error}", arguments.join(" "));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until every pod of the portal is of the present deployment and ready.
    pub fn wait_until_rolled_out(&self) {
        self.kubectl(&["rollout", "status", &format!("deployment/{}", Self::DEPLOYMENT), "--timeout=90s"]);
    }

    /// The portal's deployment of an image, as its release applies it.
    pub fn deployment(&self, image: &str, replicas: u64) -> String {
        let (deployment, node) = (Self::DEPLOYMENT, self.kubelet.name());
        format!(
            r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {deployment}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {deployment}}}}}
  template:
    metadata: {{labels: {{app: {deployment}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {{kubernetes.io/hostname: {node}}}
      tolerations: [{{key: lab, operator: Exists}}]
      containers:
        - name: portal
          image: {image}
          env: [{{name: DATABASE_HOST, value: postgres-primary}}]
"#
        )
    }

    /// The manifest of the portal's Ingress, leading to a service.
    pub fn ingress(service: &str) -> String {
        let (name, tls) = (Self::DEPLOYMENT, Self::TLS);
        format!(
            r#"apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}}}
spec:
  tls: [{{hosts: [portal.dotmac.com, api.dotmac.com], secretName: {tls}}}]
  rules:
    - host: portal.dotmac.com
      http:
        paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]
"#
        )
    }

    fn objects(&self) -> String {
        let (name, node) = (Self::DEPLOYMENT, self.kubelet.name());
        let (deployment, ingress) = (self.deployment(Self::IMAGE, 3), Self::ingress(name));
        format!(
            r#"{deployment}---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: {name}}}
  ports: [{{port: 80, targetPort: 8080}}]
---
{ingress}---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: postgres-primary}}
spec:
  serviceName: postgres-primary
  replicas: 1
  selector: {{matchLabels: {{app: postgres-primary}}}}
  template:
    metadata: {{labels: {{app: postgres-primary}}}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {{kubernetes.io/hostname: {node}}}
      tolerations: [{{key: lab, operator: Exists}}]
      containers: [{{name: postgres, image: "postgres:15.4"}}]
"#
        )
    }
}
