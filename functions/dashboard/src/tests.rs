//! The portal over fakes, as a browser sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hooklane_api::{Deps, Ports};
use hooklane_app::cache::{Bounded, Recent};
use hooklane_app::catalog::EventCatalog;
use hooklane_app::fakes::{
    FakeMonitor, FakeSystem, Faults, MemoryLedger, MemoryLetters, MemoryQueues, MemoryRegistry,
};
use hooklane_app::portal;
use hooklane_app::ports::{Destination, Post, Sent, TenantStore as _, Unavailable};
use hooklane_contract::WireRequest;
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::access::tenant::TenantDefaults;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::sources::SourceAddresses;
use hooklane_domain::webhook::network::NetworkRules;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use lambda_http::http::header::{COOKIE, LOCATION, SET_COOKIE};
use lambda_http::http::{Request, StatusCode};
use secrecy::ExposeSecret as _;
use tower::ServiceExt as _;

use crate::{FrameAncestors, Portal, Watch, door};

mod editing;
mod figures;
mod guides;
mod inbox;
mod inspecting;
mod listing;
mod looking;
mod operator;
mod recovering;
mod studio;
mod trying;
mod types;

const KEY: &str = "the-key-of-tokens";

struct Keys;

impl hooklane_api::Keys for Keys {
    async fn known(&self, _: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        Ok(Arc::new(KeyRing::parse(KEY).unwrap()))
    }
    async fn newest(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        self.known(now).await
    }
}

/// Notes what is sent, and answers nothing.
#[derive(Default)]
struct Nobody {
    seen: Mutex<Vec<WireRequest>>,
}

impl Post for Nobody {
    async fn post(&self, _: Destination<'_>, request: WireRequest, _: Duration) -> Sent {
        self.seen.lock().unwrap().push(request);
        let error = AttemptError { kind: ErrorKind::Connect, detail: "nobody listens".to_owned() };
        let took = Duration::from_millis(3);
        Sent { outcome: Outcome::Error(error), remarks: Vec::new(), took }
    }
}

struct Fakes;

impl Ports for Fakes {
    type Ledger = MemoryLedger;
    type Registry = MemoryRegistry;
    type Queues = MemoryQueues;
    type Letters = MemoryLetters;
    type Errands = MemoryLetters;
    type Sender = Nobody;
    type Keys = Keys;
    type System = FakeSystem;
}

struct Browser {
    portal: Arc<Portal<Fakes>>,
    door: Router,
    cookie: String,
    /// Of the ledger and the registry: what is asked of them.
    faults: Faults,
    /// What is observed of the service from outside.
    monitor: FakeMonitor,
}

struct Answer {
    status: StatusCode,
    text: String,
    location: String,
    set_cookie: String,
    policy: String,
    tag: String,
}

impl Browser {
    fn new(frame: &str) -> Self {
        Self::with(frame, 600)
    }

    /// Of a tenant with so many requests in a minute.
    fn limited(rate_limit: u32) -> Self {
        Self::with("", rate_limit)
    }

    fn with(frame: &str, rate_limit: u32) -> Self {
        let now: Timestamp = "2026-10-13T11:51:00Z".parse().unwrap();
        let faults = Faults::default();
        let letters = MemoryLetters::default();
        let deps = Deps {
            ledger: MemoryLedger::with_faults(faults.clone()),
            registry: MemoryRegistry::with_faults(faults.clone()),
            queues: MemoryQueues::at(now, 360),
            letters: letters.clone(),
            errands: letters,
            sender: Nobody::default(),
            operator_keys: Keys,
            token_keys: Keys,
            system: FakeSystem::at(now),
            contracts: hooklane_bundled_contracts::load(),
            catalog: EventCatalog::with_defaults(
                hooklane_bundled_catalogs::load(),
                TenantDefaults {
                    catalog: Some("ops-center".parse().unwrap()),
                    ..TenantDefaults::default()
                },
            ),
            network: NetworkRules::default(),
            sources: SourceAddresses::default(),
            portal_origin: "https://hooks.example".to_owned(),
            rate_limit,
            quotas: Quotas::default(),
            retention: SignedDuration::from_hours(30 * 24),
            leases: Bounded::default(),
            pulse: Recent::default(),
        };
        let monitor = FakeMonitor::default();
        let (frame, watch) = (FrameAncestors::of(frame), Watch::of(monitor.clone()));
        let portal = Arc::new(Portal { deps, frame, watch });
        Self { door: door(Arc::clone(&portal)), portal, cookie: String::new(), faults, monitor }
    }

    async fn ask(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(COOKIE, &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.door.clone().oneshot(request).await.unwrap();
        let header = |name: &str| {
            answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let (location, set_cookie) = (header(LOCATION.as_str()), header(SET_COOKIE.as_str()));
        let (status, policy) = (answer.status(), header("content-security-policy"));
        let tag = header("etag");
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status, text, location, set_cookie, policy, tag }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", &[]).await
    }

    /// Signs in to the tenant `acme`.
    async fn enter(&mut self, scope: &str) -> Answer {
        self.enter_with(&format!("{{\"scope\": \"{scope}\"}}")).await
    }

    /// The same, with what the platform asked for.
    async fn enter_with(&mut self, body: &str) -> Answer {
        let (deps, tenant) = (&self.portal.deps, "acme".parse().unwrap());
        let stores = (&deps.registry, &deps.ledger);
        let link = portal::link(stores, &deps.system, &KEY.into(), &tenant, body).await;
        let path = format!("/portal/acme/enter?link={}", link.unwrap().pass.expose_secret());
        let answer = self.get(&path).await;
        self.cookie = answer.set_cookie.split(';').next().unwrap().to_owned();
        answer
    }
}

/// The text that every form of a page repeats.
fn form_of(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"form\" value=\"").unwrap();
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn a_link_is_exchanged_for_a_cookie_of_this_host_and_tenant() {
    let mut browser = Browser::new("");
    let answer = browser.enter("manage").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location, "/portal/acme/webhooks");
    let cookie = answer.set_cookie;
    assert!(cookie.starts_with("__Host-hooklane-acme=ey"), "{cookie}");
    let (_, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(browser.get("/portal/acme/webhooks").await.status, StatusCode::OK);
    assert_eq!(browser.get("/portal/globex/webhooks").await.status, StatusCode::UNAUTHORIZED);
    browser.portal.deps.system.pass(SignedDuration::from_hours(8));
    let late = browser.get("/portal/acme/webhooks").await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED, "a session ends");
}

#[tokio::test]
async fn a_frame_is_permitted_to_those_that_are_named() {
    let mut alone = Browser::new("");
    let answer = alone.enter("read").await;
    assert!(answer.policy.ends_with("frame-ancestors 'none'"), "{}", answer.policy);
    let mut framed = Browser::new("https://app.example https://shop.example");
    let answer = framed.enter("read").await;
    let wanted = "frame-ancestors https://app.example https://shop.example";
    assert!(answer.policy.ends_with(wanted), "{}", answer.policy);
    assert!(answer.set_cookie.ends_with("SameSite=None; Partitioned"), "{}", answer.set_cookie);
    for answer in [answer, framed.get("/portal/acme/webhooks").await] {
        assert!(!answer.policy.contains("unsafe"), "{}", answer.policy);
    }
}

#[tokio::test]
async fn a_form_needs_the_sessions_text_and_the_portals_own_page() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let page = browser.get("/portal/acme/new").await.text;
    let body = format!("form={}&url=https%3A%2F%2Fexample.com%2F&events=*", form_of(&page));
    for (headers, why) in [
        (vec![], "no browser sent it"),
        (vec![("sec-fetch-site", "cross-site")], "another site sent it"),
        (vec![("sec-fetch-site", "same-site")], "a neighbour sent it"),
        (vec![("origin", "https://evil.example")], "another origin sent it"),
    ] {
        let answer = browser.ask("POST", "/portal/acme/webhooks", &body, &headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{why}");
    }
    let own = [("sec-fetch-site", "same-origin")];
    let forged = body.replace(form_of(&page), &"0".repeat(32));
    let answer = browser.ask("POST", "/portal/acme/webhooks", &forged, &own).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "it lacks the session's text");
    let tenant = "acme".parse().unwrap();
    let count = async || {
        let tenant = browser.portal.deps.registry.tenant(&tenant).await.unwrap();
        tenant.usage.map_or(0, |usage| usage.webhooks)
    };
    assert_eq!(count().await, 0);
    let answer = browser.ask("POST", "/portal/acme/webhooks", &body, &own).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("whsec_"), "the secret is shown");
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn who_may_only_look_can_do_nothing_else() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    let body = format!("form={}&url=https%3A%2F%2Fexample.com%2F&events=*", form_of(&page));
    let own = [("sec-fetch-site", "same-origin")];
    let answer = browser.ask("POST", "/portal/acme/webhooks", &body, &own).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains("You may look, and change nothing"), "{}", answer.text);
    assert_eq!(browser.get("/portal/acme/new").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_too() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    for path in [
        "/portal/acme/nothing",
        "/portal/acme/webhooks/wh_00000000000000000000000000",
        "/portal/acme/webhooks/nonsense",
        "/portal/acme/deliveries/dlv_x",
        "/portal/%20/webhooks",
        "/elsewhere",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text.contains("There is no such page"), "{path}");
    }
}

#[test]
fn texts_of_others_are_shown_with_what_cannot_be_seen() {
    use crate::written::{Html, plain, seen, short};
    let Html(shown) = seen("<b>\u{202e}x\u{1b}[31m</b>\"'&");
    assert_eq!(
        shown,
        "&lt;b&gt;<span class=\"unseen-mark\">U+202E</span>x<span class=\"unseen-mark\">U+001B</span>[31m\
         &lt;/b&gt;&quot;&#39;&amp;"
    );
    assert_eq!(plain("a\u{0}b"), "a\u{27e8}U+0000\u{27e9}b");
    assert_eq!(short("evt_01M4TJHTM9WXY04XTE"), "evt_01M4TJHT\u{2026}4XTE");
}

#[test]
fn numbers_and_times_follow_the_locale_and_the_zone() {
    use crate::written::{Html, Writer};
    let now: Timestamp = "2026-10-13T11:51:00Z".parse().unwrap();
    let writer =
        |locale: &str, zone: &str| Writer::new(Some(&locale.parse().unwrap()), Some(zone), now);
    let berlin = writer("de", "Europe/Berlin");
    assert_eq!(berlin.number(1_234_567), "1.234.567");
    assert_eq!(berlin.percent(0.8544), "85,4%");
    assert_eq!(berlin.took(6_200), "6,2 s");
    let Html(at) = berlin.time("2026-10-13T12:02:11Z".parse().unwrap());
    assert_eq!(
        at,
        "<time datetime=\"2026-10-13T12:02:11.000Z\" title=\"13 Oct 2026, 14:02:11, UTC+2\">14:02</time>"
    );
    let Html(before) = berlin.time("2026-10-12T15:20:00Z".parse().unwrap());
    assert!(before.ends_with(">Mon 17:20</time>"), "{before}");
    let york = writer("en-US", "America/New_York");
    assert_eq!(york.number(1_234), "1,234");
    let Html(at) = york.time("2026-10-13T17:05:00Z".parse().unwrap());
    assert!(at.ends_with(">1:05 pm</time>"), "{at}");
    let unknown = writer("en", "Mars/Base");
    assert!(unknown.zone_and_day().starts_with("UTC, Tue 13 Oct"), "{}", unknown.zone_and_day());
    assert_eq!(unknown.percent(0.99999), "99.99%", "100% is all");
    assert_eq!(unknown.percent(0.00001), "0.1%", "0% is none");
}

#[tokio::test]
async fn pages_count_against_the_tenants_limit() {
    let mut browser = Browser::limited(2);
    browser.enter("read").await;
    for _ in 0..2 {
        assert_eq!(browser.get("/portal/acme/types").await.status, StatusCode::OK);
    }
    let refused = browser.get("/portal/acme/types").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text.contains("Too many requests"), "{}", refused.text);
}

#[tokio::test]
async fn who_signs_out_gets_a_page_with_the_way_back() {
    let mut browser = Browser::new("");
    let (deps, tenant) = (&browser.portal.deps, "acme".parse().unwrap());
    let body = r#"{"scope": "read", "returnUrl": "https://shop.example/settings"}"#;
    let link =
        portal::link((&deps.registry, &deps.ledger), &deps.system, &KEY.into(), &tenant, body)
            .await;
    let path = format!("/portal/acme/enter?link={}", link.unwrap().pass.expose_secret());
    browser.cookie = browser.get(&path).await.set_cookie.split(';').next().unwrap().to_owned();
    let page = browser.get("/portal/acme/webhooks").await.text;
    let form = format!("form={}", form_of(&page));
    let own =
        [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
    let answer = browser.ask("POST", "/portal/acme/leave", &form, &own).await;
    assert_eq!((answer.status, answer.location.as_str()), (StatusCode::OK, ""));
    assert!(answer.set_cookie.contains("Max-Age=0"), "{}", answer.set_cookie);
    assert!(answer.text.contains("href=\"https://shop.example/settings\""), "{}", answer.text);
}
