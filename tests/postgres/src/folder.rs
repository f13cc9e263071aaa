//! Where servers live: `<temporary folder>/hocba-pg-<uid>/`, with a copy of the package and one folder for each server.
//!
//! A server's folder has an owner: the process that holds the lock of its file `owner`. The system lets go of a lock
//! when its process ends, however it ends, so a folder whose lock is free is an orphan; no process number has to be
//! believed. What several processes must not do at once (copy the package, make a folder and take its lock, sweep) is
//! done under one more lock.

use std::{
    fs::{self, File},
    io,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    Mode, Programs,
    account::own_uid,
    error::{At as _, Error},
};

/// The longest path of a socket, `sun_path` of unix(7) without its closing zero.
const LONGEST_SOCKET: usize = 107;

/// Stops the server `$2` by `$1` once nothing can be written to standard input any more.
const WATCH: &str = r#"read -r line; "$1" stop --pgdata "$2/data" --mode immediate --silent; rm -rf "$2""#;

/// The folder of all servers of one account.
pub(crate) struct Base {
    path: PathBuf,
}

impl Base {
    /// Makes it if it is missing.
    pub(crate) fn open() -> Result<Self, Error> {
        let uid = own_uid()?;
        let path = base_path(&std::env::temp_dir(), uid);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error).at("make", &path),
            _ => {}
        }
        // In a folder that all may write to, another account could have been first with this name.
        let found = fs::symlink_metadata(&path).at("look at", &path)?;
        if !found.is_dir() || found.uid() != uid {
            return Err(io::Error::other("it is not a folder of ours")).at("use", &path);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).at("set the mode of", &path)?;
        let path = path.canonicalize().at("look at", &path)?;
        Ok(Self { path })
    }

    /// Waits until we are the only one to change what lies here.
    pub(crate) fn lock(&self) -> Result<Locked<'_>, Error> {
        let path = self.path.join("lock");
        let file = File::create(&path).at("make", &path)?;
        file.lock().at("lock", &path)?;
        Ok(Locked { base: self, _file: file })
    }
}

/// The temporary folder the environment names, unless sockets in there would have too long a path.
fn base_path(temporary: &Path, uid: u32) -> PathBuf {
    let longest = temporary.join(format!("hocba-pg-{uid}/s-4194304-1000/.s.PGSQL.5432"));
    let fits = longest.as_os_str().len() <= LONGEST_SOCKET;
    let temporary = if fits { temporary } else { Path::new("/tmp") };
    temporary.join(format!("hocba-pg-{uid}"))
}

/// The folder of all servers while nobody else changes it.
pub(crate) struct Locked<'a> {
    base: &'a Base,
    _file: File,
}

impl Locked<'_> {
    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.base.path
    }

    /// Stops the servers whose owner is gone and removes their folders. What does not work here will at the next
    /// sweep; no reason to be without a server.
    pub(crate) fn sweep(&self, programs: &Programs) {
        let Ok(entries) = fs::read_dir(self.path()) else { return };
        for folder in entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with("s-")) {
            let folder = folder.path();
            let owned = File::open(folder.join("owner")).is_ok_and(|owner| owner.try_lock().is_err());
            if !owned {
                clear(&folder, programs);
            }
        }
    }

    /// A new folder for one server, owned by this process and watched over.
    pub(crate) fn new_folder(&self, programs: &Programs) -> Result<Folder, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // A number is not used twice: the watcher of a killed process may still be removing a folder of that name.
        let name = format!("s-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = self.path().join(name);
        fs::create_dir(&path).at("make", &path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).at("set the mode of", &path)?;
        let owner = path.join("owner");
        let owner = File::create(&owner).and_then(|f| f.lock().map(|()| f)).at("lock", &owner)?;
        if let Some(account) = programs.account {
            chown(&path, Some(account.uid), Some(account.gid)).at("change the owner of", &path)?;
        }
        let watcher = watcher(&path, programs)?;
        Ok(Folder { data: path.join("data"), path, owner, watcher })
    }
}

/// A shell that stops the server and empties the folder when this process has ended. It waits for the end of a pipe
/// whose other end nobody holds but us: the standard library opens pipes so that no child inherits them. Its own
/// process group, because Ctrl-C and test runners end ours; no other streams of ours, because they wait for their end.
fn watcher(folder: &Path, programs: &Programs) -> Result<Child, Error> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", WATCH, "hocba-test-postgres"]).arg(programs.bin.join("pg_ctl")).arg(folder);
    shell.process_group(0).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(account) = programs.account {
        account.apply(&mut shell);
    }
    shell.spawn().at("run", Path::new("/bin/sh"))
}

/// The folder of one server: its data, its socket, its log.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    data: PathBuf,
    owner: File,
    watcher: Child,
}

impl Folder {
    /// The folder, which is also the socket's.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Stops the server, if it runs, and removes the folder.
    pub(crate) fn clear(&mut self, programs: &Programs) {
        clear(&self.path, programs);
        // Last, so that somebody watches until nothing is left. Killed, it does nothing more; an error means it had
        // ended already.
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
        let _ = self.owner.unlock();
    }

    /// Leaves the folder as if this process and the watcher had been killed.
    #[cfg(test)]
    pub(crate) fn forget_owner(&mut self) {
        self.watcher.kill().and_then(|()| self.watcher.wait()).expect("it waits for us");
        self.owner.unlock().expect("it is locked");
    }
}

fn clear(folder: &Path, programs: &Programs) {
    let data = folder.join("data");
    if is_running(&data) {
        let mut stop = programs.command("pg_ctl");
        stop.args(["stop", "--wait", "--silent", "--timeout", "20", "--mode", Mode::Immediate.as_str(), "--pgdata"]);
        // A server that does not stop does so within a minute after it finds its folder gone.
        let _ = crate::error::run(stop.arg(&data), None);
    }
    let _ = fs::remove_dir_all(folder);
}

/// Whether the server of a data folder runs. pg_ctl would signal whatever process has the number in the file, which
/// after a crash or a restart of the machine can be anybody's; a server's current folder is its data folder.
fn is_running(data: &Path) -> bool {
    let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let Some(pid) = pid.lines().next().and_then(|line| line.trim().parse::<u32>().ok()) else { return false };
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|current| current == data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_stay_reachable_where_the_temporary_folder_has_a_long_path() {
        assert_eq!(base_path(Path::new("/var/tmp"), 1000), Path::new("/var/tmp/hocba-pg-1000"));
        let long = PathBuf::from("/long".repeat(20));
        assert_eq!(base_path(&long, 0), Path::new("/tmp/hocba-pg-0"));
    }
}
