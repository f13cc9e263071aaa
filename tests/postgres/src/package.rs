//! The npm package, and the copy of it that the server's account can read.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{
    error::{At as _, Error},
    folder::Locked,
    tree,
};

/// The package as npm unpacked it.
pub(crate) struct Package {
    native: PathBuf,
    version: String,
}

/// Looks for the package.
pub(crate) fn find(folder: &Path) -> Result<Package, Error> {
    let missing = || Error::NotInstalled { package: folder.to_owned() };
    let manifest = fs::read_to_string(folder.join("package.json")).map_err(|_| missing())?;
    let version = value_of(&manifest, "version").ok_or_else(missing)?;
    let native = folder.join("native").canonicalize().map_err(|_| missing())?;
    let programs = ["initdb", "pg_ctl", "postgres"];
    let complete = programs.iter().all(|program| native.join("bin").join(program).is_file());
    if complete { Ok(Package { native, version }) } else { Err(missing()) }
}

/// The folder of programs in a copy of the package, made once for each version. `node_modules` may lie where only its
/// owner gets to, and has to stay as npm made it, without the links below.
pub(crate) fn copied(package: &Package, base: &Locked<'_>) -> Result<PathBuf, Error> {
    let copy = base.path().join(format!("package-{}", package.version));
    // Looked through each time, a thousand files in a few milliseconds: machines clear old files out of temporary
    // folders one by one.
    if !tree::is_copied(&package.native, &copy)? {
        let unfinished = base.path().join("package.unfinished");
        for old in [&unfinished, &copy] {
            if old.exists() {
                fs::remove_dir_all(old).at("remove", old)?;
            }
        }
        tree::copy(&package.native, &unfinished, tree::Modes::Package)?;
        make_links(&unfinished)?;
        fs::rename(&unfinished, &copy).at("rename", &unfinished)?;
    }
    Ok(copy.join("bin"))
}

/// npm packs no links; the package lists them in a file for its install script, which we do not run. The libraries of
/// initdb and postgres are among them.
fn make_links(native: &Path) -> Result<(), Error> {
    let list = native.join("pg-symlinks.json");
    for (source, target) in links(&fs::read_to_string(&list).at("read", &list)?) {
        let (source, target) = (Path::new(&source), native.join(&target));
        // Source and link lie in the same folder, all of them.
        symlink(source.file_name().unwrap_or_default(), &target).at("make", &target)?;
    }
    Ok(())
}

/// `[{"source":"native/lib/a.so.1","target":"native/lib/a.so"}]` as pairs below `native`.
fn links(json: &str) -> Vec<(String, String)> {
    let below = |path: String| path.strip_prefix("native/").map(str::to_owned);
    let pair = |object: &str| Some((below(value_of(object, "source")?)?, below(value_of(object, "target")?)?));
    json.split('}').filter_map(pair).collect()
}

/// The text value of the first such key. The package's two small files have no escapes; a JSON parser would be this
/// crate's only dependency.
fn value_of(json: &str, key: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_from_the_packages_list() {
        let json = r#"[{"source":"native/lib/a.so.6.1","target":"native/lib/a.so"},
            {"source": "native/lib/a.so.6.1", "target": "native/lib/a.so.6"}]"#;
        let pair = |target: &str| ("lib/a.so.6.1".to_owned(), target.to_owned());
        assert_eq!(links(json), [pair("lib/a.so"), pair("lib/a.so.6")]);
        assert_eq!(links("[]"), []);
    }

    #[test]
    fn the_version_is_read_from_the_manifest() {
        let json = "{\n  \"name\": \"a\",\n  \"version\": \"18.4.0-beta.17\",\n  \"exports\": \"./b\"\n}";
        assert_eq!(value_of(json, "version").as_deref(), Some("18.4.0-beta.17"));
        assert_eq!(value_of(json, "license"), None);
    }
}
