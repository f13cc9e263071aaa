//! What travels, in the words of the Cloud Signature Consortium's API, version 2. Members that are not used are passed
//! over, as the specification asks; what is missing shows where it is needed.

use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(super) struct Info {
    #[serde(default)]
    pub(super) specs: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) methods: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListRequest {
    pub(super) only_valid: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct List {
    #[serde(rename = "credentialIDs")]
    pub(super) credential_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) certificates: &'static str,
    pub(super) cert_info: bool,
    pub(super) auth_info: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Credential {
    pub(super) key: Key,
    pub(super) cert: Cert,
    #[serde(default)]
    pub(super) auth: Auth,
    /// Most signatures that one authorisation covers.
    #[serde(default = "one")]
    pub(super) multisign: usize,
    /// "2" where an authorisation is for these very hashes (EN 419 241-1, sole control assurance level 2).
    #[serde(rename = "SCAL", default)]
    pub(super) scal: String,
}

fn one() -> usize {
    1
}

#[derive(Debug, Deserialize)]
pub(super) struct Key {
    pub(super) status: String,
    pub(super) algo: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cert {
    #[serde(default)]
    pub(super) certificates: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Auth {
    #[serde(default)]
    pub(super) mode: String,
    #[serde(default)]
    pub(super) objects: Vec<AuthObject>,
}

/// One secret that the signer is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AuthObject {
    pub(super) id: String,
    #[serde(default)]
    pub(super) label: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authorize<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    pub(super) num_signatures: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<String>,
    #[serde(rename = "hashAlgorithmOID", skip_serializing_if = "Option::is_none")]
    pub(super) hash_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) auth_data: Vec<AuthData<'a>>,
}

#[derive(Serialize)]
pub(super) struct AuthData<'a> {
    pub(super) id: &'a str,
    pub(super) value: &'a str,
}

#[derive(Serialize)]
pub(super) struct AuthorizeCheck<'a> {
    pub(super) handle: &'a str,
}

/// An authorisation, or the name of one that the signer has yet to confirm elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authorized {
    #[serde(rename = "SAD")]
    pub(super) sad: Option<String>,
    /// Seconds; 3600 where it is left out, says the specification.
    pub(super) expires_in: Option<u64>,
    pub(super) handle: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignHash<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential_id: &'a str,
    #[serde(rename = "SAD")]
    pub(super) sad: &'a str,
    pub(super) hashes: Vec<String>,
    #[serde(rename = "hashAlgorithmOID")]
    pub(super) hash_algorithm: &'static str,
    pub(super) sign_algo: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sign_algo_params: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Signatures {
    pub(super) signatures: Vec<String>,
}

/// An error answer (after RFC 6749 §5.2).
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
}
