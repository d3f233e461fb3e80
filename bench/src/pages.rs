//! What each page of the portal and each figure asks of the tables, with few and with many webhooks and deliveries
//! in them.
//!
//! Each is asked of a process that knows nothing yet: first when no figures are kept, then when they are.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::crowd::{Crowd, Size, Stores, TENANT, gather};
use crate::function::Limits;
use crate::lambda::Name;
use crate::payload::Request;
use crate::world::{LEDGER, Session, World, answered_page, as_operator};

/// Enough for full pages, and for the first look at figures to keep them: it does from a hundred deliveries on. Each
/// webhook has as many deliveries as with [`MANY`].
pub const FEW: Size = Size { webhooks: 60, events: 120 };
pub const MANY: Size = Size { webhooks: 1_000, events: 120 };

/// What is asked for.
#[derive(Debug, Clone)]
struct Asked {
    /// How the table calls it.
    name: &'static str,
    function: Name,
    request: Request,
    grows: Growth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// It asks for the same, however much is in the tables.
    None,
    /// It adds up webhooks, up to a number that is stated.
    WithWebhooks,
}

/// What one request asked of the tables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asks {
    pub requests: u64,
    pub read_units: f64,
    pub write_units: f64,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Line {
    name: &'static str,
    grows: Growth,
    /// Without kept figures, with [`FEW`] and with [`MANY`].
    first: [Asks; 2],
    /// A moment later.
    again: [Asks; 2],
}

impl Line {
    /// What is not as it must be.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let more = |[few, many]: [Asks; 2]| many.requests > few.requests;
        let grows = more(self.first) || more(self.again);
        (grows && self.grows == Growth::None)
            .then(|| format!("{} asks for more, the more there is", self.name))
    }

    #[must_use]
    pub fn line(&self) -> String {
        let ([few, many], [_, again]) = (self.first, self.again);
        format!(
            "| {} | {} | {} | {:.1} + {:.0} | {} | {:.1} + {:.0} |",
            self.name,
            few.requests,
            many.requests,
            many.read_units,
            many.write_units,
            again.requests,
            again.read_units,
            again.write_units,
        )
    }
}

/// The heading of the table, in Markdown.
#[must_use]
pub fn heading() -> String {
    let sizes = [FEW, MANY]
        .map(|size| format!("{} webhooks, {} deliveries", size.webhooks, size.deliveries()));
    let [few, many] = sizes;
    format!(
        "| | requests, {few} | requests, {many} | units | requests, with kept figures | units |\n|---|---|---|---|---|---|"
    )
}

/// Measures everything.
pub async fn measure(folder: PathBuf) -> anyhow::Result<Vec<Line>> {
    let few = of_size(folder.clone(), FEW).await?;
    let many = of_size(folder, MANY).await?;
    let lines = few.into_iter().zip(many).map(|((asked, few), (_, many))| Line {
        name: asked.name,
        grows: asked.grows,
        first: [few.0, many.0],
        again: [few.1, many.1],
    });
    Ok(lines.collect())
}

async fn of_size(folder: PathBuf, size: Size) -> anyhow::Result<Vec<(Asked, (Asks, Asks))>> {
    let mut world = World::start(folder).await?;
    // As deployed: counting the requests of a tenant is a part of them.
    world.set("ApiRateLimit", "600");
    let crowd = gather(&Stores::of(&world), size).await?;
    let Session { cookie, .. } = world.session(TENANT).await?;
    let mut measured = Vec::new();
    for asked in everything(&crowd, &cookie) {
        world.aws.dynamodb.forget(LEDGER, FIGURES);
        let first = ask(&world, &asked).await?;
        let again = ask(&world, &asked).await?;
        measured.push((asked, (first, again)));
    }
    Ok(measured)
}

/// How the partitions of kept figures begin.
const FIGURES: &str = "ST#";

/// Asks a fresh process, and counts what it asks of the tables.
async fn ask(world: &World, asked: &Asked) -> anyhow::Result<Asks> {
    let mut function = world.function(asked.function, Limits::None).await?;
    drop(world.aws.take_used());
    let ran = function.invoke(&asked.request.payload()).await?;
    let used = world.aws.take_used();
    function.stop().await;
    let status = answered_page(&ran).with_context(|| asked.name)?.status;
    // What an id finds, a browser is sent to.
    if !matches!(status, 200 | 303) {
        bail!("{} answered {status}", asked.name);
    }
    let tables = used.requests.iter().filter(|(name, _)| name.starts_with("DynamoDB "));
    Ok(Asks {
        requests: tables.map(|(_, requests)| requests).sum(),
        read_units: used.read_units,
        write_units: used.write_units,
    })
}

/// Pages that ask for more where a tenant has more webhooks: docs/portal.md says so.
const GROWING: [&str; 9] = [
    "webhooks, filtered by type",
    "deliveries",
    "deliveries, their rows alone",
    "deliveries by event",
    "deliveries of a webhook",
    "deliveries that wait",
    "deliveries with an answer",
    "deliveries of an event's id",
    "deliveries as CSV, 1,000",
];

/// Every page that reads something, and every figure of the API.
fn everything(crowd: &Crowd, cookie: &str) -> Vec<Asked> {
    let Crowd { webhook, event, delivery } = crowd;
    let mut all = Vec::new();
    let mut page = |name: &'static str, path: String, query: &str| {
        let request = Request::new("GET", &format!("/portal/{TENANT}/{path}")).query(query);
        let request = request.header("cookie", cookie);
        let grows = if GROWING.contains(&name) { Growth::WithWebhooks } else { Growth::None };
        all.push(Asked { name, function: Name::Dashboard, request, grows });
    };
    page("webhooks", "webhooks".to_owned(), "");
    page("webhooks, filtered by type", "webhooks".to_owned(), "event=order.created");
    page("webhooks, their rows alone", "webhooks/rows".to_owned(), "");
    page("new webhook", "new".to_owned(), "");
    page("one webhook", format!("webhooks/{webhook}"), "");
    page("one webhook, 30 days", format!("webhooks/{webhook}"), "period=30d");
    page("a webhook's log, 1,000", format!("webhooks/{webhook}/log.json"), "");
    page("edit", format!("webhooks/{webhook}/edit"), "");
    page("studio", format!("webhooks/{webhook}/studio"), "");
    page("recover", format!("webhooks/{webhook}/recover"), "");
    page("rotate", format!("webhooks/{webhook}/rotate"), "");
    page("delete", format!("webhooks/{webhook}/delete"), "");
    page("deliveries", "deliveries".to_owned(), "");
    page("deliveries, their rows alone", "deliveries/rows".to_owned(), "");
    page("deliveries by event", "deliveries".to_owned(), "group=event");
    page("deliveries of a webhook", "deliveries".to_owned(), &format!("webhook={webhook}"));
    page("deliveries that wait", "deliveries".to_owned(), "status=retrying");
    page("deliveries with an answer", "deliveries".to_owned(), "code=503");
    page("deliveries of an event's id", "deliveries".to_owned(), &format!("id={event}"));
    page("a delivery's id", "deliveries".to_owned(), &format!("id={delivery}"));
    page("deliveries as CSV, 1,000", "deliveries.csv".to_owned(), "");
    page("one delivery", format!("deliveries/{delivery}"), "");
    page("test inbox", "inbox".to_owned(), "");
    page("event types", "types".to_owned(), "");
    let mut route = |name: &'static str, path: String, query: &str, grows: Growth| {
        let request = as_operator(TENANT, Request::new("GET", &path).query(query));
        all.push(Asked { name, function: Name::Api, request, grows });
    };
    let of = format!("/webhooks/{webhook}");
    route("`GET /webhooks`, 50", "/webhooks".to_owned(), "limit=50", Growth::None);
    for (name, period) in
        [("`GET /webhooks/{id}/stats`", "24h"), ("`GET /webhooks/{id}/stats?period=30d`", "30d")]
    {
        route(name, format!("{of}/stats"), &format!("period={period}"), Growth::None);
    }
    route("`GET /webhooks/{id}/health`", format!("{of}/health"), "", Growth::None);
    let series = "metric=deliveries&by=status";
    route("`GET /webhooks/{id}/stats/series`", format!("{of}/stats/series"), series, Growth::None);
    route("`GET /stats`", "/stats".to_owned(), "", Growth::WithWebhooks);
    route("`GET /stats/series`", "/stats/series".to_owned(), series, Growth::WithWebhooks);
    let events = "metric=events";
    let name = "`GET /stats/series?metric=events`";
    route(name, "/stats/series".to_owned(), events, Growth::None);
    all
}
