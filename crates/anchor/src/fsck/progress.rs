//! The figures kept of each class: counted again from class lists, records, leaves and batches.

use std::collections::BTreeMap;

use hocba_record::types::{ClassName, SchoolCode, SchoolYear};
use hocba_store::{ClassProgress, Figures, StoreError};

use super::{Counted, Look, Place, What, readable};

type Kept = BTreeMap<(SchoolYear, ClassName), ClassProgress>;

fn by_class(rows: Vec<ClassProgress>) -> Kept {
    rows.into_iter().map(|row| ((row.year, row.class.clone()), row)).collect()
}

impl Look<'_> {
    /// A school at a time, so that memory stays bounded.
    pub(super) async fn progress(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let schools = self.tx.schools().await;
        let Some(schools) = readable(&mut self.report, &Place::Database, schools)? else { return Ok(()) };
        for school in schools {
            self.progress_of(&school.code).await?;
            tell(&self.report.counted);
        }
        Ok(())
    }

    async fn progress_of(&mut self, school: &SchoolCode) -> Result<(), StoreError> {
        let (kept, last, counted) = (
            self.tx.class_progress(school).await,
            self.tx.last_days(school).await,
            self.tx.counted_progress(school).await,
        );
        let kept = readable(&mut self.report, &Place::Database, kept)?;
        let last = readable(&mut self.report, &Place::Database, last)?;
        let counted = readable(&mut self.report, &Place::Database, counted)?;
        let (Some(kept), Some(last), Some(counted)) = (kept, last, counted) else { return Ok(()) };
        let (mut kept, last) = (by_class(kept), by_class(last));
        for class in counted {
            self.report.counted.classes += 1;
            let key = (class.year, class.class.clone());
            let place = Place::Progress(school.clone(), class.year, class.class.clone());
            let Some(kept) = kept.remove(&key) else {
                self.report.add(place, What::Figures("no figures of it are kept"));
                continue;
            };
            self.compare(&place, &kept.figures, &class.figures);
            if kept.grade != class.grade {
                self.report.add(place.clone(), What::Claims("grade"));
            }
            // What later days are compared with.
            match last.get(&key) {
                Some(last) if (last.day, last.figures) == (kept.day, kept.figures) => {}
                _ => self.report.add(place, What::Figures("its last day does not say what is kept of it")),
            }
        }
        for (year, class) in kept.into_keys() {
            let place = Place::Progress(school.clone(), year, class);
            self.report.add(place, What::Figures("there is no such class"));
        }
        Ok(())
    }

    fn compare(&mut self, place: &Place, kept: &Figures, counted: &Figures) {
        for ((figure, kept), (_, counted)) in kept.named().into_iter().zip(counted.named()) {
            if kept != counted {
                self.report.add(place.clone(), What::Figure { figure, kept, counted });
            }
        }
    }
}
