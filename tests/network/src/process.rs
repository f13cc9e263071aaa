//! One running program with its folder and its log.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use crate::{
    error::{At as _, Error},
    folder::PID,
};

/// Lines of a log that an error shows.
const LOG_LINES: usize = 40;

/// Writes its number before it becomes the program, so that whoever clears up knows of it from the start.
const START: &str = r#"echo $$ > pid && exec "$@""#;

/// The place of a program, whether it runs or not.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    folder: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// A folder for a program of this name, which does not run yet.
    pub(crate) fn new(parent: &Path, name: &'static str) -> Result<Self, Error> {
        let folder = parent.join(name.replace(' ', "-"));
        fs::create_dir(&folder).at("make", &folder)?;
        Ok(Self { name, folder, child: None })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Whether it was started and not killed since; it may have ended by itself.
    pub(crate) fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// Runs the command in the folder, with an environment of its own: variables of a developer change what node and
    /// anvil do. A process group of its own: Ctrl-C and test runners end ours, and then the watcher ends this one.
    pub(crate) fn start(&mut self, command: &Command) -> Result<(), Error> {
        let log = self.log();
        let out = File::options().create(true).append(true).open(&log).at("open", &log)?;
        let err = out.try_clone().at("open", &log)?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", START, "sh"]).arg(command.get_program()).args(command.get_args());
        shell.env_clear().env("HOME", &self.folder);
        if let Some(path) = std::env::var_os("PATH") {
            shell.env("PATH", path);
        }
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(&self.folder).process_group(0).stdin(Stdio::null()).stdout(out).stderr(err);
        self.child = Some(shell.spawn().at("run", Path::new("/bin/sh"))?);
        Ok(())
    }

    /// Kills it (SIGKILL) and waits until it is gone. Does nothing where it does not run.
    pub(crate) fn kill(&mut self) -> Result<(), Error> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().and_then(|()| child.wait()).at("kill the process of", &self.folder)?;
        let _ = fs::remove_file(self.folder.join(PID));
        Ok(())
    }

    /// How it ended, if it did so by itself.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// The end of its log, under its name.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        format!("end of the log of {}:\n{last}\n", self.name)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
