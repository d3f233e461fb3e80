//! The figures at the end of a run, against a recount that uses none of their code: of what receivers answered,
//! of what producers published, and of which requests the ledger was told of.

use std::collections::BTreeMap;

use hooklane_app::figures::{self, Asking, SeriesOf};
use hooklane_domain::delivery::period::Period;
use hooklane_domain::delivery::statistics;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::figures::report::{Report, Step, Window};
use hooklane_domain::figures::series::{Metric, lines};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::operational::is_operational;
use jiff::SignedDuration;

use super::figures::RETENTION;
use super::journal::Record;
use super::pipeline::Pipeline;
use super::tenants::TENANTS;

/// What both count.
#[derive(Debug, Default, Clone, PartialEq)]
struct Count {
    by_status: BTreeMap<String, u64>,
    by_type: BTreeMap<String, (u64, u64)>,
    by_failure: BTreeMap<String, u64>,
    attempts: u64,
    attempted: u64,
    retries: u64,
    /// The sum of the durations of each delivery's last attempt.
    last_took_ms: u64,
    /// By the hour in which the events were accepted, counted from 1970.
    by_hour: BTreeMap<i64, u64>,
}

impl Count {
    fn add(&mut self, delivery: &Delivery, event_type: &str, record: &Record) {
        let recorded: Vec<_> = record.answers.iter().filter(|a| a.is_recorded).collect();
        let accepted = recorded.iter().any(|answer| answer.accepted);
        let status = match delivery.state {
            State::Delivered { .. } => "delivered",
            State::Failed { .. } => "failed",
            State::Cancelled { .. } => "cancelled",
            State::Waiting { .. } | State::Parked { .. } => panic!("{delivery:?} has not ended"),
        };
        assert_eq!(status == "delivered", accepted, "what the receiver says of {delivery:?}");
        let attempts = recorded.len() as u64;
        *self.by_status.entry(status.to_owned()).or_default() += 1;
        let of_type = self.by_type.entry(event_type.to_owned()).or_default();
        *of_type = (of_type.0 + 1, of_type.1 + u64::from(accepted));
        for answer in recorded.iter().filter(|answer| !answer.accepted) {
            *self.by_failure.entry(answer.with.to_owned()).or_default() += 1;
        }
        self.attempts += attempts;
        self.attempted += u64::from(attempts > 0);
        self.retries += attempts.saturating_sub(1);
        self.last_took_ms += record.last.map_or(0, |last| record.answers[last].took_ms);
        let hour = delivery.id.accepted_at().as_second().div_euclid(3_600);
        *self.by_hour.entry(hour).or_default() += 1;
    }

    /// What the routes say.
    fn of_answers(total: &Report, hours: &Report) -> Self {
        assert!(!total.is_cut && !hours.is_cut, "all of it was counted");
        let statistics::Figures {
            by_status,
            by_type,
            by_failure,
            attempts,
            attempted,
            retries,
            response,
            ..
        } = total.total().figures();
        let average = response.map_or(0.0, |response| response.average);
        let (starts, values) = lines(hours, Metric::Deliveries, None);
        let by_hour = starts.iter().zip(&values[0].values);
        let by_hour = by_hour.map(|(at, count)| (at.0.div_euclid(60), whole(count.unwrap())));
        Self {
            by_status: by_status
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(status, count)| (status.as_str().to_owned(), count))
                .collect(),
            by_type: by_type
                .into_iter()
                .map(|of| (of.event_type.unwrap().to_string(), (of.total, of.successful)))
                .collect(),
            by_failure: by_failure.into_iter().map(|(what, n)| (what.to_string(), n)).collect(),
            attempts,
            attempted,
            retries,
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            last_took_ms: whole(average * attempted as f64),
            by_hour: by_hour.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

impl Pipeline {
    /// Compares the figures of each webhook and of each tenant with the recount: at once, while the last minutes
    /// are not settled; once everything has settled; and counted anew from nothing.
    pub(crate) async fn check_figures(&self) {
        let expected = self.recount();
        let pass = |time| self.environment.advance(time);
        // Answers are used for a minute.
        pass(SignedDuration::from_secs(61));
        self.compare(&expected, "at the end of the run").await;
        pass(SignedDuration::from_mins(10));
        for webhook in &self.webhooks {
            let (asking, of) = (self.asking(), (&webhook.tenant, webhook.id));
            figures::settle(&self.environment.ledger, of, asking).await.unwrap();
        }
        self.compare(&expected, "ten minutes later").await;
        pass(SignedDuration::from_hours(4));
        self.compare(&expected, "hours later").await;
        self.environment.ledger.forget_figures();
        self.compare(&expected, "from nothing").await;
    }

    fn asking(&self) -> Asking {
        Asking::at(self.environment.now(), RETENTION)
    }

    fn recount(&self) -> BTreeMap<WebhookId, Count> {
        let entries = self.environment.journal.entries();
        let mut counts = BTreeMap::new();
        for delivery in self.environment.ledger.all_deliveries() {
            let key = (delivery.tenant.clone(), delivery.id.event().clone());
            let published = &entries.published[&key];
            let record = &entries.deliveries[&(delivery.id.webhook(), key.1)];
            let count: &mut Count = counts.entry(delivery.id.webhook()).or_default();
            count.add(&delivery, &published.event_type, record);
        }
        counts
    }

    async fn compare(&self, expected: &BTreeMap<WebhookId, Count>, when: &str) {
        let (registry, ledger) = (&self.environment.registry, &self.environment.ledger);
        let period = Window::Period(Period::Week);
        // Clocks of those that accepted events were wrong by up to two hours.
        let around = SignedDuration::from_hours(3);
        let (from, to) = (self.began_at - around, self.environment.now() + around);
        let hours = Window::span(from, to, Step::Hour).unwrap();
        for tenant in TENANTS {
            let tenant: TenantId = tenant.parse().unwrap();
            let mut sum = Sum::default();
            for webhook in self.webhooks.iter().filter(|webhook| webhook.tenant == tenant) {
                let (of, asking) = ((&tenant, webhook.id), self.asking());
                let total =
                    figures::of_webhook(registry, ledger, of, period, asking).await.unwrap();
                let of = (&tenant, SeriesOf::Webhook(webhook.id));
                let series = figures::series(registry, ledger, of, hours, asking).await.unwrap();
                let found = Count::of_answers(&total.unwrap(), &series.unwrap());
                let expected = &expected[&webhook.id];
                assert_eq!(found, *expected, "{when}: the figures of {}", webhook.id);
                sum.add(expected);
            }
            let asking = self.asking();
            let total =
                figures::of_tenant(registry, ledger, &tenant, period, asking).await.unwrap();
            let of = (&tenant, SeriesOf::Tenant);
            let series = figures::series(registry, ledger, of, hours, asking).await.unwrap();
            let found = Count::of_answers(&total, &series.unwrap());
            assert_eq!(found, sum.0, "{when}: the figures of {tenant}");
            self.compare_events(&tenant, &total, when);
        }
    }
}

impl Pipeline {
    /// The events of a tenant: those that producers published, and what Hooklane reported.
    fn compare_events(&self, tenant: &TenantId, report: &Report, when: &str) {
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for ((owner, _), published) in &self.environment.journal.entries().published {
            if owner == tenant {
                *expected.entry(published.event_type.clone()).or_default() += 1;
            }
        }
        for event in self.environment.ledger.all_events() {
            if event.tenant == *tenant && is_operational(&event.content.event_type) {
                *expected.entry(event.content.event_type.to_string()).or_default() += 1;
            }
        }
        let total = report.total();
        let found = total.events_by_type();
        let found: BTreeMap<_, _> =
            found.map(|(name, count)| (name.unwrap().to_string(), count)).collect();
        assert_eq!(found, expected, "{when}: the events of {tenant}");
    }
}

#[derive(Default)]
struct Sum(Count);

impl Sum {
    fn add(&mut self, other: &Count) {
        let Self(sum) = self;
        for (into, from) in
            [(&mut sum.by_status, &other.by_status), (&mut sum.by_failure, &other.by_failure)]
        {
            for (name, count) in from {
                *into.entry(name.clone()).or_default() += count;
            }
        }
        for (name, (total, delivered)) in &other.by_type {
            let into = sum.by_type.entry(name.clone()).or_default();
            *into = (into.0 + total, into.1 + delivered);
        }
        for (hour, count) in &other.by_hour {
            *sum.by_hour.entry(*hour).or_default() += count;
        }
        sum.attempts += other.attempts;
        sum.attempted += other.attempted;
        sum.retries += other.retries;
        sum.last_took_ms += other.last_took_ms;
    }
}
