use hooklane_catalog::{Definition, Source};
use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = EventType)]
pub(crate) struct EventTypeView {
    #[serde(rename = "type")]
    #[schema(example = "order.created")]
    event_type: String,
    #[schema(example = "orders")]
    category: String,
    #[schema(example = "An order was placed")]
    description: String,
    /// An example of an event's `data`.
    #[schema(value_type = serde_json::Value)]
    sample: RawJson,
    /// A JSON Schema of `data`. It is enforced if the tenant's `strict` setting is on.
    #[schema(value_type = serde_json::Value)]
    schema: RawJson,
    /// Who defines it: the tenant's `catalog`, the `platform`, or the `tenant`.
    source: SourceView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = EventTypeSource)]
enum SourceView {
    Catalog,
    Platform,
    Tenant,
}

impl EventTypeView {
    pub(crate) fn new(name: &EventType, source: Source, definition: &Definition) -> Self {
        Self {
            event_type: name.to_string(),
            category: definition.category.clone(),
            description: definition.description.clone(),
            sample: definition.sample.clone(),
            schema: definition.schema.text().clone(),
            source: match source {
                Source::Catalog => SourceView::Catalog,
                Source::Platform => SourceView::Platform,
                Source::Tenant => SourceView::Tenant,
            },
        }
    }
}
