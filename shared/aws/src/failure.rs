//! From SDK errors to [`Unavailable`].

use std::error::Error;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use hooklane_app::ports::Throttled;
use hooklane_app::ports::Unavailable;
pub(crate) use hooklane_app::ports::{corrupt, newer};

/// A call to AWS, as an error names it: `DynamoDB GetItem on Ledger`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    /// The table, queue or secret.
    pub(crate) on: &'a str,
}

impl Call<'_> {
    /// Turns an error of this call into [`Unavailable`], which says whether it was throttled.
    pub(crate) fn failed<E>(self) -> impl FnOnce(E) -> Unavailable + use<E>
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let what = self.to_string();
        move |cause| {
            let is_throttled = cause.code().is_some_and(is_throttle);
            because(what, is_throttled, cause.into())
        }
    }

    /// The error of this call, or of a part of it, that failed with this code.
    pub(crate) fn refused(
        self,
        code: Option<&str>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Unavailable {
        because(self.to_string(), code.is_some_and(is_throttle), cause.into())
    }

    /// The error of a call whose answer is not what it should be.
    pub(crate) fn answered(self, why: impl Into<String>) -> Unavailable {
        Unavailable::new(self.to_string(), why.into())
    }
}

fn because(what: String, is_throttled: bool, cause: Box<dyn Error + Send + Sync>) -> Unavailable {
    match is_throttled {
        true => Unavailable::new(what, Throttled(cause)),
        false => Unavailable::new(what, cause),
    }
}

impl std::fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} on {}", self.service, self.operation, self.on)
    }
}

/// Whether an error code says that the caller asked for too much: of a key, a table, a queue or an account
/// (*Amazon DynamoDB Developer Guide*, "Error handling with DynamoDB"; *Amazon SQS API Reference*, "Common
/// errors"). Retries of the SDK have not helped.
pub(crate) fn is_throttle(code: &str) -> bool {
    const OTHERS: [&str; 2] = ["ProvisionedThroughputExceeded", "RequestLimitExceeded"];
    code.contains("Throttl") || OTHERS.iter().any(|other| code.starts_with(other))
}

/// Turns an error of `what` into [`Unavailable`].
pub(crate) fn unavailable<E>(what: String) -> impl FnOnce(E) -> Unavailable
where
    E: Error + Send + Sync + 'static,
{
    move |cause| Unavailable::new(what, cause)
}

/// The error about a stored item that serde cannot read: corrupt, unless it has a value that its enum does
/// not know. Such a value is a newer version's.
pub(crate) fn unreadable(what: impl Into<String>, why: &serde_dynamo::Error) -> Unavailable {
    let why = why.to_string();
    if is_unknown_variant(&why) { newer(what, why) } else { corrupt(what, why) }
}

/// Serde says this of a value that its enum does not know (`serde::de::Error::unknown_variant`), and gives
/// no other sign of it.
fn is_unknown_variant(message: &str) -> bool {
    message.starts_with("unknown variant `")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::table::{Item, string};
    use aws_sdk_dynamodb::types::AttributeValue;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Known,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "is", rename_all = "lowercase")]
    enum Tagged {
        Known,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only whether it is read matters")]
    enum State {
        Known(i64, Word),
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it is read matters")]
    struct Stored {
        word: Option<Word>,
        tagged: Option<Tagged>,
        state: Option<State>,
        pair: Option<(Word, String)>,
    }

    #[test]
    fn finding_rolling_upgrade_an_unknown_value_of_a_stored_enum_is_not_corrupt() {
        let map = |name: &str, value| AttributeValue::M([(name.to_owned(), value)].into());
        let list = |values: &[AttributeValue]| AttributeValue::L(values.to_vec());
        let one = || AttributeValue::N("1".to_owned());
        for (attribute, value, newer) in [
            ("word", string("later"), true),
            ("word", one(), false),
            ("tagged", map("is", string("later")), true),
            ("tagged", map("was", string("later")), false),
            ("tagged", string("later"), false),
            ("state", map("later", list(&[one()])), true),
            ("state", map("known", list(&[one(), string("later")])), true),
            ("state", map("known", list(&[string("x"), string("known")])), false),
            ("pair", list(&[string("later"), string("x")]), true),
            ("pair", list(&[string("known")]), false),
        ] {
            let item: Item = [(attribute.to_owned(), value)].into();
            let why = serde_dynamo::from_item::<_, Stored>(item).unwrap_err();
            let error = unreadable("an item", &why);
            assert_eq!((error.is_newer(), error.is_corrupt()), (newer, !newer), "{why}");
        }
    }
}
