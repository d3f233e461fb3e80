//! Whether what a receiver has for a secret is the webhook's, and what is wrong with it if it nearly is.

use secrecy::ExposeSecret as _;

use super::Webhook;
use super::secret::{SecretForm, SigningSecret};
use super::signature::is_same;
use crate::Timestamp;
use crate::inbox::SecretAge;

const HMAC_PREFIX: &str = "whsec_";
const ED25519_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";

/// What a receiver's secret is to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// One of its secrets.
    Same(SecretAge),
    /// It would be, if this were put right.
    Nearly(SecretAge, Mistake),
    Other,
}

/// What people and programs do to a secret on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// There is white space or a quotation mark around it.
    Surrounded,
    /// It lacks the prefix that says how it is written, such as `whsec_`.
    NoPrefix,
    /// It has a prefix that is not a part of it.
    Prefix,
    /// Upper and lower case differ.
    Case,
}

/// Compares a receiver's text with the secrets that sign the webhook's requests at a time. Where requests are signed
/// with Ed25519, the receiver has the public key.
#[must_use]
pub fn likeness(webhook: &Webhook, form: SecretForm, text: &str, at: Timestamp) -> Likeness {
    let secrets = [
        (SecretAge::Current, Some(&webhook.secret)),
        (SecretAge::Previous, webhook.retiring_at(at)),
    ];
    let ages = || secrets.iter().filter_map(|(age, secret)| secret.map(|secret| (*age, secret)));
    let same = |text: &str| ages().find(|(_, secret)| is_the(secret, form, text));
    if let Some((age, _)) = same(text) {
        return Likeness::Same(age);
    }
    let bare = text.trim_matches(|one: char| one.is_whitespace() || "\"'`".contains(one));
    let without = |prefix: &str| bare.strip_prefix(prefix).unwrap_or(bare).to_owned();
    let tried = [
        (bare.to_owned(), Mistake::Surrounded),
        (format!("{HMAC_PREFIX}{bare}"), Mistake::NoPrefix),
        (format!("{PUBLIC_PREFIX}{bare}"), Mistake::NoPrefix),
        (format!("{ED25519_PREFIX}{bare}"), Mistake::NoPrefix),
        (without(HMAC_PREFIX), Mistake::Prefix),
    ];
    for (text, mistake) in tried {
        if let Some((age, _)) = same(&text) {
            return Likeness::Nearly(age, mistake);
        }
    }
    let lower = bare.to_lowercase();
    let in_case = ages().find(|(_, secret)| is_same(&secret.expose().to_lowercase(), &lower));
    in_case.map_or(Likeness::Other, |(age, _)| Likeness::Nearly(age, Mistake::Case))
}

/// Whether a receiver that has this text makes, or accepts, the signatures of this secret.
fn is_the(secret: &SigningSecret, form: SecretForm, text: &str) -> bool {
    if let Some(public) = secret.public_key() {
        return is_same(&public, text) || is_same(secret.expose(), text);
    }
    let other = SigningSecret::from_stored(text.to_owned().into());
    let key = |secret: &SigningSecret| hex::encode(secret.key(form).expose_secret());
    is_same(&key(secret), &key(&other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WebhookId;
    use crate::webhook::Essentials;
    use crate::webhook::target::TargetUrl;

    fn webhook(secret: SigningSecret) -> Webhook {
        let created_at = Timestamp::UNIX_EPOCH;
        Webhook::new(Essentials {
            id: WebhookId::new(created_at, 1),
            tenant: "acme".parse().unwrap(),
            url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret,
            contract: "standard".parse().unwrap(),
            created_at,
        })
    }

    #[test]
    fn a_secret_that_is_nearly_right_says_what_is_wrong() {
        let secret = SigningSecret::generate(SecretForm::Whsec, [7; 32]);
        let (text, webhook) = (secret.expose().to_owned(), webhook(secret));
        let bare = text.strip_prefix("whsec_").unwrap();
        let of = |text: &str, form| likeness(&webhook, form, text, Timestamp::UNIX_EPOCH);
        let nearly = |mistake| Likeness::Nearly(SecretAge::Current, mistake);
        for (tried, said) in [
            (text.clone(), Likeness::Same(SecretAge::Current)),
            (format!("{text}\n"), nearly(Mistake::Surrounded)),
            (format!("\"{text}\""), nearly(Mistake::Surrounded)),
            (bare.to_owned(), nearly(Mistake::NoPrefix)),
            (text.to_uppercase(), nearly(Mistake::Case)),
            ("whsec_b3RoZXIgb3RoZXIgb3RoZXI=".to_owned(), Likeness::Other),
            (String::new(), Likeness::Other),
        ] {
            assert_eq!(of(&tried, SecretForm::Whsec), said, "{tried:?}");
        }
        assert_eq!(of(bare, SecretForm::Text), nearly(Mistake::NoPrefix), "a part of the text");
    }

    #[test]
    fn a_text_of_its_own_needs_no_prefix() {
        let webhook = webhook("0123456789abcdef".parse().unwrap());
        let of = |text: &str, form| likeness(&webhook, form, text, Timestamp::UNIX_EPOCH);
        let same = Likeness::Same(SecretAge::Current);
        assert_eq!(of("0123456789abcdef", SecretForm::Text), same);
        assert_eq!(of("0123456789abcdef", SecretForm::Whsec), same);
        assert_eq!(of("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", SecretForm::Whsec), same, "as it is shown");
        let prefixed = Likeness::Nearly(SecretAge::Current, Mistake::Prefix);
        assert_eq!(of("whsec_0123456789abcdef", SecretForm::Text), prefixed);
        assert_eq!(
            of("0123456789ABCDEF", SecretForm::Text),
            Likeness::Nearly(SecretAge::Current, Mistake::Case)
        );
    }

    #[test]
    fn of_a_pair_of_keys_the_receiver_has_the_public_one() {
        let secret = SigningSecret::generate_ed25519([3; 32]);
        let public = secret.public_key().unwrap();
        let webhook = webhook(secret);
        let of = |text: &str| likeness(&webhook, SecretForm::Whsec, text, Timestamp::UNIX_EPOCH);
        assert_eq!(of(&public), Likeness::Same(SecretAge::Current));
        let bare = public.strip_prefix("whpk_").unwrap();
        assert_eq!(of(bare), Likeness::Nearly(SecretAge::Current, Mistake::NoPrefix));
        let other = SigningSecret::generate_ed25519([4; 32]).public_key().unwrap();
        assert_eq!(of(&other), Likeness::Other);
    }
}
