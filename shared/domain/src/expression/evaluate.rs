//! Evaluates an expression on an event, and counts the steps.
//!
//! The time is limited by the budget of steps, not measured. Outside of macros an expression has at
//! most as many steps as tokens. A macro pays in advance: the number of elements times the size of its
//! step. Reading a part of the event costs its length each time, and matching a pattern the length of
//! the text. When the budget is used up, every operation that costs fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::extractors::This;
use cel::objects::Key;
use cel::{Context, Env, ExecutionError, IdedExpr, Value};

use super::Failure;
use super::budget::{self, MAX_STEPS};
use super::compiled::{ADDEND, Compiled, RANGE, Reference, reference_number};
use super::input::{Input, Part};

/// Bytes that are read or copied in one step.
const BYTES_PER_STEP: u64 = 8;
/// Steps for each byte that a pattern is matched against.
const STEPS_PER_MATCHED_BYTE: u64 = 4;

static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Compiled {
    /// The result of a filter.
    pub(super) fn decide(&self, input: &Input, budget: &budget::Budget) -> Result<bool, Failure> {
        let lookup = Lookup::new(self, input);
        let evaluation = Evaluation::new(&lookup);
        let result = evaluation.value(&self.expr);
        lookup.charge(budget);
        match result? {
            Value::Bool(passes) => Ok(passes),
            other => {
                let message = format!("must be true or false, but is of type {}", other.type_of());
                Err(Failure::Wrong(message))
            }
        }
    }
}

/// One evaluation. It may evaluate the parts of an expression one after the other, on one budget.
pub(super) struct Evaluation<'l> {
    lookup: &'l Lookup<'l>,
    context: Context<'l, 'l>,
}

impl<'l> Evaluation<'l> {
    pub(super) fn new(lookup: &'l Lookup<'l>) -> Self {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.set_variable_resolver(lookup);
        let budget = Arc::clone(&lookup.budget);
        let range = move |range: Value, weight: i64| ordered(range, weight.unsigned_abs(), &budget);
        let budget = Arc::clone(&lookup.budget);
        let patterns = lookup.compiled.patterns.clone();
        let matches = move |This(text): This<Arc<String>>, pattern: Arc<String>| {
            budget.take(text.len() as u64 * STEPS_PER_MATCHED_BYTE + 1)?;
            let pattern = patterns.get(pattern.as_str());
            let pattern = pattern.ok_or_else(|| ExecutionError::function_error("matches", ""))?;
            Ok::<_, ExecutionError>(pattern.is_match(&text))
        };
        let addend = |added: Value| match added {
            Value::Map(_) => Err(ExecutionError::function_error(ADDEND, "")),
            added => Ok(added),
        };
        // CEL defines none of these names here, so adding them cannot fail.
        drop(context.add_function(ADDEND, addend));
        drop(context.add_function(RANGE, range));
        drop(context.add_function("matches", matches));
        Self { lookup, context }
    }

    pub(super) fn value(&self, expr: &IdedExpr) -> Result<Value, Failure> {
        let result = Value::resolve(expr, &self.context);
        // Checked first: `||` and `&&` can hide the error of an operand.
        if self.lookup.budget.is_used_up() {
            return Err(Failure::TooMuch(format!("takes over {MAX_STEPS} steps on this event")));
        }
        result.map_err(|error| self.lookup.failure(&error))
    }

    /// The published text of the part of the event that a variable stands for.
    pub(super) fn published(&self, variable: &str) -> Option<Result<&'l str, Failure>> {
        let number = reference_number(variable)?;
        let references = &self.lookup.compiled.references;
        let reference = references.get(number).filter(|reference| reference.has.is_none())?;
        let found = self.lookup.input.find(&reference.path).map(|part| part.published);
        Some(found.ok_or_else(|| missing(reference)))
    }
}

fn missing(reference: &Reference) -> Failure {
    Failure::Missing(format!("there is no {}", shortened(&reference.text())))
}

/// The value of a reference, and the steps that reading it costs.
type Priced = (Box<dyn Val>, u64);

/// The event as the interpreter sees it: references, each resolved when it is first read.
pub(super) struct Lookup<'a> {
    compiled: &'a Compiled,
    input: &'a Input,
    /// By the number of the reference; `None` where the event has no such part.
    resolved: Vec<OnceLock<Option<Priced>>>,
    budget: Arc<Budget>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(compiled: &'a Compiled, input: &'a Input) -> Self {
        let resolved = compiled.references.iter().map(|_| OnceLock::new()).collect();
        Self { compiled, input, resolved, budget: Arc::default() }
    }

    pub(super) fn charge(&self, budget: &budget::Budget) {
        budget.spend(MAX_STEPS - self.budget.0.load(Ordering::Relaxed), 0);
    }

    fn read(&self, reference: &Reference) -> Option<Priced> {
        let part: Part<'_> = self.input.find(&reference.path)?;
        let (value, bytes) = match &reference.has {
            Some(key) => (Value::Bool(part.has(key)?), 0),
            None => (part.value(), part.published.len() as u64),
        };
        Some((value.try_into().ok()?, bytes / BYTES_PER_STEP + 1))
    }

    /// An error of the interpreter in our words, since its own may quote values of the event.
    fn failure(&self, error: &ExecutionError) -> Failure {
        Failure::Wrong(match error {
            ExecutionError::UndeclaredReference(name) => {
                match reference_number(name).and_then(|number| self.compiled.references.get(number))
                {
                    Some(reference) => return missing(reference),
                    None => format!("there is no {}", shortened(name)),
                }
            }
            ExecutionError::NoSuchKey(key) => {
                return Failure::Missing(format!("there is no key {}", shortened(key)));
            }
            ExecutionError::IndexOutOfBounds(_) => {
                return Failure::Missing("an index is out of range".to_owned());
            }
            ExecutionError::NoSuchOverload(error) => shortened(&error.to_string()),
            ExecutionError::UnexpectedType { want, .. } => format!("must be of type {want}"),
            ExecutionError::ValuesNotComparable(a, b) => {
                format!("{} and {} cannot be compared", a.type_of(), b.type_of())
            }
            ExecutionError::UnsupportedBinaryOperator(operator, a, b) => {
                format!("{operator} does not take {} and {}", a.type_of(), b.type_of())
            }
            ExecutionError::UnsupportedIndex(index, of) => {
                format!("a {} cannot index a {}", index.type_of(), of.type_of())
            }
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "divides by zero".to_owned()
            }
            ExecutionError::Overflow(..) => "has a result that is out of range".to_owned(),
            ExecutionError::DuplicateKey(_) => "a map has a duplicate key".to_owned(),
            ExecutionError::FunctionError { function, .. } if function == RANGE => {
                "a macro needs a list or a map".to_owned()
            }
            ExecutionError::FunctionError { function, .. } if function == ADDEND => {
                "a map cannot be added".to_owned()
            }
            ExecutionError::FunctionError { function, .. } => {
                format!("{function}() does not take this value")
            }
            _ => "does not fit the event".to_owned(),
        })
    }
}

impl VariableResolver for Lookup<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let number = reference_number(variable)?;
        let reference = self.compiled.references.get(number)?;
        let resolved = self.resolved.get(number)?.get_or_init(|| self.read(reference));
        let (value, cost) = resolved.as_ref()?;
        self.budget.take(*cost).ok()?;
        Some(CowVal::Borrowed(value.as_ref()))
    }
}

/// The steps that are left.
struct Budget(AtomicU64);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU64::new(MAX_STEPS))
    }
}

impl Budget {
    /// Takes steps from the budget. Where fewer are left, none remain.
    fn take(&self, steps: u64) -> Result<(), ExecutionError> {
        let take = |left: u64| Some(left.saturating_sub(steps));
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(left) if left > steps => Ok(()),
            _ => Err(ExecutionError::function_error("budget", "used up")),
        }
    }

    fn is_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// The elements that a macro goes through: those of a list, or the sorted keys of a map, so that every
/// attempt has the same result.
fn ordered(range: Value, weight: u64, budget: &Budget) -> Result<Value, ExecutionError> {
    let list = match range {
        Value::List(list) => list,
        Value::Map(map) => {
            let mut keys: Vec<_> = map.map.keys().collect();
            keys.sort_unstable();
            Arc::new(keys.into_iter().map(Value::from).collect())
        }
        _ => return Err(ExecutionError::function_error(RANGE, "")),
    };
    let elements = list.iter().map(|value| size_of(value) / BYTES_PER_STEP + 1).sum::<u64>();
    budget.take(elements.saturating_mul(weight))?;
    Ok(Value::List(list))
}

/// About the number of bytes that a copy takes.
fn size_of(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Bytes(bytes) => bytes.len() as u64,
        Value::List(list) => list.iter().map(|item| size_of(item) + BYTES_PER_STEP).sum(),
        Value::Map(map) => {
            let key = |key: &Key| match key {
                Key::String(text) => text.len() as u64,
                _ => 0,
            };
            map.map.iter().map(|(k, value)| key(k) + size_of(value) + 2 * BYTES_PER_STEP).sum()
        }
        _ => BYTES_PER_STEP,
    }
}

/// A name, cut where it is long: it may be a key of the event.
fn shortened(text: &str) -> String {
    const MAX_CHARACTERS: usize = 120;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
