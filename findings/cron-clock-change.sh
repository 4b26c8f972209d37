#!/usr/bin/env bash
# cronexpr 1.7.0 (crates.io), croniter 7.0.0 and cronsim 2.8 (PyPI), cron-parser 5.10.6 and croner 11.0.1 (npm).
#
# Expected: a nightly job at 02:30 runs once a night. When the clock changes, libraries either skip the missing hour or run right
# after it, and run once in the repeated hour, as cron(8) does.
# Actual, for Europe/Berlin in 2026: five libraries, four results (output in UTC).
#   30 2 * * * on March 29: cronexpr skips the night. croniter, cronsim and croner run at 03:00 local time, when the clock moves
#   forward. cron-parser runs at 03:30.
#   30 2 * * * on October 25: cronexpr and croniter run twice. The others run once.
#   0 */2 * * * on March 29: 02:00 does not exist. cronexpr, cronsim and croner go from 00:00 to 04:00 local time. croniter and
#   cron-parser add a run at 03:00, an hour that the expression does not contain, and run again at 04:00.
#
# Why it matters: if one library decides that a backup is overdue and another one starts it, you get a false page in March, or wait
# in October for a second backup that never runs. Compare ages, or schedule in UTC.
#
# Seen:
#   cronexpr: March none; October 00:30 01:30; 2-hourly 23:00 02:00 04:00
#   croniter: March 01:00; October 00:30 01:30; 2-hourly 23:00 01:00 02:00
#   cronsim: March 01:00; October 00:30; 2-hourly 23:00 02:00 04:00
#   cron-parser: March 01:30; October 00:30; 2-hourly 23:00 01:00 02:00
#   croner: March 01:00; October 00:30; 2-hourly 23:00 02:00 04:00
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py \
    croniter==7.0.0 cronsim==2.8 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" cron-parser@5.10.6 croner@11.0.1 >/dev/null
mkdir src
printf '[package]\nname = "ask"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\ncronexpr = "=1.7.0"\n' >Cargo.toml
cat >src/main.rs <<'END'
fn main() {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let (from, to, rule) = (line[..10].parse().unwrap(), line[11..21].parse::<i64>().unwrap(), &line[22..]);
        let cron = cronexpr::parse_crontab(&format!("{rule} Europe/Berlin")).unwrap();
        let all = cron.iter_after(cronexpr::MakeTimestamp::from_second(from).unwrap()).unwrap();
        let runs = all.map_while(Result::ok).map(|run| run.timestamp().as_second()).take_while(|run| *run < to);
        println!("{}", runs.map(|run| run.to_string()).collect::<Vec<_>>().join(" "));
    }
}
END
cat >nights <<'END'
1774738799 1774821600 30 2 * * *
1792879199 1792969200 30 2 * * *
1774738799 1774821600 0 */2 * * *
END
cat >ask.py <<'END'
import datetime, sys, zoneinfo
from croniter import croniter
from cronsim import CronSim

def runs(make, from_, to):
    found = make()
    while (run := next(found).timestamp()) < to:
        yield str(int(run))

for line in open("nights"):
    from_, to, rule = int(line[:10]), int(line[11:21]), line[22:].strip()
    start = datetime.datetime.fromtimestamp(from_, zoneinfo.ZoneInfo("Europe/Berlin"))
    make = {"croniter": lambda: croniter(rule, start, ret_type=datetime.datetime), "cronsim": lambda: CronSim(rule, start)}
    print(" ".join(runs(make[sys.argv[1]], from_, to)))
END
cat >ask.mjs <<'END'
import { readFileSync } from 'fs';
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
for (const line of readFileSync('nights', 'utf8').trim().split('\n')) {
  const [from, to, rule] = [new Date(line.slice(0, 10) * 1000), line.slice(11, 21) * 1000, line.slice(22)];
  const parsed = CronExpressionParser.parse(rule, { currentDate: from, tz: 'Europe/Berlin' });
  const next = process.argv[2] === 'croner'
    ? ((cron) => (after) => cron.nextRun(after))(new Cron(rule, { timezone: 'Europe/Berlin', paused: true }))
    : () => parsed.next().toDate();
  const runs = [];
  for (let run = next(from); run < to; run = next(run)) runs.push(run.getTime() / 1000);
  console.log(runs.join(' '));
}
END
CARGO_TARGET_DIR=$folder/target cargo build --quiet
target/debug/ask <nights >cronexpr
for name in croniter cronsim; do PYTHONPATH=$folder/py python3 ask.py $name >$name; done
for name in cron-parser croner; do node ask.mjs $name >$name; done
for name in cronexpr croniter cronsim cron-parser croner; do
    mapfile -t night <$name
    utc() { for run in ${1:-none}; do [ "$run" = none ] && echo none || date -u -d "@$run" +%H:%M; done | paste -sd ' '; }
    echo "$name: March $(utc "${night[0]}"); October $(utc "${night[1]}"); 2-hourly $(utc "$(cut -d' ' -f1-3 <<<"${night[2]}")")"
done | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
