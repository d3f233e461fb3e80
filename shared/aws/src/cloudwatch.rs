//! What CloudWatch knows of the stack: its alarms, and the age of what waits in its queues.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, ScanBy, StateValue,
};
use futures::FutureExt as _;
use futures::future::{BoxFuture, try_join};
use hooklane_app::ports::{Alarm, AlarmState, Monitor, Observed, QueueAge, Unavailable, WorkQueue};
use hooklane_domain::Timestamp;

use crate::clients::Aws;
use crate::failure::Call;
use crate::letters::ErrandUrls;

/// CloudWatch, as far as it is about one stack.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
    stack: String,
    queues: [(WorkQueue, String); 3],
}

/// The alarms of `template.yaml`, without the name of the stack; composite alarms repeat what these say. One call asks for up to a hundred (*Amazon CloudWatch
/// API Reference*, "DescribeAlarms"). They are asked for by name, because a prefix would find those of a stack whose
/// name begins like this one's too.
const ALARMS: [&str; 49] = [
    "api-errors",
    "api-latency",
    "async-events-dropped",
    "brake",
    "canary",
    "dead-letters-deliveries",
    "dead-letters-events",
    "dead-letters-fanout",
    "dead-letters-stats",
    "dead-letters-upkeep",
    "dead-letters-waiting-deliveries",
    "dead-letters-waiting-events",
    "dead-letters-waiting-fanout",
    "dead-letters-waiting-stats",
    "dead-letters-waiting-upkeep",
    "delivery-rate",
    "error-rate",
    "function-errors-api",
    "function-errors-dashboard",
    "function-errors-delivery",
    "function-errors-fanout",
    "function-errors-ingest",
    "function-errors-stats",
    "function-errors-upkeep",
    "function-throttles-api",
    "function-throttles-dashboard",
    "function-throttles-delivery",
    "function-throttles-fanout",
    "function-throttles-ingest",
    "function-throttles-stats",
    "function-throttles-upkeep",
    "in-flight",
    "iterator-age-fanout",
    "iterator-age-stats",
    "oldest-delivery",
    "oldest-event",
    "recursion-dropped-delivery",
    "recursion-dropped-fanout",
    "recursion-dropped-ingest",
    "recursion-dropped-upkeep",
    "response-time",
    "retry-rate",
    "table-throttles-ledger-reads",
    "table-throttles-ledger-writes",
    "table-throttles-registry-reads",
    "table-throttles-registry-writes",
    "table-throttles-undelivered-reads",
    "table-throttles-undelivered-writes",
    "upkeep-missing",
];

/// SQS measures each minute, and CloudWatch has it some minutes later (*Amazon SQS Developer Guide*, "Available
/// CloudWatch metrics").
const PERIOD_SECONDS: i32 = 60;
const LOOKS_BACK: Duration = Duration::from_secs(15 * 60);

impl CloudWatch {
    /// Its calls end sooner than others: a page waits for them, and can do without.
    #[must_use]
    pub fn new(config: &Aws, stack: String, urls: &ErrandUrls) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .operation_timeout(Duration::from_secs(3))
            .build();
        let config = Builder::from(&**config).timeout_config(timeouts).build();
        let name = |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned();
        let queues = [
            (WorkQueue::Events, name(&urls.events)),
            (WorkQueue::Delivery, name(&urls.delivery)),
            (WorkQueue::Retry, name(&urls.retry)),
        ];
        Self { client: Client::from_conf(config), stack, queues }
    }

    fn call<'a>(&'a self, operation: &'static str) -> Call<'a> {
        Call { service: "CloudWatch", operation, on: &self.stack }
    }

    async fn alarms(&self) -> Result<Vec<Alarm>, Unavailable> {
        let names = ALARMS.map(|name| format!("{}-{name}", self.stack)).to_vec();
        let describe = self.client.describe_alarms().set_alarm_names(Some(names)).max_records(100);
        let answer = describe.send().await.map_err(self.call("DescribeAlarms").failed())?;
        let mut alarms: Vec<_> =
            answer.metric_alarms().iter().filter_map(|alarm| self.alarm(alarm)).collect();
        alarms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(alarms)
    }

    fn alarm(&self, alarm: &MetricAlarm) -> Option<Alarm> {
        let name = alarm.alarm_name()?.strip_prefix(self.stack.as_str())?.strip_prefix('-')?;
        let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
        Some(Alarm {
            name: name.to_owned(),
            state: match alarm.state_value()? {
                StateValue::Alarm => AlarmState::Ringing,
                StateValue::Ok => AlarmState::Quiet,
                _ => AlarmState::NoData,
            },
            since: since.and_then(time),
            about: alarm.alarm_description().unwrap_or_default().to_owned(),
        })
    }

    async fn ages(&self, now: Timestamp) -> Result<Vec<QueueAge>, Unavailable> {
        let since = now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
        let queries =
            self.queues.iter().enumerate().map(|(index, (_, queue))| age_of(index, queue));
        let get = self
            .client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(DateTime::from_secs(since.as_second()))
            .end_time(DateTime::from_secs(now.as_second()))
            .scan_by(ScanBy::TimestampDescending);
        let answer = get.send().await.map_err(self.call("GetMetricData").failed())?;
        let ages = answer.metric_data_results().iter().filter_map(|result| {
            let index: usize = result.id()?.strip_prefix(ID)?.parse().ok()?;
            let newest = result.timestamps().iter().zip(result.values());
            let (at, seconds) = newest.max_by_key(|(at, _)| at.secs())?;
            let (queue, _) = self.queues.get(index)?;
            Some(QueueAge { queue: *queue, seconds: whole(*seconds), at: time(at)? })
        });
        Ok(ages.collect())
    }
}

impl Monitor for CloudWatch {
    fn observed(&self, now: Timestamp) -> BoxFuture<'_, Result<Observed, Unavailable>> {
        async move {
            let (alarms, ages) = try_join(self.alarms(), self.ages(now)).await?;
            Ok(Observed { alarms, ages })
        }
        .boxed()
    }
}

/// The id of a query begins with a small letter.
const ID: &str = "q";

fn age_of(index: usize, queue: &str) -> MetricDataQuery {
    let metric = Metric::builder()
        .namespace("AWS/SQS")
        .metric_name("ApproximateAgeOfOldestMessage")
        .dimensions(Dimension::builder().name("QueueName").value(queue).build())
        .build();
    let stat = MetricStat::builder().metric(metric).period(PERIOD_SECONDS).stat("Maximum").build();
    MetricDataQuery::builder().id(format!("{ID}{index}")).metric_stat(stat).build()
}

fn time(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an age in seconds is no less than zero, and small"
)]
fn whole(seconds: f64) -> u64 {
    seconds.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An alarm that is missing here would never be shown.
    #[test]
    fn the_names_are_those_of_the_template() {
        let template = include_str!("../../../template.yaml");
        let alarms = template.split("Type: AWS::CloudWatch::Alarm\n").skip(1);
        let named = alarms.filter_map(|alarm| {
            let (_, rest) = alarm.split_once("AlarmName: !Sub ${AWS::StackName}-")?;
            rest.lines().next()
        });
        let mut named: Vec<_> = named.collect();
        named.sort_unstable();
        assert_eq!(named, ALARMS);
        assert!(ALARMS.len() <= 100, "one call takes a hundred names");
    }
}
