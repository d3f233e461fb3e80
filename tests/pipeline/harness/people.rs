//! What tenants do by hand meanwhile, through the use cases of the API, whose calls fail as others do.

use hooklane_app::ports::WebhookStore as _;
use hooklane_app::{deliveries, pausing, recover};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::isolation::recovery::{Wanted, WantedStatus};
use hooklane_domain::webhook::WebhookState;

use super::pipeline::Pipeline;
use super::port::Port;
use super::work::{Wish, Work};

impl Pipeline {
    /// Now and then something is asked for.
    pub(crate) fn people(&self, step: usize) -> Vec<Work> {
        let chance = &self.outside.chance;
        let webhook = self.webhooks[step % self.webhooks.len()].id;
        let mut wishes = Vec::new();
        if chance.happens(self.outside.weather().people) {
            wishes.extend(match chance.below(10) {
                0..5 => Some(Wish::Resume(webhook)),
                5 => Some(Wish::Pause(webhook)),
                6 => Some(Wish::Recover(webhook)),
                7 => self.any_delivery().map(Wish::Cancel),
                _ => self.any_delivery().map(Wish::Retry),
            });
        }
        wishes.into_iter().map(|wish| Work::ByHand { port: self.api(), wish }).collect()
    }

    fn any_delivery(&self) -> Option<DeliveryId> {
        let book = self.outside.journal.book();
        let number = self.outside.chance.below(book.seen.len().max(1));
        book.seen.iter().nth(number).cloned()
    }

    /// Whether the API says that it was done.
    pub(crate) async fn grant(&self, port: &Port, wish: &Wish) -> bool {
        let key = |id: &WebhookId| (&self.webhook(*id).tenant, *id);
        match wish {
            Wish::Retry(id) => {
                let tenant = key(&id.webhook()).0;
                deliveries::retry(port, port, port, tenant, id).await.is_ok()
            }
            Wish::Cancel(id) => {
                self.outside.journal.cancel_asked((id.webhook(), id.event().clone()));
                deliveries::cancel(port, port, key(&id.webhook()).0, id).await.is_ok()
            }
            Wish::Pause(id) => pausing::pause(port, port, key(id)).await.is_ok(),
            Wish::Resume(id) => pausing::resume(port, port, key(id), false).await.is_ok(),
            Wish::Recover(id) => {
                let (since, until) = (self.began_at, self.outside.now());
                let wanted = Wanted { since, until, status: WantedStatus::Failed };
                recover::start(port, port, key(id), wanted).await.is_ok()
            }
        }
    }

    /// After the storm everything is switched on, and it works.
    pub(crate) async fn resume_all(&self) {
        for webhook in &self.webhooks {
            let registry = &self.outside.registry;
            let current = registry.get(&webhook.tenant, webhook.id).await.unwrap().unwrap();
            if current.state != WebhookState::Active {
                assert!(self.grant(&self.api(), &Wish::Resume(webhook.id)).await);
            }
        }
    }
}
