//! Reads `Retry-After` (RFC 9110 §10.2.3) as leniently as its senders write it.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The upper bound of `Retry-After`; a longer one counts as this.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// No number or date is longer.
const MAX_BYTES: usize = 128;

/// The latest time that the `Retry-After` among these headers ask to wait for. `None` where none asks for a
/// time to come.
pub(super) fn retry_after(headers: &[(String, String)], now: Timestamp) -> Option<Duration> {
    let named = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    let short = named.filter(|(_, value)| value.len() <= MAX_BYTES);
    let waits = short.filter_map(|(_, value)| wait(value.trim(), now));
    waits.max().map(|wait| wait.min(MAX_RETRY_AFTER))
}

fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    if let Some(seconds) = seconds(value) {
        return Some(seconds);
    }
    if let Some(date) = date(value) {
        return Duration::try_from(date.duration_since(now)).ok();
    }
    // A proxy may have joined two headers to one. A date has a comma of its own.
    let (first, rest) = value.split_once(',')?;
    seconds(first.trim()).max(wait(rest.trim(), now))
}

/// Whole seconds, rounded up, of a number such as `20` or `20.5`.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    // Only a number of more seconds than a `u64` holds cannot be parsed.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let up = u64::from(part.bytes().any(|b| b != b'0'));
    Some(Duration::from_secs(whole.saturating_add(up)))
}

/// A date in one of the three forms of HTTP (RFC 9110 §5.6.7), or in what servers send instead: with
/// another time zone, with the hyphens of cookies, or as RFC 3339.
fn date(text: &str) -> Option<Timestamp> {
    let in_gmt = ["+0000", "-0000", "UTC", "UT", "Z"]
        .iter()
        .find_map(|zone| text.strip_suffix(&format!(" {zone}")))
        .map_or_else(|| text.to_owned(), |date| format!("{date} GMT"));
    if let Ok(date) = httpdate::parse_http_date(&in_gmt) {
        // Later than a `Timestamp` holds.
        return Some(Timestamp::try_from(date).unwrap_or(Timestamp::MAX));
    }
    let parser = DateTimeParser::new().relaxed_weekday(true);
    let spaced = in_gmt.replace('-', " ");
    parser
        .parse_timestamp(&in_gmt)
        .or_else(|_| parser.parse_timestamp(&spaced))
        .or_else(|_| text.parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wait in seconds at 2024-01-15T10:30:00Z.
    fn waits(values: &[&str]) -> Option<u64> {
        let headers = values.iter().map(|v| ("retry-after".to_owned(), (*v).to_owned()));
        let now = "2024-01-15T10:30:00Z".parse().unwrap();
        retry_after(&headers.collect::<Vec<_>>(), now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_servers_write_it() {
        for (value, expected) in [
            ("20", Some(20)),
            ("0", Some(0)),
            ("020", Some(20)),
            ("20.5", Some(21)),
            ("20.0", Some(20)),
            ("20.", Some(20)),
            ("0.001", Some(1)),
            ("99999999999999999999.5", Some(86_400)),
            ("20, 30", Some(30)),
            ("30,20", Some(30)),
            ("20, Mon, 15 Jan 2024 10:31:00 GMT", Some(60)),
            // The three forms of RFC 9110.
            ("Mon, 15 Jan 2024 10:31:00 GMT", Some(60)),
            ("Monday, 15-Jan-24 10:31:00 GMT", Some(60)),
            ("Mon Jan 15 10:31:00 2024", Some(60)),
            // The same with other names of the zone.
            ("Mon, 15 Jan 2024 10:31:00 +0000", Some(60)),
            ("Mon, 15 Jan 2024 10:31:00 -0000", Some(60)),
            ("Mon, 15 Jan 2024 10:31:00 UTC", Some(60)),
            ("Mon, 15 Jan 2024 10:31:00 UT", Some(60)),
            ("Mon, 15 Jan 2024 10:31:00 Z", Some(60)),
            ("Mon, 15 Jan 2024 11:31:00 +0100", Some(60)),
            ("Mon, 15 Jan 2024 05:31:00 EST", Some(60)),
            ("Monday, 15-Jan-24 10:31:00 UTC", Some(60)),
            ("Monday, 15-Jan-24 10:31:00 +0000", Some(60)),
            // What else is seen.
            ("15 Jan 2024 10:31:00 GMT", Some(60)),
            ("Sun, 15 Jan 2024 10:31:00 +0000", Some(60)),
            ("Mon, 15-Jan-2024 10:31:00 GMT", Some(60)),
            ("2024-01-15T10:31:00Z", Some(60)),
            ("2024-01-15T11:31:00+01:00", Some(60)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
            // Past, negative, or nothing of the kind.
            ("Mon, 15 Jan 2024 10:29:00 GMT", None),
            ("-1", None),
            ("+5", None),
            ("-0.5", None),
            (".", None),
            (".5", None),
            ("1e3", None),
            ("inf", None),
            ("NaN", None),
            ("soon", None),
            ("20 seconds", None),
            ("", None),
            (",", None),
        ] {
            assert_eq!(waits(&[value]), expected, "{value}");
        }
    }

    #[test]
    fn of_several_retry_after_the_latest_counts() {
        assert_eq!(waits(&["20", "30"]), Some(30));
        assert_eq!(waits(&["30", "20.5"]), Some(30));
        assert_eq!(waits(&["soon", "20"]), Some(20));
        assert_eq!(waits(&["20", "Mon, 15 Jan 2024 10:31:00 +0000"]), Some(60));
        assert_eq!(waits(&["-5", "soon"]), None);
    }
}
