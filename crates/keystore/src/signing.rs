//! One port to a signing key, wherever it lives.

use std::{fmt, ops::ControlFlow};

use hocba_signature::algorithm::{Algorithm, PublicKey};
use sha2::{Digest, Sha256, Sha384};

use crate::{SigningError, Stopped};

/// A key that can sign, with the certificates that say whose it is: in a file, on a token, or with a signing service.
///
/// It blocks while it signs, for seconds where a token or a service is slow: from an async runtime call it on a thread
/// where that is allowed.
///
/// Whatever the keystore, a signature comes out in the form of JWS (RFC 7518 §3.4: ECDSA as `r || s` of fixed length; RSA
/// as long as the modulus) and has been checked against the certificate's public key: a faulty token must not spoil a
/// class, and a faulty RSA signature can give the key away.
pub struct SigningKey {
    keystore: Box<dyn Keystore>,
    algorithm: Algorithm,
    public: PublicKey,
    certificate_chain: Vec<Vec<u8>>,
}

/// What each kind of keystore does for a [`SigningKey`].
pub(crate) trait Keystore: Send {
    /// Signs the first of the messages, as many as are signed at one go, and at least one. The caller checks and counts.
    fn sign_some(&mut self, messages: &[&[u8]]) -> Result<Vec<Vec<u8>>, SigningError>;

    /// No more messages are to come for now: what was authorised for them lapses.
    fn rest(&mut self) {}

    /// Where the key lives, for people: a path, a token's label, a service.
    fn place(&self) -> String;
}

impl SigningKey {
    /// Puts a keystore behind the port. `certificate_chain` holds the leaf, whose key is `public`.
    pub(crate) fn new(
        keystore: Box<dyn Keystore>,
        algorithm: Algorithm,
        public: PublicKey,
        certificate_chain: Vec<Vec<u8>>,
    ) -> Self {
        debug_assert!(public.accepts(algorithm) && !certificate_chain.is_empty());
        Self { keystore, algorithm, public, certificate_chain }
    }

    /// The `alg` of its signatures.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key, which is the certificate's.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// DER certificates, leaf first, 1 to [`MAX_CERTIFICATES`](crate::MAX_CERTIFICATES). Nothing but the leaf's key has
    /// been checked: names, dates and signatures are the verifier's business.
    #[must_use]
    pub fn certificate_chain(&self) -> &[Vec<u8>] {
        &self.certificate_chain
    }

    /// SHA-256 of the leaf certificate, which a signature names as `x5t#S256` (RFC 7515 §4.1.8).
    #[must_use]
    pub fn leaf_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate_chain[0]).into()
    }

    /// Signs one message.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub fn sign(&mut self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut made = None;
        let taken = &mut |_, signature| {
            made = Some(signature);
            ControlFlow::Continue(())
        };
        self.sign_each(&[message], taken).map_err(|stopped| stopped.why)?;
        Ok(made.expect("one message signed without error gives one signature"))
    }

    /// Signs the messages in order and hands each signature over as it comes, with the place of its message; so what
    /// was signed before a token is pulled is not lost. Ends early, without error, when `taken` says `Break`.
    ///
    /// Give all messages at once: what a service authorises, it authorises for as many as it is told.
    ///
    /// # Errors
    /// [`Stopped`], which says how many signatures were handed over before and what can be done.
    pub fn sign_each(
        &mut self,
        messages: &[&[u8]],
        taken: &mut dyn FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), Stopped> {
        let mut signed = 0;
        let result = self.sign_rest(messages, &mut signed, taken);
        self.keystore.rest();
        result.map_err(|why| Stopped { signed, of: messages.len(), why })
    }

    fn sign_rest(
        &mut self,
        messages: &[&[u8]],
        signed: &mut usize,
        taken: &mut dyn FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), SigningError> {
        while *signed < messages.len() {
            let made = self.keystore.sign_some(&messages[*signed..])?;
            if made.is_empty() || made.len() > messages.len() - *signed {
                return Err(SigningError::BadAnswer {
                    from: self.keystore.place(),
                    what: format!("{} signatures for {} messages", made.len(), messages.len() - *signed),
                });
            }
            for signature in made {
                let signature = self.checked(messages[*signed], &signature)?;
                *signed += 1;
                if taken(*signed - 1, signature).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The signature in JWS form, if it is one of this message by this key.
    fn checked(&self, message: &[u8], signature: &[u8]) -> Result<Vec<u8>, SigningError> {
        let good = |candidate: &Vec<u8>| self.public.verify(self.algorithm, message, candidate).is_ok();
        jws_forms(self.algorithm, signature)
            .into_iter()
            .find(good)
            .ok_or_else(|| SigningError::BadSignature { from: self.keystore.place() })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("place", &self.keystore.place())
            .finish_non_exhaustive()
    }
}

/// The algorithm to sign with: the one asked for, or the usual one of the key.
pub(crate) fn algorithm_for(public: &PublicKey, wanted: Option<Algorithm>) -> Result<Algorithm, SigningError> {
    match wanted {
        Some(algorithm) if !public.accepts(algorithm) => Err(SigningError::UnsupportedMechanism {
            wanted: algorithm.to_string(),
            what: "the certificate's key is of another kind".into(),
        }),
        Some(algorithm) => Ok(algorithm),
        None => Ok(public.default_algorithm()),
    }
}

/// What is signed by a keystore that sees only hashes; `None` for Ed25519, which takes the whole message.
#[cfg_attr(not(any(feature = "pkcs11", feature = "remote")), expect(dead_code, reason = "files take whole messages"))]
pub(crate) fn hash_for(algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        Algorithm::Ed25519 => None,
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => Some(Sha256::digest(message).to_vec()),
        Algorithm::Es384 => Some(Sha384::digest(message).to_vec()),
    }
}

/// The forms in which a keystore may have given a signature, each as JWS wants it. One of them verifies, or none.
///
/// ECDSA comes as `r || s`, in full length or (some tokens) without leading zeros, or as the DER of X.509 (RFC 3279 §2.2.3);
/// the length alone does not always tell them apart. RSA may lack leading zeros.
fn jws_forms(algorithm: Algorithm, signature: &[u8]) -> Vec<Vec<u8>> {
    let field = match algorithm {
        Algorithm::Es256 => 32,
        Algorithm::Es384 => 48,
        Algorithm::Ed25519 => return vec![signature.to_vec()],
        Algorithm::Rs256 | Algorithm::Ps256 => {
            // Moduli are 2048, 3072 or 4096 bits long; one of another length gets no help with lost zeros.
            let full = padded(signature, signature.len().next_multiple_of(128));
            return [Some(signature.to_vec()), full].into_iter().flatten().collect();
        }
    };
    let both = |r: &[u8], s: &[u8]| Some([padded(r, field)?, padded(s, field)?].concat());
    let halves = || {
        let (r, s) = signature.len().is_multiple_of(2).then(|| signature.split_at(signature.len() / 2))?;
        both(r, s)
    };
    let der = || ecdsa_der(signature).and_then(|(r, s)| both(r, s));
    [halves(), der()].into_iter().flatten().collect()
}

/// The number in this many bytes, big-endian; `None` if it needs more.
fn padded(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let missing = length.checked_sub(number.len())?;
    Some([&vec![0; missing], number].concat())
}

/// The two numbers of an `ECDSA-Sig-Value`, without the zero that keeps them positive.
fn ecdsa_der(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    use pkcs8::der::{Decode, Reader, SliceReader, asn1::UintRef};
    let mut reader = SliceReader::new(signature).ok()?;
    let numbers =
        reader.sequence(|inner| Ok::<_, pkcs8::der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?))).ok()?;
    reader.is_finished().then(|| (numbers.0.as_bytes(), numbers.1.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecdsa_signatures_come_out_in_full_length_whatever_the_form() {
        let (r, s) = ([&[0], &[0x91; 31][..]].concat(), vec![0x11; 32]);
        let wanted = [r.clone(), s.clone()].concat();
        // 02 20 00 91.. : a positive number with its top bit set keeps a zero; then 02 20 11..
        let der = [&[0x30, 0x44, 0x02, 0x20, 0x00], &[0x91; 31][..], &[0x02, 0x20], &s].concat();
        for form in [wanted.clone(), der] {
            assert!(jws_forms(Algorithm::Es256, &form).contains(&wanted), "{form:02x?}");
        }
        // As some tokens give it: both halves without their leading zeros, as far as both have them.
        let short = [&[0x91; 31][..], &[0x11; 31]].concat();
        let wanted = [&[0][..], &[0x91; 31], &[0], &[0x11; 31]].concat();
        assert!(jws_forms(Algorithm::Es256, &short).contains(&wanted));
    }

    #[test]
    fn what_is_no_ecdsa_signature_is_in_no_form() {
        for bytes in [&[][..], &[0x30], &[0; 65], &[0x30, 0x03, 0x02, 0x01, 0x01], &[0x30, 0x80, 0, 0, 0], &[9; 66]] {
            let forms = jws_forms(Algorithm::Es256, bytes);
            assert!(forms.iter().all(|form| form.len() == 64), "{bytes:02x?}: {forms:02x?}");
        }
        let trailing = [&[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00][..]].concat();
        assert_eq!(jws_forms(Algorithm::Es256, &trailing), Vec::<Vec<u8>>::new());
    }
}
