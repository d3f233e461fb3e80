//! Test attempts. Any webhook can be tested, also an inactive, paused or disabled one.

use std::time::Duration;

use hooklane_contract::{Contract, Contracts, Subject};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Exceeded, QuotaName, Quotas};
use hooklane_domain::delivery::attempt::TestAttempt;
use hooklane_domain::delivery::outcome::Verdict;
use hooklane_domain::event::{Content, MAX_EVENT_BYTES};
use hooklane_domain::expression::{Budget, Cost, Input, Preview, preview};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Webhook;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::changed::changed;
use super::registering::{RegisterError, Unsaved, unsaved};
use super::{ChangeError, Rules};
use crate::attempt::{self, SentRequest};
use crate::catalog::EventCatalog;
use crate::evaluation;
use crate::ports::{
    Clock, Entropy, Expectations, Post, TestAttemptStore, TestPlaces, Unavailable, WebhookStore,
};
use crate::webhooks::expressions::samples;

/// What a test attempt needs.
#[derive(Debug)]
pub struct TestDeps<'a, R, L, P, S> {
    pub registry: &'a R,
    pub ledger: &'a L,
    pub sender: &'a P,
    pub system: &'a S,
    pub contracts: &'a Contracts,
    pub catalog: &'a EventCatalog,
    /// The tests of a tenant that may run at the same time.
    pub at_once: u32,
}

/// A test attempt and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    pub test: TestAttempt,
    /// Whether a delivery would count as delivered.
    pub success: bool,
    /// What the webhook's filter and transform make of the event. A test is sent whatever the filter says.
    pub preview: Preview,
    /// What was sent; `None` if nothing was.
    pub shown: Option<SentRequest>,
    pub hint: Option<TestHint>,
}

/// What a tenant can do about a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestHint {
    /// Filter or transform fails on the default event, and on the sample of each type that the webhook subscribes
    /// to: name an event or send a payload.
    NoFittingEvent,
}

#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error("the tenant has no such webhook")]
    Missing,
    #[error("the payload is too large")]
    TooLarge,
    #[error("the tenant already runs {} tests, as many as it may at the same time", .0.limit)]
    TooMany(Exceeded),
    #[error("{0}")]
    Invalid(FieldErrors),
    /// A webhook that is not saved could not be saved either.
    #[error(transparent)]
    Draft(RegisterError),
    /// A webhook could not be changed like this.
    #[error(transparent)]
    Change(ChangeError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The client waits for the answer.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// How long a test keeps its place if nobody gives it back, because the instance ended.
const KEEPS_PLACE: SignedDuration = SignedDuration::from_secs(30);
/// The event type of a test, unless the sample of another type is requested.
const TEST_TYPE: &str = "webhook.test";
/// The samples that are tried if the webhook's filter or transform fails on the default event.
const MOST_SAMPLES: usize = 10;

/// What a body requests to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TestRequest {
    /// Data that says that it is a test.
    Greeting,
    /// The sample of this event type.
    SampleOf(EventType),
    /// This data.
    Payload(RawJson),
}

/// Sends what the body requests in one attempt, as a delivery would be sent, and keeps it as a test attempt.
///
/// A test holds an instance until filter and transform are evaluated and the receiver has answered, so a
/// tenant may run only a few at once.
pub async fn test<R, L, P, S>(
    deps: TestDeps<'_, R, L, P, S>,
    (tenant, id): (&TenantId, WebhookId),
    body: &str,
) -> Result<TestResult, TestError>
where
    R: WebhookStore + Expectations,
    L: TestAttemptStore + TestPlaces,
    P: Post,
    S: Clock + Entropy,
{
    let webhook = deps.registry.get(tenant, id).await?.ok_or(TestError::Missing)?;
    if body.len() > MAX_EVENT_BYTES {
        return Err(TestError::TooLarge);
    }
    let request = TestRequest::read(body).map_err(TestError::Invalid)?;
    let at = whole_millisecond(deps.system.now());
    let is_default = request == TestRequest::Greeting;
    let content = match request {
        TestRequest::Greeting => greeting(at),
        TestRequest::Payload(data) => content(test_type(), data),
        TestRequest::SampleOf(event_type) => {
            let found = deps.catalog.sample_of(deps.registry, tenant, &event_type, at).await?;
            content(event_type, found.ok_or_else(no_sample)?)
        }
    };
    let mut contents = vec![content];
    if is_default && (webhook.filter.is_some() || webhook.transform.is_some()) {
        let types = deps.catalog.types_for(deps.registry, tenant, &webhook.events, at).await?;
        let samples = samples(&webhook.events, &types).into_iter().take(MOST_SAMPLES);
        contents.extend(samples.map(|sample| self::content(sample.event_type, sample.data)));
    }
    let mut tested = send(&deps, &webhook, contents, at).await?;
    deps.ledger.keep_test_attempt(&tested.test).await?;
    if is_default && !fits(&tested.preview) {
        tested.hint = Some(TestHint::NoFittingEvent);
    }
    Ok(tested)
}

/// Sends a test to a webhook that is not saved: the one that [`register`](super::register) would make of
/// `body`, by the same rules. Nothing is kept of either. What is sent is the sample of an event type, or data
/// that says that it is a test.
pub async fn test_unsaved<R, L, P, S>(
    deps: TestDeps<'_, R, L, P, S>,
    checked: (Rules<'_>, &Quotas),
    tenant: &TenantId,
    (event_type, body): (Option<EventType>, &str),
) -> Result<TestResult, TestError>
where
    R: Expectations,
    L: TestPlaces,
    P: Post,
    S: Clock + Entropy,
{
    let drawn = unsaved(deps.registry, deps.system, checked, tenant.clone(), body).await;
    send_unsaved(&deps, drawn.map_err(TestError::Draft)?, event_type).await
}

/// Sends a test to a webhook as it would be after a change: the one that [`change`](super::change) would make of it,
/// by the same rules, with its own secret and headers. Nothing is kept. What is sent is as for [`test_unsaved`].
pub async fn test_change<R, L, P, S>(
    deps: TestDeps<'_, R, L, P, S>,
    checked: (Rules<'_>, &Quotas),
    key: (&TenantId, WebhookId),
    (event_type, body): (Option<EventType>, &str),
    shown: impl Fn(&Webhook) -> Map<String, Value>,
) -> Result<TestResult, TestError>
where
    R: WebhookStore + Expectations,
    L: TestPlaces,
    P: Post,
    S: Clock + Entropy,
{
    let drawn = changed(deps.registry, deps.system, checked, key, (body, shown)).await;
    let drawn = drawn.map_err(|error| match error {
        ChangeError::Missing => TestError::Missing,
        other => TestError::Change(other),
    })?;
    send_unsaved(&deps, drawn, event_type).await
}

/// Sends the sample of an event type, or data that says that it is a test.
async fn send_unsaved<R, L, P, S>(
    deps: &TestDeps<'_, R, L, P, S>,
    Unsaved { webhook, samples }: Unsaved,
    event_type: Option<EventType>,
) -> Result<TestResult, TestError>
where
    R: Expectations,
    L: TestPlaces,
    P: Post,
    S: Clock + Entropy,
{
    let tenant = &webhook.tenant;
    let at = whole_millisecond(deps.system.now());
    let content = match event_type {
        None => greeting(at),
        Some(event_type) => {
            let own = samples.into_iter().find(|(name, _)| *name == event_type);
            let found = match own {
                Some((_, sample)) => Some(sample),
                None => deps.catalog.sample_of(deps.registry, tenant, &event_type, at).await?,
            };
            content(event_type, found.ok_or_else(no_sample)?)
        }
    };
    send(deps, &webhook, vec![content], at).await
}

/// Sends the first of these contents on which neither filter nor transform fails, or else the first, in a place
/// for a test.
async fn send<R, L, P, S>(
    deps: &TestDeps<'_, R, L, P, S>,
    webhook: &Webhook,
    mut contents: Vec<Content>,
    at: Timestamp,
) -> Result<TestResult, TestError>
where
    L: TestPlaces,
    P: Post,
    S: Clock + Entropy,
{
    let tenant = &webhook.tenant;
    let event = EventId::new(at, deps.system.random_id());
    let delivery = DeliveryId::new(webhook.id, at, event);
    let now = deps.system.now();
    let place = deps.ledger.take_test_place(tenant, deps.at_once, now, now + KEEPS_PLACE).await?;
    let place = place.ok_or_else(|| too_many(deps.at_once))?;
    // All that a test costs is done in its place. None of it returns early, so the place is given back; where
    // a panic prevents that, it is free again after a while.
    let inputs = contents.iter().map(|content| Input::new(delivery.event(), tenant, content, at));
    let (fitting, preview) = first_fitting(webhook, inputs.collect()).await;
    let content = contents.swap_remove(fitting);
    let subject = Subject { content: &content, delivery: &delivery, webhook, attempt: 1, at };
    let ((attempt, contract), shown) =
        attempt::make_and_show(deps.sender, deps.contracts, subject, TIME_LIMIT).await;
    if let Err(error) = deps.ledger.give_back_test_place(tenant, place).await {
        error.log("test.place_not_given_back");
    }
    let gone_disables = contract.is_some_and(Contract::gone_disables);
    let success = attempt.outcome.verdict(gone_disables, at) == Verdict::Success;
    let event_type = content.event_type;
    let test = TestAttempt { id: delivery, tenant: tenant.clone(), event_type, attempt };
    Ok(TestResult { test, success, preview, shown, hint: None })
}

fn no_sample() -> TestError {
    TestError::Invalid(FieldErrors::one("event", "has no sample event"))
}

/// All places are taken.
fn too_many(at_once: u32) -> TestError {
    let limit = u64::from(at_once);
    TestError::TooMany(Exceeded { quota: QuotaName::ConcurrentTests, limit, used: limit })
}

/// What a webhook's filter and transform make of an event, within what they may take for a delivery.
pub(super) async fn previewed(webhook: &Webhook, input: Input) -> Preview {
    first_fitting(webhook, vec![input]).await.1
}

/// What filter and transform make of the first of these events on which neither fails, and its place; or else of
/// the first one. All evaluations together have the budget of one delivery.
async fn first_fitting(webhook: &Webhook, inputs: Vec<Input>) -> (usize, Preview) {
    let (filter, transform) = (webhook.filter.clone(), webhook.transform.clone());
    let likely = |input: &Input| {
        let bytes = input.bytes();
        let of_filter = filter.as_ref().map(|filter| filter.likely_cost(bytes));
        let of_transform = transform.as_ref().map(|transform| transform.likely_cost(bytes));
        of_filter.into_iter().chain(of_transform).sum::<Cost>()
    };
    let cost = inputs.iter().map(likely).sum::<Cost>();
    let budget = Budget::of_delivery();
    evaluation::run(cost, move || {
        let on = |input| preview(filter.as_ref(), transform.as_ref(), input, &budget);
        let mut first = None;
        for (place, input) in inputs.iter().enumerate() {
            let preview = on(input);
            if fits(&preview) {
                return (place, preview);
            }
            first.get_or_insert(preview);
            if budget.is_used_up() {
                break;
            }
        }
        (0, first.unwrap_or(Preview { filter: None, transform: None }))
    })
    .await
}

/// Whether neither filter nor transform failed.
fn fits(preview: &Preview) -> bool {
    !matches!(preview.filter, Some(Err(_))) && !matches!(preview.transform, Some(Err(_)))
}

impl TestRequest {
    fn read(body: &str) -> Result<Self, FieldErrors> {
        if matches!(body.trim(), "" | "null") {
            return Ok(Self::Greeting);
        }
        let json = RawJson::parse(body).map_err(|e| FieldErrors::one("", e.to_string()))?;
        if !json.as_str().starts_with('{') {
            return Ok(Self::Payload(json));
        }
        let mut fields = Fields::of("", body)?;
        let event_type = if fields.names().eq(["event"]) { fields.parse(&["event"]) } else { None };
        let rest = fields.take_rest();
        fields.finish()?;
        Ok(match event_type {
            Some(event_type) => Self::SampleOf(event_type),
            None if rest.is_empty() => Self::Greeting,
            None => Self::Payload(json),
        })
    }
}

pub(super) fn test_type() -> EventType {
    match TEST_TYPE.parse() {
        Ok(event_type) => event_type,
        Err(_) => unreachable!("the constant is an event type"),
    }
}

/// The content of a test for which nothing else is requested.
pub(super) fn greeting(at: Timestamp) -> Content {
    let text = format!(r#"{{"message":"This is a test of this webhook.","timestamp":"{at:.3}"}}"#);
    match RawJson::parse(&text) {
        Ok(json) => content(test_type(), json),
        Err(_) => unreachable!("the text is JSON"),
    }
}

pub(super) fn content(event_type: EventType, data: RawJson) -> Content {
    Content { event_type, data, metadata: None, timestamp: None, version: None, test: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_requests_a_greeting_a_sample_or_a_payload() {
        let payload = |text: &str| TestRequest::Payload(RawJson::parse(text).unwrap());
        for (body, expected) in [
            ("", TestRequest::Greeting),
            (" \n", TestRequest::Greeting),
            ("{}", TestRequest::Greeting),
            (" { } ", TestRequest::Greeting),
            ("null", TestRequest::Greeting),
            (r#"{"event":"user.created"}"#, TestRequest::SampleOf("user.created".parse().unwrap())),
            (r#"{"taskId":"123"}"#, payload(r#"{"taskId":"123"}"#)),
            (r#"{"event":"a","taskId":1}"#, payload(r#"{"event":"a","taskId":1}"#)),
            ("[1]", payload("[1]")),
            (r#""text""#, payload(r#""text""#)),
            ("7", payload("7")),
        ] {
            assert_eq!(TestRequest::read(body).unwrap(), expected, "{body}");
        }
        for (body, path) in [
            (r#"{"event":"no type"}"#, "event"),
            (r#"{"event":7}"#, "event"),
            (r#"{"a":1,"a":2}"#, "a"),
            ("{", ""),
            ("nonsense", ""),
        ] {
            assert_eq!(TestRequest::read(body).unwrap_err().as_slice()[0].path, path, "{body}");
        }
    }
}
