//! The platform pack: what is operated, as data, with its validation. Pure: text comes in, values go out.

pub mod bounds;
mod calculation;
mod diagnostic;
mod expression;
pub mod kinds;
mod load;
mod nearest;
mod pack;
pub mod period;
mod probe_spec;
pub mod promql;
mod scenario;
mod text;

pub use diagnostic::{Diagnostic, Position, Severity as DiagnosticSeverity};
pub use expression::{Expression, ExpressionError, Limit, Members, Shared};
pub use load::{Loaded, PackFiles, ScenarioFile, UnreadableFile, parse};
pub use nearest::{nearest, suggestion};
pub use pack::*;
pub use probe_spec::*;
pub use scenario::{Saying, Scenario, ScenarioStatus};
pub use text::SecretText;
