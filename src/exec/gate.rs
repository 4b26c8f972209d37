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

pub use crate::runbook::run::is_another;
use crate::runbook::{
    Risk,
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
    pub risk: Risk,
    /// People outside see it.
    pub external: bool,
    /// What has to be typed before a destructive action: the name of what is destroyed.
    pub target: String,
    /// What was resolved is not what the pack pins for the environment: one sentence each.
    pub mismatches: Vec<String>,
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
    /// It may not. One sentence.
    Refused(String),
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
pub const SECOND_PERSON: &str = "second person";
/// The condition on the probes.
pub const GATE: &str = "gate";
/// What happens cannot be written down now.
pub const JOURNAL: &str = "journal";

/// The one decision.
pub fn decide(request: &Request) -> Decision {
    if let Some(sentence) = refusal(request) {
        return Decision::Refused(sentence);
    }
    match missing(request) {
        Some(wants) => Decision::Ask(wants),
        None => Decision::Allowed(Permit { code: request.code.clone() }),
    }
}

/// What no answer can change.
fn refusal(request: &Request) -> Option<String> {
    let Request { risk, .. } = request;
    if request.mode == Mode::DryRun {
        return Some("this is a dry run: nothing is started".to_owned());
    }
    if request.simulated {
        return Some(
            "this platform is simulated: there is nothing to run commands on, and nothing is started".to_owned(),
        );
    }
    if request.read_only && *risk > Risk::Read {
        return Some(format!("this console is read-only and this is {risk}: start it without --read-only to run it"));
    }
    if request.mode == Mode::Drill && request.protected && *risk > Risk::Read {
        return Some(format!(
            "this is a drill and the environment is protected: nothing above read runs, and this is {risk}"
        ));
    }
    if let Some(mismatch) = request.mismatches.first() {
        return Some(mismatch.clone());
    }
    None
}

/// The first thing that nobody has said yet.
fn missing(request: &Request) -> Option<Wants> {
    let said = |wanted: &dyn Fn(&Confirmation) -> bool| request.confirmations.iter().any(wanted);
    let overridden = |what: &str| request.overrides(what);
    if let Some(why) = &request.unwritable
        && request.risk > Risk::Read
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
    let allowed = said(&|c| matches!(c, Confirmation::Allowed { up_to } if *up_to >= request.risk));
    let typed = said(&|c| matches!(c, Confirmation::Typed { name } if *name == request.target));
    let agreed = match request.risk {
        Risk::Read => said(&|c| matches!(c, Confirmation::Enter | Confirmation::Yes)),
        Risk::Change => said(&|c| matches!(c, Confirmation::Yes)),
        Risk::Destructive => typed,
    };
    if !agreed && !allowed {
        return Some(match request.risk {
            // What people outside see is never only an Enter away.
            Risk::Read if !request.external => Wants::Enter,
            Risk::Read | Risk::Change => Wants::YesOrNo,
            Risk::Destructive => Wants::Type { name: request.target.clone() },
        });
    }
    let second = said(&|c| matches!(c, Confirmation::Second { by } if is_another(by, &request.by)));
    if request.risk == Risk::Destructive && request.protected && !second && !overridden(SECOND_PERSON) {
        return Some(Wants::SecondPerson { first: request.by.clone() });
    }
    None
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
            external: false,
            target: "portal".into(),
            mismatches: Vec::new(),
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
        ];
        let bits = |n: u32, bit: u32| n & (1 << bit) != 0;
        for risk in Risk::ALL {
            for mode in [Mode::Live, Mode::Drill, Mode::DryRun] {
                for n in 0..64 {
                    let request = Request {
                        mode,
                        simulated: bits(n, 0),
                        read_only: bits(n, 1),
                        protected: bits(n, 2),
                        mismatches: if bits(n, 3) { vec!["the context is another".into()] } else { Vec::new() },
                        unwritable: bits(n, 4).then(|| "the disk is full".into()),
                        closed_gate: bits(n, 5).then(|| "lag is 40 s".into()),
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
