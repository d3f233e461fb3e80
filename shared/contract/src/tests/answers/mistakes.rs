use super::*;

const API: &str = r#"
[api]
error = '{ "error": "{detail}" }'
[api.words]
state = { true = "active" }
[api.shapes]
webhook = '{ "id": "{id}", "at": "{createdAt:rfc3339}" }'
[api.answers]
createWebhook = { status = 200, body = '{ "webhook": "{answer:webhook}" }' }
listWebhooks.query = { limit = "100" }
listWebhooks.body = '{ "webhooks": "{data:webhook}", "active": "{total:state}" }'
"#;

/// A text, what replaces it, the line of the mistake in `API`, and a part of the message.
const MISTAKES: &[(&str, &str, usize, &str)] = &[
    ("{detail}", "{details}", 3, "unknown placeholder {details}; expected one of type, title"),
    ("{detail}", "{detail", 3, "a { has no }"),
    ("{detail}", "detail}", 3, "a } has no {"),
    ("{detail}", "{detail:upper}", 3, "{detail:upper} has an unknown format; expected one of unix"),
    ("{detail}", "{detail:joined}", 3, "is not a list"),
    ("{detail}", "{detail:rfc3339}", 3, "is not a time"),
    ("{detail}", "{detail:webhook}", 3, "cannot have the shape webhook: it is not an object"),
    ("{detail}", "{detail if status}", 3, "must be `if NAME is WORD"),
    ("{detail}", "{detail if status is }", 3, "must be `if NAME is WORD"),
    ("{detail}", "{detail if state is 1}", 3, "unknown placeholder {state}"),
    ("{detail}", "{errors.detail}", 3, "expected one of first, last, NAME=WORD"),
    ("{detail}", "{errors.first.detail}", 3, "expected one of path, message"),
    ("{detail}", "{errors.name=x.path}", 3, "expected one of path, message"),
    ("{detail}", "{errors:percent}", 3, "does not take :percent"),
    ("{detail}", "{detail.more}", 3, "its fields are not known"),
    ("{ \"error\": \"{detail}\" }", "{ error: 1 }", 3, "must be a JSON template"),
    ("error = '", "errors = '", 3, "unknown field `errors`"),
    ("state = ", "joined = ", 5, "joined is the name of another format"),
    ("state = ", "webhook = ", 5, "webhook is the name of another format"),
    ("{ true = \"active\" }", "1", 5, "expected a map"),
    ("webhook = '{ \"id\"", "count = '{ \"id\"", 7, "count is the name of another format"),
    ("{createdAt:rfc3339}", "{createdAt}", 9, "needs a format: :unix, :rfc3339 or :rfc3339ms"),
    ("{id}", "{ident}", 9, "as webhook: unknown placeholder {ident}; expected one of id, name"),
    ("{id}", "{answer:webhook}", 9, "as webhook: {answer} is allowed in answers only"),
    ("createWebhook", "makeWebhook", 9, "unknown operation makeWebhook; expected one of"),
    ("status = 200", "status = 404", 9, "status must be from 200 to 299"),
    ("status = 200", "code = 200", 9, "unknown field `code`"),
    ("limit = ", "colour = ", 10, "unknown parameter; expected one of"),
    ("{answer:webhook}", "{data:webhook}", 9, "unknown placeholder {data}"),
    ("{data:webhook}", "{data.name}", 11, "expected one of first, last, NAME=WORD"),
];

#[test]
fn a_mistake_has_its_line_and_what_was_expected() {
    assert!(contract(API).is_ok());
    // `API` follows an empty line.
    let before = STANDARD.lines().count() + 1;
    for (from, to, line, expected) in MISTAKES {
        let text = API.replacen(from, to, 1);
        assert_ne!(text, API, "{from}");
        let error = contract(&text).unwrap_err();
        assert!(error.message.contains(expected), "{from} -> {to}: {error}");
        assert_eq!(error.line - before, *line, "{from} -> {to}: {error}");
    }
}

#[test]
fn an_operation_without_parameters_says_so() {
    let error = contract("[api.answers]\ncreateWebhook.query = { limit = \"1\" }").unwrap_err();
    assert!(error.message.contains("createWebhook takes no parameters"), "{error}");
}
