//! Decides whether an action may start. A [`Permit`] is made nowhere else.

/// Proof that the gate let one action through. Not to be copied: one permit starts one action.
#[derive(Debug)]
pub struct Permit {
    _made_by_the_gate: (),
}
