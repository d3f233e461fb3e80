//! The gate: decides which expressions are accepted, and compiles them.
//!
//! It limits the length, the number of tokens and the nesting before the parser sees the text. Then
//! `walk` refuses a macro inside a macro, unknown names, and patterns that are not string literals, and
//! makes the tree that is evaluated.

use cel::parser::PrattParser;

use super::compiled::{Compiled, Need, Reference};
use super::cost;
use super::pattern::{MAX_ALL_KEPT_BYTES, Pattern};
use super::scan::{Token, place, tokens};
use super::tree::depth_of;
use super::{InvalidExpression, MAX_CHARACTERS};

mod macros;
mod walk;

/// The most tokens of an expression.
pub const MAX_TOKENS: usize = 250;
/// The deepest nesting of brackets.
pub const MAX_NESTING: usize = 16;
/// The deepest tree of an expression. An evaluation's stack grows with it.
pub const MAX_DEPTH: usize = 24;

impl Compiled {
    pub(super) fn parse(source: &str) -> Result<Self, InvalidExpression> {
        // First, so that refusing a text that is too long costs nothing.
        if let Some((at, _)) = source.char_indices().nth(MAX_CHARACTERS) {
            let (line, column) = place(source, at);
            let message = format!("is over {MAX_CHARACTERS} characters long");
            return Err(InvalidExpression { line, column, message });
        }
        let tokens = tokens(source);
        let room = MAX_ALL_KEPT_BYTES as u64;
        let gate = &mut Gate { source, tokens, references: Vec::new(), patterns: Vec::new(), room };
        gate.check_size()?;
        let depth = u16::try_from(MAX_DEPTH).unwrap_or(u16::MAX);
        let parsed = PrattParser::new().max_recursion_depth(depth).parse(source);
        let expr = parsed.map_err(|errors| gate.syntax_error(&errors))?;
        if depth_of(&expr) > MAX_DEPTH {
            let message = format!("has more than {MAX_DEPTH} levels of nested operations");
            return Err(gate.error(0, message));
        }
        let node = gate.node(&expr, None)?;
        let (references, patterns) =
            (std::mem::take(&mut gate.references), std::mem::take(&mut gate.patterns));
        let mut compiled = Self { node, references, patterns, need: Need::default() };
        compiled.need = cost::need(&compiled);
        Ok(compiled)
    }
}

struct Gate<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    references: Vec<Reference>,
    patterns: Vec<Pattern>,
    /// The bytes that patterns may still take that stay compiled.
    room: u64,
}

impl Gate<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> InvalidExpression {
        let (line, column) = place(self.source, at);
        InvalidExpression { line, column, message: message.into() }
    }

    fn check_size(&self) -> Result<(), InvalidExpression> {
        if let Some(token) = self.tokens.get(MAX_TOKENS) {
            return Err(self.error(token.at, format!("has more than {MAX_TOKENS} tokens")));
        }
        let mut open = 0usize;
        for token in &self.tokens {
            match token.text {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.saturating_sub(1),
                _ => {}
            }
            if open > MAX_NESTING {
                return Err(
                    self.error(token.at, format!("has more than {MAX_NESTING} levels of brackets"))
                );
            }
        }
        Ok(())
    }

    /// The first of the parser's messages that has a position.
    fn syntax_error(&self, errors: &cel::ParseErrors) -> InvalidExpression {
        let placed = errors.errors.iter().find(|error| error.pos.0 > 0).or(errors.errors.first());
        let number = |n: isize| usize::try_from(n).unwrap_or(1).max(1);
        match placed {
            Some(error) => InvalidExpression {
                line: number(error.pos.0),
                column: number(error.pos.1),
                message: error.msg.trim_start_matches("Syntax error: ").chars().take(200).collect(),
            },
            None => self.error(0, "is not an expression"),
        }
    }

    /// An error about a name, at the first place where `is` holds for the tokens around it.
    fn about(
        &self,
        name: &str,
        is: impl Fn(Option<&Token<'_>>, Option<&Token<'_>>) -> bool,
        message: String,
    ) -> InvalidExpression {
        let found = self.tokens.iter().enumerate().find(|(i, token)| {
            let before = i.checked_sub(1).and_then(|i| self.tokens.get(i));
            token.text == name && is(before, self.tokens.get(i + 1))
        });
        self.error(found.map_or(0, |(_, token)| token.at), message)
    }
}
