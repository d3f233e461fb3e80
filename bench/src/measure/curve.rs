//! One invocation of `fanout` for events with many webhooks: the curve over webhooks and batch sizes, from which the
//! time limit, the memory and the batch size in `template.yaml` are set.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::event::event;
use super::line::{line, rounded};
use super::publisher::webhook;
use crate::function::Limits;
use crate::lambda::Name;
use crate::payload::of_records;
use crate::world::{DELIVERIES, RETRIES, World};

const TENANT: &str = "curve";
const WEBHOOKS: [usize; 5] = [1, 10, 100, 1_000, 10_000];
const BATCHES: [usize; 3] = [1, 10, 100];
/// No more messages than this are made in one invocation.
const MOST: usize = 100_000;
/// A processor's share at a memory size: 1,769 MB are one processor.
const MEGABYTES: [u32; 4] = [128, 256, 512, 1_024];

/// Measures each place of the curve up to `most` webhooks, and hands over its line.
pub async fn fan_out(
    folder: &Path,
    most: usize,
    mut print: impl FnMut(&str),
) -> anyhow::Result<()> {
    let mut world = World::start(folder.to_path_buf()).await?;
    world.set("QuotaWebhooks", &most.max(1).to_string());
    let url = world.receiver.url("/ok/curve");
    let mut registered = 0;
    for webhooks in WEBHOOKS.into_iter().filter(|webhooks| *webhooks <= most) {
        while registered < webhooks {
            world.webhook(TENANT, &webhook(&url)).await?;
            registered += 1;
        }
        for batch in BATCHES.into_iter().filter(|batch| batch * webhooks <= MOST) {
            let mut function = world.function(Name::Fanout, Limits::None).await?;
            // The first reads the subscriptions, as one does in the first minutes of an instance.
            for is_first in [true, false] {
                for _ in 0..batch {
                    world.event(TENANT, &event(None, 500)).await?;
                }
                let records = world.aws.dynamodb.take_records();
                drop(world.aws.take_used());
                let before = function.processor_time()?;
                let ran = function.invoke(&of_records(&records)).await?;
                let spent = (function.processor_time()? - before).as_secs_f64();
                ran.answer().with_context(|| format!("fanout: {:?}", ran.end))?;
                let messages = world.aws.sqs.messages(DELIVERIES).len();
                for queue in [DELIVERIES, RETRIES] {
                    world.aws.sqs.purge(queue);
                }
                let requests: u64 = world.aws.take_used().requests.values().sum();
                let seconds: serde_json::Map<_, _> = MEGABYTES
                    .iter()
                    .map(|megabytes| {
                        let share = f64::from(*megabytes) / 1_769.0;
                        (megabytes.to_string(), json!(rounded(spent / share)))
                    })
                    .collect();
                let members = json!({
                    "webhooks": webhooks,
                    "batch": batch,
                    "subscriptions": if is_first { "read" } else { "kept" },
                    "messages": messages,
                    "cpu_ms": rounded(spent * 1e3),
                    "requests": requests,
                    "peak_rss_mib": rounded(ran.peak_bytes as f64 / 1024.0 / 1024.0),
                    "seconds_at_mb": seconds,
                });
                print(&line(json!({"case": "fanout"}), members));
            }
            function.stop().await;
        }
    }
    Ok(())
}
