//! Filters and transforms that ask for much, each with the event on which they do.

/// A filter or transform with the data of an event.
#[derive(Debug, Clone)]
pub struct Expression {
    pub name: String,
    pub filter: Option<String>,
    pub transform: Option<String>,
    /// `data` of the hostile event, as JSON.
    pub data: String,
}

/// The bytes of data that fit into an event, beside its envelope.
pub const DATA: usize = 250_000;

/// `{"l":[1,1,…]}`: as many elements as fit.
#[must_use]
pub fn list() -> String {
    format!("{{\"l\":[{}1]}}", "1,".repeat(DATA / 2))
}

/// `{"t":"aaa…"}`: one long text.
#[must_use]
pub fn text() -> String {
    format!("{{\"t\":\"{}\"}}", "a".repeat(DATA))
}

/// A list and a text, half each.
#[must_use]
pub fn list_and_text() -> String {
    let (list, text) = ("1,".repeat(DATA / 4), "a".repeat(DATA / 2 - 100));
    format!("{{\"l\":[{list}1],\"t\":\"{text}\"}}")
}

/// `{"l":["aaaaaaaa",…]}`: many texts.
#[must_use]
pub fn texts() -> String {
    format!("{{\"l\":[{}\"\"]}}", "\"aaaaaaaa\",".repeat(DATA / 11))
}

/// `{"m":{"k0":1,…}}`: many keys.
#[must_use]
pub fn keys() -> String {
    let pairs: Vec<_> = (0..DATA / 11).map(|i| format!("\"k{i:05}\":1")).collect();
    format!("{{\"m\":{{{}}}}}", pairs.join(","))
}

/// `{"l":[{},{},…]}`: many objects.
#[must_use]
pub fn objects() -> String {
    format!("{{\"l\":[{}{{}}]}}", "{\"a\":1},".repeat(DATA / 8 - 1))
}

/// `{"l":[[],[],…]}`: many empty lists.
#[must_use]
pub fn lists() -> String {
    format!("{{\"l\":[{}[]]}}", "[],".repeat(DATA / 3 - 1))
}

/// As deep as an event may nest.
#[must_use]
pub fn deep() -> String {
    let depth = 96;
    let inner = "1,".repeat(DATA / 2 - 200);
    format!("{}[{inner}1]{}", "{\"d\":".repeat(depth), "}".repeat(depth))
}

/// `op` between `n` times `operand`, as a balanced tree, so that it is not deep.
#[must_use]
pub fn balanced(operand: &str, op: &str, n: usize) -> String {
    if n <= 1 {
        return operand.to_owned();
    }
    let (left, right) = (n / 2, n - n / 2);
    format!("({}{op}{})", balanced(operand, op, left), balanced(operand, op, right))
}

fn filter(name: &str, filter: impl Into<String>, data: String) -> Expression {
    let (name, filter) = (format!("filter: {name}"), Some(filter.into()));
    Expression { name, filter, transform: None, data }
}

fn transform(name: &str, transform: impl Into<String>, data: String) -> Expression {
    let (name, transform) = (format!("transform: {name}"), Some(transform.into()));
    Expression { name, filter: None, transform, data }
}

/// Findings 1 and 2 of the survey, and others of their kind.
#[must_use]
pub fn all() -> Vec<Expression> {
    let many = |one: &str, n: usize| vec![one; n].join(" && ");
    vec![
        filter(
            "a list that adds itself thirty times",
            format!("size({}) > 0", balanced("event.data.l", "+", 28)),
            list(),
        ),
        filter(
            "a sum of lists in a row",
            format!("size({}) > 0", vec!["event.data.l"; 20].join("+")),
            lists(),
        ),
        filter(
            "a text that adds itself",
            format!("size({}) > 0", balanced("event.data.t", "+", 28)),
            text(),
        ),
        filter(
            "sums of objects",
            format!("size({}) > 0", balanced("event.data.l", "+", 28)),
            objects(),
        ),
        filter(
            "four patterns with counted repetitions",
            many("!event.data.t.matches('[ab]{1,90}c')", 4),
            text(),
        ),
        filter(
            "patterns that backtrack elsewhere",
            many("!event.data.t.matches('(a+)+(a+)+b')", 10),
            text(),
        ),
        filter(
            "a pattern of many alternatives",
            many("!event.data.t.matches('(a|b|ab|ba|aab|abb){1,12}c')", 4),
            text(),
        ),
        filter("patterns on many texts", "event.data.l.all(x, !x.matches('[ab]{1,60}c'))", texts()),
        filter("each in the list", "event.data.l.all(x, x in event.data.l)", list()),
        filter("twenty times in", many("!(2 in event.data.l)", 20), list()),
        filter("twenty times in a map", many("!('x' in event.data.m)", 20), keys()),
        filter("comparisons of lists", many("event.data.l == event.data.l", 16), list()),
        filter("comparisons of objects", many("event.data.l == event.data.l", 16), objects()),
        filter("comparisons of texts", many("event.data.t == event.data.t", 18), text()),
        filter("comparisons of all data", many("event.data == event.data", 18), deep()),
        filter(
            "sums compared",
            "event.data.l + event.data.l + event.data.l == event.data.l + event.data.l + event.data.l",
            list(),
        ),
        filter(
            "a chain of map",
            "event.data.l.map(x, [x,x,x,x]).map(x, [x,x,x,x]).map(x, x+x+x).size() > 0",
            list(),
        ),
        filter(
            "maps made for each element",
            "event.data.l.map(x, {'a':x,'b':x,'c':x,'d':x,'e':x,'f':x}).size() > 0",
            list(),
        ),
        filter(
            "long literals for each element",
            format!("event.data.l.map(x, '{}').size() > 0", "y".repeat(1_500)),
            list(),
        ),
        filter(
            "a chain of filter",
            format!("event.data.l{}.size() > 0", ".filter(x, x > 0)".repeat(12)),
            list(),
        ),
        filter(
            "texts that grow in a chain",
            "event.data.l.map(x, x+x+x+x+x+x+x+x).map(x, x+x+x+x+x+x+x+x).size() > 0",
            texts(),
        ),
        filter(
            "all data in a list",
            format!("size([{}]) > 0", vec!["event.data"; 60].join(",")),
            list(),
        ),
        filter(
            "bytes of a text",
            format!("size({}) > 0", balanced("bytes(event.data.t)", "+", 20)),
            text(),
        ),
        filter("a search in a text", many("!event.data.t.contains('aaaaaaaaaaab')", 20), text()),
        filter("keys joined", "event.data.m.map(k, k+k+k+k+k+k+k+k).size() > 0", keys()),
        filter("an index for each element", "event.data.l.all(x, event.data.l[0] == x)", list()),
        filter("a number of many digits", "double(event.data.t) > 0.0", text().replace('a', "9")),
        filter(
            "choices of large values",
            format!("size({}) > 0", balanced("(event.data.b ? [] : event.data.l)", "+", 12)),
            list().replace("{\"l\"", "{\"b\":false,\"l\""),
        ),
        transform(
            "a list that adds itself",
            format!("{{'a': {}}}", balanced("event.data.l", "+", 28)),
            list(),
        ),
        transform(
            "a text that adds itself",
            format!("{{'a': {}}}", balanced("event.data.t", "+", 28)),
            text(),
        ),
        transform(
            "the data forty times",
            format!("{{'a': [{}]}}", vec!["event.data.l"; 40].join(",")),
            list(),
        ),
        transform("objects of every element", "{'a': event.data.l.map(x, {'b': x})}", list()),
        transform(
            "texts that grow in a chain",
            "{'a': event.data.l.map(x, x+x+x+x+x+x+x+x).map(x, x+x+x+x+x+x+x+x)}",
            texts(),
        ),
        transform(
            "lists of lists",
            "{'a': event.data.l.map(x, [x,x,x,x,x,x,x,x]).map(x, x+x+x+x)}",
            list(),
        ),
        transform("doubles", "{'a': event.data.l.map(x, double(x) / 3.0)}", list()),
        transform("bytes", "{'a': bytes(event.data.t), 'b': bytes(event.data.t)}", text()),
        transform(
            "a pattern in a choice",
            "{'a': event.data.t.matches('[ab]{1,90}c') ? 1 : 2}",
            text(),
        ),
    ]
}
