#!/usr/bin/env bash
# psycopg 3.3.9 with libpq, asyncpg 0.32.0 (PyPI), pg-connection-string 2.14.1 (npm): one connection URI.
#
# Expected: libpq documents the URI and the drivers accept it, so one URI means one server, database and user, and a driver rejects
# or ignores a parameter that it does not know.
# Actual, if the query repeats what the part before the question mark sets (people append ?host=replica to the URI they have):
#   libpq    the query wins for host, port, user and dbname
#   asyncpg  the part before the question mark wins: it connects to the primary
#   node     the query wins for host, port and user, but not for dbname: the replica's server with the old database
# A list of hosts is two servers for libpq and asyncpg. For node it is one server with a comma in its name.
# connect_timeout is a client setting in libpq. asyncpg sends it to the server as a configuration parameter, and PostgreSQL
# rejects the connection: unrecognized configuration parameter "connect_timeout".
#
# Why it matters: a console tests a URI with one driver and passes it to a script that uses another. "Reachable, and it is the
# replica" then says nothing about the server on which the script runs its DELETE.
#
# Seen:
#   host and port in the query: libpq replica:6432 user b database y; asyncpg primary:5432 user a database x; node replica:6432 user b database x
#   two hosts: libpq h1,h2:5432,6432; asyncpg h1,h2:5432,6432; node h1,h2:6432
#   connect_timeout: libpq keeps it; asyncpg sends it to the server
set -euo pipefail

script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset "${!PG@}" 2>/dev/null || true
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py \
    'psycopg[binary]==3.3.9' asyncpg==0.32.0 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" pg-connection-string@2.14.1 >/dev/null
twice='postgresql://a@primary:5432/x?host=replica&port=6432&user=b&dbname=y'
two='postgresql://a@h1,h2:6432/x'
timeout='postgresql://a@primary/x?connect_timeout=5'

cat >ask.py <<'END'
import asyncio, sys
from unittest import mock
import asyncpg
from asyncpg import connect_utils
from psycopg.conninfo import conninfo_to_dict

def libpq(uri):
    found = conninfo_to_dict(uri)
    ports = [port or "5432" for port in found.get("port", "5432").split(",")]
    return found["host"], ",".join(ports), found["user"], found["dbname"], "keeps it" if "connect_timeout" in found else ""

# What asyncpg would dial: its own connect() runs up to the first attempt.
def driver(uri):
    seen = {}
    async def stop(addr, *, params, **_):
        seen.setdefault("addresses", []).append(addr)
        seen["params"] = params
        raise OSError("not dialled")
    async def run():
        with mock.patch.object(connect_utils, "_connect_addr", stop):
            await asyncpg.connect(uri, password="not-a-secret")
    try:
        asyncio.run(run())
    except OSError:
        pass
    hosts, ports = zip(*dict.fromkeys(seen["addresses"]))
    sent = "sends it to the server" if "connect_timeout" in (seen["params"].server_settings or {}) else ""
    return ",".join(hosts), ",".join(map(str, ports)), seen["params"].user, seen["params"].database, sent

for uri in sys.argv[1:]:
    for name, (host, port, user, base, timeout) in (("libpq", libpq(uri)), ("asyncpg", driver(uri))):
        print(f"{name} {timeout or f'{host}:{port} user {user} database {base}'}")
END
cat >ask.cjs <<'END'
const { parse } = require('pg-connection-string');
for (const uri of process.argv.slice(2)) {
  const found = parse(uri);
  console.log(`node ${found.host}:${found.port} user ${found.user} database ${found.database}`);
}
END
mapfile -t python < <(PYTHONPATH=$folder/py python3 ask.py "$twice" "$two" "$timeout")
mapfile -t node < <(node ask.cjs "$twice" "$two")
{
    echo "host and port in the query: ${python[0]}; ${python[1]}; ${node[0]}"
    echo "two hosts: ${python[2]% user*}; ${python[3]% user*}; ${node[1]% user*}"
    echo "connect_timeout: ${python[4]}; ${python[5]}"
} | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
