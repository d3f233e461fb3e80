//! The stylesheet and the script, under names that contain a hash of them: what has this name never changes.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_http::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY,
};
use lambda_http::http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};

/// A file that browsers keep.
pub(crate) struct Asset {
    pub(crate) name: String,
    kind: &'static str,
    text: String,
    /// The same, compressed. Pages are not: they hold the form's token beside texts that others choose, and their
    /// compressed lengths would tell of it (<https://www.breachattack.com>).
    gzip: Vec<u8>,
}

pub(crate) static CSS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("portal", "css", "text/css; charset=utf-8", include_str!("../assets/portal.css"))
});
pub(crate) static JS: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/portal.js");
    Asset::new("portal", "js", "text/javascript; charset=utf-8", text)
});

const FOR_EVER: &str = "public, max-age=31536000, immutable";

impl Asset {
    fn new(stem: &str, extension: &str, kind: &'static str, text: &'static str) -> Self {
        let text = lean(text);
        let digest = Sha256::digest(&text);
        let hash = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        let gzip = compressed(&text);
        Self { name: format!("{stem}-{hash}.{extension}"), kind, text, gzip }
    }
}

/// Without indentation and without lines that are empty or a comment, which are a sixth of the script. No text in
/// either file goes over the end of a line.
fn lean(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    let kept: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    kept.join("\n")
}

/// Writing to memory does not fail; if it did, nothing would be sent instead of the text.
fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default()
}

pub(crate) async fn get(Path(name): Path<String>, asked: HeaderMap) -> Response {
    let Some(asset) = [&*CSS, &*JS].into_iter().find(|asset| asset.name == name) else {
        // A page of a version before or after this one asks for it.
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    };
    let headers =
        [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, FOR_EVER), (VARY, "accept-encoding")];
    if takes_gzip(&asked) && !asset.gzip.is_empty() {
        (headers, [(CONTENT_ENCODING, "gzip")], asset.gzip.as_slice()).into_response()
    } else {
        (headers, asset.text.as_str()).into_response()
    }
}

/// Whether `Accept-Encoding` names gzip, and not with a weight of nothing (RFC 9110, section 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let listed = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|list| list.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let nothing =
            weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()) == Some(0.0);
        coding.trim().eq_ignore_ascii_case("gzip") && !nothing
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use lambda_http::http::HeaderMap;
    use lambda_http::http::header::ACCEPT_ENCODING;

    use super::{CSS, JS, lean, takes_gzip};

    #[test]
    fn who_takes_gzip_gets_it_and_it_is_the_same_text() {
        for (accepts, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0, br", false),
            ("br", false),
            ("", false),
        ] {
            let asked = HeaderMap::from_iter([(ACCEPT_ENCODING, accepts.parse().unwrap())]);
            assert_eq!(takes_gzip(&asked), takes, "{accepts}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
        for asset in [&*CSS, &*JS] {
            let mut text = String::new();
            flate2::read::GzDecoder::new(asset.gzip.as_slice()).read_to_string(&mut text).unwrap();
            assert_eq!(text, asset.text);
            assert!(asset.gzip.len() * 2 < text.len(), "{} bytes", asset.gzip.len());
        }
    }

    #[test]
    fn what_no_browser_needs_is_left_out() {
        assert_eq!(lean("{\n  // why\n\n  a(); // then\n}\n"), "{\na(); // then\n}");
        assert!(JS.text.len() < include_str!("../assets/portal.js").len() * 9 / 10);
        assert!(!CSS.text.contains("\n "));
        assert!(
            !JS.text.contains('`')
                || JS.text.lines().all(|line| line.matches('`').count() % 2 == 0)
        );
    }
}
