/// The callers that may still write a new item: how many, and the most at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gatherers {
    pub now: usize,
    pub most: usize,
}

impl Gatherers {
    pub(super) fn come(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    pub(super) fn leave(&mut self) {
        self.now -= 1;
    }
}
