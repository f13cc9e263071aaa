//! The edge of the program: clock, randomness and reading of files that others wrote.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use hocba_record::types::UnixTime;

use crate::{
    error::{Exit, Failure},
    output::words,
};

/// The machine's clock.
#[allow(clippy::disallowed_methods, reason = "the one place where the program reads the clock")]
pub fn now() -> UnixTime {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    UnixTime::from_seconds(0).expect("the epoch is a time").plus(seconds)
}

/// The machine's steady clock, for how long something took.
#[allow(clippy::disallowed_methods, reason = "with `now`, the one place where the program reads a clock")]
pub fn steady() -> std::time::Instant {
    std::time::Instant::now()
}

/// Seconds since 1970, as the embedded chain asks for them.
pub fn now_seconds() -> u64 {
    now().seconds().unsigned_abs()
}

/// Fresh random bytes.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the system's random generator: {e}"))?;
    Ok(bytes)
}

/// Reads a file that anyone may have written, `-` for standard input, and at most one byte over the limit: whoever
/// reads it then sees that it is too large.
///
/// # Errors
/// A [`Failure`] that names the file.
pub fn read_input(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let refused = |error: &io::Error| {
        let (vi, en) = match error.kind() {
            io::ErrorKind::NotFound => ("không có tệp này", "there is no such file"),
            io::ErrorKind::IsADirectory => ("đây là thư mục, không phải tệp", "this is a folder, not a file"),
            io::ErrorKind::PermissionDenied => ("không được phép đọc", "reading it is not allowed"),
            _ => ("không đọc được", "it cannot be read"),
        };
        let name = path.display();
        Failure::new(Exit::BadInput, "unreadable_file", words(format!("{name}: {vi}"), format!("{name}: {en}")))
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|e| refused(&e))?;
    Ok(bytes)
}
