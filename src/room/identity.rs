//! Who acts, as it stands in every event.

use warroom_host::identity;
use warroom_runbook::run::named;

/// `alice@bastion-1`, or `root@bastion-1 (login alice)` for somebody who has become another user since they logged in.
pub fn responder() -> String {
    named(&identity::user(), &identity::machine(), identity::logged_in().as_deref())
}
