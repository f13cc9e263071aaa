//! Accounts, tasks and files that wait, pupils and parents, appointments.

use hocba_record::encoding::RecordId;
use hocba_signature::{appointment::Appointment, statement::StatementType};
use hocba_store::{
    StoreError,
    model::{Id, LeafKind},
};

use super::{Counted, Look, PAGE, Place, What, readable};

impl Look<'_> {
    pub(super) async fn accounts(&mut self) -> Result<(), StoreError> {
        // Without the data key only the forms of rows are seen.
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.accesses_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (id, access) in page {
                if let Some(what) = self.app.and_then(|app| app.check_access(&id, &access)) {
                    self.report.add(Place::Account(id), What::Access(what));
                }
            }
        }
    }

    /// What came of tasks, and the files that wait: whether they open.
    pub(super) async fn tasks(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.tasks_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { break };
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for task in page {
                if let Some(what) = self.app.and_then(|app| app.check_task(&task)) {
                    self.report.add(Place::Task(task.id), What::Personal(what));
                }
            }
        }
        let keys = self.tx.kept_file_keys().await;
        // One at a time: each may be as large as a form.
        for key in readable(&mut self.report, &Place::Database, keys)?.unwrap_or_default() {
            let place = Place::KeptFile(key.0, key.2);
            let file = self.tx.kept_file(&key).await;
            let Some(Some(file)) = readable(&mut self.report, &place, file)? else { continue };
            if let Some(what) = self.app.and_then(|app| app.check_kept(&file)) {
                self.report.add(place, What::Personal(what));
            }
        }
        Ok(())
    }

    /// Addresses that people are written to, and those that wait for their code: whether they open.
    pub(super) async fn mail(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.mail_addresses_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { break };
            let Some(last) = page.last() else { break };
            after = Some(last.account);
            for mail in page {
                if let Some(what) = self.app.and_then(|app| app.check_mail(&mail.account, &mail.address)) {
                    self.report.add(Place::Account(mail.account), What::Personal(what));
                }
            }
        }
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.mail_codes_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.account);
            for mail in page {
                if let Some(what) = self.app.and_then(|app| app.check_mail(&mail.account, &mail.address)) {
                    self.report.add(Place::Account(mail.account), What::Personal(what));
                }
            }
        }
    }

    /// What pupils and parents handed out and ask: whether it opens.
    pub(super) async fn readers(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.link_choices_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { break };
            let Some(last) = page.last() else { break };
            after = Some(last.link);
            for choice in page {
                if let Some(what) = self.app.and_then(|app| app.check_link_choice(&choice)) {
                    self.report.add(Place::Link(choice.link), What::Personal(what));
                }
            }
        }
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.requests_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for request in page {
                if let Some(what) = self.app.and_then(|app| app.check_request(&request)) {
                    self.report.add(Place::Request(request.id), What::Personal(what));
                }
            }
        }
    }

    pub(super) async fn appointments(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let mut after: Option<RecordId> = None;
        loop {
            let page = self.tx.appointment_ids_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            for id in page {
                self.report.counted.appointments += 1;
                let place = Place::Appointment(id);
                let read = self.tx.appointment(&id).await;
                let Some(Some(stored)) = readable(&mut self.report, &place, read)? else { continue };
                self.signatures(&place, &stored.statement, StatementType::Appointment);
                match Appointment::from_bytes(stored.statement.payload()) {
                    Ok(signed) => {
                        let given = stored.statement.headers(StatementType::Appointment).is_ok_and(
                            |headers| matches!(headers.as_slice(), [header] if signed.may_be_given_by(header.role)),
                        );
                        if !given {
                            self.report.add(place.clone(), What::Signers);
                        }
                        for (what, same) in [
                            ("id", signed.id == stored.id),
                            ("school", signed.school == stored.school),
                            ("role", signed.role == stored.role),
                            ("certificate", signed.appointee.certificate == stored.certificate),
                            ("interval", (signed.from, signed.until) == (stored.valid_from, stored.valid_until)),
                        ] {
                            if !same {
                                self.report.add(place.clone(), What::Claims(what));
                            }
                        }
                    }
                    Err(_) => self.report.add(place.clone(), What::Claims("content")),
                }
                self.leaf_of(&place, LeafKind::Appointment, &id, 1, Some(&stored.statement), stored.school.as_str())
                    .await?;
                let events = self.tx.events_of(&id.to_string()).await?;
                self.event(&place, &events, None, "appoint");
            }
            tell(&self.report.counted);
        }
    }
}
