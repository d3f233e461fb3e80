//! What `template.yaml` says of the functions, queues and thresholds that are simulated.

use std::time::Duration;

use hooklane_domain::isolation::circuit::Thresholds;

use crate::template::{InvalidTemplate, Template};
use crate::time::{MINUTE, Millis};

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// A deployment. Where there are two values, the first is of the fast lane and the delivery queue, the
/// second of the slow lane and the retry queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deployment {
    /// The number of messages that an instance receives at most at once.
    pub batch: [usize; 2],
    /// The number of instances that may work at once.
    pub instances: [usize; 2],
    /// How long a received message is hidden, in seconds.
    pub visibility_seconds: [u32; 2],
    /// A message that was received this often is dead-lettered.
    pub max_receives: [u16; 2],
    /// The queues' visibility timeout as `delivery` is told of it.
    pub known_visibility_seconds: u32,
    pub thresholds: Thresholds,
    pub max_parked: u64,
    /// The brake goes on when the retry queue has more in flight.
    pub brake: u64,
    /// From the beginning of one run of `upkeep` to the next.
    pub upkeep_every: Millis,
}

impl Deployment {
    /// The deployment with this value of the parameter `Scale`, everything else by default.
    #[must_use]
    pub fn of_scale(scale: &str) -> Self {
        #[expect(clippy::unwrap_used, reason = "the template is in the repository, tests read it")]
        Self::of_template(TEMPLATE, scale).unwrap()
    }

    pub fn of_template(text: &str, scale: &str) -> Result<Self, InvalidTemplate> {
        let template = &Template::parse(text, scale)?;
        let event =
            |name| format!("Resources.DeliveryFunction.Properties.Events.{name}.Properties");
        let queue = |name| format!("Resources.{name}.Properties");
        let events = ["FirstAttempts", "Retries"].map(event);
        let queues = ["DeliveryQueue", "RetryQueue"].map(queue);
        Ok(Self {
            batch: each(template, &events, "BatchSize")?,
            instances: each(template, &events, "ScalingConfig.MaximumConcurrency")?,
            visibility_seconds: each(template, &queues, "VisibilityTimeout")?,
            max_receives: each(template, &queues, "RedrivePolicy.maxReceiveCount")?,
            known_visibility_seconds: delivery_setting(template, "QUEUE_VISIBILITY_SECONDS")?,
            thresholds: thresholds(template)?,
            max_parked: delivery_setting(template, "MAX_PARKED")?,
            brake: template.number(&setting("UpkeepFunction", "BRAKE_IN_FLIGHT"))?,
            upkeep_every: rate(template, "UpkeepFunction", "EveryMinute")?,
        })
    }
}

fn each<N: TryFrom<i64>>(
    template: &Template<'_>,
    places: &[String; 2],
    name: &str,
) -> Result<[N; 2], InvalidTemplate> {
    let [first, second] = places;
    let number = |place: &str| template.number(&format!("{place}.{name}"));
    Ok([number(first)?, number(second)?])
}

fn setting(function: &str, name: &str) -> String {
    format!("Resources.{function}.Properties.Environment.Variables.{name}")
}

fn delivery_setting<N: TryFrom<i64>>(
    template: &Template<'_>,
    name: &str,
) -> Result<N, InvalidTemplate> {
    template.number(&setting("DeliveryFunction", name))
}

fn thresholds(template: &Template<'_>) -> Result<Thresholds, InvalidTemplate> {
    let number = |name| delivery_setting::<u64>(template, name);
    let seconds = |name| number(name).map(Duration::from_secs);
    Ok(Thresholds {
        failures: delivery_setting(template, "CIRCUIT_FAILURES")?,
        failing_for: seconds("CIRCUIT_SECONDS")?,
        first_probe: seconds("FIRST_PROBE_SECONDS")?,
        longest_probe: seconds("LONGEST_PROBE_SECONDS")?,
        slow_response: Duration::from_millis(number("SLOW_RESPONSE_MS")?),
        disable_after: Duration::from_secs(number("DISABLE_AFTER_DAYS")? * 24 * 3_600),
    })
}

/// A schedule such as `rate(1 minute)`.
fn rate(template: &Template<'_>, function: &str, event: &str) -> Result<Millis, InvalidTemplate> {
    let path = format!("Resources.{function}.Properties.Events.{event}.Properties.Schedule");
    let text = template.text(&path)?;
    let minutes = text
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(" minute)").or(rest.strip_suffix(" minutes)")))
        .and_then(|minutes| minutes.parse::<Millis>().ok());
    minutes.map(|minutes| minutes * MINUTE).ok_or(InvalidTemplate::Missing(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template with one line changed, the first of its kind after a resource's name.
    fn changed(resource: &str, from: &str, to: &str) -> String {
        let begin = TEMPLATE.find(&format!("\n  {resource}:\n")).expect("the resource");
        let (before, after) = TEMPLATE.split_at(begin);
        assert!(after.contains(from), "{from}");
        format!("{before}{}", after.replacen(from, to, 1))
    }

    fn medium(template: &str) -> Deployment {
        Deployment::of_template(template, "medium").unwrap()
    }

    #[test]
    fn both_scales_are_read() {
        let (medium, large) = (medium(TEMPLATE), Deployment::of_scale("large"));
        assert_eq!((medium.instances, large.instances), ([50, 20], [400, 200]));
        assert_eq!(Deployment { instances: [50, 20], ..large }, medium);
        assert_eq!(medium.batch, [10, 10]);
        assert_eq!(medium.upkeep_every, MINUTE);
        // What an instance is told of its queues is what they are.
        assert_eq!([medium.known_visibility_seconds; 2], medium.visibility_seconds);
    }

    #[test]
    fn a_change_of_delivery_is_seen() {
        let expected = medium(TEMPLATE);
        for (from, to, expected) in [
            ("BatchSize: 10", "BatchSize: 7", Deployment { batch: [7, 10], ..expected }),
            (
                "[Concurrency, !Ref Scale, FirstAttempts]",
                "[Concurrency, !Ref Scale, Retries]",
                Deployment { instances: [20, 20], ..expected },
            ),
            (
                "MAX_PARKED: !Ref MaxParked",
                "MAX_PARKED: '5'",
                Deployment { max_parked: 5, ..expected },
            ),
        ] {
            assert_eq!(medium(&changed("DeliveryFunction", from, to)), expected, "{to}");
        }
        let found =
            "VisibilityTimeout: !FindInMap [TimeLimits, !Ref TimeoutDelivery, VisibilityTimeout]";
        let other = changed("RetryQueue", found, "VisibilityTimeout: 90");
        let expected = Deployment { visibility_seconds: [360, 90], ..expected };
        assert_eq!(medium(&other), expected);
    }

    #[test]
    fn a_change_of_another_function_or_queue_is_not() {
        for (resource, from, to) in [
            ("IngestFunction", "BatchSize: 10", "BatchSize: 7"),
            ("EventQueue", "VisibilityTimeout: !FindInMap", "VisibilityTimeout: 90 # "),
        ] {
            assert_eq!(medium(&changed(resource, from, to)), medium(TEMPLATE), "{resource}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let without = changed("DeliveryFunction", "BatchSize: 10", "Batch: 10");
        let error = Deployment::of_template(&without, "medium").unwrap_err().to_string();
        assert!(
            error
                .ends_with("DeliveryFunction.Properties.Events.FirstAttempts.Properties.BatchSize"),
            "{error}"
        );
    }
}
