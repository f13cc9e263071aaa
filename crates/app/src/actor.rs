//! Who acts.

use hocba_record::types::SchoolCode;
use hocba_store::model::{Account, GrantRole};

/// Who acts. Every use case is asked by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person with an account.
    Account(Account),
    /// Whoever runs commands where the data key lies: can read everything there anyway, so nothing is kept from them.
    /// Signing still needs a signer's key and appointment.
    LocalOperator,
}

impl Actor {
    /// The account; none of whoever runs commands.
    pub const fn account(&self) -> Option<&Account> {
        match self {
            Actor::Account(account) => Some(account),
            Actor::LocalOperator => None,
        }
    }

    /// Whether they sign for the principal of a school: a deputy who is not the principal as well.
    pub fn is_deputy(&self, school: &SchoolCode) -> bool {
        let has = |role: GrantRole| {
            let mut grants = self.account().into_iter().flat_map(|account| &account.grants);
            grants.any(|grant| grant.role == role && grant.school.as_ref().is_none_or(|s| s == school))
        };
        has(GrantRole::DeputyPrincipal) && !has(GrantRole::Principal)
    }

    /// As the audit log names them.
    pub fn id(&self) -> String {
        match self {
            Actor::Account(account) => account.id.to_string(),
            Actor::LocalOperator => "operator".to_owned(),
        }
    }
}
