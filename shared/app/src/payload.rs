//! How the content of an event travels in a message or item: plain, compressed, or not at all.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use hooklane_domain::delivery::message::Payload;
use hooklane_domain::event::{Content, MAX_EVENT_BYTES};
use hooklane_domain::json::position;

use crate::ports::{Unavailable, corrupt};

/// Content of up to this many bytes is not compressed.
const PLAIN_MAX: usize = 4 * 1024;
/// Content over this many compressed bytes is left out: the receiver of the message reads the event.
const PACKED_MAX: usize = 32 * 1024;
/// No content inflates to more bytes than this: the published data and the fields around it.
const INFLATED_MAX: u64 = 2 * MAX_EVENT_BYTES as u64;

/// The content as a message carries it, or `None` if it is too large.
#[must_use]
pub fn pack(content: &Content) -> Option<Payload> {
    let json = to_json(content);
    if json.len() <= PLAIN_MAX {
        return Some(Payload::Plain(Box::new(content.clone())));
    }
    let packed = deflate(json.as_bytes())?;
    (packed.len() <= PACKED_MAX).then(|| Payload::Zlib(STANDARD.encode(packed)))
}

pub fn unpack(payload: Payload) -> Result<Content, Unavailable> {
    match payload {
        Payload::Plain(content) => Ok(*content),
        Payload::Zlib(text) => {
            let bytes = STANDARD.decode(text).map_err(|e| corrupt("a message's payload", e))?;
            from_json(&inflate(&bytes)?)
        }
    }
}

/// The content as JSON text.
#[must_use]
pub fn to_json(content: &Content) -> String {
    match serde_json::to_string(content) {
        Ok(json) => json,
        Err(_) => unreachable!("every part of a content is representable in JSON"),
    }
}

pub fn from_json(json: &str) -> Result<Content, Unavailable> {
    serde_json::from_str(json).map_err(|e| corrupt("an event's content", position(&e)))
}

#[must_use]
pub fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

pub fn inflate(bytes: &[u8]) -> Result<String, Unavailable> {
    let mut text = String::new();
    ZlibDecoder::new(bytes)
        .take(INFLATED_MAX)
        .read_to_string(&mut text)
        .map_err(|e| corrupt("compressed content", e))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hooklane_domain::json::RawJson;

    fn content(data: &str) -> Content {
        Content {
            event_type: "user.created".parse().unwrap(),
            data: RawJson::parse(data).unwrap(),
            metadata: None,
            timestamp: Some("2024-01-15T10:30:00Z".parse().unwrap()),
            version: None,
            test: false,
        }
    }

    #[test]
    fn content_is_packed_by_its_size() {
        let small = content(r#"{"a":1.0}"#);
        assert!(matches!(pack(&small), Some(Payload::Plain(_))));
        let repetitive = content(&format!(r#""{}""#, "abc".repeat(60_000)));
        let packed = pack(&repetitive).unwrap();
        assert!(matches!(packed, Payload::Zlib(_)));
        assert_eq!(unpack(packed).unwrap(), repetitive);
        let noise: String = (0..60_000u64)
            .map(|n| char::from(b'!' + (n.wrapping_mul(n * 2_654_435_761) >> 13) as u8 % 50))
            .filter(|c| *c != '"' && *c != '\\')
            .collect();
        assert_eq!(pack(&content(&format!(r#""{noise}""#))), None);
    }

    #[test]
    fn a_broken_payload_is_an_error() {
        assert!(unpack(Payload::Zlib("%%%".to_owned())).is_err());
        assert!(unpack(Payload::Zlib(STANDARD.encode(b"nonsense"))).is_err());
    }
}
