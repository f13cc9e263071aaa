//! What authorities said of revocations, and what they have yet to say.

use hocba_bundle::evidence::EvidenceKind;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, UnixTime},
};
use hocba_signature::statement::Statement;

use crate::{
    StoreError, Tx,
    model::{Batch, EvidenceWant, LeafKind, School, StoredEvidence, WantOutcome},
    row::{Row, all, maybe, one},
};

const TABLE: &str = "evidence";
const WANTS: &str = "evidence_wants";

/// A piece of evidence without its statement: what lists and choices go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceLine {
    /// The first 128 bits of its leaf.
    pub id: RecordId,
    /// In which form.
    pub kind: EvidenceKind,
    /// Public key of the authority.
    pub issuer: Sha256Digest,
    /// Of which certificate; none where it speaks of all.
    pub certificate: Option<Sha256Digest>,
    /// The moment whose state it tells.
    pub this_update: UnixTime,
    /// When a newer one was to be had at the latest.
    pub next_update: Option<UnixTime>,
    /// When it came.
    pub fetched_at: UnixTime,
    /// Block time of its batch, once that is final.
    pub anchored_at: Option<UnixTime>,
}

/// How far the authorities are behind what they have to say. Certificates are counted, not signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those whose authority cannot have said it yet.
    pub early: u64,
    /// Those whose authority should have said it.
    pub due: u64,
    /// Since when the longest of them.
    pub due_since: Option<UnixTime>,
    /// Those of which nothing will prove something that rests on them.
    pub silent: u64,
}

impl Tx {
    /// Keeps an answer; whether it is new. The same answer stays as it came first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_evidence(&mut self, evidence: &StoredEvidence) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO evidence \
             (id, leaf, kind, issuer, certificate, this_update, next_update, fetched_at, statement) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        )
        .bind(evidence.id.to_string())
        .bind(evidence.statement.leaf_hash().as_bytes().to_vec())
        .bind(kind_word(evidence.kind))
        .bind(evidence.issuer.to_string())
        .bind(evidence.certificate.map(|c| c.to_string()))
        .bind(evidence.this_update.seconds())
        .bind(evidence.next_update.map(UnixTime::seconds))
        .bind(evidence.fetched_at.seconds())
        .bind(evidence.statement.to_bytes())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The evidence of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn evidence(&mut self, id: &RecordId) -> Result<Option<StoredEvidence>, StoreError> {
        let row = sqlx::query("SELECT * FROM evidence WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe(TABLE, row.as_ref(), evidence)
    }

    /// Evidence in the order of ids: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn evidence_ids_after(
        &mut self,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Vec<RecordId>, StoreError> {
        let rows = sqlx::query("SELECT id FROM evidence WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.map_or(String::new(), ToString::to_string))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, |row| row.parsed("id"))
    }

    /// What an authority said of one of its certificates, or of all, the oldest moment first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn evidence_about(
        &mut self,
        issuer: &Sha256Digest,
        certificate: Option<&Sha256Digest>,
    ) -> Result<Vec<EvidenceLine>, StoreError> {
        let sql = match certificate {
            Some(_) => {
                "SELECT e.id, e.kind, e.issuer, e.certificate, e.this_update, e.next_update, e.fetched_at, \
                 b.block_time AS anchored_at FROM evidence e \
                 LEFT JOIN leaves l ON l.kind = 'evidence' AND l.subject = e.id LEFT JOIN batches b ON b.id = l.batch \
                 WHERE e.issuer = $1 AND e.certificate = $2 ORDER BY e.this_update, e.id"
            }
            None => {
                "SELECT e.id, e.kind, e.issuer, e.certificate, e.this_update, e.next_update, e.fetched_at, \
                 b.block_time AS anchored_at FROM evidence e \
                 LEFT JOIN leaves l ON l.kind = 'evidence' AND l.subject = e.id LEFT JOIN batches b ON b.id = l.batch \
                 WHERE e.issuer = $1 AND e.certificate IS NULL ORDER BY e.this_update, e.id"
            }
        };
        let mut query = sqlx::query(sql).bind(issuer.to_string());
        if let Some(certificate) = certificate {
            query = query.bind(certificate.to_string());
        }
        let rows = query.fetch_all(self.connection()).await?;
        all(TABLE, &rows, line)
    }

    /// The newest evidence, at most so many; the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_evidence(&mut self, limit: u32) -> Result<Vec<EvidenceLine>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.id, e.kind, e.issuer, e.certificate, e.this_update, e.next_update, e.fetched_at, \
                 b.block_time AS anchored_at FROM evidence e \
             LEFT JOIN leaves l ON l.kind = 'evidence' AND l.subject = e.id LEFT JOIN batches b ON b.id = l.batch \
             ORDER BY e.fetched_at DESC, e.id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, line)
    }

    /// Number of answers kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_evidence(&mut self) -> Result<u64, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM evidence").fetch_one(self.connection()).await?;
        Ok(n.unsigned_abs())
    }

    /// Whether an authority's answer about a certificate, or about all of its, came at this time or later and is not
    /// past its end.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_evidence_since(
        &mut self,
        issuer: &Sha256Digest,
        certificate: &Sha256Digest,
        since: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let (n,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM evidence WHERE issuer = $1 AND (certificate IS NULL OR certificate = $2) \
             AND fetched_at >= $3 AND (next_update IS NULL OR next_update > $4)",
        )
        .bind(issuer.to_string())
        .bind(certificate.to_string())
        .bind(since.seconds())
        .bind(now.seconds())
        .fetch_one(self.connection())
        .await?;
        Ok(n > 0)
    }

    /// Notes that an authority has to speak of a certificate. One about the same certificate and block time stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_want(&mut self, want: &EvidenceWant) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO evidence_wants (certificate, anchored_at, wanted_from, school) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (certificate, anchored_at) DO NOTHING",
        )
        .bind(want.certificate.to_string())
        .bind(want.anchored_at.seconds())
        .bind(want.wanted_from.seconds())
        .bind(want.school.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What an authority has yet to say of a certificate, the earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_wants(&mut self, certificate: &Sha256Digest) -> Result<Vec<EvidenceWant>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM evidence_wants WHERE certificate = $1 AND outcome IS NULL ORDER BY wanted_from, anchored_at",
        )
        .bind(certificate.to_string())
        .fetch_all(self.connection())
        .await?;
        all(WANTS, &rows, want)
    }

    /// Certificates that an authority has yet to speak of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wanting(&mut self) -> Result<Vec<Sha256Digest>, StoreError> {
        let sql = "SELECT DISTINCT certificate FROM evidence_wants WHERE outcome IS NULL ORDER BY certificate";
        let rows = sqlx::query(sql).fetch_all(self.connection()).await?;
        all(WANTS, &rows, |row| row.parsed("certificate"))
    }

    /// What authorities did not let count, or will never prove: block time and certificate, by these.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn lost_wants(&mut self) -> Result<Vec<((UnixTime, Sha256Digest), WantOutcome)>, StoreError> {
        let rows = sqlx::query(
            "SELECT certificate, anchored_at, outcome FROM evidence_wants WHERE outcome IN ('fallen', 'silent') \
             ORDER BY anchored_at, certificate",
        )
        .fetch_all(self.connection())
        .await?;
        all(WANTS, &rows, |row| Ok(((row.time("anchored_at")?, row.parsed("certificate")?), row.parsed("outcome")?)))
    }

    /// Notes what came of a want, once.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that was noted before.
    pub async fn decide_want(
        &mut self,
        want: &EvidenceWant,
        outcome: WantOutcome,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE evidence_wants SET outcome = $1, decided_at = $2 \
             WHERE certificate = $3 AND anchored_at = $4 AND outcome IS NULL",
        )
        .bind(outcome.as_str())
        .bind(now.seconds())
        .bind(want.certificate.to_string())
        .bind(want.anchored_at.seconds())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "what has to be asked")
    }

    /// How far the authorities are behind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wanted(&mut self, now: UnixTime) -> Result<Wanted, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(DISTINCT CASE WHEN outcome IS NULL THEN certificate END) AS open, \
             COUNT(DISTINCT CASE WHEN outcome IS NULL AND wanted_from <= $1 THEN certificate END) AS due, \
             COUNT(DISTINCT CASE WHEN outcome = 'silent' THEN certificate END) AS silent, \
             MIN(CASE WHEN outcome IS NULL AND wanted_from <= $1 THEN wanted_from END) AS due_since FROM evidence_wants",
        )
        .bind(now.seconds())
        .fetch_one(self.connection())
        .await?;
        let row = Row::of(WANTS, &row);
        let (open, due): (u64, u64) = (row.number("open")?, row.number("due")?);
        let silent = row.number("silent")?;
        Ok(Wanted { early: open.saturating_sub(due), due, due_since: row.time_opt("due_since")?, silent })
    }

    /// The anchored batch of the lowest number of which it was not noted yet what its signers need.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unnoted_batch(&mut self) -> Result<Option<Batch>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM batches WHERE chain_index IS NOT NULL AND wants_noted IS NULL AND kind <> 'evidence' \
             ORDER BY id LIMIT 1",
        )
        .fetch_optional(self.connection())
        .await?;
        maybe("batches", row.as_ref(), crate::anchoring::batch)
    }

    /// Notes that of this batch it is noted now, once.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was before.
    pub async fn note_wants(&mut self, batch: i64, now: UnixTime) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE batches SET wants_noted = $1 WHERE id = $2 AND wants_noted IS NULL")
            .bind(now.seconds())
            .bind(batch)
            .execute(self.connection())
            .await?;
        one(done.rows_affected(), "the batch")
    }

    /// Signed statements of a batch from this place on, with their schools.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn statements_of(
        &mut self,
        batch: &Batch,
        from: u32,
        limit: u32,
    ) -> Result<Vec<(u32, SchoolCode, Statement)>, StoreError> {
        let sql = match batch.kind {
            LeafKind::Record => {
                "SELECT l.position, l.school, v.statement FROM leaves l \
                 JOIN record_versions v ON v.record = l.subject AND v.version = l.version \
                 WHERE l.batch = $1 AND l.position >= $2 AND v.statement IS NOT NULL ORDER BY l.position LIMIT $3"
            }
            LeafKind::Appointment => {
                "SELECT l.position, l.school, a.statement FROM leaves l JOIN appointments a ON a.id = l.subject \
                 WHERE l.batch = $1 AND l.position >= $2 ORDER BY l.position LIMIT $3"
            }
            LeafKind::Evidence => return Ok(Vec::new()),
        };
        let rows = sqlx::query(sql)
            .bind(batch.id)
            .bind(i64::from(from))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all("leaves", &rows, |row| Ok((row.number("position")?, row.parsed("school")?, crate::people::statement(row)?)))
    }

    /// The certificate of this digest, in DER.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn certificate(&mut self, digest: &Sha256Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT der FROM certificates WHERE digest = $1")
            .bind(digest.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe("certificates", row.as_ref(), |row| row.bytes("der"))
    }

    /// A school that works with a certificate: one that it is appointed in, else any.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn school_of_certificate(&mut self, digest: &Sha256Digest) -> Result<Option<School>, StoreError> {
        let row = sqlx::query(
            "SELECT s.* FROM schools s LEFT JOIN appointments a ON a.school = s.code AND a.certificate = $1 \
             ORDER BY CASE WHEN a.id IS NULL THEN 1 ELSE 0 END, s.code LIMIT 1",
        )
        .bind(digest.to_string())
        .fetch_optional(self.connection())
        .await?;
        maybe("schools", row.as_ref(), crate::people::school)
    }
}

fn kind_word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Crl => "crl",
        EvidenceKind::Ocsp => "ocsp",
    }
}

fn kind_of(row: &Row<'_>) -> Result<EvidenceKind, StoreError> {
    match row.text("kind")?.as_str() {
        "crl" => Ok(EvidenceKind::Crl),
        "ocsp" => Ok(EvidenceKind::Ocsp),
        _ => Err(StoreError::Inconsistent { table: TABLE, column: "kind", row: None }),
    }
}

fn evidence(row: &Row<'_>) -> Result<StoredEvidence, StoreError> {
    Ok(StoredEvidence {
        id: row.parsed("id")?,
        kind: kind_of(row)?,
        issuer: row.parsed("issuer")?,
        certificate: row.parsed_opt("certificate")?,
        this_update: row.time("this_update")?,
        next_update: row.time_opt("next_update")?,
        fetched_at: row.time("fetched_at")?,
        statement: crate::people::statement(row)?,
    })
}

fn line(row: &Row<'_>) -> Result<EvidenceLine, StoreError> {
    Ok(EvidenceLine {
        id: row.parsed("id")?,
        kind: kind_of(row)?,
        issuer: row.parsed("issuer")?,
        certificate: row.parsed_opt("certificate")?,
        this_update: row.time("this_update")?,
        next_update: row.time_opt("next_update")?,
        fetched_at: row.time("fetched_at")?,
        anchored_at: row.time_opt("anchored_at")?,
    })
}

fn want(row: &Row<'_>) -> Result<EvidenceWant, StoreError> {
    Ok(EvidenceWant {
        certificate: row.parsed("certificate")?,
        anchored_at: row.time("anchored_at")?,
        wanted_from: row.time("wanted_from")?,
        school: row.parsed("school")?,
        outcome: row.parsed_opt("outcome")?,
    })
}
