//! The stylesheet and the script, under names that contain a hash of them: what has this name never changes.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use lambda_http::http::StatusCode;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest as _, Sha256};

/// A file that browsers keep.
pub(crate) struct Asset {
    pub(crate) name: String,
    kind: &'static str,
    text: String,
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
        Self { name: format!("{stem}-{hash}.{extension}"), kind, text }
    }
}

/// Without indentation and without lines that are empty or a comment, which are a sixth of the script. No text in either
/// file goes over the end of a line.
fn lean(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    let kept: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    kept.join("\n")
}

pub(crate) async fn get(Path(name): Path<String>) -> Response {
    match [&*CSS, &*JS].into_iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, FOR_EVER)];
            (headers, asset.text.as_str()).into_response()
        }
        // A page of a version before or after this one asks for it.
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CSS, JS, lean};

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
