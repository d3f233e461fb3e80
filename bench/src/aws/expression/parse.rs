//! Reads expressions, with the names and values that their placeholders stand for.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::parts::{Change, Condition, Operand, Step};
use crate::aws::error::ServiceError;

/// The names and values of a request, and which of them its expressions have used: DynamoDB refuses a
/// request with one that is not used.
#[derive(Debug)]
pub struct Placeholders<'a> {
    names: Option<&'a Map<String, Value>>,
    values: Option<&'a Map<String, Value>>,
    used: HashSet<String>,
}

impl<'a> Placeholders<'a> {
    #[must_use]
    pub fn of(request: &'a Value) -> Self {
        let map = |name: &str| request.get(name).and_then(Value::as_object);
        Self {
            names: map("ExpressionAttributeNames"),
            values: map("ExpressionAttributeValues"),
            used: HashSet::new(),
        }
    }

    fn name(&mut self, placeholder: &str) -> Result<String, ServiceError> {
        let name = self.names.and_then(|names| names.get(placeholder)).and_then(Value::as_str);
        self.used.insert(placeholder.to_owned());
        name.map(str::to_owned).ok_or_else(|| {
            let message = "An expression attribute name used in the document path is not defined";
            ServiceError::validation(format!("{message}; attribute name: {placeholder}"))
        })
    }

    fn value(&mut self, placeholder: &str) -> Result<Value, ServiceError> {
        self.used.insert(placeholder.to_owned());
        self.values.and_then(|values| values.get(placeholder)).cloned().ok_or_else(|| {
            let message = "An expression attribute value used in expression is not defined";
            ServiceError::validation(format!("{message}; attribute value: {placeholder}"))
        })
    }

    /// Refuses what no expression has used.
    pub fn all_used(&self) -> Result<(), ServiceError> {
        for (kind, map) in [("Names", self.names), ("Values", self.values)] {
            let unused = map.into_iter().flat_map(Map::keys).find(|key| !self.used.contains(*key));
            if let Some(key) = unused {
                return Err(ServiceError::validation(format!(
                    "Value provided in ExpressionAttribute{kind} unused in expressions: keys: {{{key}}}"
                )));
            }
        }
        Ok(())
    }
}

struct Parser<'a, 'p> {
    tokens: Vec<&'a str>,
    at: usize,
    placeholders: &'p mut Placeholders<'a>,
}

/// Reads a condition, filter or key condition expression.
pub fn condition<'a>(
    source: &'a str,
    placeholders: &mut Placeholders<'a>,
) -> Result<Condition, ServiceError> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, placeholders };
    let condition = parser.or()?;
    parser.end()?;
    Ok(condition)
}

/// Reads an update expression.
pub fn update<'a>(
    source: &'a str,
    placeholders: &mut Placeholders<'a>,
) -> Result<Vec<Change>, ServiceError> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, placeholders };
    let mut changes = Vec::new();
    while parser.at < parser.tokens.len() {
        parser.clause(&mut changes)?;
    }
    Ok(changes)
}

/// Reads a projection expression of attributes at the top of the item.
pub fn projection<'a>(
    source: &'a str,
    placeholders: &mut Placeholders<'a>,
) -> Result<Vec<String>, ServiceError> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, placeholders };
    let mut names = Vec::new();
    loop {
        match parser.path()?.as_slice() {
            [Step::Name(name)] => names.push(name.clone()),
            _ => {
                return Err(ServiceError::validation(
                    "the stand-in projects whole attributes only",
                ));
            }
        }
        if !parser.take(",") {
            parser.end()?;
            return Ok(names);
        }
    }
}

fn tokens(source: &str) -> Result<Vec<&str>, ServiceError> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match first {
            '<' | '>' if rest.len() > 1 && matches!(&rest[1..2], "=" | ">") => 2,
            '(' | ')' | ',' | '=' | '<' | '>' | '+' | '-' | '.' | '[' | ']' => 1,
            ':' | '#' => 1 + rest[1..].find(|c| !word(c)).unwrap_or(rest.len() - 1),
            c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            c => {
                let message = format!("Invalid expression: Syntax error; token: \"{c}\"");
                return Err(ServiceError::validation(message));
            }
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

impl Parser<'_, '_> {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).copied().unwrap_or_default()
    }

    fn take(&mut self, token: &str) -> bool {
        let is = self.peek().eq_ignore_ascii_case(token);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, token: &str) -> Result<(), ServiceError> {
        if self.take(token) { Ok(()) } else { Err(self.error()) }
    }

    fn error(&self) -> ServiceError {
        let message = format!("Invalid expression: Syntax error; token: \"{}\"", self.peek());
        ServiceError::validation(message)
    }

    fn end(&self) -> Result<(), ServiceError> {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.error()) }
    }

    fn or(&mut self) -> Result<Condition, ServiceError> {
        let mut left = self.and()?;
        while self.take("OR") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Condition, ServiceError> {
        let mut left = self.not()?;
        while self.take("AND") {
            left = Condition::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Condition, ServiceError> {
        if self.take("NOT") {
            return Ok(Condition::Not(Box::new(self.not()?)));
        }
        if self.take("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, ServiceError> {
        for (name, build) in [
            ("attribute_exists", Condition::Exists as fn(Vec<Step>) -> Condition),
            ("attribute_not_exists", Condition::NotExists),
        ] {
            if self.take(name) {
                self.expect("(")?;
                let path = self.path()?;
                self.expect(")")?;
                return Ok(build(path));
            }
        }
        for (name, build) in [
            ("begins_with", Condition::BeginsWith as fn(Operand, Operand) -> Condition),
            ("contains", Condition::Contains),
        ] {
            if self.take(name) {
                self.expect("(")?;
                let (left, right) = self.pair()?;
                return Ok(build(left, right));
            }
        }
        let left = self.operand()?;
        if self.take("BETWEEN") {
            let low = self.operand()?;
            self.expect("AND")?;
            return Ok(Condition::Between(left, low, self.operand()?));
        }
        if self.take("IN") {
            self.expect("(")?;
            let mut options = vec![self.operand()?];
            while self.take(",") {
                options.push(self.operand()?);
            }
            self.expect(")")?;
            return Ok(Condition::In(left, options));
        }
        let operator = self.peek().to_owned();
        if !["=", "<>", "<", "<=", ">", ">="].contains(&operator.as_str()) {
            return Err(self.error());
        }
        self.at += 1;
        Ok(Condition::Compare(left, operator, self.operand()?))
    }

    /// The two arguments of a function, up to its closing bracket.
    fn pair(&mut self) -> Result<(Operand, Operand), ServiceError> {
        let left = self.operand()?;
        self.expect(",")?;
        let right = self.operand()?;
        self.expect(")")?;
        Ok((left, right))
    }

    fn operand(&mut self) -> Result<Operand, ServiceError> {
        if self.peek().starts_with(':') {
            let placeholder = self.peek().to_owned();
            self.at += 1;
            return self.placeholders.value(&placeholder).map(Operand::Value);
        }
        let is_call = self.tokens.get(self.at + 1) == Some(&"(");
        if is_call && self.take("size") {
            self.expect("(")?;
            let path = self.path()?;
            self.expect(")")?;
            return Ok(Operand::Size(path));
        }
        if is_call && self.take("if_not_exists") {
            self.expect("(")?;
            let path = self.path()?;
            self.expect(",")?;
            let fallback = self.operand()?;
            self.expect(")")?;
            return Ok(Operand::IfNotExists(path, Box::new(fallback)));
        }
        if is_call && self.take("list_append") {
            self.expect("(")?;
            let (left, right) = self.pair()?;
            return Ok(Operand::ListAppend(Box::new(left), Box::new(right)));
        }
        self.path().map(Operand::Path)
    }

    fn path(&mut self) -> Result<Vec<Step>, ServiceError> {
        let mut path = vec![Step::Name(self.name()?)];
        loop {
            if self.take(".") {
                path.push(Step::Name(self.name()?));
            } else if self.take("[") {
                let index = self.peek().parse().map_err(|_| self.error())?;
                self.at += 1;
                self.expect("]")?;
                path.push(Step::Index(index));
            } else {
                return Ok(path);
            }
        }
    }

    fn name(&mut self) -> Result<String, ServiceError> {
        let token = self.peek().to_owned();
        let is_name = token.starts_with('#')
            || token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !is_name {
            return Err(self.error());
        }
        self.at += 1;
        if token.starts_with('#') { self.placeholders.name(&token) } else { Ok(token) }
    }

    /// One clause of an update expression, with its list of changes.
    fn clause(&mut self, changes: &mut Vec<Change>) -> Result<(), ServiceError> {
        let clause = self.peek().to_ascii_uppercase();
        if !["SET", "REMOVE", "ADD"].contains(&clause.as_str()) {
            return Err(self.error());
        }
        self.at += 1;
        loop {
            let path = self.path()?;
            changes.push(match clause.as_str() {
                "SET" => {
                    self.expect("=")?;
                    Change::Set(path, self.assigned()?)
                }
                "ADD" => match self.operand()? {
                    Operand::Value(value) => Change::Add(path, value),
                    _ => return Err(self.error()),
                },
                _ => Change::Remove(path),
            });
            if !self.take(",") {
                return Ok(());
            }
        }
    }

    fn assigned(&mut self) -> Result<Operand, ServiceError> {
        let left = self.operand()?;
        let subtract = self.peek() == "-";
        if !subtract && self.peek() != "+" {
            return Ok(left);
        }
        self.at += 1;
        let right = self.operand()?;
        Ok(Operand::Sum { left: Box::new(left), right: Box::new(right), subtract })
    }
}
