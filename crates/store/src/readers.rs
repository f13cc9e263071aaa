//! Pupils and parents: whose book an account reads, what its links show, what it asks the school.

use std::collections::BTreeMap;

use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, UnixTime},
};

use crate::{
    StoreError, Tx,
    model::{Envelope, Id, LinkChoice, Reader, RequestState, StoredRequest},
    row::{Row, all, maybe, one},
};

const READERS: &str = "readers";
const CHOICES: &str = "link_choices";
const REQUESTS: &str = "reader_requests";

impl Tx {
    /// Lets an account read a pupil's book.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the pupil has an account of this relation.
    pub async fn add_reader(&mut self, reader: &Reader) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO readers (account, pupil, relation, made_by, made_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(reader.account.to_string())
            .bind(reader.pupil.to_string())
            .bind(reader.relation.as_str())
            .bind(&reader.made_by)
            .bind(reader.made_at.seconds())
            .execute(self.connection())
            .await
            .map_err(|e| StoreError::from(e).or_exists("the reader"))?;
        Ok(())
    }

    /// Who reads the books of a class's pupils, by pupil.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn readers_of_class(&mut self, class: &Id) -> Result<BTreeMap<Id, Vec<Reader>>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.* FROM readers d JOIN (SELECT DISTINCT pupil FROM records WHERE class = $1) r \
             ON r.pupil = d.pupil ORDER BY d.pupil, d.relation DESC",
        )
        .bind(class.to_string())
        .fetch_all(self.connection())
        .await?;
        let mut found: BTreeMap<Id, Vec<Reader>> = BTreeMap::new();
        for reader in all(READERS, &rows, reader)? {
            found.entry(reader.pupil).or_default().push(reader);
        }
        Ok(found)
    }

    /// Whose books an account reads.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn readings_of(&mut self, account: &Id) -> Result<Vec<Reader>, StoreError> {
        let rows = sqlx::query("SELECT * FROM readers WHERE account = $1 ORDER BY made_at, pupil")
            .bind(account.to_string())
            .fetch_all(self.connection())
            .await?;
        all(READERS, &rows, reader)
    }

    /// Says what a link shows that a reader made.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_link_choice(&mut self, choice: &LinkChoice) -> Result<(), StoreError> {
        let Envelope { key_id, nonce, bytes } = &choice.personal;
        sqlx::query("INSERT INTO link_choices (link, pupil, key_id, nonce, personal) VALUES ($1, $2, $3, $4, $5)")
            .bind(choice.link.to_string())
            .bind(choice.pupil.to_string())
            .bind(key_id)
            .bind(nonce.to_vec())
            .bind(bytes.clone())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Whether a reader made this link.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_readers_link(&mut self, link: &Id) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM link_choices WHERE link = $1").bind(link.to_string());
        Ok(found.fetch_optional(self.connection()).await?.is_some())
    }

    /// What the links show that readers of this book made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link_choices_of(&mut self, pupil: &Id) -> Result<BTreeMap<Id, LinkChoice>, StoreError> {
        let rows = sqlx::query("SELECT * FROM link_choices WHERE pupil = $1")
            .bind(pupil.to_string())
            .fetch_all(self.connection())
            .await?;
        Ok(all(CHOICES, &rows, choice)?.into_iter().map(|choice| (choice.link, choice)).collect())
    }

    /// What links show, page by page; for `hocba fsck`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link_choices_after(&mut self, after: Option<&Id>, limit: u32) -> Result<Vec<LinkChoice>, StoreError> {
        let rows = sqlx::query("SELECT * FROM link_choices WHERE link > $1 ORDER BY link LIMIT $2")
            .bind(after.map(ToString::to_string).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(CHOICES, &rows, choice)
    }

    /// Adds a request that is asked for.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_request(&mut self, request: &StoredRequest) -> Result<(), StoreError> {
        let Envelope { key_id, nonce, bytes } = &request.personal;
        sqlx::query(
            "INSERT INTO reader_requests (id, record, version, account, state, key_id, nonce, personal, asked_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(request.id.to_string())
        .bind(request.record.to_string())
        .bind(i64::from(request.version))
        .bind(request.account.to_string())
        .bind(request.state.as_str())
        .bind(key_id)
        .bind(nonce.to_vec())
        .bind(bytes.clone())
        .bind(request.asked_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends an open request, with what is said of it now.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where it is not open any more.
    pub async fn end_request(
        &mut self,
        id: &Id,
        state: RequestState,
        personal: &Envelope,
        answered_by: Option<&str>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE reader_requests SET state = $1, key_id = $2, nonce = $3, personal = $4, answered_by = $5, ended_at = $6 \
             WHERE id = $7 AND state = $8",
        )
        .bind(state.as_str())
        .bind(&personal.key_id)
        .bind(personal.nonce.to_vec())
        .bind(personal.bytes.clone())
        .bind(answered_by)
        .bind(now.seconds())
        .bind(id.to_string())
        .bind(RequestState::Open.as_str())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the request")
    }

    /// The request of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn request(&mut self, id: &Id) -> Result<Option<StoredRequest>, StoreError> {
        let row = sqlx::query("SELECT * FROM reader_requests WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe(REQUESTS, row.as_ref(), request)
    }

    /// The requests of a record, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn requests_of(&mut self, record: &RecordId) -> Result<Vec<StoredRequest>, StoreError> {
        let rows = sqlx::query("SELECT * FROM reader_requests WHERE record = $1 ORDER BY asked_at DESC, id")
            .bind(record.to_string())
            .fetch_all(self.connection())
            .await?;
        all(REQUESTS, &rows, request)
    }

    /// The requests of a class's records, those that are open first, then the newest first: at most so many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn requests_of_class(&mut self, class: &Id, limit: u32) -> Result<Vec<StoredRequest>, StoreError> {
        let rows = sqlx::query(
            "SELECT w.* FROM reader_requests w JOIN records r ON r.id = w.record WHERE r.class = $1 \
             ORDER BY CASE w.state WHEN 'open' THEN 0 ELSE 1 END, w.asked_at DESC, w.id LIMIT $2",
        )
        .bind(class.to_string())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all(REQUESTS, &rows, request)
    }

    /// How many requests wait for an answer, by class of a school.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_requests_at(&mut self, school: &SchoolCode) -> Result<BTreeMap<Id, u64>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.id AS class, COUNT(*) AS waiting FROM reader_requests w JOIN records r ON r.id = w.record \
             JOIN classes c ON c.id = r.class WHERE w.state = 'open' AND c.school = $1 GROUP BY c.id",
        )
        .bind(school.as_str())
        .fetch_all(self.connection())
        .await?;
        let read = |row: &Row<'_>| Ok((row.parsed("class")?, row.number("waiting")?));
        Ok(all(REQUESTS, &rows, read)?.into_iter().collect())
    }

    /// Requests, page by page; for `hocba fsck`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn requests_after(&mut self, after: Option<&Id>, limit: u32) -> Result<Vec<StoredRequest>, StoreError> {
        let rows = sqlx::query("SELECT * FROM reader_requests WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(ToString::to_string).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(REQUESTS, &rows, request)
    }
}

fn reader(row: &Row<'_>) -> Result<Reader, StoreError> {
    Ok(Reader {
        account: row.parsed("account")?,
        pupil: row.parsed("pupil")?,
        relation: row.parsed("relation")?,
        made_by: row.text("made_by")?,
        made_at: row.time("made_at")?,
    })
}

fn envelope(row: &Row<'_>) -> Result<Envelope, StoreError> {
    Ok(Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes: row.bytes("personal")? })
}

fn choice(row: &Row<'_>) -> Result<LinkChoice, StoreError> {
    Ok(LinkChoice { link: row.parsed("link")?, pupil: row.parsed("pupil")?, personal: envelope(row)? })
}

fn request(row: &Row<'_>) -> Result<StoredRequest, StoreError> {
    Ok(StoredRequest {
        id: row.parsed("id")?,
        record: row.parsed("record")?,
        version: row.number("version")?,
        account: row.parsed("account")?,
        state: row.parsed("state")?,
        personal: envelope(row)?,
        asked_at: row.time("asked_at")?,
        ended_at: row.time_opt("ended_at")?,
        answered_by: row.text_opt("answered_by")?,
    })
}
