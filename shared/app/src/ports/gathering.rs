/// A store that writes new items together if their writers say that they are coming.
pub trait Gathering: Send + Sync {
    /// Says that the caller may still write a new item, until it drops the result. What others write waits a
    /// moment for it. A caller that waits for its own write keeps nobody waiting. Nothing depends on it: a
    /// store that writes each item at once does nothing here.
    fn gather(&self) -> Gathered {
        Gathered::default()
    }
}

/// Its holder may still write a new item. By default nobody waits for it.
#[must_use = "it ends when it is dropped"]
#[derive(Default)]
pub struct Gathered(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Gathered {
    /// Calls `end` when it is dropped.
    pub fn until(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}
