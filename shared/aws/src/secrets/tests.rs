//! Rotation as a warm function sees it: one vault, used before and after its secret changes.

use std::sync::Mutex;

use super::*;

/// A secret that an operator changes, and that cannot be read while it has no text.
#[derive(Default)]
struct Changing {
    text: Mutex<Option<String>>,
    reads: Mutex<u32>,
}

impl Changing {
    fn set(&self, text: Option<&str>) {
        *self.text.lock().unwrap() = text.map(str::to_owned);
    }

    fn reads(&self) -> u32 {
        *self.reads.lock().unwrap()
    }
}

impl SecretSource for &Changing {
    async fn read(&self) -> Result<SecretString, Unavailable> {
        *self.reads.lock().unwrap() += 1;
        let text = self.text.lock().unwrap().clone();
        text.map(SecretString::from).ok_or_else(|| Unavailable::new("reading", "out of reach"))
    }
}

const ONE: &str = r#"{"current":"k1","k1":"0123456789012345678901234567890123456789"}"#;
const TWO: &str = r#"{"current":"k2","k1":"0123456789012345678901234567890123456789",
    "k2":"9876543210987654321098765432109876543210"}"#;

async fn opened<S: SecretSource>(vault: &Vault<S>, sealed: &str) -> String {
    vault.open(sealed, "wh_1").await.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_warm_function_opens_what_a_newer_one_sealed() {
    let secret = Changing::default();
    secret.set(Some(ONE));
    let (warm, cold) = (Vault::new(&secret), Vault::new(&secret));
    let old = warm.seal("before", "wh_1").await.unwrap();
    secret.set(Some(TWO));
    let new = cold.seal("after", "wh_1").await.unwrap();
    assert!(old.starts_with("k1.") && new.starts_with("k2."));
    assert_eq!(
        (opened(&warm, &new).await, opened(&warm, &old).await),
        ("after".into(), "before".into())
    );
    assert_eq!(opened(&cold, &old).await, "before");
    // The warm one has the new key now, also for sealing, and does not read the secret again.
    let reads = secret.reads();
    assert!(warm.seal("later", "wh_1").await.unwrap().starts_with("k2."));
    assert_eq!(opened(&warm, &new).await, "after");
    assert_eq!(secret.reads(), reads);
}

#[tokio::test]
async fn a_warm_function_seals_with_the_new_key_once_its_keys_are_too_old() {
    let secret = Changing::default();
    secret.set(Some(ONE));
    let warm = Vault { seconds: 0, ..Vault::new(&secret) };
    assert!(warm.seal("x", "wh_1").await.unwrap().starts_with("k1."));
    secret.set(Some(TWO));
    assert!(warm.seal("x", "wh_1").await.unwrap().starts_with("k2."));
    // While the secret cannot be read, or holds no keys, the cached keys stay in use.
    for broken in [None, Some("nonsense"), Some("{}")] {
        secret.set(broken);
        assert!(warm.seal("x", "wh_1").await.unwrap().starts_with("k2."), "{broken:?}");
    }
}

#[tokio::test]
async fn keys_that_are_recent_enough_are_not_read_again() {
    let secret = Changing::default();
    secret.set(Some(ONE));
    let warm = Vault::new(&secret);
    for _ in 0..5 {
        let sealed = warm.seal("x", "wh_1").await.unwrap();
        assert_eq!(opened(&warm, &sealed).await, "x");
    }
    assert_eq!(secret.reads(), 1);
}

#[tokio::test]
async fn a_removed_key_is_named_in_the_error_which_holds_no_secret() {
    let secret = Changing::default();
    secret.set(Some(TWO));
    let sealed = Vault::new(&secret).seal("the-secret", "wh_1").await.unwrap();
    secret.set(Some(ONE));
    let error = Vault::new(&secret).open(&sealed, "wh_1").await.unwrap_err().chain();
    assert!(error.contains("no data key has the name"), "{error}");
    assert!(!error.contains("the-secret") && !error.contains("0123456789"), "{error}");
}

/// The keys that a warm function accepts `seconds` after the epoch.
async fn accepted<S: SecretSource>(keys: &RotatingKeys<S>, seconds: i64) -> Vec<String> {
    texts(&keys.known(Timestamp::from_second(seconds).unwrap()).await.unwrap())
}

fn texts(keys: &KeyRing) -> Vec<String> {
    keys.all().map(|key| key.expose_secret().to_owned()).collect()
}

#[tokio::test]
async fn a_new_operator_key_takes_over_in_a_warm_function() {
    let secret = Changing::default();
    secret.set(Some("the-old-operator-key"));
    let keys = RotatingKeys::new(&secret);
    assert_eq!(accepted(&keys, 1_000).await, ["the-old-operator-key"]);
    secret.set(Some("the-new-operator-key\nthe-old-operator-key\n"));
    assert_eq!(accepted(&keys, 1_299).await, ["the-old-operator-key"]);
    assert_eq!(accepted(&keys, 1_300).await, ["the-new-operator-key", "the-old-operator-key"]);
    secret.set(Some("the-new-operator-key"));
    assert_eq!(accepted(&keys, 1_600).await, ["the-new-operator-key"]);
}

#[tokio::test]
async fn an_unknown_key_makes_a_warm_function_read_the_secret_but_not_each_time() {
    let secret = Changing::default();
    secret.set(Some("the-old-operator-key"));
    let keys = RotatingKeys::new(&secret);
    let newest = async |seconds| {
        texts(&keys.newest(Timestamp::from_second(seconds).unwrap()).await.unwrap())
    };
    assert_eq!(newest(1_000).await, ["the-old-operator-key"]);
    secret.set(Some("the-new-operator-key\nthe-old-operator-key"));
    assert_eq!(newest(1_009).await, ["the-old-operator-key"]);
    assert_eq!(secret.reads(), 1, "a guessed key costs no call");
    assert_eq!(newest(1_010).await, ["the-new-operator-key", "the-old-operator-key"]);
    assert_eq!(accepted(&keys, 1_309).await, ["the-new-operator-key", "the-old-operator-key"]);
    assert_eq!(secret.reads(), 2);
}

#[tokio::test]
async fn while_the_secret_cannot_be_read_the_cached_keys_stay_in_use() {
    let secret = Changing::default();
    let keys = RotatingKeys::new(&secret);
    assert!(keys.known(Timestamp::from_second(0).unwrap()).await.is_err(), "nothing is known yet");
    secret.set(Some("the-only-operator-key"));
    assert_eq!(accepted(&keys, 1_000).await, ["the-only-operator-key"]);
    for (n, broken) in [None, Some(""), Some("the-only-operator-key\nold")].into_iter().enumerate()
    {
        secret.set(broken);
        let later = 2_000 + 1_000 * i64::try_from(n).unwrap();
        assert_eq!(accepted(&keys, later).await, ["the-only-operator-key"], "{broken:?}");
        // Reading is tried again every ten seconds, and not at every request.
        let reads = secret.reads();
        for (seconds, tried) in [(9, 0), (10, 1), (19, 1), (20, 2)] {
            assert_eq!(accepted(&keys, later + seconds).await, ["the-only-operator-key"]);
            assert_eq!(secret.reads() - reads, tried, "{seconds}");
        }
    }
}
