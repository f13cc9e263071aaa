//! Serves the samples, so that pages can be looked at without a database: `cargo run -p hocba-server --example samples`.
#![allow(clippy::print_stdout, reason = "an example tells where it listens")]

#[path = "../tests/suite/samples.rs"]
mod samples;

use hocba_server::{config::ServerConfig, listener, operator, with_samples};

const LINKS: [&str; 13] = [
    "valid",
    "changed_mark",
    "inconclusive",
    "superseded",
    "revoked",
    "resaved",
    "partial",
    "unreadable",
    "expired",
    "withdrawn",
    "sealed",
    "failing",
    "unknown",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = ServerConfig::default();
    let socket = listener::bind_near(config.listen, 20).await?;
    config.public_url = hocba_server::config::PublicUrl::of_listener(socket.local_addr()?);
    for name in LINKS {
        println!("{name:13} {}", config.public_url.check_link(&samples::secret(name)));
    }
    if let Some(folder) = std::env::args().nth(1) {
        for (name, bytes) in samples::Samples::new().files() {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.hocba.json")), bytes)?;
        }
    }
    println!("staff pages   {}/samples", config.public_url);
    let server = samples::server(config.clone());
    let watch = listener::bind_near(config.operator.ok_or("there is an operator's address")?, 20).await?;
    println!("operator      http://{}/", watch.local_addr()?);
    let limits = config.limits;
    tokio::join!(
        listener::serve(socket, with_samples(&server), &limits, std::future::pending()),
        listener::serve(watch, operator(&server), &limits, std::future::pending()),
    );
    Ok(())
}
