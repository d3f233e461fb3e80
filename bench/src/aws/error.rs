//! Errors as AWS names them.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::http::Answer;

/// An error answer of a service.
#[derive(Debug, Clone)]
pub struct ServiceError {
    pub kind: &'static str,
    pub message: String,
    /// Further members of the answer.
    pub more: Option<Box<(&'static str, Value)>>,
}

impl ServiceError {
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), more: None }
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    #[must_use]
    pub fn condition_failed() -> Self {
        Self::new("ConditionalCheckFailedException", "The conditional request failed")
    }

    #[must_use]
    pub fn answer(self) -> Answer {
        let mut body = json!({"__type": self.kind, "message": self.message});
        if let (Some(more), Some(body)) = (self.more, body.as_object_mut()) {
            let (name, value) = *more;
            body.insert(name.to_owned(), value);
        }
        Answer::new(StatusCode::BAD_REQUEST, body.to_string())
            .with("content-type", "application/x-amz-json-1.0")
    }
}
