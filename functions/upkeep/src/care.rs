/// How careful a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Several looks at once, and nothing is written about them beforehand.
    Usual,
    /// The run before did not end as it should: one look at a time, and each gets a strike before. So the
    /// webhook whose look ends the function is found.
    OneByOne,
}
