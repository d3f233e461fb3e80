//! The health of many webhooks, and whether they are watched, in one batch read.

use std::collections::{HashMap, HashSet};

use hooklane_app::ports::{Unavailable, Vitals, VitalsStore};
use hooklane_domain::ids::WebhookId;

use super::health::of_item;
use super::{Registry, health_key, watch_key};
use crate::table::Key;

impl VitalsStore for Registry {
    async fn vitals(&self, webhooks: &[WebhookId]) -> Result<Vec<Vitals>, Unavailable> {
        let keys: Vec<_> =
            webhooks.iter().flat_map(|id| [health_key(*id), watch_key(*id)]).collect();
        let (mut healths, mut watched) = (HashMap::new(), HashSet::new());
        for item in self.table.get_all(&keys).await? {
            let Some(key) = Key::of(&item) else { continue };
            match key.pk.strip_prefix("HE#") {
                Some(id) => drop(healths.insert(id.to_owned(), of_item(item)?)),
                None => drop(watched.insert(key.sk)),
            }
        }
        let vitals = |id: &WebhookId| {
            let id = id.to_string();
            let health = healths.get(&id).cloned().unwrap_or_default();
            Vitals { health, is_watched: watched.contains(&id) }
        };
        Ok(webhooks.iter().map(vitals).collect())
    }
}
