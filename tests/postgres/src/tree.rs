//! Copying a folder with all that is in it.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink},
    path::{Path, PathBuf},
};

use crate::{
    account::Account,
    error::{At as _, Error},
};

/// Who may read a copy, whatever the original's modes and the umask.
#[derive(Clone, Copy)]
pub(crate) enum Modes {
    /// The owner alone: PostgreSQL refuses a data folder that others may read.
    DataFolder,
    /// All: the account of the server is not the one that installed the package.
    Package,
}

impl Modes {
    fn of(self, entry: &fs::Metadata) -> u32 {
        let open = entry.is_dir() || entry.mode() & 0o100 != 0;
        match (self, open) {
            (Self::DataFolder, true) => 0o700,
            (Self::DataFolder, false) => 0o600,
            (Self::Package, true) => 0o755,
            (Self::Package, false) => 0o644,
        }
    }
}

/// Copies a folder to a place where nothing is yet. Links stay links.
pub(crate) fn copy(from: &Path, to: &Path, modes: Modes) -> Result<(), Error> {
    fs::create_dir(to).at("make", to)?;
    let top = fs::metadata(from).at("look at", from)?;
    fs::set_permissions(to, fs::Permissions::from_mode(modes.of(&top))).at("set the mode of", to)?;
    for (path, entry) in entries(from)? {
        let copy = to.join(path.file_name().unwrap_or_default());
        if entry.is_dir() {
            self::copy(&path, &copy, modes)?;
        } else if entry.is_symlink() {
            symlink(fs::read_link(&path).at("read", &path)?, &copy).at("make", &copy)?;
        } else if entry.is_file() {
            fs::copy(&path, &copy).at("copy", &path)?;
            fs::set_permissions(&copy, fs::Permissions::from_mode(modes.of(&entry))).at("set the mode of", &copy)?;
        }
    }
    Ok(())
}

/// Whether every file of a folder lies in its copy with the same length.
pub(crate) fn is_copied(from: &Path, to: &Path) -> Result<bool, Error> {
    for (path, entry) in entries(from)? {
        let copy = to.join(path.file_name().unwrap_or_default());
        let same = if entry.is_dir() {
            copy.is_dir() && is_copied(&path, &copy)?
        } else {
            fs::symlink_metadata(&copy).is_ok_and(|copy| copy.len() == entry.len())
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives a folder and all in it to an account.
pub(crate) fn give(path: &Path, account: Account) -> Result<(), Error> {
    lchown(path, Some(account.uid), Some(account.gid)).at("change the owner of", path)?;
    if fs::symlink_metadata(path).at("look at", path)?.is_dir() {
        for (entry, _) in entries(path)? {
            give(&entry, account)?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<(PathBuf, fs::Metadata)>, Error> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.and_then(|e| Ok((e.path(), e.metadata()?)))).collect())
        .at("read", folder)
}
