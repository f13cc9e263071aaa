//! Whom to believe: the trust profile, its pinned publisher, and the highest number seen.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use hocba_bundle::profile::{MAX_PROFILE_BYTES, OpenProfile, ProfileError};
use hocba_record::encoding::Sha256Digest;
use serde::{Deserialize, Serialize};

use super::{VerifyArgs, bad_input};
use crate::{
    commands::Context,
    edge::read_input,
    error::{Exit, Failure},
    folder::{PROFILE, write_whole},
    output::words,
};

/// SHA-256 of the published demo publisher's certificate (`keys-example/profile.crt.pem`).
const DEMO_PUBLISHER: &str = "589b07f342e1f4f43eb3e1cd175bb70c40a6961bc33e16b0437205978d42efdc";

/// The file in the state folder.
const STATE: &str = "profiles.json";

/// `profiles.json`: for each publisher and profile, the highest number seen.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    publishers: BTreeMap<String, u32>,
}

/// Opens the profile that the arguments name.
pub fn open(context: &Context, args: &VerifyArgs) -> anyhow::Result<OpenProfile> {
    let path = args.profile.clone().unwrap_or_else(|| context.data_dir.join(PROFILE));
    let name = path.display();
    let bytes = read_input(&path, MAX_PROFILE_BYTES).map_err(|f| {
        f.hint(words(
            "cho biết danh sách nơi cấp được công nhận bằng --profile TỆP",
            "name the trust profile with --profile FILE",
        ))
    })?;
    let unusable = |e: &ProfileError| {
        bad_input(
            "profile",
            format!("{name} không dùng được làm danh sách nơi cấp: {e}"),
            format!("{name} cannot be used as a trust profile: {e}"),
        )
    };
    let found = OpenProfile::publisher_of(&bytes).map_err(|e| unusable(&e))?;
    let demo = digest(DEMO_PUBLISHER).context("the demo publisher's digest")?;
    let pinned = match &args.publisher {
        Some(text) => digest(text).ok_or_else(|| {
            bad_input(
                "bad_publisher",
                format!("--publisher {text}: cần SHA-256, 43 ký tự base64url hoặc 64 chữ số hex"),
                format!("--publisher {text}: a SHA-256 is 43 characters of base64url or 64 hex digits"),
            )
        })?,
        None => demo,
    };
    if found != pinned {
        return Err(bad_input(
            "unknown_publisher",
            format!("{name} do một nơi chưa được ghim phát hành (SHA-256 {})", found.to_hex()),
            format!("{name} is published by someone who is not pinned (SHA-256 {})", found.to_hex()),
        )
        .hint(words(
            format!("đối chiếu mã này với nơi phát hành bằng một kênh khác; nếu đúng, thêm --publisher {found}"),
            format!("compare it with the publisher by some other way; if it is right, add --publisher {found}"),
        ))
        .into());
    }
    let state = state_file(args);
    let mut seen = state.as_deref().map(load).transpose()?.unwrap_or_default();
    let key = found.to_hex();
    let highest = seen.publishers.get(&key).copied();
    let profile = OpenProfile::open(&bytes, &pinned, highest).map_err(|e| match e {
        ProfileError::LowerNumber { found, seen } => bad_input(
            "lower_number",
            format!("{name} là danh sách nơi cấp số {found}, cũ hơn số {seen} đã dùng trước đây"),
            format!("{name} is trust profile number {found}, older than number {seen} that was used before"),
        )
        .hint(words("lấy bản mới nhất từ nơi phát hành", "get the latest one from its publisher")),
        other => unusable(&other),
    })?;
    let number = profile.profile().number;
    if let Some(state) = state.filter(|_| highest.is_none_or(|highest| highest < number)) {
        seen.publishers.insert(key, number);
        let bytes = serde_json::to_vec_pretty(&seen).context("the profile numbers as JSON")?;
        write_whole(&state, &bytes).map_err(|e| state_failure(&state, &format!("{e:#}")))?;
    }
    Ok(profile)
}

/// A profile that the folder's owner put there, whoever published it.
///
/// # Errors
/// When it is no profile.
pub fn open_own(bytes: &[u8]) -> anyhow::Result<OpenProfile> {
    let publisher = OpenProfile::publisher_of(bytes).context("the folder's trust profile")?;
    OpenProfile::open(bytes, &publisher, None).context("the folder's trust profile")
}

fn digest(text: &str) -> Option<Sha256Digest> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Some(Sha256Digest::from_bytes(bytes)),
        Err(_) => text.parse().ok(),
    }
}

fn state_file(args: &VerifyArgs) -> Option<PathBuf> {
    if args.no_state {
        return None;
    }
    let folder = args.state_dir.clone().or_else(|| {
        let var = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let state = var("XDG_STATE_HOME").or_else(|| Some(var("HOME")?.join(".local/state")))?;
        Some(state.join("hocba"))
    });
    folder.map(|folder| folder.join(STATE))
}

fn load(path: &Path) -> anyhow::Result<Seen> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).map_err(|e| state_failure(path, &e.to_string()))?),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Seen::default()),
        Err(e) => Err(state_failure(path, &e.to_string()).into()),
    }
}

fn state_failure(path: &Path, cause: &str) -> Failure {
    let name = path.display();
    Failure::new(
        Exit::Environment,
        "state",
        words(
            format!("không nhớ được số danh sách nơi cấp trong {name}: {cause}"),
            format!("the highest profile number cannot be kept in {name}: {cause}"),
        ),
    )
    .hint(words(
        "chọn nơi khác bằng --state-dir, hoặc --no-state",
        "choose another place with --state-dir, or --no-state",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_publisher_is_the_one_of_the_example_keys() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../keys-example/profile.crt.pem");
        let chain = hocba_keystore::read_certificate_chain(&path).expect("the example certificate");
        assert_eq!(Sha256Digest::of(&chain[0]).to_hex(), DEMO_PUBLISHER);
    }

    #[test]
    fn a_digest_is_read_in_both_spellings() {
        let expected = digest(DEMO_PUBLISHER).expect("hex");
        assert_eq!(digest(&expected.to_string()), Some(expected));
        for bad in ["", "abc", &DEMO_PUBLISHER[1..], "zz"] {
            assert_eq!(digest(bad), None, "{bad}");
        }
    }
}
