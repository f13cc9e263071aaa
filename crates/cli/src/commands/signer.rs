//! `signer`: the agent on the signer's own machine, for keys that a browser cannot reach.
//!
//! `hocba-agent` decides; here are its key (file or token), the terminal before which the person sits, and the loopback.

mod doctor;
mod terminal;

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clap::{Args, Subcommand};
use hocba_agent::{Agent, Edges, Origin, Settings, SetupError, SignStopped, Signer};
use hocba_keystore::{Mode, Passphrase, SigningKey, TokenChoice, TokenKey, read_certificate_chain};
use hocba_server::{config::ServerConfig, listener};
use hocba_signature::algorithm::Algorithm;
use serde_json::json;

use super::Context;
use crate::{
    edge::{now, random},
    error::{Exit, Failure},
    ledger,
    output::words,
    people::keystore,
};

/// Where pages look for the agent if they are not told otherwise.
const PORT: u16 = 8792;

/// Arguments of `signer`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SignerArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: Option<SignerCommand>,
}

#[derive(Debug, Subcommand)]
enum SignerCommand {
    /// Xem khoá, chứng thư, cổng, đồng hồ có dùng được không / Say what is there, and what to do
    Doctor(SettingsArgs),
}

/// Which key, and who may ask for signatures.
#[derive(Debug, Clone, Default, Args)]
struct SettingsArgs {
    /// Địa chỉ trang web được phép yêu cầu ký, ghi được nhiều lần / Page that may ask, for example https://hocba.so.example
    #[arg(long, value_name = "ORIGIN")]
    allow: Vec<Origin>,
    /// Cổng trên máy này; 0 là cổng bất kỳ / Port on this machine, 0 for any
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Tệp khoá có mật khẩu: PKCS#8 (PEM) hoặc PKCS#12 / Key file with a passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "module")]
    key: Option<PathBuf>,
    /// Chứng thư của người ký, rồi nơi cấp / Signer's certificate, its issuers after it (PEM)
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Tệp có mật khẩu của khoá, hoặc mã PIN; bỏ qua thì hỏi / File with passphrase or PIN; asked for without it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Thư viện PKCS#11 của hãng làm USB token / The token vendor's PKCS#11 library (.so, .dll, .dylib)
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Tên token, khi cắm nhiều token / Label of the token, if there are several
    #[arg(long, value_name = "LABEL", requires = "module")]
    token: Option<String>,
    /// Số sê-ri của token / Serial number of the token
    #[arg(long, value_name = "SERIAL", requires = "module")]
    token_serial: Option<String>,
    /// Mã khoá (hệ 16), khi token có nhiều khoá / Id of the key in hex, if there are several
    #[arg(long, value_name = "HEX", requires = "module")]
    key_id: Option<String>,
    /// Thuật toán khác thường lệ: PS256 / Another algorithm than usual: PS256
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    alg: Option<Algorithm>,
    /// Không hỏi lại trước khi ký; chỉ để chạy thử / Do not ask before signing; for trials only
    #[arg(long)]
    yes: bool,
    /// Cho dùng khoá ví dụ đã công khai / Let the published example keys work
    #[arg(long)]
    demo: bool,
    /// At least so many milliseconds for a signature, as on a token; for trials.
    #[arg(long, hide = true, default_value_t = 0)]
    pace: u64,
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    serde_json::from_value(json!(text)).map_err(|_| "Ed25519, ES256, ES384, RS256, PS256".to_owned())
}

impl SettingsArgs {
    fn mode(&self) -> Mode {
        if self.demo { Mode::Demo } else { Mode::Production }
    }

    /// Passphrase or PIN: of the file, or typed.
    fn secret(&self, what: &str) -> anyhow::Result<Passphrase> {
        if let Some(path) = &self.passphrase_file {
            return Ok(Passphrase::read(path, self.mode()).map_err(keystore)?);
        }
        let typed = rpassword::prompt_password(format!("{what}: ")).map_err(|_| {
            Failure::new(
                Exit::BadInput,
                "no_passphrase",
                words("thiếu mật khẩu hoặc PIN", "passphrase or PIN is missing"),
            )
            .hint(words("thêm --passphrase-file TỆP", "add --passphrase-file FILE"))
        })?;
        Ok(Passphrase::new(typed))
    }

    /// Opens the key.
    fn open(&self) -> anyhow::Result<SigningKey> {
        let refused = |e: hocba_keystore::SigningError| {
            Failure::new(Exit::Environment, "key", words(format!("không mở được khoá: {e}"), e.to_string())).hint(
                words("chạy `hocba signer doctor` với cùng tham số", "run `hocba signer doctor` with the same options"),
            )
        };
        if let Some(module) = &self.module {
            let id = self.key_id.as_deref().map(hex::decode).transpose();
            let id = id.map_err(|_| {
                Failure::new(Exit::BadInput, "key_id", words("--key-id phải ở hệ 16", "--key-id has to be hex"))
            })?;
            let chain = self.certificate.as_deref().map(read_certificate_chain).transpose().map_err(keystore)?;
            let which = TokenKey {
                token: TokenChoice { label: self.token.clone(), serial: self.token_serial.clone() },
                id,
                certificate_chain: chain,
                algorithm: self.alg,
            };
            let pin = self.secret("PIN")?;
            return Ok(SigningKey::open_pkcs11(module, which, Some(&pin)).map_err(refused)?);
        }
        let Some(key) = &self.key else {
            return Err(Failure::new(
                Exit::BadInput,
                "no_key",
                words("chưa nói ký bằng khoá nào", "which key to sign with is missing"),
            )
            .hint(words(
                "thêm --module THƯ-VIỆN (USB token) hoặc --key TỆP",
                "add --module LIBRARY (a token) or --key FILE",
            ))
            .into());
        };
        let passphrase = self.secret("Mật khẩu của khoá / Passphrase")?;
        let certificate = self.certificate.as_deref();
        Ok(SigningKey::open_file(key, certificate, &passphrase, self.alg, self.mode()).map_err(refused)?)
    }
}

/// A key of the keystore, for the agent.
struct Held {
    key: SigningKey,
    pace: Duration,
}

impl Signer for Held {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }
    fn certificate_chain(&self) -> &[Vec<u8>] {
        self.key.certificate_chain()
    }
    fn sign_each(
        &mut self,
        messages: &[&[u8]],
        taken: &mut dyn FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), SignStopped> {
        let pace = self.pace;
        let mut slowly = |place, signature| {
            std::thread::sleep(pace);
            taken(place, signature)
        };
        self.key.sign_each(messages, &mut slowly).map_err(|stopped| SignStopped(stopped.why.to_string()))
    }
}

/// `signer`.
///
/// # Errors
/// When the key does not open, when no page is allowed, and when the port is taken.
pub fn run(context: &Context, args: &SignerArgs) -> anyhow::Result<Exit> {
    if let Some(SignerCommand::Doctor(settings)) = &args.command {
        return Ok(doctor::run(context, settings));
    }
    let args = &args.settings;
    if args.allow.is_empty() {
        return Err(no_origin().into());
    }
    let key = args.open()?;
    let out = context.out;
    let held = Held { key, pace: Duration::from_millis(args.pace) };
    let edges = Edges { now: Arc::new(now), random: Arc::new(|| random().ok()) };
    let person = Arc::new(terminal::Terminal { lang: out.lang, yes: args.yes, demo: args.demo });
    let settings = Settings { allowed: args.allow.clone(), signers: vec![Box::new(held)], person, edges };
    let agent = Agent::new(settings).map_err(|error| match error {
        SetupError::NoOrigin => no_origin(),
        SetupError::Certificate | SetupError::Random => {
            Failure::new(Exit::Environment, "key", words(format!("không dùng được khoá: {error}"), error.to_string()))
        }
    })?;
    ledger::runtime()?.block_on(async {
        let (listeners, port) = listen(args.port).await?;
        let limits = ServerConfig::default().limits;
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let mut tasks = Vec::new();
        for listener in listeners {
            let (router, limits, mut stopping) = (agent.router(port), limits.clone(), stopping.clone());
            tasks.push(tokio::spawn(async move {
                let stopped = async move {
                    let _ = stopping.wait_for(|stop| *stop).await;
                };
                listener::serve(listener, router, &limits, stopped).await;
            }));
        }
        let code = agent.code();
        out.say(&words(
            format!("hocba signer đang chờ ở http://127.0.0.1:{port}. Mở trang ký và nhập mã: {code}"),
            format!("hocba signer waits at http://127.0.0.1:{port}. Open the page and type the code: {code}"),
        ));
        let allowed: Vec<&str> = args.allow.iter().map(Origin::as_str).collect();
        out.document(&json!({ "command": "signer", "ok": true, "port": port, "code": code, "allowed": allowed }));
        super::serve::stopped().await?;
        let _ = stop.send(true);
        // Nothing is written anywhere; a page that still waits for news asks again and learns that the agent is gone.
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        anyhow::Ok(())
    })?;
    Ok(Exit::Ok)
}

fn no_origin() -> Failure {
    Failure::new(
        Exit::BadInput,
        "no_origin",
        words("chưa nói trang web nào được phép yêu cầu ký", "which page may ask for signatures is missing"),
    )
    .hint(words("thêm --allow https://…", "add --allow https://…"))
}

/// The loopback of both kinds, at one port. IPv6 may be missing; browsers try both.
async fn listen(port: u16) -> anyhow::Result<(Vec<tokio::net::TcpListener>, u16)> {
    let refused = |e: &listener::BindError| {
        Failure::new(Exit::Environment, "port", words(format!("không mở được cổng: {e}"), e.to_string()))
            .hint(words("chọn cổng khác bằng --port, hoặc --port 0", "choose another one with --port, or --port 0"))
    };
    let v4 = listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(|e| refused(&e))?;
    let port = v4.local_addr()?.port();
    let mut listeners = vec![v4];
    match listener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
        Ok(v6) => listeners.push(v6),
        // Somebody else at the same port of ::1 would be asked in our place by pages that say "localhost".
        Err(error @ listener::BindError::Busy(_)) => return Err(refused(&error).into()),
        Err(_) => {}
    }
    Ok((listeners, port))
}
