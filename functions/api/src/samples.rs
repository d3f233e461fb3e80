//! Samples of the event types that the documents name, as long as there is no catalog to have them from.

use hooklane_app::ports::{Samples, Unavailable};
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::json::RawJson;

/// The types of the five documents, each with data that says which type it is a sample of.
pub(crate) struct DocumentedTypes;

const TYPES: [(&str, &[&str]); 12] = [
    ("queue", &["created", "updated", "deleted", "paused", "resumed", "processed"]),
    (
        "user",
        &[
            "created",
            "updated",
            "deleted",
            "joined",
            "left",
            "login",
            "logout",
            "password_changed",
            "email_verified",
            "profile_updated",
        ],
    ),
    ("subscription", &["created", "updated", "cancelled", "renewed", "payment_failed"]),
    ("payment", &["succeeded", "failed", "refunded"]),
    ("invoice", &["created", "paid", "overdue"]),
    ("organization", &["created", "updated", "deleted"]),
    ("device", &["registered", "updated", "deleted", "online", "offline", "alert"]),
    ("alert", &["triggered", "resolved"]),
    ("order", &["created", "completed", "cancelled", "updated"]),
    ("task", &["created", "updated", "completed", "deleted"]),
    ("system", &["maintenance", "error"]),
    ("webhook", &["test"]),
];

impl Samples for DocumentedTypes {
    async fn sample(
        &self,
        _: &TenantId,
        event_type: &EventType,
    ) -> Result<Option<RawJson>, Unavailable> {
        let known = event_type.as_str().split_once('.').is_some_and(|(subject, what)| {
            TYPES.iter().any(|(name, whats)| *name == subject && whats.contains(&what))
        });
        let data = || RawJson::parse(&format!(r#"{{"sample":"{event_type}"}}"#)).ok();
        Ok(known.then(data).flatten())
    }
}
