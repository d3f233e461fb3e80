//! A stand-in for EventBridge: buses, rules on the source and the type of an event, and queues as targets
//! (*Amazon EventBridge API Reference*).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::error::ServiceError;
use super::sqs::{Message, Sqs};

#[derive(Debug, Default)]
struct Rule {
    pattern: Value,
    /// The queues that the rule sends to, by the target's id.
    queues: BTreeMap<String, String>,
}

type Rules = BTreeMap<String, Rule>;

/// All buses, by name.
#[derive(Debug, Default)]
pub struct EventBridge {
    buses: Mutex<BTreeMap<String, Rules>>,
}

/// EventBridge takes at most this many entries in one call, and this many bytes in all of them together.
const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = 256 * 1024;
/// The bytes that the `Time` of an entry counts.
const TIME_BYTES: usize = 14;

impl EventBridge {
    fn buses(&self) -> MutexGuard<'_, BTreeMap<String, Rules>> {
        self.buses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one call. What a rule takes arrives on queues of `sqs`.
    pub fn call(&self, operation: &str, request: &Value, sqs: &Sqs) -> Result<Value, ServiceError> {
        match operation {
            "CreateEventBus" => {
                let name = text(request, "Name")?;
                self.buses().entry(name.to_owned()).or_default();
                Ok(json!({"EventBusArn": arn(&format!("event-bus/{name}"))}))
            }
            "DeleteEventBus" => {
                self.buses().remove(text(request, "Name")?);
                Ok(json!({}))
            }
            "PutRule" => self.put_rule(request),
            "DeleteRule" => self.delete_rule(request),
            "PutTargets" => self.put_targets(request),
            "RemoveTargets" => self.remove_targets(request),
            "PutEvents" => self.put_events(request, sqs),
            _ => Err(ServiceError::new("UnknownOperationException", operation.to_owned())),
        }
    }

    fn put_rule(&self, request: &Value) -> Result<Value, ServiceError> {
        let (bus, name) = (text(request, "EventBusName")?, text(request, "Name")?);
        let pattern: Value =
            serde_json::from_str(text(request, "EventPattern")?).map_err(|error| {
                let message = format!("Event pattern is not valid. Reason: {error}");
                ServiceError::new("InvalidEventPatternException", message)
            })?;
        self.rules(bus, |rules| {
            rules.entry(name.to_owned()).or_default().pattern = pattern;
            Ok(json!({"RuleArn": arn(&format!("rule/{bus}/{name}"))}))
        })
    }

    /// As EventBridge does, it refuses to delete a rule that has targets.
    fn delete_rule(&self, request: &Value) -> Result<Value, ServiceError> {
        let name = text(request, "Name")?;
        self.rules(text(request, "EventBusName")?, |rules| {
            if rules.get(name).is_some_and(|rule| !rule.queues.is_empty()) {
                let message = "Rule can't be deleted since it has targets.";
                return Err(ServiceError::validation(message));
            }
            rules.remove(name);
            Ok(json!({}))
        })
    }

    fn put_targets(&self, request: &Value) -> Result<Value, ServiceError> {
        let targets = request.get("Targets").and_then(Value::as_array);
        let targets = targets.ok_or_else(|| missing("Targets"))?;
        self.rule(request, |rule| {
            for target in targets {
                let (id, queue) = (text(target, "Id")?, text(target, "Arn")?);
                let queue = queue.rsplit(':').next().unwrap_or_default();
                rule.queues.insert(id.to_owned(), queue.to_owned());
            }
            Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
        })
    }

    fn remove_targets(&self, request: &Value) -> Result<Value, ServiceError> {
        let ids = request.get("Ids").and_then(Value::as_array).ok_or_else(|| missing("Ids"))?;
        self.rule(request, |rule| {
            rule.queues.retain(|id, _| !ids.iter().any(|removed| removed == id));
            Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
        })
    }

    fn put_events(&self, request: &Value, sqs: &Sqs) -> Result<Value, ServiceError> {
        let entries = request.get("Entries").and_then(Value::as_array);
        let entries = entries.ok_or_else(|| missing("Entries"))?;
        if !(1..=MAX_ENTRIES).contains(&entries.len()) {
            let message = "1 validation error detected: Value at 'entries' failed to satisfy constraint: \
                           Member must have length less than or equal to 10";
            return Err(ServiceError::validation(message));
        }
        if entries.iter().map(size).sum::<usize>() > MAX_BYTES {
            return Err(ServiceError::validation(
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let outcomes: Vec<_> = entries.iter().map(|entry| self.put_event(entry, sqs)).collect();
        let failed = outcomes.iter().filter(|outcome| outcome.get("ErrorCode").is_some()).count();
        Ok(json!({"FailedEntryCount": failed, "Entries": outcomes}))
    }

    /// The result of one entry. An event for a bus that does not exist is accepted, as EventBridge does.
    fn put_event(&self, entry: &Value, sqs: &Sqs) -> Value {
        let detail = entry.get("Detail").and_then(Value::as_str).unwrap_or_default();
        let detail = serde_json::from_str(detail).ok().filter(Value::is_object);
        let Some(detail) = detail else {
            return json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."});
        };
        let id = super::random_id();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": entry.get("DetailType"),
            "source": entry.get("Source"),
            "account": ACCOUNT,
            "time": entry.get("Time"),
            "region": REGION,
            "resources": [],
            "detail": detail,
        });
        let bus = entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default");
        let queues = self.queues_for(bus, &event);
        for queue in queues {
            // EventBridge tries again for a day, and then drops the event; a queue that is gone stays gone here.
            drop(sqs.put(&queue, Message::new(&event.to_string())));
        }
        json!({"EventId": id})
    }

    /// The queues of all rules that take the event.
    fn queues_for(&self, bus: &str, event: &Value) -> Vec<String> {
        let buses = self.buses();
        let rules = buses.get(bus).into_iter().flat_map(BTreeMap::values);
        let taking = rules.filter(|rule| takes(&rule.pattern, event));
        taking.flat_map(|rule| rule.queues.values().cloned()).collect()
    }

    fn rule(
        &self,
        request: &Value,
        then: impl FnOnce(&mut Rule) -> Result<Value, ServiceError>,
    ) -> Result<Value, ServiceError> {
        let (bus, name) = (text(request, "EventBusName")?, text(request, "Rule")?);
        self.rules(bus, |rules| {
            let absent = || not_found(&format!("Rule {name} does not exist on EventBus {bus}."));
            then(rules.get_mut(name).ok_or_else(absent)?)
        })
    }

    fn rules(
        &self,
        bus: &str,
        then: impl FnOnce(&mut Rules) -> Result<Value, ServiceError>,
    ) -> Result<Value, ServiceError> {
        let mut buses = self.buses();
        let absent = || not_found(&format!("Event bus {bus} does not exist."));
        then(buses.get_mut(bus).ok_or_else(absent)?)
    }
}

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";

fn arn(resource: &str) -> String {
    format!("arn:aws:events:{REGION}:{ACCOUNT}:{resource}")
}

/// Whether a pattern takes an event. It knows lists of exact texts for the members at the top, which is what
/// the callers' rules have.
fn takes(pattern: &Value, event: &Value) -> bool {
    let members = pattern.as_object();
    members.is_some_and(|members| {
        members.iter().all(|(name, values)| {
            let values = values.as_array();
            values.is_some_and(|values| event.get(name).is_some_and(|text| values.contains(text)))
        })
    })
}

/// The bytes of an entry, as EventBridge counts them.
fn size(entry: &Value) -> usize {
    let bytes = |name| entry.get(name).and_then(Value::as_str).map_or(0, str::len);
    let time = if entry.get("Time").is_some() { TIME_BYTES } else { 0 };
    time + bytes("Source") + bytes("DetailType") + bytes("Detail")
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    request.get(name).and_then(Value::as_str).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ServiceError {
    let message = format!("1 validation error detected: Value null at '{name}' must not be null");
    ServiceError::validation(message)
}

fn not_found(message: &str) -> ServiceError {
    ServiceError::new("ResourceNotFoundException", message)
}
