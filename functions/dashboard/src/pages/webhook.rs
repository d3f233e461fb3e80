//! One webhook: what is wrong and what to do, its figures, its settings, and everything that can be done to it.

use hooklane_api::Ports;
use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;

use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::Visitor;

mod acts;
mod answers;
mod figures;
mod guide;
mod secret;
mod settings;
mod show;
mod test;

pub(crate) use acts::{act, ask};
pub(super) use secret::secret;
pub(crate) use show::show;
pub(super) use test::{Exchange, head_lines};

pub(super) async fn read<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    text: &str,
) -> Result<Webhook, Oops> {
    let id: WebhookId = text.parse().map_err(|_| Oops::NoPage)?;
    portal.deps.registry.get(visitor.id(), id).await?.ok_or(Oops::NoPage)
}
