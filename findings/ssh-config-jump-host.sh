#!/usr/bin/env bash
# paramiko 5.1.0 and asyncssh 2.24.1 (PyPI), ssh-config 5.3.0 (npm), against `ssh -G` of the installed OpenSSH (seen with 9.2).
#
# Expected: a client that reads ~/.ssh/config uses the same jump host as ssh. "Match host" is compared with the host name after
# HostName is applied, and in a block above the HostName line with the name as typed.
# Actual:
#   HostName with a token (%h.example.com): ssh and asyncssh use jump-a. paramiko and ssh-config compare "Match host" with the
#   unexpanded text "%h.example.com", skip the block and use jump-b. paramiko reports the expanded host name, the same as ssh, so
#   the result looks right.
#   Match block above the HostName line: ssh, asyncssh and ssh-config connect directly. paramiko uses jump-a.
#   Comma in a Host line (Host web1,db1): ssh and paramiko treat it as part of the name and skip the block. asyncssh and
#   ssh-config treat it as a separator and apply port 2222.
#
# Why it matters: the jump host decides in which network a step runs. A console that previews the route with `ssh -G` and connects
# with a library shows one bastion and uses another. Run the ssh binary, or pass the route explicitly.
#
# Seen:
#   token in HostName: ssh jump-a, paramiko jump-b, asyncssh jump-a, ssh-config jump-b
#   block before HostName: ssh none, paramiko jump-a, asyncssh none, ssh-config none
#   comma in Host: ssh 22, paramiko 22, asyncssh 2222, ssh-config 2222
set -euo pipefail

script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v ssh >/dev/null || { echo 'needs ssh (Debian package openssh-client)'; exit 1; }
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py \
    paramiko==5.1.0 asyncssh==2.24.1 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" ssh-config@5.3.0 >/dev/null

cat >token <<'END'
Host web1
    HostName %h.example.com
Match host web1.example.com
    ProxyJump jump-a
Host *
    ProxyJump jump-b
END
cat >early <<'END'
Match host web1.example.com
    ProxyJump jump-a
Host web1
    HostName web1.example.com
END
printf 'Host web1,db1\n    Port 2222\n' >comma

cat >ask.py <<'END'
import sys
import asyncssh, paramiko

for path in sys.argv[1:]:
    old = paramiko.SSHConfig.from_path(path).lookup("web1")
    new = asyncssh.SSHClientConnectionOptions(config=[path], host="web1", client_keys=None)
    if path == "comma":
        print(f"paramiko {old.get('port', 22)}, asyncssh {new.port}")
    else:
        print(f"paramiko {old.get('proxyjump', 'none')}, asyncssh {new.tunnel or 'none'}")
END
cat >ask.cjs <<'END'
const { readFileSync } = require('fs');
const { parse } = require('ssh-config');
for (const path of process.argv.slice(2)) {
  const found = parse(readFileSync(path, 'utf8')).compute('web1');
  console.log('ssh-config', path === 'comma' ? found.Port ?? 22 : found.ProxyJump ?? 'none');
}
END
mapfile -t python < <(PYTHONPATH=$folder/py python3 ask.py token early comma)
mapfile -t node < <(node ask.cjs token early comma)
said() { ssh -G -F "$1" web1 2>/dev/null | sed -n "s/^$2 //p"; }
jump_a=$(said token proxyjump) jump_b=$(said early proxyjump) port=$(said comma port)
{
    echo "token in HostName: ssh ${jump_a:-none}, ${python[0]}, ${node[0]}"
    echo "block before HostName: ssh ${jump_b:-none}, ${python[1]}, ${node[1]}"
    echo "comma in Host: ssh $port, ${python[2]}, ${node[2]}"
} | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
