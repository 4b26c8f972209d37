//! Drives a run from its first step to its end, on the same driver that the console uses.

use std::{io::Write, path::Path, sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use super::{RunArgs, ask::Terminal, show};
use crate::{
    cli::{Exit, UsageError, output::Output},
    exec::{Job, gate::Wants},
    room::run::{Answer, Command, News, Question, Runner, Value},
    runbook::{
        Runbook, SectionKind, Step, StepKind,
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
    job: Option<(Job, u64)>,
    /// The attempt that ends next is tried again by itself.
    tries_again: bool,
    /// Steps before this one are skipped.
    from: Option<String>,
    hangup: Option<Signal>,
}

/// What waiting for news came to.
enum Heard {
    /// Everything that was wanted has been dealt with.
    Settled,
    Asked(Box<Question>),
    Refused(String),
    ActionEnded,
    /// Ctrl-C.
    Interrupted,
    /// TERM or HUP: what runs goes on.
    Terminated(Exit),
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
            job: None,
            tries_again: false,
            from: args.from.clone(),
            hangup: signal(SignalKind::hangup()).ok(),
        }
    }

    pub(super) async fn run(mut self) -> Result<Exit> {
        let mut terminate = signal(SignalKind::terminate())?;
        self.runner.send(Command::Settle);
        loop {
            match self.hear(&mut terminate).await? {
                Heard::Settled => break,
                Heard::Refused(why) => return Err(UsageError(why).into()),
                Heard::Terminated(exit) => return Ok(self.leave(exit)),
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
            if let Some(exit) = self.advance(&mut terminate).await? {
                return Ok(exit);
            }
        }
    }

    /// Does the next thing. An exit code means that it ends here.
    async fn advance(&mut self, terminate: &mut Signal) -> Result<Option<Exit>> {
        if self.job.is_some() {
            return self.wait_for_action(terminate).await;
        }
        if let Some(exit) = self.ask_for_variables(terminate).await? {
            return Ok(Some(exit));
        }
        let document = self.document.clone();
        let next = match self.state.rolling_back {
            true => document.steps_of(SectionKind::Rollback).find(|step| !self.state.is_settled(&step.id)),
            false => self.state.next_step(&document),
        };
        let Some(step) = next else {
            // The driver ends the run by itself; its event is on the way.
            return Ok(self.settle(terminate).await?.or(self.state.ended.is_none().then_some(Exit::Warn)));
        };
        if self.is_before_start(step) {
            let reason = format!("begun at step {} (--from)", self.args.from.as_deref().unwrap_or_default());
            self.runner.send(Command::Skip { step: step.id.clone(), reason });
            return self.settle(terminate).await;
        }
        if self.state.undecided(step).is_some() {
            return self.choose(step, terminate).await;
        }
        match (self.state.mark(&step.id), step.kind()) {
            (Mark::Failed | Mark::Unknown, _) => self.after_failure(step, terminate).await,
            (_, StepKind::Manual) => self.manual(step, terminate).await,
            (_, StepKind::Executable) => {
                let Some(action) = step.actions.iter().find(|action| !self.state.has_succeeded(&action.id)) else {
                    return Err(anyhow!("{} has nothing left to run and is not done", step.title));
                };
                self.say(&format!("\n{}", heading(step)));
                self.runner.send(Command::Run(action.id.clone()));
                self.wait_for_action(terminate).await
            }
        }
    }

    /// Waits until an action that was wanted has ended, was refused, or asks.
    async fn wait_for_action(&mut self, terminate: &mut Signal) -> Result<Option<Exit>> {
        loop {
            match self.hear(terminate).await? {
                Heard::Asked(question) => {
                    if let Some(exit) = self.answer(&question)? {
                        return Ok(Some(exit));
                    }
                }
                Heard::Refused(why) => {
                    self.complain(&why);
                    return Ok(Some(self.stop_here(Exit::Refused)));
                }
                Heard::ActionEnded => return Ok(None),
                Heard::Interrupted => {
                    let question = "\nCancel what runs (c), leave it running and end (l), or wait on (Enter)?";
                    match self.terminal.as_mut().map(|terminal| terminal.line(question)).transpose()?.flatten() {
                        Some(answer) if answer == "c" => self.runner.send(Command::Cancel),
                        Some(answer) if answer == "l" => return Ok(Some(self.leave(Exit::Interrupted))),
                        Some(_) => {}
                        None => return Ok(Some(self.leave(Exit::Interrupted))),
                    }
                }
                Heard::Terminated(exit) => return Ok(Some(self.leave(exit))),
                Heard::Settled | Heard::Choices(_) => {}
            }
        }
    }

    /// Waits until everything sent so far has been dealt with.
    async fn settle(&mut self, terminate: &mut Signal) -> Result<Option<Exit>> {
        self.runner.send(Command::Settle);
        let mut refused = None;
        loop {
            match self.hear(terminate).await? {
                Heard::Settled => return Ok(refused),
                Heard::Refused(why) => {
                    self.complain(&why);
                    refused = Some(Exit::Refused);
                }
                Heard::Terminated(exit) => return Ok(Some(self.leave(exit))),
                Heard::Interrupted => return Ok(Some(self.leave(Exit::Interrupted))),
                _ => {}
            }
        }
    }

    /// The next piece of news that matters; output is printed meanwhile.
    async fn hear(&mut self, terminate: &mut Signal) -> Result<Heard> {
        loop {
            let running = self.job.is_some();
            let hangup = async {
                match &mut self.hangup {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            let news = tokio::select! {
                news = self.news.recv() => news.ok_or_else(|| anyhow!("the run's driver has ended"))?,
                _ = tokio::signal::ctrl_c() => return Ok(Heard::Interrupted),
                _ = terminate.recv() => return Ok(Heard::Terminated(Exit::Terminated)),
                _ = hangup => return Ok(Heard::Terminated(Exit::Hangup)),
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
                News::Started { job, .. } => {
                    if let Some(link) = job.take_terminal() {
                        link.hand_over(Path::new("/dev/tty")).await?;
                    }
                    self.job = Some((job, 0));
                }
                News::TriesAgain { left, .. } => {
                    self.tries_again = true;
                    self.say(&format!("   not yet; tried again, {left} more after that"));
                }
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
        let EventKind::ActionEnded { outcome, .. } = &event.kind else { return Ok(false) };
        self.print_output()?;
        self.job = None;
        if std::mem::take(&mut self.tries_again) {
            return Ok(false);
        }
        self.say(&show::outcome(outcome));
        Ok(true)
    }

    /// Prints what has come since the last time, to its end.
    fn print_output(&mut self) -> Result<()> {
        let Some((job, printed)) = &mut self.job else { return Ok(()) };
        loop {
            let window = job.output().lines_from(*printed, LINES)?;
            if window.lines.is_empty() || window.to == *printed {
                return Ok(());
            }
            *printed = window.to;
            if !self.args.json {
                let text: String = window.lines.iter().map(|line| format!("   {line}\n")).collect();
                let text = if self.output.colored() { text } else { anstream::adapter::strip_str(&text).to_string() };
                self.output.print(&text)?;
            }
        }
    }

    /// Answers a question of the gate on the terminal. An exit code when nobody answers, or says no.
    fn answer(&mut self, question: &Question) -> Result<Option<Exit>> {
        let Some(terminal) = &mut self.terminal else {
            let risk = question.risk;
            let what = match &question.wants {
                Wants::Enter | Wants::YesOrNo => format!("--confirm {risk} allows it"),
                Wants::Type { .. } => "--confirm destructive allows it".to_owned(),
                Wants::SecondPerson { .. } => "it takes a second person, so run it on a terminal".to_owned(),
                Wants::Reason { why } => format!("{why}, so run it on a terminal"),
            };
            self.complain(&format!("{} is {risk} and there is no terminal to ask on: {what}", question.title));
            return Ok(Some(self.stop_here(Exit::Refused)));
        };
        let asked = match &question.wants {
            Wants::Enter => "  Enter runs it, n does not:".to_owned(),
            Wants::YesOrNo => "  Run it? [y/N]".to_owned(),
            Wants::Type { name } => format!("  Type {name} to run it:"),
            Wants::SecondPerson { first } => {
                format!("  A second person has to agree (not {first}). Their name, or ! and a reason to do without:")
            }
            Wants::Reason { why } => format!("  {why}\n  A reason to go on, or Enter not to:"),
        };
        let line = terminal.line(&format!("{}\n{asked}", show::question(question)))?.unwrap_or_else(|| "n".to_owned());
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
    async fn ask_for_variables(&mut self, terminate: &mut Signal) -> Result<Option<Exit>> {
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
                match self.hear(terminate).await? {
                    Heard::Choices(found) => choices = found,
                    Heard::Refused(why) => self.complain(&why),
                    _ => {}
                }
            }
            let listed = if choices.is_empty() { String::new() } else { format!(" ({})", choices.join(", ")) };
            let question = format!("{}{listed}:", variable.prompt.as_deref().unwrap_or(name));
            let Some(terminal) = &mut self.terminal else { continue };
            let line = if variable.secret { terminal.secret(&question)? } else { terminal.line(&question)? };
            let Some(value) = line else { return Ok(Some(self.stop_here(Exit::Refused))) };
            self.runner.send(Command::SetVariable { name: name.clone(), value: Value(value) });
            // A wrong value is said, and asked for again by the next round.
            self.settle(terminate).await?;
            return Ok(None);
        }
        Ok(None)
    }

    async fn choose(&mut self, step: &Step, terminate: &mut Signal) -> Result<Option<Exit>> {
        let Some(option) = &step.option else { return Ok(None) };
        let document = self.document.clone();
        let mut alternatives: Vec<_> =
            document.steps().filter_map(|s| s.option.clone()).filter(|o| o.group == option.group).collect();
        alternatives.dedup();
        let Some(terminal) = &mut self.terminal else {
            let keys = alternatives.iter().map(|o| o.key.clone()).collect::<Vec<_>>().join(" or ");
            self.complain(&format!("an alternative has to be chosen with --option {}={keys}", option.group));
            return Ok(Some(self.stop_here(Exit::Refused)));
        };
        let list: String = alternatives.iter().map(|o| format!("\n  {}  {}", o.key, o.title)).collect();
        let Some(key) = terminal.line(&format!("\nChoose one:{list}\n  Which?"))? else {
            return Ok(Some(self.stop_here(Exit::Refused)));
        };
        self.runner.send(Command::ChooseOption { group: option.group.clone(), key: key.trim().to_owned() });
        self.settle(terminate).await?;
        Ok(None)
    }

    async fn manual(&mut self, step: &Step, terminate: &mut Signal) -> Result<Option<Exit>> {
        let body = self.document.source.get(step.body.clone()).unwrap_or_default().trim().to_owned();
        self.say(&format!("\n{}\n{}", heading(step), indented(&body)));
        if self.mode != Mode::DryRun {
            let Some(terminal) = &mut self.terminal else {
                self.complain(&format!("{} is for a person to do, and there is no terminal to ask on", step.title));
                return Ok(Some(self.stop_here(Exit::Refused)));
            };
            match terminal.line("  Done? [y], or s and a reason to skip:")?.as_deref().map(str::trim) {
                Some("y" | "Y" | "yes") => {}
                Some(skip) if skip.starts_with("s ") => {
                    let reason = skip[2..].trim().to_owned();
                    self.runner.send(Command::Skip { step: step.id.clone(), reason });
                    self.settle(terminate).await?;
                    return Ok(None);
                }
                _ => return Ok(Some(self.stop_here(Exit::Refused))),
            }
        }
        self.runner.send(Command::TickStep { step: step.id.clone(), ticked: true });
        self.settle(terminate).await
    }

    /// Nothing goes on by itself after a failure.
    async fn after_failure(&mut self, step: &Step, terminate: &mut Signal) -> Result<Option<Exit>> {
        if let Some(help) = step.if_it_fails.clone().and_then(|range| self.document.source.get(range)) {
            let help = format!("   If it fails:\n{}", indented(help.trim()));
            self.say(&help);
        }
        let has_rollback = self.document.steps_of(SectionKind::Rollback).next().is_some();
        let Some(terminal) = &mut self.terminal else { return Ok(Some(self.stop_here(Exit::Warn))) };
        let mut choices = vec!["r retry", "s REASON skip", "g REASON go on"];
        if !step.undo.is_empty() {
            choices.push("u undo this step");
        }
        if has_rollback && !self.state.rolling_back {
            choices.push("b roll the run back");
        }
        choices.push("q stop here");
        let line = terminal.line(&format!("\n{} failed. {}:", step.title, choices.join(", ")))?;
        let line = line.unwrap_or_else(|| "q".to_owned());
        let (word, reason) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let step_id = step.id.clone();
        match word {
            "r" => {
                let failed = step.actions.iter().find(|action| !self.state.has_succeeded(&action.id));
                let Some(action) = failed else { return Ok(None) };
                self.runner.send(Command::Run(action.id.clone()));
                return self.wait_for_action(terminate).await;
            }
            "s" => self.runner.send(Command::Skip { step: step_id, reason: reason.to_owned() }),
            "g" => self.runner.send(Command::AcceptFailure { step: step_id, reason: reason.to_owned() }),
            "u" if !step.undo.is_empty() => {
                self.runner.send(Command::RollBackStep(step_id));
                return self.wait_for_action(terminate).await;
            }
            "b" if has_rollback => self.runner.send(Command::RollBackRun),
            _ => return Ok(Some(self.stop_here(Exit::Warn))),
        }
        // A missing reason is said, and the question comes again.
        self.settle(terminate).await?;
        Ok(None)
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
            Some(run) if self.job.is_some() => self.complain(&format!(
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
