//! `signer`: the agent on the signer's own machine, for keys that a browser cannot reach.
//!
//! `hocba-agent` decides; here are its key (file or token), the terminal before which the person sits, and the loopback.

mod doctor;
mod terminal;

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::ControlFlow,
    sync::Arc,
    time::Duration,
};

use clap::{Args, Subcommand};
use hocba_agent::{Agent, Edges, Origin, Settings, SetupError, SignStopped, Signer};
use hocba_keystore::{Mode, SigningKey};
use hocba_server::{config::ServerConfig, listener};
use hocba_signature::algorithm::Algorithm;
use serde_json::json;

use super::Context;
use crate::{
    edge::{now, random},
    error::{Exit, Failure},
    ledger,
    output::words,
    people::{KeyArgs, no_key, open_key},
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
    /// Địa chỉ trang web được phép yêu cầu ký, ghi được nhiều lần / Page that may ask: an origin as `https://hocba.so.example`
    #[arg(long, value_name = "ORIGIN")]
    allow: Vec<Origin>,
    /// Cổng trên máy này; 0 là cổng bất kỳ / Port on this machine, 0 for any
    #[arg(long, default_value_t = PORT)]
    port: u16,
    #[command(flatten)]
    key: KeyArgs,
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

impl SettingsArgs {
    fn mode(&self) -> Mode {
        if self.demo { Mode::Demo } else { Mode::Production }
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
    let key = open_key(&args.key, args.mode())?.ok_or_else(no_key)?;
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
