//! Messages and records that no function can read, or only at a price.

use serde_json::{Value, json};

/// A name with the body of a message.
pub type Body = (String, String);

fn large(name: &str, body: String) -> Body {
    (name.to_owned(), body)
}

/// Bodies of messages in the event queue.
#[must_use]
pub fn of_event_queue() -> Vec<Body> {
    let fields: Vec<_> = (0..80_000).map(|i| format!("\"f{i:06}\":1")).collect();
    vec![
        large("not JSON", "not JSON".to_owned()),
        large("a megabyte of brackets", "[".repeat(1_000_000)),
        large("a megabyte of objects", "{\"a\":".repeat(200_000)),
        large("a megabyte of unknown fields", format!("{{{}}}", fields.join(","))),
        large("control characters", "\u{1f}".repeat(150_000)),
        large(
            "an envelope in an envelope",
            json!({"detail-type": "a", "detail": {"detail-type": "a", "detail": {}}}).to_string(),
        ),
    ]
}

/// Bodies of messages in the delivery queue.
#[must_use]
pub fn of_delivery_queue() -> Vec<Body> {
    vec![
        large("not JSON", "not JSON".to_owned()),
        large("a version that never was", json!({"version": 0, "kind": "deliver"}).to_string()),
        large(
            "no delivery",
            json!({"version": 1, "kind": "deliver", "delivery": "dlv_x"}).to_string(),
        ),
        large("a megabyte of brackets", "[".repeat(1_000_000)),
        large("a megabyte of blanks", " ".repeat(1_000_000)),
        large("null", "null".to_owned()),
    ]
}

/// Records in the stream.
#[must_use]
pub fn of_stream() -> Vec<(String, Value)> {
    let keys = json!({"pk": {"S": "EV#poison#1"}, "sk": {"S": "EVENT"}});
    let record = |image: Value| {
        json!({
            "eventName": "INSERT",
            "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": "1"},
        })
    };
    let image = |attribute: &str, value: Value| {
        json!({
            "pk": {"S": "EV#poison#1"}, "sk": {"S": "EVENT"}, "t": {"S": "poison"}, "i": {"S": "1"},
            "a": {"N": "1700000000000"}, "f": {"S": "00"}, "expiresAt": {"N": "1800000000"},
            attribute: value,
        })
    };
    vec![
        ("no image".to_owned(), record(Value::Null)),
        ("a number".to_owned(), json!(7)),
        ("an image of another shape".to_owned(), record(json!({"t": {"N": "1"}}))),
        (
            "a content that is not JSON".to_owned(),
            record(image("c", json!({"S": "[".repeat(300_000)}))),
        ),
        ("a content that is not compressed".to_owned(), record(image("z", json!({"B": "AAAA"})))),
        ("a content that inflates to 62 MB".to_owned(), record(image("z", json!({"B": bomb()})))),
    ]
}

/// A compressed stream as large as an item may be, in base64. It inflates to about 62 MB of zeros:
/// deflate's fixed code repeats the last byte 258 times for each 13 bits.
fn bomb() -> String {
    use base64::Engine as _;
    let mut bits = Bits::default();
    // The last block, of the fixed code; then the literal 0.
    bits.push(1, 1);
    bits.push(1, 2);
    bits.push_code(0b0011_0000, 8);
    for _ in 0..240_000 {
        // Length 258 is code 285, and distance 1 is code 0.
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    base64::engine::general_purpose::STANDARD.encode(bits.bytes())
}

/// Writes bits as deflate orders them (RFC 1951, 3.1.1).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, bits: u32) {
        for i in 0..bits {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::try_from((value >> i) & 1).unwrap_or(0) << (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// A Huffman code, which begins with its most significant bit.
    fn push_code(&mut self, code: u32, bits: u32) {
        for i in (0..bits).rev() {
            self.push((code >> i) & 1, 1);
        }
    }

    fn bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bomb_fits_into_an_item() {
        let bytes = bomb().len() / 4 * 3;
        assert!((380_000..400 * 1024).contains(&bytes), "{bytes}");
    }
}
