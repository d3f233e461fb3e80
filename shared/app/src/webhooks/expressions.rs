//! Checks a webhook's filter and transform on sample events before it is saved.
//!
//! An event may lack a field that an expression reads, and so may a sample. So a missing field is no reason
//! to refuse an expression, but a value of the wrong type is.

use hooklane_catalog::TenantTypes;
use hooklane_domain::event::Content;
use hooklane_domain::expression::{Budget, Failure, Input};
use hooklane_domain::ids::{EventId, EventType};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::subscription::Subscription;

/// One value of each JSON type: the data of an event of an unknown type may be any of these.
const ANY_DATA: [&str; 7] = ["{}", "[]", "\"\"", "0", "0.5", "true", "null"];

/// Checks the expressions on the samples of the event types that the webhook subscribes to. If there is no
/// sample, they must work on at least one kind of data.
pub(super) fn check(webhook: &Webhook, types: &TenantTypes<'_>) -> Result<(), FieldErrors> {
    if webhook.filter.is_none() && webhook.transform.is_none() {
        return Ok(());
    }
    let samples = samples(&webhook.events, types);
    let budget = Budget::of_event();
    let mut errors = FieldErrors::default();
    if samples.is_empty() {
        for (path, failure) in on_any_data(webhook, &budget) {
            errors.push(path, format!("fails on every event: {failure}"));
        }
    }
    for sample in &samples {
        let failed = on(webhook, sample, &budget).into_iter().find(is_misfit);
        // The samples are tried as far as the time for them goes.
        if budget.is_used_up() {
            break;
        }
        if let Some((path, failure)) = failed {
            errors.push(path, format!("fails on the sample of {}: {failure}", sample.event_type));
            break;
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

type Failed = (&'static str, Failure);

fn is_misfit((_, failure): &Failed) -> bool {
    !matches!(failure, Failure::Missing(_))
}

/// The failures on one event. The transform runs only if the filter lets the event through.
fn on(webhook: &Webhook, content: &Content, budget: &Budget) -> Vec<Failed> {
    let Some(input) = input(webhook, content) else { return Vec::new() };
    match webhook.filter.as_ref().map(|filter| filter.passes(&input, budget)) {
        Some(Ok(false)) => Vec::new(),
        Some(Err(failure)) => vec![("filter", failure)],
        Some(Ok(true)) | None => transform(webhook, &input, budget).into_iter().collect(),
    }
}

/// The failures, other than for a missing field, that occur whatever the data is.
fn on_any_data(webhook: &Webhook, budget: &Budget) -> Vec<Failed> {
    let contents: Vec<_> = ANY_DATA.iter().filter_map(|data| unknown(data)).collect();
    let inputs: Vec<_> = contents.iter().filter_map(|content| input(webhook, content)).collect();
    let filter = |input: &Input| {
        let failure = webhook.filter.as_ref()?.passes(input, budget).err()?;
        Some(("filter", failure))
    };
    let always = |fails: &dyn Fn(&Input) -> Option<Failed>| {
        let failed: Vec<_> = inputs.iter().filter_map(fails).filter(is_misfit).collect();
        let all = failed.len() == inputs.len();
        failed.into_iter().next().filter(|_| all)
    };
    [always(&filter), always(&|input| transform(webhook, input, budget))]
        .into_iter()
        .flatten()
        .collect()
}

fn transform(webhook: &Webhook, input: &Input, budget: &Budget) -> Option<Failed> {
    Some(("transform", webhook.transform.as_ref()?.apply(input, budget).err()?))
}

/// The sample of each event type that the subscriptions match.
pub(super) fn samples(events: &[Subscription], types: &TenantTypes<'_>) -> Vec<Content> {
    let taken = types.types().filter(|(name, ..)| events.iter().any(|event| event.matches(name)));
    taken.map(|(name, _, definition)| content(name.clone(), definition.sample.clone())).collect()
}

fn unknown(data: &str) -> Option<Content> {
    Some(content("sample".parse().ok()?, RawJson::parse(data).ok()?))
}

fn content(event_type: EventType, data: RawJson) -> Content {
    Content { event_type, data, metadata: None, timestamp: None, version: None, test: false }
}

fn input(webhook: &Webhook, content: &Content) -> Option<Input> {
    let id: EventId = "sample".parse().ok()?;
    Some(Input::new(&id, &webhook.tenant, content, webhook.created_at))
}
