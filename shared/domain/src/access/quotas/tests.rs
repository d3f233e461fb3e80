use super::*;
use crate::webhook::headers::CustomHeaders;
use crate::webhook::target::TargetUrl;
use crate::webhook::{Essentials, Webhook};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn webhook() -> Webhook {
    Webhook::new(Essentials {
        id: crate::ids::WebhookId::new(at(0), 1),
        tenant: "acme".parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/").unwrap(),
        events: vec!["a".parse().unwrap(), "b".parse().unwrap()],
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at: at(0),
    })
}

#[test]
fn every_name_has_its_place_and_a_default_in_its_range() {
    let quotas = Quotas::default();
    for (index, name) in QuotaName::ALL.into_iter().enumerate() {
        assert_eq!(name as usize, index, "{name:?}");
        assert!(name.range().contains(&quotas.of(name)), "{name:?}");
        let changed = quotas.with(name, 1).unwrap();
        for other in QuotaName::ALL {
            let expected = if other == name { 1 } else { quotas.of(other) };
            assert_eq!(changed.of(other), expected, "{name:?} {other:?}");
        }
        assert!(quotas.with(name, 0).is_err());
        assert!(quotas.with(name, name.range().end() + 1).is_err());
    }
    assert_eq!(quotas.of(QuotaName::Webhooks), 1_000);
    assert_eq!(*QuotaName::Webhooks.range().end(), 10_000);
}

fn read(body: &str) -> Result<OwnQuotas, Vec<String>> {
    let mut fields = Fields::of("", body).unwrap();
    let own = OwnQuotas::read(&mut fields);
    let paths = |errors: FieldErrors| errors.into_vec().into_iter().map(|e| e.path).collect();
    fields.finish().map(|()| own).map_err(paths)
}

#[test]
fn a_tenants_own_limits_take_the_place_of_the_defaults() {
    let own = read(r#"{"quotas":{"webhooks":3,"recoveriesPerDay":1}}"#).unwrap();
    let quotas = Quotas::default().under(&own);
    assert_eq!(quotas.of(QuotaName::Webhooks), 3);
    assert_eq!(quotas.of(QuotaName::RecoveriesPerDay), 1);
    assert_eq!(quotas.of(QuotaName::EventTypes), 100);
    assert!(read("{}").unwrap().is_empty());
    for (body, path) in [
        (r#"{"quotas":{"webhooks":0}}"#, "quotas.webhooks"),
        (r#"{"quotas":{"webhooks":10001}}"#, "quotas.webhooks"),
        (r#"{"quotas":{"webhooks":"many"}}"#, "quotas.webhooks"),
        (r#"{"quotas":{"colours":1}}"#, "quotas.colours"),
        (r#"{"quotas":[]}"#, "quotas"),
    ] {
        assert_eq!(read(body), Err(vec![path.to_owned()]), "{body}");
    }
}

/// A deployment that was rolled back reads what the newer one stored.
#[test]
fn a_stored_limit_of_an_unknown_name_has_no_effect() {
    let own: OwnQuotas = serde_json::from_str(r#"{"colours":9,"webhooks":5}"#).unwrap();
    assert_eq!(
        Quotas::default().under(&own),
        Quotas::default().with(QuotaName::Webhooks, 5).unwrap()
    );
}

#[test]
fn each_webhook_has_limits_of_its_own() {
    let headers = vec![("X-A".to_owned(), "1234567".to_owned().into())];
    let webhook = Webhook { headers: CustomHeaders::from_stored(headers), ..webhook() };
    let over =
        |name, limit| Quotas::default().with(name, limit).unwrap().check_webhook(&webhook, None);
    for (name, used, path) in [
        (QuotaName::EventsPerWebhook, 2, "events"),
        (QuotaName::HeaderBytesPerWebhook, 10, "headers"),
    ] {
        assert_eq!(over(name, used), Ok(()));
        let exceeded = over(name, used - 1).unwrap_err();
        assert_eq!(exceeded, Exceeded { quota: name, limit: used - 1, used });
        assert_eq!(exceeded.into_field_errors().as_slice()[0].path, path);
        let lowered = Quotas::default().with(name, used - 1).unwrap();
        assert_eq!(lowered.check_webhook(&webhook, Some(&webhook)), Ok(()), "it adds nothing");
    }
}

#[test]
fn what_a_tenant_has_forbids_more_of_it_and_nothing_else() {
    let room = Room { webhooks: 3, expression_cost: 100, now: at(0) };
    let usage = |webhooks, expression_cost| Usage { webhooks, expression_cost };
    for (used, more, forbidden) in [
        (usage(2, 90), usage(1, 10), None),
        (usage(3, 0), usage(1, 0), Some(QuotaName::Webhooks)),
        (usage(2, 90), usage(1, 11), Some(QuotaName::ExpressionCost)),
        (usage(0, 90), usage(0, 11), Some(QuotaName::ExpressionCost)),
        // The limits were lowered after that.
        (usage(9, 900), usage(0, 0), None),
        (usage(2, 900), usage(1, 0), None),
        (usage(u64::MAX, 0), usage(1, 0), Some(QuotaName::Webhooks)),
    ] {
        let over = room.forbids(used, more);
        assert_eq!(over.map(|over| over.quota), forbidden, "{used:?} {more:?}");
    }
    let over = room.forbids(usage(3, 0), usage(1, 0)).unwrap();
    assert_eq!((over.limit, over.used), (3, 3));
    assert_eq!(over.to_string(), "at most 3 webhooks of a tenant: 3 are used");
}

#[test]
fn a_webhook_costs_what_its_filter_and_its_transform_cost() {
    let plain = webhook();
    assert_eq!(expression_cost(&plain), 0);
    let filter: Filter = "event.data.n > 1".parse().unwrap();
    let transform: Transform = "{'n': event.data.n}".parse().unwrap();
    let both = filter.cost().steps() + transform.cost().steps();
    let full = Webhook { filter: Some(filter), transform: Some(transform), ..plain };
    assert_eq!(expression_cost(&full), both);
    assert!(both > 0);
}

#[test]
fn a_day_ends_at_midnight_utc() {
    let day = Day::at("2024-01-15T23:59:59.9Z".parse().unwrap());
    assert_eq!(day, Day::at("2024-01-15T00:00:00Z".parse().unwrap()));
    let end: Timestamp = "2024-01-16T00:00:00Z".parse().unwrap();
    assert_eq!((day.ends_at(), Day::at(end).number()), (end.as_second(), day.number() + 1));
}
