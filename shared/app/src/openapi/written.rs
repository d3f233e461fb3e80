//! Writes a document as JSON, within a number of bytes.

use std::io;

use serde::Serialize;

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Over many lines, so that two versions can be compared.
    Lines,
    /// Without white space.
    Compact,
}

/// The JSON text, or `None` if it takes more than `most` bytes as a JSON string in an answer. What is more than that
/// is never made.
pub(super) fn written(value: &impl Serialize, layout: Layout, most: usize) -> Option<String> {
    let mut room = Room { text: Vec::new(), left: most };
    match layout {
        Layout::Lines => serde_json::to_writer_pretty(&mut room, value),
        Layout::Compact => serde_json::to_writer(&mut room, value),
    }
    .ok()?;
    String::from_utf8(room.text).ok()
}

struct Room {
    text: Vec<u8>,
    left: usize,
}

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // JSON has no other bytes that are escaped in a string.
        let escaped = bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n')).count();
        let left = self.left.checked_sub(bytes.len() + escaped);
        self.left = left.ok_or_else(|| io::Error::other("there is no room for it"))?;
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_room_is_that_of_a_string_in_an_answer() {
        let value = json!({ "a": "\"\\\n\u{1}é", "b": [1] });
        for layout in [Layout::Lines, Layout::Compact] {
            let text = written(&value, layout, usize::MAX).unwrap();
            let in_answer = serde_json::to_string(&text).unwrap().len() - 2;
            assert_eq!(written(&value, layout, in_answer), Some(text));
            assert_eq!(written(&value, layout, in_answer - 1), None);
        }
    }
}
