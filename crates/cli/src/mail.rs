//! The mail server by which people are told that something waits for them, as `hocba.json` says it (docs/operations.md).

use std::{fs, path::PathBuf};

use hocba_app::App;
use hocba_mail::{Security, Smtp, SmtpError, SmtpSettings};
use hocba_server::{config::PublicUrl, mail::DailyMail};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    error::{Exit, Failure},
    folder::{CONFIG, Folder},
    output::words,
};

/// Holds the password in the place of a file.
const PASSWORD: &str = "HOCBA_SMTP_PASSWORD";
/// The hour at which mails go out, by the clock of Vietnam, where the settings say none: before the first lesson.
const HOUR: u8 = 6;
/// Most bytes of a file with certificates.
const MAX_ROOTS: usize = 1024 * 1024;

/// A mail server. The password is in a file of its own or in the environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The server.
    pub host: String,
    /// Its port; where it is left out, 587 with STARTTLS, 465 with TLS, 25 with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `starttls`, which it is where this is left out; `tls`; or `none`, to this machine only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
    /// Who we are to it; left out where it asks nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// A file with our password, seen from the folder; not where `HOCBA_SMTP_PASSWORD` holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Whom mails are from.
    pub from: String,
    /// A file with the certificates (PEM) that the server's leads to, seen from the folder, where it is not one that this
    /// machine trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// From which hour of the day on mails go out, by the clock of Vietnam: 0 to 23; 6 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<u8>,
}

fn refused(what: &str) -> Failure {
    Failure::new(
        Exit::BadInput,
        "mail_settings",
        words(
            format!("{CONFIG}: mục mail có {what} không dùng được"),
            format!("{CONFIG}: mail has a {what} that cannot be used"),
        ),
    )
    .hint(words("xem docs/operations.md, mục Thư điện tử", "see E-mail in docs/operations.md"))
}

impl MailConfig {
    fn hour(&self) -> Result<u8, Failure> {
        Some(self.hour.unwrap_or(HOUR)).filter(|hour| *hour < 24).ok_or_else(|| refused("hour"))
    }

    fn with(
        &self,
        login: Option<(String, Zeroizing<String>)>,
        roots: Option<Vec<u8>>,
        hello: &str,
    ) -> Result<Smtp, Failure> {
        let settings = || {
            let security = self.security.as_deref().map_or(Ok(Security::StartTls), str::parse)?;
            Ok::<_, SmtpError>(SmtpSettings {
                host: self.host.clone(),
                port: self.port.unwrap_or(security.port()),
                security,
                login,
                from: self.from.clone(),
                roots,
                hello: hello.to_owned(),
            })
        };
        settings().and_then(Smtp::new).map_err(|error| refused(error.setting()))
    }

    /// Looks at the settings, without password and certificates: what cannot be is found by every command, not by the first
    /// mail.
    ///
    /// # Errors
    /// The name of what cannot be.
    pub fn check(&self) -> Result<(), Failure> {
        self.hour()?;
        if self.username.is_none() && self.password_file.is_some() {
            return Err(refused("username"));
        }
        // Roots of this machine are read where they are needed.
        let login = self.username.clone().map(|name| (name, Zeroizing::new("x".to_owned())));
        self.with(login, None, "localhost").map(|_| ())
    }

    fn password(&self, folder: &Folder) -> Result<Zeroizing<String>, Failure> {
        if let Some(text) = std::env::var(PASSWORD).ok().filter(|text| !text.is_empty()) {
            return Ok(Zeroizing::new(text));
        }
        let file = self.password_file.as_ref().ok_or_else(|| refused("password_file"))?;
        let text = fs::read_to_string(folder.root().join(file)).map(Zeroizing::new);
        let text = text.map_err(|_| refused("password_file"))?;
        let password = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
        let fits = (1..=1024).contains(&password.len()) && !password.chars().any(char::is_control);
        if fits { Ok(password) } else { Err(refused("password_file")) }
    }

    /// The mail server, with our password; pages are at `public_url`, whose host is what we call ourselves.
    ///
    /// # Errors
    /// For a file that cannot be read or holds nothing, and settings that cannot be.
    pub fn smtp(&self, folder: &Folder, public_url: &PublicUrl) -> Result<Smtp, Failure> {
        let login = match &self.username {
            Some(name) => Some((name.clone(), self.password(folder)?)),
            None => None,
        };
        let roots = match &self.ca_file {
            Some(file) => {
                let bytes = fs::read(folder.root().join(file)).map_err(|_| refused("ca_file"))?;
                Some(bytes).filter(|bytes| bytes.len() <= MAX_ROOTS)
            }
            None => None,
        };
        if roots.is_none() && self.ca_file.is_some() {
            return Err(refused("ca_file"));
        }
        self.with(login, roots, &host_of(public_url))
    }

    /// What sends the mails of each day.
    ///
    /// # Errors
    /// For an hour that is none.
    pub fn daily(&self, app: &App, smtp: Smtp, public_url: &PublicUrl) -> Result<DailyMail, Failure> {
        Ok(DailyMail::new(app.clone(), smtp, self.hour()?, public_url))
    }
}

/// The host of an address of ours, without port and brackets.
fn host_of(url: &PublicUrl) -> String {
    let text = url.to_string();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    match rest.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default().to_owned(),
        None => rest.split(':').next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_calls_itself_by_the_host_of_its_pages() {
        for (url, host) in [
            ("https://hocba.example.vn", "hocba.example.vn"),
            ("https://hocba.example.vn:8443", "hocba.example.vn"),
            ("http://[::1]:80", "::1"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
        ] {
            assert_eq!(host_of(&url.parse().expect(url)), host);
        }
    }
}
