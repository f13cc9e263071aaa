//! Who acts.

use hocba_store::model::Account;

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
    /// As the audit log names them.
    pub fn id(&self) -> String {
        match self {
            Actor::Account(account) => account.id.to_string(),
            Actor::LocalOperator => "operator".to_owned(),
        }
    }
}
