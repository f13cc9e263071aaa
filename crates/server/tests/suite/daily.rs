//! The department's page of the day on paper: one sheet of A4, whatever the day was.

use hocba_server::{config::ServerConfig, listener, with_samples};
use hocba_tests::scripts::{browser, run};

use crate::samples;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run")]
async fn the_page_of_the_day_with_twenty_wards_is_one_sheet_of_a4() {
    let chromium = match browser(&["pdfjs-dist"]) {
        Ok(chromium) => chromium,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    let socket = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let base = format!("http://{}", socket.local_addr().expect("bound"));
    let config = ServerConfig::default();
    let router = with_samples(&samples::server(config.clone()));
    let limits = config.limits;
    let serving = tokio::spawn(async move { listener::serve(socket, router, &limits, std::future::pending()).await });
    let looking = tokio::task::spawn_blocking(move || {
        let chromium = chromium.display().to_string();
        // Where somebody wants to look at them.
        let pictures = std::env::var("HOCBA_PICTURES").ok();
        let arguments: Vec<&str> = [base.as_str(), &chromium].into_iter().chain(pictures.as_deref()).collect();
        run("daily.mjs", &arguments)
    });
    looking.await.expect("one sheet");
    serving.abort();
}
