//! The tenants, and one of them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use futures::future::try_join;
use hooklane_api::Ports;
use hooklane_app::operator::{self, TenantRow};
use hooklane_app::ports::{KeyStore as _, TenantStore as _};
use hooklane_app::tenants::{QuotaUse, usage};
use hooklane_domain::access::key::Key;
use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;

use super::frame::{Frame, Room};
use super::guest::Operator;
use super::viewing::is_page;
use crate::link;
use crate::oops::Oops;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::words::Said;
use crate::written::{Html, Writer, theirs};

/// The rows of a page. Each takes a request.
const ROWS: usize = 50;
/// The keys that are shown.
const KEYS: usize = 50;

#[derive(Template)]
#[template(path = "operator/tenants.html")]
struct Listed {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    tenant: String,
    /// Whether it has pages to view.
    is_there: bool,
    said: Said,
    contract: String,
    webhooks: String,
    keys: String,
    events: String,
    delivered: String,
}

pub(crate) async fn list<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    guest: Operator,
    Query(query): Query,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    let after = query.text("after").and_then(|text| text.parse::<TenantId>().ok());
    let asked = (after.as_ref(), ROWS);
    let listed = operator::tenants(&deps.registry, &deps.ledger, asked, guest.now).await?;
    page(&Listed {
        frame: Frame::new(&guest, Room::Tenants, "Tenants"),
        rows: listed.rows.iter().map(|one| row(&portal, one, &guest.writer)).collect(),
        next: listed
            .next
            .map(|next| link::of_operator_with("tenants", &[("after", next.as_str())])),
    })
}

fn row<P: Ports>(portal: &Portal<P>, row: &TenantRow, writer: &Writer) -> Row {
    let TenantRow { tenant, used } = row;
    let quotas = portal.deps.quotas_of(tenant);
    let most = quotas.of(QuotaName::Webhooks);
    let webhooks = tenant.usage.map(|usage| usage.webhooks);
    let number = |number: Option<u64>| {
        number.map_or_else(|| "unknown".to_owned(), |number| writer.number(number))
    };
    Row {
        tenant: tenant.id.to_string(),
        is_there: tenant.tombstone.is_none(),
        said: state(tenant),
        contract: contract(portal, tenant),
        webhooks: format!("{} of {}", number(webhooks), writer.number(most)),
        keys: writer.number(tenant.keys),
        events: number(used.map(|used| used.events)),
        delivered: number(used.map(|used| used.deliveries)),
    }
}

fn state(tenant: &Tenant) -> Said {
    if tenant.tombstone.is_some() {
        let why = "what is left of it is being deleted".to_owned();
        return Said::new("Removed", "off", "off", why);
    }
    if tenant.settings.paused {
        return Said::new("Paused", "paused", "off", "all of its webhooks are".to_owned());
    }
    Said::new("Active", "good", "good", String::new())
}

fn contract<P: Ports>(portal: &Portal<P>, tenant: &Tenant) -> String {
    let own = tenant.settings.contract.as_ref().map(ToString::to_string);
    own.unwrap_or_else(|| portal.deps.catalog.defaults().contract.to_string())
}

#[derive(Template)]
#[template(path = "operator/tenant.html")]
struct Shown {
    frame: Frame,
    tenant: String,
    /// Whether it has pages to view.
    is_there: bool,
    said: Said,
    facts: Vec<(&'static str, String)>,
    quotas: Vec<Quota>,
    keys: Vec<KeyRow>,
    more_keys: bool,
    /// The page of the tenant that a view begins at.
    to: String,
}

struct Quota {
    name: &'static str,
    used: String,
    limit: String,
}

struct KeyRow {
    name: Html,
    id: String,
    scopes: String,
    created: Html,
    used: Option<Html>,
    expires: Option<Html>,
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    guest: Operator,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let id: TenantId = id.parse().map_err(|_| Oops::NoPage)?;
    let (deps, writer) = (&portal.deps, &guest.writer);
    let (tenant, is_listed) =
        try_join(deps.registry.tenant(&id), deps.registry.is_listed(&id)).await?;
    if !is_listed && tenant.tombstone.is_none() {
        return Err(Oops::NoPage);
    }
    let quotas = deps.quotas_of(&tenant);
    let (used, keys) = try_join(
        usage(&deps.registry, &deps.ledger, &quotas, &tenant, guest.now),
        deps.registry.keys(&id, None, KEYS),
    )
    .await?;
    let settings = &tenant.settings;
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let limit = settings.rate_limit.unwrap_or(deps.rate_limit);
    let catalog = settings.catalog.as_ref().map(ToString::to_string);
    page(&Shown {
        frame: Frame::new(&guest, Room::Tenants, tenant.id.as_str()),
        tenant: tenant.id.to_string(),
        is_there: tenant.tombstone.is_none(),
        said: state(&tenant),
        facts: vec![
            ("Format", contract(&portal, &tenant)),
            ("Catalog", catalog.unwrap_or_else(|| "the one of its format".to_owned())),
            ("Known event types only", yes(settings.strict)),
            (
                "API requests a minute",
                if limit == 0 { "no limit".to_owned() } else { writer.number(limit.into()) },
            ),
            ("Paused", yes(settings.paused)),
            ("Test inbox off", yes(settings.inbox_off)),
        ],
        quotas: used.iter().map(|one| quota(one, writer)).collect(),
        keys: keys.keys.iter().map(|key| key_row(key, writer)).collect(),
        more_keys: keys.next.is_some(),
        to: query.text("to").filter(|page| is_page(page)).unwrap_or("webhooks").to_owned(),
    })
}

fn quota(one: &QuotaUse, writer: &Writer) -> Quota {
    Quota {
        name: one.quota.as_str(),
        used: one.used.map_or_else(|| "not counted".to_owned(), |used| writer.number(used)),
        limit: writer.number(one.limit),
    }
}

fn key_row(key: &Key, writer: &Writer) -> KeyRow {
    let scopes: Vec<_> = key.scopes.iter().map(Scope::as_str).collect();
    KeyRow {
        name: theirs(key.name.as_str()),
        id: key.id.to_string(),
        scopes: scopes.join(", "),
        created: writer.date(key.created_at),
        used: key.last_used_at.map(|at| writer.time(at)),
        expires: key.expires_at.map(|at| writer.date(at)),
    }
}
