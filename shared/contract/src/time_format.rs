//! How a contract writes a time, in requests and in API answers alike.

use jiff::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// Seconds since 1970.
    Unix,
    /// `2024-01-15T10:30:00Z`
    Rfc3339,
    /// `2024-01-15T10:30:00.000Z`
    Rfc3339Ms,
}

impl TimeFormat {
    /// Reads the format that a placeholder called `name` has after its colon.
    pub(crate) fn parse(name: &str, format: Option<&str>) -> Result<Self, String> {
        match format {
            Some("unix") => Ok(Self::Unix),
            Some("rfc3339") => Ok(Self::Rfc3339),
            Some("rfc3339ms") => Ok(Self::Rfc3339Ms),
            _ => Err(format!("{{{name}}} needs a format: :unix, :rfc3339 or :rfc3339ms")),
        }
    }

    /// Reads what [`TimeFormat::write`] wrote.
    pub(crate) fn read(self, text: &str) -> Option<Timestamp> {
        match self {
            Self::Unix => Timestamp::from_second(text.parse().ok()?).ok(),
            Self::Rfc3339 | Self::Rfc3339Ms => text.parse().ok(),
        }
    }

    pub(crate) fn write(self, time: Timestamp) -> String {
        match self {
            Self::Unix => time.as_second().to_string(),
            Self::Rfc3339 => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Self::Rfc3339Ms => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        }
    }
}
