//! What requests look like follows from the templates that write them.

use serde_json::{Value, json};

use super::*;

fn outline(body: &str, others: &str) -> Outline {
    let variant =
        format!("description = \"x\"\nextends = \"standard\"\nbody = '''{body}'''\n{others}\n");
    let contract = contract(&[("a.toml", &variant), ("standard.toml", STANDARD)]).unwrap();
    contract.outline(&"order.created".parse().unwrap(), &json!({ "$ref": "#/data" }))
}

/// The schema without its descriptions.
fn bare(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(map) => {
            map.shift_remove("description");
            map.values_mut().for_each(|value| *value = bare(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = bare(item.take())),
        _ => {}
    }
    schema
}

#[test]
fn a_body_template_is_a_schema() {
    let text = json!({ "type": "string" });
    let one = |schema: &Value| json!({"type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [schema]});
    for (template, expected) in [
        (r#""{event.data}""#, json!({ "$ref": "#/data" })),
        ("[]", json!({"type": "array", "minItems": 0, "maxItems": 0})),
        ("{}", json!({"type": "object", "properties": {}})),
        ("[1.5]", one(&json!({ "const": 1.5 }))),
        ("[null]", one(&json!({ "const": null }))),
        (r#"["plain"]"#, one(&json!({"type": "string", "const": "plain"}))),
        (r#"["{event.type}"]"#, one(&json!({"type": "string", "const": "order.created"}))),
        (r#"["on {event.type}!"]"#, one(&json!({"type": "string", "const": "on order.created!"}))),
        (r#"["{event.type} {event.id}"]"#, one(&text)),
        (r#"["v{event.version|1.0}"]"#, one(&text)),
        (r#"["{event.id}"]"#, one(&text)),
        (r#"["{event.tenant}"]"#, one(&text)),
        (r#"["{event.version|1.0}"]"#, one(&text)),
        (r#"["{delivery.id}"]"#, one(&text)),
        (r#"["{webhook.id}"]"#, one(&text)),
        (r#"["{webhook.name}"]"#, one(&text)),
        (r#"["{event.timestamp:unix}"]"#, one(&json!({ "type": "integer" }))),
        (r#"["at {event.timestamp:unix}"]"#, one(&text)),
        (
            r#"["{event.timestamp:rfc3339}"]"#,
            one(&json!({"type": "string", "format": "date-time"})),
        ),
        (
            r#"["{event.acceptedAt:rfc3339ms}"]"#,
            one(&json!({"type": "string", "format": "date-time"})),
        ),
        (r#"["{delivery.createdAt:unix}"]"#, one(&json!({ "type": "integer" }))),
        (
            r#"["{event.version}","{event.data}"]"#,
            json!({"type": "array", "minItems": 1, "maxItems": 2, "items": {"anyOf": [text, {"$ref": "#/data"}]}}),
        ),
        (
            r#"{"z":{"data":"{event.data}"},"v":"v{event.version}","m":"{event.metadata}","n":0}"#,
            json!({
                "type": "object",
                "properties": {
                    "z": {"type": "object", "properties": {"data": {"$ref": "#/data"}}, "required": ["data"]},
                    "v": text,
                    "m": {"type": "object"},
                    "n": {"const": 0}
                },
                "required": ["z", "n"]
            }),
        ),
        (
            r#"{"m":"{event.metadata}"}"#,
            json!({"type": "object", "properties": {"m": {"type": "object"}}}),
        ),
    ] {
        assert_eq!(bare(outline(template, "").body), expected, "{template}");
    }
}

#[test]
fn every_header_that_is_sent_is_outlined_in_its_order() {
    let others = "[headers]\nX-Type = \"{event.type}\"\nX-At = \"{attempt.timestamp:unix}\"\n\
        X-Try = \"{attempt.number}\"\nX-Both = \"{event.type}/{event.id}\"\n[request]\ncontent_type = \"a/b\"";
    let outline = outline(r#""{event.data}""#, others);
    assert_eq!(outline.content_type, "a/b");
    let found: Vec<_> = outline
        .headers
        .iter()
        .map(|h| (h.name.as_str(), h.always, bare(h.schema.clone())))
        .collect();
    let text = json!({ "type": "string" });
    assert_eq!(
        found,
        [
            ("User-Agent", true, text.clone()),
            ("X-At", true, json!({ "type": "integer" })),
            ("X-Both", true, text.clone()),
            ("X-Try", true, json!({"type": "integer", "minimum": 1})),
            ("X-Type", true, json!({"type": "string", "const": "order.created"})),
            ("webhook-id", true, text.clone()),
            ("webhook-signature", true, text.clone()),
            ("webhook-timestamp", true, json!({ "type": "integer" })),
        ]
    );
}

#[test]
fn a_header_for_one_signature_has_another_beside_it_in_a_rotation() {
    let github = include_str!("../../../../contracts/github.toml");
    let contract = contract(&[("github.toml", github)]).unwrap();
    let outline = contract.outline(&"a".parse().unwrap(), &json!({}));
    let found: Vec<_> = outline.headers.iter().map(|h| (h.name.as_str(), h.always)).collect();
    let next = ("X-Hub-Signature-256-Next", false);
    assert!(found.ends_with(&[("X-Hub-Signature-256", true), next]), "{found:?}");
    let words =
        |name: &str| outline.headers.iter().find(|h| h.name == name).unwrap().description.as_str();
    insta::assert_snapshot!(words("X-Hub-Signature-256"), @"HMAC-SHA256 in hex, written `sha256={signature}`, over `{body}` with the bytes of the webhook's secret. While a secret is rotated, X-Hub-Signature-256-Next contains the signature of the new one.");
    insta::assert_snapshot!(words("X-GitHub-Event"), @"The event's type.");
    let outline = standard().outline(&"a".parse().unwrap(), &json!({}));
    let signature = outline.headers.iter().find(|h| h.name == "webhook-signature").unwrap();
    insta::assert_snapshot!(signature.description, @"HMAC-SHA256 in base64, written `v1,{signature}`, over `{event.id}.{attempt.timestamp:unix}.{body}` with what follows whsec_, decoded from base64, in the webhook's secret. A webhook with an Ed25519 key signs the same text with that, written `v1a,{signature}`. While a secret is rotated, the header contains both signatures.");
}
