//! A server that nobody here wrote, in a process of its own: a script of `tests/js` around an npm package.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use hocba_tests::scripts::scripts;
use serde_json::Value;

/// Its process. Told things on its standard input, with which it ends, it answers each with a line of JSON.
pub struct Peer {
    process: Child,
    told: ChildStdin,
    /// Kept open: some warn on it now and then, and would end where nobody could read that.
    said: BufReader<ChildStdout>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    /// Starts it with this to begin with; with the line it says when it is there. None where node or a package is missing; it
    /// says so.
    pub fn start(script: &str, packages: &[&str], told: &Value) -> Option<(Self, Value)> {
        let folder = match scripts(packages) {
            Ok(folder) => folder,
            Err(missing) => {
                // Not by println: the test runner would keep it to itself.
                let _ = writeln!(std::io::stderr(), "skipped: {missing}");
                return None;
            }
        };
        let mut process = Command::new("node")
            .arg(folder.join(script))
            .arg(told.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let (said, told) = (process.stdout.take().expect("piped"), process.stdin.take().expect("piped"));
        let mut peer = Self { process, told, said: BufReader::new(said) };
        let first = peer.line();
        Some((peer, first))
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Tells it something; what it answers.
    pub fn tell(&mut self, command: &Value) -> Value {
        writeln!(self.told, "{command}").expect("it listens");
        self.line()
    }
}
