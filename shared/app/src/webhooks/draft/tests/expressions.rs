use super::*;

#[test]
fn expressions_are_read_kept_and_removed() {
    let extra = r#""filter":"event.data.total > 5.0","transform":"{'t': event.data.total}""#;
    let webhook = read(&least(extra)).unwrap();
    assert_eq!(webhook.filter.as_ref().unwrap().as_str(), "event.data.total > 5.0");
    let renamed = change(&webhook, r#"{"name":"N","events":["a.b"]}"#).unwrap();
    assert_eq!((&renamed.filter, &renamed.transform), (&webhook.filter, &webhook.transform));
    let taken = change(&webhook, r#"{"filter":null,"transform":null}"#).unwrap();
    assert!(taken.filter.is_none() && taken.transform.is_none());
}

#[test]
fn a_wrong_expression_is_refused_with_the_position_of_the_error() {
    for (extra, path, message) in [
        (r#""filter":"event.type ==""#, "filter", "line 1, column 14: mismatched input"),
        (r#""filter":"true &&\n evnt.x""#, "filter", "line 2, column 2: there is no variable evnt"),
        (
            r#""transform":"{'a': lower('x')}""#,
            "transform",
            "line 1, column 7: there is no function",
        ),
        (r#""filter":7"#, "filter", "must be a string"),
        (
            r#""filter":"event.type + 1 > 2""#,
            "filter",
            "fails on every event: add does not take string",
        ),
        (r#""filter":"event.type""#, "filter", "fails on every event: must be true or false"),
        (r#""transform":"event.type""#, "transform", "fails on every event: must return a map"),
    ] {
        let errors = read(&least(extra)).unwrap_err().into_vec();
        assert_eq!(errors.len(), 1, "{extra}: {errors:?}");
        assert_eq!(errors[0].path, path, "{extra}");
        assert!(errors[0].message.starts_with(message), "{extra}: {}", errors[0].message);
    }
    // The data of an event of an unknown type may have any fields and be of any type.
    for filter in [
        "event.data.total > 5",
        "event.data.contains('x')",
        "event.data.items[0].price * 2.0 > 1.0",
        "event.data > 5",
        "event.data.exists(x, x == 'a')",
        "event.metadata.source == 'api'",
        "event.version == '2'",
    ] {
        assert!(read(&least(&format!(r#""filter":"{filter}""#))).is_ok(), "{filter}");
    }
}

#[test]
fn expressions_are_checked_on_the_samples_of_their_event_types() {
    let sample = catalog_of(&["order.created"], r#"{"total":99.9,"status":"paid"}"#);
    for (extra, expected) in [
        (r#""filter":"event.data.total > 5.0""#, None),
        (r#""filter":"event.data.note == 'x'""#, None),
        (r#""filter":"event.data.status > 5""#, Some("filter")),
        (r#""filter":"event.type == 'x' && event.data.status > 5""#, None),
        (r#""transform":"{'t': event.data.total * 2}""#, Some("transform")),
        (r#""filter":"event.type == 'x'","transform":"{'t': event.data.total * 2}""#, None),
    ] {
        let result = read_with(&least(extra), &sample);
        let path = result.err().map(|errors| {
            let error = errors.as_slice()[0].clone();
            assert!(
                error.message.starts_with("fails on the sample of order.created: "),
                "{error:?}"
            );
            error.path
        });
        assert_eq!(path.as_deref(), expected, "{extra}");
    }
}
