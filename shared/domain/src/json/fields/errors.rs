//! The mistakes in an object that a client sent, each under its JSON path. However large the object is,
//! a limited number of them is kept, with a limited number of bytes. The rest is counted.

use std::fmt;

/// The most mistakes that are kept. The others are only counted.
const MAX_ERRORS: usize = 50;
/// The most bytes of a path or of a message, as JSON. They hold names that the client chose, so a longer
/// one is cut.
const MAX_PATH_BYTES: usize = 512;
const MAX_MESSAGE_BYTES: usize = 1_024;
/// The most bytes of all paths and messages together, as JSON.
const MAX_TOTAL_BYTES: usize = 32 * 1024;

/// One mistake: where it is and what was expected; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// A path such as `retryPolicy.schedule[2]`; empty for the body as a whole.
    pub path: String,
    pub message: String,
}

impl FieldError {
    /// The mistake, with path and message cut to what is kept.
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        let (mut path, mut message) = (path.into(), message.into());
        cut(&mut path, MAX_PATH_BYTES);
        cut(&mut message, MAX_MESSAGE_BYTES);
        Self { path, message }
    }

    fn bytes(&self) -> usize {
        bytes(&self.path) + bytes(&self.message)
    }
}

/// The mistakes in one body: the first ones, and how many more there are. As the error of a `Result` it is
/// never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldErrors {
    kept: Vec<FieldError>,
    bytes: usize,
    more: usize,
}

impl FieldErrors {
    #[must_use]
    pub fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.push(path, message);
        errors
    }

    pub fn push(&mut self, path: impl Into<String>, message: impl Into<String>) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.keep(FieldError::new(path, message));
        }
    }

    /// Adds the mistakes of a part that was read on its own.
    pub fn extend(&mut self, other: Self) {
        for error in other.kept {
            self.keep(error);
        }
        self.more += other.more;
    }

    /// The same mistakes, of a part that stands under this path.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        let mut errors = Self { more: self.more, ..Self::default() };
        for FieldError { path, message } in self.kept {
            let joint = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            errors.push(format!("{prefix}{joint}{path}"), message);
        }
        errors
    }

    /// Whether further mistakes are only counted.
    fn is_full(&self) -> bool {
        self.kept.len() >= MAX_ERRORS || self.bytes >= MAX_TOTAL_BYTES
    }

    fn keep(&mut self, error: FieldError) {
        let total = self.bytes + error.bytes();
        if self.is_full() || total > MAX_TOTAL_BYTES {
            self.more += 1;
            return;
        }
        self.bytes = total;
        self.kept.push(error);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The number of all mistakes, kept or only counted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// The number of mistakes that are not kept.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The same mistakes, each changed by `change`, such as to stand under another path.
    #[must_use]
    pub fn map(self, change: impl Fn(FieldError) -> FieldError) -> Self {
        let mut changed = Self { more: self.more, ..Self::default() };
        for error in self.kept {
            let FieldError { path, message } = change(error);
            changed.push(path, message);
        }
        changed
    }

    /// The mistakes that are kept.
    #[must_use]
    pub fn into_vec(self) -> Vec<FieldError> {
        self.kept
    }

    /// The mistakes that are kept.
    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.kept
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.kept.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            let colon = if error.path.is_empty() { "" } else { ": " };
            write!(f, "{comma}{}{colon}{}", error.path, error.message)?;
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

/// Cuts a text to at most `most` bytes of JSON and says so with an ellipsis.
pub fn cut(text: &mut String, most: usize) {
    const ELLIPSIS: char = '…';
    // A byte of text takes at most six bytes of JSON.
    if text.len() <= most / 6 || bytes(text) <= most {
        return;
    }
    let room = most.saturating_sub(ELLIPSIS.len_utf8());
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += char_bytes(*c);
        used > room
    });
    if let Some((at, _)) = end {
        text.truncate(at);
    }
    text.push(ELLIPSIS);
}

/// The bytes of a text as JSON, without quotes.
#[must_use]
pub fn bytes(text: &str) -> usize {
    text.chars().map(char_bytes).sum()
}

/// The bytes of a character in a JSON string as `serde_json` writes it.
fn char_bytes(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests;
