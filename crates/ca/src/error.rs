//! Why something was not issued.

use hocba_record::types::UnixTime;

use crate::SignFailed;

/// Why an authority does not open, or does not issue what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// Not the certificate of a CA that may issue certificates and CRLs.
    #[error("not the certificate of a CA: {0}")]
    NotAnAuthority(&'static str),
    /// The private key is not the certificate's.
    #[error("the private key is not that of the CA's certificate")]
    KeyMismatch,
    /// A CA does not sign with this algorithm here.
    #[error("a CA does not sign with this algorithm")]
    Algorithm,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignFailed),
    /// The interval is empty, or reaches beyond the issuer's.
    #[error("the validity has to lie within {} and {}, and may not be empty", from.seconds(), until.seconds())]
    Validity {
        /// First second that is possible.
        from: UnixTime,
        /// Last second that is possible.
        until: UnixTime,
    },
    /// The issuer's pathLenConstraint allows no CA below it, or it is a root, which issues to CAs only.
    #[error("this CA may not issue a certificate of this kind")]
    Tier,
    /// Not text of 1 to 64 characters.
    #[error("{0} has to be 1 to 64 characters, without invisible ones")]
    Name(&'static str),
    /// Not an `http:` address in ASCII.
    #[error("not an http address in plain ASCII: {0:?}")]
    Address(String),
    /// The key to be certified is the CA's own.
    #[error("the key to be certified is the CA's own")]
    OwnKey,
    /// What came out is not what was asked for. A CA whose name is encoded in another way than ours is one cause.
    #[error("the {0} cannot be encoded as it has to be")]
    Encoding(&'static str),
}
