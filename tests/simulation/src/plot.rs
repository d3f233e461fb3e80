//! The runs as a picture.

use std::fmt::Write as _;

use crate::figures::{Figures, SLICE, Slice};
use crate::time::{HOUR, Millis};

const WIDTH: f64 = 880.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 862.0;
const PANEL: f64 = 210.0;
const TOPS: [f64; 2] = [64.0, 338.0];

/// A run and how it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub name: &'a str,
    pub colour: &'a str,
    pub figures: &'a Figures,
}

/// A logarithmic scale.
struct Scale {
    title: &'static str,
    least: f64,
    most: f64,
    marks: &'static [(f64, &'static str)],
}

const WAIT: Scale = Scale {
    title: "Wait of healthy deliveries, 99th percentile of ten minutes",
    least: 0.1,
    most: 100_000.0,
    marks: &[
        (0.1, "0.1 s"),
        (1.0, "1 s"),
        (10.0, "10 s"),
        (60.0, "1 min"),
        (600.0, "10 min"),
        (3_600.0, "1 h"),
        (36_000.0, "10 h"),
    ],
};

const IN_FLIGHT: Scale = Scale {
    title: "Most messages in flight in either queue",
    least: 1.0,
    most: 200_000.0,
    marks: &[
        (1.0, "1"),
        (10.0, "10"),
        (100.0, "100"),
        (1_000.0, "1,000"),
        (10_000.0, "10,000"),
        (120_000.0, "120,000"),
    ],
};

impl Scale {
    fn y(&self, top: f64, value: f64) -> f64 {
        let share = (value.max(self.least) / self.least).ln() / (self.most / self.least).ln();
        top + PANEL * (1.0 - share.min(1.0))
    }
}

/// Waits above, messages in flight below; the time in which the receiver is dead is shaded.
#[must_use]
pub fn svg(lines: &[Line<'_>], dead: (Millis, Millis), until: Millis) -> String {
    let x = |at: Millis| LEFT + (RIGHT - LEFT) * at as f64 / until as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} 606\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"606\" fill=\"#fff\"/>\n"
    );
    for (place, line) in lines.iter().enumerate() {
        let at = LEFT + 250.0 * place as f64;
        let (name, colour) = (line.name, line.colour);
        let _ = writeln!(
            svg,
            "<path d=\"M{at} 20h24\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <text x=\"{}\" y=\"24\">{name}</text>",
            at + 30.0
        );
    }
    for (scale, top) in [WAIT, IN_FLIGHT].iter().zip(TOPS) {
        frame(&mut svg, scale, top, (x(dead.0), x(dead.1)));
        let hours = until / HOUR;
        for hour in (0..=hours).step_by(if hours > 12 { 4 } else { 1 }) {
            let (at, bottom) = (x(hour * HOUR), top + PANEL);
            let _ = writeln!(
                svg,
                "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{hour} h</text>",
                bottom + 16.0
            );
        }
    }
    let wait = |slice: &Slice| slice.wait.map(|wait| wait as f64 / 1_000.0);
    let in_flight =
        |slice: &Slice| Some(f64::from(slice.most_in_flight[0].max(slice.most_in_flight[1])));
    let [above, below] = TOPS;
    for line in lines {
        draw(&mut svg, line, until, &x, |slice| wait(slice).map(|value| WAIT.y(above, value)));
        draw(&mut svg, line, until, &x, |slice| {
            in_flight(slice).map(|value| IN_FLIGHT.y(below, value))
        });
    }
    svg.push_str("</svg>\n");
    svg
}

fn frame(svg: &mut String, scale: &Scale, top: f64, dead: (f64, f64)) {
    let width = RIGHT - LEFT;
    let _ = writeln!(
        svg,
        "<rect x=\"{:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{PANEL}\" fill=\"#f3e9e2\"/>\
         <text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{}</text>",
        dead.0,
        dead.1 - dead.0,
        top - 10.0,
        scale.title
    );
    for (value, name) in scale.marks {
        let y = scale.y(top, *value);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{width}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{name}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
}

fn draw(
    svg: &mut String,
    line: &Line<'_>,
    until: Millis,
    x: &impl Fn(Millis) -> f64,
    y: impl Fn(&Slice) -> Option<f64>,
) {
    let mut path = String::new();
    for slice in line.figures.series.iter().filter(|slice| slice.begins + SLICE <= until) {
        if let Some(y) = y(slice) {
            let step = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{step}{:.1} {y:.1}", x(slice.begins + SLICE / 2));
        }
    }
    let colour = line.colour;
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"
    );
}
