//! Where the programs are.

use std::{
    env::consts::{ARCH, OS},
    path::{Path, PathBuf},
    process::Command,
};

use crate::error::Error;

const OLDEST_NODE: u32 = 20;

/// By this crate's place and not by the current folder, which differs between tests, xtask and developers.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../js")
}

/// The program of anvil's npm package for this machine.
pub(crate) fn anvil() -> Result<PathBuf, Error> {
    let package = match (OS, ARCH) {
        ("linux", "x86_64") => "anvil-linux-amd64",
        ("macos", "aarch64") => "anvil-darwin-arm64",
        _ => {
            return Err(Error::NotInstalled {
                missing: format!("no anvil for {OS} on {ARCH}"),
                fix: "these tests run on Linux on x86-64 and macOS on Apple silicon",
            });
        }
    };
    let program = scripts().join("node_modules/@foundry-rs").join(package).join("bin/anvil");
    if program.is_file() {
        return Ok(program);
    }
    Err(Error::NotInstalled {
        missing: format!("no anvil in {}", program.display()),
        fix: "run `npm ci --ignore-scripts` in tests/js, or `cargo xtask test`, which does it",
    })
}

/// The main file of the npm package `@ethereumjs/client`, in the folder of tests/js/network, where node can run it.
pub(crate) fn client(folder: &Path) -> Result<PathBuf, Error> {
    let version = Command::new("node").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if major(&version).is_none_or(|major| major < OLDEST_NODE) {
        return Err(Error::NotInstalled {
            missing: format!("no node from version {OLDEST_NODE} on"),
            fix: "install Node.js (Debian: nodejs)",
        });
    }
    // Written last by npm: without it an installation was broken off.
    let complete = folder.join("node_modules/.package-lock.json");
    let main = folder.join("node_modules/@ethereumjs/client/dist/bin/cli.js");
    match (main.canonicalize(), complete.is_file()) {
        (Ok(main), true) => Ok(main),
        _ => Err(Error::NotInstalled {
            missing: format!("no @ethereumjs/client in {}", folder.display()),
            fix: "run `npm ci --ignore-scripts` in tests/js/network, or `cargo xtask test`, which does it",
        }),
    }
}

/// The 20 of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major(""), None);
        assert_eq!(major("20.20.2"), None);
    }

    #[test]
    fn a_missing_package_says_what_to_do() {
        let Err(Error::NotInstalled { missing, fix }) = client(Path::new("/nowhere/at/all")) else {
            panic!("no such folder")
        };
        if missing.contains("/nowhere/at/all") {
            assert!(fix.contains("npm ci --ignore-scripts"), "{fix}");
        } else {
            assert!(fix.contains("Node.js"), "{missing}: {fix}");
        }
    }
}
