//! How numbers, times, and the texts of others are written.

use std::fmt::{self, Write as _};
use std::time::Duration;

use askama::filters::HtmlSafe;
use hooklane_domain::Timestamp;
use hooklane_domain::access::portal::Locale;
use hooklane_domain::unseen::is_unseen;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// Markup that was made here, and is not escaped again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Html(pub(crate) String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// A text as markup that shows it: escaped, and each character that nobody would see, or that would turn the text
/// around, by its number.
pub(crate) fn seen(text: &str) -> Html {
    let mut out = String::with_capacity(text.len() + 16);
    for one in text.chars() {
        push_seen(&mut out, one, false);
    }
    Html(out)
}

/// The same for a text of several lines: their ends stay, and tabs too.
pub(crate) fn seen_lines(text: &str) -> Html {
    let mut out = String::with_capacity(text.len() + 16);
    for one in text.replace("\r\n", "\n").chars() {
        push_seen(&mut out, one, true);
    }
    Html(out)
}

/// A text of somebody else, apart from the direction of what is around it.
pub(crate) fn theirs(text: &str) -> Html {
    Html(format!("<bdi>{}</bdi>", seen(text)))
}

/// For an attribute or a title, where there is no markup: what cannot be seen is written as `U+202E`.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        if is_unseen(one) {
            let _ = write!(out, "\u{27e8}U+{:04X}\u{27e9}", u32::from(one));
        } else {
            out.push(one);
        }
    }
    out
}

/// The same as the heading of a group: its first letter is large.
pub(crate) fn heading(text: &str) -> String {
    let text = plain(text);
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn push_seen(out: &mut String, one: char, lines: bool) {
    match one {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\n' | '\t' if lines => out.push(one),
        one if is_unseen(one) => {
            let _ = write!(out, "<span class=\"unseen-mark\">U+{:04X}</span>", u32::from(one));
        }
        one => out.push(one),
    }
}

/// A host and path with places where a narrow column may break it.
pub(crate) fn breakable(text: &str) -> Html {
    let Html(text) = seen(text);
    Html(format!("<bdi>{}</bdi>", text.replace('/', "/<wbr>").replace('.', ".<wbr>")))
}

/// The host and path of an address, likewise.
pub(crate) fn breakable_host(url: &str) -> Html {
    breakable(url.split_once("://").map_or(url, |(_, rest)| rest))
}

/// A long id with its middle cut out.
pub(crate) fn short(id: &str) -> String {
    const KEPT: (usize, usize) = (12, 4);
    if id.len() <= KEPT.0 + KEPT.1 + 1 || !id.is_ascii() {
        return id.to_owned();
    }
    format!("{}\u{2026}{}", &id[..KEPT.0], &id[id.len() - KEPT.1..])
}

/// Writes for one reader.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    zone: TimeZone,
    now: Zoned,
    thousands: char,
    decimal: char,
    /// Whether times have twelve hours.
    twelve: bool,
}

impl Writer {
    /// An unknown zone is UTC.
    pub(crate) fn new(locale: Option<&Locale>, zone: Option<&str>, now: Timestamp) -> Self {
        let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let language = locale.map_or("en", Locale::language);
        let region = locale.and_then(Locale::region);
        // Unicode CLDR 46, numbers: the symbols of the commonest languages.
        let (thousands, decimal) = match (language, region) {
            (_, Some("CH" | "LI")) => ('\u{2019}', '.'),
            ("de" | "es" | "it" | "nl" | "pt" | "da" | "id" | "tr" | "el", _) => ('.', ','),
            (
                "fr" | "nb" | "no" | "sv" | "fi" | "pl" | "cs" | "sk" | "uk" | "ru" | "hu" | "bg",
                _,
            ) => ('\u{202f}', ','),
            _ => (',', '.'),
        };
        let twelve = language == "en" && matches!(region, Some("US" | "CA" | "AU" | "NZ" | "IN"));
        Self { now: now.to_zoned(zone.clone()), zone, thousands, decimal, twelve }
    }

    pub(crate) fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(self.thousands);
            }
            out.push(digit);
        }
        out
    }

    /// A number of things that were counted up to `most`.
    pub(crate) fn counted(&self, number: u64, most: u16) -> String {
        if number < u64::from(most) {
            self.number(number)
        } else {
            format!("{}+", self.number(most.into()))
        }
    }

    /// A count with its noun.
    pub(crate) fn count(&self, number: u64, one: &str, many: &str) -> String {
        format!("{} {}", self.number(number), if number == 1 { one } else { many })
    }

    /// A share as per cent. It says 100% only of all, and 0% only of none.
    pub(crate) fn percent(&self, share: f64) -> String {
        let shown = match share * 100.0 {
            all if all >= 100.0 => return "100%".to_owned(),
            none if none <= 0.0 => return "0%".to_owned(),
            most if most > 99.9 => format!("{:.2}", most.min(99.99)),
            little if little < 0.1 => "0.1".to_owned(),
            some => format!("{some:.1}"),
        };
        format!("{}%", shown.replace('.', &self.decimal.to_string()))
    }

    /// A number with one place.
    pub(crate) fn tenths(&self, number: f64) -> String {
        format!("{number:.1}").replace('.', &self.decimal.to_string())
    }

    /// A round number that was written with one place, without it.
    pub(crate) fn round(&self, written: &str) -> String {
        written.replacen(&format!("{}0", self.decimal), "", 1)
    }

    /// The time that something took.
    pub(crate) fn took(&self, ms: u32) -> String {
        if ms < 1_000 {
            return format!("{ms} ms");
        }
        format!("{} s", self.tenths(f64::from(ms) / 1_000.0))
    }

    /// A long time in its two largest units.
    pub(crate) fn lasts(time: Duration) -> String {
        let all = time.as_secs();
        let (days, hours) = (all / 86_400, all / 3_600 % 24);
        let (minutes, seconds) = (all / 60 % 60, all % 60);
        let two = |large: u64, one: &str, small: u64, other: &str| match small {
            0 => format!("{large} {one}"),
            small => format!("{large} {one} {small} {other}"),
        };
        match () {
            () if days > 0 => two(days, if days == 1 { "day" } else { "days" }, hours, "h"),
            () if hours > 0 => two(hours, "h", minutes, "min"),
            () if minutes > 0 => two(minutes, "min", seconds, "s"),
            () => format!("{seconds} s"),
        }
    }

    /// The time between two moments; nothing if the second is not later.
    pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
        Duration::try_from(to.duration_since(from)).unwrap_or_default()
    }

    /// A time, as short as it can be understood today, with the exact one at hand.
    pub(crate) fn time(&self, at: Timestamp) -> Html {
        self.marked(at, &self.plain_time(at))
    }

    /// The same as a text without markup.
    pub(crate) fn plain_time(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        format!("{}{}", self.day_of(&zoned), self.clock(&zoned, false))
    }

    /// The same with seconds.
    pub(crate) fn second(&self, at: Timestamp) -> Html {
        let zoned = at.to_zoned(self.zone.clone());
        self.marked(at, &format!("{}{}", self.day_of(&zoned), self.clock(&zoned, true)))
    }

    /// The same with milliseconds.
    pub(crate) fn exact(&self, at: Timestamp) -> Html {
        let zoned = at.to_zoned(self.zone.clone());
        let shown = format!(
            "{}{}.{:03}",
            self.day_of(&zoned),
            zoned.strftime("%H:%M:%S"),
            at.subsec_millisecond().unsigned_abs()
        );
        self.marked(at, &shown)
    }

    pub(crate) fn date(&self, at: Timestamp) -> Html {
        let zoned = at.to_zoned(self.zone.clone());
        self.marked(at, &zoned.strftime("%-d %b %Y").to_string())
    }

    /// A time as a field for a date and a time has it, in the reader's zone.
    pub(crate) fn field(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// The time that such a field says. In an hour that comes twice, when clocks are put back, it is the first.
    pub(crate) fn read_field(&self, text: &str) -> Option<Timestamp> {
        let at = text.parse::<jiff::civil::DateTime>().ok()?;
        self.zone.to_ambiguous_timestamp(at).compatible().ok()
    }

    fn marked(&self, at: Timestamp, shown: &str) -> Html {
        let zoned = at.to_zoned(self.zone.clone());
        let title = format!("{}, {}", zoned.strftime("%-d %b %Y, %H:%M:%S"), zone_name(&zoned));
        let exact = hooklane_domain::time::with_milliseconds(at);
        Html(format!("<time datetime=\"{exact}\" title=\"{title}\">{shown}</time>"))
    }

    fn day_of(&self, zoned: &Zoned) -> String {
        let days = (self.now.date() - zoned.date()).get_days();
        match days {
            0 => String::new(),
            1..=5 => format!("{} ", zoned.strftime("%a")),
            _ if self.now.year() != zoned.year() => format!("{}, ", zoned.strftime("%-d %b %Y")),
            _ => format!("{}, ", zoned.strftime("%-d %b")),
        }
    }

    fn clock(&self, zoned: &Zoned, seconds: bool) -> String {
        let pattern = match (self.twelve, seconds) {
            (false, false) => "%H:%M",
            (false, true) => "%H:%M:%S",
            (true, false) => "%-I:%M %P",
            (true, true) => "%-I:%M:%S %P",
        };
        zoned.strftime(pattern).to_string()
    }

    /// The reader's zone and day, for the foot of a page.
    pub(crate) fn zone_and_day(&self) -> String {
        let name = self.zone.iana_name().unwrap_or("UTC");
        let offset = zone_name(&self.now);
        let zone = if name == offset { name.to_owned() } else { format!("{name} ({offset})") };
        format!("{zone}, {}", self.now.strftime("%a %-d %b %Y"))
    }
}

/// The offset as `UTC+2`.
fn zone_name(zoned: &Zoned) -> String {
    let seconds = zoned.offset().seconds();
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// A share of a whole, if there is any.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as it is written on 27 November 2026 at noon.
    #[test]
    fn a_time_is_as_short_as_it_can_be_understood() {
        let now = "2026-11-27T12:00:00Z".parse().unwrap();
        let writer = Writer::new(None, Some("Europe/Berlin"), now);
        for (at, shown) in [
            ("2026-11-27T08:05:00Z", "09:05"),
            ("2026-11-25T08:05:00Z", "Wed 09:05"),
            ("2026-11-20T08:05:00Z", "20 Nov, 09:05"),
            ("2026-01-01T08:05:00Z", "1 Jan, 09:05"),
            ("2025-12-31T08:05:00Z", "31 Dec 2025, 09:05"),
            ("2024-01-01T08:05:00Z", "1 Jan 2024, 09:05"),
            ("2027-01-02T08:05:00Z", "2 Jan 2027, 09:05"),
        ] {
            assert_eq!(writer.plain_time(at.parse().unwrap()), shown, "{at}");
        }
        let new_year = Writer::new(None, None, "2027-01-02T12:00:00Z".parse().unwrap());
        let yesterday = new_year.plain_time("2026-12-31T08:05:00Z".parse().unwrap());
        assert_eq!(yesterday, "Thu 08:05", "the last days have their weekday, whatever the year");
    }
}
