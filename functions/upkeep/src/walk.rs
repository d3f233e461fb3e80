//! One walk over the watch list.

use futures::stream::{self, StreamExt as _};
use hooklane_app::ports::{Clock as _, Unavailable, Watch, WatchList as _};
use hooklane_domain::ids::WebhookId;
use tracing::Instrument as _;

use crate::care::Care;
use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::guarded::guarded_look;
use crate::ports::Ports;
use crate::spans;
use crate::summary::Summary;
use crate::tuning::{LOOKS_AT_ONCE, WATCHES_PER_PAGE};

/// What a walk did, and the last webhook before those for which its time was over, if it was.
pub(crate) struct Walked {
    pub(crate) summary: Summary,
    pub(crate) interrupted_after: Option<WebhookId>,
}

/// Walks over the whole list once: from `begin` to its end, then from its start to `begin`. The webhooks that
/// are looked at apart come last, if there is time after all the others.
pub(crate) async fn walk<P: Ports>(
    deps: &Deps<P>,
    begin: Option<WebhookId>,
    deadline: Deadline,
    care: Care,
) -> Result<Walked, Unavailable> {
    let mut summary = Summary::default();
    let mut apart = Vec::new();
    let mut after = begin;
    let mut wrapped = begin.is_none();
    loop {
        let mut page = deps.registry.watched(after, WATCHES_PER_PAGE).await?;
        let is_last_page = page.len() < WATCHES_PER_PAGE;
        if wrapped && let Some(begin) = begin {
            page.retain(|watch| watch.webhook <= begin);
        }
        let ids: Vec<_> = page.iter().map(|watch| watch.webhook).collect();
        let last = ids.last().copied();
        let now = deps.system.now();
        let due = page.into_iter().filter(|watch| watch.look.due_at <= now);
        let (put_off, others): (Vec<_>, Vec<_>) = due.partition(|watch| watch.look.apart);
        apart.extend(put_off);
        let looked = look_at(deps, others, deadline, care).await;
        summary += looked.summary;
        if deadline.has_passed(&deps.system) {
            let before = |left| ids.iter().rev().find(|id| **id < left).copied();
            let interrupted_after = looked.left.map_or(last, before).or(after);
            return Ok(Walked { summary, interrupted_after });
        }
        match (is_last_page || last.is_none(), wrapped) {
            (true, true) => break,
            (true, false) => (after, wrapped) = (None, true),
            (false, _) => after = last,
        }
    }
    summary += look_at(deps, apart, deadline, Care::OneByOne).await.summary;
    Ok(Walked { summary, interrupted_after: None })
}

/// What was done for some webhooks, and the first of them for which there was no time.
struct Looked {
    summary: Summary,
    left: Option<WebhookId>,
}

/// Looks at webhooks that are due. One that cannot be looked at does not affect the others; it stays due.
async fn look_at<P: Ports>(
    deps: &Deps<P>,
    due: Vec<Watch>,
    deadline: Deadline,
    care: Care,
) -> Looked {
    let looks = stream::iter(due).map(|watch| async move {
        if deadline.has_passed(&deps.system) {
            return Looked { summary: Summary::default(), left: Some(watch.webhook) };
        }
        let span = spans::of_webhook(&watch);
        let looked = guarded_look(deps, &watch, deadline, care).instrument(span.clone()).await;
        let summary = looked.unwrap_or_else(|error| {
            span.in_scope(|| error.log("webhook.not_looked_at"));
            Summary { failed: 1, ..Summary::default() }
        });
        Looked { summary, left: None }
    });
    let none = Looked { summary: Summary::default(), left: None };
    let at_once = match care {
        Care::Usual => LOOKS_AT_ONCE,
        Care::OneByOne => 1,
    };
    looks
        .buffer_unordered(at_once)
        .fold(none, |sum, one| async move {
            // The list is in the order of ids.
            let left = sum.left.into_iter().chain(one.left).min();
            Looked { summary: sum.summary + one.summary, left }
        })
        .await
}
