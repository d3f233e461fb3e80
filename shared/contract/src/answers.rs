//! Rewrites the API's answers for the clients of a contract: a canonical answer becomes the answer that
//! the platform guide behind the contract documents. The `[api]` part of a contract file says how.
//!
//! Rewriting never fails. What a canonical answer does not have is left out, and an answer that is not
//! JSON stays unchanged.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use hooklane_domain::delivery::outcome::is_success;
use hooklane_domain::ids::TenantId;

mod json_text;
mod load;
mod render;
mod tree;
mod vocabulary;

pub(crate) use load::ApiTable;
pub use vocabulary::{Kind, OPERATIONS, Operation, PROBLEM};

use render::Scope;
use tree::Node;

/// How the API answers the clients of one contract.
#[derive(Debug, Clone)]
pub struct ApiShape {
    answers: BTreeMap<&'static str, Answer>,
    error: Option<Node>,
}

/// How the answers of one operation are rewritten.
#[derive(Debug, Clone, Default)]
struct Answer {
    status: Option<u16>,
    /// The default values of query parameters, each under all names of the parameter.
    query: Vec<(&'static [&'static str], String)>,
    body: Option<Node>,
}

/// How the answers of one operation are rewritten, errors included.
#[derive(Debug, Clone, Copy)]
pub struct OperationShape<'a> {
    answer: &'a Answer,
    error: Option<&'a Node>,
}

impl ApiShape {
    /// The shape of an operation, by its id in the OpenAPI document; `None` where its answers stay
    /// canonical, errors included.
    #[must_use]
    pub fn of(&self, operation: &str) -> Option<OperationShape<'_>> {
        let answer = self.answers.get(operation)?;
        Some(OperationShape { answer, error: self.error.as_ref() })
    }
}

impl OperationShape<'_> {
    /// The query parameters to add to a request, where `given` says which it has.
    pub fn query(
        self,
        given: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = (&'static str, String)> {
        self.answer.query.iter().filter_map(move |(names, value)| {
            let said = names.iter().any(|name| given(name));
            names.first().filter(|_| !said).map(|name| (*name, value.clone()))
        })
    }

    /// The HTTP status to answer in place of `canonical`: the contract's for a success. Errors keep
    /// their status.
    #[must_use]
    pub fn status(self, canonical: u16) -> u16 {
        match self.answer.status {
            Some(status) if is_success(canonical) => status,
            _ => canonical,
        }
    }

    /// The body of an answer whose canonical body is `canonical`; `None` where it stays as it is.
    #[must_use]
    pub fn body(self, tenant: &TenantId, canonical_status: u16, canonical: &str) -> Option<String> {
        let node = match is_success(canonical_status) {
            true => self.answer.body.as_ref(),
            false => self.error,
        }?;
        let answer: &RawValue = serde_json::from_str(canonical).ok()?;
        Some(node.whole(&Scope::of(answer, tenant)))
    }
}
