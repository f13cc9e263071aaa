//! The day on one page: what stands, and what changed since yesterday and in seven days.

use std::collections::BTreeMap;

use hocba_record::types::{SchoolCode, Text, UnixTime};
use hocba_store::{LevelFigures, day_of};

use super::{
    chain::ChainHealth,
    progress::{SchoolProgress, Sum, Watched, by_ward, total},
};
use crate::{
    Actor, App, AppError, EXPIRING,
    policy::{Action, require_somewhere},
};

/// Most schools that are named on the page: what an A4 page has room for.
pub const MAX_LAGGING: usize = 8;

/// A ward, now and before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WardDays {
    /// Which; none where the department's list does not say it.
    pub ward: Option<Text>,
    /// Now, at the end of yesterday, and at the end of the day a week ago.
    pub days: [Sum; 3],
}

/// One day.
#[derive(Debug, Clone)]
pub struct Daily {
    /// As of.
    pub at: UnixTime,
    /// All together: now, at the end of yesterday, and at the end of the day a week ago.
    pub days: [Sum; 3],
    /// Schools that go on and have no year open.
    pub without_year: u64,
    /// By ward.
    pub wards: Vec<WardDays>,
    /// Schools that are not done, the furthest behind first; at most [`MAX_LAGGING`].
    pub lagging: Vec<SchoolProgress>,
    /// How many are not done.
    pub unfinished: u64,
    /// Principals and seals with a certificate and without an appointment.
    pub unappointed: u64,
    /// Certificates that are over within [`EXPIRING`], or already.
    pub certificates: u64,
    /// How the public record does.
    pub chain: ChainHealth,
}

impl App {
    /// The day on one page, over all schools that the actor appoints at.
    ///
    /// # Errors
    /// `Forbidden` for whoever appoints at no school.
    pub async fn daily(&self, actor: &Actor) -> Result<Daily, AppError> {
        require_somewhere(actor, Action::AppointSchool)?;
        let at = self.edges().now();
        let today = day_of(at);
        let mut tx = self.store().read().await?;
        let watched = Watched::read(&mut tx, actor).await?;
        let mut schools = Vec::new();
        for day in [None, Some(today - 1), Some(today - 7)] {
            let rows: Vec<LevelFigures> = tx.level_figures(day).await?;
            schools.push(watched.schools(&rows, None, None));
        }
        let days = [0, 1, 2].map(|day: usize| schools.get(day).map_or(Sum::default(), |schools| total(schools)));
        let mut wards: BTreeMap<(bool, Option<Text>), [Sum; 3]> = BTreeMap::new();
        for (day, schools) in schools.iter().enumerate() {
            for ward in by_ward(schools) {
                if let Some(sum) = wards.entry((ward.ward.is_none(), ward.ward)).or_default().get_mut(day) {
                    *sum = ward.sum;
                }
            }
        }
        let mut lagging: Vec<SchoolProgress> = schools.swap_remove(0);
        lagging.retain(|school| !school.sum.figures.is_done());
        let unfinished = lagging.len() as u64;
        lagging.sort_by(|a, b| (a.sum.figures.permille(), &a.code).cmp(&(b.sum.figures.permille(), &b.code)));
        lagging.truncate(MAX_LAGGING);
        let codes: Vec<SchoolCode> = watched.lines.iter().map(|line| line.code.clone()).collect();
        let (mut unappointed, mut certificates) = (0, 0);
        for part in codes.chunks(hocba_store::MAX_SCHOOLS) {
            unappointed += tx.unappointed(part, at).await?.len() as u64;
            certificates += tx.certificates_over(part, at.plus(EXPIRING), u32::MAX).await?.len() as u64;
        }
        let wards = wards.into_iter().map(|((_, ward), days)| WardDays { ward, days }).collect();
        let without_year = watched.without_year(None);
        let chain = ChainHealth::of(&mut tx, self.settings().batch_age, at).await?;
        Ok(Daily { at, days, without_year, wards, lagging, unfinished, unappointed, certificates, chain })
    }
}
