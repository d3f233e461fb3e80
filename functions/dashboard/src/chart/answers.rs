//! The chart of the time that receivers took to answer, step by step: half of the answers, 95 and 99 of 100 came
//! within it. The scale is logarithmic, since answers take from a millisecond to half a minute.

use std::fmt::Write as _;

use hooklane_domain::Timestamp;
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::settled::Minute;

use super::{Chart, HIGH, TableRow, WIDE, times_below};
use crate::written::{Html, Writer};

/// The percentiles of a step in milliseconds, if anything was answered in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) at: Timestamp,
    pub(crate) within: Option<[u32; 3]>,
}

/// Which percentiles, and what their lines are called in the style sheet.
const PERCENTILES: [(u64, &str); 3] = [(50, "half"), (95, "most"), (99, "nearly-all")];

/// Every step of a report.
pub(crate) fn answers(report: &Report) -> Vec<Answers> {
    let of = |(minute, bucket): (Minute, Bucket)| Answers {
        at: minute.start(),
        within: within(&bucket),
    };
    report.steps().into_iter().map(of).collect()
}

fn within(bucket: &Bucket) -> Option<[u32; 3]> {
    let [half, most, nearly_all] = PERCENTILES.map(|(percent, _)| bucket.percentile(percent));
    Some([half?, most?, nearly_all?])
}

/// `None` if nothing was answered: then there is nothing to draw.
pub(crate) fn chart(answers: &[Answers], writer: &Writer) -> Option<Chart<3>> {
    let answered = || answers.iter().filter_map(|one| one.within);
    let least = answered().map(|[half, ..]| half).min()?;
    let longest = answered().map(|[.., nearly_all]| nearly_all).max()?;
    let slowest = answers
        .iter()
        .filter_map(|one| Some((one.within?[1], one.at)))
        .max_by_key(|(most, at)| (*most, std::cmp::Reverse(*at)))?;
    let range = Range::around(least, longest);
    let sentence = format!(
        "95 of 100 came within {} at the slowest, from {}",
        writer.took(slowest.0),
        writer.plain_time(slowest.1)
    );
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDE} {HIGH}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Lines over time, from {} to {}: within what time half of the answers came, 95 and 99 of 100. \
         {sentence}.\">",
        mark(range.first),
        mark(range.last),
    );
    for power in range.first..=range.last {
        let y = range.height(10_u32.pow(power));
        let _ = write!(svg, "<line class=\"grid\" x1=\"0\" x2=\"{WIDE}\" y1=\"{y}\" y2=\"{y}\"/>");
    }
    for (place, (_, class)) in PERCENTILES.iter().enumerate().rev() {
        let path = range.line(answers.iter().map(|one| one.within.map(|within| within[place])));
        let _ = write!(svg, "<path class=\"line {class}\" d=\"{path}\"/>");
    }
    svg.push_str("</svg>");
    let row = |one: &Answers| TableRow {
        at: writer.time(one.at),
        cells: match one.within {
            Some(within) => within.map(|ms| writer.took(ms)),
            None => std::array::from_fn(|_| "\u{2013}".to_owned()),
        },
    };
    Some(Chart {
        sentence,
        scale: (range.first..=range.last).rev().map(mark).collect(),
        svg: Html(svg),
        times: times_below(answers.iter().map(|one| one.at), writer),
        rows: answers.iter().map(row).collect(),
    })
}

/// A power of ten of milliseconds, as it stands beside the chart.
fn mark(power: u32) -> String {
    match 10_u32.pow(power) {
        ms if ms < 1_000 => format!("{ms} ms"),
        ms => format!("{} s", ms / 1_000),
    }
}

/// A scale from one power of ten to another, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    last: u32,
}

/// The largest power of ten in an `u32`.
const LARGEST: u32 = 9;

impl Range {
    /// The least range that holds both times, and at least one step.
    fn around(least: u32, longest: u32) -> Self {
        let first = least.max(1).ilog10();
        let fits = |power: &u32| 10_u32.pow(*power) >= longest;
        let last = (first + 1..=LARGEST).find(fits).unwrap_or(LARGEST);
        Self { first: first.min(LARGEST - 1), last }
    }

    /// How far a time is below the top of the chart.
    fn height(self, ms: u32) -> f64 {
        let (low, high) = (f64::from(self.first), f64::from(self.last));
        let share = (f64::from(ms.max(1)).log10() - low) / (high - low);
        HIGH - share.clamp(0.0, 1.0) * HIGH
    }

    /// A line through the middles of the steps, with a gap where nothing was answered. A step between two gaps is
    /// a dash as wide as the step.
    fn line(self, times: impl ExactSizeIterator<Item = Option<u32>>) -> String {
        let pitch = WIDE / f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
        let (mut path, mut x, mut before) = (String::new(), pitch / 2.0, None);
        let mut times = times.peekable();
        while let Some(time) = times.next() {
            if let Some(ms) = time {
                let y = self.height(ms);
                let is_alone = before.is_none() && times.peek().is_none_or(Option::is_none);
                let _ = match before {
                    Some(_) => write!(path, "L{x:.1} {y:.1}"),
                    None if is_alone => {
                        let (left, wide) = (x - pitch * 0.35, pitch * 0.7);
                        write!(path, "M{left:.1} {y:.1}h{wide:.1}")
                    }
                    None => write!(path, "M{x:.1} {y:.1}"),
                };
            }
            before = time;
            x += pitch;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_791_849_600 + hour * 3_600).unwrap()
    }

    fn step(hour: i64, within: Option<[u32; 3]>) -> Answers {
        Answers { at: at(hour), within }
    }

    fn writer() -> Writer {
        Writer::new(None, Some("Europe/Berlin"), at(5))
    }

    #[test]
    fn lines_have_gaps_where_nothing_was_answered_and_a_step_alone_is_a_dash() {
        let answers = [
            step(0, Some([10, 100, 1_000])),
            step(1, Some([10, 1_000, 10_000])),
            step(2, None),
            step(3, Some([100, 100, 100])),
        ];
        let chart = chart(&answers, &writer()).unwrap();
        let Html(svg) = &chart.svg;
        for (class, path) in [
            ("half", "M60.0 160.0L180.0 160.0M378.0 106.7h84.0"),
            ("most", "M60.0 106.7L180.0 53.3M378.0 106.7h84.0"),
            ("nearly-all", "M60.0 53.3L180.0 0.0M378.0 106.7h84.0"),
        ] {
            assert!(svg.contains(&format!("<path class=\"line {class}\" d=\"{path}\"/>")), "{svg}");
        }
        assert!(!svg.contains("style"), "the policy permits none");
        assert_eq!(chart.scale, ["10 s", "1 s", "100 ms", "10 ms"]);
        assert_eq!(chart.sentence, "95 of 100 came within 1.0 s at the slowest, from 03:00");
        assert_eq!(chart.rows[1].cells, ["10 ms", "1.0 s", "10.0 s"]);
        assert_eq!(chart.rows[2].cells, ["–", "–", "–"]);
        assert_eq!(chart.times.len(), 4);
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(chart(&[step(0, None), step(1, None)], &writer()).is_none());
        assert!(chart(&[], &writer()).is_none());
    }

    #[test]
    fn a_scale_holds_its_times_and_has_two_marks_at_least() {
        for (least, longest, first, last) in [
            (0, 0, 0, 1),
            (1, 1, 0, 1),
            (9, 10, 0, 1),
            (10, 10, 1, 2),
            (23, 101, 1, 3),
            (999, 30_000, 2, 5),
            (u32::MAX, u32::MAX, 8, 9),
        ] {
            assert_eq!(Range::around(least, longest), Range { first, last }, "{least} {longest}");
        }
    }
}
