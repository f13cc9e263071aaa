//! `chain` alone: serves the folder's development chain on this machine, so that `verify` can ask it.

use anyhow::Context as _;
use clap::Args;
use hocba_chain::embedded::{self, EmbeddedChain};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    commands::Context,
    error::{Exit, Failure},
    folder::{ChainConfig, Folder},
    ledger,
    output::words,
};

/// Arguments of serving it.
#[derive(Debug, Args)]
pub struct PortArgs {
    /// Cổng trên 127.0.0.1, 0 là cổng trống bất kỳ / Port on 127.0.0.1, 0 for any free one
    #[arg(long)]
    port: Option<u16>,
}

/// Listens on this machine.
///
/// # Errors
/// A [`Failure`] that names the port where it is taken.
pub async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|e| {
        Failure::new(
            Exit::Environment,
            "port",
            words(format!("không mở được cổng {port}: {e}"), format!("port {port} cannot be opened: {e}")),
        )
        .hint(words("chọn cổng khác bằng --port", "choose another one with --port"))
        .into()
    })
}

/// Serves until Ctrl-C.
///
/// # Errors
/// When the system refuses.
pub async fn serve_until_stopped(chain: EmbeddedChain, listener: TcpListener) -> anyhow::Result<()> {
    tokio::select! {
        served = embedded::serve(chain, listener) => Ok(served?),
        stopped = tokio::signal::ctrl_c() => stopped.context("waiting for Ctrl-C"),
    }
}

/// `chain`.
///
/// # Errors
/// In a folder without a development chain; when the port or the chain is taken.
pub fn run(context: &Context, args: &PortArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let ChainConfig::Embedded { port } = folder.config().chain else {
        return Err(Failure::new(
            Exit::BadInput,
            "no_embedded_chain",
            words("thư mục này dùng sổ chung thật", "this folder uses a network, it has no chain of its own"),
        )
        .into());
    };
    let out = context.out;
    ledger::runtime()?.block_on(async move {
        let chain = ledger::open_embedded(&folder).await?;
        let listener = listen(args.port.unwrap_or(port)).await?;
        let address = listener.local_addr().context("the listener's address")?;
        let height = chain.height();
        out.say(&words(
            format!("DEMO – sổ chung thử nghiệm, không có giá trị: http://{address} (khối {height}). Ctrl-C để dừng."),
            format!("DEMO – development chain, NOT FOR PRODUCTION: http://{address} (block {height}). Ctrl-C to stop."),
        ));
        // All that a folder elsewhere needs to use this chain as its network.
        let contract = ledger::embedded_deployment(&folder)?.contract;
        out.document(&json!({
            "command": "chain", "ok": true, "url": format!("http://{address}"), "chain": embedded::CHAIN_ID,
            "contract": contract,
        }));
        serve_until_stopped(chain, listener).await
    })?;
    Ok(Exit::Ok)
}
