//! How a platform wants the portal to look: colour scheme, accent, name, logo, font, and the way numbers and times are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::font::Font;
use super::logo::LogoMark;
use crate::words;

/// What the operator's request says about the look. Everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    #[serde(default, skip_serializing_if = "Mode::is_system")]
    pub mode: Mode,
    /// The accent on a light ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Accent>,
    /// The accent on a dark ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<Accent>,
    /// The platform's name, shown in place of Hooklane's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Font::is_system")]
    pub font: Font,
    /// Shown in place of the name, on a light ground and, if there is no other, on a dark one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<LogoMark>,
    /// The logo on a dark ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_dark: Option<LogoMark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// The IANA name of the reader's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl Look {
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As the reader's system has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_system(&self) -> bool {
        *self == Self::System
    }
}

impl FromStr for Mode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// A colour as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accent([u8; 3]);

/// The contrast that text needs on its ground (WCAG 2.2, 1.4.3).
const ENOUGH: f64 = 4.5;

/// An accent that would make links and buttons hard to read.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("has a contrast of {0:.1}:1 on the page; text needs at least {ENOUGH}:1")]
pub struct TooFaint(f64);

impl Accent {
    pub const WHITE: Self = Self([255; 3]);
    /// The darkest and the lightest ground on which links stand, in the light and in the dark scheme.
    const LIGHT_GROUNDS: [Self; 2] = [Self::WHITE, Self([0xe9, 0xef, 0xf1])];
    const DARK_GROUNDS: [Self; 2] = [Self([0x0b, 0x10, 0x12]), Self([0x20, 0x29, 0x2d])];
    const INK: Self = Self([0x05, 0x12, 0x18]);

    /// This accent, if links can be read on every light ground.
    pub fn on_light(self) -> Result<Self, TooFaint> {
        self.readable_on(Self::LIGHT_GROUNDS)
    }

    /// This accent, if links can be read on every dark ground.
    pub fn on_dark(self) -> Result<Self, TooFaint> {
        self.readable_on(Self::DARK_GROUNDS)
    }

    fn readable_on(self, grounds: [Self; 2]) -> Result<Self, TooFaint> {
        let worst =
            grounds.map(|ground| self.contrast(ground)).into_iter().fold(f64::MAX, f64::min);
        if worst >= ENOUGH { Ok(self) } else { Err(TooFaint(worst)) }
    }

    /// The colour of text on it: white or nearly black, whichever can be read better.
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::INK) { Self::WHITE } else { Self::INK }
    }

    /// The contrast ratio of WCAG 2.2, from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The text is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #0a5a76")]
pub struct NoColour;

impl FromStr for Accent {
    type Err = NoColour;
    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NoColour)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex).ok_or(NoColour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl TryFrom<String> for Accent {
    type Error = NoColour;
    fn try_from(text: String) -> Result<Self, NoColour> {
        text.parse()
    }
}

impl From<Accent> for String {
    fn from(accent: Accent) -> Self {
        accent.to_string()
    }
}

/// A language tag (RFC 5646): a language, and perhaps a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

/// The text is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a language tag such as de or en-GB")]
pub struct NoLocale;

impl Locale {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.0.split('-').nth(1)
    }
}

impl FromStr for Locale {
    type Err = NoLocale;
    fn from_str(text: &str) -> Result<Self, NoLocale> {
        let (language, region) = text.split_once('-').unwrap_or((text, "XX"));
        let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_region =
            (region.len() == 2 && letters(region)) || (region.len() == 3 && digits(region));
        let is_tag = (2..=3).contains(&language.len()) && letters(language) && is_region;
        is_tag.then(|| Self(text.to_owned())).ok_or(NoLocale)
    }
}

impl TryFrom<String> for Locale {
    type Error = NoLocale;
    fn try_from(text: String) -> Result<Self, NoLocale> {
        text.parse()
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

/// An address of the platform's to which a link leads back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnUrl(String);

const MAX_RETURN_BYTES: usize = 512;

/// The text is no address that a browser may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https:// address without a user, at most {MAX_RETURN_BYTES} bytes; http:// only on localhost"
)]
pub struct NoReturnUrl;

impl ReturnUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReturnUrl {
    type Err = NoReturnUrl;
    fn from_str(text: &str) -> Result<Self, NoReturnUrl> {
        if text.len() > MAX_RETURN_BYTES {
            return Err(NoReturnUrl);
        }
        let url = url::Url::parse(text).map_err(|_| NoReturnUrl)?;
        let host = url.host_str().unwrap_or_default();
        let is_safe = match url.scheme() {
            "https" => !host.is_empty(),
            "http" => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
            _ => false,
        };
        let has_user = !url.username().is_empty() || url.password().is_some();
        // As the parser writes it, so that nothing is left that a browser would read in another way.
        (is_safe && !has_user && url.as_str().len() <= MAX_RETURN_BYTES)
            .then(|| Self(url.into()))
            .ok_or(NoReturnUrl)
    }
}

impl TryFrom<String> for ReturnUrl {
    type Error = NoReturnUrl;
    fn try_from(text: String) -> Result<Self, NoReturnUrl> {
        text.parse()
    }
}

impl From<ReturnUrl> for String {
    fn from(url: ReturnUrl) -> Self {
        url.0
    }
}
