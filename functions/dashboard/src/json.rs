//! JSON that folds: each object and each list is a `details`. What is no object and no list is shown as it came, so
//! that numbers keep their digits and texts their escapes.

use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::written::{Html, seen, seen_lines};

/// Deeper than this, or longer, a text is shown as it is.
const MAX_DEPTH: usize = 24;
const MAX_BYTES: usize = 64 * 1024;
/// What is deeper than this is closed at first.
const OPEN_LEVELS: usize = 3;

/// The longest HTML of a body: a page may have a dozen, and an answer of Lambda six megabytes. Characters that are
/// shown by their numbers take forty times their length.
const MAX_SHOWN: usize = 384 * 1024;
/// What is shown of a body that is too long.
const SHOWN_OF_LONG: usize = 4 * 1024;

/// A body as it came, folding if it is JSON. Of one that would be too long only the beginning.
pub(crate) fn body(text: &str, label: &str) -> Html {
    if text.is_empty() {
        return Html("<p class=\"hint\">The body is empty.</p>".to_owned());
    }
    let whole = whole(text, label);
    if whole.0.len() <= MAX_SHOWN {
        return whole;
    }
    let beginning = &text[..text.floor_char_boundary(SHOWN_OF_LONG)];
    let rest = text.len() - beginning.len();
    Html(format!("{}<p>Cut: {rest} bytes more.</p>", plain(beginning, label).0))
}

fn whole(text: &str, label: &str) -> Html {
    let node = (text.len() <= MAX_BYTES).then(|| Node::read(text, 0)).flatten();
    match node.filter(|node| !matches!(node, Node::Leaf(_))) {
        Some(node) => {
            let mut out = format!(
                "<div class=\"code json\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\">"
            );
            node.write(&mut out, "", "", 0);
            out.push_str("</div>");
            Html(out)
        }
        None => plain(text, label),
    }
}

fn plain(text: &str, label: &str) -> Html {
    Html(format!(
        "<pre class=\"code code--wrap\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\">{}</pre>",
        seen_lines(text)
    ))
}

/// JSON with each member and each item on a line of its own; `None` if it is none, or too long or deep to be shown so.
pub(crate) fn pretty(text: &str) -> Option<String> {
    let node = (text.len() <= MAX_BYTES).then(|| Node::read(text, 0)).flatten()?;
    let mut out = String::with_capacity(text.len() * 2);
    node.write_lines(&mut out, "");
    Some(out)
}

enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Leaf(String),
}

impl Node {
    fn read(text: &str, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        match text.trim_start().as_bytes().first()? {
            b'{' => {
                let Members(members) = serde_json::from_str(text).ok()?;
                let read = |(key, raw): (String, Box<RawValue>)| {
                    Some((key, Self::read(raw.get(), depth + 1)?))
                };
                members.into_iter().map(read).collect::<Option<_>>().map(Self::Object)
            }
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
                let items = items.iter().map(|raw| Self::read(raw.get(), depth + 1));
                items.collect::<Option<_>>().map(Self::List)
            }
            _ => {
                let raw: Box<RawValue> = serde_json::from_str(text).ok()?;
                Some(Self::Leaf(raw.get().to_owned()))
            }
        }
    }

    fn write_lines(&self, out: &mut String, blanks: &str) {
        let deeper = format!("{blanks}  ");
        let (open, close, parts): (_, _, Vec<(String, &Self)>) = match self {
            Self::Leaf(text) => return out.push_str(text),
            Self::Object(members) => {
                let named = |(key, node)| (format!("{}: ", serde_json::Value::from(key)), node);
                let members = members.iter().map(|(key, node)| (key.as_str(), node));
                ("{", "}", members.map(named).collect())
            }
            Self::List(items) => {
                ("[", "]", items.iter().map(|node| (String::new(), node)).collect())
            }
        };
        out.push_str(open);
        let count = parts.len();
        for (at, (key, node)) in parts.into_iter().enumerate() {
            let _ = write!(out, "\n{deeper}{key}");
            node.write_lines(out, &deeper);
            out.push_str(if at + 1 == count { "\n" } else { "," });
        }
        if count > 0 {
            out.push_str(blanks);
        }
        out.push_str(close);
    }

    fn write(&self, out: &mut String, key: &str, comma: &str, level: usize) {
        let (open, close, count, noun) = match self {
            Self::Object(members) => ("{", "}", members.len(), "field"),
            Self::List(items) => ("[", "]", items.len(), "item"),
            Self::Leaf(text) => {
                let _ = write!(out, "{key}{}{comma}", seen(text));
                return;
            }
        };
        if count == 0 {
            let _ = write!(out, "{key}{open}{close}{comma}");
            return;
        }
        let plural = if count == 1 { "" } else { "s" };
        let is_open = if level < OPEN_LEVELS { " open" } else { "" };
        let _ = write!(
            out,
            "<details{is_open}><summary>{key}{open}<i> {count} {noun}{plural} {close}{comma}</i></summary><ul>"
        );
        let comma_after = |at: usize| if at + 1 == count { "" } else { "," };
        match self {
            Self::Object(members) => {
                for (at, (key, node)) in members.iter().enumerate() {
                    let key = format!("<span class=\"key\">&quot;{}&quot;</span>: ", seen(key));
                    out.push_str("<li>");
                    node.write(out, &key, comma_after(at), level + 1);
                    out.push_str("</li>");
                }
            }
            Self::List(items) => {
                for (at, node) in items.iter().enumerate() {
                    out.push_str("<li>");
                    node.write(out, "", comma_after(at), level + 1);
                    out.push_str("</li>");
                }
            }
            Self::Leaf(_) => {}
        }
        let _ = write!(out, "</ul>{close}{comma}</details>");
    }
}

/// The members of an object in their order, as often as they are there.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_members_their_order() {
        let Html(shown) = body(r#"{"b": 149.90, "a": [1e3, {}], "b": "x<y"}"#, "Body");
        assert!(shown.contains("149.90") && shown.contains("1e3"), "{shown}");
        assert!(shown.contains("x&lt;y") && !shown.contains("x<y"), "{shown}");
        assert!(shown.find("149.90") < shown.find("1e3"), "{shown}");
    }

    #[test]
    fn lines_keep_the_digits_and_what_is_empty_stays_on_its_line() {
        let text = r#"{"b":149.90,"a":[1e3,{},[]],"k\"":"\u003c"}"#;
        let lines =
            ["{", "  \"b\": 149.90,", "  \"a\": [", "    1e3,", "    {},", "    []", "  ],"];
        let wanted = format!("{}\n  \"k\\\"\": \"\\u003c\"\n}}", lines.join("\n"));
        assert_eq!(pretty(text).unwrap(), wanted);
        assert_eq!(pretty("7").unwrap(), "7");
        assert_eq!(pretty("{"), None);
        assert_eq!(pretty(&"[".repeat(500)), None);
    }

    #[test]
    fn an_empty_body_is_said_and_leaves_no_empty_box() {
        let Html(shown) = body("", "Body");
        assert!(shown.contains("The body is empty.") && !shown.contains("<pre"), "{shown}");
    }

    #[test]
    fn a_body_that_would_fill_the_answer_is_cut() {
        let unseen = "\u{7f}".repeat(60_000);
        for text in [unseen.clone(), format!("{{\"a\": \"{unseen}\"}}"), "é\u{7f}".repeat(90_000)]
        {
            let Html(shown) = body(&text, "Body");
            assert!(shown.len() < MAX_SHOWN, "{}", shown.len());
            assert!(shown.contains("bytes more"), "{}", &shown[shown.len() - 60..]);
        }
        let Html(shown) = body(&"a".repeat(100_000), "Body");
        assert!(!shown.contains("bytes more"));
    }

    #[test]
    fn what_is_no_json_is_text() {
        for text in [" ", "<b>no</b>", "{\"a\":", "42", &"[".repeat(500)] {
            let Html(shown) = body(text, "Body");
            assert!(shown.starts_with("<pre"), "{text}");
            assert!(!shown.contains("<b>"), "{shown}");
        }
    }
}
