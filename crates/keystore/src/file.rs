//! Reading small secret files and writing them whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::KeystoreError;

/// Largest file read, in bytes. An encrypted key is below 1 KiB and a certificate some 2 KiB, so 64 KiB leaves room for
/// a chain of [`MAX_CERTIFICATES`](crate::MAX_CERTIFICATES) with all its comments.
pub const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A file's text and who else may read it.
pub(crate) struct Contents {
    pub(crate) text: Zeroizing<String>,
    pub(crate) access: Access,
}

/// Who else may read a file, on Unix.
pub(crate) struct Access {
    /// Permission bits, if any of them lets group or world in.
    open_to_others: Option<u32>,
}

impl Access {
    pub(crate) fn refuse_if_open_to_others(&self, path: &Path) -> Result<(), KeystoreError> {
        match self.open_to_others {
            None => Ok(()),
            Some(mode) => Err(KeystoreError::PermissionsTooOpen { path: path.to_owned(), mode }),
        }
    }
}

/// Reads at most [`MAX_FILE_BYTES`] of UTF-8.
pub(crate) fn read(path: &Path) -> Result<Contents, KeystoreError> {
    let (bytes, access) = read_bytes(path)?;
    let text = str::from_utf8(&bytes)
        .map_err(|_| KeystoreError::Malformed { path: path.to_owned(), what: "not text in UTF-8".into() })?;
    Ok(Contents { text: Zeroizing::new(text.to_owned()), access })
}

/// Reads at most [`MAX_FILE_BYTES`].
pub(crate) fn read_bytes(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Access), KeystoreError> {
    let file = File::open(path).map_err(|source| io_error(path, source))?;
    // Asked of the open file, so that nobody can swap the path between the question and the reading.
    let open_to_others = open_to_others(&file).map_err(|source| io_error(path, source))?;
    // Room for everything from the start: a buffer that grows would leave copies behind that nobody erases.
    let capacity = usize::try_from(MAX_FILE_BYTES + 1).expect("64 KiB fits every usize we build for");
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|source| io_error(path, source))?;
    if bytes.len() >= capacity {
        return Err(KeystoreError::TooLarge { path: path.to_owned() });
    }
    Ok((bytes, Access { open_to_others }))
}

/// Writes a new file that only its owner can read: temporary file, fsync, rename, fsync of the folder. After a crash
/// there is the whole file or none (and perhaps a leftover `.tmp`).
///
/// `unique` names the temporary file; the caller has fresh random bytes at hand anyway.
///
/// Between the check for an existing file and the rename another process could slip in. Hard links would close that
/// gap, but USB sticks, where such keys travel, do not know them.
pub(crate) fn create(path: &Path, text: &str, unique: &[u8]) -> Result<(), KeystoreError> {
    if path.try_exists().map_err(|source| io_error(path, source))? {
        return Err(KeystoreError::AlreadyExists { path: path.to_owned() });
    }
    let temporary = temporary_name(path, unique);
    let written = write_new(&temporary, text)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path))
        .map_err(|source| io_error(path, source));
    if written.is_err() {
        // Best effort: the error that matters is the one already in hand, and what is left is encrypted.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn temporary_name(path: &Path, unique: &[u8]) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", hex::encode(unique)));
    path.with_file_name(name)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The new name itself must reach the disk. Windows cannot open folders; there the rename has to do.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn open_to_others(file: &File) -> io::Result<Option<u32>> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o7777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

/// Windows guards a profile folder by inherited access lists, which say nothing through the standard library.
#[cfg(not(unix))]
fn open_to_others(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

fn io_error(path: &Path, source: io::Error) -> KeystoreError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::NotFound {
        KeystoreError::FileNotFound { path }
    } else {
        KeystoreError::Io { path, source }
    }
}
