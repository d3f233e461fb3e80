//! CloudWatch's embedded metric format: members of a log line from which CloudWatch makes metrics (Amazon
//! CloudWatch User Guide, "Specification: Embedded metric format").
//!
//! The writer is our own, because the metrics belong to a line that is printed anyway, with its ids and in
//! its order: see docs/adr/0067.

use hooklane_domain::Timestamp;
use hooklane_domain::metrics::{LANE, Metric};
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
const NAMESPACE: &str = "Hooklane";
/// The most values that a metric may have in one line ("Target members" in the specification).
const MAX_VALUES: usize = 100;

/// Where metrics come from: their dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name of the stack. Without one there are no metrics, since stacks could not be told apart.
    pub stack: String,
    /// The short name of the function: `delivery`, not the generated one.
    pub function: &'static str,
}

impl Source {
    /// The members that make metrics of a line, and those of the lines that follow it, if a metric has more
    /// values than fit into one. `figures` are those of `hooklane_domain::metrics::Figures`, and
    /// `timestamp` is that of the line.
    pub(super) fn embedded(
        &self,
        figures: &Map<String, Value>,
        timestamp: &str,
    ) -> (Map<String, Value>, Vec<Map<String, Value>>) {
        let Ok(at) = timestamp.parse::<Timestamp>() else { return Default::default() };
        let values: Vec<_> = figures
            .iter()
            .filter_map(|(name, values)| Some((Metric::named(name)?, values.as_array()?)))
            .collect();
        let most = values.iter().map(|(_, values)| values.len()).max().unwrap_or_default();
        if self.stack.is_empty() {
            return Default::default();
        }
        let mut lines = (0..most.div_ceil(MAX_VALUES)).map(|page| {
            let page = values.iter().filter_map(|(metric, values)| {
                values.chunks(MAX_VALUES).nth(page).map(|values| (*metric, values))
            });
            self.line(&page.collect::<Vec<_>>(), figures.get(LANE), at)
        });
        (lines.next().unwrap_or_default(), lines.collect())
    }

    fn line(
        &self,
        values: &[(Metric, &[Value])],
        lane: Option<&Value>,
        at: Timestamp,
    ) -> Map<String, Value> {
        let directive = |dimensions: &[&str], is_part: fn(Metric) -> bool| {
            let metrics: Vec<_> = values
                .iter()
                .filter(|(metric, _)| is_part(*metric))
                .map(|(metric, _)| json!({"Name": metric.name(), "Unit": metric.unit()}))
                .collect();
            (!metrics.is_empty()).then(
                || json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}),
            )
        };
        let of_all = directive(&["stack", "function"], |_| true);
        let of_lane =
            lane.and_then(|_| directive(&["stack", "function", LANE], Metric::is_by_lane));
        let directives: Vec<_> = of_all.into_iter().chain(of_lane).collect();
        let mut line = Map::new();
        let metadata = json!({"Timestamp": at.as_millisecond(), "CloudWatchMetrics": directives});
        line.insert("_aws".to_owned(), metadata);
        line.insert("stack".to_owned(), self.stack.as_str().into());
        line.insert("function".to_owned(), self.function.into());
        if let Some(lane) = lane {
            line.insert(LANE.to_owned(), lane.clone());
        }
        line.extend(
            values.iter().map(|(metric, values)| (metric.name().to_owned(), (*values).into())),
        );
        line
    }
}

#[cfg(test)]
mod tests {
    use hooklane_domain::delivery::waiting::Lane;
    use hooklane_domain::metrics::Figures;

    use super::*;

    const AT: &str = "2024-01-15T10:30:00.123456Z";

    fn embedded(stack: &str, figures: &Figures) -> (Value, Vec<Map<String, Value>>) {
        let source = Source { stack: stack.to_owned(), function: "delivery" };
        let figures = serde_json::from_str(&figures.to_string()).unwrap();
        let (line, rest) = source.embedded(&figures, AT);
        (Value::Object(line), rest)
    }

    #[test]
    fn the_metrics_of_a_lane_are_kept_with_and_without_it() {
        let figures = Figures::of_lane(Some(Lane::Fast))
            .with(Metric::DeliverySucceeded, 1)
            .with(Metric::DeliverySucceeded, 0)
            .with(Metric::DeadLetters, 0);
        let (line, rest) = embedded("hooks", &figures);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_705_314_600_123_u64,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Hooklane",
                        "Dimensions": [["stack", "function"]],
                        "Metrics": [
                            {"Name": "DeliverySucceeded", "Unit": "Count"},
                            {"Name": "DeadLetters", "Unit": "Count"},
                        ],
                    },
                    {
                        "Namespace": "Hooklane",
                        "Dimensions": [["stack", "function", "lane"]],
                        "Metrics": [{"Name": "DeliverySucceeded", "Unit": "Count"}],
                    },
                ],
            },
            "stack": "hooks",
            "function": "delivery",
            "lane": "fast",
            "DeliverySucceeded": [1, 0],
            "DeadLetters": [0],
        });
        assert_eq!(line, expected);
        assert!(rest.is_empty());
    }

    #[test]
    fn there_are_no_members_without_figures_or_without_a_stack() {
        let none = (json!({}), Vec::new());
        assert_eq!(embedded("hooks", &Figures::of_lane(Some(Lane::Fast))), none);
        assert_eq!(embedded("", &Figures::default().with(Metric::DeadLetters, 1)), none);
    }
}
