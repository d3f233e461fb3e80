//! What a receiver has, as a request says it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::webhook::secret::SigningSecret;

/// What a receiver has of a delivery. Its secret is not shown by `Debug`, nor what it got.
#[derive(Clone, Default)]
pub struct CheckOrder {
    pub attempt: Option<u32>,
    pub secret: Option<SigningSecret>,
    pub body: Option<Vec<u8>>,
    pub headers: Option<Vec<(String, String)>>,
}

impl CheckOrder {
    /// Reads `{attempt?, secret?, body?, bodyBase64?, headers?}`.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let attempt: Option<u32> = fields.read(&["attempt"], "the number of an attempt");
        let secret: Option<String> = fields.read(&["secret"], "a text");
        let text: Option<String> = fields.read(&["body"], "a text");
        let encoded: Option<String> = fields.read(&["bodyBase64"], "a text");
        if text.is_some() && encoded.is_some() {
            fields.error("bodyBase64", "cannot be combined with body");
        }
        let decoded = encoded.map(|encoded| STANDARD.decode(encoded.trim()));
        if matches!(decoded, Some(Err(_))) {
            fields.error("bodyBase64", "must be base64");
        }
        let headers = fields
            .read::<std::collections::BTreeMap<String, String>>(&["headers"], "an object of texts");
        if secret.is_none()
            && text.is_none()
            && decoded.is_none()
            && headers.is_none()
            && !["secret", "body", "bodyBase64", "headers"].iter().any(|one| fields.has_error(one))
        {
            fields.error("", "must have secret, body, bodyBase64 or headers");
        }
        fields.finish()?;
        Ok(Self {
            attempt,
            secret: secret.map(|text| SigningSecret::from_stored(text.into())),
            body: text.map(String::into_bytes).or(decoded.and_then(Result::ok)),
            headers: headers.map(|headers| headers.into_iter().collect()),
        })
    }
}
