//! The logos of platforms: the bytes of each (`b`), under a hash of them.

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::{LogoStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::portal::{Logo, LogoHash};
use serde::Deserialize;

use super::{Ledger, expiry, keys};
use crate::failure::corrupt;
use crate::table::{Write, binary, from_item, number};

/// What an item says beside the bytes.
#[derive(Deserialize)]
struct LogoItem {
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

impl LogoStore for Ledger {
    async fn keep_logo(&self, logo: &Logo, until: Timestamp) -> Result<(), Unavailable> {
        let key = keys::logo(&logo.mark().hash);
        let keep = Write::update(&key, "SET b = :bytes, expiresAt = :until")
            .value(":bytes", binary(logo.bytes().to_vec()))
            .value(":until", number(until.as_second()));
        self.table.write(keep).await.map(drop)
    }

    async fn logo(&self, hash: &LogoHash) -> Result<Option<(Logo, Timestamp)>, Unavailable> {
        let Some(mut item) = self.table.get_item(&keys::logo(hash)).await? else { return Ok(None) };
        let Some(AttributeValue::B(bytes)) = item.remove("b") else {
            return Err(corrupt("a logo", "it has no bytes"));
        };
        let LogoItem { expires_at } = from_item(item)?;
        // What it is, is read from the bytes again, so that nothing else is ever served.
        let logo = Logo::of(bytes.into_inner()).map_err(|e| corrupt("a logo", e))?;
        Ok(Some((logo, expiry(expires_at)?)))
    }
}
