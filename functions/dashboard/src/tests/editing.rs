//! The form of a webhook: preview and sample before anything is saved, and changes that do not overwrite each other.

use hooklane_app::ports::WebhookStore as _;
use hooklane_app::precondition::Precondition;
use hooklane_app::webhooks;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;
use serde_json::{Map, Value};

use super::*;
use crate::link;

pub(super) const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

/// A form's body.
pub(super) fn written(form: &str, fields: &[(&str, &str)]) -> String {
    let tenant = "acme".parse().unwrap();
    let all = [&[("form", form)], fields].concat();
    link::with(&tenant, "", &all).split_once('?').unwrap().1.to_owned()
}

/// What the form of a page sends, as long as nobody changes anything.
pub(super) fn filled(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(unescaped(rest.split('"').next()?))
    };
    let mut fields = Vec::new();
    for tag in page.split('<').skip(1) {
        let (head, text) = tag.split_once('>').unwrap_or((tag, ""));
        let Some(name) = attribute(head, "name").filter(|name| name != "id") else { continue };
        let is_box = head.contains("checkbox") || head.contains("radio");
        if head.starts_with("input ") && (!is_box || head.ends_with(" checked")) {
            fields.push((name, attribute(head, "value").unwrap_or_else(|| "on".to_owned())));
        } else if head.starts_with("textarea ") {
            fields.push((name, unescaped(text)));
        }
    }
    fields
}

fn unescaped(text: &str) -> String {
    let pairs = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The same with other values.
pub(super) fn with(mut fields: Vec<(String, String)>, changes: &[(&str, &str)]) -> String {
    for (name, value) in changes {
        fields.retain(|(one, _)| one != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    written("", &fields).trim_start_matches("form=&").to_owned()
}

async fn register(browser: &Browser, body: &str) -> Webhook {
    let deps = &browser.portal.deps;
    let checked = (deps.rules(), &deps.quotas);
    let tenant = "acme".parse().unwrap();
    webhooks::register(&deps.registry, &deps.system, checked, tenant, body).await.unwrap()
}

async fn stored(browser: &Browser, id: WebhookId) -> Webhook {
    let tenant = "acme".parse().unwrap();
    browser.portal.deps.registry.get(&tenant, id).await.unwrap().unwrap()
}

/// All that can be seen of a webhook, with its revision and what its headers hide.
fn whole(browser: &Browser, webhook: &Webhook) -> (u64, Map<String, Value>, Vec<(String, String)>) {
    let headers = webhook.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fields = hooklane_api::shown_fields(webhook, &browser.portal.deps.contracts);
    (webhook.revision, fields, headers.collect())
}

async fn is_unchanged(browser: &Browser, before: &Webhook) -> bool {
    whole(browser, &stored(browser, before.id).await) == whole(browser, before)
}

fn sent(browser: &Browser) -> usize {
    browser.portal.deps.sender.seen.lock().unwrap().len()
}

const SAVED: &str = r#"{"url":"https://example.com/hook","name":"Desk \"<b>\"",
    "events":["user.deleted","user.created","payment.*"],
    "headers":{"X-Key":"s3cret"},"filter":"event.data.total > 50.0","rateLimit":{"requests":5,"perSeconds":1},
    "timeoutSeconds":7,"description":"kept"}"#;

/// Somebody who has the form of a new webhook open: their browser, and the form's token.
async fn creating() -> (Browser, String) {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let form = form_of(&browser.get("/portal/acme/new").await.text).to_owned();
    (browser, form)
}

/// Somebody who has the form of a saved webhook open: their browser, the webhook, the form's path and its page.
async fn editing() -> (Browser, Webhook, String, String) {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let saved = register(&browser, SAVED).await;
    let path = format!("/portal/acme/webhooks/{}/edit", saved.id);
    let page = browser.get(&path).await.text;
    (browser, saved, path, page)
}

#[tokio::test]
async fn a_preview_of_a_new_webhook_needs_no_address_and_sends_nothing() {
    let (browser, form) = creating().await;
    let fields = [
        ("events", "user.created"),
        ("contract", "stripe"),
        ("name", "Order <desk>"),
        ("transform", "{'only': event.type}"),
        ("headers", "X-Key: s3cret"),
    ];
    let body = written(&form, &fields);
    let shown = browser.ask("POST", "/portal/acme/new/preview", &body, &OWN).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let (before, panel) = shown.text.split_once("This would arrive").expect(&shown.text);
    assert!(!before.contains("to correct"), "{before}");
    assert!(panel.contains("Stripe-Signature:</span> t="), "{panel}");
    assert!(panel.contains("only") && panel.contains("user.created"), "{panel}");
    assert!(panel.contains("X-Key:</span> ***"), "{panel}");
    assert!(panel.contains("value=\"Order &#60;desk&#62;\""), "what was typed is kept: {panel}");
    assert_eq!(sent(&browser), 0);
    let wrong = written(&form, &[("url", "http://10.0.0.1/"), ("filter", "event.data.a ==\n 1 1")]);
    let shown = browser.ask("POST", "/portal/acme/new/preview", &wrong, &OWN).await.text;
    assert!(shown.contains("2 things to correct"), "{shown}");
    let beside = |field: &str| {
        let (_, rest) = shown.split_once(&format!("id=\"{field}-mistake\"")).unwrap();
        rest.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
    };
    assert!(!beside("url").is_empty());
    assert!(beside("filter").starts_with("line 2, column "), "{}", beside("filter"));
    let said = browser.ask("POST", "/portal/acme/new/address", &wrong, &OWN).await.text;
    assert_eq!(said, unescaped(&beside("url")), "the same words while it is typed");
    let right = written(&form, &[("url", "https://example.com/hook")]);
    assert_eq!(browser.ask("POST", "/portal/acme/new/address", &right, &OWN).await.text, "");
}

#[tokio::test]
async fn what_a_filter_rejects_or_a_transform_cannot_make_is_said() {
    let (browser, form) = creating().await;
    for (fields, said) in [
        ([("filter", "event.type == 'user.created'")], "The filter matches."),
        ([("filter", "event.type == 'x'")], "The filter does not match:"),
        ([("filter", "event.data.nothing == 1")], "The filter fails:"),
        ([("transform", "event.data.nothing")], "Nothing would arrive"),
    ] {
        let fields = [&[("events", "user.created")], &fields[..]].concat();
        let body = written(&form, &fields);
        let shown = browser.ask("POST", "/portal/acme/new/preview", &body, &OWN).await.text;
        assert!(shown.contains(said), "{said}: {shown}");
    }
}

#[tokio::test]
async fn the_pattern_that_the_form_suggests_is_accepted() {
    let (browser, form) = creating().await;
    let page = browser.get("/portal/acme/new").await.text;
    let (_, rest) = page.split_once("name=\"others\" value=\"\" placeholder=\"").unwrap();
    let pattern = rest.split('"').next().unwrap();
    assert!(page.contains(&format!("<code>{pattern}</code> is every type")), "{page}");
    let body = written(&form, &[("url", "https://example.com/hook"), ("others", pattern)]);
    let answer = browser.ask("POST", "/portal/acme/webhooks", &body, &OWN).await;
    assert_eq!(answer.status, StatusCode::OK, "{pattern}: {}", answer.text);
    assert!(answer.text.contains("whsec_"), "{pattern}: {}", answer.text);
}

#[tokio::test]
async fn a_sample_is_sent_once_and_nothing_is_saved() {
    let (browser, form) = creating().await;
    let body = written(&form, &[("url", "https://example.com/hook"), ("events", "user.created")]);
    let answer = browser.ask("POST", "/portal/acme/new/sample", &body, &OWN).await.text;
    assert!(answer.contains("The sample did not arrive"), "{answer}");
    assert!(answer.contains("nobody listens") && answer.contains("user.created"), "{answer}");
    assert!(answer.contains("aria-label=\"Body of the request\""), "{answer}");
    assert!(answer.contains("was signed with a secret made for it alone"), "{answer}");
    assert_eq!(sent(&browser), 1);
    let tenant = "acme".parse().unwrap();
    let tenant = browser.portal.deps.registry.tenant(&tenant).await.unwrap();
    assert_eq!(tenant.usage.map_or(0, |usage| usage.webhooks), 0);
    let lacks = written(&form, &[("events", "user.created")]);
    let answer = browser.ask("POST", "/portal/acme/new/sample", &lacks, &OWN).await.text;
    assert!(answer.contains("One thing to correct"), "{answer}");
    assert_eq!(sent(&browser), 1, "what is refused is not sent");
}

#[tokio::test]
async fn a_form_that_nobody_changed_changes_nothing() {
    let (browser, before, path, page) = editing().await;
    assert!(!page.contains("s3cret"), "{page}");
    let saved = browser.ask("POST", &path, &with(filled(&page), &[]), &OWN).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert!(is_unchanged(&browser, &before).await);
    let shown = browser.get(&saved.location).await.text;
    assert!(shown.contains("It is saved."), "{shown}");
}

#[tokio::test]
async fn a_change_is_tried_and_then_saved_and_keeps_what_the_form_does_not_have() {
    let (browser, before, path, page) = editing().await;
    let changes = [
        ("name", "Returns"),
        ("filter", ""),
        ("timeout", ""),
        ("rate", "9"),
        ("transform", "{'only': event.type}"),
    ];
    let body = with(filled(&page), &changes);
    let shown = browser.ask("POST", &format!("{path}/preview"), &body, &OWN).await.text;
    assert!(shown.contains("This would arrive") && shown.contains("only"), "{shown}");
    let shown = browser.ask("POST", &format!("{path}/sample"), &body, &OWN).await.text;
    assert!(shown.contains("Your changes are not saved yet."), "{shown}");
    {
        let seen = browser.portal.deps.sender.seen.lock().unwrap();
        let headers = &seen.first().unwrap().headers;
        assert!(headers.iter().any(|(_, value)| value == "s3cret"), "its own header is sent");
    }
    assert!(is_unchanged(&browser, &before).await, "nothing is saved yet");
    let saved = browser.ask("POST", &path, &body, &OWN).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let after = stored(&browser, before.id).await;
    assert_eq!((after.name.as_str(), &after.filter, after.timeout), ("Returns", &None, None));
    let limit = after.rate_limit.unwrap();
    assert_eq!((limit.requests(), limit.per_seconds()), (9, 1));
    let (before, after) = (whole(&browser, &before), whole(&browser, &after));
    assert_eq!(after.2, before.2, "the headers keep their values");
    for kept in ["events", "description", "secret", "url", "contract"] {
        assert_eq!(after.1[kept], before.1[kept], "{kept}");
    }
}

#[tokio::test]
async fn mistakes_stand_beside_their_fields_with_what_was_typed() {
    let (browser, before, path, page) = editing().await;
    let changes = [
        ("name", ""),
        ("others", "payment.*, not a type!"),
        ("timeout", "99"),
        ("rate", "many"),
        ("url", "https://elsewhere.example/hook"),
    ];
    let answer = browser.ask("POST", &path, &with(filled(&page), &changes), &OWN).await.text;
    for field in ["name", "others", "timeout", "rate"] {
        assert!(answer.contains(&format!("id=\"{field}-mistake\"")), "{field}: {answer}");
        assert!(answer.contains(&format!("<a href=\"#{field}\">")), "{field}: {answer}");
    }
    assert!(answer.contains("value=\"99\"") && answer.contains("value=\"many\""), "{answer}");
    let elsewhere = with(filled(&page), &[("url", "https://elsewhere.example/hook")]);
    let sample = browser.ask("POST", &format!("{path}/sample"), &elsewhere, &OWN).await.text;
    assert!(
        sample.contains("id=\"headers-mistake\""),
        "a kept header goes to nobody else: {sample}"
    );
    assert!(is_unchanged(&browser, &before).await && sent(&browser) == 0);
}

#[tokio::test]
async fn who_comes_second_is_told_and_overwrites_only_on_demand() {
    let (browser, before, path, page) = editing().await;
    let (deps, tenant) = (&browser.portal.deps, "acme".parse().unwrap());
    let other = (r#"{"name":"Of <another>","testMode":true}"#, |_: &Webhook| Map::new());
    let (checked, key) = ((deps.rules(), &deps.quotas), (&tenant, before.id));
    let any = &Precondition::Any;
    webhooks::change(&deps.registry, &deps.system, checked, key, any, other).await.unwrap();
    let body = with(filled(&page), &[("name", "Mine"), ("filter", "event.type != 'x'")]);
    let late = browser.ask("POST", &path, &body, &OWN).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert!(late.text.contains("Somebody else was faster"), "{}", late.text);
    for shown in ["Of &lt;another&gt;", "Mine", "event.type != &#39;x&#39;", "Test mode"] {
        assert!(late.text.contains(shown), "{shown}: {}", late.text);
    }
    assert_eq!(stored(&browser, before.id).await.name, "Of <another>");
    // Where nobody wrote in between, but the page is older still.
    let mine = with(filled(&late.text), &[]);
    let form = browser.ask("POST", &format!("{path}/form"), &mine, &OWN).await;
    assert!(form.text.contains("value=\"Mine\""), "{}", form.text);
    let saved = browser.ask("POST", &path, &with(filled(&form.text), &[]), &OWN).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let after = stored(&browser, before.id).await;
    assert_eq!((after.name.as_str(), after.test_mode), ("Mine", false));
}

#[tokio::test]
async fn who_may_only_look_finds_none_of_it() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let saved = register(&browser, SAVED).await;
    let path = format!("/portal/acme/webhooks/{}", saved.id);
    let page = browser.get(&path).await.text;
    assert!(!page.contains("/edit") && !page.contains("/studio"), "{page}");
    let body = written(
        form_of(&page),
        &[("url", "https://example.com/"), ("events", "*"), ("revision", "0")],
    );
    for act in ["edit", "edit/preview", "edit/sample", "edit/studio", "edit/form"] {
        let answer = browser.ask("POST", &format!("{path}/{act}"), &body, &OWN).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{act}");
    }
    for act in ["preview", "sample", "studio", "address"] {
        let answer = browser.ask("POST", &format!("/portal/acme/new/{act}"), &body, &OWN).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{act}");
    }
    for page in ["edit", "studio"] {
        assert_eq!(browser.get(&format!("{path}/{page}")).await.status, StatusCode::FORBIDDEN);
    }
    assert!(is_unchanged(&browser, &saved).await && sent(&browser) == 0);
}

/// The API says what to send; a form says what to click.
#[tokio::test]
async fn an_event_type_that_nobody_knows_is_said_in_words_of_the_portal() {
    let (browser, form) = creating().await;
    let fields = [("url", "https://example.com/hook"), ("others", "user.creatd, nothing.*")];
    let body = written(&form, &fields);
    let answer = browser.ask("POST", "/portal/acme/webhooks", &body, &OWN).await.text;
    for said in [
        "user.creatd: is not a known event type; did you mean user.created?; choose one of those",
        "nothing.*: matches no known event type; choose one of those under Event types",
    ] {
        assert!(answer.contains(said), "{said}: {answer}");
    }
    assert!(!answer.contains("to add it, send") && !answer.contains("PUT /"), "{answer}");
}
