//! The edge of the program: clock, randomness and reading of files that others wrote.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::Context as _;
use hocba_record::{encoding::Sha256Digest, types::UnixTime};

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

/// Seconds since 1970, as the embedded chain asks for them.
pub fn now_seconds() -> u64 {
    now().seconds().unsigned_abs()
}

/// Where record ids and seeds come from.
#[derive(Debug, Clone, Copy)]
pub enum Chance {
    /// The operating system's generator.
    System,
    /// A published number, for demonstrations only: whoever knows it can re-compute every salt.
    DemoOnly(u64),
}

impl Chance {
    /// Fresh bytes for this purpose.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn bytes<const N: usize>(self, purpose: &str, number: u32) -> anyhow::Result<[u8; N]> {
        let mut bytes = [0; N];
        match self {
            Chance::System => {
                getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the system's random generator: {e}"))?;
            }
            Chance::DemoOnly(seed) => {
                let digest = demo_only_digest(seed, purpose, number);
                bytes.copy_from_slice(digest.as_bytes().get(..N).context("at most 32 demo bytes at once")?);
            }
        }
        Ok(bytes)
    }
}

fn demo_only_digest(seed: u64, purpose: &str, number: u32) -> Sha256Digest {
    Sha256Digest::of(
        &[b"hocba demo only\0".as_slice(), &seed.to_be_bytes(), purpose.as_bytes(), &[0], &number.to_be_bytes()]
            .concat(),
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_demo_seed_gives_the_same_bytes_and_another_purpose_others() {
        let of = |seed, purpose, number| Chance::DemoOnly(seed).bytes::<16>(purpose, number).expect("bytes");
        assert_eq!(of(1, "id", 1), of(1, "id", 1));
        assert_ne!(of(1, "id", 1), of(2, "id", 1));
        assert_ne!(of(1, "id", 1), of(1, "seed", 1));
        assert_ne!(of(1, "id", 1), of(1, "id", 2));
        assert_ne!(Chance::System.bytes::<16>("id", 1).expect("bytes"), Chance::System.bytes("id", 1).expect("bytes"));
    }
}
