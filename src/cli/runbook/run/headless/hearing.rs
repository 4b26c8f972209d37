//! What comes from the driver while nobody is asked: events, output, refusals.

use std::{path::Path, time::Duration};

use anyhow::{Result, anyhow};

use super::{Headless, Heard, Running, exit_of};
use crate::{Exit, painted::Painted, runbook::run::show, signals::Signals};
use warroom_domain::text::line;
use warroom_room::run::{Command, News, variables};
use warroom_runbook::run::{EventKind, Mode, RunEvent, RunState};

/// How often a running action's output is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long is waited for an action to start before it is said what for.
const SLOW: Duration = Duration::from_secs(2);
/// Lines that are printed at once.
const LINES: usize = 500;

impl Headless<'_> {
    /// Waits until everything sent so far has been dealt with.
    pub(super) async fn settle(&mut self, signals: &mut Signals) -> Result<Option<Exit>> {
        self.runner.send(Command::Settle);
        let mut refused = None;
        loop {
            match self.hear(signals).await? {
                Heard::Settled => return Ok(refused),
                Heard::Refused(refusal) => {
                    self.complain(&refusal.why);
                    refused = Some(exit_of(&refusal));
                }
                Heard::Stopped(stop) => return Ok(Some(self.leave(stop.exit()))),
                _ => {}
            }
        }
    }

    /// The next piece of news that matters; output is printed meanwhile.
    pub(super) async fn hear(&mut self, signals: &mut Signals) -> Result<Heard> {
        loop {
            let running = !self.jobs.is_empty();
            let news = tokio::select! {
                biased;
                () = std::future::ready(()), if !self.heard.is_empty() => match self.heard.pop_front() {
                    Some(news) => news,
                    None => continue,
                },
                news = self.news.recv() => news.ok_or_else(|| anyhow!("the run's driver has ended"))?,
                stop = signals.next() => return Ok(Heard::Stopped(stop)),
                () = tokio::time::sleep(LOOK), if running => {
                    self.print_output()?;
                    continue;
                }
                () = tokio::time::sleep(SLOW), if self.waits.is_some() => {
                    let waits = self.waits.take().unwrap_or_default();
                    self.say(&format!("   … {}", line(&waits)));
                    continue;
                }
            };
            // Other news says that it was waited for in vain, or is no longer.
            self.waits = None;
            match news {
                News::Waits { what, .. } => self.waits = Some(what),
                News::Opened { document, mode, run, events } => {
                    self.state = RunState::fold(&events, &document);
                    (self.document, self.mode, self.run) = (document, mode, run.map(|(id, _)| id));
                    self.say(&format!(
                        "{}{}",
                        line(&self.document.title),
                        mode.mark().map_or_else(String::new, |mark| format!(" ({mark})"))
                    ));
                    self.say_what_is_pinned();
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
                News::Shown(preview) => self.say(&show::preview(&preview)),
                // Every event says so; once is enough here.
                News::Unkept(why) => {
                    if self.unkept.as_ref() != Some(&why) {
                        self.complain(&why);
                        self.unkept = Some(why);
                    }
                }
                News::Asked(question) => return Ok(Heard::Asked(question)),
                News::Refused(refusal) => return Ok(Heard::Refused(refusal)),
                News::Held { by, .. } => {
                    let why = format!("this run is open in another console ({by}): close it there first");
                    return Ok(Heard::Refused(why.into()));
                }
                News::Choices { result, .. } => match result {
                    Ok(choices) => return Ok(Heard::Choices(choices)),
                    Err(why) => return Ok(Heard::Refused(why.into())),
                },
                News::Settled => return Ok(Heard::Settled),
                News::Listed(_) | News::Checked(_) | News::Mode(_) | News::Closed | News::Answered(_) => {}
            }
        }
    }

    /// Variables that nobody is asked for, because the environment answers.
    fn say_what_is_pinned(&self) {
        let (environment, place) = &self.environment;
        let said = |name: &String| self.args.variables.iter().any(|(given, _)| given == name);
        for (name, variable) in &self.document.front.vars {
            if let Some(Ok(value)) = variables::pinned(place, name, variable)
                && !said(name)
                && !self.state.variables.contains_key(name)
            {
                let value = if variable.secret { "(secret)" } else { &value };
                self.say(&format!("   {name} = {} (pinned by {})", line(value), line(environment)));
            }
        }
    }

    /// Takes an event in; true when an action has ended and is not tried again by itself.
    pub(super) fn took(&mut self, event: &RunEvent) -> Result<bool> {
        self.state.apply(event, &self.document);
        if self.args.json {
            self.output.json(&format!("{}\n", serde_json::to_string(event)?))?;
        }
        match &event.kind {
            // The next try of a poll.
            EventKind::ActionIntended { action, command, .. } => {
                let is_new = !self.polling.contains(action);
                self.polling.retain(|polling| polling != action);
                // With a question, or in a dry run, it stands there already.
                if self.shown.take().as_ref() != Some(action) && self.mode != Mode::DryRun && is_new {
                    self.say(&show::command(command));
                }
                Ok(false)
            }
            EventKind::PriorStateSaved { what, evidence, .. } => {
                self.say(&format!("   saved before: {}, in {} of the run", line(what), line(&evidence.file)));
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
    pub(super) fn is_waiting(&self) -> bool {
        !self.jobs.is_empty() || !self.polling.is_empty()
    }

    /// Prints what has come since the last time, to its end. Where several actions run, each block says whose it is.
    pub(super) fn print_output(&mut self) -> Result<()> {
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
                if self.output.colored() {
                    self.output.paint(&Painted::colored(&text))?;
                } else {
                    self.output.print(&anstream::adapter::strip_str(&text).to_string())?;
                }
            }
        }
        Ok(())
    }
}
