//! The parts of an OpenAPI document, as OpenAPI 3.1 spells them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub(super) struct Info<'a> {
    pub(super) title: &'a str,
    pub(super) description: String,
    /// Another one whenever anything else in the document is another.
    pub(super) version: &'a str,
}

#[derive(Serialize)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
}

#[derive(Serialize)]
pub(super) struct PathItem<'a> {
    pub(super) post: Operation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation<'a> {
    pub(super) operation_id: &'a str,
    pub(super) summary: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) description: &'a str,
    pub(super) tags: [&'a str; 1],
    pub(super) parameters: Vec<Parameter>,
    pub(super) request_body: RequestBody,
    /// A reference for each status.
    pub(super) responses: Value,
}

#[derive(Serialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: &'static str,
    pub(super) description: String,
    pub(super) required: bool,
    pub(super) schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) example: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct RequestBody {
    pub(super) required: bool,
    pub(super) content: BTreeMap<String, MediaType>,
}

#[derive(Serialize)]
pub(super) struct MediaType {
    pub(super) schema: Value,
    /// Byte for byte as it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) example: Option<Box<RawValue>>,
}
