//! Decides whether an action may start. A [`Permit`] is made nowhere else, and nothing is started without one.
//!
//! The decision is pure: who asks resolves where the action acts ([`super::place`]), and collects what people have said.
//!
//! | risk | what is asked |
//! | --- | --- |
//! | `read` | Enter |
//! | `change` | y/N |
//! | `destructive` | the target's name, typed |
//! | `destructive` where the environment is protected | and a second person, or a reason to do without one |
//! | any, where nothing says that it is commands to run | at least y/N, whatever `--confirm` says |

use std::fmt;

pub use warroom_runbook::run::is_another;
use warroom_runbook::{
    Lowered, Risk,
    run::{Confirmation, Mode},
};

/// Proof that the gate let one action through. Not to be copied: one permit starts one action.
#[derive(Debug)]
pub struct Permit {
    code: String,
}

impl Permit {
    /// True for the text that the gate looked at.
    pub(super) fn is_for(&self, code: &str) -> bool {
        self.code == code
    }
}

/// Everything that a decision depends on.
#[derive(Debug, Clone)]
pub struct Request {
    /// The exact text that is to run.
    pub code: String,
    pub mode: Mode,
    /// Probes and actions of the platform are simulated: there is nothing that an action could act on.
    pub simulated: bool,
    /// `--read-only`.
    pub read_only: bool,
    /// The environment is protected.
    pub protected: bool,
    /// What the runbook says that it can do, where it says so with a reason; else what its commands can do.
    pub risk: Risk,
    /// The runbook has lowered it to `risk`.
    pub lowered: Option<Lowered>,
    /// People outside see it.
    pub external: bool,
    /// What has to be typed before a destructive action: the name of what is destroyed.
    pub target: String,
    /// What was resolved is not what the pack pins for the environment: one sentence each.
    pub mismatches: Vec<String>,
    /// Nothing in it runs: it is comments, and a person does what they say.
    pub is_for_a_person: bool,
    /// It is never run by itself, whatever its risk: nobody labelled it, or it is one of several that cannot be told apart.
    pub always_asks: bool,
    /// What the linter found wrong with its step, one sentence each.
    pub faults: Vec<String>,
    /// Why the condition on the probes does not hold; `None` when it holds or there is none.
    pub closed_gate: Option<String>,
    /// The history cannot be written: one sentence.
    pub unwritable: Option<String>,
    /// Who asks: `alice@bastion-1`.
    pub by: String,
    /// What people have said so far.
    pub confirmations: Vec<Confirmation>,
}

impl Request {
    /// The risk that counts: under `--read-only` and on a protected environment a runbook lowers none.
    pub fn risk(&self) -> Risk {
        match &self.lowered {
            Some(lowered) if self.read_only || self.protected => lowered.from.max(self.risk),
            _ => self.risk,
        }
    }

    /// The runbook's lower risk, where it counts.
    pub fn lowered(&self) -> Option<&Lowered> {
        self.lowered.as_ref().filter(|_| self.risk() == self.risk)
    }

    /// What is to be known of a risk that the runbook lowers, whether that counts here or not.
    pub fn lowering(&self) -> Option<String> {
        let lowered = self.lowered.as_ref()?;
        let place = if self.read_only { "in a read-only console" } else { "on a protected environment" };
        Some(match self.lowered() {
            Some(lowered) => lowered.to_string(),
            None => format!(
                "the runbook lowers the risk from {} to {}, which does not count {place}: {}",
                lowered.from, lowered.to, lowered.reason
            ),
        })
    }

    /// Whether somebody gave a reason to do without this.
    pub fn overrides(&self, what: &str) -> bool {
        let overridden = |said: &Confirmation| matches!(said, Confirmation::Override { of, reason } if of == what && !reason.trim().is_empty());
        self.confirmations.iter().any(overridden)
    }
}

/// What the gate says.
#[derive(Debug)]
pub enum Decision {
    Allowed(Permit),
    /// It may start when somebody answers this.
    Ask(Wants),
    /// It may not.
    Refused(Refusal),
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence.
    pub why: String,
    pub because: Because,
}

/// What a refusal comes from, for who chooses by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// `--read-only`.
    ReadOnly,
    /// A program is not on this machine.
    NoProgram,
    /// A document is not there or cannot be read.
    NoFile,
    /// Anything else.
    Rule,
}

impl From<String> for Refusal {
    fn from(why: String) -> Refusal {
        Refusal { why, because: Because::Rule }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// What it takes to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wants {
    Enter,
    /// `y`; everything else is no.
    YesOrNo,
    /// This name, letter by letter.
    Type {
        name: String,
    },
    /// A second person's name, or a reason to do without. `first` cannot be the second.
    SecondPerson {
        first: String,
    },
    /// A reason, because something that should hold does not.
    Reason {
        /// What is overridden by it.
        of: &'static str,
        why: String,
    },
}

/// What an override stands for, in [`Confirmation::Override`].
pub const SECOND_PERSON: &str = Confirmation::SECOND_PERSON;
/// The condition on the probes.
pub const GATE: &str = Confirmation::GATE;
/// What happens cannot be written down now.
pub const JOURNAL: &str = Confirmation::JOURNAL;
/// What the linter found wrong with the step.
pub const LINT_ERRORS: &str = Confirmation::LINT_ERRORS;
/// So many errors are told with the question; all of them are in the notes.
const MOST_FAULTS: usize = 3;

/// The one decision.
pub fn decide(request: &Request) -> Decision {
    if let Some(refusal) = refusal(request) {
        return Decision::Refused(refusal);
    }
    match missing(request) {
        Some(wants) => Decision::Ask(wants),
        None => Decision::Allowed(Permit { code: request.code.clone() }),
    }
}

/// What no answer can change.
fn refusal(request: &Request) -> Option<Refusal> {
    let risk = request.risk();
    if request.mode == Mode::DryRun {
        return Some("this is a dry run: nothing is started".to_owned().into());
    }
    if request.simulated {
        let why = "this platform is simulated: there is nothing to run commands on, and nothing is started";
        return Some(why.to_owned().into());
    }
    if request.read_only && risk > Risk::Read {
        let why = format!("this console is read-only and this is {risk}: start it without --read-only to run it");
        return Some(Refusal { why, because: Because::ReadOnly });
    }
    if request.mode == Mode::Drill && request.protected && risk > Risk::Read {
        let why =
            format!("this is a drill and the environment is protected: nothing above read runs, and this is {risk}");
        return Some(why.into());
    }
    request.mismatches.first().cloned().map(Refusal::from)
}

/// The first thing that nobody has said yet.
fn missing(request: &Request) -> Option<Wants> {
    let said = |wanted: &dyn Fn(&Confirmation) -> bool| request.confirmations.iter().any(wanted);
    let overridden = |what: &str| request.overrides(what);
    if let Some(why) = faults(&request.faults)
        && !overridden(LINT_ERRORS)
    {
        return Some(Wants::Reason { of: LINT_ERRORS, why });
    }
    if let Some(why) = &request.unwritable
        && request.risk() > Risk::Read
        && !overridden(JOURNAL)
    {
        let why = format!("{why}; nothing above read should run until that works again");
        return Some(Wants::Reason { of: JOURNAL, why });
    }
    if let Some(why) = &request.closed_gate
        && !overridden(GATE)
    {
        return Some(Wants::Reason { of: GATE, why: why.clone() });
    }
    let allowed = said(&|c| matches!(c, Confirmation::Allowed { up_to } if *up_to >= request.risk()));
    let typed = said(&|c| matches!(c, Confirmation::Typed { name } if *name == request.target));
    let by_a_person = request.is_for_a_person || request.always_asks;
    let agreed = match request.risk() {
        Risk::Read if !by_a_person => said(&|c| matches!(c, Confirmation::Enter | Confirmation::Yes)),
        Risk::Read | Risk::Change => said(&|c| matches!(c, Confirmation::Yes)),
        Risk::Destructive => typed,
    };
    // Nobody has done by `--confirm` what a person has to do, or has to say.
    if !agreed && (!allowed || by_a_person) {
        return Some(match request.risk() {
            // What people outside see is never only an Enter away.
            Risk::Read if !request.external && !by_a_person => Wants::Enter,
            Risk::Read | Risk::Change => Wants::YesOrNo,
            Risk::Destructive => Wants::Type { name: request.target.clone() },
        });
    }
    let second = said(&|c| matches!(c, Confirmation::Second { by } if is_another(by, &request.by)));
    if request.risk() == Risk::Destructive && request.protected && !second && !overridden(SECOND_PERSON) {
        return Some(Wants::SecondPerson { first: request.by.clone() });
    }
    None
}

/// The errors as the reason why nothing starts.
fn faults(found: &[String]) -> Option<String> {
    let (shown, more) = found.split_at_checked(MOST_FAULTS).unwrap_or((found, &[]));
    let more = if more.is_empty() { String::new() } else { format!("; {} more", more.len()) };
    (!shown.is_empty()).then(|| format!("the runbook is not right on {}{more}", shown.join("; ")))
}

/// What a live run asks before this action, in order. The error is its refusal.
pub fn outline(request: &Request) -> Result<Vec<Wants>, Refusal> {
    let mode = if request.mode == Mode::DryRun { Mode::Live } else { request.mode };
    let mut request = Request { mode, ..request.clone() };
    let mut asked = Vec::new();
    loop {
        match decide(&request) {
            Decision::Refused(why) => return Err(why),
            Decision::Ask(wants) if !asked.contains(&wants) => {
                request.confirmations.push(answer_to(&wants));
                asked.push(wants);
            }
            Decision::Ask(_) | Decision::Allowed(_) => return Ok(asked),
        }
    }
}

/// What somebody would have to say.
fn answer_to(wants: &Wants) -> Confirmation {
    let overrides = |of: &str| Confirmation::Override { of: of.to_owned(), reason: "a reason".to_owned() };
    match wants {
        Wants::Enter => Confirmation::Enter,
        Wants::YesOrNo => Confirmation::Yes,
        Wants::Type { name } => Confirmation::Typed { name: name.clone() },
        Wants::SecondPerson { .. } => overrides(SECOND_PERSON),
        Wants::Reason { of, .. } => overrides(of),
    }
}

impl fmt::Display for Wants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wants::Enter => f.write_str("Enter"),
            Wants::YesOrNo => f.write_str("y"),
            Wants::Type { name } => write!(f, "{name}, typed"),
            Wants::SecondPerson { .. } => f.write_str("a second person, or a reason to go on without one"),
            Wants::Reason { why, .. } => write!(f, "a reason to go on ({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(risk: Risk) -> Request {
        Request {
            code: "kubectl delete deployment portal".into(),
            mode: Mode::Live,
            simulated: false,
            read_only: false,
            protected: false,
            risk,
            lowered: None,
            external: false,
            target: "portal".into(),
            mismatches: Vec::new(),
            is_for_a_person: false,
            always_asks: false,
            faults: Vec::new(),
            closed_gate: None,
            unwritable: None,
            by: "alice@bastion-1".into(),
            confirmations: Vec::new(),
        }
    }

    fn asked(request: &Request) -> Wants {
        match decide(request) {
            Decision::Ask(wants) => wants,
            other => panic!("{other:?}"),
        }
    }

    fn is_allowed(request: &Request) -> bool {
        matches!(decide(request), Decision::Allowed(_))
    }

    fn is_refused(request: &Request) -> bool {
        matches!(decide(request), Decision::Refused(_))
    }

    fn said(request: &Request, confirmations: &[Confirmation]) -> Request {
        Request { confirmations: confirmations.to_vec(), ..request.clone() }
    }

    fn typed(name: &str) -> Confirmation {
        Confirmation::Typed { name: name.into() }
    }

    fn because(of: &str, reason: &str) -> Confirmation {
        Confirmation::Override { of: of.into(), reason: reason.into() }
    }

    #[test]
    fn what_is_asked_grows_with_the_risk() {
        assert_eq!(asked(&request(Risk::Read)), Wants::Enter);
        assert_eq!(asked(&request(Risk::Change)), Wants::YesOrNo);
        assert_eq!(asked(&request(Risk::Destructive)), Wants::Type { name: "portal".into() });
        assert_eq!(asked(&Request { external: true, ..request(Risk::Read) }), Wants::YesOrNo);
    }

    #[test]
    fn a_runbook_lowers_nothing_where_nothing_may_be_lowered() {
        let lowered = Lowered { from: Risk::Destructive, to: Risk::Read, reason: "a scratch copy".into() };
        let request = Request { lowered: Some(lowered.clone()), ..request(Risk::Read) };
        assert_eq!((asked(&request), request.lowered()), (Wants::Enter, Some(&lowered)));
        let sentence = "risk lowered from destructive to read by the runbook: a scratch copy";
        assert_eq!(request.lowering().as_deref(), Some(sentence));
        let protected = Request { protected: true, ..request.clone() };
        assert_eq!(asked(&protected), Wants::Type { name: "portal".into() });
        let up_to = |up_to| Confirmation::Allowed { up_to };
        assert!(!is_allowed(&said(&protected, &[Confirmation::Enter, up_to(Risk::Read), up_to(Risk::Change)])));
        let read_only = Request { read_only: true, ..request };
        assert!(is_refused(&read_only));
        for request in [protected, read_only] {
            assert_eq!(request.lowered(), None);
            assert!(request.lowering().unwrap().contains("which does not count"), "{request:?}");
        }
    }

    #[test]
    fn a_smaller_answer_does_not_do_for_a_greater_risk() {
        assert!(is_allowed(&said(&request(Risk::Read), &[Confirmation::Enter])));
        assert!(!is_allowed(&said(&request(Risk::Change), &[Confirmation::Enter])));
        assert!(is_allowed(&said(&request(Risk::Change), &[Confirmation::Yes])));
        assert!(!is_allowed(&said(&request(Risk::Destructive), &[Confirmation::Enter, Confirmation::Yes])));
        assert!(!is_allowed(&said(&request(Risk::Destructive), &[typed("Portal")])));
        assert!(is_allowed(&said(&request(Risk::Destructive), &[typed("portal")])));
        let allowed = |up_to| said(&request(Risk::Change), &[Confirmation::Allowed { up_to }]);
        assert!(!is_allowed(&allowed(Risk::Read)));
        assert!(is_allowed(&allowed(Risk::Change)));
    }

    #[test]
    fn destroying_something_protected_takes_two_people_or_a_reason() {
        let protected = Request { protected: true, ..request(Risk::Destructive) };
        let second = |by: &str| said(&protected, &[typed("portal"), Confirmation::Second { by: by.into() }]);
        assert_eq!(
            asked(&said(&protected, &[typed("portal")])),
            Wants::SecondPerson { first: "alice@bastion-1".into() }
        );
        assert!(is_allowed(&second("bob")));
        for same in ["alice", "Alice@elsewhere", "", " "] {
            assert!(!is_allowed(&second(same)), "{same}");
        }
        assert!(is_allowed(&said(&protected, &[typed("portal"), because(SECOND_PERSON, "nobody is awake")])));
        assert!(!is_allowed(&said(&protected, &[typed("portal"), because(SECOND_PERSON, " ")])));
        let everything = Confirmation::Allowed { up_to: Risk::Destructive };
        assert!(!is_allowed(&said(&protected, &[everything])), "--confirm is nobody's second person");
    }

    #[test]
    fn a_closed_gate_takes_a_reason_first() {
        let closed = Request { closed_gate: Some("lag is 40 s".into()), ..request(Risk::Read) };
        assert_eq!(
            asked(&said(&closed, &[Confirmation::Enter])),
            Wants::Reason { of: GATE, why: "lag is 40 s".into() }
        );
        assert!(is_allowed(&said(&closed, &[because(GATE, "the replica is gone for good"), Confirmation::Enter])));
        assert!(!is_allowed(&said(&closed, &[because(SECOND_PERSON, "x"), Confirmation::Enter])));
    }

    #[test]
    fn what_cannot_be_written_down_takes_a_reason_first() {
        let full = |risk| Request { unwritable: Some("the disk is full".into()), ..request(risk) };
        assert!(is_allowed(&said(&full(Risk::Read), &[Confirmation::Enter])));
        let change = said(&full(Risk::Change), &[Confirmation::Yes, because(GATE, "x")]);
        assert!(matches!(asked(&change), Wants::Reason { of: JOURNAL, .. }));
        assert!(is_allowed(&said(&full(Risk::Change), &[Confirmation::Yes, because(JOURNAL, "the site is down")])));
    }

    #[test]
    fn an_error_of_the_linter_takes_a_reason_before_anything_else() {
        let faulty = Request { faults: vec!["line 3: sg-xxx is a placeholder".into()], ..request(Risk::Read) };
        let everything = Confirmation::Allowed { up_to: Risk::Destructive };
        match asked(&said(&faulty, &[Confirmation::Enter, everything.clone()])) {
            Wants::Reason { of: LINT_ERRORS, why } => assert!(why.contains("sg-xxx"), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(!is_allowed(&said(&faulty, &[everything.clone(), because(GATE, "x"), because(LINT_ERRORS, " ")])));
        assert!(is_allowed(&said(&faulty, &[everything, because(LINT_ERRORS, "it is called that here")])));
    }

    #[test]
    fn comments_are_done_by_nobody_but_a_person() {
        let comments = Request { is_for_a_person: true, ..request(Risk::Read) };
        let everything = Confirmation::Allowed { up_to: Risk::Destructive };
        assert_eq!(asked(&said(&comments, &[everything, Confirmation::Enter])), Wants::YesOrNo);
        assert!(is_allowed(&said(&comments, &[Confirmation::Yes])));
    }

    #[test]
    fn what_always_asks_is_run_by_no_setting() {
        let everything = Confirmation::Allowed { up_to: Risk::Destructive };
        let always = |risk| Request { always_asks: true, ..request(risk) };
        for risk in [Risk::Read, Risk::Change] {
            assert_eq!(asked(&said(&always(risk), &[everything.clone(), Confirmation::Enter])), Wants::YesOrNo);
            assert!(is_allowed(&said(&always(risk), &[Confirmation::Yes])));
        }
        let destructive = always(Risk::Destructive);
        assert!(!is_allowed(&said(&destructive, &[everything, Confirmation::Yes])));
        assert!(is_allowed(&said(&destructive, &[typed("portal")])));
    }

    #[test]
    fn a_dry_run_knows_what_would_be_asked() {
        let shown = Request { mode: Mode::DryRun, protected: true, ..request(Risk::Destructive) };
        let asked: Vec<String> = outline(&shown).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(asked, ["portal, typed", "a second person, or a reason to go on without one"]);
        assert!(outline(&Request { read_only: true, ..shown.clone() }).unwrap_err().why.contains("read-only"));
        let allowed = said(&request(Risk::Change), &[Confirmation::Allowed { up_to: Risk::Change }]);
        assert_eq!(outline(&allowed), Ok(Vec::new()));
    }

    /// Every combination, with everything said that can be said.
    #[test]
    fn no_answer_opens_what_is_refused() {
        let everything = [
            Confirmation::Enter,
            Confirmation::Yes,
            typed("portal"),
            Confirmation::Allowed { up_to: Risk::Destructive },
            Confirmation::Second { by: "bob".into() },
            because(SECOND_PERSON, "x"),
            because(GATE, "x"),
            because(JOURNAL, "x"),
            because(LINT_ERRORS, "x"),
        ];
        let bits = |n: u32, bit: u32| n & (1 << bit) != 0;
        for risk in Risk::ALL {
            for mode in [Mode::Live, Mode::Drill, Mode::DryRun] {
                for n in 0..512 {
                    let request = Request {
                        mode,
                        simulated: bits(n, 0),
                        read_only: bits(n, 1),
                        protected: bits(n, 2),
                        mismatches: if bits(n, 3) { vec!["the context is another".into()] } else { Vec::new() },
                        unwritable: bits(n, 4).then(|| "the disk is full".into()),
                        closed_gate: bits(n, 5).then(|| "lag is 40 s".into()),
                        faults: if bits(n, 6) { vec!["sg-xxx is a placeholder".into()] } else { Vec::new() },
                        is_for_a_person: bits(n, 7),
                        always_asks: bits(n, 8),
                        ..said(&request(risk), &everything)
                    };
                    let above_read = risk > Risk::Read;
                    let refused = mode == Mode::DryRun
                        || request.simulated
                        || !request.mismatches.is_empty()
                        || above_read && (request.read_only || mode == Mode::Drill && request.protected);
                    assert_eq!(is_refused(&request), refused, "{request:?}");
                    assert_eq!(is_allowed(&request), !refused, "{request:?}");
                    let silent = Request { confirmations: Vec::new(), ..request };
                    assert!(!is_allowed(&silent), "{silent:?}");
                }
            }
        }
    }
}
