use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::series::Metric;

use super::*;
use crate::portal::{Alert, AlertState, Bound, Measure};

const PORTAL: &str = r#"
[portal]
title = "Webhook metrics"
log = "Debug log"
metrics = [
  { name = "Delivery rate", metric = "successRate", alert = { name = "Low delivery rate", below = 0.95 } },
  { name = "Latency", metric = "averageLatencyMs", alert = { name = "High latency", above = 5000 } },
  { name = "State", metric = "health" },
  { name = "Patterns", metric = "errors" },
  { name = "Last", metric = "lastAttempt" },
]
"#;

fn with_portal(text: &str) -> Result<Contract, InvalidContract> {
    contract(&[("standard.toml", &format!("{STANDARD}{text}"))])
}

#[test]
fn a_contract_names_what_the_portal_shows() {
    let contract = with_portal(PORTAL).unwrap();
    let words = contract.portal().unwrap();
    assert_eq!((words.title(), words.log()), ("Webhook metrics", Some("Debug log")));
    let named = words.metrics().iter().map(|one| (one.name.as_str(), one.measure));
    assert_eq!(
        named.collect::<Vec<_>>(),
        [
            ("Delivery rate", Measure::Figure(Metric::SuccessRate)),
            ("Latency", Measure::Figure(Metric::AverageLatency)),
            ("State", Measure::Health),
            ("Patterns", Measure::Errors),
            ("Last", Measure::LastAttempt),
        ]
    );
    let bounds = words.metrics().iter().filter_map(|one| one.alert.as_ref());
    let bounds: Vec<_> = bounds.map(|alert| (alert.name.as_str(), alert.bound)).collect();
    let expected =
        [("Low delivery rate", Bound::Below(0.95)), ("High latency", Bound::Above(5000.0))];
    assert_eq!(bounds, expected);
    assert_eq!(standard().portal(), None);
}

#[test]
fn a_variant_has_the_names_of_the_file_that_it_extends() {
    let variant = "description = \"V\"\nextends = \"standard\"\n[portal]\nlog = \"Calls\"\n";
    let base = format!("{STANDARD}{PORTAL}");
    let contract = contract(&[("variant.toml", variant), ("standard.toml", &base)]).unwrap();
    let words = contract.portal().unwrap();
    assert_eq!((words.title(), words.log()), ("Webhook metrics", Some("Calls")));
    assert_eq!(words.metrics().len(), 5);
}

/// The bound itself is still well, in both directions.
#[test]
fn an_alert_is_raised_beyond_its_bound_only() {
    let alert = |bound| Alert { name: "A".to_owned(), bound };
    for (bound, value, expected) in [
        (Bound::Below(0.95), Some(0.949), AlertState::Raised),
        (Bound::Below(0.95), Some(0.95), AlertState::Quiet),
        (Bound::Below(0.95), Some(1.0), AlertState::Quiet),
        (Bound::Above(0.1), Some(0.101), AlertState::Raised),
        (Bound::Above(0.1), Some(0.1), AlertState::Quiet),
        (Bound::Above(0.1), Some(0.0), AlertState::Quiet),
        (Bound::Below(0.95), None, AlertState::NoData),
    ] {
        assert_eq!(alert(bound).state(value), expected, "{bound:?} {value:?}");
    }
}

#[test]
fn without_deliveries_no_alert_is_raised() {
    let contract = with_portal(PORTAL).unwrap();
    let states = contract.portal().unwrap().metrics().iter();
    let states: Vec<_> = states.map(|one| one.alert_state(&Bucket::default())).collect();
    assert_eq!(states, [Some(AlertState::NoData), Some(AlertState::NoData), None, None, None]);
}

#[test]
fn a_mistake_in_the_portals_part_has_its_line() {
    for (from, to, line, expected) in [
        ("\"successRate\"", "\"success\"", 6, "unknown metric success; one of deliveries, "),
        ("\"successRate\"", "\"events\"", 6, "unknown metric events"),
        ("below = 0.95", "", 6, "either below or above"),
        ("below = 0.95", "below = 0.95, above = 1.0", 6, "either below or above"),
        ("below = 0.95", "below = \"0.95\"", 6, "expected"),
        ("\"Low delivery rate\"", "\" \"", 6, "the alert's name must not be empty"),
        ("\"Latency\"", "\"\"", 7, "the metric's name must not be empty"),
        (
            "metric = \"health\"",
            "metric = \"health\", alert = { name = \"A\", above = 1 }",
            8,
            "health is no number to alert on",
        ),
        ("title = \"Webhook metrics\"", "title = \"\"", 3, "title must not be empty"),
        ("log = \"Debug log\"", "log = \"\"", 4, "log must not be empty"),
        ("log = \"Debug log\"", "colour = \"red\"", 4, "unknown field"),
    ] {
        let text = PORTAL.replace(from, to);
        assert_ne!(text, PORTAL, "{from}");
        let error = with_portal(&text).unwrap_err();
        assert!(error.message.contains(expected), "{from} -> {to}: {error}");
        assert_eq!(error.line, STANDARD.lines().count() + line, "{from} -> {to}: {error}");
    }
}
