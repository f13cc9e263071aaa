//! The file of blocks: one line per block, appended and synced before the block counts.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use hocba_record::encoding::Sha256Digest;
use serde::{Deserialize, Serialize};

use super::{
    CHAIN_ID, EmbeddedError,
    state::{Block, State},
};

const FILE: &str = "blocks.log";
const NEW_FILE: &str = "blocks.log.new";
const TORN_FILE: &str = "blocks.log.torn";
const LOCK_FILE: &str = "lock";
const FORMAT: &str = "hocba-development-chain";
const VERSION: u32 = 1;

/// The first line, in the place of block 0.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    chain: u64,
    first: Block,
}

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Length of the file up to the last whole line.
    end: u64,
    /// Set when a failed write could not be taken back: nothing may be appended behind it.
    broken: bool,
    /// Held, not read: the lock ends with it.
    _lock: File,
}

impl Journal {
    pub(super) fn open(folder: &Path, now: u64) -> Result<(Self, State), EmbeddedError> {
        fs::create_dir_all(folder).map_err(|e| EmbeddedError::io(folder, e))?;
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        // Left by a crash while the chain was being created; nothing refers to it.
        remove_if_there(&folder.join(NEW_FILE))?;
        if !path.try_exists().map_err(|e| EmbeddedError::io(&path, e))? {
            create(folder, &path, now)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(|e| EmbeddedError::io(&path, e))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| EmbeddedError::io(&path, e))?;
        let (state, end) = replay(&path, &bytes)?;
        if end < bytes.len() {
            set_aside(folder, &bytes[end..])?;
            file.set_len(end as u64).and_then(|()| file.sync_all()).map_err(|e| EmbeddedError::io(&path, e))?;
        }
        let mut journal = Self { path, file, end: end as u64, broken: false, _lock: lock };
        journal.file.seek(SeekFrom::Start(journal.end)).map_err(|e| EmbeddedError::io(&journal.path, e))?;
        Ok((journal, state))
    }

    /// Writes a block and syncs it. On an error the file ends as it did before.
    pub(super) fn append(&mut self, block: &Block) -> Result<(), EmbeddedError> {
        let failed = |path: &Path, e| Err(EmbeddedError::io(path, e));
        if self.broken {
            return failed(&self.path, io::Error::other("an earlier write failed and could not be taken back"));
        }
        let line = line(block);
        match self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.end += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                let undone = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
                self.broken = undone.is_err();
                failed(&self.path, error)
            }
        }
    }
}

fn lock(folder: &Path) -> Result<File, EmbeddedError> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| EmbeddedError::io(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmbeddedError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(e)) => Err(EmbeddedError::io(&path, e)),
    }
}

fn create(folder: &Path, path: &Path, now: u64) -> Result<(), EmbeddedError> {
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        chain: CHAIN_ID,
        first: Block::clone(State::new(now).latest()),
    };
    let new = folder.join(NEW_FILE);
    write_whole(&new, &line(&header))?;
    fs::rename(&new, path).map_err(|e| EmbeddedError::io(path, e))?;
    sync_folder(folder)
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), EmbeddedError> {
    let mut file = File::create(path).map_err(|e| EmbeddedError::io(path, e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| EmbeddedError::io(path, e))
}

fn sync_folder(folder: &Path) -> Result<(), EmbeddedError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| EmbeddedError::io(folder, e))
}

fn remove_if_there(path: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(EmbeddedError::io(path, e)),
        _ => Ok(()),
    }
}

/// Keeps what a crash cut off, for whoever wants to look; only the last one.
fn set_aside(folder: &Path, torn: &[u8]) -> Result<(), EmbeddedError> {
    write_whole(&folder.join(TORN_FILE), torn)?;
    sync_folder(folder)?;
    tracing::warn!(
        folder = %folder.display(),
        bytes = torn.len(),
        "a block was being written when the process ended; nobody was told of it, it is set aside in {TORN_FILE}"
    );
    Ok(())
}

/// `<length of JSON, 8 hex digits> <SHA-256 of JSON, hex> <JSON>\n`
fn line(content: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(content).expect("blocks have string keys only and no map");
    let mut line = format!("{:08x} {} ", json.len(), Sha256Digest::of(&json).to_hex()).into_bytes();
    line.extend_from_slice(&json);
    line.push(b'\n');
    line
}

const PREFIX: usize = 8 + 1 + 64 + 1;

enum Line<'a> {
    Whole {
        json: &'a [u8],
        next: &'a [u8],
    },
    /// What the end of a file looks like when a write did not finish.
    Torn,
    Damaged(&'static str),
}

fn take_line(bytes: &[u8]) -> Line<'_> {
    let Some((prefix, rest)) = bytes.split_at_checked(PREFIX) else {
        return torn_or_damaged(bytes, "it is too short");
    };
    let length = std::str::from_utf8(&prefix[..8]).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
    let Some(length) = length.filter(|_| prefix[8] == b' ' && prefix[PREFIX - 1] == b' ') else {
        return torn_or_damaged(bytes, "it does not begin with a length and a checksum");
    };
    let Some((json, (newline, next))) = rest.split_at_checked(length).and_then(|(j, n)| Some((j, n.split_first()?)))
    else {
        return torn_or_damaged(bytes, "its length does not match");
    };
    if prefix[9..PREFIX - 1] != *Sha256Digest::of(json).to_hex().as_bytes() || *newline != b'\n' {
        return torn_or_damaged(bytes, "its checksum does not match");
    }
    Line::Whole { json, next }
}

/// A line is written with one call and holds one line feed, its last byte. So what a crash leaves is the last thing in
/// the file, and lacks that byte or has zeros where a file system let the file grow before its content came.
fn torn_or_damaged<'a>(rest: &[u8], problem: &'static str) -> Line<'a> {
    let last_line = rest.iter().position(|b| *b == b'\n').is_none_or(|place| place + 1 == rest.len());
    let unfinished = rest.last() != Some(&b'\n') || rest.contains(&0);
    if last_line && unfinished { Line::Torn } else { Line::Damaged(problem) }
}

/// The state that the lines lead to, and the length of those that are whole.
fn replay(path: &Path, bytes: &[u8]) -> Result<(State, usize), EmbeddedError> {
    let file = || path.to_owned();
    let damaged = |line, problem| EmbeddedError::Damaged { file: file(), line, problem };
    let (json, mut rest) = match take_line(bytes) {
        Line::Whole { json, next } => (json, next),
        // The first line is renamed into place whole, so no crash tears it.
        Line::Torn => return Err(damaged(1, "it is cut off")),
        Line::Damaged(problem) => return Err(damaged(1, problem)),
    };
    let header: Header = serde_json::from_slice(json).map_err(|_| EmbeddedError::OtherFormat { file: file() })?;
    if header.format != FORMAT || header.version != VERSION || header.chain != CHAIN_ID {
        return Err(EmbeddedError::OtherFormat { file: file() });
    }
    if header.first.number != 0 || header.first.digest() != header.first.hash {
        return Err(damaged(1, "its block is not a first block"));
    }
    let mut state = State::from_first(header.first);
    for number in 2.. {
        if rest.is_empty() {
            break;
        }
        let (json, next) = match take_line(rest) {
            Line::Whole { json, next } => (json, next),
            Line::Torn => break,
            Line::Damaged(problem) => return Err(damaged(number, problem)),
        };
        let block: Block = serde_json::from_slice(json).map_err(|_| damaged(number, "it holds no block"))?;
        state.fits(&block).map_err(|problem| damaged(number, problem))?;
        state.apply(block);
        rest = next;
    }
    Ok((state, bytes.len() - rest.len()))
}
