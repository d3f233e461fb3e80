//! Looks up names, a few at a time. The operating system's lookup cannot be cancelled: it holds a thread
//! until the name servers answer or it gives up, long after the attempt's time is over. So a lookup keeps
//! its slot until it has really ended, and each tenant has only some of the slots.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use hooklane_domain::ids::TenantId;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Lookups that run at once in one instance, each in a thread.
const MAX_RUNNING: usize = 16;
/// Those of one tenant.
const MAX_OF_TENANT: usize = 4;
/// How long an attempt waits for a lookup, a slot included.
const MAX_WAIT: Duration = Duration::from_secs(4);

/// Looks up the addresses of a name, without judging them.
pub(crate) trait Lookup: Send + Sync {
    fn addresses(
        &self,
        name: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The resolver of the operating system.
pub(crate) struct System;

impl Lookup for System {
    fn addresses(
        &self,
        name: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The addresses, or why there are none, as the webhook's owner may read it.
type Answer = Result<Vec<IpAddr>, String>;

/// All lookups of an instance.
#[derive(Clone)]
pub(crate) struct Lookups {
    lookup: Arc<dyn Lookup>,
    slots: Arc<Semaphore>,
    tenants: Arc<Mutex<HashMap<TenantId, Weak<Semaphore>>>>,
    running: Arc<Mutex<HashMap<String, Running>>>,
}

/// A lookup that everybody who asks for the same name waits for.
#[derive(Clone)]
struct Running {
    since: Instant,
    answer: Shared<BoxFuture<'static, Answer>>,
}

impl Lookups {
    pub(crate) fn new(lookup: Arc<dyn Lookup>) -> Self {
        Self {
            lookup,
            slots: Arc::new(Semaphore::new(MAX_RUNNING)),
            tenants: Arc::default(),
            running: Arc::default(),
        }
    }

    /// The addresses of a name, for a tenant's webhook.
    pub(crate) async fn addresses(&self, tenant: &TenantId, name: &str) -> Answer {
        match timeout(MAX_WAIT, self.answer(tenant, name)).await {
            Ok(answer) => answer,
            Err(_) => Err(no_answer()),
        }
    }

    async fn answer(&self, tenant: &TenantId, name: &str) -> Answer {
        if let Some(running) = self.running_for(name) {
            return running.answer().await;
        }
        let of_tenant = self.slots_of(tenant);
        let (Ok(of_tenant), Ok(slot)) =
            (of_tenant.acquire_owned().await, Arc::clone(&self.slots).acquire_owned().await)
        else {
            unreachable!("the semaphores are never closed")
        };
        // Another attempt may have begun the same lookup while this one waited for its slots.
        let running = self.running_for(name).unwrap_or_else(|| self.begin(name, (of_tenant, slot)));
        running.answer().await
    }

    /// Begins a lookup that runs to its end, whoever still waits for it.
    fn begin(&self, name: &str, slots: impl Send + 'static) -> Running {
        let asked = self.lookup.addresses(name.to_owned());
        let (running, owned) = (Arc::clone(&self.running), name.to_owned());
        let task = tokio::spawn(async move {
            let found = asked.await;
            lock(&running).remove(&owned);
            drop(slots);
            found.map_err(|error| error.to_string())
        });
        let answer = async move { task.await.unwrap_or_else(|_| Err(no_answer())) };
        let begun = Running { since: Instant::now(), answer: answer.boxed().shared() };
        lock(&self.running).insert(name.to_owned(), begun.clone());
        begun
    }

    fn running_for(&self, name: &str) -> Option<Running> {
        lock(&self.running).get(name).cloned()
    }

    fn slots_of(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = lock(&self.tenants);
        if let Some(slots) = tenants.get(tenant).and_then(Weak::upgrade) {
            return slots;
        }
        tenants.retain(|_, slots| slots.strong_count() > 0);
        let slots = Arc::new(Semaphore::new(MAX_OF_TENANT));
        tenants.insert(tenant.clone(), Arc::downgrade(&slots));
        slots
    }
}

impl Running {
    /// A lookup that has run for longer than anybody waits is not waited for again.
    async fn answer(self) -> Answer {
        if self.since.elapsed() >= MAX_WAIT { Err(no_answer()) } else { self.answer.await }
    }
}

fn no_answer() -> String {
    "the name servers do not answer".to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
