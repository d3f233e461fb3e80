//! The cost of an expression has a limit, whatever the expression and the event are.

use super::*;

fn refused(text: &str) -> String {
    text.parse::<Filter>().unwrap_err().message
}

#[test]
fn length_tokens_and_nesting_are_limited() {
    let text = |n: usize| format!("'{}' == ''", "é".repeat(n - 8));
    assert!(text(MAX_CHARACTERS).parse::<Filter>().is_ok());
    assert_eq!(refused(&text(MAX_CHARACTERS + 1)), "is over 2000 characters long");
    let sum = |n: usize| format!("{}1 > 0", "1+".repeat(n));
    assert!(sum(20).parse::<Filter>().is_ok());
    assert_eq!(refused(&sum(124)), "has more than 250 tokens");
    let nest = |n: usize| format!("{}true{}", "(".repeat(n), ")".repeat(n));
    assert!(nest(16).parse::<Filter>().is_ok());
    assert_eq!(refused(&nest(17)), "has more than 16 levels of brackets");
    for deep in [
        sum(24),
        format!("{}true", "true ? true : ".repeat(60)),
        format!("event.data[event.data]{} == 1", ".a".repeat(100)),
    ] {
        let message = refused(&deep);
        assert_eq!(message, "has more than 24 levels of nested operations", "{deep}");
    }
    // A path is one operation, however long it is.
    assert!(format!("event.data{} == 1", ".a".repeat(100)).parse::<Filter>().is_ok());
    // More conditions than people write by hand are accepted.
    let conditions: Vec<_> = (0..20).map(|n| format!("event.data.a{n} == {n}")).collect();
    assert!(conditions.join(" && ").parse::<Filter>().is_ok());
}

/// The longest list that an event can hold.
fn longest_list() -> Input {
    input(&format!("{{\"list\":[{}1]}}", "1,".repeat(MAX_EVENT_BYTES / 2 - 100)))
}

/// A long list and a long text.
fn long_and_many() -> Input {
    let (text, list) = ("x".repeat(MAX_EVENT_BYTES / 2), "1,".repeat(MAX_EVENT_BYTES / 4 - 100));
    input(&format!("{{\"list\":[{list}1],\"text\":\"{text}\"}}"))
}

fn too_much<T: fmt::Debug>(result: Result<T, Failure>, name: &str) {
    assert!(matches!(result, Err(Failure::TooMuch(_))), "{name}: {result:?}");
}

#[test]
fn an_evaluation_that_would_take_too_long_is_refused_before_it_does() {
    let run = |text: &str, input: &Input| {
        Filter::from_stored(text.to_owned()).passes(input, &Budget::of_event())
    };
    assert_eq!(run("event.data.list.all(x, x == 1)", &longest_list()), Ok(true));
    let sum = format!("event.data.list.all(x, {}x > 0)", "x+".repeat(18));
    too_much(run(&sum, &longest_list()), "many steps for many elements");
    for text in [
        "event.data.list.all(x, event.data.text.contains('y') || true)",
        "event.data.list.all(x, !(x + 1 in event.data.list))",
        "event.data.list.all(x, event.data.text.matches('y*x+y') || true)",
        "event.data.list.filter(x, size(event.data.text) > 0).size() > 0",
        "event.data.list.map(x, [event.data.text + 'z']).size() > 0",
        "event.data.list.exists(x, event.data == event.data) && event.data.list.exists(x, size(event.data.text) == 1)",
    ] {
        too_much(run(text, &long_and_many()), text);
    }
}

/// What a macro's step only passes on is not copied.
#[test]
fn a_value_that_is_passed_on_costs_no_memory() {
    for text in [
        "event.data.list.map(x, event.data.text).size() > 0",
        "event.data.list.map(x, event.data).size() > 0",
        "!event.data.list.exists(x, event.data.text == 1)",
    ] {
        let (filter, budget): (Filter, _) = (text.parse().unwrap(), Budget::of_event());
        assert_eq!(filter.passes(&long_and_many(), &budget), Ok(true), "{text}");
        let (bytes, elements) = (budget.spent().bytes, MAX_EVENT_BYTES as u64 / 4);
        assert!(bytes < elements * 40, "{text}: {bytes}");
    }
}

#[test]
fn a_macro_pays_for_the_result_of_the_one_before() {
    let texts = format!("\"{}\",", "x".repeat(1_000)).repeat(200);
    let texts = input(&format!("{{\"texts\":[{texts}\"\"]}}"));
    let double = "event.data.texts.map(x, x+x+x+x+x+x+x+x)";
    let text = format!("{double}.map(x, x+x+x+x+x+x+x+x).map(x, x+x+x+x+x+x+x+x).size() > 0");
    too_much(Filter::from_stored(text).passes(&texts, &Budget::of_event()), "the result grows");
}

#[test]
fn a_result_is_limited() {
    let run = |text: &str| {
        text.parse::<Transform>().unwrap().apply(&long_and_many(), &Budget::of_delivery())
    };
    assert!(run("{'a': event.data.text}").is_ok());
    too_much(run("{'a': event.data.text, 'b': event.data.text}"), "twice the text");
    too_much(run("{'a': event.data.text + event.data.text}"), "a longer text");
}

#[test]
fn a_result_nests_no_deeper_than_an_event() {
    let deep = format!("{}1{}", "[".repeat(99), "]".repeat(99));
    let run = |text: &str| {
        text.parse::<Transform>().unwrap().apply(&input(&deep), &Budget::of_delivery())
    };
    assert!(run("{'a': event.data}").is_ok());
    let deeper = run("{'a': [event.data]}").unwrap_err();
    assert_eq!(deeper, Failure::Wrong("its result nests deeper than 100 levels".to_owned()));
    // The same where the value is computed.
    assert!(run("{'a': [1].map(x, event.data)[0]}").is_ok());
}
