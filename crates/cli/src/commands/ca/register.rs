//! The register of a CA: one JSON document a line, appended and never changed.
//!
//! Who writes holds a lock; a line is one write, and on the disk before anything it stands for is handed out. What a crash
//! cut off has no line end: readers skip it, the next writer takes it away.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek as _, SeekFrom, Write as _},
};

use anyhow::Context as _;
use clap::ValueEnum;
use hocba_ca::{Revocation, SerialNumber};
use hocba_record::{
    encoding::base64url,
    types::{SchoolCode, UnixTime},
};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::folder::{CaFolder, Tier};
use crate::{
    error::{Exit, Failure},
    output::words,
};

const REGISTER: &str = "register.jsonl";
const LOCK: &str = "register.lock";

/// What a certificate is for. Stands in the register only: the right to sign comes from appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Giáo viên chủ nhiệm.
    Teacher,
    /// Hiệu trưởng.
    Principal,
    /// Phó hiệu trưởng.
    Deputy,
    /// Chữ ký số của trường.
    Seal,
    /// Sở GD&ĐT.
    Department,
    /// Nơi công bố danh sách nơi cấp được công nhận.
    Profile,
    /// The root itself.
    #[value(skip)]
    Root,
    /// An issuing CA.
    #[value(skip)]
    IssuingCa,
    /// An OCSP responder.
    #[value(skip)]
    Ocsp,
}

impl Purpose {
    /// As in the register.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Principal => "principal",
            Self::Deputy => "deputy",
            Self::Seal => "seal",
            Self::Department => "department",
            Self::Profile => "profile",
            Self::Root => "root",
            Self::IssuingCa => "issuing_ca",
            Self::Ocsp => "ocsp",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A certificate was issued.
    Issued(Issued),
    /// A certificate was revoked.
    Revoked {
        /// When.
        at: UnixTime,
        /// Which, in hex.
        serial: String,
        /// As RFC 5280 spells it.
        reason: String,
        /// Since when the key may have been in other hands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invalid_since: Option<UnixTime>,
    },
    /// A CRL was made.
    Crl {
        /// When.
        at: UnixTime,
        /// Whose.
        issuer: Tier,
        /// Its number.
        number: u64,
        /// When the next one is due.
        next_update: UnixTime,
    },
}

/// A certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// When.
    pub at: UnixTime,
    /// By whom.
    pub issuer: Tier,
    /// In hex.
    pub serial: String,
    /// Common name.
    pub name: String,
    /// School or office.
    pub organisation: String,
    /// What for.
    pub purpose: Purpose,
    /// School, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<SchoolCode>,
    /// Last second of validity.
    pub not_after: UnixTime,
    /// DER in base64url: should the file be lost, it is here.
    pub certificate: String,
}

impl Issued {
    /// What the register says of a certificate.
    pub fn of(
        issuer: Tier,
        serial: &SerialNumber,
        der: &[u8],
        purpose: Purpose,
        organisation: &str,
        school: Option<SchoolCode>,
        at: UnixTime,
    ) -> anyhow::Result<Self> {
        let certificate =
            hocba_signature::certificate::Certificate::from_der(der).context("a certificate just made")?;
        Ok(Self {
            at,
            issuer,
            serial: hex::encode(serial.as_bytes()),
            name: certificate.subject().to_owned(),
            organisation: organisation.to_owned(),
            purpose,
            school,
            not_after: certificate.not_after(),
            certificate: base64url(der),
        })
    }
}

/// The serial number of a certificate, in hex.
pub fn serial_of(der: &[u8]) -> anyhow::Result<String> {
    let (_, parsed) = X509Certificate::from_der(der).context("not an X.509 certificate")?;
    Ok(hex::encode(parsed.raw_serial()))
}

/// The register, as it was read.
#[derive(Debug)]
pub struct Register {
    events: Vec<Event>,
    /// Of who writes: the file, and the lock that others wait for.
    writer: Option<(File, File)>,
    length: u64,
}

impl Register {
    /// Reads it, without a lock.
    pub fn read(folder: &CaFolder) -> anyhow::Result<Self> {
        let path = folder.path(REGISTER);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(e).with_context(|| path.display().to_string()),
        };
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        let mut events = Vec::new();
        for (number, line) in bytes[..whole].split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let event = serde_json::from_slice(line).map_err(|_| {
                let (name, line) = (path.display(), number + 1);
                Failure::new(
                    Exit::Environment,
                    "damaged_file",
                    words(format!("{name} hỏng ở dòng {line}"), format!("{name} is damaged in line {line}")),
                )
                .hint(words("khôi phục tệp này từ bản sao lưu", "restore this file from a backup"))
            })?;
            events.push(event);
        }
        Ok(Self { events, writer: None, length: u64::try_from(whole).context("its length")? })
    }

    /// Opens it for writing. One at a time.
    pub fn open(folder: &CaFolder) -> anyhow::Result<Self> {
        let open = |name: &str| {
            let path = folder.path(name);
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&path).with_context(|| path.display().to_string())
        };
        let lock = open(LOCK)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    Exit::Environment,
                    "busy",
                    words("một lệnh khác đang dùng CA này", "another command is at work on this CA"),
                )
                .hint(words("chờ lệnh kia xong rồi chạy lại", "wait for it and run again"))
                .into());
            }
            Err(TryLockError::Error(error)) => return Err(error).context("the CA's lock"),
        }
        let file = open(REGISTER)?;
        let mut register = Self::read(folder)?;
        // What a crash cut off never counted.
        file.set_len(register.length).context("the register")?;
        register.writer = Some((file, lock));
        Ok(register)
    }

    /// Appends a line; it is on the disk when this returns.
    pub fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        let (file, _) = self.writer.as_mut().context("the register was opened for reading")?;
        let mut line = serde_json::to_vec(event).context("a line of the register")?;
        line.push(b'\n');
        let written = (|| {
            file.seek(SeekFrom::Start(self.length))?;
            file.write_all(&line)?;
            file.sync_all()
        })();
        if let Err(error) = written {
            // As if it had not been tried; should this fail too, a line without its end does not count either.
            let _ = file.set_len(self.length);
            return Err(error).context("writing the register");
        }
        self.length += u64::try_from(line.len()).context("a line's length")?;
        self.events.push(event.clone());
        Ok(())
    }

    /// What was issued, in order.
    pub fn issued(&self) -> impl Iterator<Item = &Issued> {
        self.events.iter().filter_map(|event| match event {
            Event::Issued(issued) => Some(issued),
            _ => None,
        })
    }

    /// How a certificate was revoked, if it was.
    pub fn revocation(&self, wanted: &str) -> Option<Revocation> {
        self.events.iter().find_map(|event| match event {
            Event::Revoked { at, serial, reason, invalid_since } if serial == wanted => {
                // A reason that is not known any more is none said.
                let reason = reason.parse().unwrap_or(hocba_ca::Reason::Unspecified);
                Some(Revocation { at: *at, reason, invalid_since: *invalid_since })
            }
            _ => None,
        })
    }

    /// What a tier's CRL lists.
    pub fn revocations(&self, tier: Tier) -> Vec<(SerialNumber, Revocation)> {
        let of = |issued: &Issued| {
            let serial = SerialNumber::from_bytes(&hex::decode(&issued.serial).ok()?)?;
            Some((serial, self.revocation(&issued.serial)?))
        };
        self.issued().filter(|issued| issued.issuer == tier).filter_map(of).collect()
    }

    /// Number and time of a tier's last CRL.
    pub fn last_crl(&self, tier: Tier) -> Option<(u64, UnixTime)> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Crl { issuer, number, next_update, .. } if *issuer == tier => Some((*number, *next_update)),
            _ => None,
        })
    }

    /// The number of a tier's next CRL.
    pub fn next_crl_number(&self, tier: Tier) -> u64 {
        self.last_crl(tier).map_or(1, |(number, _)| number + 1)
    }
}
