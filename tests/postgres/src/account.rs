//! Which account runs the server: ours, or a powerless one where we are root, as whom PostgreSQL refuses to run.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

use crate::error::{At as _, Error};

/// An account of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// The account for the server, if it has to be another one than ours.
    pub(crate) fn for_server() -> Result<Option<Self>, Error> {
        if own_uid()? != 0 {
            return Ok(None);
        }
        let passwd = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(passwd).at("read", passwd)?;
        Self::powerless(&passwd).map(Some).ok_or(Error::NoAccount)
    }

    /// `nobody`, or else the first that is not root. One that stands in the file, since initdb asks for its own name.
    fn powerless(passwd: &str) -> Option<Self> {
        let accounts = || {
            passwd.lines().filter_map(|line| {
                let mut fields = line.split(':');
                let (name, _) = (fields.next()?, fields.next()?);
                let account = Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? };
                (account.uid != 0).then_some((name, account))
            })
        };
        accounts().find(|(name, _)| *name == "nobody").or_else(|| accounts().next()).map(|(_, account)| account)
    }

    /// Lets a command run as this account. The standard library drops root's other groups with it.
    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// Who we are; the standard library has no call for it, but our own entry in `/proc` is ours.
pub(crate) fn own_uid() -> Result<u32, Error> {
    let own = Path::new("/proc/self");
    Ok(fs::metadata(own).at("look at", own)?.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_runs_the_server_or_else_the_first_who_is_not_root() {
        let root = "root:x:0:0:root:/root:/bin/bash\n";
        let daemon = "daemon:x:1:2:daemon:/usr/sbin:/usr/sbin/nologin\n";
        let nobody = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";
        let powerless = |lines: &[&str]| Account::powerless(&lines.concat()).map(|a| (a.uid, a.gid));
        assert_eq!(powerless(&[root, daemon, nobody]), Some((65534, 65533)));
        assert_eq!(powerless(&[root, "broken\n", daemon]), Some((1, 2)));
        assert_eq!(powerless(&[root]), None);
    }
}
