//! The canonical answers: field names in camelCase, times in RFC 3339 with milliseconds, secrets masked.

use hooklane_domain::Timestamp;

mod counts;
mod dead_letters;
mod deliveries;
mod event_types;
mod events;
mod explanations;
mod inbox;
mod inspecting;
mod isolation;
mod keys;
mod log;
mod overview;
mod portal;
mod recovery;
mod series;
mod statistics;
mod tenants;
mod testing;
mod trials;
mod usage;
mod warnings;
mod webhooks;
mod with_secret;

pub(crate) use counts::CountView;
pub(crate) use dead_letters::DeadLetterView;
pub(crate) use deliveries::{DeliveryDetailView, DeliveryView};
pub(crate) use event_types::EventTypeView;
pub(crate) use events::EventContentView;
pub(crate) use explanations::{ExplanationView, explanations};
pub(crate) use inbox::{InboxRequestView, InboxView};
pub(crate) use inspecting::{CheckView, SignedRequestView};
pub(crate) use keys::KeyView;
pub(crate) use log::LogView;
pub(crate) use portal::PortalLinkView;
pub(crate) use recovery::{EstimateView, RecoveryView};
pub(crate) use series::SeriesView;
pub(crate) use statistics::{HealthView, StatisticsView};
pub(crate) use tenants::{QuotaView, TenantView, TokenView, UsageView, usage_view};
pub(crate) use testing::TestView;
pub(crate) use trials::{ExperimentView, PreviewView};
pub(crate) use usage::{UsageOfMonthView, usage_csv};
pub(crate) use warnings::WarningView;
pub use webhooks::shown_fields;
pub(crate) use webhooks::{SecretView, WebhookView};
pub(crate) use with_secret::{KeyWithSecret, WebhookWithSecret};

pub(crate) fn time(at: Timestamp) -> String {
    hooklane_domain::time::with_milliseconds(at)
}

/// A count, or nothing if it is zero.
pub(crate) fn non_zero(count: usize) -> Option<usize> {
    Some(count).filter(|count| *count > 0)
}
