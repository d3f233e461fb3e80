//! Query parameters. They are read as strictly as bodies: unknown or repeated ones are errors.

use std::str::FromStr;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::json::whole::Whole;

use crate::http::cursor::List;

/// The parameters that have not been read yet, and the errors so far.
pub(crate) struct Query {
    left: Vec<(String, String)>,
    errors: FieldErrors,
}

pub(crate) const MAX_LIMIT: usize = 100;
/// The largest integer that every JSON parser represents exactly.
const MAX_PAGE: usize = 9_007_199_254_740_991;
const DEFAULT_LIMIT: usize = 20;
/// With the largest `limit`, this reaches 10,000 rows.
const MAX_BOUNDED_PAGE: usize = 100;

/// The same rule as in bodies: `5.0` is 5.
fn whole(text: &str) -> Option<usize> {
    Whole::parse(text).and_then(|Whole(number)| usize::try_from(number).ok())
}

impl Query {
    pub(crate) fn of(raw: Option<&str>) -> Self {
        let left = url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self { left, errors: FieldErrors::default() }
    }

    /// Reads and parses a parameter. A repeated one is an error.
    pub(crate) fn parse<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let text = self.take(name)?;
        text.parse().map_err(|e: T::Err| self.errors.push(name, e.to_string())).ok()
    }

    /// As [`Query::parse`], of a parameter that must be there.
    pub(crate) fn required<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        if !self.left.iter().any(|(given, _)| given == name) {
            self.errors.push(name, "is required");
        }
        self.parse(name)
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// Reads and parses a parameter that may be repeated, up to `most` times.
    pub(crate) fn parse_all<T>(&mut self, name: &str, most: usize) -> Vec<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let (given, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left).into_iter().partition(|(n, _)| n == name);
        self.left = left;
        if given.len() > most {
            self.errors.push(name, format!("must not be repeated more than {most} times"));
            return Vec::new();
        }
        let mut parsed = Vec::new();
        for (_, text) in given {
            match text.parse() {
                Ok(value) => parsed.push(value),
                Err(e) => self.errors.push(name, T::Err::to_string(&e)),
            }
        }
        parsed
    }

    /// `limit`: the number of rows in a page.
    pub(crate) fn limit(&mut self) -> usize {
        self.limit_to(MAX_LIMIT, DEFAULT_LIMIT)
    }

    /// `limit` of a list whose pages have other sizes.
    pub(crate) fn limit_to(&mut self, most: usize, default: usize) -> usize {
        let Some(text) = self.take("limit") else {
            return default;
        };
        match whole(&text).filter(|limit| (1..=most).contains(limit)) {
            Some(limit) => limit,
            None => {
                self.errors.push("limit", format!("must be a whole number from 1 to {most}"));
                default
            }
        }
    }

    /// `page`, starting at 1.
    pub(crate) fn page(&mut self) -> usize {
        let Some(text) = self.take("page") else {
            return 1;
        };
        match whole(&text) {
            Some(page @ 1..=MAX_PAGE) => page,
            _ => {
                self.errors.push("page", format!("must be a whole number from 1 to {MAX_PAGE}"));
                1
            }
        }
    }

    /// `true` or `false`. The parameter may have one of several names.
    pub(crate) fn flag(&mut self, names: &[&str]) -> Option<bool> {
        let mut found = None;
        for name in names {
            let Some(text) = self.take(name) else { continue };
            let value = match text.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => {
                    self.errors.push(*name, "must be true or false");
                    None
                }
            };
            match found {
                None => found = Some((name, value)),
                Some((first, _)) => {
                    let message =
                        format!("is the same parameter as {first}; send only one of them");
                    self.errors.push(*name, message);
                }
            }
        }
        found.and_then(|(_, value)| value)
    }

    /// `page` of a list that must be read from its beginning, so only the first pages are available.
    pub(crate) fn bounded_page(&mut self) -> Option<usize> {
        let text = self.take("page")?;
        let page = whole(&text).filter(|page| (1..=MAX_BOUNDED_PAGE).contains(page));
        if page.is_none() {
            let wanted = format!(
                "must be a whole number from 1 to {MAX_BOUNDED_PAGE}; use `nextCursor` to read further"
            );
            self.errors.push("page", wanted);
        }
        page
    }

    /// The status code of an answer.
    pub(crate) fn status_code(&mut self, name: &str) -> Option<u16> {
        let text = self.take(name)?;
        let code = whole(&text).filter(|code| (100..=599).contains(code));
        let code = code.and_then(|code| u16::try_from(code).ok());
        if code.is_none() {
            self.errors.push(name, "must be a whole number from 100 to 599");
        }
        code
    }

    /// `since` and `until`: RFC 3339 or a Unix timestamp in seconds.
    pub(crate) fn span(&mut self) -> TimeRange {
        TimeRange::new(self.time("since"), self.time("until"))
    }

    pub(crate) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.take(name)?;
        let time = match Whole::parse(&text) {
            Some(seconds) => seconds.as_time(),
            // A plus sign that was not escaped arrives as a space.
            None => text.parse().or_else(|_| text.replace(' ', "+").parse()).ok(),
        };
        if time.is_none() {
            self.errors.push(name, "must be a time in RFC 3339, or a Unix timestamp in seconds");
        }
        time
    }

    /// `cursor`: the position in this list.
    pub(crate) fn place<T: FromStr>(&mut self, list: &List) -> Option<T> {
        let text = self.take("cursor")?;
        list.place(&text).map_err(|wrong| self.errors.push("cursor", wrong)).ok()
    }

    pub(crate) fn error(&mut self, name: &str, message: &str) {
        self.errors.push(name, message);
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(n, _)| n == name)?;
        let (_, value) = self.left.remove(at);
        if self.left.iter().any(|(n, _)| n == name) {
            self.left.retain(|(n, _)| n != name);
            self.errors.push(name, "must not be repeated");
        }
        Some(value)
    }

    /// Ends the reading. A parameter that was not read is unknown, which is an error too.
    pub(crate) fn finish(mut self) -> Result<(), FieldErrors> {
        for (name, _) in std::mem::take(&mut self.left) {
            self.errors.push(name, "is not a known parameter");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}
