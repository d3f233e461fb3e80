//! Rotating the signing secret of a webhook.

use hooklane_contract::Contract;
use hooklane_domain::access::quotas::Room;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::secret::{SecretForm, SigningSecret};
use hooklane_domain::webhook::{Overlap, RotateError, Signing, Webhook};

use super::{ChangeError, Rules, revise};
use crate::ports::{Clock, Entropy, WebhookStore};
use crate::precondition::Precondition;

/// The body of a rotation. Every field is optional.
#[derive(Debug, Clone, Default)]
struct RotationRequest {
    secret: Option<SigningSecret>,
    signing: Option<Signing>,
    overlap: Overlap,
}

/// Gives a webhook a new secret: the one in the body, or one that is generated in the form that its contract
/// reads. The old secret signs beside it until the overlap ends.
pub async fn rotate(
    webhooks: &impl WebhookStore,
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    key: (&TenantId, WebhookId),
    precondition: &Precondition,
    body: &str,
) -> Result<Webhook, ChangeError> {
    let request = RotationRequest::read(body).map_err(ChangeError::Invalid)?;
    let random = system.random();
    let rotated = revise(webhooks, key, precondition, Room::none(system.now()), |current| {
        let contract = rules.contracts.get(&current.contract);
        let secret = request.secret(current, contract, random).map_err(ChangeError::Invalid)?;
        let now = whole_millisecond(system.now());
        match current.clone().rotated(secret, request.overlap, now) {
            Ok(rotated) => Ok(Some(rotated)),
            Err(same @ RotateError::Same) => {
                Err(ChangeError::Invalid(FieldErrors::one("secret", same.to_string())))
            }
            Err(error) => Err(ChangeError::Rotation(error)),
        }
    });
    rotated.await.map(|revised| revised.after)
}

impl RotationRequest {
    fn read(body: &str) -> Result<Self, FieldErrors> {
        if body.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut fields = Fields::of("", body)?;
        let secret: Option<SigningSecret> = fields.parse(&["secret"]);
        let signing = fields.read(&["signing"], "hmac or ed25519");
        if let (Some(secret), Some(signing)) = (&secret, signing)
            && secret.is_ed25519() != (signing == Signing::Ed25519)
        {
            fields.error("secret", "does not match signing");
        }
        let overlap = Overlap::read(&mut fields);
        fields.finish().map(|()| Self { secret, signing, overlap })
    }

    /// The new secret: of the requested kind, or else of the current one.
    fn secret(
        &self,
        current: &Webhook,
        contract: Option<&Contract>,
        random: [u8; 32],
    ) -> Result<SigningSecret, FieldErrors> {
        let form = contract.map_or(SecretForm::Text, Contract::secret_form);
        let generate = || match self.signing.unwrap_or_else(|| current.signing()) {
            Signing::Ed25519 => SigningSecret::generate_ed25519(random),
            Signing::Hmac => SigningSecret::generate(form, random),
        };
        let secret = self.secret.clone().unwrap_or_else(generate);
        let path = if self.secret.is_some() { "secret" } else { "signing" };
        match contract.map(|contract| contract.accepts(&secret)) {
            Some(Err(error)) => Err(FieldErrors::one(path, error.to_string())),
            _ => Ok(secret),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_reads_its_fields_and_reports_wrong_ones() {
        for good in ["", " ", "{}", r#"{"secret":null,"overlapSeconds":null,"signing":null}"#] {
            let request = RotationRequest::read(good).unwrap();
            assert!(request.secret.is_none() && request.overlap == Overlap::default(), "{good}");
        }
        let hour =
            RotationRequest::read(r#"{"overlap_seconds":3600,"secret":"a-new-secret"}"#).unwrap();
        assert_eq!(hour.overlap, Overlap::from_seconds(3_600).unwrap());
        for (bad, path) in [
            (r#"{"overlapSeconds":604801}"#, "overlapSeconds"),
            (r#"{"overlapSeconds":-1}"#, "overlapSeconds"),
            (r#"{"overlapSeconds":1.5}"#, "overlapSeconds"),
            (r#"{"secret":"short"}"#, "secret"),
            (r#"{"secret":"your-webhook-secret","signing":"ed25519"}"#, "secret"),
            (r#"{"signing":"rsa"}"#, "signing"),
            (r#"{"colour":1}"#, "colour"),
            ("[]", ""),
            ("null", ""),
            ("{", ""),
        ] {
            assert_eq!(RotationRequest::read(bad).unwrap_err().as_slice()[0].path, path, "{bad}");
        }
    }
}
