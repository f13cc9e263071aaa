//! Short e-mails to a mail server: how it is reached, and what became of each.
//!
//! **For**: telling people that something waits for them. SMTP (RFC 5321) by the crate `lettre`, over TLS (RFC 8314 §3.3),
//! STARTTLS (RFC 3207), or bare to this machine only. [`Smtp::connect`] opens a line, [`Line::send`] hands over one
//! [`Letter`], and says by [`PostError`] whether it can have arrived: whoever must not send twice has to know.
//!
//! **Will not**: decide who is told what (`hocba-app`, `hocba-server`), read a clock or make anything random (the caller
//! brings both), or keep what a server says beyond its code: replies repeat addresses.
//!
//! ```
//! use hocba_mail::{Security, Smtp, SmtpError, SmtpSettings};
//!
//! let settings = SmtpSettings {
//!     host: "smtp.so.example.vn".into(),
//!     port: 587,
//!     security: Security::StartTls,
//!     login: None,
//!     from: "hocba@so.example.vn".into(),
//!     roots: None,
//!     hello: "hocba.so.example.vn".into(),
//! };
//! assert!(Smtp::new(settings.clone()).is_ok());
//! let bare = SmtpSettings { security: Security::None, ..settings };
//! assert_eq!(Smtp::new(bare).map(|_| ()), Err(SmtpError::Security));
//! ```

use std::{fmt, str::FromStr, time::Duration};

use hocba_record::types::UnixTime;
use lettre::{
    Address as Mailbox, Message,
    message::{
        Body, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::ClientId,
    },
};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long opening a line may take, and each command on it: RFC 5321 §4.5.3.2 would have five minutes, which nobody waits
/// before a page.
pub const TIMEOUT: Duration = Duration::from_secs(20);
/// How long a server may take to say that it has a letter, after its last byte (RFC 5321 §4.5.3.2.6 would have ten minutes):
/// one that gives up too early does not know whether it arrived.
pub const TAKING: Duration = Duration::from_secs(120);

/// Longest address (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const MAX_ADDRESS: usize = 254;

/// An address as it may be written to: `local@domain`, ASCII, at most [`MAX_ADDRESS`] bytes. Its `Debug` is silent.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Mailbox);

impl Address {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// Not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        // Addresses beyond ASCII (RFC 6531) need a server that knows them all the way, which nobody can see beforehand.
        let plain = text.len() <= MAX_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic());
        let address: Mailbox = text.parse().map_err(|_| NotAnAddress)?;
        // A name of this machine, or a literal address, is nobody's.
        if plain && address.domain().contains('.') && !address.domain().starts_with('[') {
            Ok(Self(address))
        } else {
            Err(NotAnAddress)
        }
    }
}

/// How a line is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte; port 465 as a rule.
    Tls,
    /// STARTTLS, and no mail where the server does not offer it; port 587 as a rule.
    StartTls,
    /// Nothing. To a server on this machine only.
    None,
}

impl Security {
    /// The port that is usual for it.
    pub const fn port(self) -> u16 {
        match self {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        }
    }
}

impl FromStr for Security {
    type Err = SmtpError;
    fn from_str(text: &str) -> Result<Self, SmtpError> {
        match text {
            "tls" => Ok(Security::Tls),
            "starttls" => Ok(Security::StartTls),
            "none" => Ok(Security::None),
            _ => Err(SmtpError::Security),
        }
    }
}

/// How the mail server is reached. Its `Debug` does not show the password.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Name or address of the server; the name is what its certificate has to say.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the line is kept from being read.
    pub security: Security,
    /// Who we are to the server; none where it asks nobody.
    pub login: Option<(String, Zeroizing<String>)>,
    /// Whom the mails are from: an [`Address`].
    pub from: String,
    /// Certificates in PEM that the server's has to lead to, in the place of those that this machine trusts.
    pub roots: Option<Vec<u8>>,
    /// What we call ourselves (RFC 5321 §4.1.1.1): a domain name, or an address.
    pub hello: String,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, security, .. } = self;
        write!(f, "SmtpSettings({host}:{port}, {security:?})")
    }
}

/// Settings that cannot be: which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// No name or address of a server.
    #[error("the host of the mail server is no host")]
    Host,
    /// Port 0.
    #[error("the port of the mail server is from 1 to 65535")]
    Port,
    /// A word that is none of the three; or none, to another machine: password and addresses would be read on the way.
    #[error("security is tls or starttls; none only to this machine")]
    Security,
    /// Not an address.
    #[error("the sender is no e-mail address")]
    From,
    /// Empty, too long, or in several lines.
    #[error("user name or password of the mail server cannot be")]
    Login,
    /// No certificates in PEM.
    #[error("the certificates for the mail server cannot be read")]
    Roots,
    /// TLS cannot be set up on this machine.
    #[error("TLS cannot be set up")]
    Tls,
}

impl SmtpError {
    /// The setting that cannot be.
    pub const fn setting(self) -> &'static str {
        match self {
            SmtpError::Host => "host",
            SmtpError::Port => "port",
            SmtpError::Security => "security",
            SmtpError::From => "from",
            SmtpError::Login => "username",
            SmtpError::Roots => "ca_file",
            SmtpError::Tls => "TLS",
        }
    }
}

/// Why a letter was not handed over; nothing of what the server said but its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// No line to the server: it is away, or what it says is no SMTP, or its certificate leads nowhere.
    #[error("the mail server could not be reached")]
    Away,
    /// The server does not offer STARTTLS.
    #[error("the mail server does not offer STARTTLS")]
    Bare,
    /// The server does not let us in.
    #[error("the mail server does not take our login")]
    Login,
    /// Not taken, for now.
    #[error("the mail server did not take it for now ({0})")]
    Later(u16),
    /// Not taken, and it would not be the next time.
    #[error("the mail server refused it ({0})")]
    Refused(u16),
    /// The line broke before the server could have taken it.
    #[error("the line broke before it was handed over")]
    Broken,
    /// The line broke while it was handed over: it may have arrived.
    #[error("the line broke while it was handed over, so that it may have arrived")]
    Unsure,
    /// It could not be written.
    #[error("it could not be written")]
    Letter,
}

impl PostError {
    /// A stable code, for the log.
    pub const fn code(self) -> &'static str {
        match self {
            PostError::Away => "smtp_away",
            PostError::Bare => "smtp_no_starttls",
            PostError::Login => "smtp_login",
            PostError::Later(_) => "smtp_later",
            PostError::Refused(_) => "smtp_refused",
            PostError::Broken => "smtp_broken",
            PostError::Unsure => "smtp_unsure",
            PostError::Letter => "letter_form",
        }
    }

    /// Of a command that was answered, or was not.
    fn of(error: &Error) -> Self {
        match error.status() {
            Some(code) if error.is_permanent() => PostError::Refused(code.into()),
            Some(code) => PostError::Later(code.into()),
            None => PostError::Broken,
        }
    }

    /// Whether the line is good for the next letter.
    const fn line_holds(self) -> bool {
        // 421 is a server that goes away (RFC 5321 §3.8).
        matches!(self, PostError::Refused(_) | PostError::Letter)
            || matches!(self, PostError::Later(code) if code != 421)
    }
}

/// A letter: plain text to one address. Not printable: it may hold a code.
pub struct Letter {
    /// To whom.
    pub to: Address,
    /// What about, in one line.
    pub subject: String,
    /// Text.
    pub text: String,
    /// Written when.
    pub at: UnixTime,
    /// Random bytes that name it (RFC 5322 §3.6.4).
    pub id: [u8; 16],
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    settings: SmtpSettings,
    from: Address,
    hello: ClientId,
    tls: Option<TlsParameters>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

/// Whether a server is on this machine, by its name.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl Smtp {
    /// Looks at the settings; the server is not asked.
    ///
    /// # Errors
    /// The setting that cannot be.
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpError> {
        let host = &settings.host;
        let named = |host: &str| {
            !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
        };
        if !named(host) || (host.contains(':') && host.parse::<std::net::IpAddr>().is_err()) {
            return Err(SmtpError::Host);
        }
        if settings.port == 0 {
            return Err(SmtpError::Port);
        }
        if settings.security == Security::None && !is_here(host) {
            return Err(SmtpError::Security);
        }
        if let Some((name, password)) = &settings.login {
            let fits = |text: &str| (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control);
            if !fits(name) || !fits(password) {
                return Err(SmtpError::Login);
            }
        }
        let from: Address = settings.from.parse().map_err(|NotAnAddress| SmtpError::From)?;
        let tls = match settings.security {
            Security::None => None,
            Security::Tls | Security::StartTls => Some(tls(host, settings.roots.as_deref())?),
        };
        let hello = match settings.hello.parse() {
            Ok(std::net::IpAddr::V4(four)) => ClientId::Ipv4(four),
            Ok(std::net::IpAddr::V6(six)) => ClientId::Ipv6(six),
            Err(_) if named(&settings.hello) => ClientId::Domain(settings.hello.clone()),
            // What is said of itself is no reason not to send.
            Err(_) => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
        };
        Ok(Self { settings, from, hello, tls })
    }

    /// Opens a line: encrypted, and let in.
    ///
    /// # Errors
    /// [`PostError::Away`], [`PostError::Bare`], [`PostError::Login`].
    pub async fn connect(&self) -> Result<Line, PostError> {
        let opened = timeout(TIMEOUT, self.open()).await;
        Ok(Line { connection: opened.map_err(|_| PostError::Away)??, from: self.from.clone(), holds: true })
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, PostError> {
        let SmtpSettings { host, port, security, login, .. } = &self.settings;
        let at_once = self.tls.clone().filter(|_| *security == Security::Tls);
        let server = (host.as_str(), *port);
        let connected = AsyncSmtpConnection::connect_tokio1(server, Some(TIMEOUT), &self.hello, at_once, None).await;
        let mut connection = connected.map_err(|_| PostError::Away)?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(PostError::Bare);
            }
            connection.starttls(tls.clone(), &self.hello).await.map_err(|_| PostError::Away)?;
        }
        if let Some((name, password)) = login {
            let credentials = Credentials::new(name.clone(), password.as_str().to_owned());
            let let_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            if let Err(error) = let_in {
                let why = if error.is_permanent() || error.is_client() { PostError::Login } else { PostError::Away };
                connection.abort().await;
                return Err(why);
            }
        }
        Ok(connection)
    }

    /// Hands over one letter on a line of its own.
    ///
    /// # Errors
    /// See [`PostError`].
    pub async fn send(&self, letter: &Letter) -> Result<(), PostError> {
        let mut line = self.connect().await?;
        let sent = line.send(letter).await;
        line.close().await;
        sent
    }
}

fn tls(host: &str, roots: Option<&[u8]>) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = roots {
        builder = builder.certificate_store(CertificateStore::None);
        let certificate = Certificate::from_pem(pem).map_err(|_| SmtpError::Roots)?;
        // A file without any would trust nobody, and say so only when the first mail goes out.
        if !pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----") {
            return Err(SmtpError::Roots);
        }
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|_| if roots.is_some() { SmtpError::Roots } else { SmtpError::Tls })
}

/// A line to the mail server, for letters one after another.
pub struct Line {
    connection: AsyncSmtpConnection,
    from: Address,
    holds: bool,
}

impl Line {
    /// Whether it is good for another letter.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// Hands over a letter.
    ///
    /// # Errors
    /// See [`PostError`]: but for [`PostError::Unsure`], it did not arrive.
    pub async fn send(&mut self, letter: &Letter) -> Result<(), PostError> {
        if !self.holds {
            return Err(PostError::Broken);
        }
        let sent = self.hand_over(letter).await;
        if let Err(error) = sent {
            self.holds = error.line_holds();
            if self.holds && self.command(Rset).await.is_err() {
                self.holds = false;
            }
        }
        sent
    }

    async fn command(&mut self, command: impl fmt::Display) -> Result<(), PostError> {
        match timeout(TIMEOUT, self.connection.command(command)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(PostError::of(&error)),
            Err(_) => Err(PostError::Broken),
        }
    }

    async fn hand_over(&mut self, letter: &Letter) -> Result<(), PostError> {
        let bytes = written(&self.from, letter)?;
        self.command(Mail::new(Some(self.from.0.clone()), Vec::new())).await?;
        self.command(Rcpt::new(letter.to.0.clone(), Vec::new())).await?;
        self.command(Data).await?;
        // From here on only the server's word tells whether it has the letter.
        match timeout(TAKING, self.connection.message(&bytes)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => match PostError::of(&error) {
                PostError::Broken => Err(PostError::Unsure),
                said => Err(said),
            },
            Err(_) => Err(PostError::Unsure),
        }
    }

    /// Takes leave of the server.
    pub async fn close(mut self) {
        if self.holds {
            let _ = timeout(TIMEOUT, self.connection.quit()).await;
        }
    }
}

/// A letter as it goes over the line: ASCII, whatever the server knows.
fn written(from: &Address, letter: &Letter) -> Result<Vec<u8>, PostError> {
    let seconds = u64::try_from(letter.at.seconds()).map_err(|_| PostError::Letter)?;
    let at = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    let id: String = letter.id.iter().map(|byte| format!("{byte:02x}")).collect();
    // No answer of a machine comes back to a machine (RFC 3834 §5).
    let machine = HeaderName::new_from_ascii_str("Auto-Submitted");
    let text = Body::new_with_encoding(letter.text.clone(), ContentTransferEncoding::QuotedPrintable);
    let message = Message::builder()
        .from(lettre::message::Mailbox::new(None, from.0.clone()))
        .to(lettre::message::Mailbox::new(None, letter.to.0.clone()))
        .subject(letter.subject.clone())
        .date(at)
        .message_id(Some(format!("<{id}@{}>", from.0.domain())))
        .raw_header(HeaderValue::new(machine, "auto-generated".to_owned()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text.map_err(|_| PostError::Letter)?));
    let mut bytes = message.map_err(|_| PostError::Letter)?.formatted();
    // The line that ends a letter on the wire (RFC 5321 §4.1.1.4) ends its last line, too.
    while bytes.ends_with(b"\r\n") {
        bytes.truncate(bytes.len() - 2);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SmtpSettings {
        SmtpSettings {
            host: "smtp.example.vn".into(),
            port: 587,
            security: Security::StartTls,
            login: Some(("hocba".into(), Zeroizing::new("bí mật".into()))),
            from: "hocba@example.vn".into(),
            roots: None,
            hello: "hocba.example.vn".into(),
        }
    }

    #[test]
    fn each_setting_that_cannot_be_is_named() {
        assert!(Smtp::new(settings()).is_ok());
        type Break = fn(&mut SmtpSettings);
        let breaks: [(Break, SmtpError); 11] = [
            (|s| s.host = String::new(), SmtpError::Host),
            (|s| s.host = "smtp example".into(), SmtpError::Host),
            (|s| s.host = "smtp.example.vn:587".into(), SmtpError::Host),
            (|s| s.port = 0, SmtpError::Port),
            (|s| s.security = Security::None, SmtpError::Security),
            (|s| s.from = "hocba".into(), SmtpError::From),
            (|s| s.login = Some(("a".into(), Zeroizing::new(String::new()))), SmtpError::Login),
            (|s| s.login = Some(("a\nb".into(), Zeroizing::new("x".into()))), SmtpError::Login),
            (|s| s.login = Some(("a".into(), Zeroizing::new("x".repeat(1025)))), SmtpError::Login),
            (|s| s.roots = Some(b"no certificate".to_vec()), SmtpError::Roots),
            (
                |s| s.roots = Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()),
                SmtpError::Roots,
            ),
        ];
        for (number, (wrong, error)) in breaks.into_iter().enumerate() {
            let mut settings = settings();
            wrong(&mut settings);
            assert_eq!(Smtp::new(settings).map(|_| ()), Err(error), "{number}");
        }
    }

    #[test]
    fn without_encryption_only_this_machine_is_written_to() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            let settings = SmtpSettings { host: host.into(), security: Security::None, ..settings() };
            assert!(Smtp::new(settings).is_ok(), "{host}");
        }
        for host in ["localhost.example.vn", "10.0.0.1", "0.0.0.0", "::"] {
            let settings = SmtpSettings { host: host.into(), security: Security::None, ..settings() };
            assert_eq!(Smtp::new(settings).map(|_| ()), Err(SmtpError::Security), "{host}");
        }
    }

    #[test]
    fn an_address_is_one_line_of_ascii_with_a_domain() {
        for good in ["a@b.vn", "nguyen.van-a+hocba@truong.edu.vn"] {
            assert_eq!(good.parse::<Address>().expect(good).as_str(), good);
        }
        let long = format!("{}@{}.vn", "a".repeat(64), "b".repeat(190));
        for bad in [
            "",
            "a",
            "a@",
            "@b.vn",
            "a@b",
            "a@localhost",
            "a@[127.0.0.1]",
            "a b@c.vn",
            "a@b.vn\r\nBcc: c@d.vn",
            "<a@b.vn>",
            "a@b.vn, c@d.vn",
            "ánh@b.vn",
            "a@trường.vn",
            &long,
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_letter_is_ascii_and_says_nothing_that_it_was_not_given() {
        let letter = Letter {
            to: "a@b.vn".parse().expect("an address"),
            subject: "Việc chờ bạn".into(),
            text: "Có 3 việc.\n".into(),
            at: UnixTime::from_seconds(1_800_000_000).expect("a time"),
            id: [7; 16],
        };
        let from = "hocba@example.vn".parse().expect("an address");
        let bytes = written(&from, &letter).expect("written");
        assert!(bytes.is_ascii());
        let text = String::from_utf8(bytes).expect("ASCII");
        let head: Vec<&str> = text.split("\r\n\r\n").next().expect("a head").split("\r\n").collect();
        let mut names: Vec<&str> = head.iter().filter_map(|line| line.split_once(": ")).map(|pair| pair.0).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "Auto-Submitted",
                "Content-Transfer-Encoding",
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Subject",
                "To"
            ]
        );
        assert!(text.contains("Message-ID: <07070707070707070707070707070707@example.vn>"));
        assert_eq!(bytes_again(&from, &letter), text.as_bytes(), "no clock, no chance");
    }

    fn bytes_again(from: &Address, letter: &Letter) -> Vec<u8> {
        written(from, letter).expect("written")
    }

    #[test]
    fn neither_settings_nor_addresses_show_what_they_hold() {
        let shown = format!("{:?} {:?}", settings(), Smtp::new(settings()).expect("settings"));
        assert!(!shown.contains("bí mật") && !shown.contains("hocba@"));
        assert_eq!(format!("{:?}", "a@b.vn".parse::<Address>()), "Ok(Address(…))");
    }
}
