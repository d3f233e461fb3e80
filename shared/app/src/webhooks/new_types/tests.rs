use std::sync::Arc;

use hooklane_catalog::Catalogs;
use hooklane_domain::access::quotas::QuotaName;

use super::*;
use crate::fakes::MemoryRegistry;

const FILE: &str = "description = \"All\"\nsource = \"Us\"\n[types.\"user.created\"]\n\
    category = \"c\"\ndescription = \"d\"\nsample = '{\"id\":1}'\nschema = '{}'\n";

fn catalogs() -> Catalogs {
    Catalogs::load([("hooklane.toml", FILE)]).unwrap()
}

fn read(body: &str) -> Result<NewTypes, String> {
    let mut fields = Fields::of("", body).unwrap();
    let new = NewTypes::read(&mut fields);
    fields.finish().map(|()| new).map_err(|errors| errors.to_string())
}

fn subscriptions(names: &[&str]) -> Vec<Subscription> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// The types that a body adds, with their samples, to a tenant that has `user.created` and `order.own`.
fn added(body: &str, events: &[&str]) -> Vec<(String, String)> {
    let catalogs = catalogs();
    let own = OwnType {
        name: "order.own".parse().unwrap(),
        definition: Definition::of_sample(empty()),
        revision: 1,
    };
    let catalog = catalogs.iter().next().unwrap();
    let types = TenantTypes { catalog, platform: Arc::default(), tenant: Arc::default() };
    let extended = read(body).unwrap().added_to(types.with(own), &subscriptions(events));
    for (name, _) in &extended.new {
        assert!(extended.types.get(name).is_some(), "{name}");
    }
    let new = extended.new.into_iter();
    new.map(|(name, d)| (name.to_string(), d.sample.as_str().to_owned())).collect()
}

#[test]
fn a_body_adds_what_it_describes_and_if_it_says_register_what_it_subscribes_to() {
    let described = r#""eventTypes":[{"type":"ticket.opened","sample":{"id":7}}]"#;
    let ticket = ("ticket.opened".to_owned(), r#"{"id":7}"#.to_owned());
    let bare = |name: &str| (name.to_owned(), "{}".to_owned());
    for (body, events, expected) in [
        ("{}".to_owned(), vec!["ticket.opened"], vec![]),
        (r#"{"register":false}"#.to_owned(), vec!["ticket.opened"], vec![]),
        (r#"{"register":true}"#.to_owned(), vec!["ticket.opened"], vec![bare("ticket.opened")]),
        // Patterns are no types, and what exists stays as it is.
        (r#"{"register":true}"#.to_owned(), vec!["ticket.*", "*"], vec![]),
        (r#"{"register":true}"#.to_owned(), vec!["user.created", "order.own"], vec![]),
        (format!("{{{described}}}"), vec!["ticket.*"], vec![ticket.clone()]),
        (format!("{{{described},\"register\":true}}"), vec!["ticket.opened"], vec![ticket.clone()]),
        (
            format!("{{{described},\"register\":true}}"),
            vec!["ticket.closed", "ticket.opened"],
            vec![ticket, bare("ticket.closed")],
        ),
        (
            r#"{"event_types":[{"type":"user.created","sample":1},{"type":"order.own","sample":1}]}"#
                .to_owned(),
            vec!["*"],
            vec![],
        ),
    ] {
        assert_eq!(added(&body, &events), expected, "{body} {events:?}");
    }
}

#[test]
fn only_register_allows_a_pattern_that_matches_nothing() {
    let pattern: Subscription = "ticket.*".parse().unwrap();
    assert!(read(r#"{"register":true}"#).unwrap().allow(&pattern));
    assert!(!read("{}").unwrap().allow(&pattern));
    assert!(!read(r#"{"register":true}"#).unwrap().allow(&"ticket.opened".parse().unwrap()));
}

#[test]
fn every_mistake_is_named() {
    let types = (0..21).map(|n| format!(r#"{{"type":"t.n{n}","sample":1}}"#)).collect::<Vec<_>>();
    for (body, expected) in [
        (r#"{"register":1}"#.to_owned(), "register: must be true or false"),
        (r#"{"eventTypes":{}}"#.to_owned(), "eventTypes: must be a list of event types"),
        (
            format!(r#"{{"eventTypes":[{}]}}"#, types.join(",")),
            "eventTypes: must have at most 20 event types",
        ),
        (
            r#"{"eventTypes":[7,{"colour":1}]}"#.to_owned(),
            "eventTypes[0]: must be a JSON object (line 1, column 1); eventTypes[1].type: is required; \
             eventTypes[1].sample: is required; eventTypes[1].colour: is not a known field",
        ),
        (
            r#"{"eventTypes":[{"type":"a","sample":1},{"type":"a","sample":2}]}"#.to_owned(),
            "eventTypes[1].type: is given twice",
        ),
        (
            r#"{"eventTypes":[{"type":"webhook.failing","sample":1}]}"#.to_owned(),
            "eventTypes[0].type: is one of Hooklane's own event types",
        ),
        (
            r#"{"eventTypes":[{"type":"a","sample":1,"schema":{}}]}"#.to_owned(),
            "eventTypes[0].schema: cannot be given here; PUT /event-types/{type} takes one",
        ),
    ] {
        assert_eq!(read(&body).unwrap_err(), expected, "{body}");
    }
    assert!(NewTypes::in_body("nonsense").described.is_empty());
}

#[tokio::test]
async fn nothing_is_added_where_the_quota_has_no_room_for_all() {
    let store = MemoryRegistry::default();
    let tenant: TenantId = "acme".parse().unwrap();
    let owner = hooklane_catalog::Owner::Tenant(tenant.clone());
    let quotas = Quotas::default().with(QuotaName::EventTypes, 3).unwrap();
    let catalogs = catalogs();
    let keep = async |names: &[&str]| {
        let own = Arc::new(store.event_types(&owner).await.unwrap());
        let catalog = catalogs.iter().next().unwrap();
        let types = TenantTypes { catalog, platform: Arc::default(), tenant: own };
        let new = read(r#"{"register":true}"#).unwrap();
        let extended = new.added_to(types, &subscriptions(names));
        extended.keep(&store, &quotas, &tenant).await.unwrap()
    };
    assert_eq!(keep(&["a.a", "a.b"]).await, None);
    let over = Exceeded { quota: QuotaName::EventTypes, limit: 3, used: 2 };
    assert_eq!(keep(&["b.a", "b.b"]).await, Some(Refusal::Over(over)));
    assert_eq!(store.count_event_types(&owner).await.unwrap(), 2);
    assert_eq!(keep(&["b.a", "a.a"]).await, None);
    assert_eq!(store.count_event_types(&owner).await.unwrap(), 3);
}
