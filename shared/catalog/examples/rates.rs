//! Measures what judging the largest event takes for the kinds of schemas that cost most, beside what the
//! model says: `cargo run --release --package hooklane-catalog --example rates`. The model must say more.

#![expect(clippy::print_stdout, reason = "it is a tool")]

use std::fs::read_to_string;

use hooklane_catalog::Schema;
use hooklane_domain::event::MAX_EVENT_BYTES;
use hooklane_domain::json::RawJson;

/// Linux counts processor time in steps of some milliseconds.
const TIMES: u32 = 20;

fn main() {
    for (schema, data) in cases() {
        let parsed = match Schema::from_stored(text(&schema)).compile() {
            Ok(parsed) => parsed,
            Err(refused) => {
                println!("refused    {refused:.90}    {schema:.70}");
                continue;
            }
        };
        let json = text(&data);
        let cost = parsed.cost_on(json.as_str().len()).0 as f64 / 1e9;
        let start = processor();
        for _ in 0..TIMES {
            let _ = parsed.judge("data", &json);
        }
        let found = (processor() - start) / f64::from(TIMES);
        let ratio = found / cost;
        println!("{found:8.2} ms of {cost:8.2}  {ratio:5.2}    {schema:.80}    {data:.30}");
    }
}

/// The processor time of this process in milliseconds, as Linux counts it: others may use the processor too.
fn processor() -> f64 {
    let stat = read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e6
}

fn text(json: &str) -> RawJson {
    match RawJson::parse(json) {
        Ok(json) => json,
        Err(_) => unreachable!("the cases are JSON"),
    }
}

/// A list of as many copies as an event holds.
fn list(element: &str) -> String {
    let copies = (MAX_EVENT_BYTES - 40) / (element.len() + 1);
    format!("[{}]", vec![element; copies].join(","))
}

/// An object with as many fields as an event holds.
fn object(name: &str, value: &str) -> String {
    let mut fields = String::new();
    for i in 0.. {
        let field = format!("\"{name}{i:x}\":{value},");
        if fields.len() + field.len() > MAX_EVENT_BYTES - 40 {
            break;
        }
        fields.push_str(&field);
    }
    format!("{{{}}}", fields.trim_end_matches(','))
}

/// Distinct numbers.
fn numbers() -> String {
    let numbers: Vec<_> = (0..36_000).map(|i| i.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

/// Distinct lists of empty lists.
fn nested() -> String {
    fn trees(depth: usize) -> Vec<String> {
        if depth == 0 {
            return vec![String::new()];
        }
        let mut all = Vec::new();
        for left in 0..depth {
            for a in trees(left) {
                for b in trees(depth - 1 - left) {
                    let comma = if b.is_empty() { "" } else { "," };
                    all.push(format!("[{a}]{comma}{b}"));
                }
            }
        }
        all
    }
    let all: Vec<_> = trees(10).into_iter().map(|tree| format!("[{tree}]")).collect();
    format!("[{}]", all[..9_000].join(","))
}

fn cases() -> Vec<(String, String)> {
    let long = format!("\"{}\"", "ab".repeat(MAX_EVENT_BYTES / 2 - 20));
    let of = |keyword: &str| format!("{{\"items\":{{{keyword}}}}}");
    let mut cases = vec![
        ("{}".to_owned(), list("1")),
        (of(r#""type":"number""#), list("1")),
        (of(r#""type":["number","null","string"]"#), list("1")),
        (of(r#""multipleOf":0.001"#), list("1.1")),
        (of(r#""multipleOf":0.001"#), list("1")),
        (of(r#""multipleOf":3"#), list("6")),
        (of(r#""minimum":0,"maximum":9"#), list("1")),
        (of(r#""minLength":0,"maxLength":9"#), list("\"\"")),
        (r#"{"minLength":1,"maxLength":999999}"#.to_owned(), long.clone()),
        (of(r#""const":[1,2,3,4,5,6,7,8,9]"#), list("[1,2,3,4,5,6,7,8,0]")),
        (of(r#""enum":["a","b","c",1,2,3,null]"#), list("4")),
        (r#"{"uniqueItems":true}"#.to_owned(), numbers()),
        (r#"{"uniqueItems":true}"#.to_owned(), nested()),
        (of(r#""uniqueItems":true"#), list("[1,2,3,4]")),
        (of(r#""uniqueItems":true"#), list("[]")),
        (of(r#""uniqueItems":true"#), list(r#"[{"a":1},{"b":2}]"#)),
        (of(r#""required":["a","b","c","d"]"#), list(r#"{"a":1,"b":1,"c":1,"d":1}"#)),
        (of(r#""required":["a","b","c","d"]"#), list("{}")),
        (r#"{"additionalProperties":{"type":"number"}}"#.to_owned(), object("", "1")),
        (r#"{"propertyNames":{"maxLength":9},"additionalProperties":{"type":"number"}}"#.to_owned(), object("", "1")),
        (r#"{"patternProperties":{"^[0-9a-f]+$":{"type":"number"}}}"#.to_owned(), object("", "1")),
        (r#"{"patternProperties":{"^[0-9a-f]+[^x]?$":{"type":"number"},"[0-9]b":{}},"additionalProperties":false}"#.to_owned(), object("", "1")),
        (r#"{"anyOf":[{"items":{"type":"string"}},{"items":{"type":"number"}}]}"#.to_owned(), list("1")),
        (of(r#""anyOf":[{"type":"string"},{"type":"null"},{"type":"number"}]"#), list("1")),
        (of(r#""oneOf":[{"type":"string"},{"type":"null"},{"type":"number"}]"#), list("1")),
        (of(r#""not":{"not":{"not":{"type":"string"}}}"#), list("1")),
        (r#"{"items":{"items":{"items":{}}}}"#.to_owned(), list("[[]]")),
        (r#"{"contains":{"type":"string"},"minContains":0}"#.to_owned(), list("1")),
    ];
    let fields: Vec<_> = (0..20).map(|i| format!("\"f{i}\":{{\"type\":\"string\"}}")).collect();
    let fields = of(&format!("\"properties\":{{{}}}", fields.join(",")));
    for data in ["{}", r#"{"a":1}"#, r#"{"f1":"","f7":"","f19":"","f18":""}"#] {
        cases.push((fields.clone(), list(data)));
    }
    for format in FORMATS {
        let schema = format!(r#"{{"format":"{format}"}}"#);
        for text in ["a", "1", "a.", "%20", "{a}", "1:", "é"] {
            let long = format!("\"{}\"", text.repeat((MAX_EVENT_BYTES - 40) / text.len()));
            cases.push((schema.clone(), long));
        }
        let list = list("\"2024-01-15T10:30:00Z\"");
        cases.push((format!(r#"{{"items":{{"format":"{format}"}}}}"#), list));
    }
    for pattern in PATTERNS {
        let schema = format!(r#"{{"pattern":{}}}"#, serde_json::Value::from(*pattern));
        for text in ["ab", "a", "a1", "x ", "éa", "aab"] {
            let long = format!("\"{}\"", text.repeat((MAX_EVENT_BYTES - 40) / text.len()));
            cases.push((schema.clone(), long));
        }
        cases.push((format!(r#"{{"items":{schema}}}"#), list("\"ab\"")));
    }
    cases
}

const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

const PATTERNS: &[&str] = &[
    "^[a-z0-9 ]+$",
    "[a-z][0-9]x",
    "(a|b|ab|ba)*c",
    r"^\S+@\S+\.\S+$",
    "[ab][^x]{5}y",
    "(.*a.{3}){2}b",
    "[a-q][^u-z]{6}x",
    r"(\w\s?){1,9}!",
    r"^\p{Lu}[\p{L} '-]*$",
    r"\p{L}{3}[0-9]\p{L}",
    "(a?){20}a{20}c",
    "([ab]{1,9}[bc]{1,9}){1,3}d",
    r"\bab\b.*x",
];
