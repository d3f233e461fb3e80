//! The keys of the ledger's items. No other place builds one.

use hooklane_app::ports::{AnswerKey, FiguresOf};
use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::IdempotencyKey;
use hooklane_domain::access::portal::LogoHash;
use hooklane_domain::access::quota::Window;
use hooklane_domain::access::quotas::{Day, QuotaName};
use hooklane_domain::delivery::attempt_log::LogKey;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{FailedAt, Status};
use hooklane_domain::event_index::Chunk;
use hooklane_domain::figures::settled::{Hour, Listed, Minute, Note};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::inbox::RequestNumber;
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::usage::calendar::Month;
use hooklane_domain::usage::counting::Kind;

use crate::table::{Item, Key, text};

/// The name of the sparse index of deliveries: of all but those that were delivered promptly, by their first
/// attempt.
pub(super) const UNDELIVERED: &str = "undelivered";
/// The index's partition key. A delivery that it does not list has none.
pub(super) const UNDELIVERED_KEY: &str = "u";

/// An event, by its tenant and its id: the same id twice is the same event. Each event is a partition
/// of its own.
pub(super) fn event(tenant: &TenantId, id: &EventId) -> Key {
    Key { pk: format!("{}{id}", events_of(tenant)), sk: EVENT.to_owned() }
}

/// The sort key of every event.
pub(super) const EVENT: &str = "EVENT";

/// A delivery: first its webhook, then the time at which the event was accepted, so that a list is in
/// order of time, then the event's id, so that two of one millisecond differ. Nothing in it is random,
/// so fanning an event out twice leads to the same item.
pub(super) fn delivery(id: &DeliveryId) -> Key {
    Key {
        pk: webhook(id.webhook()),
        sk: format!("{DELIVERY_PREFIX}{:015}#{}", id.accepted_ms(), id.event()),
    }
}

/// The id of the delivery whose key an item has.
pub(super) fn delivery_of(item: &Item) -> Option<DeliveryId> {
    let webhook = text(item, "pk")?.strip_prefix("WH#")?.parse().ok()?;
    let sk = text(item, "sk")?;
    let (ms, event) = sk.strip_prefix(DELIVERY_PREFIX)?.split_once('#')?;
    let accepted_at = Timestamp::from_millisecond(ms.parse().ok()?).ok()?;
    Some(DeliveryId::new(webhook, accepted_at, event.parse().ok()?))
}

const DELIVERY_PREFIX: &str = "DL#";
const ATTEMPT_PREFIX: &str = "AT#";

/// The sort keys of a webhook's deliveries, or of its attempts, in a range of time: from `low` to `high`.
/// No item has either of the two as its key, because in every key a `#` follows the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyRange {
    pub(super) low: String,
    pub(super) high: String,
}

impl KeyRange {
    /// Deliveries by the time at which their event was accepted.
    pub(super) fn of_deliveries(range: TimeRange) -> Self {
        Self::of(DELIVERY_PREFIX, range)
    }

    /// Attempts by the time at which they began.
    pub(super) fn of_attempts(range: TimeRange) -> Self {
        Self::of(ATTEMPT_PREFIX, range)
    }

    fn of(prefix: &str, range: TimeRange) -> Self {
        let bound = |time: Timestamp| format!("{prefix}{:015}", time.as_millisecond().max(0));
        Self {
            low: range.since().map_or_else(|| prefix.to_owned(), bound),
            // `~` is greater than every digit.
            high: range.until().map_or_else(|| format!("{prefix}~"), bound),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low >= self.high
    }
}

/// The partition of a webhook's deliveries and attempts.
pub(super) fn webhook(id: WebhookId) -> String {
    format!("WH#{id}")
}

/// An attempt that is an item of its own: first the time at which it began, then the event's id and the
/// attempt's number, so that two of one millisecond differ.
pub(super) fn attempt(id: &DeliveryId, failed: FailedAt) -> Key {
    let key = LogKey { at: failed.at, event: id.event().clone(), number: failed.number };
    logged(id.webhook(), &key)
}

/// An attempt, by its place in its webhook's log.
pub(super) fn logged(id: WebhookId, key: &LogKey) -> Key {
    let ms = key.at.as_millisecond().max(0);
    Key { pk: webhook(id), sk: format!("{ATTEMPT_PREFIX}{ms:015}#{}#{}", key.event, key.number) }
}

/// The place in the log of the attempt whose key an item has.
pub(super) fn place_of_attempt(item: &Item) -> Option<LogKey> {
    let sk = text(item, "sk")?;
    let (ms, rest) = sk.strip_prefix(ATTEMPT_PREFIX)?.split_once('#')?;
    let (event, number) = rest.split_once('#')?;
    let at = Timestamp::from_millisecond(ms.parse().ok()?).ok()?;
    Some(LogKey { at, event: event.parse().ok()?, number: number.parse().ok()? })
}

/// The pointer to a parked delivery. A webhook's pointers are in order of when they are due.
pub(super) fn parked(id: &DeliveryId, due: Timestamp) -> Key {
    Key { pk: parking(id.webhook()), sk: format!("{}#{}", parked_at(due), id.event()) }
}

/// The partition of a webhook's pointers.
pub(super) fn parking(webhook: WebhookId) -> String {
    format!("PK#{webhook}")
}

/// The beginning of the sort keys of pointers that are due at that time.
pub(super) fn parked_at(due: Timestamp) -> String {
    format!("{:015}", due.as_millisecond().max(0))
}

/// The slots that a webhook's rate limit has handed out.
pub(super) fn slots(webhook: WebhookId) -> Key {
    Key { pk: format!("RL#{webhook}"), sk: "SLOTS".to_owned() }
}

/// The beginning of the partition keys of a tenant's events. No tenant's id has a `#` in it.
pub(super) fn events_of(tenant: &TenantId) -> String {
    format!("EV#{tenant}#")
}

/// The event in whose partition an item is.
pub(crate) fn event_of_key(pk: &str) -> Option<(TenantId, EventId)> {
    let (tenant, event) = pk.strip_prefix("EV#")?.split_once('#')?;
    Some((tenant.parse().ok()?, event.parse().ok()?))
}

/// The partition of a tenant's index of events.
pub(super) fn index(tenant: &TenantId) -> String {
    format!("EX#{tenant}")
}

/// A chunk of the index: first when its newest event was accepted, so that chunks are in the order in which
/// they are read, then a digest of its content, so that the same chunk is the same item and no other.
pub(super) fn chunk(tenant: &TenantId, chunk: &Chunk) -> Key {
    Key { pk: index(tenant), sk: chunk_key(chunk) }
}

pub(super) fn chunk_key(chunk: &Chunk) -> String {
    format!("{:015}#{}", chunk.newest_ms().max(0), chunk.digest())
}

/// When the newest event of a chunk was accepted, in Unix milliseconds, by its sort key.
pub(super) fn newest_ms(key: &str) -> i64 {
    key.split_once('#').and_then(|(ms, _)| ms.parse().ok()).unwrap_or_default()
}

/// The lowest and the highest sort key of chunks whose newest event was accepted from `oldest_ms` to
/// `newest_ms`. No chunk has either of the two, because in every key a `#` follows the time.
pub(super) fn chunks(oldest_ms: Option<i64>, newest_ms: Option<i64>) -> (String, String) {
    // The most that 15 digits can say is far past every time.
    let digits = |ms: i64| format!("{:015}", ms.clamp(0, 999_999_999_999_999));
    let low = oldest_ms.map_or_else(|| "0".to_owned(), digits);
    // `$` follows `#` in ASCII.
    let high = newest_ms.map_or_else(|| "~".to_owned(), |ms| format!("{}$", digits(ms)));
    (low, high)
}

/// The strikes of a suspect.
pub(super) fn strikes(of: &Suspect) -> Key {
    Key { pk: format!("SU#{}", of.as_str()), sk: "STRIKES".to_owned() }
}

/// The newest canary.
pub(super) fn canary() -> Key {
    Key { pk: "CANARY".to_owned(), sk: "CANARY".to_owned() }
}

/// The number of a tenant's API requests in one minute.
pub(super) fn quota(tenant: &TenantId, window: Window) -> Key {
    Key { pk: format!("RA#{tenant}"), sk: format!("{:012}", window.number()) }
}

/// How often a tenant did what a quota counts in one day.
pub(super) fn daily_count(tenant: &TenantId, quota: QuotaName, day: Day) -> Key {
    Key { pk: format!("RA#{tenant}"), sk: format!("{}#{}", quota.as_str(), day.number()) }
}

/// One of the places of a tenant's tests.
pub(super) fn test_place(tenant: &TenantId, number: u32) -> Key {
    Key { pk: format!("TP#{tenant}"), sk: format!("{number:06}") }
}

/// The counts of a tenant's inbox.
pub(super) fn inbox_counts(tenant: &TenantId) -> Key {
    Key { pk: format!("IN#{tenant}"), sk: "COUNTS".to_owned() }
}

/// A request of a tenant's inbox, by its slot: a request has the key of the one that it pushes out.
pub(super) fn inbox_request(tenant: &TenantId, number: RequestNumber) -> Key {
    Key { pk: format!("IN#{tenant}"), sk: format!("{:02}", number.slot()) }
}

/// A logo, by the hash of what it is.
pub(super) fn logo(hash: &LogoHash) -> Key {
    Key { pk: format!("LO#{hash}"), sk: "LOGO".to_owned() }
}

/// The partition of the tenants that had events lately.
pub(super) const ACTIVE: &str = "ACTIVE";

/// A tenant that had events lately.
pub(super) fn active(tenant: &TenantId) -> Key {
    Key { pk: ACTIVE.to_owned(), sk: tenant.to_string() }
}

/// The partition of the webhooks that a tenant deleted lately.
pub(super) fn deleted_webhooks(tenant: &TenantId) -> String {
    format!("GW#{tenant}")
}

/// A webhook that was deleted lately. Ids are in order of the time at which their webhooks were made.
pub(super) fn deleted_webhook(tenant: &TenantId, webhook: WebhookId) -> Key {
    Key { pk: deleted_webhooks(tenant), sk: webhook.to_string() }
}

/// The partition of all tenants' usage in a month, so that the operator's list of a month is one query.
pub(super) fn usage_in(month: Month) -> String {
    format!("US#{month}")
}

/// A tenant's usage in a month.
pub(super) fn usage(tenant: &TenantId, month: Month) -> Key {
    Key { pk: usage_in(month), sk: tenant.to_string() }
}

/// How far a count of usage is.
pub(super) fn counting(kind: Kind) -> Key {
    Key { pk: "COUNTING".to_owned(), sk: kind.as_str().to_owned() }
}

/// The idempotency record of a client's key. Two tenants may use the same key, and no tenant's id has a
/// `#` in it.
pub(super) fn idempotency_record(tenant: &TenantId, key: &IdempotencyKey) -> Key {
    Key { pk: format!("IK#{tenant}#{}", key.as_str()), sk: "CLAIM".to_owned() }
}

/// The partition of the index that has a webhook's deliveries of one status, if there is one that has all of
/// them. Earlier versions listed no cancelled ones.
pub(super) fn undelivered(webhook: WebhookId, status: Status) -> Option<String> {
    match status {
        Status::Pending => Some(listed(webhook, Listed::Pending)),
        Status::Retrying => Some(listed(webhook, Listed::Retrying)),
        Status::Failed => Some(listed(webhook, Listed::Failed)),
        Status::Delivered | Status::Cancelled => None,
    }
}

/// The partition of the index that has one list of a webhook's deliveries.
pub(super) fn listed(webhook: WebhookId, list: Listed) -> String {
    format!("{webhook}#{}", list.as_str())
}

/// The beginning of the partition keys of figures.
const FIGURES: &str = "ST#";
/// The beginning of the partition keys of a tenant's figures. No webhook's id has a `#` in it.
const FIGURES_OF_TENANT: &str = "ST#T#";

/// The partition of what is kept of figures.
pub(super) fn figures(of: &FiguresOf) -> String {
    match of {
        FiguresOf::Webhook(webhook) => format!("{FIGURES}{webhook}"),
        FiguresOf::Tenant(tenant) => format!("{FIGURES_OF_TENANT}{tenant}"),
    }
}

/// The webhook of such a partition.
pub(super) fn webhook_of_figures(pk: &str) -> Option<WebhookId> {
    pk.strip_prefix(FIGURES)?.parse().ok()
}

/// How far minutes are settled.
pub(super) fn figures_progress(of: &FiguresOf) -> Key {
    Key { pk: figures(of), sk: "P".to_owned() }
}

/// The settled minutes of an hour, in order of time.
pub(super) fn figures_hour(of: &FiguresOf, hour: Hour) -> Key {
    Key { pk: figures(of), sk: format!("{HOUR_PREFIX}{:08}", hour.0.clamp(0, MOST_HOURS)) }
}

const HOUR_PREFIX: &str = "H#";
/// The most that eight digits say, far past every hour.
const MOST_HOURS: i64 = 99_999_999;

/// The hour whose key an item has.
pub(super) fn hour_of_figures(item: &Item) -> Option<Hour> {
    text(item, "sk")?.strip_prefix(HOUR_PREFIX)?.parse().ok().map(Hour)
}

/// The note of a late save: first the minute in which it was left, so that what is new is one range, then
/// what it announces, so that the same note is the same item.
pub(super) fn figures_note(of: &FiguresOf, left_in: Minute, note: Note) -> Key {
    let what = match note {
        Note::Rest(hour) => format!("{REST}{}", hour.0),
        Note::Whole(minute) => format!("{WHOLE}{}", minute.0),
    };
    Key { pk: figures(of), sk: format!("{NOTE_PREFIX}{:010}#{what}", left_in.0.max(0)) }
}

const NOTE_PREFIX: &str = "T#";
const REST: char = 'h';
const WHOLE: char = 'm';

/// The sort keys of notes that were left from a minute on.
pub(super) fn figures_notes(from: Minute) -> (String, String) {
    // `~` is greater than every digit.
    (format!("{NOTE_PREFIX}{:010}", from.0.max(0)), format!("{NOTE_PREFIX}~"))
}

/// The note whose key an item has.
pub(super) fn note_of_figures(item: &Item) -> Option<Note> {
    let sk = text(item, "sk")?;
    let (_, what) = sk.strip_prefix(NOTE_PREFIX)?.split_once('#')?;
    if let Some(hour) = what.strip_prefix(REST) {
        return hour.parse().ok().map(|hour| Note::Rest(Hour(hour)));
    }
    what.strip_prefix(WHOLE)?.parse().ok().map(|minute| Note::Whole(Minute(minute)))
}

/// The last answer about a window.
pub(super) fn figures_answer(key: &AnswerKey) -> Key {
    Key { pk: figures(&key.owner), sk: format!("A#{}", key.window) }
}

/// The mark of a webhook that has many deliveries.
pub(super) fn figures_mark(webhook: WebhookId) -> Key {
    Key { pk: figures(&FiguresOf::Webhook(webhook)), sk: MARK.to_owned() }
}

/// The sort key of every mark. The stream is filtered by it.
pub(crate) const MARK: &str = "MARK";
