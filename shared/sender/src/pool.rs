//! Idle connections, kept for a second, and only while other attempts are under way. A function may be frozen as
//! soon as none is: what is idle then would stay open for minutes, and a receiver that serves one connection at a
//! time would serve nobody else.
//!
//! A connection was judged by the rules of the webhook that made it, so it serves only webhooks with equal rules.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hooklane_domain::ids::TenantId;
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::target::Origin;
use tokio::time::Instant;

use crate::connection::Connection;

/// Receivers close idle connections soon, and some serve only one connection at a time.
const MAX_IDLE_TIME: Duration = Duration::from_secs(1);
const MAX_IDLE: usize = 64;

/// What a connection may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) origin: Origin,
    /// The tenant, if the operator listed ranges for some tenants only.
    pub(crate) tenant: Option<TenantId>,
    /// The webhook's own ranges.
    pub(crate) only: Option<TargetCidrs>,
}

#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Idle>>);

#[derive(Default)]
struct Idle {
    /// The longest idle first.
    connections: VecDeque<(Instant, Key, Connection)>,
    is_swept: bool,
    /// The attempts that are under way.
    under_way: usize,
}

/// An attempt that is under way. When the last one ends, nothing stays idle.
pub(crate) struct UnderWay(Pool);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut idle = self.0.lock();
        idle.under_way -= 1;
        if idle.under_way == 0 {
            idle.connections.clear();
        }
    }
}

impl Pool {
    /// Begins an attempt.
    pub(crate) fn begin(&self) -> UnderWay {
        self.lock().under_way += 1;
        UnderWay(self.clone())
    }

    /// The connection that has been idle for the shortest time, if it still lives.
    pub(crate) async fn take(&self, key: &Key) -> Option<Connection> {
        while let Some(mut connection) = self.pop(key) {
            if connection.is_quiet().await {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose last answer is complete.
    pub(crate) async fn put(&self, key: Key, mut connection: Connection) {
        if !connection.is_quiet().await {
            return;
        }
        let mut idle = self.lock();
        if idle.under_way <= 1 {
            return;
        }
        if idle.connections.len() == MAX_IDLE {
            idle.connections.pop_front();
        }
        idle.connections.push_back((Instant::now(), key, connection));
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.0)));
        }
    }

    fn pop(&self, key: &Key) -> Option<Connection> {
        let mut idle = self.lock();
        idle.drop_expired();
        let found = idle.connections.iter().rposition(|(_, other, _)| other == key)?;
        idle.connections.remove(found).map(|(_, _, connection)| connection)
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        lock(&self.0)
    }
}

impl Idle {
    fn drop_expired(&mut self) {
        while self.connections.front().is_some_and(|(since, ..)| since.elapsed() >= MAX_IDLE_TIME) {
            self.connections.pop_front();
        }
    }
}

/// Closes connections when their time is over, as long as there are any.
async fn sweep(pool: std::sync::Weak<Mutex<Idle>>) {
    loop {
        let Some(idle) = pool.upgrade() else { return };
        let next = {
            let mut idle = lock(&idle);
            idle.drop_expired();
            let next = idle.connections.front().map(|(since, ..)| *since + MAX_IDLE_TIME);
            idle.is_swept = next.is_some();
            next
        };
        drop(idle);
        match next {
            Some(next) => tokio::time::sleep_until(next).await,
            None => return,
        }
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
