//! Waiting for a condition instead of sleeping.

use std::{
    future::Future,
    time::{Duration, Instant},
};

const POLL: Duration = Duration::from_millis(20);

/// Blocks until `condition` holds; panics with `what` when it does not within `timeout`.
#[track_caller]
pub fn wait_until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < timeout, "waited {timeout:?} in vain until {what}");
        std::thread::sleep(POLL);
    }
}

/// [`wait_until`] for conditions that await. The time limit also bounds a condition that never answers.
pub async fn wait_until_async<F: Future<Output = bool>>(
    what: &str,
    timeout: Duration,
    mut condition: impl FnMut() -> F,
) {
    let poll = async {
        while !condition().await {
            tokio::time::sleep(POLL).await;
        }
    };
    if tokio::time::timeout(timeout, poll).await.is_err() {
        panic!("waited {timeout:?} in vain until {what}");
    }
}
