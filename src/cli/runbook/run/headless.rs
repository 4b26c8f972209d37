//! Drives a run from its first step to its end, on the same driver that the console uses.

use std::{io::Write, path::Path, sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use tokio::sync::mpsc;

use super::{
    RunArgs,
    ask::{Said, Signals, Stop, Terminal},
    show,
};
use crate::{
    cli::{Exit, UsageError, output::Output},
    exec::{Job, gate::Wants},
    room::run::{Answer, Command, News, Question, Runner, Value},
    runbook::{
        ActionId, Runbook, SectionKind, Step, StepKind,
        run::{EventKind, Mark, Mode, RunEvent, RunId, RunOutcome, RunState},
    },
};

/// How often a running action's output is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Lines that are printed at once.
const LINES: usize = 500;

/// One run in the foreground.
pub(super) struct Headless<'a> {
    runner: Runner,
    news: mpsc::UnboundedReceiver<News>,
    args: &'a RunArgs,
    output: Output,
    terminal: Option<Terminal>,
    document: Arc<Runbook>,
    mode: Mode,
    state: RunState,
    run: Option<RunId>,
    /// What runs, and how far its output was printed.
    jobs: Vec<Running>,
    /// Actions whose attempt that ends next is tried again by itself.
    polling: Vec<ActionId>,
    /// Steps before this one are skipped.
    from: Option<String>,
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
    Refused(String),
    ActionEnded,
    /// Ctrl-C, TERM or HUP: what runs goes on.
    Stopped(Stop),
    Choices(Vec<String>),
}

impl<'a> Headless<'a> {
    pub(super) fn new(runner: Runner, news: mpsc::UnboundedReceiver<News>, args: &'a RunArgs, output: Output) -> Self {
        Headless {
            runner,
            news,
            args,
            output,
            terminal: Terminal::open(),
            document: Arc::new(crate::runbook::parse("", "")),
            mode: Mode::Live,
            state: RunState::default(),
            run: None,
            jobs: Vec::new(),
            polling: Vec::new(),
            from: args.from.clone(),
        }
    }

    pub(super) async fn run(mut self) -> Result<Exit> {
        let mut signals = Signals::new()?;
        self.runner.send(Command::Settle);
        loop {
            match self.hear(&mut signals).await? {
                Heard::Settled => break,
                Heard::Refused(why) => return Err(UsageError(why).into()),
                Heard::Stopped(stop) => return Ok(self.leave(stop.exit())),
                _ => {}
            }
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

    /// Does the next thing. An exit code means that it ends here.
    async fn advance(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        if self.is_waiting() {
            return self.wait_for_action(signals).await;
        }
        if let Some(exit) = self.ask_for_variables(signals).await? {
            return Ok(Some(exit));
        }
        let document = self.document.clone();
        let has_section = document.steps_of(SectionKind::Rollback).next().is_some();
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
            true => document.steps_of(SectionKind::Rollback).find(|step| !self.state.is_settled(&step.id)),
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
                Heard::Refused(why) => {
                    self.complain(&why);
                    return Ok(Some(self.stop_here(Exit::Refused)));
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

    /// Waits until everything sent so far has been dealt with.
    async fn settle(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        self.runner.send(Command::Settle);
        let mut refused = None;
        loop {
            match self.hear(signals).await? {
                Heard::Settled => return Ok(refused),
                Heard::Refused(why) => {
                    self.complain(&why);
                    refused = Some(Exit::Refused);
                }
                Heard::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
                _ => {}
            }
        }
    }

    /// The next piece of news that matters; output is printed meanwhile.
    async fn hear(&mut self, signals: &mut Signals) -> Result<Heard> {
        loop {
            let running = !self.jobs.is_empty();
            let news = tokio::select! {
                news = self.news.recv() => news.ok_or_else(|| anyhow!("the run's driver has ended"))?,
                stop = signals.next() => return Ok(Heard::Stopped(stop)),
                () = tokio::time::sleep(LOOK), if running => {
                    self.print_output()?;
                    continue;
                }
            };
            match news {
                News::Opened { document, mode, run, events } => {
                    self.state = RunState::fold(&events, &document);
                    (self.document, self.mode, self.run) = (document, mode, run.map(|(id, _)| id));
                    self.say(&format!(
                        "{}{}",
                        self.document.title,
                        if mode == Mode::DryRun { " (dry run)" } else { "" }
                    ));
                }
                News::Began { run, .. } => self.run = Some(run),
                News::Event(event) => {
                    if self.took(&event)? {
                        return Ok(Heard::ActionEnded);
                    }
                }
                News::Started { action, job } => {
                    if let Some(link) = job.take_terminal() {
                        link.hand_over(Path::new("/dev/tty")).await?;
                    }
                    self.jobs.push(Running { action, job, printed: 0 });
                }
                News::TriesAgain { action, left } => {
                    self.polling.push(action);
                    self.say(&format!("   not yet; tried again, {left} more after that"));
                }
                News::GaveUp { action } => {
                    self.polling.retain(|polling| *polling != action);
                    self.say("   not tried again");
                    return Ok(Heard::ActionEnded);
                }
                News::Notice(sentence) => self.complain(&sentence),
                News::Asked(question) => return Ok(Heard::Asked(question)),
                News::Refused(why) => return Ok(Heard::Refused(why)),
                News::Choices { result, .. } => match result {
                    Ok(choices) => return Ok(Heard::Choices(choices)),
                    Err(why) => return Ok(Heard::Refused(why)),
                },
                News::Settled => return Ok(Heard::Settled),
                News::Listed(_) | News::Mode(_) | News::Closed => {}
            }
        }
    }

    /// Takes an event in; true when an action has ended and is not tried again by itself.
    fn took(&mut self, event: &RunEvent) -> Result<bool> {
        self.state.apply(event, &self.document);
        if self.args.json {
            self.output.print(&format!("{}\n", serde_json::to_string(event)?))?;
        }
        match &event.kind {
            // The next try of a poll.
            EventKind::ActionIntended { action, .. } => {
                self.polling.retain(|polling| polling != action);
                Ok(false)
            }
            EventKind::ActionEnded { action, outcome, .. } => {
                self.print_output()?;
                self.jobs.retain(|running| running.action != *action);
                if self.polling.contains(action) {
                    return Ok(false);
                }
                self.say(&show::outcome(outcome));
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Something runs, or is tried again soon.
    fn is_waiting(&self) -> bool {
        !self.jobs.is_empty() || !self.polling.is_empty()
    }

    /// Prints what has come since the last time, to its end. Where several actions run, each block says whose it is.
    fn print_output(&mut self) -> Result<()> {
        let several = self.jobs.len() > 1;
        for running in &mut self.jobs {
            let mut named = false;
            loop {
                let window = running.job.output().lines_from(running.printed, LINES)?;
                if window.lines.is_empty() || window.to == running.printed {
                    break;
                }
                running.printed = window.to;
                if self.args.json {
                    continue;
                }
                let mut text = String::new();
                if several && !std::mem::replace(&mut named, true) {
                    text.push_str(&format!("   {}:\n", running.action.0));
                }
                text.extend(window.lines.iter().map(|line| format!("   {line}\n")));
                let text = if self.output.colored() { text } else { anstream::adapter::strip_str(&text).to_string() };
                self.output.print(&text)?;
            }
        }
        Ok(())
    }

    /// Answers a question of the gate on the terminal. An exit code when nobody answers, or says no.
    async fn answer(&mut self, question: &Question, signals: &mut Signals) -> Result<Option<Exit>> {
        if self.terminal.is_none() {
            let risk = question.risk;
            let what = match &question.wants {
                Wants::Enter | Wants::YesOrNo | Wants::Type { .. } if question.external => {
                    "people outside see it, so it is always asked: run it on a terminal".to_owned()
                }
                Wants::Enter | Wants::YesOrNo => format!("--confirm {risk} allows it"),
                Wants::Type { .. } => "--confirm destructive allows it".to_owned(),
                Wants::SecondPerson { .. } => "it takes a second person, so run it on a terminal".to_owned(),
                Wants::Reason { why } => format!("{why}, so run it on a terminal"),
            };
            self.complain(&format!("{} is {risk} and there is no terminal to ask on: {what}", question.title));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        let asked = match &question.wants {
            Wants::Enter => "  Enter runs it, n does not:".to_owned(),
            Wants::YesOrNo => "  Run it? [y/N]".to_owned(),
            Wants::Type { name } => format!("  Type {name} to run it:"),
            Wants::SecondPerson { first } => {
                format!("  A second person has to agree (not {first}). Their name, or ! and a reason to do without:")
            }
            Wants::Reason { why } => format!("  {why}\n  A reason to go on, or Enter not to:"),
        };
        let line = match self.ask(&format!("{}\n{asked}", show::question(question)), signals).await? {
            Said::Line(line) => line,
            Said::Nothing => "n".to_owned(),
            Said::Stopped(stop) => {
                self.runner.send(Command::Answer(Answer::No));
                return Ok(Some(self.leave(stop.exit())));
            }
        };
        let line = line.trim();
        let answer = match &question.wants {
            Wants::Enter if line.is_empty() || line.eq_ignore_ascii_case("y") => Answer::Enter,
            Wants::YesOrNo if line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes") => Answer::Yes,
            Wants::Type { .. } if !line.is_empty() && line != "n" => Answer::Typed(line.to_owned()),
            Wants::SecondPerson { .. } => match line.strip_prefix('!') {
                Some(reason) => Answer::Override(reason.trim().to_owned()),
                None if line.is_empty() || line == "n" => Answer::No,
                None => Answer::Second(line.to_owned()),
            },
            Wants::Reason { .. } if !line.is_empty() && line != "n" => Answer::Override(line.to_owned()),
            _ => Answer::No,
        };
        let no = answer == Answer::No;
        self.runner.send(Command::Answer(answer));
        if no {
            self.complain(&format!("{} was not run", question.title));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        Ok(None)
    }

    /// Required variables without a value, one after the other.
    async fn ask_for_variables(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        let document = self.document.clone();
        for (name, variable) in &document.front.vars {
            if !variable.required || variable.default.is_some() || self.state.variables.contains_key(name) {
                continue;
            }
            if self.terminal.is_none() {
                self.complain(&format!(
                    "{name} has no value and there is no terminal to ask on: give it with --var {name}=…"
                ));
                return Ok(Some(self.stop_here(Exit::Refused)));
            }
            let mut choices = variable.choices.clone();
            if choices.is_empty() && variable.from.is_some() {
                self.runner.send(Command::ListChoices(name.clone()));
                match self.hear(signals).await? {
                    Heard::Choices(found) => choices = found,
                    Heard::Refused(why) => self.complain(&why),
                    _ => {}
                }
            }
            let listed = if choices.is_empty() { String::new() } else { format!(" ({})", choices.join(", ")) };
            let question = format!("{}{listed}:", variable.prompt.as_deref().unwrap_or(name));
            let Some(terminal) = &mut self.terminal else { continue };
            let said = match variable.secret {
                true => terminal.secret(&question, signals).await?,
                false => terminal.line(&question, signals).await?,
            };
            let value = match said {
                Said::Line(value) => value,
                Said::Nothing => return Ok(Some(self.stop_here(Exit::Refused))),
                Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
            };
            self.runner.send(Command::SetVariable { name: name.clone(), value: Value(value) });
            // A wrong value is said, and asked for again by the next round.
            self.settle(signals).await?;
            return Ok(None);
        }
        Ok(None)
    }

    async fn choose(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        let Some(option) = &step.option else { return Ok(None) };
        let document = self.document.clone();
        let mut alternatives: Vec<_> =
            document.steps().filter_map(|s| s.option.clone()).filter(|o| o.group == option.group).collect();
        alternatives.dedup();
        if self.terminal.is_none() {
            let keys = alternatives.iter().map(|o| o.key.clone()).collect::<Vec<_>>().join(" or ");
            self.complain(&format!("an alternative has to be chosen with --option {}={keys}", option.group));
            return Ok(Some(self.stop_here(Exit::Refused)));
        }
        let list: String = alternatives.iter().map(|o| format!("\n  {}  {}", o.key, o.title)).collect();
        let key = match self.ask(&format!("\nChoose one:{list}\n  Which?"), signals).await? {
            Said::Line(key) => key,
            Said::Nothing => return Ok(Some(self.stop_here(Exit::Refused))),
            Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
        };
        self.runner.send(Command::ChooseOption { group: option.group.clone(), key: key.trim().to_owned() });
        self.settle(signals).await?;
        Ok(None)
    }

    async fn manual(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        let body = self.document.source.get(step.body.clone()).unwrap_or_default().trim().to_owned();
        self.say(&format!("\n{}\n{}", heading(step), indented(&body)));
        if self.mode != Mode::DryRun {
            if self.terminal.is_none() {
                self.complain(&format!("{} is for a person to do, and there is no terminal to ask on", step.title));
                return Ok(Some(self.stop_here(Exit::Refused)));
            }
            let line = match self.ask("  Done? [y], or s and a reason to skip:", signals).await? {
                Said::Line(line) => line,
                Said::Nothing => String::new(),
                Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
            };
            match line.trim() {
                "y" | "Y" | "yes" => {}
                skip if skip.starts_with("s ") => {
                    let reason = skip[2..].trim().to_owned();
                    self.runner.send(Command::Skip { step: step.id.clone(), reason });
                    self.settle(signals).await?;
                    return Ok(None);
                }
                _ => return Ok(Some(self.stop_here(Exit::Refused))),
            }
        }
        self.runner.send(Command::TickStep { step: step.id.clone(), ticked: true });
        self.settle(signals).await
    }

    /// Nothing goes on by itself after a failure.
    async fn after_failure(&mut self, step: &Step, signals: &mut Signals) -> Result<Option<Exit>> {
        if let Some(help) = step.if_it_fails.clone().and_then(|range| self.document.source.get(range)) {
            let help = format!("   If it fails:\n{}", indented(help.trim()));
            self.say(&help);
        }
        if self.terminal.is_none() {
            return Ok(Some(self.stop_here(Exit::Warn)));
        }
        let mark = self.state.mark(&step.id);
        let is_undone = mark == Mark::RolledBack;
        let can_roll_back = !self.state.rolling_back
            && (self.document.steps_of(SectionKind::Rollback).next().is_some()
                || !self.state.to_undo(&self.document).is_empty());
        let mut choices = vec![if is_undone { "r run it again" } else { "r retry" }, "s REASON skip"];
        if !is_undone {
            choices.push("g REASON go on");
        }
        if !step.undo.is_empty() && !is_undone {
            choices.push("u undo this step");
        }
        if can_roll_back {
            choices.push("b roll the run back");
        }
        choices.push("q stop here");
        let what = match mark {
            Mark::RolledBack => "was rolled back",
            Mark::Unknown => "has an unknown outcome",
            _ => "failed",
        };
        let line = match self.ask(&format!("\n{} {what}. {}:", step.title, choices.join(", ")), signals).await? {
            Said::Line(line) => line,
            Said::Nothing => "q".to_owned(),
            Said::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
        };
        let (word, reason) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let step_id = step.id.clone();
        match word {
            "r" => {
                let failed = step.actions.iter().find(|action| !self.state.has_succeeded(&action.id));
                let Some(action) = failed else { return Ok(None) };
                self.runner.send(Command::Run(action.id.clone()));
                return self.wait_for_action(signals).await;
            }
            "s" => self.runner.send(Command::Skip { step: step_id, reason: reason.to_owned() }),
            "g" => self.runner.send(Command::AcceptFailure { step: step_id, reason: reason.to_owned() }),
            "u" if !step.undo.is_empty() && !is_undone => {
                self.runner.send(Command::RollBackStep(step_id));
                return self.wait_for_action(signals).await;
            }
            "b" if can_roll_back => {
                self.runner.send(Command::RollBackRun);
                return self.rolled_back(signals).await;
            }
            _ => return Ok(Some(self.stop_here(Exit::Warn))),
        }
        // A missing reason is said, and the question comes again.
        self.settle(signals).await?;
        Ok(None)
    }

    /// After the decision to roll back: with a rollback section its steps come next, without one the undo has begun.
    async fn rolled_back(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        let has_section = self.document.steps_of(SectionKind::Rollback).next().is_some();
        if has_section { self.settle(signals).await } else { self.wait_for_action(signals).await }
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
        let (words, exit) = match outcome {
            RunOutcome::Completed => ("completed", Exit::Ok),
            RunOutcome::Failed => ("failed", Exit::Warn),
            RunOutcome::RolledBack => ("rolled back", Exit::Warn),
            RunOutcome::Abandoned => ("abandoned", Exit::Warn),
        };
        let dry = if self.mode == Mode::DryRun { "dry run: nothing was started; " } else { "" };
        self.say(&format!("\n{dry}{}: {words}", self.document.title));
        exit
    }

    /// Ends before the run does, and says how to go on.
    fn stop_here(&self, exit: Exit) -> Exit {
        if let Some(run) = self.run.as_ref().filter(|_| self.mode == Mode::Live) {
            self.complain(&format!("the run stays open: go on with `warroom runbook run --resume {}`", run.0));
        }
        exit
    }

    /// Ends while something may run.
    fn leave(&self, exit: Exit) -> Exit {
        match &self.run {
            Some(run) if !self.jobs.is_empty() => self.complain(&format!(
                "the step goes on by itself: see how it ended with `warroom runbook run --resume {}`",
                run.0
            )),
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
        let _ = writeln!(std::io::stderr(), "warroom: {sentence}");
    }
}

fn heading(step: &Step) -> String {
    match &step.number {
        Some(number) => format!("{number} {}", step.title),
        None => step.title.clone(),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
