//! Writes a request, byte for byte.

use hooklane_contract::WireRequest;
use hooklane_domain::webhook::target::TargetUrl;
use http::{HeaderName, HeaderValue, Uri};

/// The headers that say where a request ends and whom it is for. Only this file writes them.
const OWN: [&str; 3] = ["host", "content-length", "transfer-encoding"];

/// The request as it is sent, with the header names as the contract and the webhook spell them. What HTTP needs
/// is added: the host, the length, and that any answer will do.
pub(crate) fn write(url: &TargetUrl, request: &WireRequest) -> Result<Vec<u8>, String> {
    let resource: Uri =
        url.resource().parse().map_err(|e| format!("the URL cannot be requested: {e}"))?;
    let resource = resource.path_and_query().map_or("/", |resource| resource.as_str());
    if HeaderValue::from_str(url.authority()).is_err() {
        return Err("the URL's host cannot be a header".to_owned());
    }
    let mut head = format!("POST {resource} HTTP/1.1\r\nHost: {}\r\n", url.authority());
    let mut accepts = false;
    for (name, value) in &request.headers {
        // A name or a value that could end its line is none.
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err()
        {
            return Err(format!("the header {name} has no valid value"));
        }
        if OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            continue;
        }
        accepts |= name.eq_ignore_ascii_case("accept");
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    }
    if !accepts {
        head.push_str("Accept: */*\r\n");
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", request.body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(request.body.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(url: &str, headers: &[(&str, &str)]) -> Result<String, String> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let request = WireRequest { headers, body: "{}".to_owned(), shown_headers: Vec::new() };
        let url = TargetUrl::from_stored(url).unwrap();
        write(&url, &request).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn header_names_go_out_as_they_are_spelled() {
        let headers = [
            ("Content-Type", "application/json"),
            ("X-Webhook-ID", "wh_1"),
            ("X-GitHub-Event", "push"),
            ("webhook-id", "e1"),
            ("x_My-hEADER", "as typed"),
        ];
        assert_eq!(
            written("https://a.example.com:8443/hook?a=1&b=%20", &headers).unwrap(),
            "POST /hook?a=1&b=%20 HTTP/1.1\r\nHost: a.example.com:8443\r\n\
             Content-Type: application/json\r\nX-Webhook-ID: wh_1\r\nX-GitHub-Event: push\r\n\
             webhook-id: e1\r\nx_My-hEADER: as typed\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n{}"
        );
    }

    #[test]
    fn nothing_in_a_header_ends_its_line_or_frames_the_request() {
        for (name, value) in [
            ("X-A", "b\r\nX-B: c"),
            ("X-A", "b\nc"),
            ("X-A", "b\0"),
            ("X A", "b"),
            ("X-A:", "b"),
            ("", "b"),
            ("X-A\r\n", "b"),
        ] {
            assert!(
                written("https://a.example.com/", &[(name, value)]).is_err(),
                "{name:?} {value:?}"
            );
        }
        let headers = [
            ("hOST", "b"),
            ("Content-length", "99"),
            ("TRANSFER-ENCODING", "chunked"),
            ("accept", "text/plain"),
        ];
        assert_eq!(
            written("https://a.example.com/", &headers).unwrap(),
            "POST / HTTP/1.1\r\nHost: a.example.com\r\naccept: text/plain\r\nContent-Length: 2\r\n\r\n{}"
        );
    }
}
