//! `GET /usage`. Its figures are counted by `upkeep`; here they are as stored.

use hooklane_app::ports::{DeletedWebhooks as _, UsageStore as _};
use hooklane_domain::Timestamp;
use hooklane_domain::usage::calendar::Day;
use hooklane_domain::usage::counting::{Counting, Kind};
use hooklane_domain::usage::{Figures, Span};
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::{Answer, Service};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn figures(events: u64) -> Figures {
    Figures {
        events,
        event_bytes: events * 100,
        deliveries: events * 2,
        attempts: events * 3,
        attempt_bytes: events * 1_000,
        unmeasured: 0,
        unreadable: 1,
    }
}

/// Three tenants, of which one has used nothing in January. December is final.
async fn service() -> Service {
    let service = Service::new();
    let ledger = &service.deps.ledger;
    for (tenant, day, events) in [
        ("acme", "2023-12-31T00:00:00Z", 5),
        ("acme", "2024-01-15T00:00:00Z", 7),
        ("-1-1", "2023-12-02T00:00:00Z", 1),
        ("globex", "2024-01-02T00:00:00Z", 9),
    ] {
        let (from, tenant) = (at(day), tenant.parse().unwrap());
        let day = Day::of(from);
        if day.month().to_string() == "2023-12" {
            ledger.finish_usage(&tenant, day, figures(events)).await.unwrap();
        } else {
            let span = Span { from, to: day.end() };
            ledger.add_usage(&tenant, span, figures(events)).await.unwrap();
        }
    }
    for (kind, until) in
        [(Kind::Final, "2024-01-12T00:00:00Z"), (Kind::Provisional, "2024-01-15T10:00:00Z")]
    {
        let mut counting = Counting::new(kind, at("2023-12-01T00:00:00Z"));
        counting.until = at(until);
        assert!(ledger.save_counting(&counting).await.unwrap());
    }
    service
}

fn row(tenant: &str, month: &str, events: u64, is_final: bool) -> Value {
    let unreadable = u64::from(events > 0);
    json!({
        "tenant": tenant, "month": month, "events": events, "eventBytes": events * 100,
        "deliveries": events * 2, "attempts": events * 3, "attemptBytes": events * 1_000,
        "unmeasured": 0, "unreadable": unreadable, "final": is_final,
    })
}

#[tokio::test]
async fn a_tenant_sees_its_own_months() {
    let service = service().await;
    let answer = get(&service, "/usage?from=2023-11&to=2024-01").await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!({
        "data": [
            row("acme", "2023-11", 0, false),
            row("acme", "2023-12", 5, true),
            row("acme", "2024-01", 7, false),
        ],
        "since": "2023-12-01T00:00:00.000Z",
        "asOf": "2024-01-15T10:00:00.000Z",
    });
    assert_eq!(answer.body, expected);
    let current = get(&service, "/usage").await.body;
    assert_eq!(current["data"], json!([row("acme", "2024-01", 7, false)]), "the current month");
    let until_now = get(&service, "/usage?from=2023-12").await.body;
    assert_eq!(until_now["data"].as_array().unwrap().len(), 2);
    let first = get(&service, "/usage?from=2023-12&limit=1").await.body;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = get(&service, &format!("/usage?from=2023-12&limit=1&cursor={cursor}")).await.body;
    assert_eq!(second["data"], json!([row("acme", "2024-01", 7, false)]));
    assert_eq!(second.get("nextCursor"), None);
}

#[tokio::test]
async fn before_the_first_count_there_is_nothing() {
    let answer = get(&Service::new(), "/usage").await.body;
    assert_eq!(answer, json!({ "data": [row("acme", "2024-01", 0, false)] }));
}

#[tokio::test]
async fn the_operator_sees_all_tenants_page_by_page() {
    let service = service().await;
    let expected = [
        row("-1-1", "2023-12", 1, true),
        row("acme", "2023-12", 5, true),
        row("acme", "2024-01", 7, false),
        row("globex", "2024-01", 9, false),
    ];
    for limit in [1, 2, 3, 1_000] {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/usage?from=2023-12&to=2024-01&limit={limit}{cursor}");
            let page = of_all(&service, &path, "application/json").await.body;
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(rows, expected, "{limit}");
    }
}

#[tokio::test]
async fn as_a_table_it_is_csv_that_no_spreadsheet_calculates() {
    let service = service().await;
    let path = "/usage?from=2023-12&to=2024-01&limit=3";
    let answer = of_all(&service, path, "text/html, text/csv;q=0.9").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.content_type, "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("vary"), "accept");
    let cursor = answer.header("hooklane-next-cursor");
    insta::assert_snapshot!(answer.text.replace("\r\n", "␍␊\n"), @r"
    tenant,month,events,eventBytes,deliveries,attempts,attemptBytes,unmeasured,unreadable,final,asOf␍␊
    '-1-1,2023-12,1,100,2,3,1000,0,1,true,2024-01-15T10:00:00.000Z␍␊
    acme,2023-12,5,500,10,15,5000,0,1,true,2024-01-15T10:00:00.000Z␍␊
    acme,2024-01,7,700,14,21,7000,0,1,false,2024-01-15T10:00:00.000Z␍␊
    ");
    let path = format!("{path}&cursor={cursor}");
    let last = of_all(&service, &path, "text/csv").await;
    assert_eq!(last.text.lines().count(), 2);
    assert_eq!(last.header("hooklane-next-cursor"), "");
}

#[tokio::test]
async fn wrong_months_are_named() {
    let service = service().await;
    for (query, path, message) in [
        ("from=2024-13", "from", "must be a month like 2026-10"),
        ("to=last", "to", "must be a month like 2026-10"),
        ("from=2024-02&to=2024-01", "from", "must not be after `to`"),
        ("from=2023-01&to=2024-02", "from", "must be at most 12 months before `to`"),
        ("limit=1001", "limit", "must be a whole number from 1 to 1000"),
        ("cursor=x", "cursor", "must be a nextCursor from a previous answer"),
        ("month=2024-01", "month", "is not a known parameter"),
    ] {
        let answer = get(&service, &format!("/usage?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let error = &answer.body["errors"][0];
        assert_eq!(
            (error["path"].as_str(), error["message"].as_str()),
            (Some(path), Some(message))
        );
    }
    let thirteen = get(&service, "/usage?from=2023-01&to=2024-01").await.body;
    assert_eq!(thirteen["data"].as_array().unwrap().len(), 13);
}

#[tokio::test]
async fn a_scope_is_needed_and_no_tenant_sees_another() {
    let service = service().await;
    let token = async |scope: &str| {
        let body = format!(r#"{{"scopes":["{scope}"]}}"#);
        let made = service.ask_with(&[KEY], "POST", "/tenants/globex/tokens", &body).await;
        format!("Bearer {}", made.body["token"].as_str().unwrap())
    };
    let (reads, publishes) = (token("webhooks:read").await, token("events:publish").await);
    let path = "/usage?from=2023-12";
    let own = service.ask_with(&[("authorization", &reads)], "GET", path, "").await.body;
    let seen: Vec<_> = own["data"].as_array().unwrap().iter().map(|row| &row["tenant"]).collect();
    assert_eq!(seen, ["globex", "globex"]);
    let refused = service.ask_with(&[("authorization", &publishes)], "GET", path, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_webhook_is_noted_before_it_is_deleted_and_so_are_those_of_a_removed_tenant() {
    let service = Service::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(service.webhook().await);
    }
    let noted = async || {
        let noted = service.deps.ledger.deleted(&"acme".parse().unwrap(), None, 9).await.unwrap();
        noted.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let missing = "/webhooks/wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D";
    assert_eq!(service.ask("DELETE", missing, "").await.status, StatusCode::NOT_FOUND);
    assert!(noted().await.is_empty(), "nobody fills the list with what never was");
    let path = format!("/webhooks/{}", ids[1]);
    assert_eq!(service.ask("DELETE", &path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(noted().await, [ids[1].clone()]);
    let removed = service.ask_with(&[KEY], "DELETE", "/tenants/acme", "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    ids.reverse();
    assert_eq!(noted().await, ids);
}

const KEY: (&str, &str) = ("authorization", "Bearer the-operator-key");

/// As the operator for the tenant `acme`.
async fn get(service: &Service, path: &str) -> Answer {
    service.ask("GET", path, "").await
}

/// As the operator for nobody.
async fn of_all(service: &Service, path: &str, accept: &str) -> Answer {
    service.ask_with(&[KEY, ("accept", accept)], "GET", path, "").await
}
