use hooklane_app::ports::{
    HealthStore as _, TenantStore as _, Unavailable, Watch, WebhookStore as _,
};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Webhook;

use crate::deps::Deps;
use crate::ports::Ports;

/// A webhook of the watch list as it was read at the beginning of a look.
pub(crate) struct Snapshot<'a> {
    pub(crate) watch: &'a Watch,
    /// `None` if it was deleted.
    pub(crate) webhook: Option<Webhook>,
    pub(crate) health: Health,
    pub(crate) tenant_paused: bool,
}

impl<'a> Snapshot<'a> {
    pub(crate) async fn read<P: Ports>(
        deps: &Deps<P>,
        watch: &'a Watch,
    ) -> Result<Self, Unavailable> {
        Ok(Self {
            webhook: deps.registry.get(&watch.tenant, watch.webhook).await?,
            health: deps.registry.health(watch.webhook).await?,
            tenant_paused: deps.registry.tenant(&watch.tenant).await?.settings.paused,
            watch,
        })
    }
}
