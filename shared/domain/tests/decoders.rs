//! Every decoder of the domain on damaged input: none panics, and what is accepted is written so that
//! it reads back the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::{KeyRing, NoKeys};
use hooklane_domain::access::token::{InvalidToken, TokenClaims};
use hooklane_domain::delivery::attempt_log::LogPosition;
use hooklane_domain::delivery::message::{Message, bundle};
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::event::{DefaultTenant, from_body, from_envelope_or_body};
use hooklane_domain::event_index::{Chunk, Place};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::network::{NetworkRules, TargetCidrs};
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::signature::hmac_sha256;
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_fuzz::damaged;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

const EVENTS: &[&str] = &[
    r#"{"id":"e1","tenant":"acme","type":"order.created","data":{"a":1.0,"b":[null,"\u00e9"]},"test":false}"#,
    r#"{"event":"user.created","created_at":"2024-01-15T10:30:00Z","org_id":"acme","data":"x","metadata":{"source":"s"}}"#,
    r#"{"version":"0","id":"6f1","detail-type":"order.created","source":"shop","time":"2024-01-15T10:30:00Z","detail":{"tenant":"acme","data":{}}}"#,
];

const MESSAGES: &[&str] = &[
    r#"{"version":1,"kind":"deliver","body":{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"order.created","generation":3}}"#,
    r#"{"version":1,"kind":"deliver","body":{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"a.b","generation":0,"payload":{"plain":{"type":"a.b","data":{"x":1}}}}}"#,
    r#"{"version":1,"kind":"deliver","body":{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"a.b","generation":0,"payload":{"zlib":"eJyrVkpUsjKsBQAJ+gI/"}}}"#,
    r#"{"version":1,"kind":"deliver-each","body":[{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"a.b","generation":0,"payload":{"plain":{"type":"a.b","data":1}}},{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"a.b","generation":1}]}"#,
];

const CLAIMS: &[&str] = &[
    r#"{"iss":"hooklane","sub":"acme","scope":"webhooks:read events:publish","iat":1000,"exp":2000,"gen":3}"#,
    r#"{"iss":"hooklane","sub":"acme","scope":"","iat":-1,"exp":9223372036854775807,"gen":0}"#,
];

const JWTS: &[&str] = &[
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJob29rbGFuZSJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.",
];

const KEYS: &[&str] = &["the-operator-key", "the-new-operator-key\nthe-old-operator-key\n"];

const POSITIONS: &[&str] = &["1705314600000#e1#1", "1705314600000"];

const PLACES: &[&str] = &["1705314600000#e1", "1705314600000#"];

const CHUNKS: &[&str] = &[
    r#"{"n":1705314600000,"t":["order.created","a.b"],"e":[["evt_01HM6ADZ000000000000000000",0,0],["e1",7,3],["e2",10000,1]]}"#,
];

const POLICIES: &[&str] = &[
    r#""aggressive""#,
    r#"{"schedule":[5,300,1800]}"#,
    r#"{"strategy":"exponential","initialDelay":1000,"multiplier":2,"maxDelay":300000,"maxRetries":3}"#,
    r#"{"max_attempts":3,"backoff_strategy":"linear","initial_delay":1000,"max_delay":60000}"#,
];

const IDS: &[&str] = &[
    "dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ",
    "wh_01HM6ADZ0000000000000000000",
    "evt_01HM6ADZ000000000000000000",
    "order-1001-created",
    "order.created",
    "order.*",
    "*",
];

const URLS: &[&str] = &[
    "https://hooks.example.com:8443/a/b?c=d",
    "https://0x7f.0.0.1/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://user:pw@localhost./#x",
];

const SECRETS: &[&str] = &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "your-webhook-secret"];

const RANGES: &[&str] = &["198.51.100.0/24", "2001:db8::/32", "10.0.0.1"];

const LISTS: &[&str] = &["10.0.0.0/8, fd00::/8", "127.0.0.0/8"];

const PORTS: &[&str] = &["443,1024-65535"];

proptest! {
    #[test]
    fn a_damaged_event_is_read_or_refused(text in damaged(EVENTS)) {
        let acme = DefaultTenant::Is("acme".parse().unwrap());
        for read in [from_body(&text, &acme), from_envelope_or_body(&text, &DefaultTenant::None)] {
            if let Err(errors) = read {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.as_slice().iter().all(|e| !e.message.is_empty()));
            }
        }
    }

    #[test]
    fn a_damaged_message_reads_back_or_is_refused(text in damaged(MESSAGES)) {
        if let Ok(messages) = Message::decode_each(&text) {
            let text = bundle::encode(&messages.iter().collect::<Vec<_>>());
            prop_assert_eq!(Message::decode_each(&text).ok(), Some(messages));
        }
    }

    /// Damaged claims with a valid signature, and damaged tokens of another key.
    #[test]
    fn a_damaged_token_is_verified_or_refused(claims in damaged(CLAIMS), token in damaged(JWTS)) {
        let ring = KeyRing::parse("a-key-that-signs").unwrap();
        let early = Timestamp::from_second(0).unwrap();
        let signed = [r#"{"alg":"HS256","typ":"JWT"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = hmac_sha256(&b"a-key-that-signs".to_vec().into(), &[signed.as_bytes()]);
        let signed = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        match TokenClaims::verify(&signed, &ring, early) {
            Ok(read) => {
                let again = TokenClaims::verify(&read.sign(ring.current()), &ring, early);
                prop_assert_eq!(again, Ok(read));
            }
            Err(error) => prop_assert_ne!(error, InvalidToken::Signature),
        }
        prop_assert!(TokenClaims::verify(&token, &ring, early).is_err(), "another key signed it");
    }

    #[test]
    fn a_damaged_key_ring_is_read_or_refused(text in damaged(KEYS)) {
        match KeyRing::parse(&text) {
            Ok(ring) => {
                prop_assert!(ring.all().all(|key| ring.holds(key.expose_secret())));
                prop_assert!(!ring.holds("") && !ring.holds(" "));
            }
            Err(NoKeys::Empty) => prop_assert!(text.trim().is_empty()),
            Err(NoKeys::Line(_)) => {}
        }
    }

    #[test]
    fn a_damaged_log_position_reads_back_or_is_refused(text in damaged(POSITIONS)) {
        if let Ok(position) = text.parse::<LogPosition>() {
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }
    }

    #[test]
    fn a_damaged_place_reads_back_or_is_refused(text in damaged(PLACES)) {
        if let Ok(place) = text.parse::<Place>() {
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }
    }

    #[test]
    fn a_damaged_chunk_reads_back_or_is_refused(text in damaged(CHUNKS)) {
        if let Ok(chunk) = Chunk::unpack(&text) {
            prop_assert!(chunk.entries().windows(2).all(|two| two[0].place() > two[1].place()));
            prop_assert_eq!(Chunk::unpack(&chunk.pack()), Ok(chunk));
        }
    }

    #[test]
    fn a_damaged_policy_reads_back_or_is_refused(text in damaged(POLICIES)) {
        match RetryPolicy::read("retryPolicy", &text) {
            Ok(policy) => {
                let again = RetryPolicy::read("", &policy.to_json().to_string());
                prop_assert_eq!(again.ok(), Some(policy));
            }
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn damaged_ids_read_back_or_are_refused(text in damaged(IDS)) {
        macro_rules! reads_back {
            ($($kind:ty),*) => {$(
                if let Ok(id) = text.parse::<$kind>() {
                    prop_assert_eq!(id.to_string().parse::<$kind>().ok(), Some(id));
                }
            )*};
        }
        reads_back!(DeliveryId, WebhookId, EventId, EventType, TenantId, Subscription);
    }

    #[test]
    fn damaged_json_stays_the_same_or_is_refused(text in damaged(EVENTS)) {
        if let Ok(json) = RawJson::parse(&text) {
            let again = RawJson::parse(json.as_str()).unwrap();
            prop_assert_eq!(again.as_str(), json.as_str());
            // `Value` refuses lone surrogates and numbers beyond a double, though both are JSON.
            if let Ok(same) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(serde_json::from_str(json.as_str()).ok(), Some(same));
            }
        }
    }

    #[test]
    fn a_damaged_url_is_safe_or_refused(text in damaged(URLS)) {
        let rules = NetworkRules::default();
        if let Ok(url) = TargetUrl::parse(&text, &rules) {
            let stored = TargetUrl::from_stored(url.as_str());
            prop_assert_eq!(stored.as_ref(), Ok(&url), "the stored URL is the one that was judged");
            prop_assert_eq!(stored.unwrap().judge(&rules), Ok(()));
            prop_assert!(url.as_str().starts_with("https://"));
            prop_assert!(url.literal().is_none_or(|address| rules.refusal(address).is_none()));
        }
    }

    #[test]
    fn the_error_of_a_secret_never_shows_it(text in damaged(SECRETS)) {
        match text.parse::<SigningSecret>() {
            Ok(secret) => {
                let shown = format!("{secret:?}");
                prop_assert!(!shown.contains(secret.expose()));
            }
            Err(error) if text.len() > 12 => prop_assert!(!error.to_string().contains(&text)),
            Err(_) => {}
        }
    }

    #[test]
    fn a_damaged_range_reads_back_or_is_refused(text in damaged(RANGES)) {
        if let Ok(ranges) = TargetCidrs::new(&[&text]) {
            let again: Vec<_> = ranges.iter().collect();
            prop_assert_eq!(TargetCidrs::new(&again), Ok(ranges));
        }
    }

    #[test]
    fn damaged_network_rules_never_allow_port_0(cidrs in damaged(LISTS), ports in damaged(PORTS)) {
        if let Ok(rules) = NetworkRules::parse(&cidrs, &ports) {
            prop_assert!(!rules.allows_port(0));
        }
    }
}
