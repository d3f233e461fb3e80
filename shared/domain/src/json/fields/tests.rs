use super::*;

#[test]
fn a_whole_number_is_read_in_any_form() {
    for (text, expected) in [
        ("60", Some(60)),
        ("60.0", Some(60)),
        ("6e1", Some(60)),
        ("60.5", None),
        ("-1", None),
        ("1e300", None),
        (r#""60""#, None),
    ] {
        let mut fields = Fields::of("", &format!(r#"{{"n":{text}}}"#)).unwrap();
        assert_eq!(fields.read_whole(&["n"], "a number"), expected, "{text}");
        assert_eq!(fields.finish().is_ok(), expected.is_some(), "{text}");
    }
}

#[test]
fn a_duplicate_field_is_a_mistake() {
    let mut fields = Fields::of("", r#"{"url":"a","url":"b"}"#).unwrap();
    assert_eq!(fields.read::<String>(&["url"], "a string").as_deref(), Some("a"));
    let errors = fields.finish().unwrap_err();
    assert_eq!(errors.to_string(), "url: is given twice");
}

#[test]
fn every_mistake_is_reported_at_once_with_its_path() {
    let mut fields =
        Fields::of("retryPolicy", r#"{"maxRetries":"x","max_delay":1,"maxDelay":2,"foo":1}"#)
            .unwrap();
    assert_eq!(fields.read::<u8>(&["maxRetries"], "a whole number"), None);
    assert_eq!(fields.read::<u8>(&["maxDelay", "max_delay"], "a whole number"), Some(2));
    let errors = fields.finish().unwrap_err();
    let paths: Vec<_> = errors.as_slice().iter().map(|e| e.path.as_str()).collect();
    assert_eq!(paths, ["retryPolicy.maxRetries", "retryPolicy.max_delay", "retryPolicy.foo"]);
}

#[test]
fn null_counts_as_absent() {
    let mut fields = Fields::of("", r#"{"id":null}"#).unwrap();
    assert!(fields.take(&["id"]).is_none());
    assert!(fields.finish().is_ok());
}

#[test]
fn a_body_that_is_not_an_object_is_refused() {
    for text in ["", "[]", "1", "{", "{\"a\":}"] {
        assert!(Fields::of("", text).is_err(), "{text}");
    }
}
