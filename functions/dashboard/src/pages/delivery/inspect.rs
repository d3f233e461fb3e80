//! "Copy as curl" and "Check my signature" of a delivery. What somebody pastes is neither stored nor logged, and a
//! secret is not in the answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hooklane_api::Ports;
use hooklane_app::deliveries::check::{self, CheckOrder, Checked, Signature};
use hooklane_app::deliveries::{self, InspectError};
use hooklane_domain::delivery::comparison::{Around, Cause, Difference};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::inbox::SecretAge;
use hooklane_domain::webhook::likeness::{Likeness, Mistake};
use hooklane_domain::webhook::secret::SigningSecret;

use crate::curl;
use crate::form::Fields;
use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::error_detail;
use crate::written::{Html, Writer, seen};

/// A request that was just written.
pub(crate) struct Command {
    pub(crate) text: String,
    /// The headers whose values have to be filled in.
    pub(crate) masked: String,
}

/// The command that sends the delivery's request, signed now.
pub(crate) async fn command<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    id: &DeliveryId,
) -> Result<Command, Oops> {
    let deps = &portal.deps;
    let made_by = (&deps.registry, &deps.contracts);
    let made = deliveries::signed(made_by, &deps.ledger, &deps.system, visitor.id(), id).await?;
    let request = made.map_err(|error| Oops::Refused(format!("{}.", error.detail)))?;
    let text = curl::command(request.url.as_str(), &request.headers, &request.body);
    Ok(Command { text, masked: request.masked.join(", ") })
}

/// The form of a check as it was sent, without the secret, and what was found.
#[derive(Default)]
pub(crate) struct CheckForm {
    pub(crate) body: String,
    pub(crate) is_base64: bool,
    pub(crate) headers: String,
    pub(crate) found: Option<Findings>,
}

/// What was found, in words.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) is_good: bool,
    pub(crate) verdict: String,
    pub(crate) points: Vec<Html>,
    pub(crate) difference: Option<Shown>,
}

/// The first difference of two bodies.
pub(crate) struct Shown {
    pub(crate) sent: Html,
    pub(crate) received: Html,
}

/// Compares what somebody pasted with what was sent.
pub(crate) async fn checked<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    id: &DeliveryId,
    fields: &Fields,
) -> Result<CheckForm, Oops> {
    let form = CheckForm {
        body: fields.raw("body").unwrap_or_default().to_owned(),
        is_base64: fields.text("as") == Some("base64"),
        headers: fields.raw("headers").unwrap_or_default().to_owned(),
        found: None,
    };
    let told = |verdict: &str| Findings { verdict: verdict.to_owned(), ..Findings::default() };
    let order = match order(&form, fields.raw("secret").unwrap_or_default()) {
        Ok(order) => order,
        Err(why) => return Ok(CheckForm { found: Some(told(&why)), ..form }),
    };
    let ask = async |order: &CheckOrder| {
        let deps = &portal.deps;
        let (made_by, of) = ((&deps.registry, &deps.contracts), (visitor.id(), id));
        check::check(made_by, &deps.ledger, &deps.system, of, order).await
    };
    let mut found = ask(&order).await?;
    // A form sends every line end as CR LF, so a text has either of them.
    if let (Ok(Checked { body: Some(body), .. }), false) = (&found, form.is_base64)
        && body.difference.as_ref().is_some_and(|one| one.cause == Cause::LineEnds)
    {
        let body = Some(lf(&form.body).replace('\n', "\r\n").into_bytes());
        let again = ask(&CheckOrder { body, ..order.clone() }).await?;
        let is_same =
            |found: &Checked| found.body.as_ref().is_some_and(|body| body.difference.is_none());
        if again.as_ref().is_ok_and(is_same) {
            found = again;
        }
    }
    let findings = match found {
        Ok(found) => findings(&found, &visitor.writer),
        Err(error) => told(&error_detail(&error).0),
    };
    Ok(CheckForm { found: Some(findings), ..form })
}

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The headers in a text, one a line.
fn headers(text: &str) -> Result<Vec<(String, String)>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = |(before, line): (usize, &str)| match line.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(format!(
            "Line {} of the headers cannot be read. Each line is a name, a colon and a value.",
            before + 1
        )),
    };
    lines.map(header).collect()
}

fn order(form: &CheckForm, secret: &str) -> Result<CheckOrder, String> {
    let body = match (form.body.as_str(), form.is_base64) {
        ("", _) => None,
        (text, false) => Some(lf(text).into_bytes()),
        (text, true) => {
            let text: String = text.split_whitespace().collect();
            Some(STANDARD.decode(text).map_err(|_| "This is not base64.")?)
        }
    };
    let headers = headers(&form.headers)?;
    let secret = Some(secret).filter(|text| !text.is_empty());
    let headers = Some(headers).filter(|headers| !headers.is_empty());
    if secret.is_none() && body.is_none() && headers.is_none() {
        return Err("Paste the secret, the body or the headers that your receiver has.".to_owned());
    }
    let secret = secret.map(|text| SigningSecret::from_stored(text.to_owned().into()));
    Ok(CheckOrder { attempt: None, secret, body, headers })
}

fn findings(found: &Checked, writer: &Writer) -> Findings {
    let mut points = Vec::new();
    points.extend(found.secret.map(|likeness| Html(of_secret(likeness).to_owned())));
    let mut difference = None;
    if let Some(body) = &found.body {
        points.push(Html(match &body.difference {
            None => "The body is what was sent, byte for byte.".to_owned(),
            Some(one) => of_body(one, writer),
        }));
        let shown =
            |one: &Difference| Shown { sent: around(&one.sent), received: around(&one.received) };
        difference = body.difference.as_ref().map(shown);
    }
    for header in &found.headers {
        let (name, sent) = (seen(&header.name), seen(&header.sent));
        points.push(Html(match &header.received {
            None => {
                format!("The header <code>{name}</code> is missing. It was sent as <code>{sent}</code>.")
            }
            Some(got) => format!(
                "The header <code>{name}</code> was sent as <code>{sent}</code>; yours is <code>{}</code>.",
                seen(got)
            ),
        }));
    }
    points.push(Html(match (found.attempt, found.is_as_sent) {
        (Some(number), true) => format!("Compared with attempt {number}."),
        (Some(number), false) => format!(
            "Compared with attempt {number} as it would be sent with today\u{2019}s settings: the webhook may \
             have been changed since."
        ),
        (None, _) => "Nothing was sent yet. Compared with what would be sent now.".to_owned(),
    }));
    let verdict = match found.signature {
        Signature::Fits => "The signature fits.".to_owned(),
        Signature::OtherTime(seconds) => {
            let away = writer.count(seconds.unsigned_abs(), "second", "seconds");
            let side = if seconds < 0 { "after" } else { "before" };
            format!(
                "The signature fits, for a time {away} {side} the attempt. Receivers allow five minutes: check the \
                 clock, and whether the request was recorded and sent again."
            )
        }
        Signature::Wrong => "The signature does not fit.".to_owned(),
        Signature::Missing => "The header with the signature is missing.".to_owned(),
    };
    Findings { is_good: found.signature == Signature::Fits, verdict, points, difference }
}

fn of_secret(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Same(SecretAge::Current) => "The secret is right.",
        Likeness::Same(SecretAge::Previous) => {
            "The secret is the one from before the rotation. It works until the overlap ends: replace it."
        }
        Likeness::Nearly(_, Mistake::Surrounded) => {
            "The secret is nearly right: there is a blank, a line end or a quotation mark around it."
        }
        Likeness::Nearly(_, Mistake::NoPrefix) => {
            "The secret is nearly right: it lacks what it begins with, such as <code>whsec_</code>."
        }
        Likeness::Nearly(_, Mistake::Prefix) => {
            "The secret is nearly right: <code>whsec_</code> is not a part of it."
        }
        Likeness::Nearly(_, Mistake::Case) => {
            "The secret is nearly right: upper and lower case differ."
        }
        Likeness::Other => "The secret is not the one of this webhook.",
    }
}

fn of_body(one: &Difference, writer: &Writer) -> String {
    let byte = |around: &Around| match around.byte {
        Some(byte) => format!("<code>0x{byte:02X}</code>"),
        None => "the end".to_owned(),
    };
    let why = match one.cause {
        Cause::Empty => {
            "It is empty: something read the body before. Take the raw bytes before a parser of bodies does."
        }
        Cause::LineEnds => "Only line ends differ: CR LF, or LF alone. Do not convert them.",
        Cause::ByteOrderMark => "Only a byte order mark at the beginning differs.",
        Cause::Ending => {
            "Only white space at the end differs, such as a line end that an editor or <code>echo</code> adds."
        }
        Cause::Cut => {
            "It is only the beginning of what was sent: look for a limit on the size of bodies."
        }
        Cause::Encoding => {
            "It was decoded with another encoding than UTF-8. Verify the bytes, not the text."
        }
        Cause::Rewritten => {
            "It is the same JSON, written anew. Verify the bytes as they arrive, before they are parsed."
        }
        Cause::Other => "It is not what was sent.",
    };
    format!(
        "The body differs after {}: sent was {}, yours has {}. {why}",
        writer.count(one.offset as u64, "byte", "bytes"),
        byte(&one.sent),
        byte(&one.received)
    )
}

/// The text around a difference, with its first character marked.
fn around(around: &Around) -> Html {
    let mut rest = around.after.chars();
    let first = rest.next().map(|one| one.to_string()).unwrap_or_default();
    let marked = match first.as_str() {
        "" => "<mark>end</mark>".to_owned(),
        first => format!("<mark>{}</mark>", seen(first)),
    };
    Html(format!("{}{marked}{}", seen(&around.before), seen(rest.as_str())))
}

impl From<InspectError> for Oops {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Missing => Self::NoPage,
            InspectError::EventMissing => Self::Refused(
                "The event of this delivery is no longer kept, so its request cannot be written again."
                    .to_owned(),
            ),
            InspectError::Unavailable(error) => error.into(),
        }
    }
}
