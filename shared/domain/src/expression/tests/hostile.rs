//! Expressions that are written to take as much as they can, and what becomes of them.

use super::*;

/// What becomes of an expression on the events that are worst for it.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It is not accepted: it can need too many steps, or too much memory.
    Refused(&'static str),
    /// It ends where its budget does.
    TooMuch(&'static str),
    Ends,
}

const STEPS: &str = "steps on";
const MEMORY: &str = "MiB of memory on";

/// Events of about the largest size, each of one kind of data.
fn worst_events() -> Vec<Input> {
    let room = MAX_EVENT_BYTES - 600;
    let filled = |open: &str, item: &str, last: &str| {
        let items = item.repeat((room - open.len() - last.len()) / item.len());
        input(&format!("{{\"x\":{open}{items}{last},\"s\":\"a\"}}"))
    };
    let keys: Vec<_> = (0..room / 12).map(|n| format!("\"{n:06x}\":1")).collect();
    vec![
        filled("[", "1,", "1]"),
        filled("[", "{},", "{}]"),
        filled("[", "[1,1,1,1,1,1,1,1],", "[]]"),
        filled("[", "\"\\n\",", "\"\"]"),
        filled("[", "{\"a\":\"b\",\"n\":1},", "{}]"),
        filled("[", "0.12345678901234567e-5,", "1]"),
        filled("\"", "a", "\""),
        filled("\"", "\\\"", "\""),
        filled("\"", "é", "\""),
        filled("", "9", "9"),
        input(&format!("{{\"x\":{{{}}},\"s\":\"a\"}}", keys.join(","))),
    ]
}

/// The worst that becomes of a filter on any of the events. What it spends is within its limits.
fn fate(text: &str, events: &[Input]) -> Fate {
    let filter = match text.parse::<Filter>() {
        Ok(filter) => filter,
        Err(invalid) => {
            let found = [STEPS, MEMORY].into_iter().find(|unit| {
                let unit = if *unit == STEPS { "million steps" } else { *unit };
                invalid.message.contains(unit)
            });
            let unit = found.unwrap_or_else(|| panic!("{text}: {invalid}"));
            assert!(invalid.message.contains("can need "), "{text}: {invalid}");
            return Fate::Refused(unit);
        }
    };
    let mut worst = Fate::Ends;
    for event in events {
        let budget = Budget::of_delivery();
        if let Err(Failure::TooMuch(why)) = filter.passes(event, &budget) {
            let unit = [STEPS, MEMORY].into_iter().find(|unit| why.contains(unit));
            worst = Fate::TooMuch(unit.unwrap_or_else(|| panic!("{text}: {why}")));
        }
        let Spent { steps, bytes } = budget.spent();
        assert!(steps <= MAX_STEPS && bytes <= MAX_BYTES, "{text}: {steps} steps, {bytes} bytes");
    }
    worst
}

fn check(cases: &[(&str, Fate)]) {
    let events = worst_events();
    for (text, expected) in cases {
        assert_eq!(fate(text, &events), *expected, "{text}");
    }
}

#[test]
fn finding_01_adding_to_itself_ends_at_a_limit() {
    let thirty = format!("size(event.data.x{}) > 0", " + event.data.x".repeat(20));
    let doubled = format!("size([event.data.x]{}) > 0", ".map(x, x + x)".repeat(10));
    let wide = format!("event.data.x.map(x, [x{}]).size() > 0", ", x".repeat(99));
    let in_macros = format!("event.data.x{}.size() > 0", ".map(x, x + x)".repeat(14));
    let four = "size(event.data.x + event.data.x + event.data.x + event.data.x) > 0";
    let twice = "size(event.data.x + event.data.x) > 0";
    check(&[
        (&thirty, Fate::Refused(STEPS)),
        (&doubled, Fate::Refused(STEPS)),
        (&wide, Fate::Refused(MEMORY)),
        (&in_macros, Fate::Refused(STEPS)),
        (four, Fate::TooMuch(MEMORY)),
        (twice, Fate::Ends),
    ]);
}

#[test]
fn finding_01_no_operator_builds_for_free() {
    let lists = "event.data.x.map(x, [x, x, x, x, x, x, x, x, x, x]).size() > 0";
    let maps = "event.data.x.map(x, {'a': x, 'b': x, 'c': x, 'd': x}).size() > 0";
    let texts = "event.data.x.map(x, string(1.5e300)).size() > 0";
    let hidden = "event.data.x.map(x, [x, x, x, x, x, x, x, x, x, x]).size() < 0 || true";
    let absorbed = "event.data.x.exists(x, [x, x, x, x, x, x, x, x, x, x].size() == 0 || x == [x, x, x, x, x, x, x, x]) || true";
    check(&[
        (lists, Fate::TooMuch(MEMORY)),
        (maps, Fate::TooMuch(MEMORY)),
        (texts, Fate::TooMuch(MEMORY)),
        (hidden, Fate::TooMuch(MEMORY)),
        (absorbed, Fate::TooMuch(MEMORY)),
        ("event.data.x.map(x, [x]).size() > 0", Fate::Ends),
        ("event.data.x == event.data.x && event.data.x in [event.data.x]", Fate::Ends),
        ("size(string(bytes(event.data.x))) > 0", Fate::Ends),
    ]);
}

#[test]
fn finding_01_a_transform_pays_for_what_it_writes() {
    for (text, ends) in [
        ("{'a': event.data.x}", true),
        ("{'a': event.data.x.map(x, x)}", true),
        ("{'a': event.data.x.map(x, string(x) + '\\u0001\\u0001\\u0001')}", false),
        ("{'a': bytes(event.data.x), 'b': bytes(event.data.x)}", false),
    ] {
        let transform: Transform = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let mut too_much = false;
        for event in worst_events() {
            let budget = Budget::of_delivery();
            let made = transform.apply(&event, &budget);
            too_much |= matches!(made, Err(Failure::TooMuch(_)));
            let Spent { steps, bytes } = budget.spent();
            assert!(steps <= MAX_STEPS && bytes <= MAX_BYTES, "{text}");
            // The text that it writes, and the copy of it that is kept.
            let written = made.map_or(0, |made| made.as_str().len() as u64);
            assert!(bytes >= 2 * written, "{text}: {bytes} bytes for {written}");
            assert!(steps >= written, "{text}: {steps} steps for {written} bytes");
        }
        assert_eq!(!too_much, ends, "{text}");
    }
}

#[test]
fn finding_02_counted_repetitions_are_charged_by_their_size() {
    let matches = |pattern: &str, times: usize| {
        let one = |n: usize| format!("event.data.x.matches('{pattern}{n}')");
        (0..times).map(one).collect::<Vec<_>>().join(" || ")
    };
    let large = "(a?b?c?){20}";
    check(&[
        (&matches(large, 4), Fate::Refused(STEPS)),
        (&matches(large, 1), Fate::TooMuch(STEPS)),
        (&matches("(a|b|ab){9}", 1), Fate::TooMuch(STEPS)),
        (&matches("[a-z]+@example[.]com", 1), Fate::Ends),
        (&matches("^ord-[0-9]+", 2), Fate::Ends),
        // Within a macro, all elements together are no longer than the event.
        ("event.data.x.exists(x, string(x).matches('^[0-9]+$'))", Fate::Ends),
        ("event.data.x.exists(x, event.data.s.matches('(a?b?c?){20}'))", Fate::Refused(STEPS)),
    ]);
}

#[test]
fn finding_02_no_operator_scans_for_free() {
    let all = |step: &str| format!("event.data.x.all(x, {step} || true)");
    let small = input(&format!("{{\"x\":[{}1],\"s\":\"a\"}}", "1,".repeat(199)));
    for step in [
        "'zz' in event.data.x",
        "event.data.x + [1] == event.data.x + [1]",
        "size(event.data.x) == 1",
        "event.data.x[int('100000')] == 1",
        "event.data.x.size() == 1",
    ] {
        let text = all(step);
        // Each of 200 elements goes through 400 bytes.
        let (filter, budget) = (Filter::from_stored(text.clone()), Budget::of_delivery());
        drop(filter.passes(&small, &budget));
        let steps = budget.spent().steps;
        assert!((20_000..MAX_STEPS).contains(&steps), "{text}: {steps} steps");
        assert_eq!(fate(&text, &worst_events()), Fate::TooMuch(STEPS), "{text}");
    }
}

#[test]
fn finding_02_the_gate_says_what_it_costs_and_what_is_allowed() {
    let pattern = |n: usize| format!("event.data.x.matches('(a?b?c?){{20}}{n}')");
    let text = (0..4).map(pattern).collect::<Vec<_>>().join(" || ");
    let error = text.parse::<Filter>().unwrap_err().to_string();
    let cost = Filter::from_stored(text.clone()).cost().steps();
    let expected = format!(
        "line 1, column 1: can need {} million steps on the largest event; 100 million steps are allowed",
        cost.div_ceil(1_000_000)
    );
    assert_eq!(error, expected);
    // It runs where it was accepted by a version without the limit, on its budget.
    let stored = Filter::from_stored(text);
    assert_eq!(
        stored.passes(&input(ORDER), &Budget::of_event()),
        Err(Failure::Missing("there is no event.data.x".into()))
    );
}

#[test]
fn usual_filters_are_accepted_and_cheap() {
    let conditions: Vec<_> = (0..20).map(|n| format!("event.data.a{n} == {n}")).collect();
    let conditions = conditions.join(" && ");
    for text in [
        "event.data.items.exists(i, i.price > 6)",
        "event.data.total > 50.0 && event.data.status == 'paid'",
        "has(event.data.coupon) && event.data.coupon == 'X'",
        "event.data.items.filter(i, i.price > 5.0).map(i, i.sku) == ['A', 'B']",
        "event.data.items.exists(i, i.sku in event.data.wanted)",
        "event.data.customer.email.matches('^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}$')",
        "event.data.id.matches('^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')",
        "event.data.text.contains('urgent') || event.data.text.startsWith('!')",
        &conditions,
    ] {
        let filter: Filter = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let budget = Budget::of_event();
        drop(filter.passes(&input(ORDER), &budget));
        let Spent { steps, bytes } = budget.spent();
        assert!(steps < 6_000 && bytes < 30_000, "{text}: {steps} steps, {bytes} bytes");
    }
}

#[test]
fn the_filters_of_one_event_share_a_budget() {
    let events = worst_events();
    let heavy: Filter = "event.data.x.all(x, !('zz' in event.data.x))".parse().unwrap();
    let light: Filter = "event.type == 'user.created'".parse().unwrap();
    let budget = Budget::of_event();
    for _ in 0..MAX_EVENT_STEPS / MAX_STEPS {
        assert!(!budget.is_used_up());
        assert_eq!(light.passes(&events[0], &budget), Ok(false));
        let Err(Failure::TooMuch(why)) = heavy.passes(&events[0], &budget) else {
            panic!("it has a result")
        };
        assert!(why.contains("steps"), "{why}");
    }
    assert!(budget.is_used_up());
    assert_eq!(budget.spent().steps, MAX_EVENT_STEPS);
    let Err(Failure::TooMuch(why)) = light.passes(&events[0], &budget) else {
        panic!("it has a result")
    };
    assert!(why.contains("the filters of a tenant have 30000000"), "{why}");
}

#[test]
fn a_filter_holds_no_more_memory_than_it_says() {
    let pattern = |n: usize| format!("event.data.x.matches('a{n}[0-9]+')");
    let text = (0..20).map(pattern).collect::<Vec<_>>().join(" || ");
    let filter = Filter::from_stored(text.clone());
    let before = filter.bytes();
    drop(filter.passes(&input(r#"{"x":"b"}"#), &Budget::of_event()));
    assert_eq!(filter.bytes(), before, "compiled or not");
    assert!((text.len()..48 * 1024).contains(&before), "{before}");
}

#[test]
fn finding_02_the_first_use_of_a_stored_filter_is_charged() {
    let pattern = |n: usize| format!("event.data.x.matches('(a?b?c?){{9}}{n}')");
    let text = (0..20).map(pattern).collect::<Vec<_>>().join(" || ");
    let order = input(ORDER);
    let spent = |filter: &Filter| {
        let budget = Budget::of_event();
        drop(filter.passes(&order, &budget));
        budget.spent().steps
    };
    let filter = Filter::from_stored(text.clone());
    assert_eq!(filter.likely_cost(300).steps(), MAX_STEPS, "it is not known yet");
    let (first, second) = (spent(&filter), spent(&filter));
    assert!(first > second + 400_000, "{first} {second}");
    assert!(filter.likely_cost(300) < filter.cost());
    // Where nothing is left, it is not even compiled.
    let budget = Budget::of_event();
    let heavy: Filter = "event.data.x.all(x, !('zz' in event.data.x))".parse().unwrap();
    while !budget.is_used_up() {
        drop(heavy.passes(&worst_events()[0], &budget));
    }
    let filter = Filter::from_stored(text);
    assert!(matches!(filter.passes(&order, &budget), Err(Failure::TooMuch(_))));
    assert_eq!(filter.likely_cost(300).steps(), MAX_STEPS, "it is not compiled");
}

#[test]
fn the_messages_that_the_documentation_shows_are_those_of_the_gate() {
    let documentation = include_str!("../../../../../docs/filters.md");
    let four = ["event.data.x.matches('(a?b?c?){20}')"; 4].join(" || ");
    let eighty = format!("event.data.x.map(x, [x{}]).size() > 0", ", x".repeat(79));
    for text in [four, eighty] {
        let message = format!("filter: {}\n", text.parse::<Filter>().unwrap_err());
        assert!(documentation.contains(&message), "{message}");
    }
}
