//! Reads the `[portal]` part of a contract file.

use hooklane_domain::figures::series::Metric;
use serde::Deserialize;
use toml::Spanned;

use super::{Alert, Bound, Measure, NamedMetric, PortalWords};
use crate::files::{InvalidContract, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalTable {
    title: Spanned<String>,
    metrics: Vec<MetricTable>,
    log: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricTable {
    name: Spanned<String>,
    metric: Spanned<String>,
    alert: Option<Spanned<AlertTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertTable {
    name: Spanned<String>,
    below: Option<f64>,
    above: Option<f64>,
}

impl PortalTable {
    pub(crate) fn load(self, source: &Source<'_>) -> Result<PortalWords, InvalidContract> {
        let text = |text: Spanned<String>, key: &str| match text.get_ref().trim() {
            "" => Err(source.error(text.span().start, format!("{key} must not be empty"))),
            _ => Ok(text.into_inner()),
        };
        let alert = |table: Spanned<AlertTable>| {
            let at = table.span().start;
            let table = table.into_inner();
            let bound = match (table.below, table.above) {
                (Some(bound), None) => Bound::Below(bound),
                (None, Some(bound)) => Bound::Above(bound),
                _ => return Err(source.error(at, "an alert is either below or above a number")),
            };
            Ok(Alert { name: text(table.name, "the alert's name")?, bound })
        };
        let metric = |table: MetricTable| {
            let at = table.metric.span().start;
            let measure = measure(table.metric.get_ref()).map_err(|e| source.error(at, e))?;
            if let (Some(alert), false) = (&table.alert, matches!(measure, Measure::Figure(_))) {
                let message = format!("{} is no number to alert on", table.metric.get_ref());
                return Err(source.error(alert.span().start, message));
            }
            Ok(NamedMetric {
                name: text(table.name, "the metric's name")?,
                measure,
                alert: table.alert.map(alert).transpose()?,
            })
        };
        Ok(PortalWords {
            title: text(self.title, "title")?,
            metrics: self.metrics.into_iter().map(metric).collect::<Result<_, _>>()?,
            log: self.log.map(|log| text(log, "log")).transpose()?,
        })
    }
}

/// `events` is a figure of a tenant, and no webhook has it.
fn measure(word: &str) -> Result<Measure, String> {
    let others = [
        ("health", Measure::Health),
        ("errors", Measure::Errors),
        ("lastAttempt", Measure::LastAttempt),
    ];
    let figures = Metric::ALL.into_iter().filter(|metric| *metric != Metric::Events);
    let known: Vec<_> =
        figures.map(|metric| (metric.as_str(), Measure::Figure(metric))).chain(others).collect();
    known.iter().find(|(name, _)| *name == word).map(|(_, measure)| *measure).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("unknown metric {word}; one of {}", names.join(", "))
    })
}
