//! A class: imported from a spreadsheet, looked at, some left out, some returned.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    book::BookNumber,
    disclosure::Seed,
    draft::Draft,
    encoding::RecordId,
    rules::{self, Policies},
    section::{CONVERSION_MARK, ConversionSection, Identity, Section},
    types::Text,
};
use hocba_store::{
    NewDraft, NewVersion, Tx,
    model::{AuditEvent, Class, ClassKind, Id, LeftOut, RecordState, RecordVersion, Renewal, ReturnReason},
    retrying,
};
use hocba_workbook::{ClassSheet, Finding, Hints, Limits, Mapping};

use crate::{
    Actor, App, AppError, Personal,
    books::{Known, Row, payload_digest},
    people::plain,
    policy::{Action, Place, require},
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
    /// What an actor needs to be allowed.
    fn action(&self) -> Action {
        if self.conversion.is_some() { Action::Convert } else { Action::Import }
    }

    /// What it makes of a class.
    fn kind(&self) -> ClassKind {
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
    /// Name as printed, for those who may see it.
    pub name: Option<String>,
}

/// What becomes of a row of the spreadsheet.
struct Plan {
    new: Vec<NewDraft>,
    replaced: Vec<(RecordVersion, Personal, Option<Id>)>,
    removed: Vec<RecordVersion>,
    renewed: Vec<NewVersion>,
    unchanged: usize,
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

impl App {
    /// Looks at a spreadsheet as an import would, and writes nothing.
    ///
    /// # Errors
    /// `Unsound` with all findings.
    pub fn look_at(bytes: &[u8], import: &Import) -> Result<Vec<Finding>, AppError> {
        read_sound(bytes, import).map(|(_, findings)| findings)
    }

    /// Imports a class, or replaces its drafts. Records that are signed stay as they are, and the spreadsheet must say
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
        imported.warnings = warnings;
        Ok(imported)
    }

    async fn write_sheet(&self, actor: &Actor, sheet: &ClassSheet, import: &Import) -> Result<Imported, AppError> {
        let (header, now) = (&sheet.header, self.edges().now());
        let mut tx = self.store().begin("import_class").await?;
        if tx.school(&header.school).await?.is_none() {
            return Err(AppError::UnknownSchool(header.school.clone()));
        }
        let mut regraded = false;
        let class = match tx.class_named(&header.school, header.year, &header.class).await? {
            Some(class) if class.kind != import.kind() => {
                return Err(AppError::OtherKind { class: class.name });
            }
            Some(class) => {
                regraded = class.grade != header.grade;
                tx.class_imported_again(&class, header.grade, now).await?;
                Class { grade: header.grade, ..class }
            }
            None => {
                require_open(&mut tx, &header.school).await?;
                let id = Id::from_bytes(self.edges().bytes()?);
                let (school, name) = (header.school.clone(), header.class.clone());
                let class = Class {
                    id,
                    school,
                    year: header.year,
                    grade: header.grade,
                    name,
                    revision: 1,
                    kind: import.kind(),
                };
                tx.add_class(&class, now).await?;
                class
            }
        };
        let before = tx.records_of(&class.id).await?;
        // The grade is an open claim of every record of the class.
        let signed: Vec<u32> = before.iter().filter(|v| v.state != RecordState::Draft).map(|v| v.number).collect();
        if regraded && !signed.is_empty() {
            return Err(AppError::SignedWouldChange { class: class.name.clone(), numbers: signed });
        }
        let known = self.pupils_of_import(&mut tx, &class, sheet, &before).await?;
        let plan = self.plan(&class, sheet, &before, known, import)?;
        for version in &plan.removed {
            tx.remove_draft(&version.record, version.revision).await?;
        }
        for (version, personal, pupil) in &plan.replaced {
            if version.version == 1 && version.pupil != *pupil {
                tx.set_pupil(&version.record, pupil.as_ref()).await?;
            }
            let envelope = self.seal(&version.record, version.version, personal)?;
            tx.replace_draft(&version.record, version.version, version.revision, &envelope, now).await?;
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
        self.set_left_out(&mut tx, actor, &class, import).await?;
        tx.audit(&plain(actor, "import_class", class.id.to_string(), now)).await?;
        tx.commit().await?;
        let left_out: Vec<u32> = import.leave_out.keys().copied().collect();
        let renewed = plan.renewed.len();
        let ready = plan.new.len() + plan.replaced.len() + renewed - left_out.len();
        Ok(Imported { class: class.id, ready, left_out, unchanged: plan.unchanged, renewed, warnings: Vec::new() })
    }

    /// Who the pupils of the spreadsheet are. Whoever has nothing but a draft that this import replaces is found anew, by
    /// the identifiers that stand there now.
    async fn pupils_of_import(
        &self,
        tx: &mut Tx,
        class: &Class,
        sheet: &ClassSheet,
        before: &[RecordVersion],
    ) -> Result<Vec<Option<Known>>, AppError> {
        let drafts = before.iter().filter(|v| v.state == RecordState::Draft && v.version == 1);
        let owners: BTreeMap<u32, Id> = drafts.filter_map(|v| Some((v.number, v.pupil?))).collect();
        let loose = tx.loosen_pupils(&owners.values().copied().collect::<Vec<_>>()).await?;
        let rows: Vec<Row<'_>> = sheet
            .rows
            .iter()
            .map(|row| Row {
                number: row.number,
                identity: &row.draft.identity,
                before: owners.get(&row.number).copied().filter(|owner| loose.contains(owner)),
            })
            .collect();
        self.know_pupils(tx, class, &rows).await
    }

    fn plan(
        &self,
        class: &Class,
        sheet: &ClassSheet,
        before: &[RecordVersion],
        known: Vec<Option<Known>>,
        import: &Import,
    ) -> Result<Plan, AppError> {
        let mut old: BTreeMap<u32, &RecordVersion> = before.iter().map(|v| (v.number, v)).collect();
        let mut plan =
            Plan { new: Vec::new(), replaced: Vec::new(), removed: Vec::new(), renewed: Vec::new(), unchanged: 0 };
        let mut would_change = Vec::new();
        for (row, known) in sheet.rows.iter().zip(known) {
            let (mut sections, complete) = match self.sections_of(sheet, &row.draft, import) {
                Ok(sections) => (sections, true),
                // Half a year: who it is, so that the list can name the pupil.
                Err(_) if import.leave_out.contains_key(&row.number) => {
                    (vec![Section::Identity(row.draft.identity.clone())], false)
                }
                Err(_) => {
                    let what = "it passed the checks but not the rules";
                    return Err(AppError::Damaged { number: row.number, what });
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
            let personal = Personal { history, ..Personal::new(&sections, seed, complete) };
            let Some(version) = old.remove(&row.number) else {
                let record = RecordId::from_bytes(self.edges().bytes()?);
                let envelope = self.seal(&record, 1, &personal)?;
                plan.new.push(NewDraft { record, number: row.number, pupil, personal: envelope });
                continue;
            };
            let before = self.personal(version)?;
            match (version.state, import.renew) {
                (RecordState::Draft, _) => {
                    plan.replaced.push((version.clone(), Personal { replaces: before.replaces, ..personal }, pupil));
                }
                _ if before.same_content(&personal) => plan.unchanged += 1,
                (RecordState::Sealed, Some(renewed)) => {
                    let personal = Personal { replaces: Some(payload_digest(version)?), ..personal };
                    let (record, next) = (version.record, version.version + 1);
                    let envelope = self.seal(&record, next, &personal)?;
                    plan.renewed.push(NewVersion { record, version: next, renewed, personal: envelope });
                }
                _ => would_change.push(version.number),
            }
        }
        for version in old.into_values() {
            if version.state == RecordState::Draft && version.version == 1 {
                plan.removed.push(version.clone());
            } else {
                would_change.push(version.number);
            }
        }
        if would_change.is_empty() {
            return Ok(plan);
        }
        would_change.sort_unstable();
        Err(AppError::SignedWouldChange { class: class.name.clone(), numbers: would_change })
    }

    /// The sections of one pupil. What was taken over from paper is stated as it stands there.
    fn sections_of(
        &self,
        sheet: &ClassSheet,
        draft: &Draft,
        import: &Import,
    ) -> Result<Vec<Section>, Vec<hocba_record::check::Finding>> {
        let Some(conversion) = &import.conversion else {
            return rules::sections(&sheet.header, draft, &Policies::default());
        };
        let mut sections = rules::stated(&sheet.header, draft, &Policies::default())?;
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

    /// Leaves out exactly those an import names.
    async fn set_left_out(&self, tx: &mut Tx, actor: &Actor, class: &Class, import: &Import) -> Result<(), AppError> {
        let now = self.edges().now();
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
        Ok(())
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
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("return_record").await?;
            let (_, version) = record_in(&mut tx, actor, Action::Return, record).await?;
            if !matches!(version.state, RecordState::TeacherSigned | RecordState::CoSigned) {
                require_state(&version, RecordState::TeacherSigned)?;
            }
            let seed = Seed::from_bytes(self.edges().bytes()?);
            let personal = Personal { seed, ..self.personal(&version)? };
            let envelope = self.seal(&version.record, version.version, &personal)?;
            tx.return_to_draft(&version, &envelope, reason, now).await?;
            let reason = Some(reason.to_string());
            tx.audit(&AuditEvent { reason, ..event(actor, "return_record", &version, now) }).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// The classes an actor may see, with how many pupils are in each state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn classes(&self, actor: &Actor) -> Result<Vec<(Class, BTreeMap<PublicState, usize>)>, AppError> {
        let mut tx = self.store().read().await?;
        let mut classes = Vec::new();
        for class in tx.classes().await? {
            if require(actor, Action::ReadStates, Place::of(&class)).is_err() {
                continue;
            }
            let mut counts = BTreeMap::new();
            for line in tx.record_lines(&class.id).await? {
                *counts.entry(public_state(&line)).or_default() += 1;
            }
            classes.push((class, counts));
        }
        Ok(classes)
    }

    /// A class with its pupils; their names for those who may see records.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn class(&self, actor: &Actor, id: &Id) -> Result<ClassView, AppError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(id).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::ReadStates, Place::of(&class))?;
        let names: BTreeMap<RecordId, Option<String>> =
            if require(actor, Action::ReadRecords, Place::of(&class)).is_ok() {
                let versions = tx.records_of(id).await?;
                let name = |v: &RecordVersion| Ok((v.record, self.personal(v)?.pupil_name()));
                versions.iter().map(name).collect::<Result<_, AppError>>()?
            } else {
                BTreeMap::new()
            };
        let line = |line: hocba_store::model::RecordLine| PupilLine {
            record: line.record,
            version: line.version,
            number: line.number,
            state: public_state(&line),
            left_out: line.left_out,
            returned: line.returned,
            name: names.get(&line.record).cloned().flatten(),
        };
        let pupils = tx.record_lines(id).await?.into_iter().map(line).collect();
        Ok(ClassView { class, pupils })
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
