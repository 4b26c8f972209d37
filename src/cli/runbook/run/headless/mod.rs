//! Drives a run from its first step to its end, on the same driver that the console uses.

mod failing;
mod hearing;
mod looking;
mod questions;
mod ticking;

use std::{collections::VecDeque, sync::Arc};

use anyhow::{Result, anyhow};
use tokio::sync::mpsc;

use super::{
    RunArgs,
    again::Again,
    ask::{Said, Terminal},
};
use crate::{
    Exit, NoFileError, ReadOnlyError, UsageError,
    output::{Output, complain},
    signals::{Signals, Stop},
};
use warroom_domain::{platform::Environment, text::line};
use warroom_exec::{
    Job,
    gate::{Because, Refusal},
};
use warroom_room::run::{Command, News, Question, Runner};
use warroom_runbook::{
    ActionId, Runbook, Step, StepKind,
    run::{Mark, Mode, RunId, RunOutcome, RunState},
};

/// One run in the foreground.
pub(super) struct Headless<'a> {
    runner: Runner,
    news: mpsc::UnboundedReceiver<News>,
    /// News that came while something was asked, and is heard next.
    heard: VecDeque<News>,
    args: &'a RunArgs,
    again: Again<'a>,
    output: Output,
    terminal: Option<Terminal>,
    /// The environment that the run acts on, and its name.
    environment: (String, Environment),
    document: Arc<Runbook>,
    mode: Mode,
    state: RunState,
    run: Option<RunId>,
    /// Why what happens is not kept, as it was said last.
    unkept: Option<String>,
    /// What runs, and how far its output was printed.
    jobs: Vec<Running>,
    /// What is waited for before the next action, until that was said.
    waits: Option<String>,
    /// Actions whose attempt that ends next is tried again by itself.
    polling: Vec<ActionId>,
    /// Steps before this one are skipped.
    from: Option<String>,
    /// The action whose command stands on the terminal already, with the question about it.
    shown: Option<ActionId>,
}

/// An action that runs.
struct Running {
    action: ActionId,
    job: Job,
    /// Where in its output what was not printed yet begins.
    printed: u64,
}

/// What waiting for news came to.
enum Heard {
    /// Everything that was wanted has been dealt with.
    Settled,
    Asked(Box<Question>),
    Refused(Refusal),
    ActionEnded,
    /// Ctrl-C, TERM or HUP: what runs goes on.
    Stopped(Stop),
    Choices(Vec<String>),
}

impl<'a> Headless<'a> {
    pub(super) fn new(
        runner: Runner,
        news: mpsc::UnboundedReceiver<News>,
        again: Again<'a>,
        environment: (String, Environment),
        output: Output,
    ) -> Self {
        Headless {
            runner,
            news,
            heard: VecDeque::new(),
            args: again.args,
            again,
            output,
            terminal: Terminal::open(),
            environment,
            document: Arc::new(warroom_runbook::parse("", "")),
            mode: Mode::Live,
            state: RunState::default(),
            run: None,
            unkept: None,
            jobs: Vec::new(),
            waits: None,
            polling: Vec::new(),
            from: again.args.from.clone(),
            shown: None,
        }
    }

    pub(super) async fn run(mut self) -> Result<Exit> {
        let mut signals = Signals::new()?;
        self.runner.send(Command::Settle);
        loop {
            match self.hear(&mut signals).await? {
                Heard::Settled => break,
                Heard::Refused(Refusal { why, because }) => {
                    return Err(match because {
                        Because::NoFile => NoFileError(why).into(),
                        Because::ReadOnly => ReadOnlyError(why).into(),
                        Because::NoProgram | Because::Rule => UsageError(why).into(),
                    });
                }
                Heard::Stopped(stop) => return Ok(self.leave(stop.exit())),
                _ => {}
            }
        }
        if let Some(code) = &self.args.command {
            return self.command(code, &mut signals).await;
        }
        if let Some(from) = &self.from
            && self.find(from).is_none()
        {
            return Err(UsageError(format!("{} has no step {from}", self.document.id)).into());
        }
        loop {
            if let Some(outcome) = self.state.ended {
                return Ok(self.say_goodbye(outcome));
            }
            if let Some(exit) = self.advance(&mut signals).await? {
                return Ok(exit);
            }
        }
    }

    /// Runs a command of no runbook.
    async fn command(&mut self, code: &str, signals: &mut Signals) -> Result<Exit> {
        self.runner.send(Command::Command(code.to_owned()));
        match self.wait_for_action(signals).await? {
            // What still runs keeps its run open.
            Some(exit) if !self.jobs.is_empty() => return Ok(exit),
            Some(exit) => {
                self.runner.send(Command::Abandon { reason: "the command was not run".to_owned() });
                self.settle(signals).await?;
                return Ok(exit);
            }
            None => self.runner.send(Command::EndCommands),
        }
        self.settle(signals).await?;
        Ok(if self.state.ended == Some(RunOutcome::Completed) { Exit::Ok } else { Exit::Warn })
    }

    /// Does the next thing. An exit code means that it ends here.
    async fn advance(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        if self.is_waiting() {
            return self.wait_for_action(signals).await;
        }
        if let Some(exit) = self.ask_for_variables(signals).await? {
            return Ok(Some(exit));
        }
        let document = self.document.clone();
        let has_section = document.rollback_steps().next().is_some();
        if self.state.rolling_back
            && !has_section
            && let Some(step) = self.state.to_undo(&document).first()
        {
            return match self.state.mark(&step.id) {
                Mark::Failed | Mark::Unknown if self.state.was_undone_in_part(step) => {
                    self.after_failure(step, signals).await
                }
                _ => {
                    self.runner.send(Command::RollBackStep(step.id.clone()));
                    self.wait_for_action(signals).await
                }
            };
        }
        let next = match self.state.rolling_back {
            true => document.rollback_steps().find(|step| !self.state.is_settled(&step.id)),
            false => self.state.next_step(&document),
        };
        let Some(step) = next else {
            // The driver ends the run by itself; its event is on the way.
            return Ok(self.settle(signals).await?.or(self.state.ended.is_none().then_some(Exit::Warn)));
        };
        if self.is_before_start(step) {
            let reason = format!("begun at step {} (--from)", self.args.from.as_deref().unwrap_or_default());
            self.runner.send(Command::Skip { step: step.id.clone(), reason });
            return self.settle(signals).await;
        }
        if self.state.undecided(step).is_some() {
            return self.choose(step, signals).await;
        }
        match (self.state.mark(&step.id), step.kind()) {
            (Mark::Failed | Mark::Unknown | Mark::RolledBack, _) => self.after_failure(step, signals).await,
            (_, StepKind::Manual) => self.manual(step, signals).await,
            (_, StepKind::Executable) if let Some(index) = self.state.due_check(step) => {
                match step.checks.get(index).filter(|check| check.about.is_some()) {
                    Some(check) => self.look(step, index, check, signals).await,
                    None => self.tick(step, signals).await,
                }
            }
            (_, StepKind::Executable) => {
                let Some(action) = step.actions.iter().find(|action| !self.state.has_succeeded(&action.id)) else {
                    return Err(anyhow!("{} has nothing left to run and is not done", step.title));
                };
                self.say(&format!("\n{}", heading(step)));
                self.runner.send(Command::Run(action.id.clone()));
                self.wait_for_action(signals).await
            }
        }
    }

    /// Waits until what was wanted has ended, was refused, or asks; and what runs beside it or comes after it by itself, too.
    async fn wait_for_action(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        let mut ended = false;
        loop {
            match self.hear(signals).await? {
                Heard::Asked(question) => {
                    ended = false;
                    if let Some(exit) = self.answer(&question, signals).await? {
                        return Ok(Some(exit));
                    }
                }
                Heard::Refused(refusal) => {
                    self.complain(&refusal.why);
                    return Ok(Some(self.stop_here(exit_of(&refusal))));
                }
                Heard::ActionEnded => {
                    ended = true;
                    // By then the driver has started, or asked about, what comes next by itself.
                    self.runner.send(Command::Settle);
                }
                Heard::Settled if ended && !self.is_waiting() => return Ok(None),
                Heard::Stopped(Stop::Interrupt) if self.terminal.is_some() => {
                    let question = "\nCancel what runs (c), leave it running and end (l), or wait on (Enter)?";
                    match self.ask(question, signals).await? {
                        Said::Line(answer) if answer == "c" => self.runner.send(Command::Cancel),
                        Said::Line(answer) if answer == "l" => return Ok(Some(self.leave(Exit::Interrupted))),
                        Said::Line(_) => {}
                        Said::Nothing => return Ok(Some(self.leave(Exit::Interrupted))),
                        Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
                    }
                }
                Heard::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
                Heard::Settled | Heard::Choices(_) => {}
            }
        }
    }

    /// Asks on the terminal. Without one, there is no answer.
    async fn ask(&mut self, question: &str, signals: &mut Signals) -> Result<Said> {
        match &mut self.terminal {
            Some(terminal) => Ok(terminal.line(question, signals).await?),
            None => Ok(Said::Nothing),
        }
    }

    fn find(&self, wanted: &str) -> Option<String> {
        let found = self.document.steps().find(|step| step.id.0 == wanted || step.number.as_deref() == Some(wanted));
        found.map(|step| step.id.0.clone())
    }

    fn find_from(&self) -> Option<String> {
        self.find(self.from.as_deref()?)
    }

    /// True for steps before the one that `--from` names.
    fn is_before_start(&self, step: &Step) -> bool {
        let Some(start) = self.find_from() else { return false };
        let mut ids = self.document.steps().map(|step| step.id.0.as_str());
        ids.find(|id| *id == start || *id == step.id.0).is_some_and(|first| first == step.id.0 && first != start)
    }

    fn say_goodbye(&self, outcome: RunOutcome) -> Exit {
        let exit = if outcome == RunOutcome::Completed { Exit::Ok } else { Exit::Warn };
        let remark = self.state.remark(&self.document).map_or_else(String::new, |remark| format!(": {remark}"));
        let words = format!("{}{remark}", outcome.word());
        let dry = if self.mode == Mode::DryRun { "dry run: nothing was started; " } else { "" };
        self.say(&format!("\n{dry}{}: {words}", line(&self.document.title)));
        exit
    }

    /// Ends before the run does, and says how to go on.
    fn stop_here(&self, exit: Exit) -> Exit {
        if let Some(run) = self.run.as_ref().filter(|_| self.mode != Mode::DryRun && self.args.command.is_none()) {
            self.complain(&format!("the run stays open: go on with `{}`", self.again.command(run)));
        }
        exit
    }

    /// Ends while something may run.
    fn leave(&self, exit: Exit) -> Exit {
        match &self.run {
            Some(run) if !self.jobs.is_empty() => self
                .complain(&format!("the step goes on by itself: see how it ended with `{}`", self.again.command(run))),
            _ => return self.stop_here(exit),
        }
        exit
    }

    /// For people; scripts read events.
    fn say(&self, text: &str) {
        if !self.args.json {
            let _ = self.output.print(&format!("{text}\n"));
        }
    }

    fn complain(&self, sentence: &str) {
        complain(sentence);
    }
}

/// How a run ends that was refused what comes next.
fn exit_of(refusal: &Refusal) -> Exit {
    match refusal.because {
        Because::ReadOnly => Exit::ReadOnly,
        Because::NoProgram => Exit::NoProgram,
        Because::NoFile => Exit::NoFile,
        Because::Rule => Exit::Refused,
    }
}

fn heading(step: &Step) -> String {
    match &step.number {
        Some(number) => format!("{} {}", line(number), line(&step.title)),
        None => line(&step.title).into_owned(),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
