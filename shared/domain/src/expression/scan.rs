//! The tokens of an expression: enough to count them, to see how deep brackets nest, and to find the
//! position of a name. Source: *Common Expression Language*, "Syntax".

/// A word, a number, a string or a single sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// The offset in bytes.
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !self.is_string()
    }

    fn is_string(&self) -> bool {
        self.text.ends_with(['"', '\''])
    }
}

/// The tokens of a text without its comments. It never fails: what is not a token of CEL counts as a
/// sign, and the parser reports it later.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let length = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if let Some(length) = string(rest) {
            length
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        tokens.push(Token { text: &rest[..length], at });
        at += length;
    }
    tokens
}

/// The line and column of an offset, each from 1; columns count characters.
pub(super) fn place(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The length of the string literal that `text` begins with, prefix and quotes included. An
/// unterminated one reaches to the end.
fn string(text: &str) -> Option<usize> {
    let prefix = text.find(['"', '\''])?;
    if prefix > 2 || !text[..prefix].bytes().all(|b| matches!(b, b'r' | b'R' | b'b' | b'B')) {
        return None;
    }
    let raw = text[..prefix].contains(['r', 'R']);
    let quoted = &text[prefix..];
    let quote = match quoted {
        _ if quoted.starts_with("\"\"\"") => "\"\"\"",
        _ if quoted.starts_with("'''") => "'''",
        _ => &quoted[..1],
    };
    let mut at = quote.len();
    while at < quoted.len() {
        let rest = &quoted[at..];
        if rest.starts_with(quote) {
            return Some(prefix + at + quote.len());
        }
        let escape = !raw && rest.starts_with('\\');
        let taken = rest.chars().take(if escape { 2 } else { 1 }).map(char::len_utf8);
        at += taken.sum::<usize>();
    }
    Some(text.len())
}
