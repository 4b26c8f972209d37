//! Follows an incident while others write: the kernel's notice, and a look every so often where there is none.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{Batch, Source};

/// How often is looked without any notice. Always, too: network file systems tell nothing of what other machines write, and a
/// look costs a few system calls for each log.
pub const LOOK_EVERY: Duration = Duration::from_millis(500);

enum Wake {
    Look,
    Stop,
}

/// Follows a source on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct Follower {
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Gives `sink` everything that is there, then the news, in the order in which they are found; an error when looking
    /// fails, once until it works again. `sink` is called on the follower's thread; when it returns false, following ends.
    pub fn start(
        mut source: impl Source + 'static,
        look_every: Duration,
        mut sink: impl FnMut(Result<Vec<Batch>, String>) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let notices = wake.clone();
        let run = move || {
            let mut watcher = None;
            let mut failed = None;
            loop {
                // Again and again until it works: the folder may come later, or the watches may have been used up.
                watcher = watcher.or_else(|| watch(&source, notices.clone()));
                let news = source.poll();
                let tell = match &news {
                    Ok(batches) => {
                        failed = None;
                        !batches.is_empty()
                    }
                    Err(why) => failed.replace(why.clone()).as_ref() != Some(why),
                };
                if tell && !sink(news) {
                    return;
                }
                match woken.recv_timeout(look_every) {
                    Ok(Wake::Look) | Err(RecvTimeoutError::Timeout) => {}
                    Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                }
                // One look serves all notices that have come by now.
                while let Ok(more) = woken.try_recv() {
                    if matches!(more, Wake::Stop) {
                        return;
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("journal-follow".to_owned()).spawn(run)?;
        Ok(Follower { wake, thread: Some(thread) })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Either fails only when the thread has ended.
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(source: &impl Source, wake: Sender<Wake>) -> Option<RecommendedWatcher> {
    let folder = source.watched()?;
    let heard = move |event: notify::Result<notify::Event>| {
        // Our own reading is no news.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            let _ = wake.send(Wake::Look);
        }
    };
    let mut watcher = notify::recommended_watcher(heard).ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
