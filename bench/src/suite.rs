//! All hostile inputs, and the report about them.

use std::path::Path;

use crate::hostile::{RECEIVERS, expressions, requests, schemas};
use crate::jobs::{Job, TENANT};
use crate::row::{Bounds, Row};
use crate::world::World;

/// The inputs of the survey and of its kinds.
#[must_use]
pub fn jobs() -> Vec<Job> {
    let expressions = expressions::all();
    let mut jobs: Vec<Job> = Vec::new();
    // Those that wait for time limits first, so that the others run beside them.
    jobs.extend(RECEIVERS.map(Job::Receiver));
    let filters = expressions.iter().filter(|input| input.filter.is_some());
    jobs.extend(filters.take(8).cloned().map(Job::Recovery));
    jobs.extend([760, 1_000].map(Job::Webhooks));
    jobs.extend(expressions.into_iter().map(Job::Expression));
    jobs.extend(schemas::all().into_iter().map(Job::Schema));
    jobs.extend([Job::PoisonEvents, Job::PoisonMessages, Job::PoisonRecords]);
    jobs.extend(requests::of_strangers().into_iter().map(Job::Request));
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
