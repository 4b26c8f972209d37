//! Runs an action's SQL over a connection of our own, in one transaction that is READ ONLY unless the action may write.
//!
//! Output shows tables as psql prints them; the file `stdout` has the values alone (as `psql -At`), for captures. Variables
//! of the run are settings: `current_setting('runbook.NAME')`; they are passed as parameters, secrets not at all.
//!
//! A text that begins and ends transactions itself, and a single statement that PostgreSQL runs outside of transactions only
//! (`VACUUM`, `CREATE INDEX CONCURRENTLY`), is sent as it is; both need `write`.

mod refusal;
mod statements;
mod table;

use std::{future::poll_fn, pin::pin, time::Duration};

use futures::StreamExt;
use secrecy::ExposeSecret;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_postgres::{
    AsyncMessage, Client, Error, SimpleQueryMessage,
    error::{DbError, SqlState},
    types::Type,
};

use self::{
    statements::{Statement, statements},
    table::Table,
};
use super::{
    Cancel, Context, Outcome,
    collect::{Collector, Source},
};
use crate::order::Order;
use warroom_host::{
    bounded::Tally,
    postgres::{
        open::{Again, Opened, open},
        target::Target,
    },
};
use warroom_runbook::run::Ending;

/// For reaching a server and getting in.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const TELL_EVERY: Duration = Duration::from_millis(100);

/// An action's SQL and how it may run.
pub(super) struct Work<'o> {
    pub(super) code: &'o str,
    pub(super) url: &'o str,
    pub(super) write: bool,
    pub(super) statement_timeout: Duration,
}

/// Who begins and ends the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    Ours,
    /// The text itself, or nobody.
    Theirs,
}

/// How far the server came.
enum Run {
    Done,
    Refused(Box<DbError>),
    Lost(String),
}

/// The password in a connection string, to be masked.
pub(super) fn password(url: &str) -> Option<String> {
    let target = Target::parse(url, environment).ok()?;
    Some(String::from_utf8_lossy(target.config.get_password()?).into_owned())
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(super) async fn run(work: &Work<'_>, order: &Order, context: &mut Context, collector: &mut Collector) -> Outcome {
    let (statements, transaction) = match plan(work) {
        Ok(plan) => plan,
        Err(why) => return Outcome::not_started(why),
    };
    let target = match Target::parse(work.url, environment) {
        Ok(target) => target,
        Err(clause) => return Outcome::not_started(format!("the connection string {clause}")),
    };
    let opened = tokio::select! {
        opened = open(&target, CONNECT_LIMIT) => opened,
        () = context.cancel.asked() => return Outcome::ended(Ending::Cancelled),
    };
    let Opened { client, driver, peer, tally, again } = match opened {
        Ok(opened) => opened,
        Err(why) => return Outcome::not_started(why),
    };
    let (tell, notices) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut driver = driver;
        // An error is also what the client says of the next question.
        while let Some(Ok(message)) = poll_fn(|context| driver.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message {
                // Nobody listens any more when all is done.
                let _ = tell.send(notice).await;
            }
        }
    });
    let mut conversation =
        Conversation { work, client, peer, tally, again, notices, statements, collector, cancel: &mut context.cancel };
    conversation.hold(order, transaction).await
}

fn plan(work: &Work<'_>) -> Result<(Vec<Statement>, Transaction), String> {
    let Some(statements) = statements(work.code) else {
        return if work.write {
            Ok((Vec::new(), Transaction::Ours))
        } else {
            Err("this cannot be read as SQL, so it is not known whether it only reads".to_owned())
        };
    };
    let bounds = statements.iter().any(Statement::bounds_transaction);
    if bounds && !work.write {
        return Err("an action that only reads runs in one transaction: take BEGIN and COMMIT out of it, or give its \
                    fence the attribute `write`"
            .to_owned());
    }
    let alone = work.write && statements.len() == 1 && statements.iter().all(Statement::runs_alone);
    Ok((statements, if bounds || alone { Transaction::Theirs } else { Transaction::Ours }))
}

struct Conversation<'c> {
    work: &'c Work<'c>,
    client: Client,
    peer: String,
    tally: Tally,
    again: Again,
    notices: mpsc::Receiver<DbError>,
    statements: Vec<Statement>,
    collector: &'c mut Collector,
    cancel: &'c mut Cancel,
}

impl Conversation<'_> {
    async fn hold(&mut self, order: &Order, transaction: Transaction) -> Outcome {
        if let Err(error) = self.begin(order, transaction).await {
            return Outcome::not_started(format!("{}: {}", self.peer, words(&error)));
        }
        let (run, because) = self.ask(order).await;
        let run = match (run, self.tally.excess()) {
            (Run::Lost(_), Some(excess)) => Run::Lost(format!("the server sent {excess}")),
            (run, _) => run,
        };
        match (run, because) {
            (Run::Lost(why), Some(ending)) => {
                self.show(&format!("{why}\n"));
                Outcome::ended(ending)
            }
            (_, Some(ending)) => {
                // Nothing that was cancelled is committed.
                let _ = timeout(order.grace, self.client.batch_execute("ROLLBACK")).await;
                Outcome::ended(ending)
            }
            (Run::Refused(error), None) => {
                let lines = refusal::lines(&error, self.work.code);
                self.show(&lines);
                Outcome::ended(Ending::Exited { code: 1 })
            }
            (Run::Lost(why), None) if transaction == Transaction::Ours => {
                self.show(&format!("{}: {why}; nothing of it was committed\n", self.peer));
                Outcome::ended(Ending::Exited { code: 2 })
            }
            (Run::Lost(why), None) => {
                Outcome::ended(Ending::Unknown { why: format!("{} was lost while it ran: {why}", self.peer) })
            }
            (Run::Done, None) if transaction == Transaction::Ours => self.commit().await,
            (Run::Done, None) => self.left_open().await,
        }
    }

    /// A text that begins transactions must end them: what is left open when the session ends is rolled back.
    async fn left_open(&mut self) -> Outcome {
        // A savepoint can be made inside of a transaction only (error 25P01 elsewhere, PostgreSQL documentation, SAVEPOINT).
        let error = self.client.batch_execute("SAVEPOINT warroom_left_open").await.err();
        match error.map(|error| (error.code().cloned(), words(&error))) {
            Some((Some(code), _)) if code == SqlState::NO_ACTIVE_SQL_TRANSACTION => {
                Outcome::ended(Ending::Exited { code: 0 })
            }
            Some((None, why)) => Outcome::ended(Ending::Unknown {
                why: format!("{} was lost before it was known whether a transaction is open: {why}", self.peer),
            }),
            _ => {
                self.show("transaction left open: rolled back, nothing of it was kept\nend it with COMMIT\n");
                Outcome::ended(Ending::Exited { code: 1 })
            }
        }
    }

    async fn begin(&self, order: &Order, transaction: Transaction) -> Result<(), Error> {
        let limit = self.work.statement_timeout.as_millis().max(1);
        if transaction == Transaction::Theirs {
            return self.client.batch_execute(&format!("SET statement_timeout = {limit}")).await;
        }
        let mode = if self.work.write { "READ WRITE" } else { "READ ONLY" };
        // After the first query a transaction cannot be made writable any more.
        let begin = format!("BEGIN TRANSACTION {mode}; SET LOCAL statement_timeout = {limit}; SELECT 1");
        self.client.batch_execute(&begin).await?;
        for given in order.variables.iter().filter(|given| !given.secret) {
            let (name, value) = (format!("runbook.{}", given.name), given.value.expose_secret());
            self.client
                .query_typed("SELECT set_config($1, $2, true)", &[(&name, Type::TEXT), (&value, Type::TEXT)])
                .await?;
        }
        Ok(())
    }

    /// Sends the code and prints what comes back. The second value says why it was cut short.
    async fn ask(&mut self, order: &Order) -> (Run, Option<Ending>) {
        let far = Instant::now() + Duration::from_secs(365 * 86_400);
        let mut deadline = order.timeout.map_or(far, |limit| Instant::now() + limit);
        let mut give_up = far;
        let mut because = None;
        let mut printer = Printer::default();
        let mut tick = tokio::time::interval(TELL_EVERY);
        let token = self.client.cancel_token();
        let stream = match self.client.simple_query_raw(self.work.code).await {
            Ok(stream) => stream,
            Err(error) => return (failure(&error), None),
        };
        let mut stream = pin!(stream);
        let run = loop {
            let ended = tokio::select! {
                biased;
                () = self.cancel.asked() => Some(Ending::Cancelled),
                () = sleep_until(deadline) => Some(Ending::TimedOut),
                () = sleep_until(give_up) => {
                    break Run::Lost("the server did not take notice of the cancel request in time".to_owned());
                }
                Some(notice) = self.notices.recv() => {
                    printer.flush(self.collector);
                    self.collector.push(Source::Stderr, notice_line(&notice).as_bytes());
                    None
                }
                _ = tick.tick() => {
                    printer.flush(self.collector);
                    self.collector.tell();
                    None
                }
                message = stream.next() => match message {
                    None => break Run::Done,
                    Some(Err(error)) => break failure(&error),
                    Some(Ok(message)) => {
                        printer.take(message, &self.statements, self.collector);
                        None
                    }
                },
            };
            if let Some(ending) = ended {
                if because.is_some() {
                    break Run::Lost("the connection was given up".to_owned());
                }
                (because, deadline, give_up) = (Some(ending), far, Instant::now() + order.grace);
                if let Err(why) = self.again.cancel(&token).await {
                    self.collector.push(Source::Stderr, format!("cannot cancel: {why}\n").as_bytes());
                }
            }
        };
        printer.flush(self.collector);
        while let Ok(notice) = self.notices.try_recv() {
            self.collector.push(Source::Stderr, notice_line(&notice).as_bytes());
        }
        (run, because)
    }

    async fn commit(&mut self) -> Outcome {
        let end = if self.work.write { "COMMIT" } else { "ROLLBACK" };
        match self.client.simple_query(end).await {
            Ok(_) => Outcome::ended(Ending::Exited { code: 0 }),
            Err(error) => match error.as_db_error() {
                Some(answer) => {
                    let lines = refusal::lines(answer, "");
                    self.show(&lines);
                    Outcome::ended(Ending::Exited { code: 1 })
                }
                None if !self.work.write => Outcome::ended(Ending::Exited { code: 0 }),
                None => Outcome::ended(Ending::Unknown {
                    why: format!("{} was lost while it was to commit: {}", self.peer, words(&error)),
                }),
            },
        }
    }

    fn show(&mut self, text: &str) {
        self.collector.push(Source::Stderr, text.as_bytes());
    }
}

fn failure(error: &Error) -> Run {
    match error.as_db_error() {
        // The server ends the connection as well: what was not committed is rolled back.
        Some(answer) => Run::Refused(Box::new(answer.clone())),
        None => Run::Lost(words(error)),
    }
}

fn words(error: &Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(answer), _) => answer.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

fn notice_line(notice: &DbError) -> String {
    let mut line = format!("{}:  {}\n", notice.severity(), notice.message());
    for (name, words) in [("DETAIL", notice.detail()), ("HINT", notice.hint())] {
        if let Some(words) = words {
            line.push_str(&format!("{name}:  {words}\n"));
        }
    }
    line
}

/// Turns the server's messages into text.
#[derive(Default)]
struct Printer {
    table: Option<Table>,
    /// Statements that are done.
    done: usize,
    shown: String,
    values: String,
}

/// So much text is passed on at once.
const ENOUGH: usize = 32 * 1024;

impl Printer {
    fn take(&mut self, message: SimpleQueryMessage, statements: &[Statement], collector: &mut Collector) {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                self.table = Some(Table::new(columns.iter().map(|column| column.name().to_owned()).collect()));
            }
            SimpleQueryMessage::Row(row) => {
                let values: Vec<String> =
                    (0..row.len()).map(|at| row.try_get(at).ok().flatten().unwrap_or_default().to_owned()).collect();
                self.values.push_str(&values.join("|"));
                self.values.push('\n');
                if let Some(table) = &mut self.table {
                    table.row(values, &mut self.shown);
                }
            }
            SimpleQueryMessage::CommandComplete(rows) => {
                match (self.table.take(), statements.get(self.done)) {
                    (Some(table), _) => table.finish(&mut self.shown),
                    (None, Some(statement)) => self.shown.push_str(&format!("{}\n", statement.tag(rows))),
                    (None, None) => self.shown.push_str(&format!("done, {rows} rows\n")),
                }
                self.done += 1;
            }
            _ => {}
        }
        if self.shown.len() + self.values.len() > ENOUGH {
            self.flush(collector);
        }
    }

    fn flush(&mut self, collector: &mut Collector) {
        collector.push(Source::Values, self.values.as_bytes());
        collector.push(Source::Stderr, self.shown.as_bytes());
        self.values.clear();
        self.shown.clear();
    }
}
