//! A class: imported from a spreadsheet, looked at, some left out, some returned.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    book::BookNumber,
    check::check,
    disclosure::Seed,
    draft::{ClassHeader, Draft},
    encoding::RecordId,
    rules::{self, Policies},
    section::{CONVERSION_MARK, ConversionSection, Identity, Section},
    types::{SchoolCode, SchoolYear, Text},
};
use hocba_store::{
    NewDraft, NewVersion, Tx,
    model::{AuditEvent, Class, ClassKind, Id, LeftOut, RecordState, RecordVersion, Renewal, ReturnReason},
    retrying,
};
use hocba_workbook::{ClassSheet, Finding, Hints, Limits, Mapping};

use crate::{
    Actor, App, AppError, AtStore, Note, Personal,
    books::{Known, Row, payload_digest},
    people::plain,
    policy::{Action, Place, may, require},
    review,
    schools::require_open,
    signing::event,
    state::{PublicState, public_state},
};

/// How a spreadsheet is imported.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Pupils the class goes on without, by number, and why: what is wrong or missing with them stops nobody else.
    pub leave_out: BTreeMap<u32, LeftOut>,
    /// Why sealed records that the spreadsheet changes get a new version; without a reason such an import is refused.
    pub renew: Option<Renewal>,
    /// The spreadsheet was entered from paper transcripts of an earlier year.
    pub conversion: Option<Conversion>,
    /// What is known of the class where the spreadsheet does not say it; what it does say must agree.
    pub hints: Hints,
    /// How columns are to be taken, where their headings mislead.
    pub mapping: Mapping,
}

/// Who took records over from paper (NĐ 137/2024 Art. 4); printed on each of them, with the time of the import.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// Full name of who entered them.
    pub converter: Text,
    /// Full name of who compared them with the paper a second time.
    pub compared_by: Option<Text>,
    /// The school that made the paper, as printed there, where it is another one.
    pub made_by: Option<Text>,
    /// Which paper.
    pub paper: Option<Text>,
}

impl Import {
    /// How a class is imported at a school: a workbook that says another one is refused.
    pub fn at(school: &SchoolCode) -> Self {
        Self { hints: Hints { school: Some(school.clone()), ..Hints::default() }, ..Self::default() }
    }

    /// What an actor needs to be allowed.
    pub(crate) fn action(&self) -> Action {
        if self.conversion.is_some() { Action::Convert } else { Action::Import }
    }

    /// What it makes of a class.
    pub(crate) fn kind(&self) -> ClassKind {
        if self.conversion.is_some() { ClassKind::Converted } else { ClassKind::Year }
    }
}

/// What an import did.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The class.
    pub class: Id,
    /// Pupils that can be signed.
    pub ready: usize,
    /// Those of the ready and the left out who had a draft that says the same: it stays as it is.
    pub kept: usize,
    /// Numbers left out.
    pub left_out: Vec<u32>,
    /// Signed before, and the same in the spreadsheet.
    pub unchanged: usize,
    /// Sealed before, and now with a draft of a new version.
    pub renewed: usize,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

/// A class with its pupils.
#[derive(Debug, Clone)]
pub struct ClassView {
    /// The class.
    pub class: Class,
    /// Its pupils, by number.
    pub pupils: Vec<PupilLine>,
}

/// One line of a class.
#[derive(Debug, Clone)]
pub struct PupilLine {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Number in the class list.
    pub number: u32,
    /// Where it is.
    pub state: PublicState,
    /// Why it was left out.
    pub left_out: Option<LeftOut>,
    /// Why it was returned.
    pub returned: Option<ReturnReason>,
    /// What the principal wrote then, for those who may see records.
    pub note: Option<String>,
    /// Whether its content was changed since it was returned.
    pub corrected: bool,
    /// Whether its marks are all there: without them it can be left out only. Told to those who may see records.
    pub complete: bool,
    /// Why there is a version after the first.
    pub renewed: Option<Renewal>,
    /// Name as printed, for those who may see it.
    pub name: Option<String>,
    /// What the ministry's store says of it, where it was sent there.
    pub at_store: Option<AtStore>,
}

/// Pupils of one class with their years, wherever they were read from.
pub(crate) struct Roll<'a> {
    pub header: &'a ClassHeader,
    /// By number in the class list.
    pub rows: Vec<(u32, &'a Draft)>,
    /// Whether these are all pupils of the class: a draft of nobody in the list is removed.
    pub whole: bool,
}

impl<'a> Roll<'a> {
    pub(crate) fn of(sheet: &'a ClassSheet) -> Self {
        let rows = sheet.rows.iter().map(|row| (row.number, &row.draft)).collect();
        Self { header: &sheet.header, rows, whole: true }
    }
}

/// What becomes of each row of a roll.
#[derive(Default)]
pub(crate) struct Plan {
    pub new: Vec<NewDraft>,
    pub replaced: Vec<(RecordVersion, Personal, Option<Id>)>,
    pub removed: Vec<RecordVersion>,
    pub renewed: Vec<NewVersion>,
    /// Signed, and the same.
    pub unchanged: usize,
    /// Drafts that are the same.
    pub kept: usize,
    /// Numbers of signed records that would say something else: never changed by an import.
    pub would_change: Vec<u32>,
}

impl Plan {
    /// Whether nothing is to be written.
    fn is_nothing(&self) -> bool {
        self.new.is_empty() && self.replaced.is_empty() && self.removed.is_empty() && self.renewed.is_empty()
    }
}

/// Reads a spreadsheet with all checks. Errors of pupils who are left out anyway do not count.
fn read_sound(bytes: &[u8], import: &Import) -> Result<(ClassSheet, Vec<Finding>), AppError> {
    let read = hocba_workbook::read_with(bytes, &Limits::default(), &import.hints, &import.mapping);
    let sheet = read.map_err(AppError::Unsound)?;
    let findings = sound(&sheet, &import.leave_out)?;
    Ok((sheet, findings))
}

/// All checks of a class that could be read: its warnings, if it has no error.
fn sound(sheet: &ClassSheet, leave_out: &BTreeMap<u32, LeftOut>) -> Result<Vec<Finding>, AppError> {
    let left_out = |index: usize| sheet.rows.get(index).is_some_and(|row| leave_out.contains_key(&row.number));
    let mut findings = sheet.warnings.clone();
    let of_pupils = sheet.check(&Policies::default());
    findings.extend(of_pupils.into_iter().filter(|(index, f)| !(f.is_error() && left_out(*index))).map(|(_, f)| f));
    if findings.iter().any(Finding::is_error) {
        return Err(AppError::Unsound(findings));
    }
    Ok(findings)
}

/// Those of the classes that an actor may see, with how many pupils are in each state.
async fn counted(
    tx: &mut Tx,
    actor: &Actor,
    classes: Vec<Class>,
) -> Result<Vec<(Class, BTreeMap<PublicState, usize>)>, AppError> {
    let mut seen = Vec::new();
    for class in classes.into_iter().filter(|class| may(actor, Action::ReadStates, Place::of(class))) {
        let mut counts = BTreeMap::new();
        for line in tx.record_lines(&class.id).await? {
            *counts.entry(public_state(&line)).or_default() += 1;
        }
        seen.push((class, counts));
    }
    Ok(seen)
}

impl App {
    /// Looks at a spreadsheet as an import would, and writes nothing.
    ///
    /// # Errors
    /// `Unsound` with all findings.
    pub fn look_at(bytes: &[u8], import: &Import) -> Result<Vec<Finding>, AppError> {
        read_sound(bytes, import).map(|(_, findings)| findings)
    }

    /// A spreadsheet's class with all checks, and what deserves a look; nothing is written.
    ///
    /// # Errors
    /// `Unsound` with all findings.
    pub fn read_class(bytes: &[u8], import: &Import) -> Result<(ClassSheet, Vec<Finding>), AppError> {
        read_sound(bytes, import)
    }

    /// Imports a class, or replaces its drafts that say something else. Records that are signed stay as they are, and the spreadsheet must say
    /// the same of them: whoever corrects one has it returned first.
    ///
    /// # Errors
    /// `Unsound` with all findings; `Forbidden`, `UnknownSchool`, `SchoolClosed`, `SignedWouldChange`, `UnknownNumber`,
    /// `Changed`.
    pub async fn import(&self, actor: &Actor, bytes: &[u8], import: &Import) -> Result<Imported, AppError> {
        let (sheet, warnings) = read_sound(bytes, import)?;
        self.take_sheet(actor, &sheet, import, warnings).await
    }

    /// Imports a class that was read already, out of many in one file. Its errors are those of [`App::import`].
    ///
    /// # Errors
    /// As for [`App::import`].
    pub async fn import_sheet(&self, actor: &Actor, sheet: &ClassSheet, import: &Import) -> Result<Imported, AppError> {
        let warnings = sound(sheet, &import.leave_out)?;
        self.take_sheet(actor, sheet, import, warnings).await
    }

    async fn take_sheet(
        &self,
        actor: &Actor,
        sheet: &ClassSheet,
        import: &Import,
        warnings: Vec<Finding>,
    ) -> Result<Imported, AppError> {
        let header = &sheet.header;
        require(actor, import.action(), Place::Class(&header.school, header.year, &header.class))?;
        let numbers: BTreeSet<u32> = sheet.rows.iter().map(|r| r.number).collect();
        if let Some(unknown) = import.leave_out.keys().find(|n| !numbers.contains(n)) {
            return Err(AppError::UnknownNumber(*unknown));
        }
        let mut imported = retrying(|| self.write_sheet(actor, sheet, import)).await?;
        imported.warnings.extend(warnings);
        Ok(imported)
    }

    async fn write_sheet(&self, actor: &Actor, sheet: &ClassSheet, import: &Import) -> Result<Imported, AppError> {
        let now = self.edges().now();
        let header = &sheet.header;
        let mut tx = self.store().begin("import_class").await?;
        let before = tx.class_named(&header.school, header.year, &header.class).await?;
        let class = self.class_of(&mut tx, &sheet.header, import.kind()).await?;
        let plan = self.plan(&mut tx, &class, &Roll::of(sheet), import).await?;
        if !plan.would_change.is_empty() {
            return Err(AppError::SignedWouldChange { class: class.name, numbers: plan.would_change });
        }
        self.carry_out(&mut tx, actor, &class, &plan).await?;
        let left_out_changed = self.set_left_out(&mut tx, actor, &class, import).await?;
        let rows: Vec<_> = sheet.rows.iter().map(|row| (row.number, &row.draft.identity)).collect();
        let warnings = self.compare_with_list(&mut tx, &class, &rows).await?;
        // Taken again, a spreadsheet leaves everything as it is, and no trace.
        let same_class = before.is_some_and(|before| before.grade == header.grade);
        if !same_class || left_out_changed || !plan.is_nothing() {
            tx.audit(&plain(actor, "import_class", class.id.to_string(), now)).await?;
            tx.commit().await?;
        }
        let left_out: Vec<u32> = import.leave_out.keys().copied().collect();
        let renewed = plan.renewed.len();
        let Plan { kept, unchanged, .. } = plan;
        let ready = plan.new.len() + plan.replaced.len() + kept + renewed - left_out.len();
        Ok(Imported { class: class.id, ready, kept, left_out, unchanged, renewed, warnings })
    }

    /// The class of a header, made where there is none; its revision rises, so that two imports at a time meet.
    pub(crate) async fn class_of(&self, tx: &mut Tx, header: &ClassHeader, kind: ClassKind) -> Result<Class, AppError> {
        let now = self.edges().now();
        if tx.school(&header.school).await?.is_none() {
            return Err(AppError::UnknownSchool(header.school.clone()));
        }
        match tx.class_named(&header.school, header.year, &header.class).await? {
            Some(class) if class.kind != kind => Err(AppError::OtherKind { class: class.name }),
            Some(class) => {
                if class.grade != header.grade {
                    // The grade is an open claim of every record of the class.
                    let records = tx.records_of(&class.id).await?;
                    let signed = records.iter().filter(|v| v.state != RecordState::Draft);
                    let numbers: Vec<u32> = signed.map(|v| v.number).collect();
                    if !numbers.is_empty() {
                        return Err(AppError::SignedWouldChange { class: class.name, numbers });
                    }
                }
                tx.class_imported_again(&class, header.grade, now).await?;
                Ok(Class { grade: header.grade, ..class })
            }
            None => {
                require_open(tx, &header.school).await?;
                let class = Class {
                    id: Id::from_bytes(self.edges().bytes()?),
                    school: header.school.clone(),
                    year: header.year,
                    grade: header.grade,
                    name: header.class.clone(),
                    revision: 1,
                    kind,
                };
                tx.add_class(&class, now).await?;
                Ok(class)
            }
        }
    }

    /// Writes what a plan says.
    pub(crate) async fn carry_out(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        class: &Class,
        plan: &Plan,
    ) -> Result<(), AppError> {
        let now = self.edges().now();
        for version in &plan.removed {
            tx.remove_draft(&version.record, version.revision).await?;
        }
        for (version, personal, pupil) in &plan.replaced {
            if version.version == 1 && version.pupil != *pupil {
                tx.set_pupil(&version.record, pupil.as_ref()).await?;
            }
            let envelope = self.seal(&version.record, version.version, personal)?;
            tx.replace_draft(&version.record, version.version, version.revision, &envelope, now).await?;
            // Whoever looks before the next signature is told that this is not what was signed before.
            if version.returned.is_some() {
                tx.audit(&event(actor, review::CHANGED, version, now)).await?;
            }
        }
        tx.add_drafts(&class.id, &plan.new, now).await?;
        for new in &plan.renewed {
            tx.add_version(new, now).await?;
            let event = AuditEvent {
                at: now,
                actor: actor.id(),
                action: "renew_record".into(),
                subject: new.record.to_string(),
                version: Some(new.version),
                reason: Some(new.renewed.to_string()),
            };
            tx.audit(&event).await?;
        }
        Ok(())
    }

    /// Who the pupils of a roll are. Whoever has nothing but a draft that this import replaces is found anew, by the
    /// identifiers that stand there now.
    async fn pupils_of_import(
        &self,
        tx: &mut Tx,
        class: &Class,
        roll: &Roll<'_>,
        before: &[RecordVersion],
    ) -> Result<Vec<Option<Known>>, AppError> {
        let named: BTreeSet<u32> = roll.rows.iter().map(|(number, _)| *number).collect();
        let drafts = before.iter().filter(|v| v.state == RecordState::Draft && v.version == 1);
        let owners: BTreeMap<u32, Id> = drafts
            .filter(|v| roll.whole || named.contains(&v.number))
            .filter_map(|v| Some((v.number, v.pupil?)))
            .collect();
        let loose = tx.loosen_pupils(&owners.values().copied().collect::<Vec<_>>()).await?;
        let rows: Vec<Row<'_>> = roll
            .rows
            .iter()
            .map(|(number, draft)| Row {
                number: *number,
                identity: &draft.identity,
                before: owners.get(number).copied().filter(|owner| loose.contains(owner)),
            })
            .collect();
        self.know_pupils(tx, class, &rows).await
    }

    /// What becomes of each row; who the pupils are is written, the rest is not.
    pub(crate) async fn plan(
        &self,
        tx: &mut Tx,
        class: &Class,
        roll: &Roll<'_>,
        import: &Import,
    ) -> Result<Plan, AppError> {
        let before = tx.records_of(&class.id).await?;
        let known = self.pupils_of_import(tx, class, roll, &before).await?;
        let mut old: BTreeMap<u32, &RecordVersion> = before.iter().map(|v| (v.number, v)).collect();
        let mut plan = Plan::default();
        for (&(number, draft), known) in roll.rows.iter().zip(known) {
            let (mut sections, complete) = match self.sections_of(roll.header, draft, import) {
                Ok(sections) => (sections, true),
                // Half a year: who it is, so that the list can name the pupil.
                Err(_) if import.leave_out.contains_key(&number) => {
                    (vec![Section::Identity(draft.identity.clone())], false)
                }
                Err(_) => {
                    return Err(AppError::Damaged { number, what: "it passed the checks but not the rules" });
                }
            };
            let (pupil, history) = match known {
                Some(known) => {
                    number_book(&mut sections, known.book);
                    (Some(known.pupil), known.history)
                }
                None => (None, Vec::new()),
            };
            let seed = Seed::from_bytes(self.edges().bytes()?);
            let warnings = match import.conversion {
                None => review::kept(check(roll.header, draft, &Policies::default())),
                // What was taken over stands as it is on the paper.
                Some(_) => Vec::new(),
            };
            let personal = Personal { history, warnings, ..Personal::new(&sections, seed, complete) };
            let Some(version) = old.remove(&number) else {
                let record = RecordId::from_bytes(self.edges().bytes()?);
                let envelope = self.seal(&record, 1, &personal)?;
                plan.new.push(NewDraft { record, number, pupil, personal: envelope });
                continue;
            };
            let before = self.personal(version)?;
            match (version.state, import.renew) {
                (RecordState::Draft, _) => {
                    let personal = Personal { replaces: before.replaces, ..personal };
                    let same_pupil = version.version != 1 || version.pupil == pupil;
                    if same_pupil && before.is_same_draft(&personal) {
                        plan.kept += 1;
                    } else {
                        plan.replaced.push((version.clone(), personal, pupil));
                    }
                }
                _ if before.same_content(&personal) => plan.unchanged += 1,
                (RecordState::Sealed, Some(renewed)) => {
                    let personal = Personal { replaces: Some(payload_digest(version)?), ..personal };
                    let (record, next) = (version.record, version.version + 1);
                    let envelope = self.seal(&record, next, &personal)?;
                    plan.renewed.push(NewVersion { record, version: next, renewed, personal: envelope });
                }
                _ => plan.would_change.push(version.number),
            }
        }
        for version in old.into_values().filter(|_| roll.whole) {
            if version.state == RecordState::Draft && version.version == 1 {
                plan.removed.push(version.clone());
            } else {
                plan.would_change.push(version.number);
            }
        }
        plan.would_change.sort_unstable();
        Ok(plan)
    }

    /// The sections of one pupil. What was taken over from paper is stated as it stands there.
    fn sections_of(
        &self,
        header: &ClassHeader,
        draft: &Draft,
        import: &Import,
    ) -> Result<Vec<Section>, Vec<hocba_record::check::Finding>> {
        let Some(conversion) = &import.conversion else {
            return rules::sections(header, draft, &Policies::default());
        };
        let mut sections = rules::stated(header, draft, &Policies::default())?;
        let Conversion { converter, compared_by, made_by, paper } = conversion.clone();
        sections.push(Section::Conversion(ConversionSection {
            mark: CONVERSION_MARK.parse().expect("the mark is a text"),
            converter,
            converted_at: self.edges().now(),
            compared_by,
            made_by,
            paper,
        }));
        Ok(sections)
    }

    /// Leaves out exactly those an import names. Gives whether that changes anything.
    async fn set_left_out(&self, tx: &mut Tx, actor: &Actor, class: &Class, import: &Import) -> Result<bool, AppError> {
        let now = self.edges().now();
        let mut changed = false;
        for line in tx.record_lines(&class.id).await? {
            let wanted = import.leave_out.get(&line.number).copied();
            if line.state != RecordState::Draft {
                if wanted.is_some() {
                    return Err(AppError::WrongState {
                        record: line.record,
                        number: line.number,
                        found: line.state,
                        wanted: RecordState::Draft,
                    });
                }
                continue;
            }
            if line.left_out != wanted {
                changed = true;
                tx.leave_out(&line.record, line.version, line.revision, wanted, now).await?;
                tx.audit(&AuditEvent {
                    at: now,
                    actor: actor.id(),
                    action: "leave_out".into(),
                    subject: line.record.to_string(),
                    version: Some(line.version),
                    reason: wanted.map(|r| r.to_string()),
                })
                .await?;
            }
        }
        Ok(changed)
    }

    /// Leaves a pupil's draft out, with a reason, or takes it back in (`None`).
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `WrongState`, `Incomplete` (import again), `Changed`.
    pub async fn leave_out(&self, actor: &Actor, record: &RecordId, reason: Option<LeftOut>) -> Result<(), AppError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("leave_out").await?;
            let (_, version) = record_in(&mut tx, actor, Action::Import, record).await?;
            require_state(&version, RecordState::Draft)?;
            if reason.is_none() && !self.personal(&version)?.complete {
                return Err(AppError::Incomplete { number: version.number });
            }
            tx.leave_out(&version.record, version.version, version.revision, reason, now).await?;
            let reason = reason.map(|r| r.to_string());
            tx.audit(&AuditEvent { reason, ..event(actor, "leave_out", &version, now) }).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Returns a signed record to its teacher. The signatures go; the next ones are over fresh salts.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `WrongState` (a draft, or sealed already), `Changed`.
    pub async fn return_record(&self, actor: &Actor, record: &RecordId, reason: ReturnReason) -> Result<(), AppError> {
        self.return_record_with(actor, record, reason, None).await
    }

    /// The same with a note to the teacher.
    ///
    /// # Errors
    /// As for [`App::return_record`].
    pub async fn return_record_with(
        &self,
        actor: &Actor,
        record: &RecordId,
        reason: ReturnReason,
        note: Option<&Note>,
    ) -> Result<(), AppError> {
        retrying(|| async {
            let mut tx = self.store().begin("return_record").await?;
            let (_, version) = record_in(&mut tx, actor, Action::Return, record).await?;
            if !matches!(version.state, RecordState::TeacherSigned | RecordState::CoSigned) {
                require_state(&version, RecordState::TeacherSigned)?;
            }
            self.give_back(&mut tx, actor, &version, (reason, note)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Takes the signatures of a record back, and says why.
    pub(crate) async fn give_back(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        version: &RecordVersion,
        (reason, note): (ReturnReason, Option<&Note>),
    ) -> Result<(), AppError> {
        let now = self.edges().now();
        let seed = Seed::from_bytes(self.edges().bytes()?);
        let personal = Personal { seed, ..self.personal(version)? };
        let envelope = self.seal(&version.record, version.version, &personal)?;
        let note = note.map(|note| self.seal_note(version, note)).transpose()?;
        tx.return_to_draft(version, &envelope, (reason, note.as_ref()), now).await?;
        let reason = Some(reason.to_string());
        tx.audit(&AuditEvent { reason, ..event(actor, "return_record", version, now) }).await?;
        Ok(())
    }

    /// The classes an actor may see, with how many pupils are in each state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn classes(&self, actor: &Actor) -> Result<Vec<(Class, BTreeMap<PublicState, usize>)>, AppError> {
        let mut tx = self.store().read().await?;
        let classes = tx.classes().await?;
        counted(&mut tx, actor, classes).await
    }

    /// Those of one school, of a year or of all, the latest first: what a page about the school shows. Nothing where the
    /// actor may see none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn school_classes(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: Option<SchoolYear>,
    ) -> Result<Vec<(Class, BTreeMap<PublicState, usize>)>, AppError> {
        let mut tx = self.store().read().await?;
        let classes = match year {
            Some(year) => tx.classes_of(school, year).await?,
            None => tx.classes_of_school(school).await?,
        };
        counted(&mut tx, actor, classes).await
    }

    /// A class with its pupils; their names for those who may see records.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn class(&self, actor: &Actor, id: &Id) -> Result<ClassView, AppError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(id).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::ReadStates, Place::of(&class))?;
        let reads = require(actor, Action::ReadRecords, Place::of(&class)).is_ok();
        let mut at_store = self.at_store(&mut tx, id, reads).await?;
        let mut opened: BTreeMap<RecordId, Opened> = if reads {
            let versions = tx.records_of(id).await?;
            versions
                .iter()
                .map(|version| Ok((version.record, self.opened(version)?)))
                .collect::<Result<_, AppError>>()?
        } else {
            BTreeMap::new()
        };
        let lines = tx.record_lines(id).await?;
        let pasts = if lines.iter().any(|line| line.returned.is_some()) {
            review::pasts(&tx.events_in_class(id, &review::EVENTS).await?)
        } else {
            BTreeMap::new()
        };
        let mut line = |line: hocba_store::model::RecordLine| {
            let known = opened.remove(&line.record);
            let past = pasts.get(&(line.record.to_string(), line.version));
            let Opened { name, complete, note, renewed } = known.unwrap_or_default();
            PupilLine {
                record: line.record,
                version: line.version,
                number: line.number,
                state: public_state(&line),
                left_out: line.left_out,
                returned: line.returned,
                note,
                corrected: line.returned.is_some() && past.is_some_and(|past| past.changed_since),
                complete,
                renewed,
                name,
                at_store: at_store.remove(&line.record),
            }
        };
        let pupils = lines.into_iter().map(&mut line).collect();
        Ok(ClassView { class, pupils })
    }
}

/// What a list of a class shows of an opened record.
struct Opened {
    name: Option<String>,
    complete: bool,
    note: Option<String>,
    renewed: Option<Renewal>,
}

impl Default for Opened {
    fn default() -> Self {
        Self { name: None, complete: true, note: None, renewed: None }
    }
}

impl App {
    fn opened(&self, version: &RecordVersion) -> Result<Opened, AppError> {
        let personal = self.personal(version)?;
        let (name, complete) = (personal.pupil_name(), personal.complete);
        Ok(Opened { name, complete, note: self.note(version)?, renewed: version.renewed })
    }
}

/// Gives the pupil's book its number, where the spreadsheet names none.
fn number_book(sections: &mut [Section], number: BookNumber) {
    for section in sections {
        if let Section::Identity(Identity { book: book @ None, .. }) = section {
            *book = Some(number.text());
        }
    }
}

/// The latest version of a record with its class, if the actor may do this with it.
pub(crate) async fn record_in(
    tx: &mut Tx,
    actor: &Actor,
    action: Action,
    record: &RecordId,
) -> Result<(Class, RecordVersion), AppError> {
    let version = tx.record(record).await?.ok_or(AppError::NotFound("record"))?;
    let class = tx.class(&version.class).await?.ok_or(AppError::NotFound("class"))?;
    require(actor, action, Place::of(&class))?;
    Ok((class, version))
}

fn require_state(version: &RecordVersion, wanted: RecordState) -> Result<(), AppError> {
    if version.state == wanted {
        return Ok(());
    }
    Err(AppError::WrongState { record: version.record, number: version.number, found: version.state, wanted })
}
