//! The fonts that a platform may choose from: those that systems bring along, so that no page asks another host
//! for one. The stylesheet of the portal says what each name stands for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words;

/// A kind of font.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Font {
    /// The one of the reader's system.
    #[default]
    System,
    /// Even strokes, as Helvetica and Arial have them.
    Grotesque,
    /// With the proportions of handwriting, as Gill Sans and Calibri.
    Humanist,
    /// Made of circles and straight lines, as Avenir and Century Gothic.
    Geometric,
    /// With round ends.
    Rounded,
    /// As books have it.
    Serif,
}

impl Font {
    pub const ALL: [Self; 6] = [
        Self::System,
        Self::Grotesque,
        Self::Humanist,
        Self::Geometric,
        Self::Rounded,
        Self::Serif,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Grotesque => "grotesque",
            Self::Humanist => "humanist",
            Self::Geometric => "geometric",
            Self::Rounded => "rounded",
            Self::Serif => "serif",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_system(&self) -> bool {
        *self == Self::System
    }
}

impl FromStr for Font {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}
