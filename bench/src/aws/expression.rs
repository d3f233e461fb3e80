//! DynamoDB's expressions: conditions, updates and projections (*DynamoDB Developer Guide*, "Condition
//! and filter expressions, operators, and functions", "Update expressions").

use std::cmp::Ordering;
use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::error::ServiceError;
use super::value::{Item, compare, equal, sum, typed, value_size};

/// A step of a path into an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Name(String),
    Index(usize),
}

/// What an expression compares or assigns.
#[derive(Debug, Clone)]
pub enum Operand {
    Path(Vec<Step>),
    Value(Value),
    Size(Vec<Step>),
    IfNotExists(Vec<Step>, Box<Operand>),
    ListAppend(Box<Operand>, Box<Operand>),
    Sum { left: Box<Operand>, right: Box<Operand>, subtract: bool },
}

/// A condition on an item.
#[derive(Debug, Clone)]
pub enum Condition {
    Or(Box<Condition>, Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, String, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Vec<Step>),
    NotExists(Vec<Step>),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

/// One change of an update expression.
#[derive(Debug, Clone)]
pub enum Change {
    Set(Vec<Step>, Operand),
    Remove(Vec<Step>),
    Add(Vec<Step>, Value),
}

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

fn find<'a>(item: &'a Item, path: &[Step]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let Step::Name(name) = first else { return None };
    let mut value = item.get(name)?;
    for step in rest {
        value = match step {
            Step::Name(name) => value.get("M")?.get(name)?,
            Step::Index(index) => value.get("L")?.get(index)?,
        };
    }
    Some(value)
}

impl Operand {
    fn value(&self, item: &Item) -> Option<Value> {
        match self {
            Self::Path(path) => find(item, path).cloned(),
            Self::Value(value) => Some(value.clone()),
            Self::Size(path) => {
                let value = find(item, path)?;
                let size = match typed(value)? {
                    ("L" | "SS" | "NS" | "BS", content) => content.as_array()?.len(),
                    ("M", content) => content.as_object()?.len(),
                    _ => value_size(value),
                };
                Some(json!({"N": size.to_string()}))
            }
            Self::IfNotExists(path, fallback) => {
                find(item, path).cloned().or_else(|| fallback.value(item))
            }
            Self::ListAppend(left, right) => {
                let (left, right) = (left.value(item)?, right.value(item)?);
                let lists = [left.get("L")?.as_array()?, right.get("L")?.as_array()?];
                Some(json!({"L": lists.into_iter().flatten().collect::<Vec<_>>()}))
            }
            Self::Sum { left, right, subtract } => {
                sum(&left.value(item)?, &right.value(item)?, *subtract)
            }
        }
    }
}

impl Condition {
    /// Whether the condition holds for an item. An item that is not there has no attributes.
    #[must_use]
    pub fn holds(&self, item: &Item) -> bool {
        let both = |a: &Operand, b: &Operand| Some((a.value(item)?, b.value(item)?));
        match self {
            Self::Or(a, b) => a.holds(item) || b.holds(item),
            Self::And(a, b) => a.holds(item) && b.holds(item),
            Self::Not(a) => !a.holds(item),
            Self::Compare(a, operator, b) => compared(both(a, b), operator),
            Self::Between(a, low, high) => {
                compared(both(a, low), ">=") && compared(both(a, high), "<=")
            }
            Self::In(a, options) => options.iter().any(|b| compared(both(a, b), "=")),
            Self::Exists(path) => find(item, path).is_some(),
            Self::NotExists(path) => find(item, path).is_none(),
            Self::BeginsWith(a, b) => both(a, b).is_some_and(|(a, b)| {
                matches!((text_of(&a), text_of(&b)), (Some(a), Some(b)) if a.starts_with(b))
            }),
            Self::Contains(a, b) => both(a, b).is_some_and(|(a, b)| contains(&a, &b)),
        }
    }
}

fn text_of(value: &Value) -> Option<&str> {
    value.get("S").and_then(Value::as_str)
}

fn contains(whole: &Value, part: &Value) -> bool {
    match typed(whole) {
        Some(("S", Value::String(whole))) => text_of(part).is_some_and(|part| whole.contains(part)),
        Some(("L", Value::Array(items))) => items.iter().any(|item| equal(item, part)),
        Some((_, Value::Array(set))) => typed(part).is_some_and(|(_, part)| set.contains(part)),
        _ => false,
    }
}

fn compared(pair: Option<(Value, Value)>, operator: &str) -> bool {
    let Some((a, b)) = pair else {
        // An attribute that is not there is unequal to every value.
        return operator == "<>";
    };
    match operator {
        "=" => equal(&a, &b),
        "<>" => !equal(&a, &b),
        _ => match compare(&a, &b) {
            None => false,
            Some(order) => match operator {
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                ">" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            },
        },
    }
}

/// Applies changes to an item. Every right side is read from the item as it was. Returns the names of
/// the attributes that changed.
pub fn apply(changes: &[Change], item: &mut Item) -> Result<Vec<String>, ServiceError> {
    let before = item.clone();
    let mut touched = Vec::new();
    for change in changes {
        let (path, new) = match change {
            Change::Remove(path) => (path, None),
            Change::Set(path, operand) => {
                let value = operand.value(&before).ok_or_else(|| {
                    let message = "The provided expression refers to an attribute that does not exist in the item";
                    ServiceError::validation(message)
                })?;
                (path, Some(value))
            }
            Change::Add(path, value) => {
                let sum = match find(&before, path) {
                    None => value.clone(),
                    Some(old) => sum(old, value, false).ok_or_else(|| {
                        ServiceError::validation(
                            "An operand in the update expression has an incorrect data type",
                        )
                    })?,
                };
                (path, Some(sum))
            }
        };
        if let Some(Step::Name(name)) = path.first() {
            touched.push(name.clone());
        }
        put(item, path, new)?;
    }
    Ok(touched)
}

fn put(item: &mut Item, path: &[Step], new: Option<Value>) -> Result<(), ServiceError> {
    let invalid = || {
        ServiceError::validation(
            "The document path provided in the update expression is invalid for update",
        )
    };
    match path {
        [Step::Name(name)] => {
            match new {
                Some(new) => drop(item.insert(name.clone(), new)),
                None => drop(item.shift_remove(name)),
            }
            Ok(())
        }
        [Step::Name(name), rest @ ..] => {
            let inner = item.get_mut(name).and_then(|value| value.get_mut("M"));
            put(inner.and_then(Value::as_object_mut).ok_or_else(invalid)?, rest, new)
        }
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(value: Value) -> Item {
        value.as_object().cloned().unwrap_or_default()
    }

    fn holds(source: &str, values: Value, of: Value) -> Result<bool, ServiceError> {
        let request =
            json!({"ExpressionAttributeValues": values, "ExpressionAttributeNames": {"#n": "n"}});
        let mut placeholders = Placeholders::of(&request);
        Ok(condition(source, &mut placeholders)?.holds(&item(of)))
    }

    #[test]
    fn conditions_hold_as_dynamodb_says() {
        let five = || json!({":v": {"N": "5"}, ":w": {"N": "10"}});
        for (source, of, expected) in [
            ("#n = :v", json!({"n": {"N": "5"}}), true),
            // Numbers are compared as numbers, not as texts.
            ("#n < :w", json!({"n": {"N": "9"}}), true),
            ("#n BETWEEN :v AND :w", json!({"n": {"N": "7"}}), true),
            ("#n BETWEEN :v AND :w", json!({"n": {"N": "11"}}), false),
            // An attribute that is not there is unequal, and in no order.
            ("#n <> :v", json!({}), true),
            ("#n <= :v", json!({}), false),
            ("attribute_not_exists(#n) OR #n <= :v", json!({}), true),
            ("attribute_exists(#n) AND NOT #n = :w", json!({"n": {"N": "5"}}), true),
            // Values of different types have no order.
            ("#n < :v", json!({"n": {"S": "1"}}), false),
            ("#n IN (:v, :w)", json!({"n": {"N": "10"}}), true),
            ("size(#n) > :v", json!({"n": {"S": "longer"}}), true),
        ] {
            assert_eq!(holds(source, five(), of).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn mistakes_are_validation_errors() {
        for source in ["n =", "n = :unknown", "#unknown = :v", "n ? :v", "n = :v n", ""] {
            let error = holds(source, json!({":v": {"N": "5"}}), json!({})).unwrap_err();
            assert_eq!(error.kind, "ValidationException", "{source}");
        }
        let request =
            json!({"ExpressionAttributeValues": {":used": {"N": "1"}, ":not": {"N": "1"}}});
        let mut placeholders = Placeholders::of(&request);
        condition("n = :used", &mut placeholders).unwrap();
        assert!(placeholders.all_used().unwrap_err().message.contains(":not"));
    }

    #[test]
    fn an_update_reads_the_item_as_it_was() {
        let request = json!({"ExpressionAttributeValues": {":one": {"N": "1"}, ":s": {"S": "x"}}});
        let mut placeholders = Placeholders::of(&request);
        let source = "SET a = a + :one, b = if_not_exists(b, :s), c = a REMOVE d ADD e :one";
        let changes = update(source, &mut placeholders).unwrap();
        let mut changed = item(json!({"a": {"N": "1"}, "d": {"S": "gone"}}));
        let touched = apply(&changes, &mut changed).unwrap();
        let expected = json!({"a": {"N": "2"}, "b": {"S": "x"}, "c": {"N": "1"}, "e": {"N": "1"}});
        assert_eq!(Value::Object(changed), expected);
        assert_eq!(touched, ["a", "b", "c", "d", "e"]);
    }
}
