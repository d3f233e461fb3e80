//! Enums that have one word for each value, as the API and query parameters write them.

/// The value whose word is `text`; otherwise a message that lists the words.
pub(crate) fn parse<T: Copy, const N: usize>(
    values: [T; N],
    word: impl Fn(T) -> &'static str,
    text: &str,
) -> Result<T, String> {
    let found = values.into_iter().find(|value| word(*value) == text);
    found.ok_or_else(|| format!("must be one of {}", values.map(word).join(", ")))
}
