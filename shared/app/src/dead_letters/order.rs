//! Sending dead letters again, and deleting them.

use std::time::Duration;

use hooklane_domain::Timestamp;
use hooklane_domain::dead_letter::{Letter, LetterId, Source};
use hooklane_domain::json::fields::{FieldErrors, Fields};

use super::{Round, has_reason};
use crate::deadline::Deadline;
use crate::ports::{Clock, LetterBox, Ran, RunErrand, Unavailable};

/// The most letters that one order sends or deletes. A dry run counts as far as it sees.
pub(super) const MAX_LETTERS: usize = 100;
/// No letter is begun after this time. One may take a while: a reader of the stream is waited for.
const LASTS: Duration = Duration::from_secs(8);
/// The longest text that reasons are compared with, in characters: as long as a reason.
const MAX_REASON: usize = 1_000;

/// What becomes of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Redrive,
    Delete,
}

/// Which letters an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    One(LetterId),
    /// All whose reason contains this text.
    Reason(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub source: Source,
    pub which: Which,
    /// Whether to count only.
    pub dry_run: bool,
}

impl Order {
    /// Reads `{source, id | reason, dryRun?}`.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        if !fields.has(&["source"]) {
            fields.error("source", "is required");
        }
        let source = fields.parse::<Source>(&["source"]);
        let id = fields.parse::<LetterId>(&["id"]);
        let reason: Option<String> = fields.read(&["reason"], "a text");
        let length = reason.as_ref().map(|reason| reason.chars().count());
        if length.is_some_and(|length| !(1..=MAX_REASON).contains(&length)) {
            fields.error("reason", format!("must have 1 to {MAX_REASON} characters"));
        }
        let dry_run = fields.read(&["dryRun", "dry_run"], "true or false");
        let which = match (id, reason) {
            (Some(_), Some(_)) => {
                fields.error("reason", "cannot be combined with id");
                None
            }
            (Some(id), None) => Some(Which::One(id)),
            (None, Some(reason)) => Some(Which::Reason(reason)),
            (None, None) => {
                if !fields.has_error("id") && !fields.has_error("reason") {
                    fields.error("id", "is required, or a reason");
                }
                None
            }
        };
        fields.finish()?;
        match (source, which) {
            (Some(source), Some(which)) => {
                Ok(Self { source, which, dry_run: dry_run == Some(true) })
            }
            _ => Err(FieldErrors::one("", "is incomplete")),
        }
    }

    fn is_about(&self, letter: &Letter) -> bool {
        match &self.which {
            Which::One(id) => letter.id == *id,
            Which::Reason(reason) => has_reason(letter, Some(reason)),
        }
    }
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How many letters were sent or deleted, or would be.
    pub count: usize,
    /// Letters that stay, each with the reason.
    pub kept: Vec<KeptLetter>,
    /// Whether letters may be left that this order did not come to.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLetter {
    pub id: LetterId,
    pub why: String,
}

/// What the stores have to do with one letter.
enum Outcome {
    Gone,
    Stays(String),
    /// As above, and whatever comes next would fail too.
    Fails(String),
}

/// Sends letters again or deletes them. A letter is sent first and deleted afterwards, so one is rather sent twice
/// than not at all: an event is accepted once under its id, and a delivery that has ended discards its message.
///
/// A letter that came after the order began stays: what failed again is a new letter.
pub async fn carry_out<L: LetterBox>(
    (letters, errands): (&L, &impl RunErrand),
    clock: &impl Clock,
    act: Act,
    order: &Order,
) -> Result<Done, Unavailable> {
    let began = clock.now();
    let mut round = Round::begin(letters, order.source).await?;
    let mut done = Done { count: 0, kept: Vec::new(), more: true };
    let went = go((&mut round, errands), (clock, began), (act, order), &mut done).await;
    round.end().await;
    match went {
        // What was done is said, and what is left is asked for again.
        Err(error) if done.count + done.kept.len() > 0 => error.log("letters.interrupted"),
        went => {
            went?;
            let found = done.count + done.kept.len() > 0;
            let is_one = matches!(order.which, Which::One(_));
            done.more = !(round.saw_all() || is_one && found);
        }
    }
    Ok(done)
}

async fn go<L: LetterBox>(
    (round, errands): (&mut Round<'_, L>, &impl RunErrand),
    (clock, began): (&impl Clock, Timestamp),
    (act, order): (Act, &Order),
    done: &mut Done,
) -> Result<(), Unavailable> {
    let deadline = Deadline::after(began, LASTS);
    while let Some(new) = round.next().await? {
        for letter in new {
            if letter.sent_at > began || !order.is_about(&letter) {
                continue;
            }
            if !order.dry_run && is_over(done, deadline, clock) {
                return Ok(());
            }
            match one((round.letters, errands), (act, order), &letter).await {
                Outcome::Gone => {
                    done.count += 1;
                    if !order.dry_run {
                        round.is_gone(&letter.id);
                    }
                }
                Outcome::Stays(why) => done.kept.push(KeptLetter { id: letter.id.clone(), why }),
                Outcome::Fails(why) => {
                    done.kept.push(KeptLetter { id: letter.id.clone(), why });
                    return Ok(());
                }
            }
            if matches!(order.which, Which::One(_)) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn is_over(done: &Done, deadline: Deadline, clock: &impl Clock) -> bool {
    done.count + done.kept.len() >= MAX_LETTERS || !deadline.leaves(Duration::ZERO, clock)
}

async fn one(
    (letters, errands): (&impl LetterBox, &impl RunErrand),
    (act, order): (Act, &Order),
    letter: &Letter,
) -> Outcome {
    if act == Act::Redrive {
        let errand = match letter.errand(order.source) {
            Ok(errand) => errand,
            Err(kept) => return Outcome::Stays(kept.to_string()),
        };
        if !order.dry_run {
            match errands.run_errand(&errand).await {
                Ok(Ran::Done) => {}
                Ok(Ran::Refused(why)) => return Outcome::Stays(why),
                Err(error) => {
                    error.log("letter.not_sent");
                    let why = "it could not be sent, or it is unknown whether it was; try again";
                    return Outcome::Fails(why.to_owned());
                }
            }
        }
    }
    if order.dry_run {
        return Outcome::Gone;
    }
    match letters.discard(order.source, &letter.receipt_handle).await {
        Ok(()) => Outcome::Gone,
        Err(error) => {
            error.log("letter.not_deleted");
            let why = match act {
                Act::Redrive => "it was sent, and could not be deleted; sending it again is safe",
                Act::Delete => "it could not be deleted; try again",
            };
            Outcome::Fails(why.to_owned())
        }
    }
}
