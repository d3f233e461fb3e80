//! What is to be corrected, each beside the field that it is about.

use hooklane_domain::json::fields::FieldErrors;

use super::Values;
use crate::written::{Html, plain};
use hooklane_domain::webhook::Webhook;

/// The parts of the body: what the API calls them, the id of the form's field, and what people call them.
const FIELDS: [(&str, &str, &str); 11] = [
    ("url", "url", "Address"),
    ("name", "name", "Name"),
    ("events", "others", "Event types"),
    ("contract", "format", "Format"),
    ("filter", "filter", "Filter"),
    ("transform", "transform", "Transform"),
    ("timeoutSeconds", "timeout", "Time limit"),
    ("rateLimit", "rate", "At most"),
    ("headers", "headers", "Headers"),
    ("testMode", "testmode", "Test mode"),
    ("event", "sample", "Sample"),
];

/// Where the API says what to send with an event type that nobody knows. In a form nobody can.
const TO_SEND: [&str; 2] = ["; to add it, send ", "; to subscribe to it all the same, send "];
const TO_DO: &str =
    "; choose one of those under Event types, or ask whoever gave you this portal to add it";

/// The same mistake, with what can be done about it here.
fn in_a_form(message: &str) -> String {
    let ends = TO_SEND.iter().find_map(|what| message.find(what));
    ends.map_or_else(|| message.to_owned(), |end| format!("{}{TO_DO}", &message[..end]))
}

#[derive(Debug, Clone, Default)]
pub(in crate::pages) struct Mistakes(pub(in crate::pages) Vec<Mistake>);

#[derive(Debug, Clone)]
pub(in crate::pages) struct Mistake {
    /// The id of the form's field, if it is about one.
    pub(in crate::pages) field: Option<&'static str>,
    pub(in crate::pages) label: String,
    pub(in crate::pages) message: String,
}

impl Mistakes {
    /// Those that the API names, of a body that these values made. `under` is the path that the body had.
    pub(in crate::pages) fn of_body(
        errors: &FieldErrors,
        (under, values): (&str, &Values),
        current: Option<&Webhook>,
    ) -> Self {
        let subscriptions = values.subscriptions(current);
        let mistake = |path: &str, message: &str| {
            let path = path.strip_prefix(under).unwrap_or(path).trim_start_matches('.');
            let (name, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
            let known = FIELDS.iter().find(|(known, ..)| *known == name);
            let place = match name {
                // Which one, rather than its number.
                "events" => {
                    let index = rest.trim_matches(['[', ']']).parse::<usize>().ok();
                    index.and_then(|index| subscriptions.get(index)).map(String::as_str)
                }
                "headers" => rest.strip_prefix('.'),
                _ => None,
            };
            let message = match place {
                Some(place) => format!("{place}: {}", in_a_form(message)),
                None => in_a_form(message),
            };
            Mistake {
                field: known.map(|(_, field, _)| *field),
                label: known.map_or_else(|| plain(path), |(.., label)| (*label).to_owned()),
                message: plain(&message),
            }
        };
        Self(errors.as_slice().iter().map(|error| mistake(&error.path, &error.message)).collect())
    }

    /// One that is about no field.
    pub(in crate::pages) fn whole(message: &str) -> Self {
        Self(vec![Mistake { field: None, label: String::new(), message: plain(message) }])
    }

    pub(in crate::pages) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any is about one of these fields.
    pub(in crate::pages) fn any(&self, fields: &[&str]) -> bool {
        self.0.iter().any(|one| one.field.is_some_and(|field| fields.contains(&field)))
    }

    /// What is wrong with a field; empty if nothing is.
    pub(in crate::pages) fn of(&self, field: &str) -> String {
        let about = self.0.iter().filter(|one| one.field == Some(field));
        about.map(|one| one.message.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// The attributes that bind a field to its hint and to what is wrong with it.
    pub(in crate::pages) fn bound(&self, field: &str, hint: &str) -> Html {
        let wrong = self.any(&[field]).then(|| format!("{field}-mistake"));
        let ids: Vec<&str> =
            wrong.as_deref().into_iter().chain((!hint.is_empty()).then_some(hint)).collect();
        let described = match ids.as_slice() {
            [] => String::new(),
            ids => format!(" aria-describedby=\"{}\"", ids.join(" ")),
        };
        let invalid = if wrong.is_some() { " aria-invalid=\"true\"" } else { "" };
        Html(format!("{described}{invalid}"))
    }
}
