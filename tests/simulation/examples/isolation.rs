//! A day beside a dead receiver: prints the figures as a table, and writes them as a picture to the file
//! that is named. Fails where a promise of `docs/isolation.md` is broken.

use std::error::Error;
use std::io::Write as _;
use std::sync::Mutex;
use std::{env, fs, thread};

use hooklane_simulation::figures::Figures;
use hooklane_simulation::plot::{Line, svg};
use hooklane_simulation::run;
use hooklane_simulation::runs::{Runs, broken_promises, stalls};
use hooklane_simulation::scenario::{Outage, Scenario};
use hooklane_simulation::time::{HOUR, Millis};

fn main() -> Result<(), Box<dyn Error>> {
    let picture = env::args().nth(1).ok_or("the name of the picture is missing")?;
    let runs = Runs { before: HOUR, dead: 24 * HOUR, after: 3 * HOUR, seed: 7 };
    let scenarios = [
        runs.control(),
        runs.dead(),
        runs.dead_with_room(),
        runs.dead_with_fair_queues(),
        runs.dead_without_isolation(),
        runs.attempts_fail(),
        runs.attempts_fail_and_dead(),
        runs.outages(Outage::Refuses),
        runs.outages_and_dead(),
        runs.outages(Outage::Silent),
        runs.silent_outages_at_large(),
        runs.silent_outages_at_large_and_dead(),
    ];
    let figures = run_all(&scenarios)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{HEAD}")?;
    for (scenario, figures) in scenarios.iter().zip(&figures) {
        writeln!(out, "{}", row(runs, scenario, figures))?;
    }
    let of = |name: &str| {
        let place = scenarios.iter().position(|scenario| scenario.name == name);
        place.and_then(|place| figures.get(place)).ok_or(format!("no run is called {name}"))
    };
    let (control, dead, off) =
        (of(runs.control().name)?, of(runs.dead().name)?, of(runs.dead_without_isolation().name)?);
    let lines = [
        Line { name: "no dead receiver", colour: "#888", figures: control },
        Line { name: "one dead, isolation on", colour: "#0a7d4f", figures: dead },
        Line { name: "one dead, isolation off", colour: "#c0392b", figures: off },
    ];
    fs::write(
        picture,
        svg(&lines, (runs.before, runs.recovery()), runs.control().publishes_until),
    )?;
    let mut broken = Vec::new();
    for (control, beside_dead) in [
        (runs.control(), runs.dead()),
        (runs.control(), runs.dead_with_room()),
        (runs.attempts_fail(), runs.attempts_fail_and_dead()),
        (runs.outages(Outage::Refuses), runs.outages_and_dead()),
        (runs.silent_outages_at_large(), runs.silent_outages_at_large_and_dead()),
    ] {
        broken.extend(broken_promises(of(control.name)?, of(beside_dead.name)?));
    }
    if !stalls(control, off) {
        broken.push("without isolation nothing stalls: the simulation shows nothing".to_owned());
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ").into()) }
}

/// Two at a time, in the order of the scenarios.
fn run_all(scenarios: &[Scenario]) -> Result<Vec<Figures>, &'static str> {
    let (next, done) = (Mutex::new(0..scenarios.len()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(number) = next.lock().ok().and_then(|mut next| next.next()) {
            let figures = run(scenarios[number].clone());
            if let Ok(mut done) = done.lock() {
                done.push((number, figures));
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let mut done = done.into_inner().map_err(|_| "a run failed")?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, figures)| figures).collect())
}

const HEAD: &str = "\
| run | in flight: delivery | retry | wait p50 | p99 | p99.9 | longest | attempts without an answer | most parked | skipped | caught up after | left |
|---|---|---|---|---|---|---|---|---|---|---|---|";

fn row(runs: Runs, scenario: &Scenario, figures: &Figures) -> String {
    let [delivery, retry] = figures.most_in_flight.map(|n| number(n.into()));
    let [p50, p99, p999, longest] =
        [0.5, 0.99, 0.999, 1.0].map(|share| time(figures.waits.quantile(share)));
    let failures = number(figures.dead_failures);
    let parked = number(figures.most_parked as u64);
    let skipped = number(figures.dead.skipped);
    let caught_up = runs.caught_up_after(figures).map_or("–".to_owned(), time);
    let left = number(figures.left as u64);
    let name = scenario.name;
    format!(
        "| {name} | {delivery} | {retry} | {p50} | {p99} | {p999} | {longest} | {failures} | {parked} | {skipped} | {caught_up} | {left} |"
    )
}

fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn time(millis: Millis) -> String {
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{:.1} s", millis as f64 / 1e3),
        120_000..7_200_000 => format!("{:.0} min", millis as f64 / 6e4),
        _ => format!("{:.1} h", millis as f64 / 3.6e6),
    }
}
