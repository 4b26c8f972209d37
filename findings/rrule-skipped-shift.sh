#!/usr/bin/env bash
# python-dateutil 2.9.0.post0, recurring-ical-events 3.8.2 (PyPI), rrule 2.8.1, ical.js 2.2.1 (npm).
#
# Expected: a shift removed with EXDATE is removed in every calendar library. A shift at 02:30 on the night when 02:30 does not
# exist starts at 03:30 summer time, because RFC 5545 applies the UTC offset from before the gap.
# Actual, for a daily shift in Europe/Berlin:
#   EXDATE in UTC: dateutil, recurring-ical-events and ical.js remove the shift. rrule keeps it without an error. It removes the
#   shift if EXDATE has the local time, with or without a Z.
#   EXDATE as a date: recurring-ical-events and ical.js remove the shift, rrule keeps it, dateutil raises TypeError.
#   The night of the gap: dateutil and recurring-ical-events start the shift at 01:30Z, which is 03:30 summer time. rrule (in a
#   process with TZ=UTC) and ical.js start it at 00:30Z, which is 01:30 winter time, an hour early.
#
# Why it matters: the roster and the console disagree about who is on call. The page goes to the engineer who is off, and not to the
# one who swapped in. Read the expanded shifts from the roster's API instead of expanding its calendar feed.
#
# Seen:
#   dateutil: EXDATE UTC drops, EXDATE date TypeError, gap 01:30Z
#   recurring-ical-events: EXDATE UTC drops, EXDATE date drops, gap 01:30Z
#   rrule: EXDATE UTC keeps, EXDATE date keeps, gap 00:30Z
#   ical.js: EXDATE UTC drops, EXDATE date drops, gap 00:30Z
set -euo pipefail

script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py \
    python-dateutil==2.9.0.post0 recurring-ical-events==3.8.2 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" rrule@2.8.1 ical.js@2.2.1 >/dev/null

cat >ask.py <<'END'
import datetime, zoneinfo
import icalendar, recurring_ical_events
from dateutil.rrule import rrulestr

zone = {"Europe/Berlin": zoneinfo.ZoneInfo("Europe/Berlin")}

def rule(start, more):
    text = f"DTSTART;TZID=Europe/Berlin:{start}\nRRULE:FREQ=DAILY;COUNT=4\n{more}"
    return list(rrulestr(text, forceset=True, tzids=zone))

def calendar(start, more):
    text = ("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\nBEGIN:VEVENT\nUID:a@b\nDTSTAMP:20260101T000000Z\n"
            f"DTSTART;TZID=Europe/Berlin:{start}\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n{more}END:VEVENT\nEND:VCALENDAR\n")
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2026, 1, 1), (2027, 1, 1))
    return sorted(event["DTSTART"].dt for event in found)

def exdate(ask, more):
    try:
        return {3: "drops", 4: "keeps"}[len(ask("20260302T090000", more))]
    except TypeError:
        return "TypeError"

for name, ask in (("dateutil", rule), ("recurring-ical-events", calendar)):
    gap = ask("20260328T023000", "")[1].astimezone(datetime.timezone.utc)
    print(f"{name}: EXDATE UTC {exdate(ask, 'EXDATE:20260303T080000Z' + chr(10))}, "
          f"EXDATE date {exdate(ask, 'EXDATE;VALUE=DATE:20260303' + chr(10))}, gap {gap:%H:%M}Z")
END
cat >ask.mjs <<'END'
import ICAL from 'ical.js';
import rrule from 'rrule';
const part = (name, from, to, month) => `BEGIN:${name}\nDTSTART:19960101T0${name === 'STANDARD' ? 3 : 2}0000\n` +
  `RRULE:FREQ=YEARLY;BYMONTH=${month};BYDAY=-1SU\nTZOFFSETFROM:${from}\nTZOFFSETTO:${to}\nEND:${name}\n`;
const zone = 'BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n' + part('DAYLIGHT', '+0100', '+0200', 3) +
  part('STANDARD', '+0200', '+0100', 10) + 'END:VTIMEZONE\n';
const rule = (start, more) =>
  rrule.rrulestr(`DTSTART;TZID=Europe/Berlin:${start}\nRRULE:FREQ=DAILY;COUNT=4\n${more}`, { forceset: true }).all();
const calendar = (start, more) => {
  const root = new ICAL.Component(ICAL.parse(`BEGIN:VCALENDAR\n${zone}BEGIN:VEVENT\nUID:a\n` +
    `DTSTART;TZID=Europe/Berlin:${start}\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n${more}END:VEVENT\nEND:VCALENDAR\n`));
  const all = new ICAL.Event(root.getFirstSubcomponent('vevent')).iterator(), found = [];
  for (let one; (one = all.next());) found.push(one.toJSDate());
  return found;
};
const exdate = (ask, more) => ({ 3: 'drops', 4: 'keeps' })[ask('20260302T090000', more).length];
for (const [name, ask] of [['rrule', rule], ['ical.js', calendar]])
  console.log(`${name}: EXDATE UTC ${exdate(ask, 'EXDATE:20260303T080000Z\n')}, ` +
    `EXDATE date ${exdate(ask, 'EXDATE;VALUE=DATE:20260303\n')}, gap ${ask('20260328T023000', '')[1].toISOString().slice(11, 16)}Z`);
END
{ PYTHONPATH=$folder/py python3 ask.py; TZ=UTC node ask.mjs; } | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
