//! Filters and transforms that cost the most.

use hooklane_domain::Timestamp;
use hooklane_domain::event::{DefaultTenant, from_body};
use hooklane_domain::expression::{Budget, Filter, Input, Transform};

use super::{Choices, Costs, Subject, copies};
use crate::clock::Stopwatch;
use crate::hostile::expressions as shapes;

/// What is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Filter,
    Transform,
}

/// The events that expressions are tried on.
pub struct Expressions {
    kind: Kind,
    events: Vec<(String, Input)>,
}

impl Expressions {
    pub fn new(kind: Kind) -> anyhow::Result<Self> {
        let data = [
            shapes::list_and_text(),
            shapes::list(),
            shapes::text(),
            shapes::texts(),
            shapes::objects(),
            shapes::lists(),
            shapes::keys(),
        ];
        let events = data.into_iter().map(|data| Ok((data.clone(), input(&data)?)));
        Ok(Self { kind, events: events.collect::<anyhow::Result<_>>()? })
    }

    /// The text of a candidate, and the data of the event that it was tried on.
    #[must_use]
    pub fn text(&self, candidate: &[u16]) -> (String, String) {
        let mut choices = Choices::new(candidate);
        let event = usize::from(choices.among(u16::try_from(self.events.len()).unwrap_or(1)));
        let text = match self.kind {
            Kind::Filter => boolean(&mut choices, 6),
            Kind::Transform => {
                format!("{{'a': {}, 'b': {}}}", any(&mut choices, 6), any(&mut choices, 4))
            }
        };
        (text, self.events[event].0.clone())
    }
}

/// An event with this data, as an expression sees it.
pub fn input(data: &str) -> anyhow::Result<Input> {
    let body =
        format!("{{\"tenant\":\"t\",\"id\":\"e1\",\"type\":\"hostile.event\",\"data\":{data}}}");
    let event = from_body(&body, &DefaultTenant::None).map_err(|e| anyhow::anyhow!("{e}"))?;
    let now = Timestamp::from_second(1_700_000_000)?;
    let id = "e1".parse().map_err(|_| anyhow::anyhow!("not an id"))?;
    Ok(Input::of_event(&event.accept(now, || id)))
}

impl Subject for Expressions {
    fn cost(&self, candidate: &[u16]) -> Option<Costs> {
        let event =
            usize::from(Choices::new(candidate).among(u16::try_from(self.events.len()).ok()?));
        let (text, _) = self.text(candidate);
        let input = &self.events[event].1;
        let budget = Budget::of_event();
        let watch;
        match self.kind {
            Kind::Filter => {
                let filter: Filter = text.parse().ok()?;
                watch = Stopwatch::start();
                drop(filter.passes(input, &budget));
            }
            Kind::Transform => {
                let transform: Transform = text.parse().ok()?;
                watch = Stopwatch::start();
                drop(transform.apply(input, &budget));
            }
        }
        let nanoseconds = watch.elapsed().as_nanos() as f64;
        let spent = budget.spent();
        let (steps, bytes) = (spent.steps as f64, spent.bytes as f64);
        // Small times are noise.
        let price = if nanoseconds > 1_000_000.0 { nanoseconds / steps.max(1.0) } else { 0.0 };
        Some([steps, bytes, nanoseconds, price])
    }
}

fn pick(choices: &mut Choices<'_>, texts: &[&str]) -> String {
    texts[usize::from(choices.among(u16::try_from(texts.len()).unwrap_or(1)))].to_owned()
}

fn any(choices: &mut Choices<'_>, depth: u16) -> String {
    match choices.among(5) {
        0 => list(choices, depth),
        1 => text(choices, depth),
        2 => pick(choices, &["event.data", "event.data.m", "event", "1", "2.5", "event.data.l[0]"]),
        3 => boolean(choices, depth),
        _ => format!("{{'k': {}}}", list(choices, depth.saturating_sub(1))),
    }
}

fn list(choices: &mut Choices<'_>, depth: u16) -> String {
    if depth == 0 {
        return "event.data.l".to_owned();
    }
    let less = depth - 1;
    match choices.among(9) {
        0 => "event.data.l".to_owned(),
        1 => format!("({} + {})", list(choices, less), list(choices, less)),
        2 => {
            let one = list(choices, less);
            let n = copies(2 + choices.among(14), one.len());
            shapes::balanced(&one, "+", n)
        }
        3 => format!("{}.map(x, {})", list(choices, less), of_element(choices, 3)),
        4 => format!("{}.filter(x, {})", list(choices, less), test(choices)),
        5 => {
            let one = any(choices, less.min(1));
            let n = copies(1 + choices.among(30), one.len());
            format!("[{}]", vec![one; n].join(","))
        }
        6 => format!(
            "({} ? {} : {})",
            boolean(choices, less.min(1)),
            list(choices, less),
            list(choices, less)
        ),
        7 => format!("event.data.m.map(x, {})", of_element(choices, 3)),
        _ => format!("[{}, {}]", any(choices, less.min(2)), any(choices, less.min(2))),
    }
}

fn text(choices: &mut Choices<'_>, depth: u16) -> String {
    if depth == 0 {
        return "event.data.t".to_owned();
    }
    let less = depth - 1;
    match choices.among(7) {
        0 => "event.data.t".to_owned(),
        1 => format!("({} + {})", text(choices, less), text(choices, less)),
        2 => {
            let one = text(choices, less);
            let n = copies(2 + choices.among(14), one.len());
            shapes::balanced(&one, "+", n)
        }
        3 => format!("'{}'", "a".repeat(usize::from(choices.among(600)))),
        4 => format!(
            "string({})",
            pick(choices, &["event.data.t", "1.0 / 3.0", "event.data.l[0]", "bytes(event.data.t)"])
        ),
        5 => format!("({} ? {} : '')", boolean(choices, less.min(1)), text(choices, less)),
        _ => "event.data.l[0]".to_owned(),
    }
}

fn boolean(choices: &mut Choices<'_>, depth: u16) -> String {
    if depth == 0 {
        return "event.data.l == event.data.l".to_owned();
    }
    let less = depth - 1;
    match choices.among(13) {
        0 => format!("size({}) > 0", list(choices, less)),
        1 => format!("({} && {})", boolean(choices, less), boolean(choices, less)),
        2 => format!("({} || {})", boolean(choices, less), boolean(choices, less)),
        3 => {
            let one = boolean(choices, less);
            let n = copies(2 + choices.among(16), one.len());
            format!("({})", vec![one; n].join(if choices.among(2) == 0 { " && " } else { " || " }))
        }
        4 => format!("{} == {}", any(choices, less), any(choices, less)),
        5 => format!("{} in {}", any(choices, less.min(2)), list(choices, less)),
        6 => format!("!{}.matches('{}')", text(choices, less), pattern(choices)),
        7 => format!("{}.contains({})", text(choices, less), text(choices, less.min(1))),
        8 => format!("{}.all(x, {})", list(choices, less), test(choices)),
        9 => format!("{}.exists(x, !({}))", list(choices, less), test(choices)),
        10 => format!("size({}) > 0", text(choices, less)),
        11 => format!("{} < {}", text(choices, less), text(choices, less)),
        _ => format!("{}.exists_one(x, {})", list(choices, less), test(choices)),
    }
}

/// What a macro makes of an element `x`.
fn of_element(choices: &mut Choices<'_>, depth: u16) -> String {
    if depth == 0 {
        return "x".to_owned();
    }
    let less = depth - 1;
    match choices.among(8) {
        0 => "x".to_owned(),
        1 => vec!["x"; usize::from(2 + choices.among(12))].join("+"),
        2 => {
            let one = of_element(choices, less);
            let n = copies(1 + choices.among(10), one.len());
            format!("[{}]", vec![one; n].join(","))
        }
        3 => {
            let keys: Vec<_> = (0..=choices.among(8)).map(|i| format!("'{i}': x")).collect();
            format!("{{{}}}", keys.join(","))
        }
        4 => format!("'{}'", "y".repeat(usize::from(choices.among(800)))),
        5 => pick(
            choices,
            &["event.data.l[0]", "string(x)", "double(x)", "size(event.data.l)", "[]", "{}"],
        ),
        6 => format!("({} ? x : [x])", test(choices)),
        _ => pick(choices, &["event.data.l", "event.data.t", "event.data"]),
    }
}

/// A test of an element `x`.
fn test(choices: &mut Choices<'_>) -> String {
    match choices.among(9) {
        0 => "x == x".to_owned(),
        1 => "x == 1".to_owned(),
        2 => "x in event.data.l".to_owned(),
        3 => vec!["x == x"; usize::from(2 + choices.among(14))].join(" && "),
        4 => format!("!x.matches('{}')", pattern(choices)),
        5 => "event.data.l[0] == x".to_owned(),
        6 => "event.data.l == event.data.l".to_owned(),
        7 => format!("{} != [x]", of_element(choices, 2)),
        _ => "!event.data.t.contains('b')".to_owned(),
    }
}

fn pattern(choices: &mut Choices<'_>) -> String {
    let n = 1 + choices.among(120);
    match choices.among(7) {
        0 => format!("[ab]{{1,{n}}}c"),
        1 => format!("(a|b|ab){{1,{}}}c", n / 4 + 1),
        2 => format!("(a?){{{}}}a{{{}}}c", n / 4 + 1, n / 4 + 1),
        3 => ".*a.*a.*a.*b".to_owned(),
        4 => format!("^(a+)+{{{}}}$", n / 8 + 1),
        5 => format!("[^b]{{{n}}}c"),
        _ => format!("({}){{1,4}}c", vec!["a"; usize::from(n / 4 + 1)].join("|")),
    }
}
