//! Runs records through `stats`, and looks at whether what they are about is listed.

use serde_json::{Value, json};

use crate::function::Limits;
use crate::jobs::{TENANT, hostile_record};
use crate::lambda::{MAX_PAYLOAD, Name};
use crate::payload::{Request, failures, of_records};
use crate::row::{Bounds, Row};
use crate::stage::Neighbour;
use crate::world::{DEAD, World};

/// `BatchSize` of the mapping in `template.yaml`.
const BATCH: usize = 1_000;

impl World {
    /// Runs records through a fresh `stats`: the event of each neighbour must be listed afterwards.
    pub async fn index(
        &self,
        input: &str,
        records: &[Value],
        neighbours: &[Neighbour],
        bounds: Bounds,
    ) -> anyhow::Result<Row> {
        self.aws.sqs.purge(DEAD[3]);
        let mut stats = self.function(Name::Stats, Limits::Lambda).await?;
        let ran = stats.invoke(&of_records(records)).await?;
        let mut row = Row::of(input, Name::Stats, &ran, bounds);
        for (i, neighbour) in neighbours.iter().enumerate() {
            let request = Request::new("GET", "/events").query("deliveries=false");
            let listed = self.done(&neighbour.tenant, request).await?;
            let events = listed.get("data").and_then(Value::as_array).map_or(0, Vec::len);
            if events != 1 {
                row.faults.push(format!("neighbour {} has {events} listed events", i + 1));
            }
        }
        let back = ran.answer().map(failures).unwrap_or_default().len();
        let dead = self.aws.sqs.messages(DEAD[3]).len();
        row.happened = format!("{} records, {dead} dead letters", records.len());
        if back > 0 {
            row.faults.push("records come back".to_owned());
        }
        if row.faults.is_empty() && !stats.lives() {
            row.faults.push("the function has ended after its answer".to_owned());
        }
        stats.stop().await;
        Ok(row)
    }
}

/// As large a batch as Lambda delivers, of events that are small in the ledger and large once read.
pub(crate) async fn full_batch(
    world: &World,
    name: &str,
    bounds: Bounds,
) -> anyhow::Result<Vec<Row>> {
    let neighbours = [world.neighbour("a").await?, world.neighbour("b").await?];
    let mut records = vec![world.neighbours_record(&neighbours[0]).await?];
    let data = json!({"text": "a".repeat(255_000)}).to_string();
    let hostile = hostile_record(world, &data).await?;
    let most = MAX_PAYLOAD / hostile.to_string().len();
    for n in 0..most.min(BATCH - 2) {
        let mut record = hostile.clone();
        record["dynamodb"]["SequenceNumber"] = format!("9{n:020}").into();
        let image = &mut record["dynamodb"]["NewImage"];
        image["i"]["S"] = format!("{TENANT}-{n}").into();
        records.push(record);
    }
    records.push(world.neighbours_record(&neighbours[1]).await?);
    Ok(vec![world.index(name, &records, &neighbours, bounds).await?])
}
