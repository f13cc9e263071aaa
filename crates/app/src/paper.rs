//! Paper links: a link whose secret is a code of 16 characters, short enough to be read from a sheet and typed.
//!
//! The code follows from the data key and the link's random id, so that a sheet printed again has the same code and none
//! is stored (docs/adr/0025, docs/spec/links.md §2). A version of a record has one living paper link; a new version gets a
//! new one, and the old one goes on showing the old version, whose verdict then says by what it was replaced.
//!
//! What is printed with a code is an extract that leaves the house: each time is in the audit log.

use std::collections::BTreeMap;

use hocba_keystore::seal;
use hocba_record::encoding::{RecordId, Sha256Digest};
use hocba_store::{
    Tx,
    model::{AuditEvent, Class, Id, Link, LinkContent, PaperLink},
    retrying,
};
use zeroize::Zeroizing;

use crate::{
    Actor, App, AppError, BookSheets, LinkSecret, Scope, SheetContent,
    classes::record_in,
    code, link_key, link_token,
    policy::{Action, Place, require},
};

/// Why a sheet has a code, or has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaperState {
    /// It has one: in groups of four.
    Code(Zeroizing<String>),
    /// It is on the public record, and nobody made a code yet.
    NotMade,
    /// It is not on the public record: it gets none before.
    NotInForce,
}

/// A sheet that is handed out.
#[derive(Debug, Clone)]
pub struct PrintedSheet {
    /// What it says.
    pub content: SheetContent,
    /// Its look-up code.
    pub paper: PaperState,
    /// The link behind the code, to withdraw it by.
    pub link: Option<Id>,
}

/// What came of making paper links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MadePaperLinks {
    /// Made now.
    pub made: usize,
    /// Had one: it is kept.
    pub kept: usize,
    /// Not on the public record yet.
    pub waiting: usize,
}

/// The living paper links of this data key, by record and version.
type Living = BTreeMap<(RecordId, u32), Id>;

impl App {
    /// The code of a paper link, in groups of four.
    fn paper_code(&self, link: &Id) -> Zeroizing<String> {
        let chance = self.key().code(&link.to_string());
        let code = Zeroizing::new(code::make(&*chance));
        Zeroizing::new(code::grouped(&code, 4))
    }

    fn living(&self, links: Vec<PaperLink>) -> Living {
        let ours = |link: &PaperLink| link.withdrawn_at.is_none() && link.key_id == self.key().id();
        links.into_iter().filter(ours).map(|link| ((link.record, link.version), link.id)).collect()
    }

    fn printed_sheet(&self, content: SheetContent, living: &Living) -> PrintedSheet {
        let link = living.get(&(content.record, content.version)).copied();
        let paper = match (content.in_force_since, link) {
            (None, _) => PaperState::NotInForce,
            (_, None) => PaperState::NotMade,
            (_, Some(link)) => PaperState::Code(self.paper_code(&link)),
        };
        PrintedSheet { content, paper, link }
    }

    /// Notes each sheet that leaves with a code: the log of extracts and look-up slips.
    async fn note_printed(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        what: &'static str,
        sheets: &[PrintedSheet],
    ) -> Result<(), AppError> {
        let now = self.edges().now();
        for sheet in sheets.iter().filter(|sheet| matches!(sheet.paper, PaperState::Code(_))) {
            tx.audit(&AuditEvent {
                at: now,
                actor: actor.id(),
                action: "print_record".into(),
                subject: sheet.content.record.to_string(),
                version: Some(sheet.content.version),
                reason: Some(what.into()),
            })
            .await?;
        }
        Ok(())
    }

    /// The sheets of a class to be printed and handed out, with their codes; noted in the audit log.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn print_class(&self, actor: &Actor, class: &Id) -> Result<(Class, Vec<PrintedSheet>), AppError> {
        retrying(|| async {
            let mut tx = self.store().begin("print_class").await?;
            let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
            require(actor, Action::HandOut, Place::of(&class))?;
            let living = self.living(tx.paper_links_of_class(&class.id).await?);
            let sheets = self.sheets_of(&mut tx, &class).await?;
            let sheets: Vec<_> = sheets.into_iter().map(|content| self.printed_sheet(content, &living)).collect();
            self.note_printed(&mut tx, actor, "class", &sheets).await?;
            tx.commit().await?;
            Ok((class, sheets))
        })
        .await
    }

    /// The sheet of one record to be printed and handed out; noted in the audit log.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn print_record(&self, actor: &Actor, record: &RecordId) -> Result<PrintedSheet, AppError> {
        retrying(|| async {
            let mut tx = self.store().begin("print_record").await?;
            let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
            let living = self.living(tx.paper_links_of(record).await?);
            let content = self.sheet_of(&mut tx, &class, &version).await?;
            let sheet = self.printed_sheet(content, &living);
            self.note_printed(&mut tx, actor, "record", std::slice::from_ref(&sheet)).await?;
            tx.commit().await?;
            Ok(sheet)
        })
        .await
    }

    /// The whole book of the pupil whose record this is, to be printed and handed out; each year has its own code, and each
    /// is noted in the audit log.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn print_book(
        &self,
        actor: &Actor,
        record: &RecordId,
    ) -> Result<(BookSheets, Vec<PaperState>), AppError> {
        retrying(|| async {
            let mut tx = self.store().begin("print_book").await?;
            let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
            let mut book = self.sheets_of_book(&mut tx, class, version).await?;
            let mut living = Living::new();
            for year in &book.years {
                living.extend(self.living(tx.paper_links_of(&year.record).await?));
            }
            let years = std::mem::take(&mut book.years);
            let sheets: Vec<_> = years.into_iter().map(|content| self.printed_sheet(content, &living)).collect();
            self.note_printed(&mut tx, actor, "book", &sheets).await?;
            tx.commit().await?;
            let (years, papers) = sheets.into_iter().map(|sheet| (sheet.content, sheet.paper)).unzip();
            book.years = years;
            Ok((book, papers))
        })
        .await
    }

    /// Makes the paper links that a class's records lack: of each the version on the public record. A version with a living
    /// one keeps it, so that doing this again changes nothing. All of them or none; `tell` hears how far it is.
    ///
    /// A link costs a tenth of a second of a core, which is what makes a short code safe ([`crate::CODE_ROUNDS`]).
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`, `Assemble`, `Changed` where somebody makes them at the same time.
    pub async fn make_paper_links(
        &self,
        actor: &Actor,
        class: &Id,
        tell: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<MadePaperLinks, AppError> {
        let (class, sheets, living) = {
            let mut tx = self.store().read().await?;
            let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
            require(actor, Action::HandOut, Place::of(&class))?;
            let living = self.living(tx.paper_links_of_class(&class.id).await?);
            let sheets = self.sheets_of(&mut tx, &class).await?;
            (class, sheets, living)
        };
        self.paper_links(actor, (&class.school, &sheets), &living, tell).await
    }

    /// The same, for one record.
    ///
    /// # Errors
    /// As for [`App::make_paper_links`].
    pub async fn make_paper_link(&self, actor: &Actor, record: &RecordId) -> Result<MadePaperLinks, AppError> {
        let (class, sheet, living) = {
            let mut tx = self.store().read().await?;
            let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
            let living = self.living(tx.paper_links_of(record).await?);
            let sheet = self.sheet_of(&mut tx, &class, &version).await?;
            (class, sheet, living)
        };
        self.paper_links(actor, (&class.school, std::slice::from_ref(&sheet)), &living, &|_, _| ()).await
    }

    async fn paper_links(
        &self,
        actor: &Actor,
        (school, sheets): (&hocba_record::types::SchoolCode, &[SheetContent]),
        living: &Living,
        tell: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<MadePaperLinks, AppError> {
        let now = self.edges().now();
        let (mut result, mut wanted) = (MadePaperLinks::default(), Vec::new());
        for sheet in sheets {
            match sheet.in_force_since {
                None => result.waiting += 1,
                Some(_) if living.contains_key(&(sheet.record, sheet.version)) => result.kept += 1,
                Some(_) => wanted.push(sheet),
            }
        }
        if wanted.is_empty() {
            return Ok(result);
        }
        let bundler = self.bundler(school).await?;
        let mut links = Vec::with_capacity(wanted.len());
        for (done, sheet) in wanted.iter().enumerate() {
            tell(done, wanted.len());
            let bundle = self.bundle_with(actor, &bundler, &sheet.record, Scope::Whole).await?.to_bytes();
            let id = Id::from_bytes(self.edges().bytes()?);
            let code = self.paper_code(&id);
            let damaged = |_| AppError::Damaged { number: sheet.number, what: "its code is none" };
            let secret = LinkSecret::from_code(&code).map_err(damaged)?;
            let hash = Sha256Digest::of(&link_token(&secret));
            let nonce = self.edges().bytes()?;
            let bytes = seal(&link_key(&secret), &nonce, hash.as_bytes(), &bundle);
            let link = Link {
                id,
                record: sheet.record,
                scope: Scope::Whole,
                created_by: actor.id(),
                created_at: now,
                expires_at: None,
                withdrawn_at: None,
            };
            links.push((link, sheet.version, hash, LinkContent { nonce, bytes }));
        }
        result.made = links.len();
        tell(links.len(), links.len());
        retrying(|| async {
            let mut tx = self.store().begin("make_paper_links").await?;
            for (link, version, hash, content) in &links {
                let (_, latest) = record_in(&mut tx, actor, Action::HandOut, &link.record).await?;
                // What came onto the public record meanwhile is what is to be printed.
                let newer = (version + 1..=latest.version).rev();
                for number in newer {
                    let located = tx.locate(hocba_store::model::LeafKind::Record, &link.record, number).await?;
                    if located.is_some_and(|located| located.batch.receipt.is_some()) {
                        return Err(AppError::Changed("the record"));
                    }
                }
                tx.add_paper_link(link, (*version, self.key().id()), hash, content).await?;
                tx.audit(&AuditEvent {
                    at: now,
                    actor: actor.id(),
                    action: "create_paper_link".into(),
                    subject: link.record.to_string(),
                    version: Some(*version),
                    reason: None,
                })
                .await?;
            }
            tx.commit().await?;
            Ok(result)
        })
        .await
    }
}
