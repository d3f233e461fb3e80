//! Examples of bodies, made from their schemas: the schema's own example, or one of the examples of its
//! fields.

use serde_json::{Map, Value, json};

/// How deep an example goes. Schemas that contain themselves end here.
const MAX_DEPTH: usize = 8;

/// An example of a body, as text.
pub(super) fn of(document: &Value, schema: &Value) -> Option<String> {
    let made = Maker { document }.make("", schema, MAX_DEPTH)?;
    serde_json::to_string_pretty(&made).ok()
}

struct Maker<'a> {
    document: &'a Value,
}

impl Maker<'_> {
    /// An example of a value; `name` is its field's. `None` if the schema says nothing of it.
    fn make(&self, name: &str, schema: &Value, depth: usize) -> Option<Value> {
        let schema = self.resolved(schema);
        if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
            return Some(example.clone());
        }
        let depth = depth.checked_sub(1)?;
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().find_map(|all| {
            schema[all].as_array().map(|parts| (all, parts.iter().filter(|p| p["type"] != "null")))
        });
        match parts {
            Some(("allOf", parts)) => {
                let mut whole = Map::new();
                for part in parts {
                    // A later part may say of a field only that it is required.
                    if let Some(Value::Object(fields)) = self.make(name, part, depth) {
                        for (name, made) in fields {
                            whole.entry(name).or_insert(made);
                        }
                    }
                }
                Some(whole.into())
            }
            Some((_, mut parts)) => self.make(name, parts.next()?, depth),
            None => self.plain(name, schema, depth),
        }
    }

    fn plain(&self, name: &str, schema: &Value, depth: usize) -> Option<Value> {
        if let Some(word) = schema["enum"].get(0) {
            return Some(word.clone());
        }
        let kinds = &schema["type"];
        let Some(kind) = kinds.as_str().or_else(|| kinds.get(0)?.as_str()) else {
            return any(name);
        };
        Some(match kind {
            "object" => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let made = |(name, field): (&String, &Value)| {
                    Some((name.clone(), self.make(name, field, depth)?))
                };
                fields.filter_map(made).collect::<Map<_, _>>().into()
            }
            "array" => Value::Array(self.make(name, &schema["items"], depth).into_iter().collect()),
            "boolean" => true.into(),
            "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            "string" if schema["format"] == "date-time" => "2024-01-15T10:30:00.000Z".into(),
            _ => text(name)?.into(),
        })
    }

    fn resolved<'v>(&'v self, schema: &'v Value) -> &'v Value {
        match schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            Some(name) => &self.document["components"]["schemas"][name],
            None => schema,
        }
    }
}

/// A value of a field that may hold any JSON. (The document's generator drops the examples of such fields.)
fn any(name: &str) -> Option<Value> {
    match name {
        "data" | "sample" => Some(json!({"orderId": "1002", "total": 99.90})),
        "schema" => Some(json!({"type": "object", "required": ["orderId"]})),
        _ => None,
    }
}

/// The texts that fields of many schemas have. A field that is neither here nor has an example of its own is
/// left out: whoever copies an example must be able to send it. The ids of different things look different.
fn text(name: &str) -> Option<&'static str> {
    Some(match name {
        "webhookId" => "wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D",
        "deliveryId" => "dlv_AY0ODx4AAY0ODx4A",
        "eventId" | "id" => "order-1002-created",
        "eventType" | "type" => "order.created",
        "nextCursor" => "AY0ODx4A",
        _ => return None,
    })
}
