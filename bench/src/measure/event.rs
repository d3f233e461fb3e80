//! Events of a given size whose content compresses as JSON of a shop does: to about a third.

use serde_json::{Value, json};

const WORDS: [&str; 32] = [
    "order",
    "invoice",
    "customer",
    "address",
    "street",
    "quantity",
    "price",
    "currency",
    "shipped",
    "pending",
    "warehouse",
    "discount",
    "total",
    "tax",
    "notes",
    "gift",
    "express",
    "standard",
    "payment",
    "card",
    "transfer",
    "refund",
    "partial",
    "confirmed",
    "berlin",
    "lisbon",
    "oslo",
    "madrid",
    "article",
    "size",
    "colour",
    "green",
];

/// The data of an event, with about `bytes` bytes as JSON.
#[must_use]
pub fn data(bytes: usize) -> Value {
    let id = format!("{:016x}", fastrand::u64(..));
    let mut text = String::with_capacity(bytes);
    // What is around the text.
    let around = 64;
    while text.len() + around < bytes {
        if fastrand::u8(..) < 64 {
            text.push_str(&format!("{:06x} ", fastrand::u32(..1 << 24)));
        } else {
            text.push_str(WORDS[fastrand::usize(..WORDS.len())]);
            text.push(' ');
        }
    }
    text.truncate(bytes.saturating_sub(around));
    json!({"orderId": id, "total": 149.9, "note": text})
}

/// An event as a producer publishes it.
#[must_use]
pub fn event(tenant: Option<&str>, bytes: usize) -> Value {
    let mut event = json!({"type": super::round::EVENT_TYPE, "data": data(bytes)});
    if let Some(tenant) = tenant {
        event["tenant"] = json!(tenant);
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_the_size_that_is_asked_for() {
        for bytes in [500_usize, 10_000, 200_000] {
            let made = data(bytes).to_string().len();
            assert!(made.abs_diff(bytes) < 20, "{made} of {bytes}");
        }
    }
}
