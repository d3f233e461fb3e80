//! One walk over the watch list.

use futures::stream::{self, StreamExt as _};
use hooklane_app::ports::{Clock as _, Unavailable, Watch, WatchList as _};
use hooklane_domain::ids::WebhookId;
use tracing::Instrument as _;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::look::look;
use crate::ports::Ports;
use crate::spans;
use crate::summary::Summary;
use crate::tuning::{LOOKS_AT_ONCE, WATCHES_PER_PAGE};

/// What a walk did, and the last webhook of the page in which its time was over, if it was.
pub(crate) struct Walked {
    pub(crate) summary: Summary,
    pub(crate) interrupted_after: Option<WebhookId>,
}

/// Walks over the whole list once: from `begin` to its end, then from its start to `begin`.
pub(crate) async fn walk<P: Ports>(
    deps: &Deps<P>,
    begin: Option<WebhookId>,
    deadline: Deadline,
) -> Result<Walked, Unavailable> {
    let mut summary = Summary::default();
    let mut after = begin;
    let mut wrapped = begin.is_none();
    loop {
        let mut page = deps.registry.watched(after, WATCHES_PER_PAGE).await?;
        let is_last_page = page.len() < WATCHES_PER_PAGE;
        if wrapped && let Some(begin) = begin {
            page.retain(|watch| watch.webhook <= begin);
        }
        let last = page.last().map(|watch| watch.webhook);
        summary += look_at_page(deps, page, deadline).await;
        if deadline.has_passed(&deps.system) {
            return Ok(Walked { summary, interrupted_after: last.or(after) });
        }
        match (is_last_page || last.is_none(), wrapped) {
            (true, true) => return Ok(Walked { summary, interrupted_after: None }),
            (true, false) => (after, wrapped) = (None, true),
            (false, _) => after = last,
        }
    }
}

/// Looks at the webhooks of a page that are due. One that cannot be looked at does not affect the
/// others; it stays due.
async fn look_at_page<P: Ports>(deps: &Deps<P>, page: Vec<Watch>, deadline: Deadline) -> Summary {
    let now = deps.system.now();
    let due = page.into_iter().filter(|watch| watch.look.due_at <= now);
    let looks = stream::iter(due).map(|watch| async move {
        if deadline.has_passed(&deps.system) {
            return Summary::default();
        }
        let span = spans::of_webhook(&watch);
        let looked = look(deps, &watch, deadline).instrument(span.clone()).await;
        looked.unwrap_or_else(|error| {
            span.in_scope(|| error.log("webhook.not_looked_at"));
            Summary { failed: 1, ..Summary::default() }
        })
    });
    looks
        .buffer_unordered(LOOKS_AT_ONCE)
        .fold(Summary::default(), |sum, one| async move { sum + one })
        .await
}
