//! What the principal, and whoever seals, looks at before signing: the classes that wait, with what deserves a look in
//! each; and records given back, one class at a time.

use std::collections::BTreeMap;

use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, SchoolYear},
};
use hocba_store::{
    model::{Class, Id, RecordState, ReturnReason},
    retrying,
};

use crate::{
    Actor, App, AppError, Note, PublicState, Selection, Step,
    policy::{Action, Place, may, require},
    review::{self, Anomaly, ClassMarks, Past},
    state::public_state,
};

/// A class that waits for a signature.
#[derive(Debug, Clone)]
pub struct ClassReview {
    /// The class.
    pub class: Class,
    /// How many pupils are in each state.
    pub counts: BTreeMap<PublicState, usize>,
    /// Of the class as a whole.
    pub anomalies: Vec<Anomaly>,
    /// Those that wait, by number.
    pub waiting: Vec<ReviewedPupil>,
}

impl ClassReview {
    /// Records that have something to look at, and the class itself where it has.
    pub fn odd(&self) -> usize {
        self.waiting.iter().filter(|pupil| !pupil.anomalies.is_empty()).count() + self.anomalies.len()
    }
}

/// A record that waits.
#[derive(Debug, Clone)]
pub struct ReviewedPupil {
    /// Record.
    pub record: RecordId,
    /// +1 with every change.
    pub revision: i64,
    /// Number in the class list.
    pub number: u32,
    /// Name as printed, for those who may see records.
    pub name: Option<String>,
    /// What deserves a look.
    pub anomalies: Vec<Anomaly>,
}

impl App {
    /// The classes of a school, of a year or of all, in which records wait for a step that the actor may take, with what
    /// deserves a look: those with anomalies first, then by grade and name. Nothing where the actor may take it in none.
    /// Records are opened one after the other.
    ///
    /// # Errors
    /// `Damaged` for a record that does not open.
    pub async fn review(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: Option<SchoolYear>,
        step: Step,
    ) -> Result<Vec<ClassReview>, AppError> {
        let mut tx = self.store().read().await?;
        let classes = match year {
            Some(year) => tx.classes_of(school, year).await?,
            None => tx.classes_of_school(school).await?,
        };
        drop(tx);
        let mut found = Vec::new();
        for class in classes {
            let place = Place::of(&class);
            if Step::of(class.kind).contains(&step) && may(actor, step.action(), place) {
                let reads = may(actor, Action::ReadRecords, place);
                let review = self.review_class(class, step, reads).await?;
                found.extend(Some(review).filter(|review| !review.waiting.is_empty()));
            }
        }
        found.sort_by(|a, b| {
            let key = |review: &ClassReview| (review.odd() == 0, review.class.grade);
            key(a).cmp(&key(b)).then_with(|| a.class.name.cmp(&b.class.name))
        });
        Ok(found)
    }

    async fn review_class(&self, class: Class, step: Step, reads: bool) -> Result<ClassReview, AppError> {
        let mut tx = self.store().read().await?;
        let mut counts = BTreeMap::new();
        for line in tx.record_lines(&class.id).await? {
            *counts.entry(public_state(&line)).or_default() += 1;
        }
        let from = step.from(class.kind);
        let mut review = ClassReview { class, counts, anomalies: Vec::new(), waiting: Vec::new() };
        let versions = tx.records_of(&review.class.id).await?;
        if !versions.iter().any(|version| version.state == from && version.left_out.is_none()) {
            return Ok(review);
        }
        let pasts = review::pasts(&tx.events_in_class(&review.class.id, &review::EVENTS).await?);
        drop(tx);
        let mut marks = ClassMarks::default();
        for version in versions {
            let personal = self.personal(&version)?;
            if !personal.complete {
                continue;
            }
            let what = "its sections are not of their form";
            let sections = personal.sections().map_err(|_| AppError::Damaged { number: version.number, what })?;
            marks.add(&sections);
            if version.state != from || version.left_out.is_some() {
                continue;
            }
            let known = pasts.get(&(version.record.to_string(), version.version));
            let past = Past { renewed: version.renewed, ..known.copied().unwrap_or_default() };
            review.waiting.push(ReviewedPupil {
                record: version.record,
                revision: version.revision,
                number: version.number,
                name: personal.pupil_name().filter(|_| reads),
                anomalies: match reads {
                    true => review::of_record(&sections, &personal.warnings, &past),
                    false => Vec::new(),
                },
            });
        }
        if reads {
            review.anomalies = marks.anomalies();
        }
        Ok(review)
    }

    /// Returns the records of a class that the teacher signed and nobody co-signed, of those selected, in one
    /// transaction. Gives how many; none where none waits.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Changed`.
    pub async fn return_records(
        &self,
        actor: &Actor,
        class: &Id,
        selection: &Selection,
        reason: ReturnReason,
        note: Option<&Note>,
    ) -> Result<usize, AppError> {
        retrying(|| async {
            let mut tx = self.store().begin("return_records").await?;
            let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
            require(actor, Action::Return, Place::of(&class))?;
            let versions = tx.records_of(&class.id).await?;
            let waiting: Vec<_> = versions
                .into_iter()
                .filter(|version| version.state == RecordState::TeacherSigned && selection.takes(version.number))
                .collect();
            for version in &waiting {
                self.give_back(&mut tx, actor, version, (reason, note)).await?;
            }
            if !waiting.is_empty() {
                tx.commit().await?;
            }
            Ok(waiting.len())
        })
        .await
    }
}
