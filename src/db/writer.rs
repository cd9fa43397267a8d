//! The one writer of a SQLite database: a thread that takes all jobs waiting, runs each in a savepoint of one transaction,
//! and commits once for all, so that many small writes share one wait for the disk. Knows nothing of what the jobs do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use diesel::QueryResult;
use tokio::sync::oneshot;
use tracing::Span;

use super::conn::{self, Address, Conn};
use super::error::DbError;

/// So many jobs share a transaction at most.
const TOGETHER: usize = 64;

/// What a job answers: its result, or its panic.
type Answer<T, E> = std::thread::Result<Result<T, E>>;

/// The writer's thread and its queue. Ends when it is dropped, after the jobs that wait.
pub(super) struct Writer {
    queue: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread with a connection that is ready; a broken one is opened anew at `address`.
    pub(super) fn start(conn: Conn, address: Address) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let thread = std::thread::Builder::new()
            .name("database-writer".into())
            .spawn(move || work(conn, &address, &jobs))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs the job and waits until it is committed, or undone.
    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let task = Task {
            job: Some(job),
            result: None,
            answer,
            span: Span::current(),
        };
        let queue = self.queue.as_ref().ok_or(DbError::Closed)?;
        queue.send(Box::new(task)).map_err(|_| DbError::Closed)?;
        match waiting.await.map_err(|_| DbError::Closed)? {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // The last handle may be dropped by a job, in the thread itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// A piece of work whose types the queue does not know.
trait Job: Send {
    /// Does the work and keeps what came of it; whether it is to be committed.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Tells the caller, who sees `committed` only where the work itself went well.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Task<T, E, F> {
    job: Option<F>,
    result: Option<Answer<T, E>>,
    answer: oneshot::Sender<Answer<T, E>>,
    span: Span,
}

impl<T, E, F> Job for Task<T, E, F>
where
    T: Send,
    E: From<DbError> + Send,
    F: FnOnce(&mut Conn) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        if let Some(job) = self.job.take() {
            let result = catch_unwind(AssertUnwindSafe(|| self.span.in_scope(|| job(conn))));
            self.result = Some(result);
        }
        matches!(self.result, Some(Ok(Ok(_))))
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let answer = match (self.result, committed) {
            (Some(Ok(Ok(value))), Ok(())) => Ok(Ok(value)),
            (Some(Ok(Ok(_))) | None, Err(error)) => Ok(Err(error.into())),
            (Some(failed), _) => failed,
            (None, Ok(())) => Ok(Err(DbError::Closed.into())),
        };
        // Nobody may be waiting any more: the work is done all the same.
        let _ = self.answer.send(answer);
    }
}

fn work(conn: Conn, address: &Address, jobs: &Receiver<Box<dyn Job>>) {
    let mut open = Some(conn);
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < TOGETHER
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let mut conn = match open.take().map_or_else(|| address.connect(), Ok) {
            Ok(conn) => conn,
            Err(error) => {
                let error = DbError::from(error);
                for job in batch {
                    job.answer(Err(error.clone()));
                }
                continue;
            }
        };
        let result = write_together(&mut conn, &mut batch).map_err(DbError::from);
        if result.is_ok() {
            open = Some(conn);
        } else {
            // What is left of the transaction goes with the connection, before anybody hears of it.
            drop(conn);
        }
        for job in batch {
            job.answer(result.clone());
        }
    }
}

/// Runs the jobs in one transaction. An error undoes all of them; those after the one where it happened have not run.
fn write_together(conn: &mut Conn, batch: &mut [Box<dyn Job>]) -> QueryResult<()> {
    conn::begin_write(conn)?;
    for job in batch {
        conn::savepoint(conn)?;
        if job.run(conn) {
            conn::commit(conn)?;
        } else {
            // A job that panicked inside a savepoint of its own leaves that one open as well.
            while conn::depth(conn)? > 1 {
                conn::roll_back(conn)?;
            }
        }
    }
    conn::commit(conn)
}
