//! Certificates of a school's people: how far each is, and many files enrolled at once.

use std::{collections::BTreeMap, pin::Pin};

use hocba_keystore::certificates_of;
use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    certificate::{Certificate, PathError, SignatureCache},
    path::End,
};
use hocba_store::model::{Account, GrantRole, Id, Position};
use hocba_workbook::name_key;

use crate::{
    Actor, App, AppError,
    policy::{Action, Place, require},
};

/// Most files of one call: the people of a large school, and some issuers.
pub const MAX_CERTIFICATE_FILES: usize = 300;

/// Somebody of a school's staff, and the certificate they sign with.
#[derive(Debug, Clone)]
pub struct StaffCertificate {
    /// Account.
    pub account: Id,
    /// Name.
    pub name: String,
    /// As what they work here.
    pub position: Position,
    /// Their certificate; none was enrolled where there is none.
    pub certificate: Option<CertificateFacts>,
}

/// What is said of an enrolled certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Common name of its subject.
    pub subject: String,
    /// Common name of whoever issued it; none where its issuer is not known here, or not recognised now.
    pub issuer: Option<String>,
    /// Last second of validity.
    pub not_after: UnixTime,
}

/// A file with certificates.
#[derive(Debug, Clone, Copy)]
pub struct CertificateFile<'a> {
    /// Its name, for the answer.
    pub name: &'a str,
    /// PEM, with a chain perhaps, or DER.
    pub bytes: &'a [u8],
}

/// What became of a certificate.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The file it came in.
    pub file: String,
    /// Common name of its subject; empty where the file could not be read.
    pub subject: String,
    /// Whose it is now, and whether that is new; or why it is nobody's.
    pub outcome: Result<(Id, bool), CertificateRefusal>,
}

/// Why a certificate was not enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateRefusal {
    /// The file is not of certificates.
    NoCertificate,
    /// The file has a private key: it should never have left its owner.
    PrivateKey,
    /// An issuer's: kept for the others of the call, and nobody's own.
    Issuer,
    /// Nobody of the staff is called so, nor is the school.
    Nobody,
    /// Several of the staff are called so.
    Several,
    /// Not called as the person it was sent for.
    Name,
    /// It leads to no recognised root.
    Unrecognised,
    /// Over, or not yet valid.
    OutsideValidity,
    /// Not for signing documents.
    Usage,
    /// Another account's.
    Taken,
    /// Its owner works at a place that is not the actor's, too.
    Elsewhere,
}

impl CertificateRefusal {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            CertificateRefusal::NoCertificate => "no_certificate",
            CertificateRefusal::PrivateKey => "private_key",
            CertificateRefusal::Issuer => "issuer",
            CertificateRefusal::Nobody => "nobody",
            CertificateRefusal::Several => "several",
            CertificateRefusal::Name => "name",
            CertificateRefusal::Unrecognised => "unrecognised",
            CertificateRefusal::OutsideValidity => "outside_validity",
            CertificateRefusal::Usage => "usage",
            CertificateRefusal::Taken => "taken",
            CertificateRefusal::Elsewhere => "elsewhere",
        }
    }
}

impl App {
    /// The staff of a school with their certificates, by name.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn staff_certificates(
        &self,
        actor: &Actor,
        school: &SchoolCode,
    ) -> Result<Vec<StaffCertificate>, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        let mut tx = self.store().read().await?;
        let issuers = issuers_of(&tx.certificates().await?);
        let mut found = Vec::new();
        for member in tx.staff_of(school).await? {
            let Some(account) = tx.account(&member.account).await? else { continue };
            let mut certificate = None;
            if let Some(digest) = account.certificate
                && let Some(der) = tx.certificate(&digest).await?
                && let Ok(leaf) = Certificate::from_der(&der)
            {
                certificate = Some(CertificateFacts {
                    subject: leaf.subject().to_owned(),
                    issuer: self.issuer_of(&leaf, &issuers),
                    not_after: leaf.not_after(),
                });
            }
            let Account { id, name, .. } = account;
            found.push(StaffCertificate { account: id, name, position: member.position, certificate });
        }
        found.sort_by_cached_key(|line| (name_key(&line.name), line.account));
        Ok(found)
    }

    /// Enrols the certificates of many files, each for whoever of the staff is called as its subject, a clerk's for the
    /// school's name; `only` names the person where it is known. Issuers may come in the same files or another one of the
    /// call. Each is enrolled by itself, and what is refused says why: nothing else is held up by it.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`; `NotFound` where `only` is not of the staff; the database's.
    pub async fn enrol_certificates(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        files: &[CertificateFile<'_>],
        only: Option<Id>,
    ) -> Result<Vec<Enrolled>, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        if files.len() > MAX_CERTIFICATE_FILES {
            return Err(AppError::TooMany { found: files.len(), max: MAX_CERTIFICATE_FILES });
        }
        let mut tx = self.store().read().await?;
        let mut people: Vec<(Account, bool)> = Vec::new();
        for member in tx.staff_of(school).await? {
            people.extend(tx.account(&member.account).await?.map(|a| (a, member.position == Position::Clerk)));
        }
        if only.is_some_and(|only| !people.iter().any(|(account, _)| account.id == only)) {
            return Err(AppError::NotFound("account"));
        }
        let renamed = tx.school_changes(school).await?.into_iter().rev().find_map(|change| change.name);
        let name = match renamed {
            Some(name) => Some(name),
            None => tx.listed_school(school).await?.map(|listed| listed.name),
        };
        let school_key = name.map(|name| name_key(name.as_str())).filter(|key| !key.is_empty());
        let mut issuers = issuers_of(&tx.certificates().await?);
        drop(tx);
        let mut answers = Vec::new();
        let mut leaves: Vec<(usize, Certificate)> = Vec::new();
        for file in files {
            let answer = |subject: &str, refusal| Enrolled {
                file: file.name.to_owned(),
                subject: subject.to_owned(),
                outcome: Err(refusal),
            };
            let read: Option<Vec<Certificate>> = certificates_of(file.bytes)
                .ok()
                .and_then(|ders| ders.iter().map(|der| Certificate::from_der(der).ok()).collect());
            let Some(certificates) = read else {
                let key = b"PRIVATE KEY-----";
                let has_key = file.bytes.windows(key.len()).any(|window| window == key);
                let refusal = if has_key { CertificateRefusal::PrivateKey } else { CertificateRefusal::NoCertificate };
                answers.push(answer("", refusal));
                continue;
            };
            let has_leaf = certificates.iter().any(|certificate| !certificate.is_ca());
            for certificate in certificates {
                if certificate.is_ca() {
                    if !has_leaf {
                        answers.push(answer(certificate.subject(), CertificateRefusal::Issuer));
                    }
                    issuers.insert(*certificate.digest(), certificate);
                } else {
                    leaves.push((answers.len(), certificate.clone()));
                    answers.push(answer(certificate.subject(), CertificateRefusal::Nobody));
                }
            }
        }
        for (place, leaf) in leaves {
            answers[place].outcome =
                self.enrol_one(actor, &leaf, &issuers, &people, school_key.as_deref(), only).await?;
        }
        Ok(answers)
    }

    /// Finds whose a certificate is, and enrols it.
    async fn enrol_one(
        &self,
        actor: &Actor,
        leaf: &Certificate,
        issuers: &BTreeMap<Sha256Digest, Certificate>,
        people: &[(Account, bool)],
        school: Option<&str>,
        only: Option<Id>,
    ) -> Result<Result<(Id, bool), CertificateRefusal>, AppError> {
        let others: Vec<Certificate> = issuers.values().cloned().collect();
        let path = self.profile().path(leaf, &SignatureCache::default(), &others, self.edges().now(), End::Signer);
        let path = match path {
            Ok(path) => path,
            Err(PathError::OutsideValidity) => return Ok(Err(CertificateRefusal::OutsideValidity)),
            Err(PathError::Usage) => return Ok(Err(CertificateRefusal::Usage)),
            Err(_) => return Ok(Err(CertificateRefusal::Unrecognised)),
        };
        let mut chain = vec![leaf.der().to_vec()];
        chain.extend(path.intermediates.iter().filter_map(|digest| issuers.get(digest)).map(|c| c.der().to_vec()));
        let subject = name_key(leaf.subject());
        let whose = |(account, clerk): &&(Account, bool)| match only {
            Some(only) => account.id == only,
            None => {
                let seals = account.grants.iter().any(|g| g.role == GrantRole::Clerk);
                name_key(&account.name) == subject || *clerk && seals && school == Some(subject.as_str())
            }
        };
        let found: Vec<&Account> = people.iter().filter(whose).map(|(account, _)| account).collect();
        let account = match found.as_slice() {
            [] => return Ok(Err(CertificateRefusal::Nobody)),
            [account] => account,
            // Whoever has it already is meant, also among several of one name.
            several => match several.iter().find(|account| account.certificate == Some(*leaf.digest())) {
                Some(account) => account,
                None => return Ok(Err(CertificateRefusal::Several)),
            },
        };
        // Boxed, or the compiler does not see that it may go to another thread (rust-lang/rust#102211).
        let enrolling: Pin<Box<dyn Future<Output = Result<bool, AppError>> + Send + '_>> =
            Box::pin(self.enrol_certificate(actor, &account.id, &chain));
        match enrolling.await {
            Ok(new) => Ok(Ok((account.id, new))),
            Err(AppError::CertificateName) => Ok(Err(CertificateRefusal::Name)),
            Err(AppError::Certificate(_)) => Ok(Err(CertificateRefusal::Unrecognised)),
            Err(AppError::Exists(_)) => Ok(Err(CertificateRefusal::Taken)),
            Err(AppError::Forbidden(_)) => Ok(Err(CertificateRefusal::Elsewhere)),
            Err(error) => Err(error),
        }
    }

    /// Who issued a certificate, as its path says: the first issuer, or the root. At its last second where it is over.
    fn issuer_of(&self, leaf: &Certificate, issuers: &BTreeMap<Sha256Digest, Certificate>) -> Option<String> {
        let others: Vec<Certificate> = issuers.values().cloned().collect();
        let time = self.edges().now().min(leaf.not_after());
        let path = self.profile().path(leaf, &SignatureCache::default(), &others, time, End::Signer).ok()?;
        let issuer = match path.intermediates.first() {
            Some(digest) => issuers.get(digest)?.subject(),
            None => self.profile().roots().get(path.root)?.subject(),
        };
        Some(issuer.to_owned())
    }
}

/// Those of the certificates that are issuers', by digest.
fn issuers_of(ders: &[Vec<u8>]) -> BTreeMap<Sha256Digest, Certificate> {
    let read = ders.iter().filter_map(|der| Certificate::from_der(der).ok());
    read.filter(Certificate::is_ca).map(|certificate| (*certificate.digest(), certificate)).collect()
}
