//! What the counting of usage reads and writes, behind calls that fail.

use std::collections::BTreeSet;
use std::time::Duration;

use hooklane_app::ports::{
    ActiveTenants, AttemptLog, DeletedWebhooks, LogFilter, LogPage, Unavailable, UsagePage,
    UsageStore,
};
use hooklane_app::usage::{Budget, count};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt_log::is_prompt;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, FailedAt, Status};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::operational::is_operational;
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Kind, Pace};
use hooklane_domain::usage::{Figures, MonthUsage, Span};
use jiff::SignedDuration;

use super::behind_calls::behind_calls;
use super::pipeline::Pipeline;
use super::port::Port;
use super::tenants::TENANTS;

behind_calls! {
    AttemptLog {
        "attempts.kept" kept(tenant: &TenantId, webhook: WebhookId, filter: &LogFilter) -> LogPage;
    }
    ActiveTenants {
        "usage.note_active" note_active(tenant: &TenantId, now: Timestamp) -> ();
        "usage.active" active(after: Option<&TenantId>, limit: usize) -> Vec<TenantId>;
    }
    DeletedWebhooks {
        "usage.note_deleted" note_deleted(tenant: &TenantId, webhook: WebhookId, now: Timestamp) -> ();
        "usage.deleted" deleted(tenant: &TenantId, after: Option<WebhookId>, limit: usize) -> Vec<WebhookId>;
    }
    UsageStore {
        "usage.add" add_usage(tenant: &TenantId, span: Span, counted: Figures) -> ();
        "usage.finish" finish_usage(tenant: &TenantId, day: Day, recounted: Figures) -> ();
        "usage.of" usage_of(tenant: &TenantId, months: &[Month]) -> Vec<MonthUsage>;
        "usage.in" usage_in(month: Month, after: Option<&TenantId>, limit: usize) -> UsagePage;
        "usage.counting" counting(kind: Kind) -> Option<Counting>;
        "usage.save_counting" save_counting(counting: &Counting) -> bool;
    }
}

impl Pipeline {
    /// Counts usage, through all faults, once nothing of the run can change, and compares it with what producers
    /// published and what the ledger says of each delivery. Returns the number of calls that it took.
    pub(crate) async fn check_usage(&self) -> usize {
        let (environment, faulty) = (&self.environment, Port::new(&self.environment, "upkeep"));
        let end = Day::of(environment.now()).end();
        environment.advance(SignedDuration::from_hours(24 * 6));
        let pace = Pace { every: Duration::from_hours(1), lag: Duration::from_secs(40) };
        let budget = Budget { reads: 200, until: Timestamp::MAX };
        let mut calls = 0;
        loop {
            calls += 1;
            assert!(calls < 10_000, "the count does not end");
            // What fails is made again by the next run.
            let stores = (&faulty, &faulty);
            drop(count(stores, &faulty, (Kind::Final, pace), budget).await);
            let counting = environment.ledger.counting(Kind::Final).await.unwrap();
            if counting.is_some_and(|counting| counting.until >= end) {
                break;
            }
        }
        for tenant in TENANTS {
            self.check_usage_of(&tenant.parse().unwrap()).await;
        }
        calls
    }

    async fn check_usage_of(&self, tenant: &TenantId) {
        let environment = &self.environment;
        let month = Day::of(self.began_at).month();
        let months = month.through(Day::of(environment.now()).month(), 13);
        let usage = environment.ledger.usage_of(tenant, &months).await.unwrap();
        let mut found = Figures::default();
        for month in &usage {
            assert!(month.days.values().all(|day| day.is_final), "{month:?}");
            found += month.total();
        }
        let (mut events, mut bytes) = (0, 0);
        for ((owner, _), published) in &environment.journal.entries().published {
            if owner == tenant {
                (events, bytes) = (events + 1, bytes + published.data.len() as u64);
            }
        }
        assert_eq!((found.events, found.event_bytes), (events, bytes), "{tenant}");
        let deliveries = environment.ledger.all_deliveries();
        let ours = deliveries.iter().filter(|d| d.tenant == *tenant);
        let ours: Vec<_> = ours.filter(|d| !is_operational(&d.event_type)).collect();
        let delivered: Vec<_> =
            ours.iter().filter(|d| d.status() == Status::Delivered).copied().collect();
        let overwritten = self.overwritten(tenant, &delivered).await;
        assert_eq!(found.deliveries + overwritten, delivered.len() as u64, "{tenant}");
        assert!(overwritten < 20, "{overwritten}");
        // An attempt whose invocation was killed after it was kept is in the log, and in no delivery.
        let attempts: u64 = ours.iter().map(|d| u64::from(d.attempts)).sum();
        let shared = ours.iter().filter(|delivery| share_an_item(delivery)).count() as u64;
        assert!(found.attempts + shared >= attempts, "{} of {attempts}", found.attempts);
        assert!(found.attempts < attempts + attempts / 10, "{} of {attempts}", found.attempts);
        assert_eq!((found.unmeasured, found.unreadable), (0, 0), "{tenant}");
        assert!(found.attempt_bytes > found.attempts * 50, "{found:?}");
    }

    /// Late successes whose item another attempt of the same millisecond and number wrote over. In a run many
    /// things share a millisecond; such twins share one item, which the log shows as one attempt.
    async fn overwritten(&self, tenant: &TenantId, delivered: &[&Delivery]) -> u64 {
        let all = LogFilter { began: TimeRange::default(), from: None, limit: usize::MAX };
        let mut succeeded = BTreeSet::new();
        for webhook in &self.webhooks {
            let page = self.environment.ledger.kept(tenant, webhook.id, &all).await.unwrap();
            let successes = page.entries.into_iter().filter(|e| e.attempt.outcome.is_success());
            succeeded.extend(successes.map(|e| (e.delivery, e.attempt.at, e.attempt.number)));
        }
        let is_lost = |delivery: &&&Delivery| {
            let success = delivery.success.as_ref().unwrap();
            let key = (Some(delivery.id.clone()), success.at, success.number);
            !is_prompt(delivery.id.accepted_at(), success.at) && !succeeded.contains(&key)
        };
        delivered.iter().filter(is_lost).count() as u64
    }
}

/// Whether an attempt of this delivery failed that began in the same millisecond as its success, with the same
/// number. The two share one item of the log.
fn share_an_item(delivery: &Delivery) -> bool {
    let success = delivery.success.as_ref();
    success.is_some_and(|success| {
        let twin = |failed: &FailedAt| (failed.number, failed.at) == (success.number, success.at);
        !is_prompt(delivery.id.accepted_at(), success.at) && delivery.failed_at.iter().any(twin)
    })
}
