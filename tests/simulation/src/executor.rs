//! Runs futures on one thread, in an order that follows from what woke them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// Futures under way. Nothing runs but in [`Tasks::run_ready`].
pub(crate) struct Tasks<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
    ready: Arc<Ready>,
}

struct Slot<T> {
    task: Option<Task<T>>,
    waker: Waker,
}

/// The slots whose tasks were woken, in that order.
#[derive(Default)]
struct Ready(Mutex<VecDeque<usize>>);

impl Ready {
    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct SlotWaker {
    slot: usize,
    ready: Arc<Ready>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.lock().push_back(self.slot);
    }
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), ready: Arc::default() }
    }
}

impl<T> Tasks<T> {
    /// Adds a task, ready to run.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = T> + 'static) {
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = self.slots.len();
            let waker = Waker::from(Arc::new(SlotWaker { slot, ready: Arc::clone(&self.ready) }));
            self.slots.push(Slot { task: None, waker });
            slot
        });
        self.slots[slot].task = Some(Box::pin(task));
        self.ready.lock().push_back(slot);
    }

    /// Runs the tasks that are ready until one of them ends; what it ended with. `None` means that
    /// every task waits.
    pub(crate) fn run_ready(&mut self) -> Option<T> {
        loop {
            let slot = self.ready.lock().pop_front()?;
            let Slot { task, waker } = &mut self.slots[slot];
            let Some(running) = task else { continue };
            if let Poll::Ready(ended) = running.as_mut().poll(&mut Context::from_waker(waker)) {
                *task = None;
                self.free.push(slot);
                return Some(ended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_run_in_the_order_in_which_they_were_woken() {
        let mut tasks = Tasks::default();
        for number in 1..=3 {
            tasks.spawn(async move {
                if number == 1 {
                    let mut yielded = false;
                    std::future::poll_fn(|context| {
                        context.waker().wake_by_ref();
                        if std::mem::replace(&mut yielded, true) {
                            Poll::Ready(())
                        } else {
                            Poll::Pending
                        }
                    })
                    .await;
                }
                number
            });
        }
        let ended: Vec<_> = std::iter::from_fn(|| tasks.run_ready()).collect();
        assert_eq!(ended, [2, 3, 1]);
    }

    #[test]
    fn a_task_that_waits_does_not_run() {
        let mut tasks = Tasks::default();
        tasks.spawn(std::future::pending::<()>());
        assert_eq!(tasks.run_ready(), None);
        assert_eq!(tasks.run_ready(), None);
    }
}
