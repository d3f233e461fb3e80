//! The event queue. Lambda receives and deletes its messages; `ingest` only hides them, and `upkeep` sends
//! canaries to it.

use aws_sdk_sqs::Client;
use hooklane_app::ports::{HideMessage, SendEvent, Unavailable};

use crate::clients::Aws;
use crate::queues::{call, set_visibility};

#[derive(Debug, Clone)]
pub struct EventQueue {
    client: Client,
    url: String,
}

impl EventQueue {
    #[must_use]
    pub fn new(config: &Aws, url: String) -> Self {
        Self { client: Client::new(config), url }
    }
}

impl SendEvent for EventQueue {
    async fn send(&self, body: &str) -> Result<(), Unavailable> {
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.send().await.map(drop).map_err(call("SendMessage", &self.url).failed())
    }
}

impl HideMessage for EventQueue {
    async fn hide(&self, receipt_handle: &str, seconds: u32) -> Result<(), Unavailable> {
        let hidden = set_visibility(&self.client, &self.url, receipt_handle, seconds).await;
        hidden.map_err(call("ChangeMessageVisibility", &self.url).failed())
    }
}
