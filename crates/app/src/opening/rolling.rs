//! From one school year to the next: who goes up, who repeats, who leaves; and the class lists that follow. No record is
//! touched: what is written is the next year's plan.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    section::{Identity, Promotion, Section},
    types::{ClassName, EducationLevel, Grade, SchoolCode, SchoolYear, Text},
};
use hocba_store::{
    Tx,
    model::{AuditEvent, ClassMember, Id, LeftOut, PlannedClass, RecordState},
    retrying,
};

use super::{Mode, require_year};
use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, may, require},
    schools::require_open,
};

/// What becomes of a pupil after a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// Lên lớp; from the last grade that the school teaches: leaves.
    Promote,
    /// Ở lại lớp.
    Repeat,
    /// Ra trường, thôi học.
    Leave,
    /// Chuyển trường.
    Transfer,
    /// Nothing says it yet: no sealed record, or one that waits for the summer. Whoever it is, is in no class of the next
    /// year until it is decided.
    Undecided,
}

impl Move {
    /// All, in their order.
    pub const ALL: [Move; 5] = [Move::Promote, Move::Repeat, Move::Leave, Move::Transfer, Move::Undecided];

    /// The word in files and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Move::Promote => "promote",
            Move::Repeat => "repeat",
            Move::Leave => "leave",
            Move::Transfer => "transfer",
            Move::Undecided => "undecided",
        }
    }

    /// The move of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == word)
    }

    /// In words: Vietnamese, English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Move::Promote => ("lên lớp", "promoted"),
            Move::Repeat => ("ở lại lớp", "repeats the grade"),
            Move::Leave => ("ra trường", "leaves the school"),
            Move::Transfer => ("chuyển trường", "moves to another school"),
            Move::Undecided => ("chưa quyết định", "undecided"),
        }
    }
}

/// How a year is rolled over.
#[derive(Debug, Clone, Default)]
pub struct RollOptions {
    /// What is decided otherwise than proposed, by class and number of the year that ends. It is kept: later calls need
    /// not say it again, and may say otherwise.
    pub decisions: BTreeMap<(ClassName, u32), Move>,
    /// Classes that are called otherwise in the next year than their name would make one expect; by their name of the
    /// year that ends.
    pub names: BTreeMap<ClassName, ClassName>,
    /// Which school goes on, where the school ended and several do.
    pub into: Option<SchoolCode>,
    /// Whom it is carried out for.
    pub reach: Reach,
    /// Only the pupils of this class of the year that ends: no other record is opened.
    pub class: Option<ClassName>,
}

/// For whom a rolling over is carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// For everybody.
    #[default]
    All,
    /// Decisions are kept, and those about pupils who are on a list of the next year already are carried out; nobody else
    /// is touched.
    Decided,
}

/// One pupil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveLine {
    /// Class of the year that ends.
    pub class: ClassName,
    /// Number in it.
    pub number: u32,
    /// What becomes of them.
    pub what: Move,
    /// Whether somebody decided it; otherwise it is proposed.
    pub decided: bool,
    /// The class of the next year.
    pub into: Option<ClassName>,
    /// Who it is: by the class list for whoever prepares the school, who handed it in; by a record alone only for whoever
    /// may read records.
    pub name: Option<Text>,
}

/// What rolling over did, or would do.
#[derive(Debug, Clone)]
pub struct RolledOver {
    /// The school of the next year: the same, or who goes on with its work.
    pub school: SchoolCode,
    /// Every pupil, by class and number.
    pub pupils: Vec<MoveLine>,
    /// Classes that are new.
    pub new_classes: Vec<ClassName>,
    /// Pupils put on a class list.
    pub placed: usize,
    /// Pupils who were on one already.
    pub unchanged: usize,
    /// Of a preview: classes of the year that ends whose name for the next year cannot be guessed and was not said.
    pub unnamed: BTreeSet<ClassName>,
    /// Of a preview: names for the next year that cannot be used, since the class has pupils of another school or is of
    /// another grade.
    pub taken: BTreeSet<ClassName>,
}

impl RolledOver {
    /// How many of each.
    pub fn counts(&self) -> BTreeMap<Move, usize> {
        let mut counts = BTreeMap::new();
        for line in &self.pupils {
            *counts.entry(line.what).or_default() += 1;
        }
        counts
    }
}

/// A pupil of the year that ends.
struct Pupil {
    pupil: Id,
    class: ClassName,
    grade: Grade,
    number: u32,
    identity: Identity,
    /// Whether a class list has them.
    listed: bool,
    proposed: Move,
}

impl App {
    /// Goes on from one year to the next: a class 9A3 for the pupils of 8A3 who go up, and so on; the last grade leaves.
    /// Who goes up is read from sealed records, and can be decided otherwise. Done again it changes nothing but what was
    /// decided since: whoever is on a list of the next year stays there. All in one transaction. A preview says what stands
    /// in the way of classes; done, the first of it is an error.
    ///
    /// # Errors
    /// `Forbidden`, at the school that goes on too; `UnknownSchool`; `YearNotOpen`, `YearClosed` for the next year;
    /// `RollOver`; `UnknownClass` or `UnknownNumber` for a decision about nobody; `ClassTaken`; `SchoolClosed` where the
    /// school ended and nobody, or not one alone, goes on.
    pub async fn roll_over(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        (from, to): (SchoolYear, SchoolYear),
        options: &RollOptions,
        mode: Mode,
    ) -> Result<RolledOver, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        if to.start() != from.start() + 1 {
            return Err(AppError::RollOver("from one year to the one after it"));
        }
        let view = self.school(school).await?;
        let target = match (view.closed_at, &options.into) {
            (None, None) => school.clone(),
            (None, Some(into)) if into == school => school.clone(),
            (None, Some(_)) => return Err(AppError::RollOver("the school goes on itself")),
            (Some(_), Some(into)) if view.today.contains(into) => into.clone(),
            (Some(_), into) => match (view.today.as_slice(), into) {
                ([only], None) => only.clone(),
                _ => return Err(AppError::SchoolClosed { school: school.clone(), successors: view.today }),
            },
        };
        require(actor, Action::PrepareSchool, Place::School(&target))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("roll_over").await?;
            require_open(&mut tx, &target).await?;
            require_year(&mut tx, &target, to).await?;
            let pupils = self.pupils_of(&mut tx, school, (from, to), options.class.as_ref()).await?;
            check_decisions(&pupils, options)?;
            let reads_records = may(actor, Action::ReadRecords, Place::School(school));
            let before = tx.moves(school, from).await?;
            let known = |pupil: &Id| before.get(pupil).and_then(|word| Move::named(word));
            let mut noted = 0;
            let levels = tx.listed_school(&target).await?.map(|listed| listed.levels).unwrap_or_default();
            let mut classes: BTreeMap<ClassName, PlannedClass> =
                tx.planned_classes(&target, to).await?.into_iter().map(|class| (class.name.clone(), class)).collect();
            let mut members = tx.members_of_year(&target, to).await?;
            let mut done = RolledOver {
                school: target.clone(),
                pupils: Vec::with_capacity(pupils.len()),
                new_classes: Vec::new(),
                placed: 0,
                unchanged: 0,
                unnamed: BTreeSet::new(),
                taken: BTreeSet::new(),
            };
            let (mut added, mut removed) = (Vec::new(), Vec::new());
            for pupil in pupils {
                let new = options.decisions.get(&(pupil.class.clone(), pupil.number)).copied();
                let decided = new.or(known(&pupil.pupil));
                if let Some(what) = new.filter(|what| known(&pupil.pupil) != Some(*what)) {
                    tx.note_move(school, from, (&pupil.pupil, what.as_str()), now).await?;
                    noted += 1;
                }
                let what = match decided.unwrap_or(pupil.proposed) {
                    Move::Promote if leaves(pupil.grade, &levels) => Move::Leave,
                    what => what,
                };
                let mut stays = false;
                let into = match what {
                    Move::Promote => match next_name(&pupil, options) {
                        Ok(name) => Some((next_grade(pupil.grade)?, name)),
                        // The name is asked for when the school is rolled over; until then they stay where they are.
                        Err(_) if options.reach == Reach::Decided => {
                            stays = true;
                            None
                        }
                        Err(_) if mode == Mode::Preview => {
                            done.unnamed.insert(pupil.class.clone());
                            None
                        }
                        Err(error) => return Err(error),
                    },
                    Move::Repeat => Some((pupil.grade, pupil.class.clone())),
                    Move::Leave | Move::Transfer | Move::Undecided => None,
                };
                let into_name = into.as_ref().map(|(_, name)| name.clone());
                let (class, number) = (pupil.class.clone(), pupil.number);
                let name = (pupil.listed || reads_records).then(|| pupil.identity.name.clone());
                let line = MoveLine { class, number, what, decided: decided.is_some(), into: into_name, name };
                done.pupils.push(line);
                if stays {
                    continue;
                }
                let here = members.iter().position(|member| member.pupil == pupil.pupil);
                let there = here.and_then(|place| members.get(place)).map(|member| member.class);
                let wanted = into.as_ref().and_then(|(_, name)| classes.get(name)).map(|class| class.id);
                // Whoever was put elsewhere by hand since stays there, unless it is decided anew.
                if there.is_some() && (there == wanted || new.is_none()) {
                    done.unchanged += 1;
                    continue;
                }
                // Nobody is put on a list by a decision alone.
                if options.reach == Reach::Decided && there.is_none() {
                    continue;
                }
                if let Some(place) = here {
                    let member = members.swap_remove(place);
                    // One that this call added is not stored yet; nobody is in the list twice.
                    removed.push((member.class, member.number));
                }
                let Some((grade, name)) = into else { continue };
                let class = match classes.get(&name) {
                    Some(class)
                        if mode == Mode::Preview
                            && (class.grade != grade || class.origin.as_ref().is_some_and(|o| o != school)) =>
                    {
                        done.taken.insert(name);
                        continue;
                    }
                    Some(class) if class.origin.as_ref().is_some_and(|origin| origin != school) => {
                        return Err(AppError::ClassTaken(name));
                    }
                    Some(class) if class.grade != grade => {
                        return Err(AppError::RollOver("the class is of another grade"));
                    }
                    Some(class) if class.origin.is_some() => class.clone(),
                    Some(class) => {
                        let class = PlannedClass { origin: Some(school.clone()), ..class.clone() };
                        tx.put_planned_class(&class, now).await?;
                        class
                    }
                    None => {
                        let class = PlannedClass {
                            id: Id::from_bytes(self.edges().bytes()?),
                            school: target.clone(),
                            year: to,
                            grade,
                            name: name.clone(),
                            homeroom: None,
                            origin: Some(school.clone()),
                        };
                        tx.put_planned_class(&class, now).await?;
                        done.new_classes.push(name.clone());
                        class
                    }
                };
                classes.insert(name, class.clone());
                let last = members.iter().filter(|m| m.class == class.id).map(|m| m.number).max().unwrap_or(0);
                let number = last + 1;
                let personal = self.seal_member(&class.id, number, &pupil.identity)?;
                let member = ClassMember { class: class.id, number, pupil: pupil.pupil, personal };
                members.push(member.clone());
                added.push(member);
                done.placed += 1;
            }
            if mode == Mode::Preview || done.placed + noted == 0 && removed.is_empty() {
                return Ok(done);
            }
            tx.remove_members(&removed).await?;
            tx.add_members(&added).await?;
            let reason = Some(format!("{from} {to}"));
            let action = match options.reach {
                Reach::All => "roll_over",
                Reach::Decided => "decide_moves",
            };
            tx.audit(&AuditEvent { reason, ..plain(actor, action, school.to_string(), now) }).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await
    }

    /// The pupils of a year with what its records say of them, by class and number: whoever has a record, and whoever is
    /// on a class list without one.
    async fn pupils_of(
        &self,
        tx: &mut Tx,
        school: &SchoolCode,
        (from, to): (SchoolYear, SchoolYear),
        only: Option<&ClassName>,
    ) -> Result<Vec<Pupil>, AppError> {
        let mut pupils: Vec<Pupil> = Vec::new();
        let mut known: BTreeSet<Id> = BTreeSet::new();
        let members = tx.members_of_year(school, from).await?;
        let on_lists: BTreeSet<Id> = members.iter().map(|member| member.pupil).collect();
        for class in tx.classes_of(school, from).await? {
            // A pupil is of the first class that has them, whichever is looked at.
            if only.is_some_and(|only| class.name != *only) {
                known.extend(tx.pupils_of_class(&class.id).await?.into_values());
                continue;
            }
            let versions = tx.records_of(&class.id).await?;
            let ids: Vec<Id> = versions.iter().filter_map(|version| version.pupil).collect();
            let mut sealed = tx.sealed_before(&ids, to.start()).await?;
            for version in versions {
                // A record from before pupils were kept: its pupil is put on a list by hand.
                let Some(pupil) = version.pupil.filter(|pupil| known.insert(*pupil)) else { continue };
                let of_pupil = sealed.remove(&pupil).unwrap_or_default();
                let in_force = of_pupil.into_iter().find(|other| other.record == version.record);
                let sections = self.personal(&version)?.sections().unwrap_or_default();
                let proposed = match (&in_force, version.left_out) {
                    (None, Some(LeftOut::Transferred)) => Move::Transfer,
                    (Some(sealed), _) if sealed.state != RecordState::Sealed => Move::Undecided,
                    // Mostly it is the latest version; opened once then.
                    (Some(sealed), _) if sealed.version == version.version => proposal(&sections),
                    (Some(sealed), _) => proposal(&self.personal(sealed)?.sections().unwrap_or_default()),
                    _ => Move::Undecided,
                };
                let identity = sections.into_iter().find_map(|section| match section {
                    Section::Identity(identity) => Some(Identity { book: None, ..identity }),
                    _ => None,
                });
                let what = "its sections are not of their form";
                let identity = identity.ok_or(AppError::Damaged { number: version.number, what })?;
                let (class, grade) = (class.name.clone(), class.grade);
                let (number, listed) = (version.number, on_lists.contains(&pupil));
                pupils.push(Pupil { pupil, class, grade, number, identity, listed, proposed });
            }
        }
        let planned: BTreeMap<Id, PlannedClass> =
            tx.planned_classes(school, from).await?.into_iter().map(|class| (class.id, class)).collect();
        for member in members {
            if !known.insert(member.pupil) {
                continue;
            }
            let Some(class) = planned.get(&member.class) else { continue };
            if only.is_some_and(|only| class.name != *only) {
                continue;
            }
            let identity = self.open_member(&member)?;
            pupils.push(Pupil {
                pupil: member.pupil,
                class: class.name.clone(),
                grade: class.grade,
                number: member.number,
                identity,
                listed: true,
                proposed: Move::Undecided,
            });
        }
        pupils.sort_by(|a, b| (&a.class, a.number).cmp(&(&b.class, b.number)));
        Ok(pupils)
    }
}

/// What a sealed record says of the next year.
fn proposal(sections: &[Section]) -> Move {
    let decision = sections.iter().find_map(|section| match section {
        Section::Promotion(promotion) => Some(promotion.decision),
        _ => None,
    });
    match decision {
        Some(Promotion::Promoted | Promotion::PromotedAfterSummer) => Move::Promote,
        Some(Promotion::Retained) => Move::Repeat,
        Some(Promotion::Pending) | None => Move::Undecided,
    }
}

/// Whether whoever is promoted from this grade leaves: the school teaches no higher one. Where the list does not say
/// which levels it teaches, it is the level of the grade.
fn leaves(grade: Grade, levels: &[EducationLevel]) -> bool {
    match next_grade(grade) {
        Err(_) => true,
        Ok(next) => {
            next.level() != grade.level() && !(levels.contains(&grade.level()) && levels.contains(&next.level()))
        }
    }
}

fn next_grade(grade: Grade) -> Result<Grade, AppError> {
    Grade::new(grade.number() + 1).map_err(|_| AppError::RollOver("there is no grade after grade 12"))
}

/// 9A3 for 8A3, or as it was said.
fn next_name(pupil: &Pupil, options: &RollOptions) -> Result<ClassName, AppError> {
    if let Some(name) = options.names.get(&pupil.class) {
        return Ok(name.clone());
    }
    let (grade, next) = (pupil.grade.number().to_string(), (pupil.grade.number() + 1).to_string());
    let unnamed =
        AppError::RollOver("a class whose name does not begin with its grade: say what it is called next year");
    let Some(rest) = pupil.class.as_str().strip_prefix(&grade) else { return Err(unnamed) };
    format!("{next}{rest}").parse().map_err(|_| unnamed)
}

/// Refuses decisions and names about nobody: a line of the wrong class must not be passed over in silence.
fn check_decisions(pupils: &[Pupil], options: &RollOptions) -> Result<(), AppError> {
    let known: BTreeSet<(&ClassName, u32)> = pupils.iter().map(|p| (&p.class, p.number)).collect();
    let classes: BTreeSet<&ClassName> = known.iter().map(|(class, _)| *class).collect();
    for class in options.decisions.keys().map(|(class, _)| class).chain(options.names.keys()) {
        if !classes.contains(class) {
            return Err(AppError::UnknownClass(class.clone()));
        }
    }
    match options.decisions.keys().find(|(class, number)| !known.contains(&(class, *number))) {
        Some((_, number)) => Err(AppError::UnknownNumber(*number)),
        None => Ok(()),
    }
}
