//! `/dead-letters`, for the operator only: what the pipeline put aside.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::dead_letters::{self, Act, Done, LetterPlace, Order, Which};
use hooklane_domain::dead_letter::Source;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::Operator;
use crate::http::body::Text;
use crate::http::cursor::List;
use crate::http::parameters::LetterSource;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::schemas::LetterOrder;
use crate::resources::views::DeadLetterView;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetterPage)]
pub(crate) struct PageView {
    data: Vec<DeadLetterView>,
    /// About how many letters the source has, those included that others are looking at.
    held: u64,
    /// Whether every letter of the source was seen. If not, there are more than one request takes, or somebody else
    /// is looking at some: ask again.
    complete: bool,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// What became of dead letters.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLettersResult)]
pub(crate) struct ResultView {
    /// How many were sent again or deleted; with `dryRun`, how many would be.
    count: usize,
    /// Letters that stay, each with the reason.
    kept: Vec<KeptView>,
    /// Whether letters may be left that this request did not come to: send it again.
    more: bool,
}

/// A dead letter that stays.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeptDeadLetter)]
struct KeptView {
    #[schema(example = "5fea7756-0ea4-451a-a703-a558b933e274")]
    id: String,
    #[schema(example = "it has no body")]
    why: String,
}

impl From<Done> for ResultView {
    fn from(done: Done) -> Self {
        let kept = done.kept.into_iter();
        let kept = kept.map(|kept| KeptView { id: kept.id.as_str().to_owned(), why: kept.why });
        Self { count: done.count, kept: kept.collect(), more: done.more }
    }
}

#[utoipa::path(
    get,
    path = "/dead-letters",
    operation_id = "listDeadLetters",
    summary = "List the dead letters of a source, newest first",
    description = "Operator key only. A queue cannot be listed: the request takes up to 300 letters out of it, which \
        hides them from others for about a second, and gives them back. So of two who look at once each may see a part, \
        and `complete` says so.",
    security(("bearer" = [])),
    params(
        ("source" = inline(LetterSource), Query, description = "Whose letters"),
        ("reason" = Option<String>, Query, description = "A text that the reason contains"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters"),
    ),
    responses((status = 200, description = "A page", body = PageView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let source = query.required::<Source>("source");
    let reason = query.parse::<String>("reason");
    let list = List::of(&[&"dead letters", &source, &reason]);
    let (limit, after) = (query.limit(), query.place::<LetterPlace>(&list));
    query.finish()?;
    let Some(source) = source else { return Err(Problem::bad_request("The source is missing.")) };
    let page =
        dead_letters::list(&deps.letters, source, reason.as_deref(), after.as_ref(), limit).await?;
    let view = PageView {
        data: page.letters.into_iter().map(DeadLetterView::new).collect(),
        held: page.held,
        complete: page.complete,
        next_cursor: page.next.map(|next| list.cursor(next)),
    };
    Ok(Json(view).into_response())
}

#[utoipa::path(
    post,
    path = "/dead-letters/redrive",
    operation_id = "redriveDeadLetters",
    summary = "Send dead letters again",
    description = "Operator key only. One letter by its id, or all of a source whose reason contains a text, up to 100 \
        with each request. Each is sent and only then deleted, which is safe: an event is accepted once under its id, \
        and a delivery that has ended discards its message. A letter that fails again comes back as a new one. Letters \
        of `fanout` and `stats` stay: `make redrive` sends those. With `dryRun` nothing is done, and the letters are \
        counted, as far as one request sees.",
    security(("bearer" = [])),
    request_body(content = LetterOrder),
    responses(
        (status = 200, description = "What became of them", body = ResultView),
        (status = 404, description = "There is no letter with this id"),
    ),
)]
pub(crate) async fn redrive<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    body: Text,
) -> Result<Response, Problem> {
    carry_out(&deps, Act::Redrive, body.object()).await
}

#[utoipa::path(
    post,
    path = "/dead-letters/delete",
    operation_id = "deleteDeadLetters",
    summary = "Delete dead letters",
    description = "Operator key only. One letter by its id, or all of a source whose reason contains a text, up to 100 \
        with each request. What is deleted is lost. With `dryRun` nothing is done, and the letters are counted, as far \
        as one request sees.",
    security(("bearer" = [])),
    request_body(content = LetterOrder),
    responses(
        (status = 200, description = "What became of them", body = ResultView),
        (status = 404, description = "There is no letter with this id"),
    ),
)]
pub(crate) async fn delete<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    body: Text,
) -> Result<Response, Problem> {
    carry_out(&deps, Act::Delete, body.object()).await
}

async fn carry_out<P: Ports>(deps: &Deps<P>, act: Act, body: &str) -> Result<Response, Problem> {
    let order = Order::read(body)?;
    let queues = (&deps.letters, &deps.errands);
    let done = dead_letters::carry_out(queues, &deps.system, act, &order).await?;
    let is_missing = done.count == 0 && done.kept.is_empty() && !done.more;
    if is_missing && matches!(order.which, Which::One(_)) {
        return Err(Problem::not_found("dead letter"));
    }
    Ok(Json(ResultView::from(done)).into_response())
}
