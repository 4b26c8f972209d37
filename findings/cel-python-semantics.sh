#!/usr/bin/env bash
# cel-python 0.5.0 (PyPI) against @bufbuild/cel 0.6.1 and @marcbachmann/cel-js 8.0.0 (npm): Common Expression Language.
#
# Expected: CEL has a specification and conformance tests, so a health rule has one result in every implementation, or an error.
# Actual: cel-python divides by zero in its own way and uses Python's meaning of several operators, without an error.
#   errors / total > 0.05   without requests this is 0.0 / 0.0, NaN in CEL, so false. In cel-python it is +infinity, so true.
#   -1.0 / 0.0 < 0.0        -infinity in CEL, so true. In cel-python it is +infinity as well, so false.
#   [1, 2][-1]              an error in CEL. cel-python returns the last element.
#   "a" in "abc"            an error in CEL. cel-python searches for a substring and returns true.
#   string(true)            "true" in CEL, "True" in cel-python
#   1 < 1.5                 true in CEL. cel-python fails with "no matching overload".
# @bufbuild/cel agrees with CEL on all of these, but returns false for has(m.k) if the key exists with the value null. In CEL
# has() is true if the key exists.
#
# Why it matters: the rule that a CI job tested in Python is not the rule that the console evaluates. The ratio does the most harm:
# an idle service pages someone for its error rate while another tool shows the same rule as green.
#
# Seen:
#   errors / total > 0.05: cel-python true, bufbuild false, cel-js false
#   -1.0 / 0.0 < 0.0: cel-python false, bufbuild true, cel-js true
#   [1, 2][-1]: cel-python 2, bufbuild error, cel-js error
#   "a" in "abc": cel-python true, bufbuild error, cel-js error
#   string(true) == "true": cel-python false, bufbuild true, cel-js true
#   1 < 1.5: cel-python error, bufbuild true, cel-js true
#   has(m.k): cel-python true, bufbuild false, cel-js true
set -euo pipefail

script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py cel-python==0.5.0 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" \
    @bufbuild/cel@0.6.1 @marcbachmann/cel-js@8.0.0 >/dev/null
rules=('errors / total > 0.05' '-1.0 / 0.0 < 0.0' '[1, 2][-1]' '"a" in "abc"' 'string(true) == "true"' '1 < 1.5' 'has(m.k)')

cat >ask.py <<'END'
import logging, sys
import celpy

logging.disable(logging.CRITICAL)
zero = celpy.celtypes.DoubleType(0.0)
given = {"errors": zero, "total": zero, "m": celpy.json_to_cel({"k": None})}
for rule in sys.argv[1:]:
    try:
        environment = celpy.Environment()
        answer = environment.program(environment.compile(rule)).evaluate(given)
        print("cel-python", str(answer).lower())
    except celpy.CELEvalError:
        print("cel-python error")
END
cat >ask.mjs <<'END'
import { celEnv, parse, plan } from '@bufbuild/cel';
import { evaluate } from '@marcbachmann/cel-js';
const given = { errors: 0, total: 0, m: { k: null } };
const buf = (rule) => {
  const answer = plan(celEnv({}), parse(rule))(given);
  if (answer?.constructor?.name.endsWith('Error')) throw answer;
  return answer;
};
const said = (ask, rule) => { try { return String(ask(rule)); } catch { return 'error'; } };
for (const rule of process.argv.slice(2))
  console.log(`bufbuild ${said(buf, rule)}, cel-js ${said((one) => evaluate(one, given), rule)}`);
END
mapfile -t python < <(PYTHONPATH=$folder/py python3 ask.py "${rules[@]}")
mapfile -t node < <(node ask.mjs "${rules[@]}")
for i in "${!rules[@]}"; do echo "${rules[$i]}: ${python[$i]}, ${node[$i]}"; done | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
