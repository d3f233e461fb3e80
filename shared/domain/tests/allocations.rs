//! Finding 1: what an evaluation charges is not less than what it holds. An allocator that counts is the
//! judge. One test, because it counts what the whole process allocates.

use hooklane_domain::Timestamp;
use hooklane_domain::event::{Content, MAX_EVENT_BYTES};
use hooklane_domain::expression::{Budget, Filter, Input, MAX_BYTES, MAX_STEPS, Transform};
use hooklane_domain::json::RawJson;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is not charged: the decoded form of one key at a time, and the words of a failure.
const SLACK: u64 = 64 * 1024;

/// Parts of expressions, put together at random. Many of the results build something large.
fn any_expression() -> impl Strategy<Value = String> {
    let leaves = [
        "event.data",
        "event.data.x",
        "event.data.x",
        "event.data.t",
        "event",
        "'t'",
        "1",
        "[1, 2]",
        "2.5",
    ];
    let leaf = prop::sample::select(leaves.to_vec()).prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operators = vec!["+", "+", "+", "==", "<", "in", "||"];
        let calls = vec!["size", "string", "bytes", "dyn", "double", "type"];
        let steps = vec![
            ".map(x, x)",
            ".map(x, [x, x])",
            ".map(x, {'a': x, 'b': [x]})",
            ".map(x, x + x)",
            ".map(x, string(x))",
            ".map(x, event.data.t + 'z')",
            ".filter(x, true)",
            ".filter(x, x in event.data.x)",
            ".all(x, [x, x] == [x] || true)",
            ".exists(x, string(x) + 'y' == '')",
            "[0]",
            ".a",
            ".matches('(a|b)+[a-z]{0,20}c')",
        ];
        prop_oneof![
            (inner.clone(), prop::sample::select(operators), inner.clone())
                .prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            (prop::sample::select(calls), inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), prop::sample::select(steps)).prop_map(|(a, s)| format!("{a}{s}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'p': {a}, 'q': {b}}}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[{a}, {b}]")),
        ]
    })
}

fn input(data: &str) -> Input {
    let content = Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let (id, tenant) = ("evt-1".parse().unwrap(), "acme".parse().unwrap());
    Input::new(&id, &tenant, &content, Timestamp::UNIX_EPOCH)
}

fn events() -> Vec<Input> {
    let filled = |room: usize, open: &str, item: &str, last: &str| {
        let items = item.repeat((room - 600) / item.len());
        input(&format!("{{\"x\":{open}{items}{last},\"t\":\"ab\\ncd\"}}"))
    };
    let keys: Vec<_> = (0..4_000).map(|n| format!("\"\\u0061{n:05}\":{n}")).collect();
    vec![
        filled(MAX_EVENT_BYTES, "[", "1,", "1]"),
        filled(MAX_EVENT_BYTES, "[", "{},", "{}]"),
        filled(MAX_EVENT_BYTES, "[", "\"\\n\",", "\"\"]"),
        filled(MAX_EVENT_BYTES, "\"", "\\\"", "\""),
        filled(MAX_EVENT_BYTES / 8, "[", "{\"a\":\"\\n\",\"a\":[1]},", "{}]"),
        filled(MAX_EVENT_BYTES / 8, "[", "1e300,", "1]"),
        filled(MAX_EVENT_BYTES / 8, "\"", "ab", "\""),
        input(&format!("{{\"x\":{{{}}},\"t\":\"\"}}", keys.join(","))),
    ]
}

/// Runs an evaluation on a budget of its own. What it held at most is no more than what it charged.
fn check(name: &str, run: impl FnOnce(&Budget)) -> Result<(), TestCaseError> {
    let budget = Budget::of_event();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage() as u64;
    run(&budget);
    let held = MEMORY.peak_usage() as u64 - before;
    let spent = budget.spent();
    prop_assert!(held <= spent.bytes + SLACK, "{}: held {}, charged {:?}", name, held, spent);
    prop_assert!(spent.bytes <= MAX_BYTES && spent.steps <= MAX_STEPS, "{}: {:?}", name, spent);
    Ok(())
}

#[test]
fn finding_01_what_is_held_is_charged() {
    let events = events();
    let on_all = |text: &str| {
        let filter = Filter::from_stored(text.to_owned());
        let transform = Transform::from_stored(format!("{{'r': {text}}}"));
        // Compiled before it is measured.
        let _ = (filter.cost(), transform.cost());
        for event in &events {
            check(text, |budget| drop(filter.passes(event, budget)))?;
            check(text, |budget| drop(transform.apply(event, budget)))?;
        }
        Ok(())
    };
    for text in [
        "event.data.x + event.data.x",
        "event.data.x + event.data.x + event.data.x + event.data.x",
        "event.data.x.map(x, [x])",
        "event.data.x.map(x, {'a': x})",
        "event.data.x.map(x, string(x) + 'é')",
        "event.data.x.filter(x, true)",
        "event.data.x == event.data.x + []",
        "{'a': event.data} == {'a': event.data}",
        "string(bytes(event.data.x)) + string(bytes(event.data.x))",
        "event.data.x.matches('(a|b)(c|d)(e|f)(g|h)(i|j)[a-z]{0,90}')",
        "bytes(event.data.x)",
    ] {
        on_all(text).unwrap_or_else(|error| panic!("{error}"));
    }
    TestRunner::default()
        .run(&any_expression(), |text| on_all(&text))
        .unwrap_or_else(|error| panic!("{error}"));
}
