//! DynamoDB's expressions: conditions, updates and projections (*DynamoDB Developer Guide*, "Condition
//! and filter expressions, operators, and functions", "Update expressions").

mod evaluate;
mod parse;
mod parts;

pub use evaluate::apply;
pub use parse::{Placeholders, condition, projection, update};
pub use parts::{Change, Condition, Operand, Step};

#[cfg(test)]
mod tests;
