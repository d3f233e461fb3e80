use super::*;

/// A text, what replaces it, the line of the mistake, and a part of the message.
const MISTAKES: &[(&str, &str, usize, &str)] = &[
    ("{event.type}", "{event.kind}", 5, "unknown placeholder {event.kind}"),
    ("{event.timestamp:rfc3339ms}", "{event.timestamp}", 5, "needs a format"),
    ("{event.type}", "{event.type:unix}", 5, "takes no format"),
    ("\"{event.data}\"", "\"{attempt.number}\"", 5, "is not allowed"),
    ("\"{event.data}\"", "\"about {event.data}\"", 5, "is not allowed"),
    ("\"{event.data}\"", "\"{event.id|none}\"", 5, "always has a value and takes no default"),
    ("\"{event.data}\"", "\"{event.metadata|none}\"", 5, "is JSON and takes no default"),
    ("\"{event.data}\"", "\"{event.version|}\"", 5, "empty default"),
    ("\"{event.data}\"", "\"{event.data\"", 5, "a { has no }"),
    ("\"{event.data}\"", "\"} {event.id}\"", 5, "a } has no {"),
    ("\"data\": \"{event.data}\" }", "\"data\": ", 5, "must be a JSON template"),
    ("scheduleSeconds = [5, ", "scheduleSeconds = [0, ", 10, "from 1 to 86400"),
    ("timeout_seconds = 20", "timeout_seconds = 31", 13, "must be from 1 to 30"),
    ("\"Hooklane/1.0\"", "\"\"", 14, "user_agent must be a valid header value"),
    ("gone_disables = true", "gone_disables = 1", 15, "expected a boolean"),
    ("gone_disables = true", "gone_disables = true\ncolour = 1", 16, "unknown field"),
    ("gone_disables = true", "gone_disables = true\ncontent_type = \"é\"", 16, "content_type"),
    ("webhook-signature = \"{signature}\"", "x = \"y\"", 17, "no header contains"),
    ("webhook-id = ", "\"webhook id\" = ", 19, "is not a valid header name"),
    ("webhook-id = ", "Webhook-Timestamp = ", 20, "webhook-timestamp: is given twice"),
    ("webhook-id = ", "Content-Type = ", 19, "is set by content_type in [request]"),
    ("webhook-id = \"{event.id}\"", "webhook-id = 1", 19, "expected a string"),
    ("webhook-id = \"{event.id}\"", "webhook-id = \"{event.version|1}\"", 19, "is not allowed"),
    ("\"hmac-sha256\"", "\"md5\"", 24, "unknown variant"),
    ("signed = \"{event.id}", "signed = \"{event.version}", 26, "is not allowed in what is signed"),
    (".{body}\"", "\"", 26, "must contain the {body}"),
    ("\"v1,{signature}\"", "\"v1\"", 28, "must contain the {signature}"),
    ("\" v1,{signature}\"", "\" v1\"", 30, "must contain the {signature}"),
    ("\"v1,{signature}\"", "\"év1,{signature}\"", 28, "is not a valid header value"),
    ("\"v1a,{signature}\"", "\"v1a\"", 34, "must contain the {signature}"),
    ("another = \" v1a,{signature}\"", "", 34, "another must be set for both"),
    ("another = \" v1a", "more = \" v1a", 35, "unknown field"),
    ("retry = ", "rate_limit = { requests = 0, perSeconds = 1 }\nretry = ", 10, "requests must be"),
    (
        "retry = ",
        "rate_limit = { requests = 1, perSeconds = 3601 }\nretry = ",
        10,
        "perSeconds must be",
    ),
    ("retry = ", "rate_limit = { requests = 1 }\nretry = ", 10, "missing field `perSeconds`"),
    ("retry = ", "rate_limit = 60\nretry = ", 10, "expected"),
    ("[request]", "[presets]\nquick = { maxRetries = 1 }\n\n[request]", 13, "every webhook has"),
    ("[request]", "[presets]\nslow = \"quick\"\n\n[request]", 13, "must be a table"),
    (
        "[request]",
        "[presets]\nslow = { maxRetries = 11 }\n\n[request]",
        13,
        "presets.slow.maxRetries",
    ),
];

fn refusal(text: &str) -> InvalidContract {
    contract(&[("standard.toml", text)]).unwrap_err()
}

#[test]
fn a_mistake_has_its_file_its_line_and_what_was_expected() {
    for (from, to, line, expected) in MISTAKES {
        let text = STANDARD.replace(from, to);
        assert_ne!(text, STANDARD, "{from}");
        let error = refusal(&text);
        assert!(error.message.contains(expected), "{from} -> {to}: {error}");
        assert_eq!(error.line, *line, "{from} -> {to}: {error}");
        assert_eq!(error.file, "standard.toml");
    }
}

#[test]
fn the_header_of_the_new_signature_is_reserved() {
    let one = STANDARD.replace("another = ", "# another = ");
    assert!(contract(&[("standard.toml", &one)]).is_ok());
    let text = one.replace("webhook-id = ", "Webhook-Signature-Next = ");
    assert_eq!(
        refusal(&text).to_string(),
        "standard.toml:19: header webhook-signature-Next: contains the new signature of \
         webhook-signature while a secret is rotated"
    );
}

#[test]
fn a_file_is_named_after_its_contract() {
    for name in ["My Contract.toml", "Standard.toml", ".toml"] {
        let error = Contracts::load([(name, STANDARD)]).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), (name, 1), "{error}");
    }
}

#[test]
fn a_missing_key_is_named() {
    for key in ["description", "source", "retry"] {
        let at = STANDARD.find(&format!("{key} = ")).unwrap();
        let end = at + STANDARD[at..].find('\n').unwrap();
        let error = refusal(&(STANDARD[..at].to_owned() + &STANDARD[end..]));
        assert_eq!(error.to_string(), format!("standard.toml:1: missing field `{key}`"));
    }
}

#[test]
fn a_body_always_has_a_value() {
    let body = STANDARD.find("'''").unwrap();
    let end = body + 3 + STANDARD[body + 3..].find("'''").unwrap();
    for json in ["\"{event.metadata}\"", "\"{event.version}\"", "\"v{event.version}\""] {
        let error = refusal(&format!("{}'''{json}{}", &STANDARD[..body], &STANDARD[end..]));
        assert_eq!(error.line, 5);
        assert!(error.message.contains("must always have a value"), "{error}");
    }
    let json = "\"{event.version|1.0}\"";
    let text = format!("{}'''{json}{}", &STANDARD[..body], &STANDARD[end..]);
    assert!(contract(&[("standard.toml", &text)]).is_ok());
}
