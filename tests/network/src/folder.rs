//! Where nodes live: a folder in the temporary folder, `hocba-net-<process>-<number>`.
//!
//! A folder has an owner: the process that holds the lock of its file `owner`. The system lets go of a lock when its
//! process ends, however it ends, so a folder whose lock is free is an orphan; no process number has to be believed.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::error::{At as _, Error};

const PREFIX: &str = "hocba-net-";

/// The file with a node's process number, in the node's folder, from before it starts until it was seen to have ended.
pub(crate) const PID: &str = "pid";

/// Kills the nodes of folder `$1` and removes it, once nothing can be written to standard input any more. A dying
/// process may still make a file where one was just removed.
const WATCH: &str = r#"read -r line
for pid in "$1"/*/pid; do kill -9 "$(cat "$pid")"; done
for try in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && exit; sleep 1; done"#;

/// A folder of one's own. Dropped, it goes; its nodes have to be gone before.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    owner: File,
    watcher: Child,
}

impl Folder {
    /// A new folder, owned by this process and watched over. Clears away first what killed processes left behind.
    pub(crate) fn new() -> Result<Self, Error> {
        let path = make()?;
        let temporary = path.parent().unwrap_or(Path::new("/"));
        if let Ok(own) = fs::metadata(&path) {
            sweep(temporary, own.uid());
        }
        // There under its name only when it is locked: a sweep removes a folder with a free lock.
        let (unlocked, locked) = (path.join("owner.new"), path.join("owner"));
        let owner = File::create(&unlocked).and_then(|f| f.lock().map(|()| f)).at("lock", &unlocked)?;
        fs::rename(&unlocked, &locked).at("rename", &unlocked)?;
        let watcher = watcher(&path)?;
        Ok(Self { path, owner, watcher })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder as if this process and the watcher had been killed.
    #[cfg(test)]
    pub(crate) fn forget_owner(&mut self) {
        self.watcher.kill().and_then(|()| self.watcher.wait()).expect("it waits for us");
        self.owner.unlock().expect("it is locked");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        // Last, so that somebody watches until nothing is left. Killed, it does nothing more; an error means it had
        // ended already.
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
        let _ = self.owner.unlock();
    }
}

/// Makes the folder, for this account alone. A name may be taken by what a process with our number left.
fn make() -> Result<PathBuf, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let temporary = std::env::temp_dir();
    // Without links, as the system will name it as a process's current folder.
    let temporary = temporary.canonicalize().at("look at", &temporary)?;
    loop {
        let path = temporary.join(format!("{PREFIX}{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.at("make", &path).map(|()| path),
        }
    }
}

/// A shell that clears up when this process has ended. It waits for the end of a pipe whose other end nobody holds but
/// us: the standard library opens pipes so that no child inherits them. Its own process group, because Ctrl-C and test
/// runners end ours; no other streams of ours, because they wait for their end.
fn watcher(folder: &Path) -> Result<Child, Error> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", WATCH, "hocba-test-network"]).arg(folder).process_group(0).current_dir("/");
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().at("run", Path::new("/bin/sh"))
}

/// Kills the nodes whose owner is gone and removes their folders. What does not work here will at the next sweep; no
/// reason to be without a node.
fn sweep(temporary: &Path, uid: u32) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(PREFIX)) {
        let ours = entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == uid);
        let owner = entry.path().join("owner");
        if ours && File::open(owner).is_ok_and(|owner| owner.try_lock().is_ok()) {
            clear(&entry.path());
        }
    }
}

fn clear(folder: &Path) {
    for node in fs::read_dir(folder).into_iter().flatten().flatten() {
        let pid = fs::read_to_string(node.path().join(PID)).unwrap_or_default();
        // The number may be anybody's by now; a node's current folder is its own. Where the system does not tell, a
        // node is left alone.
        if fs::read_link(format!("/proc/{}/cwd", pid.trim())).is_ok_and(|current| current == node.path()) {
            let _ = Command::new("/bin/sh").args(["-c", r#"kill -9 "$1""#, "sh", pid.trim()]).status();
        }
    }
    let _ = fs::remove_dir_all(folder);
}
