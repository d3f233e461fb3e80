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
        assert_eq!(fields.whole(&["n"], 0..=u64::MAX, "a number"), expected, "{text}");
        assert_eq!(fields.finish().is_ok(), expected.is_some(), "{text}");
    }
}

#[test]
fn a_number_out_of_its_range_is_a_mistake_under_the_name_that_was_sent() {
    let body = r#"{"timeout":31,"delays":[1,"2",3.0,0,9.5],"many":[1,2,3],"none":7,"text":"5"}"#;
    let mut fields = Fields::of("", body).unwrap();
    assert_eq!(fields.whole(&["timeoutSeconds", "timeout"], 1..=30, "1 to 30"), None);
    assert_eq!(fields.whole_list(&["delays"], &(1..=5), "1 to 5", 5), Some(vec![1, 3]));
    assert_eq!(fields.whole_list(&["many"], &(1..=5), "1 to 5", 2), None);
    assert_eq!(fields.whole_list(&["none"], &(1..=5), "1 to 5", 2), None);
    assert_eq!(fields.whole(&["text"], 1..=30, "1 to 30"), None);
    let errors = fields.finish().unwrap_err();
    let paths: Vec<_> = errors.as_slice().iter().map(|e| e.path.as_str()).collect();
    assert_eq!(paths, ["timeout", "delays[1]", "delays[3]", "delays[4]", "many", "none", "text"]);
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

fn numbered(count: usize) -> String {
    let members: Vec<_> = (0..count).map(|i| format!(r#""f{i}":1"#)).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn finding_06_an_object_is_read_up_to_its_limit_of_fields() {
    let mut fields = Fields::of("", &numbered(MAX_FIELDS)).unwrap();
    assert_eq!(fields.take_rest().len(), MAX_FIELDS);
    let errors = Fields::of("data", &numbered(MAX_FIELDS + 1)).err().unwrap();
    assert_eq!(errors.to_string(), "data: has more than 50000 fields");
    let broken = numbered(MAX_FIELDS + 1).replace('}', ",]");
    let errors = Fields::of("", &broken).err().unwrap();
    assert!(errors.to_string().starts_with("is not valid JSON"), "{errors}");
}

#[test]
fn finding_07_unknown_and_duplicate_fields_are_counted_after_the_first() {
    let errors = Fields::of("", &numbered(40_000)).unwrap().finish().unwrap_err();
    assert_eq!((errors.as_slice().len(), errors.count()), (50, 40_000));
    let same = format!("{{{}}}", vec![r#""a":1"#; 40_000].join(","));
    let mut fields = Fields::of("", &same).unwrap();
    assert!(fields.take(&["a"]).is_some());
    let errors = fields.finish().unwrap_err();
    assert_eq!((errors.as_slice().len(), errors.count()), (50, 39_999));
    assert_eq!(errors.as_slice()[0].message, "is given twice");
}
