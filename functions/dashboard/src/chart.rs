//! Charts of deliveries by what became of them: what arrived stands above the line, what did not hangs below it.
//!
//! Drawn on the server, with attributes alone, because the pages' policy permits no styles within a page.

use std::fmt::Write as _;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::settled::Minute;

pub(crate) mod answers;

use crate::words::first_upper;
use crate::written::{Html, Writer, share};

/// What became of the deliveries of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) at: Timestamp,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) waiting: u64,
    pub(crate) cancelled: u64,
}

impl Amount {
    fn is_none(&self) -> bool {
        self.delivered + self.below() + self.cancelled == 0
    }

    fn below(&self) -> u64 {
        self.failed + self.waiting
    }
}

/// Every step of a report.
pub(crate) fn amounts(report: &Report) -> Vec<Amount> {
    let amount = |(minute, bucket): (Minute, Bucket)| Amount {
        at: minute.start(),
        delivered: bucket.with(Status::Delivered),
        failed: bucket.with(Status::Failed),
        waiting: bucket.waiting(),
        cancelled: bucket.with(Status::Cancelled),
    };
    report.steps().into_iter().map(amount).collect()
}

/// What a chart shows, in a sentence without its full stop.
pub(crate) fn sentence(amounts: &[Amount], writer: &Writer) -> String {
    let sum = |of: fn(&Amount) -> u64| amounts.iter().map(of).sum::<u64>();
    let mut parts = Vec::new();
    for (count, words) in [
        (sum(|one| one.delivered), "delivered"),
        (sum(|one| one.waiting), "waiting"),
        (sum(|one| one.failed), "failed"),
        (sum(|one| one.cancelled), "cancelled"),
    ] {
        if count > 0 {
            parts.push(format!("{} {words}", writer.number(count)));
        }
    }
    if parts.is_empty() { "nothing was sent".to_owned() } else { parts.join(", ") }
}

/// Where bars are drawn.
struct Field {
    /// From a bar to the next one, and how wide a bar is.
    pitch: f64,
    width: f64,
    /// Where bars above the line end, and those below it begin.
    above: f64,
    below: f64,
    /// How high the highest bar is, and the lowest that is not nothing.
    most: f64,
    least: f64,
}

/// The outlines of all bars of a kind.
struct Drawn {
    arrived: String,
    failed: String,
    waiting: String,
}

impl Field {
    fn height(&self, count: u64, scale: u64) -> f64 {
        if count == 0 {
            return 0.0;
        }
        (share(count, scale).unwrap_or(0.0) * self.most).max(self.least)
    }

    fn draw(&self, amounts: &[Amount], scale: u64) -> Drawn {
        let mut drawn =
            Drawn { arrived: String::new(), failed: String::new(), waiting: String::new() };
        let mut left = (self.pitch - self.width) / 2.0;
        for one in amounts {
            let up = self.height(one.delivered, scale);
            self.bar(&mut drawn.arrived, (left, self.above - up), up);
            let failed = self.height(one.failed, scale);
            self.bar(&mut drawn.failed, (left, self.below), failed);
            let waiting = self.height(one.waiting, scale);
            self.bar(&mut drawn.waiting, (left, self.below + failed), waiting);
            left += self.pitch;
        }
        drawn
    }

    fn bar(&self, path: &mut String, (left, top): (f64, f64), height: f64) {
        if height > 0.0 {
            let width = self.width;
            let _ = write!(path, "M{left:.1} {top:.1}h{width:.1}v{height:.1}h-{width:.1}z");
        }
    }
}

/// The largest amount on one side of the line.
fn largest(amounts: &[Amount]) -> u64 {
    amounts.iter().map(|one| one.delivered.max(one.below())).max().unwrap_or(0)
}

/// A small chart for a row.
pub(crate) fn spark(amounts: &[Amount], writer: &Writer) -> Html {
    let field = Field { pitch: 5.0, width: 4.0, above: 16.0, below: 17.0, most: 13.0, least: 1.5 };
    let Drawn { arrived, failed, waiting } = field.draw(amounts, largest(amounts).max(1));
    let wide = amounts.len().max(1) * 5;
    let label = sentence(amounts, writer);
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {wide} 32\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{label}\"><line class=\"zero\" x1=\"0\" x2=\"{wide}\" y1=\"16.5\" y2=\"16.5\"/>"
    );
    push_paths(&mut svg, [("arrived", &arrived), ("waiting", &waiting), ("failed", &failed)]);
    svg.push_str("</svg>");
    Html(svg)
}

/// A large chart with its scale, its times, and the same as a table.
pub(crate) struct Chart<const COLUMNS: usize> {
    pub(crate) sentence: String,
    /// The marks beside the chart, from the top.
    pub(crate) scale: Vec<String>,
    pub(crate) svg: Html,
    /// The times below the chart, from the left.
    pub(crate) times: Vec<Html>,
    pub(crate) rows: Vec<TableRow<COLUMNS>>,
}

pub(crate) struct TableRow<const COLUMNS: usize> {
    pub(crate) at: Html,
    pub(crate) cells: [String; COLUMNS],
}

/// The width and the height of a large chart.
const WIDE: f64 = 480.0;
const HIGH: f64 = 160.0;
/// The times that are written below it.
const TIMES: usize = 4;

/// `None` if nothing was sent: then there is nothing to draw.
pub(crate) fn chart(amounts: &[Amount], writer: &Writer) -> Option<Chart<4>> {
    if amounts.iter().all(Amount::is_none) {
        return None;
    }
    let scale = round_up(largest(amounts));
    let pitch = WIDE / f64::from(u32::try_from(amounts.len()).unwrap_or(u32::MAX));
    let middle = HIGH / 2.0;
    let field = Field {
        pitch,
        width: pitch * 0.7,
        above: middle,
        below: middle + 1.0,
        most: middle - 1.0,
        least: 2.0,
    };
    let Drawn { arrived, failed, waiting } = field.draw(amounts, scale);
    let sentence = first_upper(&sentence(amounts, writer));
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDE} {HIGH}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Bars over time. Above the line what arrived, below it what did not. {sentence}.\">"
    );
    for y in [0.0, HIGH * 0.25, HIGH * 0.75, HIGH] {
        let _ = write!(svg, "<line class=\"grid\" x1=\"0\" x2=\"{WIDE}\" y1=\"{y}\" y2=\"{y}\"/>");
    }
    push_paths(&mut svg, [("arrived", &arrived), ("failed", &failed), ("waiting", &waiting)]);
    let _ = write!(
        svg,
        "<line class=\"zero\" x1=\"0\" x2=\"{WIDE}\" y1=\"{middle}\" y2=\"{middle}\"/></svg>"
    );
    let (all, half) = (writer.number(scale), writer.number(scale / 2));
    let row = |one: &Amount| TableRow {
        at: writer.time(one.at),
        cells: [one.delivered, one.failed, one.waiting, one.cancelled]
            .map(|count| writer.number(count)),
    };
    Some(Chart {
        sentence,
        scale: vec![all.clone(), half.clone(), "0".to_owned(), half, all],
        svg: Html(svg),
        times: times_below(amounts.iter().map(|one| one.at), writer),
        rows: amounts.iter().map(row).collect(),
    })
}

/// Some of the times of the steps.
fn times_below(steps: impl ExactSizeIterator<Item = Timestamp>, writer: &Writer) -> Vec<Html> {
    let steps: Vec<_> = steps.collect();
    let mut marked: Vec<_> = (0..TIMES).map(|one| one * steps.len() / TIMES).collect();
    marked.dedup();
    marked.into_iter().filter_map(|place| Some(writer.time(*steps.get(place)?))).collect()
}

/// The end of a scale: an even number with one digit that is not zero, or ten.
fn round_up(count: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        let found = [2, 4, 6, 8, 10].map(|times| unit.saturating_mul(times));
        if let Some(end) = found.into_iter().find(|end| *end >= count) {
            return end;
        }
        unit = unit.saturating_mul(10);
    }
}

fn push_paths(svg: &mut String, paths: [(&str, &String); 3]) {
    for (class, path) in paths {
        if !path.is_empty() {
            let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
}

#[cfg(test)]
mod tests;
