//! Scopes: what a tenant's keys and tokens permit. Nothing has a scope that was not named when it was created.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::json::fields::Fields;
use crate::words;

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Read webhooks, deliveries and events.
    #[serde(rename = "webhooks:read")]
    ReadWebhooks,
    /// Change webhooks and deliveries, and read secrets.
    #[serde(rename = "webhooks:write")]
    WriteWebhooks,
    /// Publish events.
    #[serde(rename = "events:publish")]
    PublishEvents,
    /// List the tenant's keys. Their secrets cannot be read by anybody.
    #[serde(rename = "keys:read")]
    ReadKeys,
    /// Create, rename, rotate and revoke the tenant's keys.
    #[serde(rename = "keys:write")]
    WriteKeys,
}

impl Scope {
    pub const ALL: [Self; 5] = [
        Self::ReadWebhooks,
        Self::WriteWebhooks,
        Self::PublishEvents,
        Self::ReadKeys,
        Self::WriteKeys,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadWebhooks => "webhooks:read",
            Self::WriteWebhooks => "webhooks:write",
            Self::PublishEvents => "events:publish",
            Self::ReadKeys => "keys:read",
            Self::WriteKeys => "keys:write",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// The scopes of a key or a token. Without any, it permits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

/// The most scopes that a request names, each as often as it likes.
const MAX_NAMES: usize = 20;

impl Scopes {
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Each of them once, in the order of [`Scope::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Those that `held` does not contain.
    pub fn beyond<'a>(&'a self, held: &'a Self) -> impl Iterator<Item = Scope> + 'a {
        self.0.difference(&held.0).copied()
    }

    /// Reads the field `scopes`: a list of at least one scope. It is required, so that nobody permits
    /// everything by leaving it out.
    pub fn read(fields: &mut Fields) -> Self {
        let field = "scopes";
        if !fields.has(&[field]) {
            let all = Scope::ALL.map(Scope::as_str).join(", ");
            fields.error(field, format!("is required: a list of some of {all}"));
        }
        let too_many = format!("must name at most {MAX_NAMES} scopes");
        let names = fields.read_list::<String>(&[field], "a list of scopes", MAX_NAMES, too_many);
        if names.as_ref().is_some_and(Vec::is_empty) {
            fields.error(field, "must name at least one scope");
        }
        let mut scopes = BTreeSet::new();
        for (i, name) in names.unwrap_or_default().iter().enumerate() {
            match name.parse::<Scope>() {
                Ok(scope) => drop(scopes.insert(scope)),
                Err(message) => fields.error(&format!("{field}[{i}]"), message),
            }
        }
        Self(scopes)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::fields::FieldErrors;

    fn read(body: &str) -> Result<Vec<&'static str>, Vec<String>> {
        let mut fields = Fields::of("", body).unwrap();
        let scopes = Scopes::read(&mut fields);
        let paths = |errors: FieldErrors| errors.into_vec().into_iter().map(|e| e.path).collect();
        fields.finish().map(|()| scopes.iter().map(Scope::as_str).collect()).map_err(paths)
    }

    #[test]
    fn scopes_are_named_one_by_one_and_never_left_out() {
        let one = r#"{"scopes":["events:publish","events:publish"]}"#;
        assert_eq!(read(one), Ok(vec!["events:publish"]));
        let two = r#"{"scopes":["keys:write","webhooks:read"]}"#;
        assert_eq!(read(two), Ok(vec!["webhooks:read", "keys:write"]));
        let many = format!(r#"{{"scopes":[{}]}}"#, vec![r#""keys:read""#; 21].join(","));
        for (body, path) in [
            ("{}", "scopes"),
            (r#"{"scopes":null}"#, "scopes"),
            (r#"{"scopes":[]}"#, "scopes"),
            (r#"{"scopes":"webhooks:read"}"#, "scopes"),
            (r#"{"scopes":["webhooks:read","*"]}"#, "scopes[1]"),
            (&many, "scopes"),
        ] {
            assert_eq!(read(body), Err(vec![path.to_owned()]), "{body}");
        }
    }

    #[test]
    fn every_scope_reads_back_and_has_its_stored_name() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        let held: Scopes = [Scope::ReadKeys, Scope::WriteKeys].into_iter().collect();
        let wanted: Scopes = [Scope::PublishEvents, Scope::WriteKeys].into_iter().collect();
        assert_eq!(wanted.beyond(&held).collect::<Vec<_>>(), [Scope::PublishEvents]);
        assert_eq!(wanted.beyond(&wanted).next(), None);
    }
}
