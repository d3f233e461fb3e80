//! Fields that a client read and sends back.

use serde_json::{Map, Value};

use super::Fields;

impl Fields {
    /// Takes the fields that say what is so already: those whose JSON is the same in `shown`. What a client
    /// read and sends back changes nothing, whatever has become of the rules for it.
    pub fn drop_unchanged(&mut self, shown: &Map<String, Value>) {
        self.left.retain(|name, raw| {
            let sent = shown.get(name).and_then(|_| serde_json::from_str::<Value>(raw.get()).ok());
            sent.is_none() || sent.as_ref() != shown.get(name)
        });
    }

    /// Takes a field that nobody can set. Anything in it is a mistake; what is so already was taken before
    /// (see [`Fields::drop_unchanged`]).
    pub fn read_only(&mut self, names: &[&str]) {
        if let Some(field) = self.take(names) {
            self.errors.push(field.path, "is read-only, and not what it is now: leave it out");
        }
    }

    /// Takes a field that can have one text only.
    pub fn fixed(&mut self, names: &[&str], text: &str) {
        if let Some(field) = self.take(names)
            && !serde_json::from_str::<String>(field.raw.get()).is_ok_and(|sent| sent == text)
        {
            self.errors
                .push(field.path, format!("is read-only: it must be {text}, or be left out"));
        }
    }

    /// Whether no field is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(mut fields: Fields, finish: impl FnOnce(&mut Fields)) -> Vec<String> {
        finish(&mut fields);
        let errors = fields.finish().err().unwrap_or_default();
        errors.as_slice().iter().map(|error| error.path.clone()).collect()
    }

    #[test]
    fn what_is_so_already_is_dropped_and_nothing_else() {
        let shown = serde_json::json!({"id": "a", "n": 5, "list": [{"b": null}], "same": true});
        let shown = shown.as_object().unwrap();
        for (body, left) in [
            (r#"{"id":"a","n":5,"list":[ {"b":null} ],"same":true}"#, vec![]),
            (r#"{"id":"b"}"#, vec!["id"]),
            (r#"{"id":null}"#, vec!["id"]),
            (r#"{"n":"5","list":[]}"#, vec!["list", "n"]),
            (r#"{"other":1}"#, vec!["other"]),
            // Whoever says two things says none that can be dropped.
            (r#"{"id":"a","id":"b"}"#, vec!["id"]),
        ] {
            let fields = Fields::of("", body).unwrap();
            let found = paths(fields, |fields| fields.drop_unchanged(shown));
            assert_eq!(found, left, "{body}");
        }
    }

    #[test]
    fn a_field_that_nobody_can_set_may_be_null_or_unchanged() {
        for (body, wrong) in [
            (r#"{"id":null,"kind":null}"#, vec![]),
            (r#"{"kind":"tenant"}"#, vec![]),
            (r#"{"id":"b","kind":"platform"}"#, vec!["id", "kind"]),
            (r#"{"kind":["tenant"]}"#, vec!["kind"]),
        ] {
            let fields = Fields::of("", body).unwrap();
            let found = paths(fields, |fields| {
                fields.read_only(&["id"]);
                fields.fixed(&["kind"], "tenant");
            });
            assert_eq!(found, wrong, "{body}");
        }
    }
}
