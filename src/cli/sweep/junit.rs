//! A sweep as JUnit XML: a suite a panel, a test case a probe. `down` is a failure, `unknown` an error, `warn` passes with
//! its sentence in the output.

use anyhow::Result;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use warroom_domain::health::Status;
use warroom_room::Sweep;

pub(super) fn render(sweep: &Sweep) -> Result<String> {
    let mark = if sweep.simulated { " SIMULATED" } else { "" };
    let place = format!("{} {}", sweep.platform, sweep.environment);
    let mut report = Report::new(format!("warroom sweep {}{mark}", place.trim_end()));
    report.set_time(sweep.duration);
    let mut suites: indexmap::IndexMap<&str, TestSuite> = indexmap::IndexMap::new();
    for (spec, reading) in &sweep.probes {
        let status = match reading.status {
            Status::Ok | Status::Warn => TestCaseStatus::success(),
            Status::Down => failed(NonSuccessKind::Failure, reading.status, &reading.summary),
            Status::Unknown => failed(NonSuccessKind::Error, reading.status, &reading.summary),
        };
        let mut case = TestCase::new(&*spec.id, status);
        case.set_classname(format!("{}.{}", spec.panel, spec.target.kind()));
        case.set_time(reading.latency);
        case.set_system_out(format!("{}: {}", reading.status, reading.summary));
        suites.entry(&spec.panel).or_insert_with(|| TestSuite::new(&*spec.panel)).add_test_case(case);
    }
    report.add_test_suites(suites.into_values());
    Ok(report.to_string()?)
}

fn failed(kind: NonSuccessKind, word: Status, summary: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(summary).set_type(word.word());
    status
}
