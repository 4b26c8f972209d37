#!/usr/bin/env bash
# pgBackRest 2.45 and PostgreSQL 15, both the packages of Debian 12.
#
# Expected: `pgbackrest verify` fails if a file of the only backup is damaged, and `pgbackrest info` does not report "ok" for a
# backup that cannot be restored.
# Actual:
#   One file of the backup is truncated: verify prints nothing and exits with 0. With --output=text --verbose it reports the backup
#   as invalid and still exits with 0.
#   The only WAL segment that the backup needs is deleted from the archive: verify reports the backup as valid. It looks for gaps
#   in the archive, and a missing last segment is not a gap.
#   info reports "ok" in both cases (JSON: status.code 0, error false), although its own output shows that the archive ends before
#   the WAL that the backup needs.
# Why it matters: a nightly job that checks the exit status, and a panel that shows status.code, are green for a backup that cannot
# be restored. Parse the text output of verify, and compare archive max with the stop WAL of the backup in the JSON.
#
# Seen:
#   intact: verify exit status 0, prints nothing
#   truncated file: verify exit status 0, prints nothing; with --output=text --verbose exit status 0, backup invalid
#   truncated file: info code 0 ok, backup error false
#   needed WAL deleted: with --output=text --verbose exit status 0, backup valid
#   needed WAL deleted: info code 0 ok, archive ends at 1, backup needs 2
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d) run=()
[ "$(id -u)" = 0 ] && run=(setpriv --reuid=65534 --regid=65534 --clear-groups)
finish() {
    [ -f "$folder/data/postmaster.pid" ] && "${run[@]}" "$bin/pg_ctl" -D "$folder/data" stop -m immediate >/dev/null 2>&1
    rm -rf "$folder"
}
trap finish EXIT
cd "$folder"
apt-get download -qq pgbackrest postgresql-15 postgresql-client-15 libpq5 2>/dev/null
for package in *.deb; do dpkg -x "$package" . && rm "$package"; done
chmod 777 .
export LD_LIBRARY_PATH=$folder/usr/lib/$(uname -m)-linux-gnu
bin=$folder/usr/lib/postgresql/15/bin
cat >rest.conf <<END
[global]
repo1-path=$folder/repo
log-level-file=off
lock-path=$folder/lock
repo1-retention-full=2
start-fast=y
log-level-console=warn
[main]
pg1-path=$folder/data
pg1-socket-path=$folder
pg1-port=5503
pg1-user=postgres
END
rest() { "${run[@]}" "$folder/usr/bin/pgbackrest" "--config=$folder/rest.conf" --stanza=main "$@"; }
info() {
    rest info --output=json | python3 -c '
import json, sys
(stanza,) = json.load(sys.stdin)
backup = stanza["backup"][0]
end, stop = int(stanza["archive"][0]["max"][8:], 16), int(backup["archive"]["stop"][8:], 16)
said = sys.argv[1].format(error=str(backup["error"]).lower(), end=end, stop=stop)
print("info code", stanza["status"]["code"], stanza["status"]["message"] + ",", said)' "$1"
}
"${run[@]}" "$bin/initdb" -D data -A trust -U postgres >/dev/null
"${run[@]}" tee -a data/postgresql.conf >/dev/null <<END
unix_socket_directories = '$folder'
port = 5503
listen_addresses = ''
archive_mode = on
archive_command = '$folder/usr/bin/pgbackrest --config=$folder/rest.conf --stanza=main archive-push %p'
END
"${run[@]}" "$bin/pg_ctl" -D data -w -l log.server start >/dev/null
rest stanza-create
rest --type=full backup
quiet() { said=$(rest verify) && echo "verify exit status $?, prints ${said:-nothing}"; }
wordy() {
    said=$(rest verify --output=text --verbose) &&
        echo "with --output=text --verbose exit status $?, backup $(sed -n 's/.*backup: .*status: \([a-z]*\).*/\1/p' <<<"$said")"
}
{
    echo "intact: $(quiet)"
    damaged=$(find repo/backup -name postgresql.conf.gz | head -1)
    cp "$damaged" kept && truncate -s -100 "$damaged"
    echo "truncated file: $(quiet); $(wordy)"
    echo "truncated file: $(info 'backup error {error}')"
    cp kept "$damaged"
    find repo/archive -name '000000010000000000000002-*' -delete
    echo "needed WAL deleted: $(wordy)"
    echo "needed WAL deleted: $(info 'archive ends at {end}, backup needs {stop}')"
} | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
