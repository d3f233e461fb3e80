/// How careful a look is, or those of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Several looks at once, and nothing is written about them beforehand.
    Usual,
    /// The run before did not end as it should, or looks at this webhook have ended the function too often:
    /// one look at a time, and each gets a strike before. So the webhook whose look ends the function is
    /// found.
    OneByOne,
}
