//! The service as a program; see the library.

use std::{io::Read as _, process::ExitCode};

use hocba_test_csc::service::{Options, Service, answer};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "its first line is where it listens")]
fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    // Whoever started it holds the other end.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(&options.listen).await.expect("a free port");
        println!("listening on {}", listener.local_addr().expect("bound"));
        let router = axum::Router::new().fallback(answer).with_state(Service::new(options));
        axum::serve(listener, router).await.expect("it serves until it is killed");
    });
    ExitCode::SUCCESS
}
