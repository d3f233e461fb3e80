use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Measure;
use hooklane_domain::delivery::comparison::Cause;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{MessageId, Turn};
use hooklane_domain::event::Content;
use hooklane_domain::ids::{ContractName, WebhookId};
use hooklane_domain::inbox::SecretAge;
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::likeness::Mistake;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Essentials};

use super::*;
use crate::deliveries::signed;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};

/// Every contract of the repository.
fn contracts() -> Contracts {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .filter(|(name, _)| name.ends_with(".toml"))
        .collect();
    Contracts::load(files.iter().map(|(name, text)| (&**name, &**text))).unwrap()
}

struct World {
    contracts: Contracts,
    registry: MemoryRegistry,
    ledger: MemoryLedger,
    system: FakeSystem,
    webhook: Webhook,
    delivery: DeliveryId,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

impl World {
    /// A delivery after one failed attempt, in the format of a contract.
    async fn new(contract: &ContractName, secret: SigningSecret) -> Self {
        let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
        let mut webhook = Webhook::new(Essentials {
            id: WebhookId::new(at(0), 1),
            tenant: tenant(),
            url: TargetUrl::from_stored("https://example.com/hook?token=a").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret,
            contract: contract.clone(),
            created_at: at(0),
        });
        let own = vec![("X-Token".to_owned(), "s3cret".to_owned())];
        webhook.headers = CustomHeaders::new(own, |_| None).unwrap();
        registry.create(&webhook).await.unwrap();
        let content = Content {
            event_type: "order.created".parse().unwrap(),
            data: RawJson::parse(r#"{"id":"o-1","total":149.90,"name":"Müller"}"#).unwrap(),
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        };
        let id = "evt-1".parse().unwrap();
        let event = Event { id, tenant: tenant(), content, accepted_at: at(60), value: None };
        EventStore::put(&ledger, &event).await.unwrap();
        let delivery = DeliveryId::new(webhook.id, at(60), event.id);
        let new = Delivery::unwritten(delivery.clone(), tenant(), event.content.event_type);
        let error = AttemptError { kind: ErrorKind::Timeout, detail: "late".to_owned() };
        let mut attempt = Attempt {
            number: 1,
            at: at(61),
            duration_ms: 5,
            request_headers: Vec::new(),
            outcome: Outcome::Error(error),
            remarks: Vec::new(),
            measure: Measure::Unknown,
        };
        let world = Self {
            system: FakeSystem::at(at(120)),
            contracts: contracts(),
            registry,
            ledger,
            webhook,
            delivery,
        };
        let sent = world.signed().await.body.len();
        attempt.measure = Measure::Body(u32::try_from(sent).unwrap());
        world.ledger.keep_attempt(&new, &attempt).await.unwrap();
        let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
        let tried = new.after(&attempt, Next::RetryAt(at(300)), turn);
        world.ledger.save(&tried).await.unwrap();
        world
    }

    async fn signed(&self) -> super::super::SignedRequest {
        // Before there is a delivery, it is written without one.
        let event = EventStore::get(&self.ledger, &tenant(), self.delivery.event()).await.unwrap();
        let subject = Subject {
            content: &event.unwrap().content,
            delivery: &self.delivery,
            webhook: &self.webhook,
            attempt: 1,
            at: at(61),
        };
        let (request, _) = write(&self.contracts, subject).await.unwrap();
        super::super::SignedRequest {
            url: self.webhook.url.clone(),
            headers: request.headers,
            masked: Vec::new(),
            body: request.body,
        }
    }

    async fn check(&self, order: CheckOrder) -> Checked {
        let made_by = (&self.registry, &self.contracts);
        let of = (&tenant(), &self.delivery);
        check(made_by, &self.ledger, &self.system, of, &order).await.unwrap().unwrap()
    }
}

fn secret_for(contract: &Contract) -> SigningSecret {
    SigningSecret::generate(contract.secret_form(), [7; 32])
}

#[tokio::test]
async fn under_every_contract_what_arrived_fits_and_what_was_changed_does_not() {
    for contract in contracts().iter() {
        let name = contract.name();
        let mut secrets = vec![secret_for(contract)];
        if contract.has_ed25519() {
            secrets.push(SigningSecret::generate_ed25519([8; 32]));
        }
        for secret in secrets {
            let receivers = secret.public_key().unwrap_or_else(|| secret.expose().to_owned());
            let receivers = SigningSecret::from_stored(receivers.into());
            let world = World::new(name, secret).await;
            let sent = world.signed().await;
            let lower = |(name, value): &(String, String)| (name.to_lowercase(), value.clone());
            let given = CheckOrder {
                attempt: None,
                secret: Some(receivers.clone()),
                body: Some(sent.body.clone().into_bytes()),
                headers: Some(sent.headers.iter().map(lower).collect()),
            };
            let whole = world.check(given.clone()).await;
            assert_eq!(whole.signature, Signature::Fits, "{name}");
            assert_eq!(whole.secret, Some(Likeness::Same(SecretAge::Current)), "{name}");
            assert_eq!(whole.body.unwrap().difference, None, "{name}");
            assert_eq!((whole.headers, whole.attempt), (Vec::new(), Some(1)), "{name}");
            assert!(whole.is_as_sent, "{name}");

            let changed = format!("{}\n", sent.body).into_bytes();
            let order = CheckOrder { body: Some(changed), ..given.clone() };
            let other = world.check(order).await;
            assert_eq!(other.signature, Signature::Wrong, "{name}: every body is signed");
            let difference = other.body.unwrap().difference.unwrap();
            assert_eq!((difference.offset, difference.cause), (sent.body.len(), Cause::Ending));

            let foreign =
                SigningSecret::from_stored("whsec_b3RoZXIgb3RoZXIgb3RoZXI=".to_owned().into());
            let order = CheckOrder { secret: Some(foreign), ..given.clone() };
            let other = world.check(order).await;
            assert_eq!((other.signature, other.secret), (Signature::Wrong, Some(Likeness::Other)));

            let unsigned = |headers: &[(String, String)]| {
                let is_signed = |name: &str| world.contracts.sign_in(name);
                headers.iter().filter(|(name, _)| !is_signed(name)).cloned().collect::<Vec<_>>()
            };
            let headers = Some(unsigned(given.headers.as_deref().unwrap()));
            let other = world.check(CheckOrder { headers, ..given.clone() }).await;
            assert_eq!(other.signature, Signature::Missing, "{name}");
            assert!(other.headers.iter().all(|one| one.received.is_none()), "{name}");
            assert!(!other.headers.is_empty(), "{name}");

            let bare = CheckOrder { secret: Some(receivers), ..CheckOrder::default() };
            assert_eq!(
                world.check(bare).await.signature,
                Signature::Fits,
                "{name}: as it was sent"
            );
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_nearly_right_is_told_apart_from_another() {
    let standard = "standard".parse().unwrap();
    let world = World::new(&standard, SigningSecret::generate(SecretForm::Whsec, [7; 32])).await;
    let bare = world.webhook.secret.expose().strip_prefix("whsec_").unwrap().to_owned();
    let order = CheckOrder {
        secret: Some(SigningSecret::from_stored(bare.into())),
        ..CheckOrder::default()
    };
    let found = world.check(order).await;
    assert_eq!(found.secret, Some(Likeness::Nearly(SecretAge::Current, Mistake::NoPrefix)));
    assert_eq!(found.signature, Signature::Wrong, "the key is another one");
}

#[tokio::test]
async fn a_request_is_signed_at_this_moment_and_shows_no_value_of_the_webhooks_own() {
    let standard = "standard".parse().unwrap();
    let world = World::new(&standard, SigningSecret::generate(SecretForm::Whsec, [7; 32])).await;
    let made_by = (&world.registry, &world.contracts);
    let made = signed(made_by, &world.ledger, &world.system, &tenant(), &world.delivery).await;
    let made = made.unwrap().unwrap();
    assert_eq!(made.url.to_string(), "https://example.com/hook?token=a");
    assert_eq!(made.masked, ["X-Token"]);
    let header = |name: &str| {
        let found = made.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(header("x-token"), Some("***"));
    assert_eq!(header("webhook-timestamp"), Some("1700000120"));
    let arrival =
        Arrival { method: "POST", headers: &made.headers, body: made.body.as_bytes(), at: at(120) };
    let verdict = world.contracts.verdict(std::slice::from_ref(&world.webhook), arrival);
    assert!(matches!(verdict, Verdict::Verified { .. }), "{verdict:?}");
    let other: TenantId = "other".parse().unwrap();
    let made = signed(made_by, &world.ledger, &world.system, &other, &world.delivery).await;
    assert!(matches!(made, Err(InspectError::Missing)));
    let of = (&other, &world.delivery);
    let order = CheckOrder::default();
    let found = check(made_by, &world.ledger, &world.system, of, &order).await;
    assert!(matches!(found, Err(InspectError::Missing)));
}

#[test]
fn what_a_receiver_has_is_read_strictly() {
    let read = |body: &str| {
        CheckOrder::read(body).map(|_| ()).map_err(|errors| {
            let errors = errors.as_slice().iter();
            errors.map(|e| format!("{} {}", e.path, e.message)).collect::<Vec<_>>()
        })
    };
    for body in [
        r#"{"secret":"s"}"#,
        r#"{"body":""}"#,
        r#"{"bodyBase64":"e30K","attempt":2}"#,
        r#"{"headers":{"webhook-id":"e"}}"#,
    ] {
        assert_eq!(read(body), Ok(()), "{body}");
    }
    for (body, wrong) in [
        ("{}", " must have secret, body, bodyBase64 or headers"),
        (r#"{"attempt":1}"#, " must have secret, body, bodyBase64 or headers"),
        (r#"{"body":"","bodyBase64":""}"#, "bodyBase64 cannot be combined with body"),
        (r#"{"bodyBase64":"%"}"#, "bodyBase64 must be base64"),
        (r#"{"secret":7}"#, "secret must be a text"),
        (r#"{"secret":"s","url":"x"}"#, "url is not a known field"),
    ] {
        assert_eq!(read(body), Err(vec![wrong.to_owned()]), "{body}");
    }
    assert_eq!(CheckOrder::read(r#"{"bodyBase64":"e30K"}"#).unwrap().body.unwrap(), b"{}\n");
}
