//! How dangerous an action is to the platform, and the reasons that are shown with it.
//!
//! Read is a proof: a command counts as `read` only when every word of it is understood and none of them does more. The commands come from
//! `runbook::shell` and `runbook::sql`, what their words do from the grammar in `runbook::program`. The worst counts:
//!
//! - one word that is not understood makes a command `change`; an unknown sub-command, or an unknown option before it, `destructive`;
//! - a program without a grammar is `change`, and `destructive` when its name or verb says that it removes or stops something;
//! - text that is no shell or no SQL, and code that is put together at run time (`eval "$X"`, `curl … | sh`), is `destructive`;
//! - a program whose name is an expansion is `destructive`, unless the name's last part is known (`"$PGBIN/psql"`) or the variable is
//!   set to known text in the same action;
//! - a variable of the run counts as one plain word until its value is known: the gate puts it in and looks again ([`filled`]).
//!
//! | module | what it is |
//! | --- | --- |
//! | `assess` | one action: all of its commands, the worst of them |
//! | `findings` | what was found out of it, and what it comes to |
//! | `command` | one command against the grammar of its program |
//! | `words` | words as far as they are known before anything runs |
//! | `fill` | variables replaced by their values |
//! | `files` | what redirects write to |
//! | `session` | variables and files that later programs obey |
//! | `shell_text` | shell that runs text |
//! | `scripts` | sed, awk, and SQL of clients other than psql |
//! | `database` | SQL and psql |
//! | `redis_cli` | redis-cli |
//! | `http` | curl and wget |
//! | `knowledge` | SQL, Redis commands and addresses: the data |

mod assess;
mod command;
mod database;
mod files;
mod fill;
mod findings;
mod http;
mod knowledge;
mod redis_cli;
mod scripts;
mod session;
mod shell_text;
mod words;

pub use assess::{assess, assess_script};
pub use fill::filled;
pub use session::{obeyed, taints, written_settings};

use std::{fmt, ops::Range};

use serde::{Deserialize, Serialize};

/// What an action can do to the platform. The order is the order of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// It looks and changes nothing.
    Read,
    /// It changes something that can be changed back. Unknown programs count as this.
    #[default]
    Change,
    /// It destroys something, or cannot be undone, or stops the service.
    Destructive,
}

impl Risk {
    pub const ALL: [Risk; 3] = [Risk::Read, Risk::Change, Risk::Destructive];

    pub fn word(self) -> &'static str {
        match self {
            Risk::Read => "read",
            Risk::Change => "change",
            Risk::Destructive => "destructive",
        }
    }
}

impl std::str::FromStr for Risk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Risk::ALL.into_iter().find(|risk| risk.word() == text);
        known.ok_or_else(|| format!("{text} is none of read, change, destructive"))
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What was found out about one action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Assessment {
    /// The risk that counts: the worst of the commands, raised or lowered by the runbook.
    pub risk: Risk,
    /// People outside see it: status page, mail, DNS.
    pub external: bool,
    /// Why, the worst first; never empty.
    pub reasons: Vec<Reason>,
    /// Names of what is destroyed or changed, as the commands say them (`deployment/api`, `portal`): what a person has to
    /// type. May hold `$VARIABLE`s.
    pub targets: Vec<String>,
    /// The runbook's own word against what the commands say, with its reason when it lowers.
    pub declared: Option<Declared>,
}

impl Assessment {
    /// What counts where nobody may lower a risk: the runbook may still raise it.
    pub fn unlowered(&self) -> Risk {
        self.declared.as_ref().map_or(self.risk, |declared| declared.computed.max(self.risk))
    }

    /// Adds a reason from outside of the commands, which no word of the runbook lowers.
    pub fn at_least(&mut self, reason: Reason) {
        self.risk = self.risk.max(reason.risk);
        if let Some(declared) = &mut self.declared {
            declared.computed = declared.computed.max(reason.risk);
        }
        self.reasons.push(reason);
        self.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.risk));
    }

    /// The runbook's own lower risk, with its reason. Without a reason nothing is lowered.
    pub fn lowered(&self) -> Option<Lowered> {
        let declared = self.declared.as_ref().filter(|declared| self.risk < declared.computed)?;
        Some(Lowered { from: declared.computed, to: self.risk, reason: declared.reason.clone()? })
    }
}

/// A risk that the runbook lowers. As text it is the sentence that stands wherever the risk is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    /// What the commands alone would be.
    pub from: Risk,
    pub to: Risk,
    pub reason: String,
}

impl fmt::Display for Lowered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "risk lowered from {} to {} by the runbook: {}", self.from, self.to, self.reason)
    }
}

/// One reason for a risk: `kubectl delete removes objects from the cluster`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub risk: Risk,
    /// One plain sentence, no full stop, that starts with the command.
    pub text: String,
    /// Bytes in the action's code.
    pub span: Range<usize>,
}

/// `risk=…` in a fence's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub risk: Risk,
    /// What the commands alone would be.
    pub computed: Risk,
    /// `because="…"`: needed to lower, else the computed risk stays.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests;
