#!/usr/bin/env bash
# Chaos Toolkit, chaostoolkit-lib 1.44.0 (PyPI): the tolerance of a probe in a steady-state hypothesis.
#
# Expected: a list of two numbers is a range, both ends included, as the experiment reference documents it, for every probe.
# Actual: the meaning of the list depends on what the probe returns and on how many values the list has.
#   HTTP and process probes return an object, and the list is then a set of allowed statuses. With [200, 299] only 200 and 299
#   pass: a service that answers 204 fails. With [0, 2] a process that exits with 1 fails.
#   A Python probe that returns the same status as a plain number gets the range: 204 passes.
#   With a third value, [200, 299, 304], the same Python probe gets a set: 204 fails. Allowing one more value removed 98 others.
#   [299, 200] passes validation and is a range that contains nothing.
#
# Why it matters: a drill that does not start, or is reported as a deviation, because of how its tolerance is written sends people
# after a fault that does not exist. Check the kind of probe before you write or import a range.
#
# Seen:
#   http 204, [200, 299]: not met
#   process 1, [0, 2]: not met
#   python 204, [200, 299]: met
#   python 204, [200, 299, 304]: not met
#   python 204, [299, 200]: not met
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target "$folder/py" \
    chaostoolkit-lib==1.44.0 2>/dev/null
cd "$folder"
cat >answers.py <<'END'
def status():
    return 204
END
cat >try.py <<'END'
import http.server, logging, threading
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment

logging.disable(logging.CRITICAL)

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
web = {"type": "http", "url": f"http://127.0.0.1:{server.server_port}/", "timeout": 5}
status = {"type": "python", "module": "answers", "func": "status"}
process = {"type": "process", "path": "false", "timeout": 5}
tries = [
    ("http 204, [200, 299]", web, [200, 299], False),
    ("process 1, [0, 2]", process, [0, 2], False),
    ("python 204, [200, 299]", status, [200, 299], True),
    ("python 204, [200, 299, 304]", status, [200, 299, 304], False),
    ("python 204, [299, 200]", status, [299, 200], False),
]

def experiment(name, provider, tolerance):
    probe = {"type": "probe", "name": name, "provider": provider, "tolerance": tolerance}
    return {"title": name, "description": name, "method": [], "steady-state-hypothesis": {"title": name, "probes": [probe]}}

for name, provider, tolerance, stated in tries:
    written = experiment(name, provider, tolerance)
    ensure_experiment_is_valid(written)
    state = run_experiment(written)["steady_states"]["before"]
    met = bool(state["steady_state_met"])
    print(f"{name}: {'met' if met else 'not met'}")
    assert met is stated, state
END
PYTHONPATH=$folder/py:$folder python3 try.py
