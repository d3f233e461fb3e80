//! What a person who is signed in to the portal, or says so, can send it.

use url::form_urlencoded::Serializer;

use crate::hostile::expressions::Expression;
use crate::payload::Request;

/// A request below `/portal/{tenant}/`. One that posts a form gets the session's text into it.
#[derive(Debug, Clone)]
pub struct Visit {
    pub name: String,
    pub method: &'static str,
    pub path: &'static str,
    pub query: String,
    pub form: Option<String>,
    pub headers: Vec<(&'static str, String)>,
}

impl Visit {
    fn get(name: &str, path: &'static str, query: String) -> Self {
        let (name, headers) = (format!("portal: {name}"), Vec::new());
        Self { name, method: "GET", path, query, form: None, headers }
    }

    fn post(name: &str, path: &'static str, form: String) -> Self {
        Self { method: "POST", form: Some(form), ..Self::get(name, path, String::new()) }
    }

    /// The request as a browser with this cookie sends it; `token` is what its forms repeat.
    #[must_use]
    pub fn request(&self, tenant: &str, cookie: &str, token: &str) -> Request {
        let request = Request::new(self.method, &format!("/portal/{tenant}/{}", self.path));
        let mut request = request.query(&self.query).header("cookie", cookie);
        if let Some(form) = &self.form {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .body(format!("form={token}&{form}"));
        }
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The fields of a webhook's form, with one of them replaced.
fn webhook(field: &str, value: &str) -> String {
    let usual =
        [("url", "https://93.184.216.34/"), ("events", "hostile.event"), ("register", "true")];
    let mut fields: Vec<_> = usual.into_iter().filter(|(name, _)| *name != field).collect();
    fields.push((field, value));
    form(&fields)
}

/// Large and broken forms, addresses and cookies.
#[must_use]
pub fn visits() -> Vec<Visit> {
    let long = "é".repeat(100_000);
    let many = |one: &str, times: usize| vec![one; times].join("&");
    let mut visits = vec![
        Visit::post("a form of 900 kB of fields", "new/preview", many("a=b", 225_000)),
        Visit::post("a form of 900 kB of escapes", "new/preview", "%41".repeat(300_000)),
        Visit::post("a form above the limit", "new/preview", "a".repeat(1_100_000)),
        Visit::post("100,000 event types in a form", "new/preview", many("events=a.b", 80_000)),
        Visit::post("a filter of 900 kB", "new/preview", webhook("filter", &"(".repeat(900_000))),
        Visit::post(
            "a transform of 900 kB",
            "new/preview",
            webhook("transform", &"a+".repeat(450_000)),
        ),
        Visit::post("a URL of 600 kB", "new/preview", webhook("url", &long)),
        Visit::post("headers of 600 kB", "new/preview", webhook("headers", &long)),
        Visit::post(
            "headers of 200,000 lines",
            "new/preview",
            webhook("headers", &"a: b\n".repeat(150_000)),
        ),
        Visit::post(
            "a sample of 900 kB of brackets",
            "new/preview",
            webhook("sample", &"[".repeat(900_000)),
        ),
        Visit::post("a sample of 900 kB of text", "new/preview", {
            let sample = format!("{{\"a\":\"{}\"}}", "s".repeat(890_000));
            webhook("sample", &sample)
        }),
        Visit::post("a webhook with a name of 600 kB", "webhooks", webhook("name", &long)),
        Visit::post("100,000 deliveries selected", "deliveries", many("d=dlv_x&do=cancel", 50_000)),
        Visit::post("an answer of the inbox of 600 kB", "inbox/answer", form(&[("body", &long)])),
        Visit::get("a query of 100 kB", "deliveries", many("id=x", 20_000)),
        Visit::get("an id of 90 kB", "deliveries", form(&[("id", &"é".repeat(15_000))])),
        Visit::get("a cursor of 90 kB", "deliveries", form(&[("after", &"A".repeat(90_000))])),
        Visit::get(
            "a code that is no number",
            "deliveries",
            form(&[("code", &"9".repeat(90_000))]),
        ),
        Visit::get("a link of 90 kB", "enter", form(&[("link", &"e".repeat(90_000))])),
        Visit::get("a share of 90 kB", "shared", form(&[("pass", &"e".repeat(90_000))])),
    ];
    for (name, cookie) in [
        ("a cookie of 60 kB", "c".repeat(60_000)),
        ("20,000 cookies", vec!["__Host-hooklane-hostile=ey"; 2_000].join("; ")),
        ("a cookie of control characters", "__Host-hooklane-hostile=\u{1}\u{7f}".to_owned()),
    ] {
        let mut visit = Visit::get(name, "webhooks", String::new());
        visit.headers.push(("cookie", cookie));
        visits.push(visit);
    }
    visits
}

/// The studio tries the expression on the tenant's newest events.
#[must_use]
pub fn studio(input: &Expression) -> Visit {
    let (filter, transform) = (input.filter.as_deref(), input.transform.as_deref());
    let fields = form(&[
        ("url", "https://93.184.216.34/"),
        ("events", "hostile.event"),
        ("on", "hostile.event"),
        ("filter", filter.unwrap_or_default()),
        ("transform", transform.unwrap_or_default()),
    ]);
    Visit::post(&format!("studio: {}", input.name), "new/studio", fields)
}
