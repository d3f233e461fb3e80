//! Links from one answer to the operations that take its id (OpenAPI 3.1, "Link Object"). Each path
//! parameter has its source here, so an operation is linked because it has the parameter.

use utoipa::openapi::link::Link;
use utoipa::openapi::{OpenApi, RefOr};

use super::operations_of;
use super::parameters::names;

/// Which answer holds the value of a path parameter, and where.
struct Source {
    /// The name of the path parameter.
    parameter: &'static str,
    operation: &'static str,
    status: &'static str,
    expression: &'static str,
    /// Another path parameter, with the expression that gives its value.
    with: Option<(&'static str, &'static str)>,
}

const SOURCES: [Source; 7] = [
    Source {
        parameter: "webhook",
        operation: "createWebhook",
        status: "201",
        expression: "$response.body#/id",
        with: None,
    },
    Source {
        parameter: "event",
        operation: "publishEvent",
        status: "202",
        expression: "$response.body#/id",
        with: None,
    },
    Source {
        parameter: "delivery",
        operation: "listDeliveries",
        status: "200",
        expression: "$response.body#/data/0/id",
        with: Some(("webhook", "$request.path.webhook")),
    },
    Source {
        parameter: "request",
        operation: "listInboxRequests",
        status: "200",
        expression: "$response.body#/data/0/id",
        with: None,
    },
    Source {
        parameter: "key",
        operation: "createKey",
        status: "201",
        expression: "$response.body#/id",
        with: None,
    },
    Source {
        parameter: "tenant",
        operation: "setTenant",
        status: "200",
        expression: "$response.body#/id",
        with: None,
    },
    Source {
        parameter: "type",
        operation: "setEventType",
        status: "201",
        expression: "$response.body#/type",
        with: None,
    },
];

/// Links every answer in [`SOURCES`] to the operations that take its value.
pub(super) fn add(document: &mut OpenApi) {
    let targets: Vec<(String, Vec<String>)> = document
        .paths
        .paths
        .iter_mut()
        .flat_map(|(path, item)| {
            let parameters: Vec<_> = names(path).map(str::to_owned).collect();
            operations_of(item)
                .filter_map(move |o| Some((o.operation_id.clone()?, parameters.clone())))
        })
        .collect();
    for source in &SOURCES {
        let links: Vec<_> =
            targets.iter().filter_map(|(id, parameters)| source.link(id, parameters)).collect();
        for item in document.paths.paths.values_mut() {
            for operation in operations_of(item) {
                if operation.operation_id.as_deref() != Some(source.operation) {
                    continue;
                }
                let response = operation.responses.responses.get_mut(source.status);
                if let Some(RefOr::T(response)) = response {
                    response.links.extend(links.iter().cloned());
                }
            }
        }
    }
}

impl Source {
    /// The link to an operation, if this source gives all of its path parameters.
    fn link(&self, id: &str, parameters: &[String]) -> Option<(String, RefOr<Link>)> {
        let given = std::iter::once((self.parameter, self.expression)).chain(self.with);
        let given: Vec<_> =
            given.filter(|(name, _)| parameters.iter().any(|p| p == name)).collect();
        let names_it = given.iter().any(|(name, _)| *name == self.parameter);
        if !names_it || given.len() != parameters.len() {
            return None;
        }
        let mut link = Link::builder().operation_id(id);
        for (name, expression) in given {
            link = link.parameter(name, expression);
        }
        Some((id.to_owned(), link.build().into()))
    }
}
