//! The mistakes in an object that a client sent, each under its JSON path.

use std::fmt;

/// One mistake: where it is and what was expected; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// A path such as `retryPolicy.schedule[2]`; empty for the body as a whole.
    pub path: String,
    pub message: String,
}

/// All mistakes in one body. As the error of a `Result` it is never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    #[must_use]
    pub fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![FieldError { path: path.into(), message: message.into() }])
    }

    pub fn push(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { path: path.into(), message: message.into() });
    }

    /// Adds the mistakes of a part that was read on its own.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn from_vec(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }

    #[must_use]
    pub fn into_vec(self) -> Vec<FieldError> {
        self.0
    }

    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            let colon = if error.path.is_empty() { "" } else { ": " };
            write!(f, "{comma}{}{colon}{}", error.path, error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
