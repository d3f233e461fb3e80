//! Looking at dead letters.

use std::fmt;
use std::str::FromStr;

use hooklane_domain::Timestamp;
use hooklane_domain::dead_letter::{Letter, LetterId, Source, Subject};

use super::{Round, has_reason};
use crate::ports::{LetterBox, Unavailable};

/// The most bytes of a body that are shown.
const EXCERPT_BYTES: usize = 2_000;

/// A dead letter as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: LetterId,
    pub reason: String,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    /// Whether AWS moved it here, and not a function.
    pub moved: bool,
    pub about: Subject,
    pub receives: u32,
    pub body: Excerpt,
}

/// The beginning of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// The bytes of the whole body.
    pub size: usize,
}

impl Excerpt {
    fn of(body: &str) -> Self {
        let end = (0..=EXCERPT_BYTES.min(body.len())).rev().find(|i| body.is_char_boundary(*i));
        Self { text: body[..end.unwrap_or(0)].to_owned(), size: body.len() }
    }

    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.text.len() < self.size
    }
}

impl Listed {
    fn of(letter: &Letter, source: Source) -> Self {
        Self {
            id: letter.id.clone(),
            reason: letter.why().to_owned(),
            sent_at: letter.sent_at,
            expires_at: letter.expires_at(),
            moved: letter.reason.is_none(),
            about: letter.about(source),
            receives: letter.receives,
            body: Excerpt::of(&letter.body),
        }
    }

    fn place(&self) -> LetterPlace {
        LetterPlace { at_ms: self.sent_at.as_millisecond(), id: self.id.clone() }
    }
}

/// Where a letter stands in a list, newest first. It is the same in every look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterPlace {
    at_ms: i64,
    id: LetterId,
}

impl LetterPlace {
    /// Smaller for what comes first.
    fn order(&self) -> (i64, &LetterId) {
        (-self.at_ms, &self.id)
    }
}

impl fmt::Display for LetterPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at_ms, self.id.as_str())
    }
}

impl FromStr for LetterPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at_ms, id) = text.split_once('.').ok_or(())?;
        Ok(Self { at_ms: at_ms.parse().map_err(|_| ())?, id: id.parse().map_err(|_| ())? })
    }
}

/// A page of the letters that one look saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub letters: Vec<Listed>,
    pub next: Option<LetterPlace>,
    /// Whether the look saw every letter that the queue holds.
    pub complete: bool,
    /// About how many letters the queue holds, those included that others have taken.
    pub held: u64,
}

/// Lists letters of a source whose reason contains a text, newest first, after a place. Each page is a look of its
/// own.
pub async fn list(
    letters: &impl LetterBox,
    source: Source,
    reason: Option<&str>,
    after: Option<&LetterPlace>,
    limit: usize,
) -> Result<Listing, Unavailable> {
    let mut round = Round::begin(letters, source).await?;
    let mut found = Vec::new();
    let looked = look(&mut round, |letter| {
        if has_reason(letter, reason) {
            found.push(Listed::of(letter, source));
        }
    });
    let looked = looked.await;
    round.end().await;
    looked?;
    found.sort_by(|a, b| a.place().order().cmp(&b.place().order()));
    found.retain(|one| after.is_none_or(|after| one.place().order() > after.order()));
    let is_cut = found.len() > limit;
    found.truncate(limit);
    Ok(Listing {
        next: found.last().filter(|_| is_cut).map(Listed::place),
        letters: found,
        complete: round.saw_all(),
        held: (round.count.visible + round.count.hidden).max(round.taken.len() as u64),
    })
}

async fn look<L: LetterBox>(
    round: &mut Round<'_, L>,
    mut each: impl FnMut(&Letter),
) -> Result<(), Unavailable> {
    while let Some(new) = round.next().await? {
        new.iter().for_each(&mut each);
    }
    Ok(())
}
