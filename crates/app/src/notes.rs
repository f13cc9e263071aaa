//! What a principal writes to the teacher when a record is returned: one short text about a pupil, so under the data key.
//! It is gone with the next signature.

use hocba_record::{check::repair_text, encoding::RecordId, types::Text};
use hocba_store::model::{Envelope, RecordVersion};

use crate::{App, AppError};

/// Most characters of a note.
pub const MAX_NOTE: usize = 300;

/// A note: a text of at most [`MAX_NOTE`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(Text);

/// The text is longer than [`MAX_NOTE`], or has characters that no text here has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a note is a text of at most {MAX_NOTE} characters")]
pub struct NotANote;

impl Note {
    /// From what was typed; none where nothing was. Line breaks become blanks, and what has one repair is repaired.
    ///
    /// # Errors
    /// [`NotANote`].
    pub fn typed(text: &str) -> Result<Option<Self>, NotANote> {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return Ok(None);
        }
        let text = repair_text(&line).ok_or(NotANote)?;
        if text.chars().count() > MAX_NOTE {
            return Err(NotANote);
        }
        text.parse().map(|text| Some(Self(text))).map_err(|_| NotANote)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn place(record: &RecordId, version: u32) -> String {
    format!("note/{record}/{version}")
}

impl App {
    pub(crate) fn seal_note(&self, version: &RecordVersion, note: &Note) -> Result<Envelope, AppError> {
        self.seal_envelope(&place(&version.record, version.version), note.as_str().as_bytes())
    }

    /// What was written when a version was returned.
    ///
    /// # Errors
    /// [`AppError::Damaged`] when it does not open or is no text.
    pub(crate) fn note(&self, version: &RecordVersion) -> Result<Option<String>, AppError> {
        let Some(note) = &version.note else { return Ok(None) };
        let damaged = |what| AppError::Damaged { number: version.number, what };
        let words = ["its note was sealed with another data key", "its note does not open"];
        let plain = self.open_envelope(&place(&version.record, version.version), note, words).map_err(damaged)?;
        String::from_utf8(plain.to_vec()).map(Some).map_err(|_| damaged("its note is no text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_of_three_hundred_characters_at_most() {
        assert_eq!(Note::typed(" \r\n "), Ok(None));
        let note = Note::typed("Xem lại\r\nđiểm  Toán").expect("short").expect("something");
        assert_eq!(note.as_str(), "Xem lại điểm Toán");
        assert!(Note::typed(&"đ".repeat(MAX_NOTE)).expect("just short enough").is_some());
        assert_eq!(Note::typed(&"đ".repeat(MAX_NOTE + 1)), Err(NotANote));
        let repaired = Note::typed("a\u{0}b").expect("what nobody sees is taken out").expect("something");
        assert_eq!(repaired.as_str(), "ab");
        assert_eq!(Note::typed("\u{200b}\u{200b}"), Err(NotANote), "nothing that anybody sees");
    }
}
