//! Use cases about a class, its records, links and readers, asked for there.

use hocba_app::{
    Actor, AppError, Choice, Conversion, Import, NewTask, Note, ReaderError, Scope, Selection,
    access::AccessError,
    policy::{Action, may},
};
use hocba_exchange::contract::{Content, Event};
use hocba_store::model::{LeftOut, Relation, ReturnReason, TaskKind};

use super::{
    UseCase,
    town::{ClassTarget, STEPS, Town, WHOSE, message, unseen, without_account},
};

impl Town {
    /// Asks for a use case about a class.
    pub(super) async fn about_class(
        &self,
        (name, form, ..): UseCase,
        actor: &Actor,
        class: &ClassTarget,
    ) -> Result<(), AppError> {
        let app = &self.office.app;
        let signer = || {
            let (step, ..) = STEPS.into_iter().find(|s| s.1 == form).expect("a step");
            &self.signers.iter().find(|s| s.0 == step).expect("a signer").1
        };
        let nothing = |_| ();
        match name {
            "import" if form == "from paper" => {
                let converter = "Lê Thị Văn Thư".parse().expect("text");
                let conversion = Some(Conversion { converter, compared_by: None, made_by: None, paper: None });
                let import = Import { conversion, ..Import::default() };
                app.import(actor, &class.workbook, &import).await.map(|_| ())
            }
            "import" => app.import(actor, &class.workbook, &Import::default()).await.map(|_| ()),
            "import_sheet" => {
                let sheet = hocba_workbook::read(&class.workbook, &hocba_workbook::Limits::default());
                app.import_sheet(actor, &sheet.expect("sound"), &Import::default()).await.map(|_| ())
            }
            "take_messages" => {
                let sheet = hocba_workbook::read(&class.workbook, &hocba_workbook::Limits::default()).expect("sound");
                let draft = sheet.rows[0].draft.clone();
                let content = Box::new(Content { header: sheet.header, draft, earlier: Vec::new() });
                app.take_messages(actor, &[message(class.what, Event::New(content))], &Import::default())
                    .await
                    .map(|_| ())
            }
            "begin_task" => {
                let kind = if form == "marks" { TaskKind::ImportMarks } else { TaskKind::PaperLinks };
                let new = NewTask { kind, ..class.task() };
                without_account(actor, app.begin_task(actor, &new).await.map(|_| ()))
            }
            "task" => {
                let place = self.classes.iter().position(|c| c.id == class.id).expect("a class");
                unseen(app.task(actor, &class.school, &self.class_tasks[place]).await.map(|_| ()))
            }
            "leave_out" => app.leave_out(actor, &class.record, Some(LeftOut::Other)).await,
            "return_record" => app.return_record(actor, &class.record, ReturnReason::Other).await,
            "return_record_with" => {
                let note = Note::typed("Xem lại").expect("short");
                app.return_record_with(actor, &class.record, ReturnReason::Other, note.as_ref()).await
            }
            "return_records" => {
                app.return_records(actor, &class.id, &Selection::All, ReturnReason::Other, None).await.map(|_| ())
            }
            "look_at_import" => {
                let sheet = hocba_workbook::read(&class.workbook, &hocba_workbook::Limits::default()).expect("sound");
                app.look_at_import(actor, &sheet, &Import::default()).await.map(|_| ())
            }
            "class" => {
                let view = app.class(actor, &class.id).await?;
                let names = may(actor, Action::ReadRecords, class.place());
                assert_eq!(view.pupils[0].name.is_some(), names, "{actor:?} sees names where marks may be seen");
                Ok(())
            }
            "prepare" => app.prepare(actor, &class.id, signer(), &Selection::All).await.map(|_| ()),
            "submit" => app.submit(actor, &class.id, signer(), &[]).await.map(|_| ()),
            "superseding" => app.superseding(actor, &class.id, signer()).await.map(|_| ()),
            "submit_superseding" => app.submit_superseding(actor, &class.id, signer(), &[]).await.map(|_| ()),
            "sealed_class" => app.sealed_class(actor, &class.id).await.map(|_| ()),
            "sealed_book" => app.sealed_book(actor, &class.record).await.map(|_| ()),
            "book" => app.book(actor, &class.record).await.map(|_| ()),
            "book_bundle" => app.book_bundle(actor, &class.record, Scope::Whole).await.map(|_| ()),
            "bundle" => app.bundle(actor, &class.record, Scope::Whole).await.map(|_| ()),
            "bundle_with" => {
                let bundler = &self.bundlers.iter().find(|b| b.0 == class.school).expect("a bundler").1;
                app.bundle_with(actor, bundler, &class.record, Scope::Whole).await.map(|_| ())
            }
            "hand_out_bundle" => app.hand_out_bundle(actor, &class.record, Scope::Whole).await.map(|_| ()),
            "create_link" => app.create_link(actor, &class.record, Scope::Whole, None).await.map(|_| ()),
            "withdraw_link" => app.withdraw_link(actor, &class.link).await.map(nothing),
            "links" => app.links(actor, &class.record).await.map(|_| ()),
            "class_readers" | "invite_readers" | "reset_reader" | "class_requests" | "answer_request" => {
                self.about_readers(name, actor, class).await
            }
            "record_sheets" => app.record_sheets(actor, &class.record).await.map(|_| ()),
            "class_sheets" => app.class_sheets(actor, &class.id).await.map(|_| ()),
            "book_sheets" => app.book_sheets(actor, &class.record).await.map(|_| ()),
            "print_record" => app.print_record(actor, &class.record).await.map(|_| ()),
            "print_class" => app.print_class(actor, &class.id).await.map(|_| ()),
            "print_book" => app.print_book(actor, &class.record).await.map(|_| ()),
            "make_paper_links" => app.make_paper_links(actor, &class.id, &|_, _| ()).await.map(|_| ()),
            "make_paper_link" => app.make_paper_link(actor, &class.record).await.map(|_| ()),
            other => panic!("{other} is about a class, and nobody said how to ask for it"),
        }
    }

    /// Asks for a use case about the readers of a class.
    pub(super) async fn about_readers(&self, name: &str, actor: &Actor, class: &ClassTarget) -> Result<(), AppError> {
        let app = &self.office.app;
        let done = match name {
            "class_readers" => app.class_readers(actor, &class.id).await.map(|_| ()),
            "invite_readers" => {
                let wanted = [(class.record, Relation::Guardian)];
                app.invite_readers(actor, &class.id, &wanted).await.map(|_| ())
            }
            "reset_reader" => app.reset_reader(actor, &class.id, &WHOSE).await.map(|_| ()),
            "class_requests" => app.class_requests(actor, &class.id).await.map(|_| ()),
            _ => app.answer_request(actor, &class.request, "Đã xem lại.").await,
        };
        match done {
            Err(ReaderError::Access(AccessError::App(error))) => Err(error),
            Err(error) => panic!("{name}: {error}"),
            Ok(()) => Ok(()),
        }
    }

    /// Asks for a use case of a book's readers, which nobody here is: to each the book is not there.
    pub(super) async fn about_a_book(&self, name: &str, actor: &Actor) -> Result<(), AppError> {
        let app = &self.office.app;
        let (record, pupil) = (self.classes[0].record, self.classes[0].pupil);
        let choice = Choice { years: [record].into(), parts: None, label: "x".into() };
        let done: Result<(), ReaderError> = match name {
            "readings" => {
                assert!(app.readings(actor).await?.is_empty(), "{actor:?}");
                return Ok(());
            }
            "reading" => app.reading(actor, &pupil).await.map(|_| ()).map_err(Into::into),
            "reading_year" => app.reading_year(actor, &pupil, &record).await.map(|_| ()).map_err(Into::into),
            "to_choose" => app.to_choose(actor, &pupil).await.map(|_| ()).map_err(Into::into),
            "create_reader_link" => app.create_reader_link(actor, &pupil, &choice, None).await.map(|_| ()),
            "reader_links" => app.reader_links(actor, &pupil).await.map(|_| ()).map_err(Into::into),
            "withdraw_reader_link" => {
                app.withdraw_reader_link(actor, &pupil, &self.classes[0].link).await.map_err(Into::into)
            }
            "ask_request" => app.ask_request(actor, &pupil, &record, "x").await.map(|_| ()),
            _ => app.withdraw_request(actor, &pupil, &self.classes[0].request).await.map_err(Into::into),
        };
        let refused = matches!(done, Err(ReaderError::Access(AccessError::App(AppError::NotFound("book")))));
        assert!(refused, "{name} as {actor:?}: {done:?}");
        Ok(())
    }
}
