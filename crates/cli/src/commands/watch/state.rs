//! What is kept between two looks: the facts of the last one that went on from those before, as a snapshot. Facts that do
//! not go on never take their place; they are kept beside them.

use std::path::{Path, PathBuf};

use hocba_bundle::{
    facts::CheckedFacts,
    snapshot::{MAX_SNAPSHOT_BYTES, OpenSnapshot, Snapshot, SnapshotFormat, StatusEvidence},
};
use hocba_record::types::UnixTime;

use crate::{
    edge::read_input,
    error::{Exit, Failure},
    folder::write_whole,
    output::words,
};

const FACTS: &str = "facts.hocba-snapshot.json";

/// A state folder.
pub struct State {
    folder: PathBuf,
}

impl State {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// What was kept, if anything was.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn facts(&self) -> Result<Option<CheckedFacts>, Failure> {
        let path = self.folder.join(FACTS);
        if !path.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let bytes = read_input(&path, MAX_SNAPSHOT_BYTES)?;
        OpenSnapshot::open(&bytes).map(|snapshot| Some(snapshot.facts)).map_err(|e| failure(&path, &e.to_string()))
    }

    /// Keeps facts that go on from those before, with the earlier eras that only those knew.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, before: Option<&CheckedFacts>, now: &CheckedFacts, at: UnixTime) -> Result<(), Failure> {
        let path = self.folder.join(FACTS);
        let known = |era: &&CheckedFacts| now.of(era.facts().chain, &era.facts().contract).is_none();
        let old = before.into_iter().flat_map(|b| b.earlier().iter().chain(std::iter::once(b))).filter(known);
        let earlier = old.chain(now.earlier()).map(|era| era.facts().clone()).collect();
        self.write(&path, &Snapshot { earlier, ..snapshot(now, at) })
    }

    /// Keeps facts that do not go on beside those that were kept; gives where.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep_beside(&self, now: &CheckedFacts, at: UnixTime) -> Result<PathBuf, Failure> {
        let facts = now.facts();
        let hash = &facts.head.to_hex()[..8];
        let path = self.folder.join(format!("other-{}-{hash}.hocba-snapshot.json", facts.block));
        let earlier = now.earlier().iter().map(|era| era.facts().clone()).collect();
        self.write(&path, &Snapshot { earlier, ..snapshot(now, at) })?;
        Ok(path)
    }

    fn write(&self, path: &Path, snapshot: &Snapshot) -> Result<(), Failure> {
        let bytes = snapshot.to_bytes();
        if bytes.len() > MAX_SNAPSHOT_BYTES {
            return Err(failure(path, "the facts do not fit a snapshot"));
        }
        write_whole(path, &bytes).map_err(|e| failure(path, &format!("{e:#}")))
    }
}

fn snapshot(now: &CheckedFacts, taken_at: UnixTime) -> Snapshot {
    let (facts, statuses) = (now.facts().clone(), StatusEvidence::default());
    Snapshot { earlier: Vec::new(), facts, hocba: SnapshotFormat::V1, statuses, taken_at }
}

fn failure(path: &Path, cause: &str) -> Failure {
    let name = path.display();
    Failure::new(
        Exit::Environment,
        "state",
        words(
            format!("không đọc hoặc ghi được điều đã xem trước đây ({name}): {cause}"),
            format!("what was seen before cannot be read or kept in {name}: {cause}"),
        ),
    )
    .hint(words(
        "đừng xoá: đó là chứng cứ về lịch sử; khôi phục từ bản sao lưu, hoặc dùng --state khác",
        "do not delete it, it is evidence of history; restore it from a backup, or use another --state",
    ))
}
