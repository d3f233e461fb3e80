//! Dead-letter queues of their own, and the queues to which letters are sent again.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
};
use hooklane_app::conformance::PostOffice;
use hooklane_app::ports::{
    Backlog, LetterBox, LetterCount, Ran, RunErrand, Unavailable, WorkQueue,
};
use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::letters::{ErrandUrls, Errands, LetterQueues, LetterUrls};
use hooklane_domain::dead_letter::{Errand, Letter, Source};
use hooklane_domain::delivery::waiting::Lane;

pub(crate) struct RealOffice {
    config: Aws,
    letters: LetterQueues,
    errands: Errands,
    sqs: Client,
    /// Of the sources, in their order, then of events, deliveries and retries.
    urls: Vec<String>,
}

/// The names of the queues: a dead-letter queue for each source, then those to which letters are sent again.
fn names(name: &str) -> impl Iterator<Item = String> {
    let sources = Source::ALL.map(Source::as_str).into_iter();
    sources.chain(["event", "delivery", "retry"]).map(move |queue| format!("{name}-of-{queue}"))
}

impl RealOffice {
    pub(crate) async fn create(config: &Aws, name: &str) -> Self {
        let sqs = Client::new(config);
        let mut urls = Vec::new();
        for queue in names(name) {
            let create = sqs.create_queue().queue_name(queue);
            let create = create.attributes(QueueAttributeName::VisibilityTimeout, "360");
            urls.push(create.send().await.unwrap().queue_url.unwrap());
        }
        let url = |index: usize| urls[index].clone();
        let of_letters = LetterUrls {
            events: url(0),
            fanout: url(1),
            stats: url(2),
            deliveries: url(3),
            upkeep: url(4),
        };
        let of_errands = ErrandUrls { events: url(5), delivery: url(6), retry: url(7) };
        Self {
            config: config.clone(),
            letters: LetterQueues::new(config, of_letters),
            errands: Errands::new(config, of_errands),
            sqs,
            urls,
        }
    }

    pub(crate) async fn remove(config: &Aws, name: &str) {
        let sqs = Client::new(config);
        for queue in names(name) {
            if let Ok(found) = sqs.get_queue_url().queue_name(queue).send().await {
                let url = found.queue_url.unwrap();
                sqs.delete_queue().queue_url(url).send().await.unwrap();
            }
        }
    }

    fn url(&self, source: Source) -> &str {
        let place = Source::ALL.iter().position(|one| *one == source).unwrap();
        &self.urls[place]
    }

    async fn receive(&self, url: &str) -> Vec<Message> {
        let receive = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        receive.wait_time_seconds(1).send().await.unwrap().messages.unwrap_or_default()
    }
}

impl LetterBox for RealOffice {
    async fn letter_count(&self, source: Source) -> Result<LetterCount, Unavailable> {
        self.letters.letter_count(source).await
    }

    async fn take_letters(&self, source: Source, s: u32) -> Result<Vec<Letter>, Unavailable> {
        self.letters.take_letters(source, s).await
    }

    async fn give_back(&self, source: Source, handles: &[String]) -> Result<(), Unavailable> {
        self.letters.give_back(source, handles).await
    }

    async fn discard(&self, source: Source, handle: &str) -> Result<(), Unavailable> {
        self.letters.discard(source, handle).await
    }
}

impl Backlog for RealOffice {
    async fn backlog(&self, queue: WorkQueue) -> Result<LetterCount, Unavailable> {
        self.errands.backlog(queue).await
    }
}

impl RunErrand for RealOffice {
    async fn run_errand(&self, errand: &Errand) -> Result<Ran, Unavailable> {
        self.errands.run_errand(errand).await
    }
}

impl PostOffice for RealOffice {
    /// A letter with a reason is put as the functions put theirs.
    async fn put(&self, source: Source, body: &str, reason: Option<&str>, group: Option<&str>) {
        use hooklane_app::ports::DeadLetters as _;
        let url = self.url(source);
        match (reason, group) {
            (Some(reason), None) => {
                let queue = DeadLetterQueue::new(&self.config, url.to_owned(), source.as_str());
                queue.put(body, reason).await.unwrap();
            }
            (reason, group) => {
                let text = |text: &str| {
                    let value = MessageAttributeValue::builder().data_type("String");
                    value.string_value(text).build().unwrap()
                };
                let send = self.sqs.send_message().queue_url(url).message_body(body);
                let attributes = reason.map(|reason| [("reason".to_owned(), text(reason))].into());
                let send = send.set_message_attributes(attributes);
                send.set_message_group_id(group.map(str::to_owned)).send().await.unwrap();
            }
        }
    }

    async fn arrived(&self) -> Vec<Errand> {
        let mut arrived = Vec::new();
        for (url, lane) in [
            (&self.urls[5], None),
            (&self.urls[6], Some(Lane::Fast)),
            (&self.urls[7], Some(Lane::Slow)),
        ] {
            for message in self.receive(url).await {
                let attributes = message.attributes.unwrap_or_default();
                let group = attributes.get(&MessageSystemAttributeName::MessageGroupId).cloned();
                let body = message.body.unwrap();
                arrived.push(match lane {
                    None => Errand::Publish(body),
                    Some(lane) => Errand::Deliver { lane, body, group },
                });
            }
        }
        arrived
    }
}
