//! The lab's own runtime, so that its servers answer whatever the test's thread or runtime is busy with.

use std::{
    future::Future,
    sync::{LazyLock, mpsc},
};

use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    // Tests that use TLS need a process-wide provider; a second installation is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Builder::new_multi_thread().worker_threads(2).thread_name("lab").enable_all().build().unwrap()
});

/// Runs `work` on the lab's runtime and blocks until it is done. Works inside an async test too.
pub fn background<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let (done, result) = mpsc::sync_channel(1);
    RUNTIME.spawn(async move { done.send(work.await) });
    result.recv().expect("the lab's work panicked; see above")
}

/// Starts `work` on the lab's runtime; aborting the handle ends it.
pub fn start(work: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
    RUNTIME.spawn(work).abort_handle()
}
