//! The messages that instances are working on, each under its receipt handle.

use hooklane_domain::delivery::waiting::Lane;

use crate::queue::Message;
use crate::time::Millis;

#[derive(Debug, Default)]
pub(crate) struct Receipts {
    open: Vec<Option<Receipt>>,
    free: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    pub(crate) lane: Lane,
    pub(crate) message: Message,
    pub(crate) received_at: Millis,
    /// Its function has said when it comes back.
    pub(crate) is_hidden: bool,
}

impl Receipts {
    /// A receipt of a message; its handle.
    pub(crate) fn open(&mut self, receipt: Receipt) -> usize {
        if let Some(handle) = self.free.pop() {
            self.open[handle] = Some(receipt);
            return handle;
        }
        self.open.push(Some(receipt));
        self.open.len() - 1
    }

    pub(crate) fn get(&mut self, handle: &str) -> Option<&mut Receipt> {
        self.open.get_mut(handle.parse::<usize>().ok()?)?.as_mut()
    }

    pub(crate) fn close(&mut self, handle: usize) -> Option<Receipt> {
        let receipt = self.open.get_mut(handle)?.take();
        self.free.extend(receipt.map(|_| handle));
        receipt
    }
}
