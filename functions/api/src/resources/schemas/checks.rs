use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// At least one of `secret`, `body`, `bodyBase64` and `headers` is required.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"secret": "whsec_aG9va2xhbmUgZXhhbXBsZSwgbm90IGEgc2VjcmV0ISE=", "body": "{}"}))]
pub(crate) struct NewCheck {
    /// The attempt to compare with. If omitted, the newest to which the given headers belong, or the newest.
    #[schema(nullable = false, minimum = 1)]
    attempt: Option<u32>,
    /// The secret that the receiver verifies with; the public key where requests are signed with Ed25519.
    #[schema(nullable = false)]
    secret: Option<String>,
    /// The body as the receiver has it before it parses it.
    #[schema(nullable = false)]
    body: Option<String>,
    /// The same in base64, where it is not UTF-8 or its line ends matter. It cannot be combined with `body`.
    #[schema(nullable = false)]
    body_base64: Option<String>,
    /// The headers that the receiver got, by name.
    #[schema(nullable = false)]
    headers: Option<BTreeMap<String, String>>,
}
