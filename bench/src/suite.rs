//! All hostile inputs, and the report about them.

use std::path::Path;
use std::time::Duration;

use crate::hostile::expressions::Expression;
use crate::hostile::schemas::SchemaInput;
use crate::hostile::{RECEIVERS, expressions, portal, requests, schemas};
use crate::jobs::{Job, TENANT};
use crate::row::{Bounds, Row};
use crate::search::expressions::{Expressions, Kind};
use crate::search::schemas::Schemas;
use crate::search::{Found, MEASURES, search};
use crate::world::World;

/// The inputs of the survey and of its kinds.
#[must_use]
pub fn jobs() -> Vec<Job> {
    let expressions = expressions::all();
    let mut jobs: Vec<Job> = Vec::new();
    // Those that wait for time limits first, so that the others run beside them.
    jobs.extend(RECEIVERS.map(Job::Receiver));
    let filters = expressions.iter().filter(|input| input.filter.is_some());
    jobs.extend(filters.clone().take(8).cloned().map(Job::Recovery));
    jobs.extend(filters.clone().take(8).cloned().map(Job::Explanation));
    let transforms = expressions.iter().filter(|input| input.transform.is_some());
    jobs.extend(filters.take(8).chain(transforms.take(8)).cloned().map(Job::Studio));
    jobs.extend([760, 1_000].map(Job::Webhooks));
    jobs.extend(expressions.into_iter().map(Job::Expression));
    jobs.extend(schemas::all().into_iter().map(Job::Schema));
    jobs.extend([Job::PoisonEvents, Job::PoisonMessages, Job::PoisonRecords, Job::FullIndex]);
    jobs.extend(requests::of_strangers().into_iter().map(Job::Request));
    jobs.extend(requests::of_strangers().into_iter().map(Job::Stranger));
    jobs.extend(portal::visits().into_iter().map(Job::Visit));
    jobs.extend(requests::of_tenants(TENANT).into_iter().map(Job::Request));
    jobs
}

/// Runs one job in a world of its own. A job that could not be run is a row with that fault.
pub async fn run(folder: &Path, job: &Job) -> Vec<Row> {
    let ran = async {
        let world = World::start(folder.to_path_buf()).await?;
        job.run(&world, Bounds::HOSTILE).await
    };
    match ran.await {
        Ok(rows) => rows,
        Err(error) => vec![Row::not_run(&job.name(), &format!("{error:#}"))],
    }
}

/// What the searches found, as jobs.
#[derive(Debug, Default)]
pub struct Finds {
    /// The worst first, by steps, bytes, time and price in turn.
    pub filters: Vec<Expression>,
    pub transforms: Vec<Expression>,
    pub schemas: Vec<SchemaInput>,
    /// One line about each search.
    pub report: Vec<String>,
}

impl Finds {
    /// The worst of each search as jobs.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        let expressions = self.filters.iter().chain(&self.transforms).cloned();
        let recoveries = self.filters.iter().take(2).cloned().map(Job::Recovery);
        let schemas = self.schemas.iter().cloned().map(Job::Schema);
        expressions.map(Job::Expression).chain(recoveries).chain(schemas).collect()
    }
}

/// The finds of each measure that become jobs.
const FINDS: usize = 2;
const NAMES: [&str; MEASURES] = ["steps", "bytes", "time", "time for each step"];

/// Searches filters, transforms and schemas, each for a third of the time.
pub fn finds(seed: u64, time: Duration) -> anyhow::Result<Finds> {
    let mut finds = Finds::default();
    for kind in [Kind::Filter, Kind::Transform] {
        let subject = Expressions::new(kind)?;
        let found = search(&subject, seed, time / 3);
        let what = if kind == Kind::Filter { "filter" } else { "transform" };
        for (at, name) in NAMES.iter().enumerate() {
            for (n, (_, candidate)) in found.best[at].iter().take(FINDS).enumerate() {
                let (text, data) = subject.text(candidate);
                let name = format!("{what}: searched for {name}, {}", n + 1);
                if kind == Kind::Filter {
                    let filter = Some(text);
                    finds.filters.push(Expression { name, filter, transform: None, data });
                } else {
                    let transform = Some(text);
                    finds.transforms.push(Expression { name, filter: None, transform, data });
                }
            }
        }
        finds.report.push(summary(what, &found));
    }
    let subject = Schemas::new()?;
    let found = search(&subject, seed, time / 3);
    for (at, name) in NAMES.iter().enumerate() {
        for (n, (_, candidate)) in found.best[at].iter().take(FINDS).enumerate() {
            let (schema, data) = subject.text(candidate);
            let name = format!("schema: searched for {name}, {}", n + 1);
            finds.schemas.push(SchemaInput { name, schema, data });
        }
    }
    finds.report.push(summary("schema", &found));
    Ok(finds)
}

fn summary(what: &str, found: &Found) -> String {
    let best = |at: usize| found.best[at].first().map_or(0.0, |(cost, _)| *cost);
    format!(
        "searched {} {what}s, {} refused; the worst: {:.0} steps, {:.0} bytes, {:.1} ms, {:.1} ns a step",
        found.tried,
        found.refused,
        best(0),
        best(1),
        best(2) / 1e6,
        best(3),
    )
}
