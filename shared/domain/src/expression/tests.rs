use super::*;
use crate::event::Content;

mod bounds;
mod fuzz;
mod hostile;
mod language;

fn content(data: &str) -> Content {
    Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: Some(RawJson::parse(r#"{"source":"api"}"#).unwrap()),
        timestamp: Some("2024-01-15T10:30:00.5Z".parse().unwrap()),
        version: None,
        test: false,
    }
}

pub(super) fn input(data: &str) -> Input {
    let accepted_at = "2024-01-15T10:30:01Z".parse().unwrap();
    Input::new(&"evt-1".parse().unwrap(), &"acme".parse().unwrap(), &content(data), accepted_at)
}

const ORDER: &str = r#"{"total":99.90,"count":3,"big":1234567890123456789,"huge":18446744073709551615,
    "status":"paid","customer":{"id":7,"email":"a@example.com","b-c":1.0,"vip":true},"none":null,
    "items":[{"sku":"A","price":5.50,"tags":["x"]},{"sku":"B","price":7,"tags":[]}],
    "zed":{"z":1,"a":2,"m":3},"half":"\ud83d","1":"one"}"#;

fn passes(filter: &str) -> Result<bool, Failure> {
    filter
        .parse::<Filter>()
        .unwrap_or_else(|e| panic!("{filter}: {e}"))
        .passes(&input(ORDER), &Budget::of_event())
}

fn transformed(transform: &str) -> Result<String, Failure> {
    let transform: Transform = transform.parse().unwrap_or_else(|e| panic!("{transform}: {e}"));
    transform.apply(&input(ORDER), &Budget::of_delivery()).map(|json| json.as_str().to_owned())
}

#[test]
fn a_filter_passes_or_rejects_an_event() {
    for (filter, expected) in [
        ("true", true),
        ("event.type == 'order.created'", true),
        ("event.type.startsWith('user.')", false),
        ("event.id == 'evt-1' && event.tenant == 'acme' && !event.test", true),
        ("event.timestamp == '2024-01-15T10:30:00.500Z'", true),
        ("event.timestamp < '2024-02'", true),
        ("has(event.version)", false),
        ("has(event.version) && event.version == '2'", false),
        ("event.metadata.source == 'api'", true),
        ("event.data.total == 99.9 && event.data.total > 50", true),
        ("event.data.count == 3 && event.data.count == 3.0", true),
        ("event.data.big == 1234567890123456789", true),
        ("event.data.huge == 18446744073709551615u", true),
        ("event.data.customer['b-c'] == 1", true),
        ("event['data']['status'] in ['paid', 'refunded']", true),
        ("event.data.status.size() == 4 && size(event.data.items) == 2", true),
        ("event.data.items[1].sku == 'B'", true),
        ("event.data.items.exists(i, i.price > 6)", true),
        ("event.data.items.all(i, i.price > 6)", false),
        ("event.data.items.exists_one(i, 'x' in i.tags)", true),
        ("event.data.items.filter(i, i.price > 5.0).map(i, i.sku) == ['A', 'B']", true),
        ("has(event.data.customer.email) && !has(event.data.customer.phone)", true),
        ("event.data.customer.email.matches('^[a-z]+@example\\\\.com$')", true),
        ("matches(event.data.status, '^x')", false),
        ("event.data.none == null", true),
        ("event.data.zed.map(k, k) == ['a', 'm', 'z']", true),
        ("event.data.half != ''", true),
        ("type(event.data.count) == int && type(event.data.total) == double", true),
        ("string(event.data.count) + '!' == '3!' && int('7') == 7", true),
        ("event.data.total > 100.0 ? false : true", true),
        ("event.data.nothing == 1 || true", true),
        ("event.data.total * 2.0 > 199.0 // dear", true),
    ] {
        assert_eq!(passes(filter), Ok(expected), "{filter}");
    }
}

#[test]
fn a_filter_that_fails_says_why() {
    for (filter, expected) in [
        ("event.data.nothing == 1", Failure::Missing("there is no event.data.nothing".into())),
        ("event.version == '1'", Failure::Missing("there is no event.version".into())),
        ("has(event.data.no.thing)", Failure::Missing("there is no event.data.no".into())),
        (
            "event.data.items[2].sku == ''",
            Failure::Missing("there is no event.data.items[2].sku".into()),
        ),
        (
            "event.data.items.all(i, i.colour == '')",
            Failure::Missing("there is no key colour".into()),
        ),
        (
            "event.data.items[event.data.count].sku == ''",
            Failure::Missing("an index is out of range".into()),
        ),
        ("event.data.count", Failure::Wrong("must be true or false, but is of type int".into())),
        (
            "event.data.status > 5",
            Failure::Wrong(
                "found no matching overload for '_>_' applied to '(string, int)'".into(),
            ),
        ),
        ("event.data.total * 2 > 1.0", Failure::Wrong("mul does not take double and int".into())),
        ("event.data.count / 0 == 1", Failure::Wrong("divides by zero".into())),
        ("event.data.big * 100 == 1", Failure::Wrong("has a result that is out of range".into())),
        ("event.data.status.all(c, true)", Failure::Wrong("a macro needs a list or a map".into())),
        ("[1] + event.data.zed == []", Failure::Wrong("a map cannot be added".into())),
        ("int(event.data.status) == 1", Failure::Wrong("int() does not take this value".into())),
    ] {
        assert_eq!(passes(filter), Err(expected), "{filter}");
    }
}

#[test]
fn a_transform_copies_what_it_does_not_change_and_writes_the_rest_in_one_form() {
    for (transform, expected) in [
        // What is not changed stays as it was published.
        ("event.data.customer", r#"{"id":7,"email":"a@example.com","b-c":1.0,"vip":true}"#),
        (
            "{'z': event.data.total, 'a': event.data.big, 'h': event.data.half, 'c': event.data.zed}",
            r#"{"z":99.90,"a":1234567890123456789,"h":"\ud83d","c":{"z":1,"a":2,"m":3}}"#,
        ),
        (
            "{'price': event.data.items[0].price, 'list': [event.data.items[1].price, {'x': event.data['1']}]}",
            r#"{"price":5.50,"list":[7,{"x":"one"}]}"#,
        ),
        ("event.data.customer.vip ? {'v': event.data.total} : {'v': 0}", r#"{"v":99.90}"#),
        // What is computed is written in one form.
        (
            "{'a': event.data.total + 0.1, 'b': 1.0, 'c': 2u, 'd': -3}",
            r#"{"a":100.0,"b":1.0,"c":2,"d":-3}"#,
        ),
        ("{'z': [event.data.zed].map(x, x)}", r#"{"z":[{"a":2,"m":3,"z":1}]}"#),
        (
            "{'s': 'a\"b\\n' + event.type, 'n': null, 't': !false}",
            r#"{"s":"a\"b\norder.created","n":null,"t":true}"#,
        ),
        ("{'k': event.data.items.map(i, {'sku': i.sku})}", r#"{"k":[{"sku":"A"},{"sku":"B"}]}"#),
        ("{'b': b'hi'}", r#"{"b":"aGk="}"#),
        ("{event.data.status: true}", r#"{"paid":true}"#),
        ("{}", "{}"),
    ] {
        assert_eq!(transformed(transform).as_deref(), Ok(expected), "{transform}");
    }
}

#[test]
fn a_transform_that_fails_says_why() {
    let wrong = |text: &str| Failure::Wrong(text.to_owned());
    for (transform, expected) in [
        ("event.data.items", wrong("must return a map")),
        ("'x'", wrong("must return a map")),
        ("{1: 2}", wrong("a key must be a string")),
        ("{'a': {1: 2}}", wrong("a key must be a string")),
        ("{'a': [1].map(x, {1: x})}", wrong("a key must be a string")),
        ("{'a': 1, 'a': 2}", wrong("a map has a duplicate key")),
        ("{'a': 1.0 / 0.0}", wrong("makes a number that JSON cannot represent")),
        ("event.data.count ? {} : {}", wrong("a condition must be a bool, not int")),
        (
            "{'a': event.data.nothing}",
            Failure::Missing("there is no event.data.nothing".to_owned()),
        ),
    ] {
        assert_eq!(transformed(transform), Err(expected), "{transform}");
    }
}

/// `has()`, a field and an index of what is no object or no list.
#[test]
fn has_on_what_is_no_object_says_so() {
    for (filter, expected) in [
        ("has(event.data.status.n)", "event.data.status is no object"),
        ("has(event.data.items.n)", "event.data.items is no object"),
        ("has(event.data.none.n)", "event.data.none is no object"),
        ("has(event.data.count.a.b.c)", "event.data.count is no object"),
        ("has(event.type.n)", "event.type is no object"),
        ("has(event.data.items[0].sku.n)", "event.data.items[0].sku is no object"),
        ("event.data.status.n == 1", "event.data.status is no object"),
        ("event.data.status.n.m == 1", "event.data.status is no object"),
        ("event.data.items.sku == ''", "event.data.items is no object"),
        ("event.data.status[0] == ''", "event.data.status is no list"),
        ("event.data.customer[0] == ''", "event.data.customer is no list"),
        ("event.data.items[0][1] == ''", "event.data.items[0] is no list"),
        ("has(event.data.no.thing)", "there is no event.data.no"),
        ("event.data.items[7] == ''", "there is no event.data.items[7]"),
    ] {
        assert_eq!(passes(filter), Err(Failure::Missing(expected.into())), "{filter}");
    }
    for (filter, expected) in [
        (
            "event.data.items.all(i, has(i.sku.n))",
            "a field of a value of type string, which is no object",
        ),
        (
            "event.data.items.all(i, i.sku[0] == '')",
            "an index of a value of type string, which is no list and no object",
        ),
        ("event.data.items.map(i, i)['a'] == ''", "an index of a list is of type string, not int"),
    ] {
        assert_eq!(passes(filter), Err(Failure::Wrong(expected.into())), "{filter}");
    }
    // All of the data is a text.
    let filter: Filter = "has(event.data.n)".parse().unwrap();
    let said = filter.passes(&input("\"text\""), &Budget::of_event());
    assert_eq!(said, Err(Failure::Missing("event.data is no object".into())));
}

#[test]
fn the_gate_says_what_it_refuses_and_where() {
    for (text, line, column, expected) in [
        ("", 1, 1, "expecting expression"),
        ("event.type ==", 1, 14, "expecting expression"),
        ("event.type = 'x'", 1, 12, "mismatched input '='"),
        ("event.data.a &&\n  (event.data.b", 2, 16, "expected ')'"),
        ("'abc", 1, 1, "unterminated string"),
        ("event.data.total > 5 and true", 1, 22, "mismatched input 'and'"),
        ("'€' == evnt.type", 1, 8, "there is no variable evnt; the event is called event"),
        ("event.data.x ==\n nope(1)", 2, 2, "there is no function nope"),
        ("event.type.lower() == 'x'", 1, 12, "there is no method lower"),
        ("timestamp(event.timestamp) < 1", 1, 1, "there is no function timestamp"),
        ("[1].map(x, [2].map(y, y))", 1, 16, "a macro must not be inside another macro"),
        ("[1].all(x, x > 0 && [2].exists(y, y > x))", 1, 25, "inside another macro"),
        ("[1].all(event, event > 0)", 1, 9, "must not be called event"),
        ("[1].all(x.y, true)", 1, 10, "must be a simple name"),
        ("event.type.matches(event.id)", 1, 12, "the pattern must be a string literal"),
        ("event.type.matches('(')", 1, 12, "invalid pattern: "),
        ("event.type.matches('(a{50}){50}')", 1, 12, "invalid pattern: "),
        ("Thing{a: 1}", 1, 1, "there is no message Thing"),
        ("x > 1", 1, 1, "there is no variable x"),
        ("event.data.x > x", 1, 16, "there is no variable x"),
    ] {
        let error = text.parse::<Filter>().unwrap_err();
        assert!(error.message.contains(expected), "{text}: {error}");
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
    }
    let shown = "event.data.x >".parse::<Filter>().unwrap_err().to_string();
    assert!(shown.starts_with("line 1, column 15: "), "{shown}");
}

#[test]
fn macros_may_be_chained() {
    assert!("[1].filter(x, x > 0).map(x, x + 1) == [2]".parse::<Filter>().is_ok());
    assert!("[1].all(x, has(event.data.a))".parse::<Filter>().is_ok());
}

#[test]
fn a_preview_has_the_results_of_both_expressions() {
    let (filter, transform) = ("event.data.count > 5", "{'n': event.data.nothing}");
    let (filter, transform) = (filter.parse().unwrap(), transform.parse().unwrap());
    let shown = preview(Some(&filter), Some(&transform), &input(ORDER), &Budget::of_delivery());
    assert_eq!(shown.filter, Some(Ok(Verdict::Rejected)));
    let missing = Failure::Missing("there is no event.data.nothing".to_owned());
    assert_eq!(shown.transform, Some(Err(missing)));
    assert_eq!(
        preview(None, None, &input(ORDER), &Budget::of_delivery()),
        Preview { filter: None, transform: None }
    );
}

#[test]
fn a_stored_expression_that_is_no_longer_accepted_fails_as_invalid() {
    let filter = Filter::from_stored("event.type ==".to_owned());
    let Err(Failure::Invalid(invalid)) = filter.passes(&input(ORDER), &Budget::of_event()) else {
        panic!("it was evaluated")
    };
    assert_eq!((invalid.line, invalid.column, filter.as_str()), (1, 14, "event.type =="));
}
