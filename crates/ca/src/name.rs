//! Names of subjects, and the issuer's name read back.

use hocba_record::types::Text;
use rcgen::{DistinguishedName, DnType, DnValue};
use x509_parser::x509::X509Name;

use crate::{CaError, PILOT_UNIT};

/// Longest value of an attribute, in characters (RFC 5280 appendix A: ub-common-name, ub-organization-name).
const MAX_CHARS: usize = 64;
/// serialNumber (X.520).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// Whom a certificate names: `C=VN, O=…, OU=THỬ NGHIỆM / PILOT, CN=…`, and a code where two would have the same name.
///
/// It names no role: the right to sign comes from appointments (`docs/adr/0005`), and those end sooner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    organisation: String,
    common_name: String,
    code: Option<String>,
}

impl Subject {
    /// Organisation (a school, a department) and common name (a person; of a seal, the school again).
    ///
    /// # Errors
    /// [`CaError::Name`].
    pub fn new(organisation: &str, common_name: &str) -> Result<Self, CaError> {
        let (organisation, common_name) = (text(organisation, "the organisation")?, text(common_name, "the name")?);
        Ok(Self { organisation, common_name, code: None })
    }

    /// The same with a `serialNumber` attribute, such as a staff code: one CA may not give two subjects the same name
    /// (RFC 5280 §4.1.2.6).
    ///
    /// # Errors
    /// [`CaError::Name`].
    pub fn with_code(self, code: &str) -> Result<Self, CaError> {
        Ok(Self { code: Some(text(code, "the code")?), ..self })
    }

    pub(crate) fn distinguished_name(&self) -> Result<DistinguishedName, CaError> {
        let country = "VN".try_into().map_err(|_| CaError::Encoding("name"))?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CountryName, DnValue::PrintableString(country));
        name.push(DnType::OrganizationName, self.organisation.as_str());
        name.push(DnType::OrganizationalUnitName, PILOT_UNIT);
        name.push(DnType::CommonName, self.common_name.as_str());
        if let Some(code) = &self.code {
            // RFC 5280 appendix A: X520SerialNumber is a PrintableString.
            let code = code.as_str().try_into().map_err(|_| CaError::Name("the code"))?;
            name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), DnValue::PrintableString(code));
        }
        Ok(name)
    }
}

fn text(text: &str, what: &'static str) -> Result<String, CaError> {
    let fits = text.chars().count() <= MAX_CHARS && !text.contains('\n') && text.parse::<Text>().is_ok();
    if fits { Ok(text.to_owned()) } else { Err(CaError::Name(what)) }
}

/// A name as rcgen can write it again. Whether it then is the same is compared, byte for byte, on what was issued.
pub(crate) fn read(name: &X509Name<'_>) -> Result<DistinguishedName, CaError> {
    const PRINTABLE_STRING: u32 = 19;
    let error = || CaError::NotAnAuthority("its name is of a form that is not written here");
    let mut read = DistinguishedName::new();
    for attribute in name.iter_attributes() {
        let oid: Vec<u64> = attribute.attr_type().iter().ok_or_else(error)?.collect();
        let value = attribute.as_str().map_err(|_| error())?;
        let value = match attribute.attr_value().header.tag().0 {
            PRINTABLE_STRING => DnValue::PrintableString(value.try_into().map_err(|_| error())?),
            _ => DnValue::Utf8String(value.to_owned()),
        };
        read.push(DnType::from_oid(&oid), value);
    }
    Ok(read)
}
