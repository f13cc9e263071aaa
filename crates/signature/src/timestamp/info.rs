//! `TSTInfo` (RFC 3161 §2.4.2): what the authority says.

use std::time::Duration;

use hocba_record::{encoding::Sha256Digest, types::UnixTime};

use super::{Nonce, TimeStampError, hash, small};
use crate::{
    algorithm::Hash,
    certificate::Certificate,
    der::{self, Malformed, Reader, tag},
    path::PolicyId,
    x509::{GeneralName, MAX_SERIAL, each_extension_in},
};

#[derive(Debug, Clone)]
pub(super) struct Info {
    pub(super) policy: PolicyId,
    pub(super) digest: Sha256Digest,
    pub(super) serial: Box<[u8]>,
    pub(super) time: UnixTime,
    pub(super) accuracy: Option<Duration>,
    pub(super) nonce: Option<Nonce>,
    authority: Option<GeneralName>,
}

impl Info {
    /// Reads a `TSTInfo` of version 1 over a SHA-256 digest.
    pub(super) fn read(der: &[u8]) -> Result<Self, TimeStampError> {
        let mut fields = Reader::only(der, tag::SEQUENCE)?;
        if fields.expect(tag::INTEGER)? != [1] {
            return Err(TimeStampError::Malformed);
        }
        let policy = PolicyId::from_contents(fields.expect(tag::OID)?).map_err(|_| TimeStampError::Malformed)?;
        let mut imprint = fields.sequence()?;
        let algorithm = hash(imprint.sequence()?)?;
        let digest = imprint.expect(tag::OCTET_STRING)?;
        imprint.finish()?;
        let serial = der::integer(fields.expect(tag::INTEGER)?, MAX_SERIAL)?.into();
        let time = der::time_of_stamp(fields.expect(tag::GENERALIZED_TIME)?)?;
        let accuracy = fields.optional(tag::SEQUENCE)?.map(accuracy).transpose()?;
        // Whether later tokens have later times: of no use for one token.
        fields.default_false()?;
        let nonce = fields.optional(tag::INTEGER)?.map(Nonce::from_integer).transpose()?;
        let authority = match fields.optional(tag::constructed(0))? {
            Some(content) => {
                let mut name = Reader::new(content);
                let authority = GeneralName::read(name.next()?)?;
                name.finish()?;
                Some(authority)
            }
            None => None,
        };
        let mut unknown = false;
        if let Some(extensions) = fields.optional(tag::constructed(1))? {
            each_extension_in(Reader::new(extensions), |_, critical, _| {
                unknown |= critical;
                Ok(())
            })?;
        }
        fields.finish()?;
        if unknown {
            return Err(TimeStampError::UnknownCritical);
        }
        if algorithm != Some(Hash::Sha256) {
            return Err(TimeStampError::ImprintAlgorithm);
        }
        let digest = Sha256Digest::from_bytes(digest.try_into().map_err(|_| Malformed)?);
        Ok(Self { policy, digest, serial, time, accuracy, nonce, authority })
    }

    /// §2.4.2: a name of the authority, if there is one, is one that its certificate has. It finds and proves nothing.
    pub(super) fn names(&self, signer: &Certificate) -> bool {
        let content = signer.content();
        self.authority.as_ref().is_none_or(|name| {
            matches!(name, GeneralName::Directory(name) if *name == content.subject)
                || content.extensions.subject_alt_names.contains(name)
        })
    }
}

/// The content of an `Accuracy`; what is left out is zero.
fn accuracy(content: &[u8]) -> Result<Duration, Malformed> {
    let part = |content: Option<&[u8]>| match content.map(small) {
        None => Ok(0),
        Some(Ok(n @ 1..=999)) => Ok(u64::from(n)),
        Some(_) => Err(Malformed),
    };
    let mut fields = Reader::new(content);
    let seconds = fields.optional(tag::INTEGER)?.map(small).transpose()?.unwrap_or(0);
    let millis = part(fields.optional(tag::primitive(0))?)?;
    let micros = part(fields.optional(tag::primitive(1))?)?;
    fields.finish()?;
    Ok(Duration::from_secs(seconds.into()) + Duration::from_micros(millis * 1000 + micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_is_read_to_the_microsecond() {
        assert_eq!(accuracy(&[]), Ok(Duration::ZERO));
        assert_eq!(accuracy(&[2, 1, 3]), Ok(Duration::from_secs(3)));
        assert_eq!(accuracy(&[2, 1, 1, 0x80, 2, 1, 0xf4, 0x81, 1, 100]), Ok(Duration::from_micros(1_500_100)));
        let largest = Duration::from_micros(0xffff_ffff * 1_000_000 + 999_999);
        assert_eq!(accuracy(&[2, 5, 0, 255, 255, 255, 255, 0x80, 2, 3, 231, 0x81, 2, 3, 231]), Ok(largest));
        for wrong in [
            &[0x80, 1, 0][..],
            &[0x80, 2, 3, 232],
            &[0x81, 1, 0xff],
            &[2, 1, 0xff],
            &[2, 5, 1, 0, 0, 0, 0],
            &[0x81, 1, 1, 0x80, 1, 1],
            &[2, 2, 0, 1],
            &[4, 0],
        ] {
            assert_eq!(accuracy(wrong), Err(Malformed), "{wrong:?}");
        }
    }
}
