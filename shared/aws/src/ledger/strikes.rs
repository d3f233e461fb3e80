//! The strikes of what may end its function (`n`).

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use hooklane_app::ports::{Strikes, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::deaths::{FORGOTTEN_AFTER, Suspect};
use hooklane_domain::time::later;
use serde::Deserialize;

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Write, number};

#[derive(Deserialize)]
struct StrikesItem {
    n: u32,
}

impl Strikes for Ledger {
    async fn strikes(&self, of: &Suspect) -> Result<u32, Unavailable> {
        let stored = self.table.get::<StrikesItem>(&keys::strikes(of)).await?;
        Ok(stored.map_or(0, |stored| stored.n))
    }

    async fn strike(&self, of: &Suspect, now: Timestamp) -> Result<u32, Unavailable> {
        let expires_at = later(now, FORGOTTEN_AFTER).as_second();
        let raise = Write::update(&keys::strikes(of), "SET expiresAt = :expires ADD n :one")
            .value(":expires", number(expires_at))
            .value(":one", number(1));
        let raised = self.table.write_returning(raise, ReturnValue::UpdatedNew).await?;
        match raised.as_ref().and_then(|item| item.get("n")) {
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|e| corrupt("strikes", e)),
            _ => Err(corrupt("strikes", "they are missing after they were raised")),
        }
    }

    async fn forgive(&self, of: &Suspect) -> Result<(), Unavailable> {
        self.table.write(Write::delete(&keys::strikes(of))).await.map(drop)
    }
}
