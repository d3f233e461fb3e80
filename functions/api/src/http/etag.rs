//! `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1): a change applies only to a revision that the client has
//! seen.

use axum::extract::FromRequestParts;
use hooklane_app::precondition::Precondition;
use lambda_http::http::header::IF_MATCH;
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderValue};

use crate::http::problem::Problem;

/// The `ETag` of a revision.
pub(crate) fn of(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or_else(|_| unreachable!())
}

/// The revisions that `If-Match` accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Precondition);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(precondition(&parts.headers)))
    }
}

/// Several headers count as one list. `*` accepts any revision. A tag that is not ours matches nothing. A
/// weak tag matches nothing either, because `If-Match` compares strongly.
fn precondition(headers: &HeaderMap) -> Precondition {
    let lines: Vec<_> = headers.get_all(IF_MATCH).iter().map(HeaderValue::to_str).collect();
    if lines.is_empty() {
        return Precondition::Any;
    }
    let list = lines.into_iter().map(Result::unwrap_or_default).collect::<Vec<_>>().join(",");
    match list.trim() {
        "*" => Precondition::Any,
        list => Precondition::OneOf(strong_tags(list).filter_map(|tag| tag.parse().ok()).collect()),
    }
}

/// The contents of the strong tags in a list, up to the first syntax error. A comma between quotes belongs
/// to the tag.
fn strong_tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let weak = rest.starts_with("W/");
            let (tag, after) =
                rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
            rest = after;
            if !weak {
                return Some(tag);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_tags_in_valid_syntax_match() {
        let one_of = |revisions: &[u64]| Precondition::OneOf(revisions.to_vec());
        for (lines, expected) in [
            (&[][..], Precondition::Any),
            (&["*"], Precondition::Any),
            (&[" * "], Precondition::Any),
            (&["\"7\""], one_of(&[7])),
            (&["\"7\", \"8\""], one_of(&[7, 8])),
            (&["\"7\",,\t\"8\","], one_of(&[7, 8])),
            (&["\"7\"", "\"8\""], one_of(&[7, 8])),
            (&["W/\"7\""], one_of(&[])),
            (&["W/\"7\", \"8\""], one_of(&[8])),
            (&["\"a,b\", \"8\""], one_of(&[8])),
            (&["\"\""], one_of(&[])),
            (&["7"], one_of(&[])),
            (&["\"7"], one_of(&[])),
            (&[""], one_of(&[])),
            (&["\"18446744073709551616\""], one_of(&[])),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(IF_MATCH, line.parse().unwrap());
            }
            assert_eq!(precondition(&headers), expected, "{lines:?}");
        }
    }
}
