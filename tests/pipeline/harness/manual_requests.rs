//! What tenants request during a run: pause, resume, retry, cancel, recover. The requests go through the
//! API's use cases, whose calls fail too.

use hooklane_app::ports::WebhookStore as _;
use hooklane_app::{deliveries, pausing, recover};
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::isolation::recovery::{Wanted, WantedStatus};
use hooklane_domain::webhook::WebhookState;

use super::pipeline::Pipeline;
use super::port::Port;
use super::work::{ManualRequest, Work};

impl Pipeline {
    /// At most one random request.
    pub(crate) fn manual_requests(&self, step: usize) -> Vec<Work> {
        let chance = &self.environment.chance;
        let webhook = self.webhooks[step % self.webhooks.len()].id;
        let mut requests = Vec::new();
        if self.missing != Some(webhook) && chance.happens(self.environment.rates().manual_requests)
        {
            requests.extend(match chance.below(10) {
                0..5 => Some(ManualRequest::Resume(webhook)),
                5 => Some(ManualRequest::Pause(webhook)),
                6 => Some(ManualRequest::Recover(webhook)),
                7 => self.any_delivery().map(ManualRequest::Cancel),
                _ => self.any_delivery().map(ManualRequest::Retry),
            });
        }
        requests.into_iter().map(|request| Work::Manual { port: self.api(), request }).collect()
    }

    fn any_delivery(&self) -> Option<DeliveryId> {
        let entries = self.environment.journal.entries();
        let number = self.environment.chance.below(entries.seen.len().max(1));
        entries.seen.iter().nth(number).cloned()
    }

    /// Makes a request. Returns whether the API confirmed it.
    pub(crate) async fn request(&self, port: &Port, request: &ManualRequest) -> bool {
        let key = |id: &WebhookId| (&self.webhook(*id).tenant, *id);
        match request {
            ManualRequest::Retry(id) => {
                let tenant = key(&id.webhook()).0;
                deliveries::retry(port, port, port, tenant, id).await.is_ok()
            }
            ManualRequest::Cancel(id) => {
                self.environment.journal.cancel_requested((id.webhook(), id.event().clone()));
                deliveries::cancel(port, port, key(&id.webhook()).0, id).await.is_ok()
            }
            ManualRequest::Pause(id) => pausing::pause(port, port, key(id)).await.is_ok(),
            ManualRequest::Resume(id) => {
                pausing::resume(port, port, key(id), pausing::Resumption::default()).await.is_ok()
            }
            ManualRequest::Recover(id) => {
                let (since, until) = (self.began_at, self.environment.now());
                let wanted = Wanted { since, until, status: WantedStatus::Failed };
                recover::start((port, port), port, &Quotas::default(), key(id), wanted)
                    .await
                    .is_ok()
            }
        }
    }

    /// Resumes every webhook that is not active.
    pub(crate) async fn resume_all(&self) {
        for webhook in &self.webhooks {
            let registry = &self.environment.registry;
            let current = registry.get(&webhook.tenant, webhook.id).await.unwrap().unwrap();
            if current.state != WebhookState::Active {
                assert!(self.request(&self.api(), &ManualRequest::Resume(webhook.id)).await);
            }
        }
    }
}
