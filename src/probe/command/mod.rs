//! `command`: a program says how its target is, as a monitoring plugin or as JSON.
//!
//! | format | answer | status |
//! | --- | --- | --- |
//! | `nagios` | exit code 0, 1, 2, 3 | ok, warn, down, unknown |
//! | `nagios` | any other exit code, killed by a signal, cannot be started | unknown |
//! | `json` | one JSON document, exit code 0 | ok; thresholds judge its members |
//! | `json-lines` | one JSON document a line, exit code 0 | ok; thresholds judge the list `items` |
//! | both | no or broken JSON, another exit code, a signal, more than 1000 members of one list | unknown |
//!
//! The program gets the environment's `vars`, no standard input, and a process group of its own, which ends with the look:
//! when the time is up, TERM goes to the whole group and KILL two seconds later. The first 64 KiB of plugin output
//! (1 MiB of JSON) are read, the rest is counted.
//!
//! Nagios: the summary is the first line, the value the first performance datum. Details: `exit_code`, `perfdata` (table:
//! `label`, `value`, `unit`, `warn`, `crit`, `min`, `max`), `long_text`, `stderr` (first line), `output_bytes`. JSON: the details are
//! the document's members (a list stands under `items`, and so do several documents on lines of their own); its `value`,
//! `unit` and `summary` are the reading's. `null` where a threshold goes through a list is an empty list.

mod document;
mod nagios;
mod perfdata;

use futures::future::BoxFuture;

use super::{Look, Probe, Surroundings};
use warroom_domain::{
    health::Observation,
    platform::{CommandFormat, CommandLine, Expression, ProbeSpec},
};
use warroom_host::process::{Finished, Program};

const PLUGIN_BYTES: usize = 64 * 1024;
const JSON_BYTES: usize = 1024 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct CommandProbe {
    run: CommandLine,
    format: CommandFormat,
    thresholds: Vec<Expression>,
    surroundings: Surroundings,
}

impl CommandProbe {
    pub(super) fn new(run: &CommandLine, format: CommandFormat, spec: &ProbeSpec, surroundings: &Surroundings) -> Self {
        let thresholds = spec.warn.iter().chain(&spec.down).cloned().collect();
        CommandProbe { run: run.clone(), format, thresholds, surroundings: surroundings.clone() }
    }

    async fn run(&self) -> Result<Finished, String> {
        let keep = match self.format {
            CommandFormat::Nagios => PLUGIN_BYTES,
            CommandFormat::Json | CommandFormat::JsonLines => JSON_BYTES,
        };
        program(&self.run, &self.surroundings)?.run(keep).await
    }
}

impl Probe for CommandProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            look.stage("the program is still running");
            match (self.run().await, self.format) {
                (Err(cause), _) => Observation::unknown(cause),
                (Ok(finished), CommandFormat::Nagios) => nagios::observe(&finished),
                (Ok(finished), format) => {
                    let mut seen = document::observe(&finished, format == CommandFormat::JsonLines);
                    for threshold in &self.thresholds {
                        threshold.fill_lists(&mut seen.details);
                    }
                    seen
                }
            }
        })
    }
}

/// A pack's command, in the pack's folder with the environment's variables.
pub(super) fn program(run: &CommandLine, surroundings: &Surroundings) -> Result<Program, String> {
    let program = match run {
        CommandLine::Shell(line) => Program::shell(line),
        CommandLine::Argv(argv) => {
            let (program, arguments) = argv.split_first().ok_or("the pack names no program to run")?;
            Program::new(program, arguments)
        }
    };
    Ok(program.variables(&surroundings.environment.vars).in_folder(&surroundings.base))
}
