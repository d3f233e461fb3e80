//! The types in the catalogs, and that their schemas refuse data unlike their samples.

use hooklane_catalog::{Catalog, MAX_COST};
use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn catalog<'a>(catalogs: &'a Catalogs, name: &str) -> &'a Catalog {
    catalogs.get(&name.parse().unwrap()).unwrap()
}

/// The types of a platform guide and `webhook.test`, without operational events.
fn names(catalog: &Catalog) -> Vec<&str> {
    let own = hooklane_domain::event::OPERATIONAL;
    catalog.types().map(|(name, _)| name.as_str()).filter(|name| !own.contains(name)).collect()
}

#[test]
fn each_platform_guide_has_its_types() {
    let catalogs = load();
    let expected: &[(&str, &str)] = &[
        (
            "virtual-queue",
            "queue.created queue.deleted queue.paused queue.processed queue.resumed queue.updated user.joined user.left webhook.test",
        ),
        (
            "ops-center",
            "alert.resolved alert.triggered device.alert device.deleted device.offline device.online device.registered device.updated invoice.created invoice.overdue invoice.paid organization.created organization.deleted organization.updated payment.failed payment.refunded payment.succeeded subscription.cancelled subscription.created subscription.payment_failed subscription.renewed subscription.updated user.created user.deleted user.email_verified user.login user.logout user.password_changed user.profile_updated user.updated webhook.test",
        ),
        (
            "prism",
            "order.cancelled order.completed order.created payment.failed payment.succeeded user.created user.deleted user.updated webhook.test",
        ),
        ("aegisx", "order.updated user.created user.updated webhook.test"),
        (
            "task-hub",
            "system.error system.maintenance task.completed task.created task.deleted task.updated webhook.test",
        ),
        ("hooklane", "webhook.test"),
    ];
    for (name, types) in expected {
        assert_eq!(names(catalog(&catalogs, name)).join(" "), *types, "{name}");
    }
    assert_eq!(catalogs.names().count(), expected.len() + 1, "and the default");
}

/// What is ordinary is far from the limit, so tenants can write schemas like these.
#[test]
fn no_schema_costs_more_than_two_thirds_of_what_is_allowed() {
    let catalogs = load();
    for (name, definition) in catalogs.iter().flat_map(Catalog::types) {
        let cost = definition.schema.cost().unwrap();
        assert!(cost.0 <= MAX_COST.0 / 3 * 2, "{name}: {cost}");
        let bytes = definition.schema.compile().unwrap().bytes();
        assert!(bytes <= 512 * 1024, "{name}: {bytes} bytes");
    }
}

#[test]
fn the_default_is_the_union_with_the_first_guides_definitions() {
    let catalogs = load();
    let default = catalog(&catalogs, "default");
    let order = ["virtual-queue", "ops-center", "prism", "aegisx", "task-hub", "hooklane"];
    let mut every = std::collections::BTreeSet::<&EventType>::new();
    for name in order {
        every.extend(catalog(&catalogs, name).types().map(|(name, _)| name));
    }
    assert_eq!(default.types().map(|(name, _)| name).collect::<Vec<_>>(), Vec::from_iter(every));
    for (name, from) in [
        ("queue.created", "virtual-queue"),
        ("user.created", "ops-center"),
        ("payment.failed", "ops-center"),
        ("order.created", "prism"),
        ("order.updated", "aegisx"),
        ("webhook.test", "aegisx"),
        ("task.created", "task-hub"),
        ("delivery.exhausted", "hooklane"),
    ] {
        let name = name.parse().unwrap();
        assert_eq!(default.get(&name), catalog(&catalogs, from).get(&name), "{name}");
    }
}

/// All types of all catalogs.
fn each(catalogs: &Catalogs) -> Vec<(String, hooklane_catalog::Definition)> {
    let types = catalogs.iter().flat_map(|catalog| {
        catalog.types().map(move |(name, d)| (format!("{}: {name}", catalog.name()), d.clone()))
    });
    types.collect()
}

fn fits(definition: &hooklane_catalog::Definition, data: &Value) -> bool {
    definition.schema.judge("data", &RawJson::parse(&data.to_string()).unwrap()).is_ok()
}

/// A schema that accepts everything would check nothing. Only the data of `webhook.test` is free.
#[test]
fn a_schema_refuses_a_missing_field_and_a_wrong_one() {
    for (name, definition) in each(&load()) {
        let sample: Value = serde_json::from_str(definition.sample.as_str()).unwrap();
        assert!(fits(&definition, &sample), "{name}");
        if name.ends_with("webhook.test") {
            continue;
        }
        for wrong in [Value::Null, "text".into(), serde_json::json!([]), serde_json::json!({})] {
            assert!(!fits(&definition, &wrong), "{name}: {wrong}");
        }
        let fields = sample.as_object().unwrap();
        let wrong_when_gone = fields.keys().filter(|field| {
            let mut less = fields.clone();
            less.shift_remove(field.as_str());
            !fits(&definition, &less.into())
        });
        assert!(wrong_when_gone.count() > 0, "{name}: nothing is required");
        for field in fields.keys() {
            let mut other = fields.clone();
            other.insert(field.clone(), serde_json::json!({ "unlike": ["anything"] }));
            assert!(!fits(&definition, &other.into()), "{name}: {field} may be anything");
        }
    }
}

/// The catalog describes the operational events that Hooklane publishes: the same fields, in the same order,
/// and their schemas take the data.
#[test]
fn the_operational_events_are_as_their_types_say() {
    use hooklane_domain::delivery::Delivery;
    use hooklane_domain::ids::{DeliveryId, WebhookId};
    use hooklane_domain::isolation::health::{Outage, Report};
    use hooklane_domain::isolation::operational::{Missed, of_disabling, of_exhaustion, of_report};
    use hooklane_domain::webhook::DisableReason;

    let at = hooklane_domain::Timestamp::UNIX_EPOCH;
    let (tenant, webhook) = ("acme".parse().unwrap(), WebhookId::new(at, 1));
    let id = DeliveryId::new(webhook, at, "evt-1".parse().unwrap());
    let delivery = Delivery::unwritten(id, "acme".parse().unwrap(), "a.b".parse().unwrap());
    let outage = Some(Outage { first_failure: at, skipped: Some(1) });
    let recovered = Report::Recovered { since: at, at, outage };
    let events = [
        of_report(&tenant, webhook, Report::Failing { since: at, failures: 10 }, None),
        of_report(&tenant, webhook, recovered, Some(Missed::default())),
        of_disabling(&tenant, webhook, at, DisableReason::Gone),
        of_disabling(&tenant, webhook, at, DisableReason::Failing),
        of_exhaustion(&delivery, 3, at),
    ];
    let catalogs = load();
    let fields = |text: &str| -> Vec<String> {
        let data: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        data.keys().cloned().collect()
    };
    for event in events {
        let name = &event.content.event_type;
        let definition = catalog(&catalogs, "hooklane").get(name).unwrap();
        assert_eq!(definition.schema.judge("data", &event.content.data), Ok(()), "{name}");
        let (published, sample) = (event.content.data.as_str(), definition.sample.as_str());
        assert_eq!(fields(published), fields(sample), "{name}");
    }
}

proptest! {
    /// Additional fields are accepted, since platforms extend their events.
    #[test]
    fn data_with_an_additional_field_fits(at in 0usize..1000, name in "x_[a-z]{1,8}", value in any::<i32>()) {
        static CATALOGS: std::sync::LazyLock<Catalogs> = std::sync::LazyLock::new(load);
        let types = each(&CATALOGS);
        let (named, definition) = &types[at % types.len()];
        let mut sample: Value = serde_json::from_str(definition.sample.as_str()).unwrap();
        sample.as_object_mut().unwrap().insert(name, value.into());
        prop_assert!(fits(definition, &sample), "{named}");
    }
}

/// A tenant of a platform guide's contract has that guide's catalog, and nobody else has types of a platform
/// unless somebody says so.
#[test]
fn each_platform_guides_contracts_go_with_its_catalog() {
    let catalogs = load();
    let named = |contract: &str| catalogs.of(None, &contract.parse().unwrap()).unwrap().name();
    for (contract, catalog) in [
        ("virtual-queue", "virtual-queue"),
        ("virtual-queue-hex", "virtual-queue"),
        ("ops-center", "ops-center"),
        ("prism", "prism"),
        ("aegisx", "aegisx"),
        ("task-hub", "task-hub"),
        ("standard", "hooklane"),
        ("github", "hooklane"),
        ("stripe", "hooklane"),
        ("cloudevents", "hooklane"),
    ] {
        assert_eq!(named(contract).as_str(), catalog, "{contract}");
    }
}
