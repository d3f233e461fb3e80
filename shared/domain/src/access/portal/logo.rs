//! A platform's logo: a small PNG or SVG that comes as a `data:` URL. What it is, its bytes say and not the URL. A
//! pass holds its mark: a hash by which it is found, and its proportions, so that a page keeps its place.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

mod png;
mod svg;

#[cfg(test)]
mod tests;

/// The largest logo, in bytes.
pub const MAX_LOGO_BYTES: usize = 32 * 1024;
/// The longest text that can be a logo: four characters for each three bytes, and what stands before them.
const MAX_TEXT: usize = MAX_LOGO_BYTES.div_ceil(3) * 4 + 64;
/// The longer side of a picture without pixels, by which its proportions are written.
const SIDE: u16 = 1_000;

/// A logo, whole and of a known kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    kind: Kind,
    bytes: Vec<u8>,
    mark: LogoMark,
}

/// The kinds of pictures that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Png,
    Svg,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Png, Self::Svg];

    fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// The text is no logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoLogo {
    #[error("must be a picture as data:image/png;base64,… or data:image/svg+xml;base64,…")]
    Form,
    #[error("is larger than {} KiB", MAX_LOGO_BYTES / 1024)]
    Size,
    #[error("is not the base64 of anything")]
    Base64,
    #[error("is not a whole PNG with sides of at most {} pixels", png::MAX_SIDE)]
    Png,
    #[error("is not an SVG: {0}")]
    Svg(&'static str),
}

impl Logo {
    /// The picture in these bytes, which say what it is.
    pub fn of(bytes: Vec<u8>) -> Result<Self, NoLogo> {
        if bytes.len() > MAX_LOGO_BYTES {
            return Err(NoLogo::Size);
        }
        let (kind, (width, height)) = if bytes.starts_with(png::SIGNATURE) {
            (Kind::Png, png::sides(&bytes).ok_or(NoLogo::Png)?)
        } else {
            (Kind::Svg, svg::sides(&bytes).map_err(NoLogo::Svg)?)
        };
        let mark = LogoMark { hash: LogoHash::of(&bytes), width, height };
        Ok(Self { kind, bytes, mark })
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.kind.media_type()
    }

    #[must_use]
    pub fn mark(&self) -> &LogoMark {
        &self.mark
    }
}

impl FromStr for Logo {
    type Err = NoLogo;
    fn from_str(text: &str) -> Result<Self, NoLogo> {
        let (media_type, data) = text
            .strip_prefix("data:")
            .and_then(|rest| rest.split_once(";base64,"))
            .ok_or(NoLogo::Form)?;
        let mut kinds = Kind::ALL.into_iter();
        let said = kinds.find(|kind| kind.media_type() == media_type).ok_or(NoLogo::Form)?;
        if text.len() > MAX_TEXT {
            return Err(NoLogo::Size);
        }
        let logo = Self::of(STANDARD.decode(data).map_err(|_| NoLogo::Base64)?)?;
        match (logo.kind == said, said) {
            (true, _) => Ok(logo),
            (false, Kind::Png) => Err(NoLogo::Png),
            (false, Kind::Svg) => Err(NoLogo::Svg("it is a PNG")),
        }
    }
}

/// What a logo is found by: half of a SHA-256 of its bytes, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogoHash(String);

const HASH_BYTES: usize = 16;

impl LogoHash {
    fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(&Sha256::digest(bytes)[..HASH_BYTES]))
    }
}

impl fmt::Display for LogoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no hash, or no mark, of a logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no logo's mark")]
pub struct NoMark;

impl FromStr for LogoHash {
    type Err = NoMark;
    fn from_str(text: &str) -> Result<Self, NoMark> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_hash = text.len() == 2 * HASH_BYTES && text.bytes().all(is_digit);
        is_hash.then(|| Self(text.to_owned())).ok_or(NoMark)
    }
}

/// What a pass holds of a logo, written as `{hash}.{width}.{height}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogoMark {
    pub hash: LogoHash,
    pub width: u16,
    pub height: u16,
}

impl FromStr for LogoMark {
    type Err = NoMark;
    fn from_str(text: &str) -> Result<Self, NoMark> {
        let [hash, width, height] =
            text.splitn(3, '.').collect::<Vec<_>>().try_into().map_err(|_| NoMark)?;
        let side = |text: &str| text.parse::<u16>().ok().filter(|side| *side > 0).ok_or(NoMark);
        Ok(Self { hash: hash.parse()?, width: side(width)?, height: side(height)? })
    }
}

impl TryFrom<String> for LogoMark {
    type Error = NoMark;
    fn try_from(text: String) -> Result<Self, NoMark> {
        text.parse()
    }
}

impl From<LogoMark> for String {
    fn from(mark: LogoMark) -> Self {
        format!("{}.{}.{}", mark.hash, mark.width, mark.height)
    }
}

/// Two lengths as whole numbers, of which the longer one is `SIDE`.
fn proportions(width: f64, height: f64) -> Option<(u16, u16)> {
    let longer = width.max(height);
    let is_size = width > 0.0 && height > 0.0 && longer.is_finite();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1 to SIDE, which is set here"
    )]
    let whole =
        |side: f64| (side / longer * f64::from(SIDE)).round().clamp(1.0, f64::from(SIDE)) as u16;
    is_size.then(|| (whole(width), whole(height)))
}
