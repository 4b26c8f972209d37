//! What looks like a read and is none: text that is put into code, little languages read another way, switches that set.

use super::{Risk, bash};

/// The least rating of each.
const LEAST: &[(Risk, &str)] = &[
    // Text that becomes code of another shell.
    (Risk::Destructive, "F='; echo now'; bash -c \"cat $F\""),
    (Risk::Destructive, "F='x; echo now'; ssh host \"cat $F\""),
    (Risk::Destructive, "F='x; echo now'; ssh host cat \"$F\""),
    (Risk::Destructive, "F='x; echo now'; kubectl exec p -- sh -c \"cat $F\""),
    (Risk::Destructive, "F='x; echo now'; watch \"cat $F\""),
    (Risk::Destructive, "F='x; echo now'; eval \"cat $F\""),
    (Risk::Destructive, "F='x; echo now'; bash <<<\"cat $F\""),
    (Risk::Destructive, "F='x; echo now'; bash <<E\ncat $F\nE"),
    (Risk::Destructive, "F='x; echo now'; echo \"cat $F\" | bash"),
    (Risk::Destructive, "read -r F; sh -c \"cat $F\""),
    (Risk::Destructive, "F=$(cat x); bash -c \"cat $F\""),
    (Risk::Destructive, "while read -r l; do ssh host \"cat $l\"; done <f"),
    (Risk::Destructive, "for F in $(cat x); do ssh host \"cat $F\"; done"),
    (Risk::Destructive, "ssh host \"cat $(cat f)\""),
    (Risk::Destructive, "cat f | xargs -I{} bash -c 'echo \"{}\"'"),
    (Risk::Destructive, "ls | xargs -I% ssh host 'cat %'"),
    (Risk::Destructive, "cat f | xargs -I{} kubectl exec {} -- sh -c 'cat {}'"),
    (Risk::Destructive, "find . -exec sh -c 'cat {}' \\;"),
    (Risk::Destructive, "ls | xargs -I{} psql -c \"select '{}'\""),
    (Risk::Change, "cat f | xargs -I{} awk '{}' f"),
    (Risk::Change, "cat f | xargs -I{} curl -s {}"),
    (Risk::Destructive, "F=\"1; drop table x\"; psql -c \"select $F\""),
    // Little languages.
    (Risk::Change, "F=e; sed \"s/.*/date/$F\" f"),
    (Risk::Change, "X='system(\"date\")'; awk \"BEGIN{$X}\""),
    (Risk::Change, "sed ':a;w /srv/x' f"),
    (Risk::Change, "sed -i0 s/a/b/ x"),
    (Risk::Change, "sed --in-place=false s/a/b/ x"),
    (Risk::Change, "awk '{print > \"-\" \"x\"}' f"),
    // What bash evaluates.
    (Risk::Change, "x='a[$(date)]'; (( x ))"),
    (Risk::Change, "x='a[$(date)]'; echo ${b:x}"),
    (Risk::Change, "x='a[`date`]'; [[ $x -gt 1 ]]"),
    (Risk::Change, "[[ 'a[$(date)]' -eq 1 ]]"),
    (Risk::Change, "[[ -v 'a[$(date)]' ]]"),
    (Risk::Change, "typeset -i x='a[$(date)]'"),
    // Zero is a value.
    (Risk::Change, "hdparm -W0 /dev/sda"),
    (Risk::Change, "prlimit --nofile=0 -p 1"),
    (Risk::Change, "man --html=false ls"),
    // psql.
    (Risk::Destructive, "psql <<'E'\nselect 1 \\g |cat #)\nE"),
    (Risk::Destructive, "psql -c '\\w |cat #)'"),
    (Risk::Change, "psql <<'E'\nselect 1 \\g /srv/f)\nE"),
    (Risk::Change, "psql -c '\\copy x to stdout.csv'"),
    (Risk::Change, "psql -c '\\copy \"to stdout\" to /srv/x'"),
    (Risk::Change, "psql -c 'explain analyze create table y as select 1'"),
    (Risk::Destructive, "psql -c 'explain (analyze) execute p'"),
    // Programs.
    (Risk::Change, "redis-cli ACL LOG RESET"),
    (Risk::Destructive, "mysql db <f"),
    (Risk::Change, "etcdctl watch -i"),
    (Risk::Destructive, "nomad operator api -X DELETE /v1/job/x"),
    (Risk::Change, "pgbackrest --stanza=x check"),
    (Risk::Change, "smartctl -l scterc,70,70 /dev/sda"),
    (Risk::Change, "ethtool -w eth0 data x"),
    (Risk::Change, "docker exec -e BASH_ENV=x y bash -c ls"),
    (Risk::Change, "rsync -an --daemon"),
    (Risk::Change, "go list -mod=mod ./..."),
];

/// Reads of every day.
const READS: &[&str] = &[
    "bash -c \"cat $FILE\"",
    "ssh host \"ls /backups/$(date +%F)\"",
    "for n in 1 2 3; do ssh host \"cat /srv/$n\"; done",
    "for n in $(seq 1 3); do ssh host \"cat /srv/$n\"; done",
    "kubectl exec db-0 -- sh -c 'df -h'",
    "find . -name '*.log' -exec grep -c error {} \\;",
    "psql \"$DB\" -c \"select * from t where id = $ID\"",
    "T=90; df | awk \"\\$5 > $T {print}\"",
    "awk '/a|b/ {print $1 / 2}' f",
    "sed -n '1,5p;$p' f",
    "sed 's/[0-9]*$//' f",
    "psql -c \"copy (select 1) to stdout with csv header\"",
    "psql -c '\\copy (select 1) to stdout'",
    "x='plain [text]'; echo \"$x\"",
    "nodetool status",
    "hdparm -I /dev/sda",
    "smartctl -l error /dev/sda",
    "kubectl get pods --watch=false",
];

#[test]
fn what_only_looks_like_a_read_is_none() {
    let low: Vec<_> = LEAST.iter().filter(|(least, code)| bash(code).risk < *least).collect();
    let found: Vec<_> = low.iter().map(|(least, code)| format!("{least} {code}\n  {:?}", bash(code))).collect();
    assert!(found.is_empty(), "{} too low:\n{}", found.len(), found.join("\n"));
}

#[test]
fn reads_of_every_day_stay_reads() {
    let high: Vec<_> = READS.iter().filter(|code| bash(code).risk > Risk::Read).collect();
    let found: Vec<_> = high.iter().map(|code| format!("{code}\n  {:?}", bash(code))).collect();
    assert!(found.is_empty(), "{} too high:\n{}", found.len(), found.join("\n"));
}
