//! The operator's pages.

use hooklane_app::ports::{
    Alarm, AlarmState, BrakeStore as _, CanaryStore as _, Clock as _, EventStore as _,
    HealthStore as _, KeyStore as _, Observed, QueueAge, WatchList as _, WorkQueue,
};
use hooklane_domain::access::key::{Key, KeySecret};
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::canary::Canary;
use hooklane_domain::dead_letter::Source;
use hooklane_domain::event::{Content, Event};
use hooklane_domain::ids::KeyId;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::json::RawJson;

use super::figures::{minutes, webhook};
use super::*;

const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

impl Browser {
    async fn send(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, body, &OWN).await
    }

    /// Signs in as the operator, and answers with the text of that session's forms.
    async fn enter_as_operator(&mut self) -> String {
        let answer = self.send("/operator/sign-in", &format!("key={KEY}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        self.cookie = answer.set_cookie.split(';').next().unwrap().to_owned();
        form_of(&self.get("/operator/tenants").await.text).to_owned()
    }
}

#[tokio::test]
async fn the_operator_signs_in_with_its_key_and_nobody_else_does() {
    let mut browser = Browser::new("https://shop.example");
    for path in ["overview", "tenants", "tenants/acme", "letters", "find?id=x"] {
        let answer = browser.get(&format!("/operator/{path}")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.text.contains("action=\"/operator/sign-in\""), "{path}");
        assert!(answer.policy.ends_with("frame-ancestors 'none'"), "{}", answer.policy);
    }
    let page = browser.get("/operator/sign-in").await;
    assert!(page.text.contains("type=\"password\""), "{}", page.text);
    for key in ["", "wrong", "the-key-of-token", "the-key-of-tokens2"] {
        let answer = browser.send("/operator/sign-in", &format!("key={key}")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{key}");
        assert!(answer.text.contains("This is no operator key."), "{key}");
        assert_eq!(answer.set_cookie, "");
    }
    let body = format!("key={KEY}");
    let foreign = [("sec-fetch-site", "cross-site")];
    let answer = browser.ask("POST", "/operator/sign-in", &body, &foreign).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "another site signs nobody in");
    let answer = browser.send("/operator/sign-in", &body).await;
    assert_eq!(answer.location, "/operator/overview");
    let (cookie, attributes) = answer.set_cookie.split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-hooklane.operator=ey"), "{cookie}");
    assert_eq!(attributes, " Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
    browser.cookie = cookie.to_owned();
    for path in ["overview", "tenants", "letters", "find"] {
        let answer = browser.get(&format!("/operator/{path}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    assert_eq!(browser.get("/operator/tenants/acme").await.status, StatusCode::NOT_FOUND);
    browser.portal.deps.system.pass(SignedDuration::from_hours(8));
    assert_eq!(browser.get("/operator/overview").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_of_a_tenant_is_none_of_the_operators() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let session = browser.cookie.split_once('=').unwrap().1.to_owned();
    browser.cookie = format!("__Host-hooklane.operator={session}");
    assert_eq!(browser.get("/operator/overview").await.status, StatusCode::UNAUTHORIZED);
    browser.enter_as_operator().await;
    let session = browser.cookie.split_once('=').unwrap().1.to_owned();
    browser.cookie = format!("__Host-hooklane-acme={session}");
    assert_eq!(browser.get("/portal/acme/webhooks").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_needs_the_text_of_the_operators_session() {
    let mut browser = Browser::new("");
    let form = browser.enter_as_operator().await;
    browser.portal.deps.letters.add(Source::Events, "x", "is no event");
    for (path, body) in [
        ("/operator/view", "tenant=acme"),
        ("/operator/letters/delete", "source=events&reason=is&sure=1"),
        ("/operator/leave", ""),
    ] {
        for form in ["", &"0".repeat(32)] {
            let answer = browser.send(path, &format!("form={form}&{body}")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        let body = format!("form={form}&{body}");
        let answer = browser.ask("POST", path, &body, &[("origin", "https://evil.example")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(browser.portal.deps.letters.held(Source::Events).len(), 1);
    let left = browser.send("/operator/leave", &format!("form={form}")).await;
    assert!(left.set_cookie.contains("Max-Age=0"), "{}", left.set_cookie);
}

#[tokio::test]
async fn the_operator_views_a_tenant_marked_and_changes_nothing_unless_it_asks() {
    let mut browser = Browser::limited(1);
    let form = browser.enter_as_operator().await;
    let hook = webhook(&browser, 1).await;
    let operator = browser.cookie.clone();
    for (access, may_change) in [("", false), ("&access=manage", true)] {
        let body = format!("form={form}&tenant=acme&to=webhooks/{hook}{access}");
        browser.cookie.clone_from(&operator);
        let answer = browser.send("/operator/view", &body).await;
        assert_eq!(answer.location, format!("/portal/acme/webhooks/{hook}"));
        let session = answer.set_cookie.split(';').next().unwrap();
        browser.cookie = format!("{operator}; {session}");
        for path in [format!("webhooks/{hook}"), "webhooks".to_owned(), "deliveries".to_owned()] {
            let page = browser.get(&format!("/portal/acme/{path}")).await;
            assert_eq!(page.status, StatusCode::OK, "it is not counted: {}", page.text);
            assert!(page.text.contains("You view acme as the operator."), "{path}");
            let changes = page.text.contains("You can change what its own people can.");
            assert_eq!(changes, may_change, "{path}");
            // Who asks for more comes back to the same page.
            let (more, to) = ("/operator/tenants/acme?to=", path.replace('/', "%2F"));
            let leads = page.text.contains(&format!("href=\"{more}{to}#view\""));
            assert_eq!(leads, !may_change, "{path}: {}", page.text);
            let tenant = browser.get(&format!("{more}{to}")).await.text;
            let field = format!("name=\"to\" value=\"{path}\"");
            assert_eq!(tenant.matches(&field).count(), 2, "{path}: {tenant}");
        }
        let page = browser.get(&format!("/portal/acme/webhooks/{hook}")).await.text;
        let body = format!("form={}", form_of(&page));
        let paused = browser.send(&format!("/portal/acme/webhooks/{hook}/pause"), &body).await;
        let expected = if may_change { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(paused.status, expected);
        let back = browser.send("/portal/acme/leave", &body).await;
        assert_eq!(back.location, "/operator/tenants/acme");
        assert!(back.set_cookie.starts_with("__Host-hooklane-acme=;"), "{}", back.set_cookie);
        assert!(back.set_cookie.contains("Max-Age=0"), "{}", back.set_cookie);
    }
    browser.cookie = operator;
    for (body, why) in [
        (format!("form={form}"), "no tenant"),
        (format!("form={form}&tenant=no%20tenant"), "none that can be"),
    ] {
        let answer = browser.send("/operator/view", &body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{why}");
    }
    let body = format!("form={form}&tenant=acme&to=https://evil.example");
    assert_eq!(browser.send("/operator/view", &body).await.location, "/portal/acme/webhooks");
}

#[tokio::test]
async fn a_tenants_own_people_see_no_mark() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    assert!(!page.contains("operator"), "{page}");
}

#[tokio::test]
async fn the_overview_says_what_fails_and_how_the_service_is() {
    let mut browser = Browser::new("");
    browser.enter_as_operator().await;
    let page = browser.get("/operator/overview").await.text;
    for text in ["No webhook fails.", "Never ran", "Not sent", "canaries are off"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let hook = webhook(&browser, 1).await;
    let deps = &browser.portal.deps;
    let (acme, now) = ("acme".parse().unwrap(), deps.system.now());
    let since = now - minutes(90);
    let circuit = Circuit::Open { since, probe_at: now + minutes(4), probes: 3 };
    let health = Health { circuit, ..Health::default() };
    let change = Change { health, lane: None, watch: Some(now) };
    assert!(deps.registry.save_health(&acme, hook, &change).await.unwrap());
    deps.registry.watch(&acme, hook, 1, now).await.unwrap();
    let brake = Brake { on: true, in_flight: 81_234, measured_at: now - minutes(1) };
    deps.registry.set_brake(brake).await.unwrap();
    deps.letters.add(Source::Upkeep, "x", "was refused");
    let page = browser.get("/operator/overview").await.text;
    for text in [
        "1 webhook fails.",
        "1 h 30 min",
        "one is tried at",
        "Runs",
        "81,234 messages in flight; what waits long is parked",
        "look at them",
        "href=\"/operator/tenants/acme\"",
        &format!("value=\"webhooks/{hook}\""),
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    browser.portal.deps.system.pass(minutes(6));
    let page = browser.get("/operator/overview").await.text;
    assert!(page.contains("Does not run"), "{page}");
    assert!(
        !page.contains("what waits long is parked"),
        "the brake holds nothing any more: {page}"
    );
}

#[tokio::test]
async fn the_overview_shows_alarms_and_how_old_what_waits_is() {
    let mut browser = Browser::new("");
    browser.enter_as_operator().await;
    let page = browser.get("/operator/overview").await.text;
    assert!(page.contains("CloudWatch did not say"), "the page is there without: {page}");
    let now = browser.portal.deps.system.now();
    let alarm = |name: &str, state| Alarm {
        name: name.to_owned(),
        state,
        since: Some(now - minutes(30)),
        about: format!("{name} <is> wrong. docs/runbooks/{name}.md"),
    };
    let age = |queue, seconds| QueueAge { queue, seconds, at: now - minutes(2) };
    let shows = async |alarms: Vec<Alarm>, ages: Vec<QueueAge>| {
        browser.monitor.observes(Observed { alarms, ages });
        browser.portal.deps.system.pass(SignedDuration::from_secs(31));
        browser.get("/operator/overview").await.text
    };
    let page = shows(Vec::new(), Vec::new()).await;
    assert!(page.contains("the parameter Alarms is off"), "{page}");
    let page = shows(vec![alarm("brake", AlarmState::NoData)], Vec::new()).await;
    assert!(page.contains("nothing was measured yet") && !page.contains("Quiet"), "{page}");
    let quiet = vec![alarm("brake", AlarmState::Quiet), alarm("canary", AlarmState::NoData)];
    let page = shows(quiet.clone(), vec![age(WorkQueue::Delivery, 0)]).await;
    assert!(page.contains("1 of 2; of 1 too little was measured"), "{page}");
    assert!(!page.contains("the oldest for") && !page.contains("Alarms that ring"), "{page}");
    let ringing = [alarm("dead-letters-events", AlarmState::Ringing)];
    let alarms = ringing.into_iter().chain(quiet).collect();
    let page = shows(alarms, vec![age(WorkQueue::Retry, 7_260), age(WorkQueue::Events, 3)]).await;
    for text in [
        "one of 3",
        "<th scope=\"row\" class=\"mono\">dead-letters-events</th>",
        "dead-letters-events &lt;is&gt; wrong. docs/runbooks/dead-letters-events.md",
        "<p>the oldest for 2 h 1 min, at 11:49</p>",
        "<p>the oldest for 3 s, at 11:49</p>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<th scope=\"row\" class=\"mono\">brake</th>"), "{page}");
}

/// The page asks every two seconds; nothing is sent while nothing changes, and the monitor is asked twice a minute.
#[tokio::test]
async fn the_overview_follows_what_happens() {
    let mut browser = Browser::new("");
    browser.enter_as_operator().await;
    let page = browser.get("/operator/overview?order=waiting").await.text;
    assert!(page.contains("data-from=\"/operator/overview/now?order=waiting\""), "{page}");
    let path = "/operator/overview/now?order=waiting";
    let first = browser.get(path).await;
    for _ in 0..10 {
        browser.portal.deps.system.pass(SignedDuration::from_secs(2));
        let again = browser.ask("GET", path, "", &[("if-none-match", &first.tag)]).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    assert_eq!(browser.monitor.asked(), 1);
    browser.portal.deps.letters.add(Source::Upkeep, "x", "was refused");
    let changed = browser.ask("GET", path, "", &[("if-none-match", &first.tag)]).await;
    assert!(changed.text.contains("look at them"), "{}", changed.text);
}

#[tokio::test]
async fn the_canary_is_said_to_be_missing_while_the_one_before_did_not_arrive() {
    let mut browser = Browser::new("");
    browser.enter_as_operator().await;
    let deps = &browser.portal.deps;
    let now = deps.system.now();
    let (sent, early) = (now - minutes(1), now - minutes(4));
    let second = |n: i64| Some(sent + SignedDuration::from_secs(n));
    let mut newest = None;
    for (n, (sent_at, arrived_at, before, said)) in [
        (sent, None, None, "Under way"),
        (sent, None, Some(true), "Under way"),
        (sent, None, Some(false), "the one before has not arrived in time"),
        (sent, second(2), Some(false), "Arrived"),
        (early, None, Some(true), "and has not arrived"),
        (early, Some(now), Some(true), "Late"),
        (now - minutes(180), None, Some(true), "the last one was sent at"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("canary-{n}").parse().unwrap();
        let canary = Canary { id, sent_at, arrived_at, before };
        assert!(deps.ledger.replace_canary(newest.as_ref(), &canary).await.unwrap());
        newest = Some(canary.id);
        let page = browser.get("/operator/overview").await.text;
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn tenants_are_listed_and_shown_with_their_quotas_and_keys() {
    let mut browser = Browser::new("");
    browser.enter_as_operator().await;
    let page = browser.get("/operator/tenants").await.text;
    assert!(page.contains("There is no tenant yet."), "{page}");
    webhook(&browser, 1).await;
    let registry = &browser.portal.deps.registry;
    let settings = TenantSettings { paused: true, ..TenantSettings::default() };
    for n in 0..60 {
        let id = format!("tenant-{n:02}").parse().unwrap();
        registry.set_settings(&id, &settings, None).await.unwrap().unwrap();
    }
    let now = browser.portal.deps.system.now();
    let key = Key {
        id: KeyId::new(now, 1),
        tenant: "acme".parse().unwrap(),
        name: "reads <b>all</b>".parse().unwrap(),
        scopes: [Scope::PublishEvents].into_iter().collect(),
        hash: KeySecret::new([1; 32]).hash(),
        former: None,
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revision: 0,
    };
    assert!(registry.add_key(&key, 10).await.unwrap().is_none());
    let page = browser.get("/operator/tenants").await.text;
    assert!(
        page.contains("1 of 1,000") && page.contains("tenant-48") && !page.contains("tenant-49")
    );
    assert!(page.contains("all of its webhooks are"), "{page}");
    let (_, next) = page.rsplit_once("class=\"button\" href=\"").unwrap();
    let page = browser.get(next.split('"').next().unwrap()).await.text;
    assert!(
        page.contains("tenant-49") && page.contains("tenant-59") && !page.contains("tenant-48")
    );
    let page = browser.get("/operator/tenants/acme").await.text;
    for text in ["reads &lt;b&gt;all&lt;/b&gt;", "never", "View and change", "webhooks", "600"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn an_event_is_found_and_leads_to_its_tenant() {
    let mut browser = Browser::new("");
    browser.enter_as_operator().await;
    let settings = TenantSettings::default();
    let deps = &browser.portal.deps;
    deps.registry.set_settings(&"acme".parse().unwrap(), &settings, None).await.unwrap();
    let content = Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse("{}").unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let (id, tenant) = ("evt_77".parse().unwrap(), "acme".parse().unwrap());
    let event = Event { id, tenant, content, accepted_at: deps.system.now(), value: None };
    deps.ledger.put(&event).await.unwrap();
    let page = browser.get("/operator/find?id=evt_77").await.text;
    assert!(page.contains("value=\"deliveries?id=evt_77\""), "{page}");
    assert!(page.contains("order.created, accepted"), "{page}");
    let page = browser.get("/operator/find?id=evt_78").await.text;
    assert!(page.contains("Nothing has this id."), "{page}");
    let page = browser.get("/operator/find?id=%3Cscript%3E").await.text;
    assert!(page.contains("is no id of a tenant") && !page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn dead_letters_are_read_sent_again_and_deleted() {
    let mut browser = Browser::new("");
    let form = browser.enter_as_operator().await;
    let letters = &browser.portal.deps.letters;
    letters.set_time(browser.portal.deps.system.now());
    let one = letters.add(Source::Events, "{\"tenant\": \"acme\", \"x\": \"<b>\"}", "is no event");
    letters.add(Source::Events, "second", "is no event");
    letters.add(Source::Events, "third", "has an id in use");
    let page = browser.get("/operator/letters").await.text;
    assert!(page.contains("aria-current=\"true\">events <b>3</b>"), "{page}");
    assert!(page.contains("is no event") && page.contains(&one) && !page.contains("<b>\""));
    let page = browser.get("/operator/letters?source=events&reason=in+use").await.text;
    assert!(page.contains("has an id in use") && !page.contains(&one), "{page}");
    let page = browser.get("/operator/letters?source=stats").await.text;
    assert!(page.contains("There is none.") && page.contains("make redrive"), "{page}");

    // One is sent at once.
    let body = format!("form={form}&source=events&id={one}");
    let answer = browser.send("/operator/letters/redrive", &body).await;
    assert_eq!(answer.location, "/operator/letters?source=events&done=redrive&n=1");
    assert!(browser.get(&answer.location).await.text.contains("1 letter sent again."));
    // Several, and what is deleted, ask once more.
    let body = format!("form={form}&source=events&reason=is+no+event");
    let page = browser.send("/operator/letters/redrive", &body).await.text;
    assert!(page.contains("Send 1 letter again?"), "{page}");
    let body = format!("form={form}&source=events&reason=id");
    let page = browser.send("/operator/letters/delete", &body).await.text;
    assert!(
        page.contains("Delete 1 letter?") && page.contains("contains <code>id</code>"),
        "{page}"
    );
    assert_eq!(letters.held(Source::Events).len(), 2, "nothing was deleted yet");
    let answer = browser.send("/operator/letters/delete", &format!("{body}&sure=1")).await;
    assert!(answer.location.starts_with("/operator/letters?source=events&done=delete&n=1"));
    assert_eq!(letters.held(Source::Events).len(), 1);
    for body in ["source=events", "source=nothing&reason=x", "source=events&id=no+id"] {
        let answer = browser.send("/operator/letters/delete", &format!("form={form}&{body}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{body}");
    }
}
