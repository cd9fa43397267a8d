//! How a run hears that it, or the whole program, is asked to end: it finishes the writes in hand, then stops.

use futures_util::future::select_all;
use tokio::sync::watch;

/// Tells whether somebody asks to end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(Vec<watch::Receiver<bool>>);

/// Asks to end.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Asks everybody who has a [`Stop`] to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// A pair of them.
pub fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(vec![receiver]))
}

impl Stop {
    /// One that hears whoever asks either of them.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// Whether somebody asks to end.
    pub fn asked(&self) -> bool {
        self.0.iter().any(|one| *one.borrow())
    }

    /// Waits until somebody asks to end; for ever where nobody can ask any more.
    pub async fn wait(&self) {
        let ask = |receiver: &watch::Receiver<bool>| {
            let mut receiver = receiver.clone();
            Box::pin(async move {
                if receiver.wait_for(|asked| *asked).await.is_err() {
                    std::future::pending::<()>().await;
                }
            })
        };
        select_all(self.0.iter().map(ask)).await;
    }
}
