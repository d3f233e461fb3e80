use std::collections::BTreeSet;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::figures::settled::{Hour, Listed, Note, Progress, SettledHour};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Unavailable;

/// The deliveries that figures count.
///
/// [`DeliveryStore::save`](super::DeliveryStore::save) keeps the two things that they rely on, as
/// `hooklane_domain::figures::settled` says: where a delivery is listed, and the note that a late save leaves
/// *before* the delivery is written.
pub trait FigureSource: Send + Sync {
    /// A webhook's deliveries in the order in which their events were accepted. The read is strongly
    /// consistent and bounded, so a page may be short and still have a next one. Deliveries that cannot be
    /// read back are left out and named.
    fn accepted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> impl Future<Output = Result<CountedPage, Unavailable>> + Send;

    /// The deliveries that the index lists in one of its lists, newest first. It may lag.
    fn listed(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        list: Listed,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> impl Future<Output = Result<CountedPage, Unavailable>> + Send;
}

/// Where a page begins, and how long it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedPlace {
    pub oldest_first: bool,
    /// Only deliveries after this one.
    pub after: Option<DeliveryId>,
    pub limit: usize,
}

/// A delivery, and whether the index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub delivery: Delivery,
    pub is_listed: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedPage {
    pub deliveries: Vec<Counted>,
    /// Those that are left out, because they cannot be read back.
    pub unreadable: Vec<DeliveryId>,
    /// Where the next page starts, if there may be more.
    pub next: Option<DeliveryId>,
}

/// What is kept of figures. All of it can be counted again: what cannot be read back is as if it was not
/// there. Reads are strongly consistent.
pub trait FigureStore: Send + Sync {
    /// How far the minutes are settled, if anything is kept.
    fn progress(
        &self,
        of: &FiguresOf,
    ) -> impl Future<Output = Result<Option<Progress>, Unavailable>> + Send;

    /// The kept hours from `from` to `to`, both included, in order. One that this version cannot read has no
    /// minutes, but its revision.
    fn hours(
        &self,
        of: &FiguresOf,
        from: Hour,
        to: Hour,
    ) -> impl Future<Output = Result<Vec<SettledHour>, Unavailable>> + Send;

    /// What late saves have announced since this time, and up to a minute before.
    fn notes(
        &self,
        of: &FiguresOf,
        since: Timestamp,
    ) -> impl Future<Output = Result<BTreeSet<Note>, Unavailable>> + Send;

    /// Writes an hour if the stored one still has its revision (0: if there is none), and raises the revision.
    /// Returns whether it did.
    fn save_hour(
        &self,
        of: &FiguresOf,
        hour: &SettledHour,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Writes the progress likewise.
    fn save_progress(
        &self,
        of: &FiguresOf,
        progress: &Progress,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// The answers that were kept, in the order of the keys.
    fn answers(
        &self,
        keys: &[AnswerKey],
    ) -> impl Future<Output = Result<Vec<Option<Report>>, Unavailable>> + Send;

    /// Keeps an answer in place of the one before. It may be lost.
    fn keep_answer(
        &self,
        key: &AnswerKey,
        report: &Report,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// What an answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerKey {
    pub owner: FiguresOf,
    pub window: Window,
}

/// Whose figures they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FiguresOf {
    Webhook(WebhookId),
    /// A tenant. Its minutes are those of its events; an answer adds all of its webhooks.
    Tenant(TenantId),
}

/// Marks of webhooks that have many deliveries, which the ledger's stream carries to `stats`.
pub trait FigureMarks: Send + Sync {
    /// Marks a webhook. Each mark is a change of the same item.
    fn mark(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
