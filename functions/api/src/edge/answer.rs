//! Writes an answer for API Gateway.

use axum::body::{Bytes, to_bytes};
use axum::response::{IntoResponse as _, Response};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::header::SET_COOKIE;
use lambda_http::http::{HeaderMap, HeaderValue};

use crate::http::problem::Problem;
use crate::http::security;

/// The most bytes of a body as it is written in the answer. Lambda accepts 6 MiB for the whole answer; a
/// larger one would be an error of the function, and a 502 without a word for the client.
pub(super) const MAX_BODY_BYTES: usize = 6_000_000;

/// The answer as API Gateway reads it.
pub(super) async fn written(response: Response) -> ApiGatewayV2httpResponse {
    match fitting(response).await {
        Ok((parts, body)) => of(parts.status.as_u16(), &parts.headers, body),
        Err(why) => {
            let mut problem = Problem::internal(why).into_response();
            security::protect(problem.headers_mut());
            let (parts, body) = problem.into_parts();
            // The body of a problem is short and in memory.
            let body = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
            of(parts.status.as_u16(), &parts.headers, text_of(body))
        }
    }
}

/// The answer, if its body is small enough.
async fn fitting(
    response: Response,
) -> Result<(lambda_http::http::response::Parts, Body), &'static str> {
    const TOO_LARGE: &str = "the answer is larger than Lambda accepts";
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| TOO_LARGE)?;
    let body = text_of(bytes);
    let written = match &body {
        Body::Text(text) => escaped_len(text),
        Body::Binary(bytes) => base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX),
        _ => 0,
    };
    if written > MAX_BODY_BYTES { Err(TOO_LARGE) } else { Ok((parts, body)) }
}

/// Text as it is, anything else in base64.
fn text_of(bytes: Bytes) -> Body {
    if bytes.is_empty() {
        return Body::Empty;
    }
    match String::from_utf8(bytes.into()) {
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Binary(binary.into_bytes()),
    }
}

/// The number of bytes of a text within a JSON string, as `serde_json` writes it.
fn escaped_len(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

fn of(status: u16, headers: &HeaderMap, body: Body) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = status.into();
    answer.headers = joined(headers);
    // One line each: a comma between two cookies would be a part of the first.
    let cookies = headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    answer.cookies = cookies.map(str::to_owned).collect();
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = match body {
        Body::Empty => None,
        body => Some(body),
    };
    answer
}

/// Payload format 2.0 has one line for each header, so several lines become one.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut one_each = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys().filter(|name| *name != SET_COOKIE) {
        let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b", "[..])) {
            one_each.insert(name.clone(), line);
        }
    }
    one_each
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn what_is_written_up_to_a_limit_of_its_own_fits() {
        const { assert!(hooklane_app::openapi::MAX_BYTES < MAX_BODY_BYTES) };
    }

    #[test]
    fn the_length_is_that_of_the_written_text() {
        let every: String = (0..0x180u32).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\"\\\n\u{0}\u{1f}\u{7f}", "é☃", &every] {
            let written = serde_json::to_string(text).unwrap();
            assert_eq!(escaped_len(text), written.len() - 2, "{text:?}");
        }
    }

    #[tokio::test]
    async fn each_cookie_is_a_line_of_its_own() {
        let cookies = ["a=1; Path=/", "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
        let mut response = Response::new(axum::body::Body::empty());
        for cookie in cookies {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        let answer = written(response).await;
        assert_eq!(answer.cookies, cookies);
        assert!(!answer.headers.contains_key(SET_COOKIE));
    }

    #[tokio::test]
    async fn an_answer_that_lambda_would_refuse_is_an_error_of_one_line() {
        let quotes = "\"".repeat(MAX_BODY_BYTES / 2);
        let answer = written(quotes.clone().into_response()).await;
        assert_eq!(answer.status_code, 200);
        let answer = written((quotes + "\"").into_response()).await;
        assert_eq!(answer.status_code, 500);
        assert!(matches!(answer.body, Some(Body::Text(text)) if text.contains("problem:internal")));
        let binary = vec![0xff; MAX_BODY_BYTES];
        assert_eq!(written(binary.into_response()).await.status_code, 500);
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_encoded_and_lines_are_joined() {
        let mut response = vec![0xff, 0xfe].into_response();
        response.headers_mut().append("vary", HeaderValue::from_static("accept"));
        response.headers_mut().append("vary", HeaderValue::from_static("origin"));
        let answer = written(response).await;
        assert!(answer.is_base64_encoded);
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(json["body"], STANDARD.encode([0xff, 0xfe]));
        assert_eq!(json["headers"]["vary"], "accept, origin");
        let empty = written(().into_response()).await;
        assert_eq!((empty.body, empty.is_base64_encoded), (None, false));
    }
}
