//! The health of many webhooks, and whether they are watched, in one batch read.

use std::collections::HashSet;

use hooklane_app::ports::{Unavailable, Vitals, VitalsStore};
use hooklane_domain::ids::WebhookId;

use super::health::Healths;
use super::{HEALTH_PREFIX, Registry, health_key, watch_key};
use crate::table::Key;

impl VitalsStore for Registry {
    async fn vitals(&self, webhooks: &[WebhookId]) -> Result<Vec<Vitals>, Unavailable> {
        let keys: Vec<_> =
            webhooks.iter().flat_map(|id| [health_key(*id), watch_key(*id)]).collect();
        let (healths, marks): (Vec<_>, Vec<_>) =
            self.table.get_all(&keys).await?.into_iter().partition(|item| {
                Key::of(item).is_some_and(|key| key.pk.starts_with(HEALTH_PREFIX))
            });
        let healths = Healths::of(healths);
        let watched: HashSet<_> = marks.iter().filter_map(Key::of).collect();
        let vitals = |id: &WebhookId| Vitals {
            health: healths.get(*id),
            is_watched: watched.contains(&watch_key(*id)),
        };
        Ok(webhooks.iter().map(vitals).collect())
    }
}
