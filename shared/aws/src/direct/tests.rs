//! The short way beside the SDK: what arrives at AWS, and what becomes of a call that fails.

use std::net::TcpListener;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemInput};
use futures::future::join;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hooklane_app::ports::DispatchQueue as _;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::queues::{QueueUrls, Queues};
use crate::scripted::{CUT_SHORT, HANG_UP, Received, Scripted, error};
use crate::table::{Key, Table};

const SECRET: &str = "secret";

/// What functions on Lambda have: credentials with a session.
fn with_session(scripted: &Scripted) -> Aws {
    let credentials = Credentials::new("id", SECRET, Some("session".to_owned()), None, "a test");
    let provider = SharedCredentialsProvider::new(credentials);
    scripted
        .config
        .clone()
        .with(|config| config.into_builder().credentials_provider(provider).build())
}

fn key(n: usize) -> Key {
    Key { pk: format!("WH#ümlaut/{n}"), sk: "WEBHOOK".to_owned() }
}

fn table(aws: &Aws) -> Table {
    Table::new(aws, "Ledger".to_owned())
}

fn message() -> Message {
    let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, 1);
    Message::Deliver(Deliver {
        tenant: "acme".parse().unwrap(),
        delivery: DeliveryId::new(webhook, Timestamp::UNIX_EPOCH, "e1".parse().unwrap()),
        event_type: "order.paid".parse().unwrap(),
        generation: 0,
        payload: None,
    })
}

/// A success of each operation that takes the short way.
fn success(operation: &str, body: &Value) -> Value {
    match operation {
        "GetItem" => json!({"Item": {"pk": {"S": "WH#1"}}}),
        "BatchGetItem" => json!({"Responses": {"Ledger": [{"pk": {"S": "WH#1"}}]}}),
        "BatchExecuteStatement" => {
            json!({"Responses": [{"TableName": "Ledger"}, {"TableName": "Ledger"}]})
        }
        "SendMessageBatch" => {
            let id = &body["Entries"][0]["Id"];
            json!({"Successful": [{"Id": id, "MessageId": "m", "MD5OfMessageBody": "x"}], "Failed": []})
        }
        // An item that was written alone, which the test then finds among the operations.
        _ => json!({}),
    }
}

/// Makes each of these calls once, and expects its success. Each has a client of its own, so that none rests.
async fn every_operation(aws: &Aws) {
    assert!(table(aws).get_item(&key(1)).await.unwrap().is_some());
    assert_eq!(table(aws).get_all(&[key(1), key(2)]).await.unwrap().len(), 1);
    let together = table(aws);
    let _coming = [together.gather(), together.gather()];
    let (one, other) =
        join(together.put_new(key(3).attributes()), together.put_new(key(4).attributes())).await;
    assert!(one.unwrap() && other.unwrap());
    let delivery = Some("http://127.0.0.1/queue".to_owned());
    let queues = Queues::new(aws, QueueUrls { delivery, retry: None });
    assert!(queues.dispatch(Lane::Fast, &[message()]).await.unwrap().is_empty());
}

const OPERATIONS: [&str; 4] =
    ["GetItem", "BatchGetItem", "BatchExecuteStatement", "SendMessageBatch"];

fn is_short(request: &Received) -> bool {
    request.headers["user-agent"] == AGENT
}

#[tokio::test]
async fn what_batches_need_takes_the_short_way_once() {
    let scripted = Scripted::answering(|_, operation, body| (200, success(operation, body)));
    every_operation(&with_session(&scripted)).await;
    let requests = scripted.requests();
    let made: Vec<_> = requests.iter().map(|request| request.operation.as_str()).collect();
    assert_eq!(made, OPERATIONS);
    assert!(requests.iter().all(is_short), "{requests:#?}");
}

/// What the SDK says of itself and of its retries.
const OF_THE_SDK: [&str; 4] =
    ["user-agent", "x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request"];
/// What depends on the time, and on what is signed.
const OF_THE_TIME: [&str; 2] = ["x-amz-date", "authorization"];

#[tokio::test]
async fn aws_receives_what_the_sdk_would_have_sent() {
    // The first of each two calls fails, and the SDK makes it again.
    let scripted = Scripted::answering(|number, operation, body| match number % 2 {
        0 => error("AccessDeniedException"),
        _ => (200, success(operation, body)),
    });
    every_operation(&with_session(&scripted)).await;
    let requests = scripted.requests();
    assert_eq!(requests.len(), 2 * OPERATIONS.len());
    for pair in requests.chunks(2) {
        let [short, sdk] = pair else { panic!("{pair:#?}") };
        assert!(is_short(short) && !is_short(sdk), "{pair:#?}");
        assert_eq!(short.line, sdk.line);
        assert_eq!(short.body, sdk.body, "{}", short.operation);
        let same = |request: &Received| {
            let mut headers = request.headers.clone();
            OF_THE_SDK.iter().chain(&OF_THE_TIME).for_each(|name| drop(headers.remove(*name)));
            headers
        };
        assert_eq!(same(short), same(sdk), "{}", short.operation);
        for request in pair {
            assert_eq!(signature(request), stated(request, "Signature="), "{request:#?}");
        }
    }
}

/// A part of the header `Authorization`.
fn stated<'a>(request: &'a Received, part: &str) -> &'a str {
    let (_, rest) = request.headers["authorization"].split_once(part).unwrap();
    rest.split(',').next().unwrap()
}

/// The signature that AWS computes, from what it received (*AWS IAM User Guide*, "Create a signed AWS API request").
/// What says who calls, and what is asked, must be signed.
fn signature(request: &Received) -> String {
    let signed: Vec<&str> = stated(request, "SignedHeaders=").split(';').collect();
    for name in request.headers.keys() {
        let must = name == "host" || name == "content-type" || name.starts_with("x-amz-");
        assert!(!must || name == "x-amz-user-agent" || signed.contains(&name.as_str()), "{name}");
    }
    let (method, path) = request.line.split_once(' ').unwrap();
    let headers = signed.iter().map(|name| format!("{name}:{}\n", request.headers[*name]));
    let (headers, names) = (headers.collect::<String>(), signed.join(";"));
    let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let canonical = format!("{method}\n{path}\n\n{headers}\n{names}\n{}", hash(&request.raw));
    let scope = stated(request, "Credential=id/");
    let time = &request.headers["x-amz-date"];
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(canonical.as_bytes()));
    let chain = scope.split('/').chain([text.as_str()]);
    let key = format!("AWS4{SECRET}").into_bytes();
    hex::encode(chain.fold(key, |key, part| {
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.chain_update(part).finalize().into_bytes().to_vec()
    }))
}

#[test]
fn a_request_names_its_time_its_scope_and_the_invocation_that_caused_it() {
    let service = |direct: Direct| Arc::into_inner(direct.0.unwrap()).unwrap();
    let aws = in_region("eu-north-1");
    for (service, name) in
        [(service(Direct::to_dynamodb(&aws)), "dynamodb"), (service(Direct::to_sqs(&aws)), "sqs")]
    {
        let identity = Credentials::new("id", SECRET, None, None, "a test").into();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_957_199);
        let mut request = http::Request::post("/").body(SdkBody::from("{}")).unwrap();
        service.address(&mut request, "Root=1-2;Parent=3;Sampled=1").unwrap();
        service.sign(&mut request, &identity, time).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(request.uri().to_string(), format!("https://{name}.eu-north-1.amazonaws.com/"));
        assert_eq!(header("host"), format!("{name}.eu-north-1.amazonaws.com"));
        assert_eq!(header("x-amzn-trace-id"), "Root=1-2;Parent=3;Sampled=1");
        assert_eq!(header("x-amz-date"), "20261129T125959Z");
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential=id/20261129/eu-north-1/{name}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature="
        );
        let authorization = header("authorization");
        assert!(authorization.starts_with(&signed), "{authorization}");
    }
}

/// A configuration as a function on Lambda has it: without an endpoint.
fn in_region(region: &'static str) -> Aws {
    let credentials = Credentials::new("id", SECRET, None, None, "a test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    Aws::of(config.build())
}

/// *AWS General Reference*, "Amazon DynamoDB endpoints and quotas" and "Amazon SQS endpoints and quotas".
#[test]
fn the_endpoint_is_that_of_the_region() {
    for (region, domain) in [
        ("us-east-1", "us-east-1.amazonaws.com"),
        ("eu-central-1", "eu-central-1.amazonaws.com"),
        ("cn-north-1", "cn-north-1.amazonaws.com.cn"),
    ] {
        let aws = in_region(region);
        let host = |direct: Direct| direct.0.unwrap().host.to_str().unwrap().to_owned();
        assert_eq!(host(Direct::to_dynamodb(&aws)), format!("dynamodb.{domain}"));
        assert_eq!(host(Direct::to_sqs(&aws)), format!("sqs.{domain}"));
    }
}

#[tokio::test]
async fn anything_but_a_success_is_left_to_the_sdk() {
    let found = || (200, success("GetItem", &Value::Null));
    type Answers = Vec<(u16, Value)>;
    let cases: Vec<(&str, Answers, Result<bool, &str>, usize)> = vec![
        ("a success", vec![found()], Ok(true), 1),
        ("no item", vec![(200, json!({}))], Ok(false), 1),
        ("refused", vec![error("AccessDeniedException"); 2], Err("AccessDeniedException"), 2),
        ("a failure of the service", vec![(500, json!({})), found()], Ok(true), 2),
        ("throttled", vec![error("ThrottlingException"), found()], Ok(true), 2),
        ("no answer that can be read", vec![(200, json!({"Item": 5})), found()], Ok(true), 2),
        ("an answer that ends early", vec![(CUT_SHORT, json!({})), found()], Ok(true), 2),
        ("hung up", vec![(HANG_UP, json!({})), found()], Ok(true), 2),
        // The SDK makes three tries.
        (
            "throttled for good",
            vec![error("ThrottlingException"); 4],
            Err("ThrottlingException"),
            4,
        ),
    ];
    for (what, answers, expected, calls) in cases {
        let scripted = Scripted::answering(move |number, _, _| answers[number].clone());
        let read = table(&scripted.config).get_item(&key(1)).await;
        match (read, expected) {
            (Ok(item), Ok(is_there)) => assert_eq!(item.is_some(), is_there, "{what}"),
            (Err(error), Err(code)) => {
                let error = format!("{error:?}");
                assert!(error.contains(code), "{what}: {error}");
            }
            (read, _) => panic!("{what}: {read:?}"),
        }
        let shorts: Vec<_> = scripted.requests().iter().map(is_short).collect();
        assert_eq!(shorts.len(), calls, "{what}");
        assert!(shorts.iter().skip(1).all(|is_short| !is_short), "{what}: {shorts:?}");
    }
}

#[test]
fn after_a_failure_it_rests_for_ten_seconds() {
    let service = Direct::to_dynamodb(&in_region("us-east-1")).0.unwrap();
    let now = Instant::now();
    assert!(!service.rests(now));
    assert!(service.rest(now));
    assert!(service.rests(now) && service.rests(now + Duration::from_millis(9_999)));
    assert!(!service.rests(now + Duration::from_secs(10)));
    assert!(!service.rest(now + Duration::from_secs(9)), "it rests already");
    assert!(service.rest(now + Duration::from_secs(19)), "it had rested");
}

#[tokio::test]
async fn while_it_rests_the_sdk_makes_all_calls() {
    let scripted = Scripted::answering(|number, operation, body| match number {
        0 => (500, json!({})),
        _ => (200, success(operation, body)),
    });
    let direct = Direct::to_dynamodb(&scripted.config);
    let service = direct.0.as_ref().unwrap();
    let client = aws_sdk_dynamodb::Client::new(&scripted.config);
    let operation = Operation::of(&GetItem::new());
    let read = async || {
        let get =
            || GetItemInput::builder().table_name("Ledger").set_key(Some(key(1).attributes()));
        let sdk = || get().send_with(&client);
        assert!(direct.call(&operation, get().build(), sdk).await.unwrap().item.is_some());
    };
    let shorts = || scripted.requests().iter().map(is_short).collect::<Vec<_>>();
    read().await;
    assert_eq!(shorts(), [true, false]);
    let until = service.rests_until().take().expect("it does not rest");
    read().await;
    assert_eq!(shorts(), [true, false, true]);
    // So far ahead that no machine is too slow for it.
    service.rest(until + Duration::from_secs(3_600));
    read().await;
    read().await;
    assert_eq!(shorts(), [true, false, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_answers_takes_no_longer_than_one_of_the_sdk() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let aws = clients::load().with(|config| {
        let config =
            config.into_builder().endpoint_url(url).region(Region::from_static("us-east-1"));
        let credentials = Credentials::new("id", SECRET, None, None, "a test");
        config.credentials_provider(SharedCredentialsProvider::new(credentials)).build()
    });
    let begun = Instant::now();
    let error = table(&aws).get_item(&key(1)).await.unwrap_err();
    assert!(format!("{error:?}").contains("Timeout"), "{error:?}");
    let took = begun.elapsed();
    assert!((clients::TRY_TIMEOUT..=Duration::from_secs(16)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn without_credentials_the_sdk_says_what_is_missing() {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://127.0.0.1:9");
    let error = table(&Aws::of(config.build())).get_item(&key(1)).await.unwrap_err();
    assert!(format!("{error:?}").contains("NoIdentityResolver"), "{error:?}");
}
