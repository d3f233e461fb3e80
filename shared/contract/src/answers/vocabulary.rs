//! The fields of canonical answers, which are the names that a contract's `[api]` part can use. The
//! tests of the API compare them with the OpenAPI document.

/// The kind of a value in an answer.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text, a number, `true` or `false`.
    Scalar,
    /// A time in RFC 3339.
    Time,
    /// Any JSON, which is copied unchanged.
    Json,
    Object(&'static [(&'static str, Kind)]),
    List(&'static Kind),
}

/// An operation whose answers a contract may rewrite.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its id in the OpenAPI document.
    pub id: &'static str,
    /// The kind of its answer where it succeeds.
    pub answer: Kind,
    /// The query parameters that a contract may set, each with all its names.
    pub parameters: &'static [&'static [&'static str]],
}

use Kind::{Json, List, Object, Scalar, Time};

const POLICY: Kind = Object(&[
    ("strategy", Scalar),
    ("initialDelayMs", Scalar),
    ("multiplier", Scalar),
    ("maxDelayMs", Scalar),
    ("maxRetries", Scalar),
    ("scheduleSeconds", Json),
    ("jitter", Scalar),
]);

const WEBHOOK: Kind = Object(&[
    ("id", Scalar),
    ("name", Scalar),
    ("description", Scalar),
    ("url", Scalar),
    ("events", Json),
    ("secret", Scalar),
    ("contract", Scalar),
    ("headers", Json),
    ("retryPolicy", POLICY),
    ("testMode", Scalar),
    ("active", Scalar),
    ("status", Scalar),
    ("createdAt", Time),
    ("updatedAt", Time),
]);

const WEBHOOKS: Kind =
    Object(&[("data", List(&WEBHOOK)), ("page", Scalar), ("limit", Scalar), ("total", Scalar)]);

const ERROR: Kind = Object(&[("kind", Scalar), ("detail", Scalar)]);

const LAST_ATTEMPT: Kind =
    Object(&[("at", Time), ("durationMs", Scalar), ("statusCode", Scalar), ("error", ERROR)]);

/// The fields of one attempt, after these.
macro_rules! attempt {
    ($($more:expr),* $(,)?) => {
        Object(&[
            $($more,)*
            ("number", Scalar),
            ("at", Time),
            ("durationMs", Scalar),
            ("request", REQUEST),
            ("statusCode", Scalar),
            ("response", RESPONSE),
            ("error", ERROR),
            ("remarks", List(&ERROR)),
        ])
    };
}

const REQUEST: Kind = Object(&[("headers", Json)]);

const RESPONSE: Kind = Object(&[("statusText", Scalar), ("headers", Json), ("body", Scalar)]);

const ATTEMPT: Kind = attempt!();

const ATTEMPTS: Kind = Object(&[
    (
        "data",
        List(&attempt!(
            ("deliveryId", Scalar),
            ("eventId", Scalar),
            ("eventType", Scalar),
            ("successful", Scalar),
        )),
    ),
    ("unreadable", Scalar),
    ("nextCursor", Scalar),
]);

/// The part of an event that its producer sent.
const CONTENT: Kind = Object(&[
    ("type", Scalar),
    ("data", Json),
    ("metadata", Json),
    ("timestamp", Time),
    ("version", Scalar),
    ("test", Scalar),
]);

/// A delivery. Lists of deliveries leave `payload` and `attempts` out.
const DELIVERY: Kind = Object(&[
    ("id", Scalar),
    ("webhookId", Scalar),
    ("eventId", Scalar),
    ("eventType", Scalar),
    ("status", Scalar),
    ("reason", Scalar),
    ("attemptCount", Scalar),
    ("createdAt", Time),
    ("lastAttempt", LAST_ATTEMPT),
    ("nextAttemptAt", Time),
    ("nextAttemptReason", Scalar),
    ("scheduledAt", Time),
    ("parked", Object(&[("since", Time), ("dueAt", Time)])),
    ("completedAt", Time),
    ("expiresAt", Time),
    ("payload", CONTENT),
    ("attempts", List(&ATTEMPT)),
]);

const DELIVERIES: Kind = Object(&[
    ("data", List(&DELIVERY)),
    ("unreadable", Scalar),
    ("page", Scalar),
    ("limit", Scalar),
    ("nextCursor", Scalar),
]);

const TEST: Kind = Object(&[
    ("successful", Scalar),
    ("eventId", Scalar),
    ("eventType", Scalar),
    ("at", Time),
    ("durationMs", Scalar),
    ("request", REQUEST),
    ("statusCode", Scalar),
    ("response", RESPONSE),
    ("error", ERROR),
    ("remarks", List(&ERROR)),
]);

const STATISTICS: Kind = Object(&[
    ("period", Scalar),
    ("since", Time),
    ("until", Time),
    ("truncated", Scalar),
    ("totalDeliveries", Scalar),
    ("successfulDeliveries", Scalar),
    ("failedDeliveries", Scalar),
    ("retryCount", Scalar),
    ("averageAttempts", Scalar),
    ("successRate", Scalar),
    ("retryRate", Scalar),
    ("failureRate", Scalar),
    (
        "responseTimeMs",
        Object(&[("average", Scalar), ("p50", Scalar), ("p95", Scalar), ("p99", Scalar)]),
    ),
    ("byStatus", List(&Object(&[("status", Scalar), ("count", Scalar)]))),
    (
        "byEventType",
        List(&Object(&[
            ("eventType", Scalar),
            ("totalDeliveries", Scalar),
            ("successfulDeliveries", Scalar),
            ("averageAttempts", Scalar),
        ])),
    ),
    ("byError", List(&Object(&[("kind", Scalar), ("statusCode", Scalar), ("count", Scalar)]))),
]);

const HEALTH: Kind = Object(&[
    ("status", Scalar),
    ("successRate", Scalar),
    ("totalDeliveries", Scalar),
    ("lastAttemptAt", Time),
    ("truncated", Scalar),
    ("isolation", ISOLATION),
    (
        "rateLimit",
        Object(&[
            ("requests", Scalar),
            ("perSeconds", Scalar),
            ("attempts", Scalar),
            ("delayedAttempts", Scalar),
            ("lastDelayedAt", Time),
            ("nextSlotAt", Time),
        ]),
    ),
]);

const ISOLATION: Kind = Object(&[
    ("lane", Scalar),
    (
        "circuit",
        Object(&[
            ("state", Scalar),
            ("since", Time),
            ("nextProbeAt", Time),
            ("failedProbes", Scalar),
        ]),
    ),
    ("consecutiveFailures", Scalar),
    ("failingSince", Time),
    ("parked", Object(&[("count", Scalar), ("capped", Scalar)])),
    ("skippedEvents", Scalar),
]);

/// The answer of any operation that does not succeed.
pub const PROBLEM: Kind = Object(&[
    ("type", Scalar),
    ("title", Scalar),
    ("status", Scalar),
    ("detail", Scalar),
    ("errors", List(&Object(&[("path", Scalar), ("message", Scalar)]))),
]);

/// Every operation whose answers can be rewritten.
pub const OPERATIONS: &[Operation] = &[
    operation("createWebhook", WEBHOOK),
    operation("getWebhook", WEBHOOK),
    operation("updateWebhook", WEBHOOK),
    operation("patchWebhook", WEBHOOK),
    operation("pauseWebhook", WEBHOOK),
    operation("resumeWebhook", WEBHOOK),
    operation("deleteWebhook", Object(&[])),
    Operation {
        parameters: &[&["active", "isActive", "is_active"], &["limit"]],
        ..operation("listWebhooks", WEBHOOKS)
    },
    operation("testWebhook", TEST),
    Operation { parameters: &[&["limit"]], ..operation("listDeliveries", DELIVERIES) },
    Operation { parameters: &[&["limit"]], ..operation("listUndelivered", DELIVERIES) },
    operation("getDelivery", DELIVERY),
    operation("retryDelivery", DELIVERY),
    operation("cancelDelivery", DELIVERY),
    Operation { parameters: &[&["limit"]], ..operation("listAttempts", ATTEMPTS) },
    operation("getWebhookStatistics", STATISTICS),
    operation("getStatistics", STATISTICS),
    operation("getWebhookHealth", HEALTH),
];

const fn operation(id: &'static str, answer: Kind) -> Operation {
    Operation { id, answer, parameters: &[] }
}

impl Kind {
    /// The kind of the field of this name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        self.fields().iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The fields of an object; none for any other kind.
    #[must_use]
    pub fn fields(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Object(fields) => fields,
            Self::Scalar | Self::Time | Self::Json | Self::List(_) => &[],
        }
    }
}
