//! What the portal has beside what `api` has.

use hooklane_api::{Deps, Ports};

use crate::watch::Watch;

/// What the pages work with.
pub struct Portal<P: Ports> {
    pub deps: Deps<P>,
    pub frame: FrameAncestors,
    /// What the operator's overview shows of alarms and queues.
    pub watch: Watch,
}

/// The origins whose pages may show the portal in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameAncestors(Option<String>);

impl FrameAncestors {
    /// Reads the parameter `PortalFrameAncestors`: origins separated by blanks, empty for none.
    #[must_use]
    pub fn of(parameter: &str) -> Self {
        let origins: Vec<_> = parameter.split_whitespace().collect();
        Self((!origins.is_empty()).then(|| origins.join(" ")))
    }

    /// The origins, as the content security policy lists them.
    #[must_use]
    pub fn listed(&self) -> &str {
        self.0.as_deref().unwrap_or("'none'")
    }

    /// Whether there are any.
    #[must_use]
    pub fn any(&self) -> bool {
        self.0.is_some()
    }
}
