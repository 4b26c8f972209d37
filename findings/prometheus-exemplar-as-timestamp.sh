#!/usr/bin/env bash
# prometheus_client 0.26.0 (PyPI), both its writer for OpenMetrics and its parser for the Prometheus text format, and
# parse-prometheus-text-format 1.1.1 (npm).
#
# Expected: a parser for the older Prometheus text format rejects OpenMetrics text with exemplars (promtool does), or returns the
# values without the exemplars.
# Actual: prometheus_client.parser reads the OpenMetrics output of its own library without an error and uses the last number of the
# line as the timestamp of the sample. That number is the time of the exemplar in seconds, read as milliseconds, so the sample is
# dated January 21, 1970. If the exemplar has no time, its value becomes the timestamp: the first second of 1970.
# In a histogram only the buckets with an exemplar get such a timestamp. The counter is split in two: a family of type counter without
# samples, and the sample in a family of type unknown. parse-prometheus-text-format returns the exemplar as timestamp_ms.
#
# Why it matters: a check that measures the age of a metric, or drops stale samples, sees data that is 56 years old, but only after
# the first traced request gave the exporter an exemplar. Check the Content-Type, or request text/plain.
#
# Seen:
#   OpenMetrics parser: orders_total 7.0 type counter, time None
#   text parser: orders_total 7.0 type unknown, time 1970-01-21
#   text parser: lat_bucket le=1.0 2.0 type histogram, time 1970-01-21
#   text parser: lat_bucket le=5.0 2.0 type histogram, time None
#   text parser, exemplar without a time: time 0.0005 s after the epoch
#   parse-prometheus-text-format: timestamp_ms #{trace="x"}0.5
set -euo pipefail

script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py prometheus_client==0.26.0 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" \
    parse-prometheus-text-format@1.1.1 >/dev/null

cat >ask.py <<'END'
import datetime
from prometheus_client import CollectorRegistry, Counter, Histogram, parser
from prometheus_client.openmetrics import exposition, parser as openmetrics

registry = CollectorRegistry()
Counter("orders", "Orders.", registry=registry).inc(7, exemplar={"trace": "x"})
latency = Histogram("lat", "Latency.", buckets=(1, 5), registry=registry)
latency.observe(0.7, exemplar={"trace": "y"})
latency.observe(0.2)
text = exposition.generate_latest(registry).decode()

def show(name, parse, wanted):
    for family in parse(text):
        for sample in family.samples:
            label = sample.labels.get("le", "")
            if (sample.name, label) in wanted:
                time = sample.timestamp
                if time is not None:
                    time = datetime.datetime.fromtimestamp(time, datetime.timezone.utc).date()
                print(f"{name}: {sample.name}{label and ' le=' + label} {sample.value} type {family.type}, time {time}")

show("OpenMetrics parser", openmetrics.text_string_to_metric_families, {("orders_total", "")})
show("text parser", parser.text_string_to_metric_families, {("orders_total", ""), ("lat_bucket", "1.0"), ("lat_bucket", "5.0")})
(bare,) = parser.text_string_to_metric_families('orders_total 7 # {trace="x"} 0.5\n')
print(f"text parser, exemplar without a time: time {bare.samples[0].timestamp} s after the epoch")
END
cat >ask.cjs <<'END'
const read = require('parse-prometheus-text-format');
const [family] = (read.default ?? read)('orders_total 7 # {trace="x"} 0.5\n');
console.log('parse-prometheus-text-format: timestamp_ms', family.metrics[0].timestamp_ms);
END
{ PYTHONPATH=$folder/py python3 ask.py; node ask.cjs; } | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
