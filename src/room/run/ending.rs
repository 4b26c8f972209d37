//! An action after it ended: was it what was expected, and what is kept of its output.

use std::{collections::BTreeMap, fs};

use sha2::{Digest, Sha256};

use warroom_exec::{Job, JobFolder, JobState, expect};
use warroom_runbook::{
    Action,
    run::{ActionOutcome, Ending, Evidence, ExpectationResult},
};

/// What a job's end means for its action. Captured values come back beside it, since an outcome is written down. `action` is
/// none for a command of no runbook; `secrets` are names of variables.
pub(super) fn outcome(
    action: Option<&Action>,
    job: &Job,
    state: JobState,
    secrets: &[&str],
) -> (ActionOutcome, Option<(String, String)>) {
    let end = match state {
        JobState::Ended(end) => end,
        JobState::Unknown { why } => return (ended_without(Ending::Unknown { why }), None),
        JobState::Running { .. } => {
            return (ended_without(Ending::Unknown { why: "it runs, and cannot be followed".to_owned() }), None);
        }
    };
    let mut outcome = ActionOutcome {
        ending: end.ending,
        duration_ms: u64::try_from(end.duration.as_millis()).unwrap_or(u64::MAX),
        evidence: end.evidence,
        record: record(job.folder()).map(Box::new),
        expected: Vec::new(),
        captured: BTreeMap::new(),
    };
    // What a failed command printed is compared with nothing: that it failed says enough.
    let (Some(action), Ending::Exited { code: 0 }) = (action, &outcome.ending) else { return (outcome, None) };
    let printed = match job.printed() {
        Ok(printed) => printed,
        Err(error) => {
            let why = format!("the output cannot be read: {error}");
            outcome.expected = action.expected.iter().map(|_| ExpectationResult::Missed { why: why.clone() }).collect();
            return (outcome, None);
        }
    };
    outcome.expected = action.expected.iter().map(|expected| expect::check(expected, &printed)).collect();
    let captured = action.attributes.capture.as_ref().map(|wanted| (wanted, expect::capture(wanted, &printed.stdout)));
    // In the output the secret is its name; a value that was put together with it would be a wrong one.
    let masked = |value: &str| secrets.iter().find(|name| value.contains(&format!("[{name}]")));
    let captured = captured.map(|(wanted, value)| {
        let value = value.and_then(|value| match masked(&value) {
            Some(name) => Err(format!("it would hold the secret {name}, which is never kept")),
            None => Ok(value),
        });
        (wanted, value)
    });
    match captured {
        Some((wanted, Ok(value))) => {
            outcome.captured.insert(wanted.variable.clone(), Some(value.clone()));
            (outcome, Some((wanted.variable.clone(), value)))
        }
        Some((wanted, Err(why))) => {
            let why = format!("{} was not captured: {why}", wanted.variable);
            outcome.expected.push(ExpectationResult::Missed { why });
            (outcome, None)
        }
        None => (outcome, None),
    }
}

/// What the supervisor wrote about the end, as it is recorded.
fn record(job: &JobFolder) -> Option<Evidence> {
    let bytes = fs::read(job.result()).ok()?;
    let name = job.path().file_name()?.to_str()?;
    Some(Evidence {
        sha256: digest(&bytes),
        bytes: u64::try_from(bytes.len()).ok()?,
        dropped_bytes: 0,
        file: format!("jobs/{name}/result.json"),
    })
}

/// Whether what the supervisor wrote about the end is still what was recorded. What was never recorded says nothing.
pub(super) fn is_as_recorded(job: &JobFolder, outcome: &ActionOutcome) -> bool {
    outcome
        .record
        .as_ref()
        .is_none_or(|recorded| fs::read(job.result()).is_ok_and(|bytes| digest(&bytes) == recorded.sha256))
}

/// SHA-256, in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An outcome that left nothing behind.
pub(super) fn ended_without(ending: Ending) -> ActionOutcome {
    ActionOutcome {
        ending,
        duration_ms: 0,
        evidence: None,
        record: None,
        expected: Vec::new(),
        captured: BTreeMap::new(),
    }
}
