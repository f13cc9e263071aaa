//! What an import would do, before it is done: for whoever looks at a spreadsheet on a page. Nothing of it is written.

use std::collections::BTreeMap;

use hocba_record::rules::Policies;
use hocba_store::model::{LeftOut, RecordState, Renewal};
use hocba_workbook::{ClassSheet, Finding, Limits};

use crate::{
    Actor, App, AppError, Import,
    classes::Roll,
    policy::{Place, require},
};

/// A spreadsheet that could be read, with what its checks found: of the class, and pupil by pupil.
#[derive(Debug, Clone)]
pub struct ClassRead {
    /// The class.
    pub sheet: ClassSheet,
    /// Of the class as a whole; warnings only.
    pub warnings: Vec<Finding>,
    /// Of pupils: place among the sheet's rows, and what was found there.
    pub of_pupils: Vec<(usize, Finding)>,
}

impl ClassRead {
    /// What was found in a file, wherever: of one that was read, and of one that could not be.
    pub fn findings_of(read: &Result<Self, Vec<Finding>>) -> Vec<Finding> {
        match read {
            Ok(Self { warnings, of_pupils, .. }) => {
                warnings.iter().chain(of_pupils.iter().map(|(_, finding)| finding)).cloned().collect()
            }
            Err(findings) => findings.clone(),
        }
    }

    /// Numbers of pupils with an error: they are mended in the file, or the class goes on without them.
    pub fn faulty(&self) -> Vec<u32> {
        let errors = self.of_pupils.iter().filter(|(_, finding)| finding.is_error());
        let mut numbers: Vec<u32> = errors.filter_map(|(index, _)| Some(self.sheet.rows.get(*index)?.number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// What an import would meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportLook {
    /// Whom the class goes on without so far, and why. An import names them again, or takes them back in.
    pub left_out: BTreeMap<u32, LeftOut>,
    /// Signed, and the same in the spreadsheet.
    pub unchanged: usize,
    /// Numbers of sealed records that the spreadsheet says otherwise of: they get a new version, for a reason.
    pub renewed: Vec<u32>,
    /// Numbers of records signed but not sealed that it says otherwise of, or no longer has: an import is refused.
    pub would_change: Vec<u32>,
}

impl App {
    /// Reads a spreadsheet with all checks, and keeps apart what is about whom.
    ///
    /// # Errors
    /// All findings of a file that cannot be read whole.
    pub fn read_pupils(bytes: &[u8], import: &Import) -> Result<ClassRead, Vec<Finding>> {
        let sheet = hocba_workbook::read_with(bytes, &Limits::default(), &import.hints, &import.mapping)?;
        let (warnings, of_pupils) = (sheet.warnings.clone(), sheet.check(&Policies::default()));
        Ok(ClassRead { sheet, warnings, of_pupils })
    }

    /// What importing a class would meet. Pupils with an error have to be in `import.leave_out`.
    ///
    /// # Errors
    /// Those of [`App::import`] but `SignedWouldChange`, which is what this is asked for.
    pub async fn look_at_import(
        &self,
        actor: &Actor,
        sheet: &ClassSheet,
        import: &Import,
    ) -> Result<ImportLook, AppError> {
        let header = &sheet.header;
        require(actor, import.action(), Place::Class(&header.school, header.year, &header.class))?;
        // Who the pupils are is found by writing it; the transaction is never committed.
        let mut tx = self.store().begin("look_at_import").await?;
        let mut look = ImportLook::default();
        let before = tx.class_named(&header.school, header.year, &header.class).await?;
        if let Some(class) = &before {
            for line in tx.record_lines(&class.id).await? {
                if let Some(reason) = line.left_out.filter(|_| line.state == RecordState::Draft) {
                    look.left_out.insert(line.number, reason);
                }
            }
        }
        let class = match self.class_of(&mut tx, header, import.kind()).await {
            // The grade of signed records is wrong in the file.
            Err(AppError::SignedWouldChange { numbers, .. }) => {
                return Ok(ImportLook { would_change: numbers, ..look });
            }
            class => class?,
        };
        // With a reason, sealed records are told from those that are only signed.
        let renew = import.renew.or(Some(Renewal::Correction));
        let plan = self.plan(&mut tx, &class, &Roll::of(sheet), &Import { renew, ..import.clone() }).await?;
        look.unchanged = plan.unchanged;
        look.would_change = plan.would_change;
        let numbers: BTreeMap<_, _> =
            tx.record_lines(&class.id).await?.into_iter().map(|line| (line.record, line.number)).collect();
        look.renewed = plan.renewed.iter().filter_map(|new| numbers.get(&new.record).copied()).collect();
        Ok(look)
    }
}
