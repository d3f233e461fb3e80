use serde::Serialize;

/// The first record that is not done, if the time was over before it was. Lambda delivers it and all after
/// it again (*AWS Lambda Developer Guide*, "Using AWS Lambda with Amazon DynamoDB").
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub(crate) batch_item_failures: Vec<HandedBack>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandedBack {
    /// Its sequence number.
    pub(crate) item_identifier: String,
}
