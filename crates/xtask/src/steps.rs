//! Running a list of steps: each says its name and time, the first failure shows its whole output and ends the run.
#![allow(clippy::disallowed_methods, reason = "how long a step takes is what the clock is for")]

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// What of a running step's output is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Nothing, unless it fails.
    Nothing,
    /// All but the lines of single tests that passed: the closing lines of the runner among it.
    ButPassedTests,
}

/// The steps made so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<Done>,
}

struct Done {
    name: &'static str,
    took: Duration,
    tests: Option<u64>,
}

impl Steps {
    /// Makes a step. Its text is searched for the closing lines of test runners.
    pub fn run(&mut self, name: &'static str, step: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<()> {
        println!("==> {name}");
        let start = Instant::now();
        let output = step().with_context(|| format!("step `{name}` failed after {:.1?}", start.elapsed()))?;
        let (took, tests) = (start.elapsed(), passed_tests(&output));
        let count = tests.map(|n| format!(", {n} tests")).unwrap_or_default();
        println!("    ok, {:.1} s{count}", took.as_secs_f64());
        self.done.push(Done { name, took, tests });
        Ok(())
    }

    /// Prints the table.
    pub fn summary(&self) {
        println!("\n{:<34} {:>9} {:>7}", "step", "seconds", "tests");
        for done in &self.done {
            let tests = done.tests.map(|n| n.to_string()).unwrap_or_default();
            println!("{:<34} {:>9.1} {tests:>7}", done.name, done.took.as_secs_f64());
        }
        let took: Duration = self.done.iter().map(|d| d.took).sum();
        let tests: u64 = self.done.iter().filter_map(|d| d.tests).sum();
        println!("{:<34} {:>9.1} {tests:>7}", "all steps passed", took.as_secs_f64());
    }
}

/// Runs a command to its end and returns what it wrote to either stream.
///
/// # Errors
/// When it cannot be started (saying what is missing) or does not succeed (with all its output).
pub fn run(command: &mut Command, show: Show) -> anyhow::Result<String> {
    let (status, output) = capture(command, show)?;
    if !status.success() {
        bail!("{}\n{command:?} ended with {status}", output.trim_end());
    }
    Ok(output)
}

/// As [`run`], for a command that may fail.
///
/// # Errors
/// When it cannot be started.
pub fn capture(command: &mut Command, show: Show) -> anyhow::Result<(ExitStatus, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("cannot start `{program}`: is it installed?"))?;
    let (send, lines) = mpsc::channel();
    let stdout = child.stdout.take().context("stdout was piped")?;
    let stderr = child.stderr.take().context("stderr was piped")?;
    let readers = [forward(stdout, send.clone()), forward(stderr, send)];
    let mut output = String::new();
    for line in lines {
        if show == Show::ButPassedTests && !is_passed_test(&line) {
            println!("    {line}");
        }
        output.push_str(&line);
        output.push('\n');
    }
    for reader in readers {
        reader.join().expect("a reader only reads");
    }
    Ok((child.wait()?, output))
}

fn forward(from: impl Read + Send + 'static, to: mpsc::Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            if to.send(line).is_err() {
                return;
            }
            bytes.clear();
        }
    })
}

fn is_passed_test(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || (line.starts_with("test ") && line.ends_with("... ok")) || line.starts_with("PASS [")
}

/// The number of passed tests by the closing lines of cargo test, nextest and forge; `None` where there are none.
fn passed_tests(output: &str) -> Option<u64> {
    let number_before = |line: &str, word: &str| -> Option<u64> {
        let before = line.split(word).next().filter(|before| before.len() < line.len())?;
        before.trim_end().rsplit([' ', '\u{1b}', 'm']).next()?.parse().ok()
    };
    let counts: Vec<u64> = output
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            if line.starts_with("test result:") || line.starts_with("Summary [") {
                number_before(line, " passed")
            } else if line.starts_with("Ran ") && line.contains("test suites") {
                number_before(line, " tests passed")
            } else {
                None
            }
        })
        .collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let cargo =
            "test a ... ok\ntest result: ok. 12 passed; 0 failed; 1 ignored\ntest result: ok. 3 passed; 0 failed";
        assert_eq!(passed_tests(cargo), Some(15));
        assert_eq!(passed_tests("     Summary [   9.1s] 512 tests run: 511 passed (1 slow), 1 skipped"), Some(511));
        let forge =
            "Ran 8 test suites in 1.2s (3.4s CPU time): 117 tests passed, 0 failed, 0 skipped (117 total tests)";
        assert_eq!(passed_tests(forge), Some(117));
        assert_eq!(passed_tests("nothing of the kind passed"), None);
    }

    #[test]
    fn a_failing_command_shows_all_it_wrote() {
        let error = run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]), Show::Nothing)
            .expect_err("exit 3")
            .to_string();
        assert!(error.contains("out") && error.contains("err") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program-of-hocba"), Show::Nothing).expect_err("missing");
        assert!(error.to_string().contains("no-such-program-of-hocba"), "{error}");
    }
}
