//! Who makes a request.

use crate::access::scope::{Scope, Scopes};
use crate::ids::{KeyId, TenantId};

/// Who makes a request, as the API's door recognised it. Whatever has to know who did something keeps this.
/// The portal's sessions will be a variant of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Holds the operator key, and may do everything.
    Operator,
    /// Holds a key of a tenant.
    Key { id: KeyId, tenant: TenantId, scopes: Scopes },
    /// Holds a token of a tenant.
    Token { tenant: TenantId, scopes: Scopes },
}

impl Principal {
    /// What it is called in logs and messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Key { .. } => "key",
            Self::Token { .. } => "token",
        }
    }

    /// The tenant that it belongs to. The operator belongs to none, and acts for the one that it names.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Operator => None,
            Self::Key { tenant, .. } | Self::Token { tenant, .. } => Some(tenant),
        }
    }

    /// The key that it holds.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        match self {
            Self::Key { id, .. } => Some(*id),
            Self::Operator | Self::Token { .. } => None,
        }
    }

    #[must_use]
    pub fn is_operator(&self) -> bool {
        *self == Self::Operator
    }

    /// Whether it has a scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes().is_none_or(|held| held.contains(scope))
    }

    /// The first of these scopes that it lacks. Nobody gives a key more than it has itself.
    #[must_use]
    pub fn lacks(&self, wanted: &Scopes) -> Option<Scope> {
        self.scopes().and_then(|held| wanted.beyond(held).next())
    }

    /// `None` for all of them.
    fn scopes(&self) -> Option<&Scopes> {
        match self {
            Self::Operator => None,
            Self::Key { scopes, .. } | Self::Token { scopes, .. } => Some(scopes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_has_its_scopes_and_gives_no_others() {
        let tenant: TenantId = "acme".parse().unwrap();
        let scopes: Scopes = [Scope::WriteKeys, Scope::PublishEvents].into_iter().collect();
        let id = KeyId::new(jiff::Timestamp::UNIX_EPOCH, 1);
        let key = Principal::Key { id, tenant: tenant.clone(), scopes: scopes.clone() };
        let token = Principal::Token { tenant: tenant.clone(), scopes: scopes.clone() };
        for holder in [&key, &token] {
            for scope in Scope::ALL {
                assert_eq!(holder.may(scope), scopes.contains(scope), "{scope:?}");
                let wanted: Scopes = [scope].into_iter().collect();
                let lacking = (!scopes.contains(scope)).then_some(scope);
                assert_eq!(holder.lacks(&wanted), lacking);
                assert_eq!(Principal::Operator.lacks(&wanted), None);
                assert!(Principal::Operator.may(scope));
            }
            assert_eq!(holder.lacks(&scopes), None);
            assert_eq!((holder.tenant(), holder.is_operator()), (Some(&tenant), false));
        }
        assert_eq!((key.kind(), key.key()), ("key", Some(id)));
        assert_eq!((token.kind(), token.key()), ("token", None));
        assert_eq!((Principal::Operator.kind(), Principal::Operator.tenant()), ("operator", None));
    }
}
