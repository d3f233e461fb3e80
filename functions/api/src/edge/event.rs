//! Reads an event of API Gateway (payload format 2.0) as a request.
//!
//! Each field is parsed on its own, so that one that is damaged is named in the answer, and only those that
//! are needed are read.

use std::fmt;

use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::header::COOKIE;
use lambda_http::http::uri::PathAndQuery;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::http::path::canonical;

/// The event is not an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is not an HTTP request of API Gateway in payload format 2.0")]
pub struct NoRequest;

/// Why an event is no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    NoRequest(NoRequest),
    /// It is one, but damaged. The text is shown to the client and contains nothing of the request.
    Refused(&'static str),
}

type Read<T> = Result<T, Unreadable>;

/// The most headers of a request, and the most bytes of their names and values together. API Gateway accepts
/// 10,240 bytes.
const MAX_HEADERS: usize = 200;
const MAX_HEADER_BYTES: usize = 65_536;
/// The most bytes of path and query.
const MAX_TARGET_BYTES: usize = 16_384;

/// An event with fields that have not been parsed yet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    raw_path: Option<&'a RawValue>,
    #[serde(borrow)]
    raw_query_string: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow)]
    cookies: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    is_base64_encoded: Option<&'a RawValue>,
    #[serde(borrow)]
    request_context: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow)]
    http: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Option<&'a RawValue>,
}

/// The request that an event holds.
pub(super) fn request_of(event: &str) -> Read<Request> {
    let no_request = || Unreadable::NoRequest(NoRequest);
    let event: Event<'_> = serde_json::from_str(event).map_err(|_| no_request())?;
    if event.request_context.is_none() && event.raw_path.is_none() {
        return Err(no_request());
    }
    let mut request = Request::new(body(&event)?);
    *request.method_mut() = method(&event)?;
    *request.uri_mut() = target(&event)?;
    *request.headers_mut() = headers(&event)?;
    Ok(request)
}

fn method(event: &Event<'_>) -> Read<Method> {
    const WRONG: &str = "The request has no valid method.";
    let context = event.request_context.and_then(part::<RequestContext<'_>>);
    let http = context.and_then(|context| context.http).and_then(part::<Http<'_>>);
    let method = http.and_then(|http| http.method).ok_or(Unreadable::Refused(WRONG))?;
    let method: String = value(method, WRONG)?;
    Method::from_bytes(method.as_bytes()).map_err(|_| Unreadable::Refused(WRONG))
}

fn target(event: &Event<'_>) -> Read<Uri> {
    const PATH: &str = "The path of the request is not a text.";
    const QUERY: &str = "The query of the request is not a text.";
    let path: String = value(event.raw_path.ok_or(Unreadable::Refused(PATH))?, PATH)?;
    let query = event.raw_query_string.map(|raw| value::<String>(raw, QUERY)).transpose()?;
    let query = query.unwrap_or_default();
    if path.len() + query.len() > MAX_TARGET_BYTES {
        return Err(Unreadable::Refused("The path and the query are too long."));
    }
    canonical(&path).map_err(Unreadable::Refused)?;
    if !query.bytes().all(stands_in_queries) {
        let why = "The query has a character that must be percent-encoded.";
        return Err(Unreadable::Refused(why));
    }
    let whole = if query.is_empty() { path } else { format!("{path}?{query}") };
    let parsed = PathAndQuery::try_from(whole);
    parsed.map(Uri::from).map_err(|_| Unreadable::Refused("The path or the query is not valid."))
}

/// What RFC 3986 allows in a query, and what browsers leave as it is.
fn stands_in_queries(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'#')
}

fn headers(event: &Event<'_>) -> Read<HeaderMap> {
    const WRONG: &str = "The headers of the request are not texts, or too many.";
    let Some(raw) = event.headers else { return Ok(HeaderMap::new()) };
    if raw.get().len() > 2 * MAX_HEADER_BYTES {
        return Err(Unreadable::Refused("The headers are too large."));
    }
    let pairs: Pairs = value(raw, WRONG)?;
    let bytes: usize = pairs.0.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(Unreadable::Refused("The headers are too large."));
    }
    let mut headers = HeaderMap::with_capacity(pairs.0.len());
    for (name, value) in pairs.0 {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(Unreadable::Refused("A header of the request is not valid."));
        };
        headers.append(name, value);
    }
    if !headers.contains_key(COOKIE)
        && let Some(line) = event.cookies.and_then(cookies)
    {
        headers.insert(COOKIE, line);
    }
    Ok(headers)
}

/// The header `Cookie`, which API Gateway takes out of the headers and gives as a list (API Gateway Developer
/// Guide, "Create AWS Lambda proxy integrations for HTTP APIs", format 2.0). What is damaged is none: a request without a session.
fn cookies(raw: &RawValue) -> Option<HeaderValue> {
    let cookies: Vec<String> = part(raw)?;
    let line = cookies.join("; ");
    if line.is_empty() || line.len() > MAX_HEADER_BYTES {
        return None;
    }
    HeaderValue::from_bytes(line.as_bytes()).ok()
}

fn body(event: &Event<'_>) -> Read<Body> {
    const BODY: &str = "The body of the request is not a text.";
    const ENCODED: &str = "The body of the request is not encoded as the event says.";
    let encoded = event.is_base64_encoded.map(|raw| value::<bool>(raw, ENCODED)).transpose()?;
    let Some(raw) = event.body else { return Ok(Body::empty()) };
    let text: String = value(raw, BODY)?;
    if !encoded.unwrap_or(false) {
        return Ok(Body::from(text));
    }
    STANDARD.decode(text).map(Body::from).map_err(|_| Unreadable::Refused(ENCODED))
}

/// A part of the event that holds parts itself. What is not an object has none.
fn part<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn value<T: DeserializeOwned>(raw: &RawValue, wrong: &'static str) -> Read<T> {
    serde_json::from_str(raw.get()).map_err(|_| Unreadable::Refused(wrong))
}

/// The members of an object of texts. A name may occur more than once.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = members.next_entry()? {
                    if pairs.len() == MAX_HEADERS {
                        return Err(A::Error::custom("too many"));
                    }
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie_of(headers: &str, cookies: &str) -> Option<String> {
        let event = format!(
            r#"{{"rawPath":"/","headers":{headers},"cookies":{cookies},"requestContext":{{"http":{{"method":"GET"}}}}}}"#
        );
        let request = request_of(&event).unwrap();
        request.headers().get(COOKIE).map(|line| line.to_str().unwrap().to_owned())
    }

    #[test]
    fn cookies_come_in_a_list_of_their_own() {
        let read = |cookies| cookie_of("{}", cookies);
        assert_eq!(read(r#"["a=1","b=2"]"#).as_deref(), Some("a=1; b=2"));
        for damaged in ["[]", "null", "7", r#"["a", 7]"#, r#"["a\u0000"]"#] {
            assert_eq!(read(damaged), None, "{damaged}");
        }
        let header = cookie_of(r#"{"cookie":"c=3"}"#, r#"["a=1"]"#);
        assert_eq!(header.as_deref(), Some("c=3"), "of something that is not API Gateway");
    }
}
