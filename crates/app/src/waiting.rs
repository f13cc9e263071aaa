//! What waits for whom: by what somebody may do, and how far the records of their schools are. How it is said and where it
//! leads is the page's; how many things there are, an e-mail says.

use std::collections::BTreeSet;

use hocba_record::types::{ClassName, SchoolCode};
use hocba_store::model::{Account, Class, ClassKind, KeptKind};
use hocba_workbook::{Limits, Mapping, preview};

use crate::{
    Actor, App, AppError, ClassRead, Import, Kept, PublicState, YearView,
    policy::{Action, Place, may, may_within},
};

/// Schools of one person that are looked into: a home page is not a report.
const MOST_SCHOOLS: usize = 10;

/// Something that waits for somebody.
#[derive(Debug, Clone)]
pub enum Waiting {
    /// A class has no marks yet.
    Marks {
        /// School.
        school: SchoolCode,
        /// Class.
        class: ClassName,
    },
    /// Marks of a class were sent and have faults, or were not taken yet.
    Faults {
        /// School.
        school: SchoolCode,
        /// What was sent.
        sent: MarksSent,
    },
    /// Records of a class were returned.
    Returned {
        /// Class.
        class: Class,
        /// How many.
        count: usize,
    },
    /// Records of a class wait to be signed.
    ToSign {
        /// Class.
        class: Class,
        /// How many.
        count: usize,
    },
    /// Records wait for the principal.
    ToCoSign {
        /// School.
        school: SchoolCode,
        /// Of so many classes.
        classes: usize,
        /// How many.
        count: usize,
    },
    /// Records wait for the school's seal.
    ToSeal {
        /// School.
        school: SchoolCode,
        /// Of so many classes.
        classes: usize,
        /// How many.
        count: usize,
    },
    /// Sealed corrections of a class of which nobody signed yet that they take the place of what was before.
    ToSupersede {
        /// Class.
        class: Class,
        /// How many.
        count: usize,
    },
    /// Pupils or parents ask about a class.
    Requests {
        /// Class.
        class: Class,
        /// How many.
        count: u64,
    },
    /// Homeroom teachers wait to be given their classes.
    ToAppoint {
        /// School.
        school: SchoolCode,
        /// How many.
        count: usize,
    },
    /// No school year is open.
    Year {
        /// School.
        school: SchoolCode,
    },
    /// The school lacks so many things before its first class can be signed.
    Opening {
        /// School.
        school: SchoolCode,
        /// How many.
        count: usize,
    },
}

/// How far the marks of a class are that somebody sent and did not take yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarksSent {
    /// The class, as the file says it.
    pub class: String,
    /// Pupils in it.
    pub pupils: usize,
    /// Errors in it.
    pub faults: usize,
}

impl MarksSent {
    /// Of a file that [`App::sent_marks`] gave; none where it does not say of which class it is. Reads the spreadsheet, which
    /// keeps a core busy: call it where that holds up nobody.
    pub fn of(kept: &Kept, school: &SchoolCode) -> Option<Self> {
        let import = Import::at(school);
        let shown = preview(&kept.bytes, &Limits::default(), &import.hints, &Mapping::default()).ok()?;
        let class = shown.class.iter().find(|field| field.field == "class").and_then(|field| field.value.clone())?;
        let pupils = shown.sheets.iter().map(|sheet| sheet.pupils).max().unwrap_or_default();
        let findings = ClassRead::findings_of(&App::read_pupils(&kept.bytes, &import));
        Some(Self { class, pupils, faults: findings.iter().filter(|finding| finding.is_error()).count() })
    }
}

/// The schools that somebody works at; the first ten.
pub fn own_schools(account: &Account) -> Vec<SchoolCode> {
    let schools: BTreeSet<SchoolCode> = account.grants.iter().filter_map(|grant| grant.school.clone()).collect();
    schools.into_iter().take(MOST_SCHOOLS).collect()
}

impl App {
    /// The workbook of marks that the actor sent to a school and did not take yet, where they may still do so.
    ///
    /// # Errors
    /// Those of [`App::kept_files`].
    pub async fn sent_marks(&self, actor: &Actor, school: &SchoolCode) -> Result<Option<Kept>, AppError> {
        self.kept_marks(actor, school, Action::Import).await
    }

    /// The workbook of a year on paper that somebody sent and has not taken: the same place, for whoever converts.
    ///
    /// # Errors
    /// As [`App::kept_files`].
    pub async fn sent_conversion(&self, actor: &Actor, school: &SchoolCode) -> Result<Option<Kept>, AppError> {
        self.kept_marks(actor, school, Action::Convert).await
    }

    async fn kept_marks(&self, actor: &Actor, school: &SchoolCode, by: Action) -> Result<Option<Kept>, AppError> {
        if !may_within(actor, by, school) {
            return Ok(None);
        }
        let kept = self.kept_files(actor, school).await?;
        Ok(kept.into_iter().find(|kept| kept.kind == KeptKind::Marks))
    }

    /// What waits for somebody, school by school ([`own_schools`]). A department's own work has a page of its own.
    ///
    /// Reads the spreadsheets that they sent ([`MarksSent::of`]), one at a time.
    ///
    /// # Errors
    /// The database's; `Damaged`.
    pub async fn waiting(&self, actor: &Actor) -> Result<Vec<Waiting>, AppError> {
        let mut found = Vec::new();
        for school in actor.account().map(own_schools).unwrap_or_default() {
            let kept = self.sent_marks(actor, &school).await?;
            let sent = kept.and_then(|kept| MarksSent::of(&kept, &school));
            found.extend(self.waiting_at(actor, &school, sent).await?);
        }
        Ok(found)
    }

    /// What waits for somebody at a school: in the newest year that is open, or in any where years are not kept. `sent` is
    /// what became of [`App::sent_marks`].
    ///
    /// # Errors
    /// The database's; `Damaged`.
    pub async fn waiting_at(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        sent: Option<MarksSent>,
    ) -> Result<Vec<Waiting>, AppError> {
        let mut found = Vec::new();
        let here = |action| may(actor, action, Place::School(school));
        let year = match here(Action::ReadStates) {
            true => YearView::newest_open(&self.school_years(actor, school).await?),
            false => None,
        };
        if here(Action::PrepareSchool) {
            match year {
                None => found.push(Waiting::Year { school: school.clone() }),
                Some(year) => {
                    let items = self.opening_state(actor, school, year).await?;
                    let count = items.iter().filter(|item| !item.is_settled()).count();
                    if count > 0 {
                        found.push(Waiting::Opening { school: school.clone(), count });
                    }
                }
            }
        }
        if here(Action::AppointTeacher)
            && let Some(what) = self.homerooms(actor, school).await?
        {
            let count = self.to_be_appointed(actor, school, what).await?.len();
            if count > 0 {
                found.push(Waiting::ToAppoint { school: school.clone(), count });
            }
        }
        let classes = self.school_classes(actor, school, year).await?;
        let sent = sent.filter(|_| may_within(actor, Action::Import, school));
        if let Some(sent) = &sent {
            found.push(Waiting::Faults { school: school.clone(), sent: sent.clone() });
        }
        let grants = actor.account().into_iter().flat_map(|account| &account.grants);
        let own = grants.filter(|grant| grant.school.as_ref() == Some(school));
        for (of, name) in own.filter_map(|grant| grant.class.as_ref()) {
            let theirs = may(actor, Action::Import, Place::Class(school, *of, name));
            let said = sent.as_ref().is_some_and(|sent| sent.class == name.as_str());
            if theirs && !said && !classes.iter().any(|(class, _)| (class.year, &class.name) == (*of, name)) {
                found.push(Waiting::Marks { school: school.clone(), class: name.clone() });
            }
        }
        for (class, count) in self.open_requests(actor, school).await? {
            found.push(Waiting::Requests { class, count });
        }
        let (mut to_co_sign, mut to_seal) = ((0, 0), (0, 0));
        for (class, counts) in classes {
            let count = |state| counts.get(&state).copied().unwrap_or_default();
            let mine = |action| may(actor, action, Place::of(&class));
            let add = |sum: &mut (usize, usize), count: usize| {
                if count > 0 {
                    *sum = (sum.0 + 1, sum.1 + count);
                }
            };
            // A record from paper begins with the principal.
            let drafts = count(PublicState::Draft);
            let (to_sign, from_paper) = if class.kind == ClassKind::Year { (drafts, 0) } else { (0, drafts) };
            if mine(Action::CoSign) {
                add(&mut to_co_sign, count(PublicState::TeacherSigned) + from_paper);
            }
            if mine(Action::Seal) {
                add(&mut to_seal, count(PublicState::CoSigned));
            }
            if mine(Action::Sign) {
                let returned = count(PublicState::Returned);
                if returned > 0 {
                    found.push(Waiting::Returned { class: class.clone(), count: returned });
                }
                if to_sign > 0 {
                    found.push(Waiting::ToSign { class, count: to_sign });
                }
            }
        }
        if let (classes @ 1.., count) = to_co_sign {
            found.push(Waiting::ToCoSign { school: school.clone(), classes, count });
        }
        if let (classes @ 1.., count) = to_seal {
            found.push(Waiting::ToSeal { school: school.clone(), classes, count });
        }
        // Of any year: what is corrected may be old.
        let due = self.superseding_due(actor, school).await?;
        found.extend(due.into_iter().map(|(class, count)| Waiting::ToSupersede { class, count }));
        Ok(found)
    }
}
