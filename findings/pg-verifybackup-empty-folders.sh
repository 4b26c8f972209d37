#!/usr/bin/env bash
# PostgreSQL 16.2 (the server in the PyPI wheel pgserver 0.1.4): pg_basebackup, pg_verifybackup, pg_ctl.
#
# Expected: a base backup that passes pg_verifybackup can be started, and a start that fails because a directory is missing can be
# retried once the directory exists.
# Actual: the manifest lists files only. A backup that was copied without its empty directories (object store, `find -type f`,
# rsync --prune-empty-dirs) has lost 14 of them. pg_verifybackup still prints "backup successfully verified" and exits with 0.
# The server then fails to start and names one missing directory per attempt. If you create that directory and retry, the fourth
# attempt fails on pg_tblspc, and by then the server has already renamed backup_label. From now on every start ends with "WAL ends
# before end of online backup", even with all directories in place: the retries broke a good copy, and the message blames WAL that
# is complete. A fresh copy with the directories created before the first start comes up with all its rows. So does the broken
# copy, once backup_label.old is renamed back.
#
# Why it matters: "verified" does not mean "restorable", and retry, which an on-call tool offers as a harmless action, breaks the
# copy. A restore runbook must create the directories first.
#
# Seen:
#   verified: backup successfully verified, exit status 0; empty directories lost: 14
#   start 1: could not open directory "pg_notify"
#   start 2: could not open directory "pg_replslot"
#   start 3: could not open directory "pg_twophase"
#   start 4: could not open directory "pg_tblspc"
#   start 5: WAL ends before end of online backup
#   start 6, all directories created: WAL ends before end of online backup
#   start 7, backup_label.old renamed: 1000 rows
#   fresh copy, directories created before the first start: 1000 rows
set -euo pipefail

folder=$(mktemp -d)
run=()
[ "$(id -u)" = 0 ] && run=(setpriv --reuid=65534 --regid=65534 --clear-groups)
finish() {
    for data in "$folder"/work/server "$folder"/work/restored; do
        [ -f "$data/postmaster.pid" ] && "${run[@]}" "$bin/pg_ctl" -D "$data" stop -m immediate >/dev/null 2>&1
    done
    rm -rf "$folder"
}
trap finish EXIT

python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \
    --platform manylinux2014_x86_64 --dest "$folder" pgserver==0.1.4 2>/dev/null
python3 -m zipfile -e "$folder"/pgserver-*.whl "$folder/wheel"
bin=$folder/wheel/pgserver/pginstall/bin
chmod -R a+rX "$folder" && chmod a+x "$bin"/* && mkdir "$folder/work" && chmod 777 "$folder/work"
cd "$folder/work"
export LD_LIBRARY_PATH=$folder/wheel/pgserver.libs:$folder/wheel/pgserver/pginstall/lib
options="-k $folder/work -c listen_addresses= -p"

"${run[@]}" "$bin/initdb" -D server -A trust -U postgres >/dev/null
"${run[@]}" "$bin/pg_ctl" -D server -o "$options 5501" -w -l log.server start >/dev/null
"$bin/psql" -h "$folder/work" -p 5501 -U postgres -qc 'CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id'
"${run[@]}" "$bin/pg_basebackup" -h "$folder/work" -p 5501 -U postgres -D backup -X stream -c fast
find backup -type d -empty -printf '%P\n' | sort >lost

# A copy that keeps files only, as an object store does.
restore() {
    rm -rf restored && "${run[@]}" mkdir -m 700 restored
    (cd backup && find . -type f -print0 | tar --null -T - -cf -) | "${run[@]}" tar -C restored -xpf -
}
start() { # prints the outcome
    rm -f log.restored
    if "${run[@]}" "$bin/pg_ctl" -D restored -o "$options 5502" -w -t 30 -l log.restored start >/dev/null 2>&1; then
        echo "$("$bin/psql" -h "$folder/work" -p 5502 -U postgres -Atc 'SELECT count(*) FROM orders') rows"
        "${run[@]}" "$bin/pg_ctl" -D restored -w stop >/dev/null
    else
        sed -n 's/: No such file or directory//; s/.*FATAL:  //p' log.restored | tail -1
    fi
}
make_all() { (cd restored && "${run[@]}" xargs mkdir -p -m 700 <../lost); }

restore
said=$("$bin/pg_verifybackup" restored 2>&1) && status=0 || status=$?
echo "verified: $said, exit status $status; empty directories lost: $(wc -l <lost)"
for try in 1 2 3 4 5; do
    outcome=$(start)
    echo "start $try: $outcome"
    [[ $outcome == could\ not\ open\ directory* ]] &&
        "${run[@]}" mkdir -m 700 "restored/$(cut -d'"' -f2 <<<"$outcome")"
done
make_all
broken=$(start)
"${run[@]}" mv restored/backup_label.old restored/backup_label
renamed=$(start)
restore
make_all
fresh=$(start)
printf '%s\n' "start 6, all directories created: $broken" "start 7, backup_label.old renamed: $renamed" \
    "fresh copy, directories created before the first start: $fresh"
[ "$status" = 0 ] && [ "$broken" = 'WAL ends before end of online backup' ] && [ "$fresh" = '1000 rows' ] && [ "$renamed" = '1000 rows' ]
