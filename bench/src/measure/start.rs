//! Cold starts: from exec to the first `/next`, beside a function that does nothing.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::line::{line, rounded};
use crate::function::Function;
use crate::lambda::Name;
use crate::world::World;

/// Starts each function so often, in turns with the program that does `nothing`, and returns a line for each with
/// the median.
pub async fn starts(
    folder: &Path,
    nothing: &Path,
    times: usize,
    run: usize,
) -> anyhow::Result<Vec<String>> {
    let world = World::start(folder.to_path_buf()).await?;
    let mut programs = vec![("nothing", nothing.to_owned(), Vec::new())];
    for name in Name::ALL.into_iter().filter(|name| world.has(*name)) {
        programs.push((name.text(), world.program(name), world.environment(name)?));
    }
    let mut taken = vec![Vec::with_capacity(times); programs.len()];
    for _ in 0..times {
        for ((name, program, environment), taken) in programs.iter().zip(&mut taken) {
            taken.push(Function::cold_start(name, program, environment).await?);
        }
    }
    programs
        .iter()
        .zip(taken)
        .map(|((name, program, _), mut taken)| {
            let size = std::fs::metadata(program)?.len();
            let members = json!({
                "function": name,
                "cold_start_ms": rounded(median(&mut taken).as_secs_f64() * 1e3),
                "binary_mib": rounded(size as f64 / 1024.0 / 1024.0),
            });
            Ok(line(json!({"case": "start", "run": run}), members))
        })
        .collect()
}

fn median(taken: &mut [Duration]) -> Duration {
    taken.sort_unstable();
    taken.get(taken.len() / 2).copied().unwrap_or_default()
}
