use super::*;

/// The body of an event with `data` under `standard` with this body and these other lines.
fn body(template: &str, others: &str, content: &Content) -> String {
    let variant =
        format!("description = \"x\"\nextends = \"standard\"\nbody = '''{template}'''\n{others}\n");
    let contract = contract(&[("a.toml", &variant), ("standard.toml", STANDARD)]).unwrap();
    request_of(&contract, &webhook(&[]), content).body
}

#[test]
fn placeholders_in_a_body_have_their_values() {
    let full = Content {
        metadata: Some(RawJson::parse(r#"{"z":1.0}"#).unwrap()),
        version: Some("2 \"b\"".to_owned()),
        ..content("[1.50]")
    };
    let bare = content("null");
    for (template, of_full, of_bare) in [
        (r#""{event.data}""#, "[1.50]", "null"),
        (r#"["{event.version}","{event.id}"]"#, r#"["2 \"b\"","evt-1"]"#, r#"["evt-1"]"#),
        (r#"["{event.version|1.0}"]"#, r#"["2 \"b\""]"#, r#"["1.0"]"#),
        (r#"["v{event.version|1.0}!"]"#, r#"["v2 \"b\"!"]"#, r#"["v1.0!"]"#),
        (r#"{"a":"v{event.version}","b":0}"#, r#"{"a":"v2 \"b\"","b":0}"#, r#"{"b":0}"#),
        (r#"{"m":"{event.metadata}"}"#, r#"{"m":{"z":1.0}}"#, "{}"),
        (r#"["{event.timestamp:unix}"]"#, "[1705314600]", "[1705314600]"),
        (r#"["at {event.timestamp:unix}"]"#, r#"["at 1705314600"]"#, r#"["at 1705314600"]"#),
        (r#"["{event.tenant}", true]"#, r#"["t1",true]"#, r#"["t1",true]"#),
    ] {
        assert_eq!(body(template, "", &full), of_full, "{template}");
        assert_eq!(body(template, "", &bare), of_bare, "{template}");
    }
}

#[test]
fn the_javascript_style_applies_to_the_whole_body() {
    let content = content(r#"{"b":1e2,"1":1234567890123456789}"#);
    let template = r#"{"z":"{event.data}","0":[1.0]}"#;
    assert_eq!(
        body(template, "json = \"javascript\"", &content),
        r#"{"0":[1],"z":{"1":1234567890123456800,"b":100}}"#
    );
    assert_eq!(
        body(template, "json = \"published\"", &content),
        r#"{"z":{"b":1e2,"1":1234567890123456789},"0":[1.0]}"#
    );
}

#[test]
fn a_contract_may_set_its_content_type() {
    let variant =
        "description = \"x\"\nextends = \"standard\"\n[request]\ncontent_type = \"a/b+json\"";
    let contract = contract(&[("a.toml", variant), ("standard.toml", STANDARD)]).unwrap();
    let wire = request(&contract, &webhook(&[]), "1");
    assert_eq!(wire.headers[0], ("Content-Type".to_owned(), "a/b+json".to_owned()));
}
