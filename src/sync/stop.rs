//! How a run hears that the program is asked to end: it finishes the writes in hand, then stops.

use tokio::sync::watch;

/// Tells whether the program is asked to end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Asks the program to end.
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
    (Stopper(sender), Stop(receiver))
}

impl Stop {
    /// Whether the program is asked to end.
    pub fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the program is asked to end; for ever where nobody can ask any more.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
