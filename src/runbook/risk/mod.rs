//! How dangerous an action is to the platform, and the reasons that are shown with it.
//!
//! The commands and the SQL are taken apart by `runbook::shell` and `runbook::sql` and looked up in a table, the files of `table/`. The worst
//! counts. What cannot be known counts as bad as it may be:
//!
//! - a program that the table does not know is `change`;
//! - text that is no shell or no SQL, and code that is put together at run time (`eval "$X"`, `curl … | sh`), is `destructive`;
//! - a program whose name is an expansion is `destructive`, unless the name's last part is known (`"$PGBIN/psql"`) or the variable is
//!   set to known text in the same action;
//! - a verb that is an expansion counts as the worst verb of its program.
//!
//! To teach it a program, add rows to a file of `table/`: each carries an example, which a test tries.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`table`] | the table, read from its file, and how a row matches |
//! | `assess` | one action: all of its commands, the worst of them |
//! | `database` | SQL and psql |
//! | `redis_cli` | redis-cli |
//! | `http` | curl and wget |
//! | `files` | what redirects write to |

mod assess;
mod database;
mod files;
mod http;
mod redis_cli;
pub mod table;

pub use assess::{assess, assess_script};

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
