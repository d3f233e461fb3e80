//! What a transform changes: JSON before and after, line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::json;
use crate::written::{Html, seen};

/// Longer than this, two texts are not compared: nobody would read it.
const MOST_LINES: usize = 400;
/// Then the rest counts as replaced.
const TIME_LIMIT: Duration = Duration::from_millis(50);

/// How both differ, and what that is called.
pub(super) fn diff(before: &str, after: &str) -> (&'static str, Html) {
    let pretty = json::pretty(before).zip(json::pretty(after));
    let fits = |text: &str| text.lines().count() <= MOST_LINES;
    let Some((before, after)) = pretty.filter(|(before, after)| fits(before) && fits(after)) else {
        return (
            "What would be sent; it is too long to be compared",
            json::body(after, "What is sent"),
        );
    };
    if before == after {
        return ("The transform changes nothing", json::body(&after, "What is sent"));
    }
    let mut out = String::from(
        "<div class=\"code diff\" tabindex=\"0\" role=\"group\" aria-label=\"What is sent, compared with the event\">",
    );
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let (old, new) = (compared(&before), compared(&after));
    let compared = TextDiff::configure().timeout(TIME_LIMIT).diff_slices(&old, &new);
    for change in compared.iter_all_changes() {
        let line = |of: &[&str], at: Option<usize>| {
            seen(at.and_then(|at| of.get(at)).copied().unwrap_or_default())
        };
        out.push_str(&match change.tag() {
            ChangeTag::Equal => format!("<p>  {}</p>", line(&after, change.new_index())),
            ChangeTag::Delete => {
                format!("<p><del>− {}</del></p>", line(&before, change.old_index()))
            }
            ChangeTag::Insert => {
                format!("<p><ins>+ {}</ins></p>", line(&after, change.new_index()))
            }
        });
    }
    out.push_str("</div>");
    ("What would be sent, compared with the event’s data", Html(out))
}

/// What counts of lines: a comma that comes or goes with the member after it is no change.
fn compared<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines.iter().map(|line| line.strip_suffix(',').unwrap_or(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_go_and_come_are_marked_and_the_others_stay() {
        let (_, Html(shown)) =
            diff(r#"{"id":"<1>","total":149.90}"#, r#"{"id":"<1>","sum":149.90}"#);
        assert!(shown.contains("<p>    &quot;id&quot;: &quot;&lt;1&gt;&quot;,</p>"), "{shown}");
        assert!(shown.contains("<del>−   &quot;total&quot;: 149.90</del>"), "{shown}");
        assert!(shown.contains("<ins>+   &quot;sum&quot;: 149.90</ins>"), "{shown}");
    }

    #[test]
    fn a_member_that_becomes_the_last_stays() {
        let (_, Html(shown)) = diff(r#"{"id":1,"total":2}"#, r#"{"id":1}"#);
        assert!(shown.contains("<p>    &quot;id&quot;: 1</p>"), "{shown}");
        assert_eq!(shown.matches("<del>").count(), 1, "{shown}");
        assert!(!shown.contains("<ins>"), "{shown}");
    }

    #[test]
    fn what_is_the_same_or_too_long_is_no_diff() {
        let (said, Html(shown)) = diff(r#"{"a": 1}"#, r#"{"a":1}"#);
        assert!(said.contains("changes nothing") && !shown.contains("<del>"), "{shown}");
        let long = format!("[{}1]", "1,".repeat(MOST_LINES));
        let (said, Html(shown)) = diff(&long, "{}");
        assert!(said.contains("too long") && !shown.contains("<del>"), "{said}");
    }
}
