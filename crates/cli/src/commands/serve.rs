//! `serve`: API, pages and anchoring service in one process.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use hocba_anchor::LiveFacts;
use hocba_app::App;
use hocba_chain::Operators;
use hocba_keystore::Secp256k1Key;
use hocba_server::{
    Server,
    config::{PublicUrl, ServerConfig, SystemConfig},
    http::request_id::RequestIds,
    lifecycle::{Lifecycle, Stage},
    listener,
};
use serde_json::json;
use tokio::{sync::watch, task::JoinHandle};

use super::Context;
use crate::{
    anchoring::{self, StatusKeyArgs},
    collecting,
    edge::random,
    error::{Exit, Failure},
    folder::{ChainConfig, Config, Folder},
    ledger::{self, Node},
    output::{Output, words},
    people::open_chain_key,
    site::Site,
};

/// Seconds that a server which is told to end serves on, saying that it is not ready: load balancers commonly ask every
/// one or two seconds and want two bad answers.
const DRAIN: u64 = 5;

/// How many ports after a busy one are tried in a demo folder. A real server takes its own port or none: on another one,
/// the proxy before it would not find it, and nobody would notice.
const MORE_PORTS: u16 = 20;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    listen: Listen,
    /// Không ghi sổ chung; để lệnh `hocba anchor` làm / Leave anchoring to `hocba anchor`
    #[arg(long)]
    no_anchor: bool,
    /// Khi được lệnh dừng, báo chưa sẵn sàng và phục vụ thêm bấy nhiêu giây / Seconds to serve on when told to stop
    ///
    /// Để máy chủ trung gian kịp chuyển sang máy khác; mặc định 5, thư mục demo 0 / So that whoever spreads requests notices;
    /// 5 by default, 0 in a demo folder.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=600))]
    drain: Option<u64>,
    /// Khoá gửi giao dịch lên sổ chung; thư mục demo có sẵn / Key that sends transactions (PEM)
    #[arg(long, value_name = "FILE", requires = "passphrase_file")]
    key: Option<std::path::PathBuf>,
    /// Tệp có mật khẩu của khoá ở dòng đầu / File whose first line is its passphrase
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<std::path::PathBuf>,
    #[command(flatten)]
    status_key: StatusKeyArgs,
}

/// Where it is served.
#[derive(Debug, Clone, Args)]
pub struct Listen {
    /// Địa chỉ của trang tra cứu và API / Address of pages and API
    ///
    /// Đặt sau máy chủ trung gian có HTTPS; thư mục demo: cổng bận thì lấy cổng trống kế tiếp / Behind a proxy that speaks
    /// TLS; in a demo folder, where the port is busy, the next free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Địa chỉ của trang vận hành; không để lộ ra internet / Address of metrics and the operator's page
    #[arg(long, default_value = "127.0.0.1:8790")]
    operator: SocketAddr,
    /// Địa chỉ người ngoài dùng, có trong liên kết và mã QR / How the world reaches the pages, for example `https://hocba.example.vn`
    #[arg(long, value_name = "URL")]
    base_url: Option<PublicUrl>,
    /// Cổng của hocba signer trên máy người ký / Port at which pages look for people's `hocba signer`
    #[arg(long, value_name = "PORT", default_value_t = 8792)]
    signer_port: u16,
}

impl Default for Listen {
    fn default() -> Self {
        let here = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self { listen: here(8080), operator: here(8790), base_url: None, signer_port: 8792 }
    }
}

/// A service at work; it ends when this is dropped, in order with [`Serving::until_stopped`].
pub struct Serving {
    site: Site,
    base_url: PublicUrl,
    drain: Duration,
    life: Lifecycle,
    stop_anchoring: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Serving {
    /// The use cases.
    pub fn app(&self) -> &App {
        &self.site.app
    }
    /// What links begin with.
    pub fn base_url(&self) -> &PublicUrl {
        &self.base_url
    }

    /// Until Ctrl-C or SIGTERM. Then `/readyz` says that it leaves, requests are served on for the drain time (a second
    /// signal ends that), running requests get their time, and the anchoring service gives its lease back.
    ///
    /// # Errors
    /// When the system does not tell of signals.
    pub async fn until_stopped(self, out: &Output) -> anyhow::Result<()> {
        stopped().await?;
        self.life.enter(Stage::Draining);
        // At once: whoever is to anchor next need not wait for the last request here.
        let _ = self.stop_anchoring.send(true);
        if !self.drain.is_zero() {
            let seconds = self.drain.as_secs();
            out.note(&words(
                format!("Sẽ dừng sau {seconds} giây, vẫn phục vụ đến lúc đó; Ctrl-C lần nữa để dừng ngay"),
                format!("Stopping in {seconds} seconds, serving until then; Ctrl-C again to stop now"),
            ));
            tokio::select! {
                () = tokio::time::sleep(self.drain) => {}
                again = stopped() => again?,
            }
        }
        self.life.enter(Stage::Closing);
        for task in self.tasks {
            let _ = task.await;
        }
        self.site.app.store().close().await;
        Ok(())
    }
}

/// Ctrl-C, or what a service manager sends.
///
/// # Errors
/// When the system does not tell of signals.
pub async fn stopped() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => stopped.context("waiting for Ctrl-C"),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")
}

/// Begins to serve a site that has a key for anchoring in a demo folder, without anchoring elsewhere.
///
/// # Errors
/// When no port is free.
pub async fn begin(site: Site, operators: Operators<Node>, listen: &Listen, out: &Output) -> anyhow::Result<Serving> {
    let key = open_chain_key(&site.folder, "anchorer", None, None)?;
    let status_key = StatusKeyArgs::default().open(&site.folder)?;
    begin_with(site, operators, Some((key, status_key)), listen, Duration::ZERO, out).await
}

/// What sheets say of the system: what the folder says; in a demonstration, that it is one.
fn system_of(folder: &Folder) -> SystemConfig {
    match &folder.config().system {
        Some(system) => system.clone(),
        None if folder.is_demo() => SystemConfig {
            name: "Hệ thống học bạ số (DEMO)".into(),
            owner: "Sở Giáo dục và Đào tạo (DEMO)".into(),
        },
        None => SystemConfig::default(),
    }
}

async fn begin_with(
    mut site: Site,
    operators: Operators<Node>,
    keys: Option<(Secp256k1Key, Option<Secp256k1Key>)>,
    listen: &Listen,
    drain: Duration,
    out: &Output,
) -> anyhow::Result<Serving> {
    let more = if site.folder.is_demo() { MORE_PORTS } else { 0 };
    let pages = listener::bind_near(listen.listen, more).await.map_err(|e| port(&e))?;
    let operator = listener::bind_near(listen.operator, more).await.map_err(|e| port(&e))?;
    let (address, operator_address) = (pages.local_addr()?, operator.local_addr()?);
    let known = site.folder.config().base_url.as_ref().filter(|_| !site.folder.is_demo());
    let base_url = match listen.base_url.as_ref().or(known) {
        Some(url) => url.clone(),
        None => PublicUrl::of_listener(address),
    };
    if site.folder.config().base_url.as_ref() != Some(&base_url) {
        let config = Config { base_url: Some(base_url.clone()), ..site.folder.config().clone() };
        site.folder.set_config(config)?;
    }
    let config = ServerConfig {
        listen: address,
        operator: Some(operator_address),
        public_url: base_url.clone(),
        signer_port: listen.signer_port,
        system: system_of(&site.folder),
        ..ServerConfig::default()
    };
    config.validate().context("the server's settings")?;
    let mut server = Server::new(site.app.clone(), config.clone(), RequestIds::new(random()?));
    if let Some(openid) = &site.folder.config().openid {
        server = server.with_openid(openid.provider(&site.folder)?);
    }
    let mail = match &site.folder.config().mail {
        Some(mail) => {
            let smtp = mail.smtp(&site.folder, &base_url)?;
            server = server.with_mail(smtp.clone());
            Some(mail.daily(&site.app, smtp, &base_url)?)
        }
        None => None,
    };
    let (stop_anchoring, mut stopping) = watch::channel(false);
    let mut tasks = Vec::new();
    if let Some(daily) = mail {
        let mut until = stopping.clone();
        tasks.push(tokio::spawn(async move {
            daily
                .run(async move {
                    let _ = until.wait_for(|stop| *stop).await;
                })
                .await;
        }));
    }
    for (listener, router) in [(pages, hocba_server::public(&server)), (operator, hocba_server::operator(&server))] {
        let (limits, until) = (config.limits.clone(), server.life().reached(Stage::Closing));
        tasks.push(tokio::spawn(async move {
            listener::serve(listener, router, &limits, until).await;
        }));
    }
    if let Some((key, status_key)) = keys {
        let service = anchoring::service(&site, operators, &key, status_key.as_ref())?;
        let (mut collector, mut also) = (collecting::collector(&site)?, stopping.clone());
        tasks.push(tokio::spawn(anchoring::run(service, async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        })));
        tasks.push(tokio::spawn(async move {
            collector
                .run(async move {
                    let _ = also.wait_for(|stop| *stop).await;
                })
                .await;
        }));
    }
    out.say(&words(format!("Trang tra cứu: {base_url}/v"), format!("Pages: {base_url}/v")));
    out.say(&words(
        format!("Trang vận hành (chỉ trên máy này): http://{operator_address}/"),
        format!("Operator's page (this machine only): http://{operator_address}/"),
    ));
    let life = server.life().clone();
    Ok(Serving { site, base_url, drain, life, stop_anchoring, tasks })
}

fn port(error: &listener::BindError) -> Failure {
    Failure::new(Exit::Environment, "port", words(format!("không mở được cổng: {error}"), error.to_string()))
        .hint(words("chọn cổng khác bằng --listen, --operator", "choose others with --listen, --operator"))
}

/// `serve`.
///
/// # Errors
/// When the folder or the ports cannot be used.
pub fn run(context: &Context, args: &ServeArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let out = &context.out;
    ledger::runtime()?.block_on(async {
        let operators = ledger::operators(&folder).await?;
        let chain_server = match (&folder.config().chain, ledger::embedded_of(&operators)) {
            (ChainConfig::Embedded { port }, Some(chain)) => {
                let listener = super::chain::listen(*port).await?;
                Some(tokio::spawn(hocba_chain::embedded::serve(chain, listener)))
            }
            _ => None,
        };
        let keys = match args.no_anchor {
            true => None,
            false => {
                let key = open_chain_key(&folder, "anchorer", args.key.as_deref(), args.passphrase_file.as_deref())?;
                Some((key, args.status_key.open(&folder)?))
            }
        };
        let earlier = ledger::earlier(&folder, ledger::open_profile(&folder)?.profile())?;
        let facts = LiveFacts::of(operators.clone(), ledger::finality(&folder)).with_earlier(earlier);
        let facts = std::sync::Arc::new(facts);
        let drain = args.drain.unwrap_or(if folder.is_demo() { 0 } else { DRAIN });
        let site = Site::with(folder, facts).await?;
        let serving = begin_with(site, operators, keys, &args.listen, Duration::from_secs(drain), out).await?;
        out.document(&json!({ "command": "serve", "ok": true, "url": serving.base_url().to_string() }));
        serving.until_stopped(out).await?;
        if let Some(server) = chain_server {
            server.abort();
        }
        anyhow::Ok(())
    })?;
    Ok(Exit::Ok)
}
