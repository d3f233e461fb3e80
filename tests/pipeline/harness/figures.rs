//! Figures during a run: who looks at them, marks that wake `stats`, and late saves that are announced. All of
//! it behind calls that fail.

use std::collections::BTreeSet;
use std::time::Duration;

use hooklane_app::figures::{self, Asking};
use hooklane_app::ports::{
    AnswerKey, Counted, CountedPage, CountedPlace, FigureMarks, FigureSource, FigureStore,
    FiguresOf, Pause as _, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::figures::report::{Report, Step, Window};
use hooklane_domain::figures::settled::{Hour, Listed, Note, Progress, SettledHour};
use hooklane_domain::ids::{TenantId, WebhookId};
use jiff::SignedDuration;

use super::behind_calls::behind_calls;
use super::killable::yield_to_others;
use super::pipeline::Pipeline;
use super::port::{MAX_FIGURE_SKEW_MS, Port};
use super::work::{Look, Work};

/// How long the ledger keeps deliveries, as in `template.yaml`.
pub(crate) const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A save is in the table a minute after it was announced.
const MAX_LANDING_MS: i64 = 45_000;
/// From this age on a save is announced.
const PROMPT_SECONDS: i64 = 30;

behind_calls! {
    FigureStore {
        "figures.progress" progress(of: &FiguresOf) -> Option<Progress>;
        "figures.hours" hours(of: &FiguresOf, from: Hour, to: Hour) -> Vec<SettledHour>;
        "figures.notes" notes(of: &FiguresOf, since: Timestamp) -> BTreeSet<Note>;
        "figures.save_hour" save_hour(of: &FiguresOf, hour: &SettledHour) -> bool;
        "figures.save_progress" save_progress(of: &FiguresOf, progress: &Progress) -> bool;
        "figures.answers" answers(keys: &[AnswerKey]) -> Vec<Option<Report>>;
        "figures.keep_answer" keep_answer(key: &AnswerKey, report: &Report) -> ();
    }
}

impl FigureSource for Port {
    async fn accepted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        let read = self.environment.ledger.accepted(tenant, webhook, accepted, place);
        self.call("figures.accepted", read).await.map(|page| self.readable_of(page))
    }

    async fn listed(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        list: Listed,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        let read = self.environment.ledger.listed(tenant, webhook, list, accepted, place);
        self.call("figures.listed", read).await.map(|page| self.readable_of(page))
    }
}

impl FigureMarks for Port {
    async fn mark(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.call("figures.mark", async {
            self.environment.ledger.mark(tenant, webhook, now).await?;
            self.environment.stream.marked(tenant, webhook);
            Ok(())
        })
        .await
    }
}

impl Port {
    /// What this process can read of a page: a delivery may have a state that only the next version knows.
    fn readable_of(&self, mut page: CountedPage) -> CountedPage {
        let is_unknown = |counted: &Counted| self.is_unknown(&counted.delivery.id);
        let (unknown, known): (Vec<_>, Vec<_>) = page.deliveries.into_iter().partition(is_unknown);
        if !unknown.is_empty() {
            self.environment.journal.count("met: figures of the next version");
        }
        page.deliveries = known;
        page.unreadable.extend(unknown.into_iter().map(|counted| counted.delivery.id));
        page
    }

    /// Begins to save a delivery, as the ledger's adapter does: a late save leaves a note, and what it says of
    /// the time is what it lists the delivery by. The save itself may come up to a minute later, or never.
    pub(super) async fn announce(&self, delivery: &Delivery) -> Result<Timestamp, Unavailable> {
        let environment = &self.environment;
        let rates = environment.rates();
        let now = self.figure_time();
        environment.ledger.announce_at(delivery, now);
        let age = now.duration_since(delivery.id.accepted_at());
        let is_late = age > SignedDuration::from_secs(PROMPT_SECONDS);
        if is_late && environment.chance.happens(rates.failed_calls) {
            environment.journal.count("noted, and not saved: delivery");
            return Err(Unavailable::new("deliveries.save", "the note was written, no more"));
        }
        yield_to_others(&environment.chance).await;
        if environment.chance.happens(rates.slow_saves) {
            environment.journal.count("saved long after its note: delivery");
            let ms = environment.chance.between(0, MAX_LANDING_MS);
            self.pause(Duration::from_millis(ms.unsigned_abs())).await;
        }
        Ok(now)
    }

    /// The time by a clock as wrong as figures may meet it.
    fn figure_time(&self) -> Timestamp {
        let environment = &self.environment;
        if environment.rates().clock_jumps == 0.0 {
            return environment.now();
        }
        let skew = environment.chance.between(-MAX_FIGURE_SKEW_MS, MAX_FIGURE_SKEW_MS);
        environment.now() + SignedDuration::from_millis(skew)
    }
}

impl Pipeline {
    /// People who look at figures, and marks.
    pub(crate) fn looks(&self) -> Vec<Work> {
        let chance = &self.environment.chance;
        let mut looks = Vec::new();
        while looks.len() < 4 && chance.happens(self.environment.rates().looks) {
            let webhook = &self.webhooks[chance.below(self.webhooks.len())];
            let (tenant, id) = (webhook.tenant.clone(), webhook.id);
            let now = self.environment.now();
            let window = match chance.below(4) {
                0 => Window::Period(Period::Hour),
                1 => Window::Period(Period::Day),
                2 => Window::Period(Period::Week),
                _ => {
                    let hours = SignedDuration::from_hours(chance.between(1, 5));
                    Window::span(now - hours, now + SignedDuration::from_mins(1), Step::Minute)
                        .unwrap()
                }
            };
            let look = match chance.below(5) {
                0 => Look::Tenant(tenant, window),
                1 | 2 => Look::Mark(tenant, id),
                _ => Look::Webhook(tenant, id, window),
            };
            looks.push(Work::Look { port: Port::new(&self.environment, "figures"), look });
        }
        looks
    }

    /// Looks, as the API does. Returns whether there was an answer.
    pub(crate) async fn look(&self, port: &Port, look: &Look) -> bool {
        let asking = Asking::at(port.figure_time(), RETENTION);
        match look {
            Look::Webhook(tenant, id, window) => {
                let of = (tenant, *id);
                figures::of_webhook(port, port, of, *window, asking).await.is_ok()
            }
            Look::Tenant(tenant, window) => {
                figures::of_tenant(port, port, tenant, *window, asking).await.is_ok()
            }
            Look::Mark(tenant, id) => port.mark(tenant, *id, asking.now).await.is_ok(),
        }
    }
}
