//! Measures how long a step of an evaluation takes: `cargo run --release --package hooklane-domain
//! --example expression_prices`. No line may be far above 10 ns, which is what a step stands for.

#![expect(clippy::print_stdout, reason = "it prints what it measures")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "the expressions and events are its own")]

use std::time::Instant;

use hooklane_domain::Timestamp;
use hooklane_domain::event::{Content, MAX_EVENT_BYTES};
use hooklane_domain::expression::{Budget, Failure, Filter, Input, Transform};
use hooklane_domain::json::RawJson;

fn main() {
    println!("{:>9} {:>9} {:>9} {:>7}  expression", "steps", "KiB", "µs", "ns/step");
    let small = r#"{"total":99.90,"status":"paid","items":[{"sku":"A","price":5.5},{"sku":"B","price":7}]}"#;
    let ones = format!("[{}1]", "1,".repeat(131_000));
    let floats = format!("[{}1]", "0.12345678901234567e-5,".repeat(11_000));
    let objects = format!("[{}{{}}]", "{\"a\":1},".repeat(32_000));
    let maps = format!("[{}{{}}]", "{},".repeat(87_000));
    let texts = format!("[{}\"\"]", "\"ab\",".repeat(52_000));
    let escapes = format!("[{}\"\"]", "\"\\n\",".repeat(52_000));
    let text = format!("\"{}\"", "ab".repeat(131_000));
    let wide = format!("\"{}\"", "é".repeat(131_000));
    let quotes = format!("\"{}\"", "\\\"".repeat(131_000));
    let keys: Vec<_> = (0..20_000).map(|n| format!("\"{n:06x}\":1")).collect();
    let keys = format!("{{{}}}", keys.join(","));
    let two =
        format!("{{\"a\":{ones},\"b\":{ones}}}", ones = format!("[{}1]", "1,".repeat(65_000)));
    for (filter, data) in [
        ("event.data.total > 50.0 && event.data.status == 'paid'", small),
        ("event.data.items.exists(i, i.price > 6)", small),
        ("event.data.all(x, x == 1)", &ones),
        ("event.data.all(x, x == 1 || x == 2 || x == 3)", &ones),
        ("event.data.all(x, x < 1)", &floats),
        ("event.data.all(x, string(x) != '')", &floats),
        ("event.data.exists(x, has(x.b))", &objects),
        ("event.data.exists(x, x.a == 2 && x.a == 3)", &objects),
        ("event.data.exists(x, x.b == 1)", &maps),
        ("event.data.map(x, x).size() == 1", &ones),
        ("event.data.map(x, [x]).size() == 1", &maps),
        ("event.data.map(x, {'a': x}).size() == 1", &maps),
        ("event.data.filter(x, x + 'c' == '').size() == 1", &texts),
        ("event.data.map(x, x).size() == 1", &escapes),
        ("event.data + event.data == event.data", &ones),
        ("event.data.a == event.data.b", &two),
        ("2 in event.data", &ones),
        ("event.data == event.data + [1]", &texts),
        ("event.data.contains('ba') && event.data.contains('aa')", &text),
        (
            "event.data.contains('abababababababababababababababababababababababababababababababc')",
            &text,
        ),
        ("size(event.data) == 1", &wide),
        ("size(event.data) == 1", &quotes),
        ("event.data + event.data < event.data", &text),
        ("event.data.matches('x')", &text),
        ("event.data.matches('^[a-z]+@example[.]com$')", &text),
        ("event.data.matches('[a-z]+@[a-z]+[.]com')", &text),
        ("event.data.matches('(a?b?){20}c')", &text),
        ("event.data.matches('(a|b|ab){9}c')", &text),
        ("event.data.matches('[^x]{0,60}y')", &wide),
        ("event.data.matches('(?i)[àâéèêß-þ]*x')", &wide),
        ("event.data.exists(k, k == '')", &keys),
        ("event.data == event.data && event.data != {}", &keys),
        ("size(event.data) == 1", &keys),
        ("event.data.a.b.c == 1", &two),
        ("int(event.data) == 1 || double(event.data) == 1.0 || true", &text),
    ] {
        let parsed: Filter = filter.parse().unwrap();
        measure(filter, data, |input, budget| parsed.passes(input, budget).map(drop));
    }
    for (transform, data) in [
        ("{'id': event.id, 'amount': event.data.total, 'who': event.data.status}", small),
        ("{'a': event.data}", &ones),
        ("{'a': event.data.map(x, x)}", &ones),
        ("{'a': [event.data].map(x, x)[0]}", &keys),
        ("{'a': event.data.filter(x, true)}", &texts),
        ("{'a': event.data + 'x'}", &wide),
        ("{'a': bytes(event.data).size()}", &text),
    ] {
        let parsed: Transform = transform.parse().unwrap();
        measure(transform, data, |input, budget| parsed.apply(input, budget).map(drop));
    }
}

fn measure(name: &str, data: &str, run: impl Fn(&Input, &Budget) -> Result<(), Failure>) {
    assert!(data.len() <= MAX_EVENT_BYTES, "{name}: the event is too large");
    let content = Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let input = Input::new(
        &"evt-1".parse().unwrap(),
        &"acme".parse().unwrap(),
        &content,
        Timestamp::UNIX_EPOCH,
    );
    let (mut runs, mut best) = (0u32, f64::MAX);
    let begun = Instant::now();
    let mut spent = Budget::of_delivery().spent();
    while runs < 3 || (begun.elapsed().as_millis() < 200 && runs < 100_000) {
        let budget = Budget::of_delivery();
        let at = Instant::now();
        drop(run(&input, &budget));
        best = best.min(at.elapsed().as_secs_f64());
        spent = budget.spent();
        runs += 1;
    }
    let per_step = best * 1e9 / spent.steps as f64;
    let shown: String = name.chars().take(70).collect();
    println!(
        "{:>9} {:>9} {:>9.1} {per_step:>7.2}  {shown}",
        spent.steps,
        spent.bytes / 1024,
        best * 1e6
    );
}
