//! The lists of a school: staff, classes, pupils; read together, stored together, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    section::Identity,
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_store::{
    Tx,
    model::{
        Account, Class, ClassKind, ClassMember, Grant, GrantRole, Id, ListedSchool, PlannedClass, Position, StaffMember,
    },
    retrying,
};
use hocba_workbook::{
    ClassList, ClassListRow, Code, Finding, Limits, ListKind, ListMapping, PupilList, PupilListRow, StaffList,
    StaffPosition, StaffRow, Words, name_key, propose_login, read_classes_with, read_pupils_with, read_staff_with,
};

use super::{give_class, require_year, role_of};
use crate::{
    Actor, App, AppError,
    books::Row,
    people::plain,
    policy::{Action, Place, may, require},
    schools::require_open,
};

/// The lists of a school, `.xlsx` or `.csv`; those that are brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lists<'a> {
    /// Who works there.
    pub staff: Option<&'a [u8]>,
    /// Its classes.
    pub classes: Option<&'a [u8]>,
    /// Its pupils by class.
    pub pupils: Option<&'a [u8]>,
}

impl<'a> Lists<'a> {
    /// A staff list alone.
    pub fn of_staff(list: &'a [u8]) -> Self {
        Self { staff: Some(list), ..Self::default() }
    }
    /// A list of classes alone.
    pub fn of_classes(list: &'a [u8]) -> Self {
        Self { classes: Some(list), ..Self::default() }
    }
    /// A list of pupils alone.
    pub fn of_pupils(list: &'a [u8]) -> Self {
        Self { pupils: Some(list), ..Self::default() }
    }
}

/// Whether a list is taken or looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Says what would be done; nothing is stored.
    Preview,
    /// Does it.
    Apply,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// New here.
    Added,
    /// Here, and changed.
    Changed,
    /// As it is here.
    Unchanged,
}

/// A member of staff of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLine {
    /// Name.
    pub name: Text,
    /// As what.
    pub position: Position,
    /// Login: the one they have, or the one that was wanted or proposed.
    pub login: String,
    /// What becomes of them.
    pub outcome: Outcome,
}

/// What lists did, or would do.
#[derive(Debug, Clone, Default)]
pub struct ListsDone {
    /// The staff, in the order of the list.
    pub staff: Vec<StaffLine>,
    /// Classes of the list.
    pub classes: BTreeMap<ClassName, Outcome>,
    /// Classes that were given a homeroom teacher they did not have.
    pub homerooms: Vec<ClassName>,
    /// Pupils of each class of the list.
    pub pupils: BTreeMap<ClassName, usize>,
    /// Pupils who are new on their class's list, or stand there with other words.
    pub pupils_changed: usize,
    /// Pupils taken off a list.
    pub pupils_removed: usize,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

impl ListsDone {
    /// Whether anything is new.
    pub fn is_change(&self) -> bool {
        self.staff.iter().any(|line| line.outcome != Outcome::Unchanged)
            || self.classes.values().any(|outcome| *outcome != Outcome::Unchanged)
            || !self.homerooms.is_empty()
            || self.pupils_changed + self.pupils_removed > 0
    }
}

/// How the columns of each list are to be taken, where somebody said so.
#[derive(Debug, Clone, Default)]
pub struct ListMappings {
    /// Of the staff list.
    pub staff: ListMapping,
    /// Of the list of classes.
    pub classes: ListMapping,
    /// Of the pupils' lists.
    pub pupils: ListMapping,
}

/// What became of lists, or would.
#[derive(Debug, Clone, Default)]
pub struct ListsLook {
    /// What was done, or would be; none where a list has a fault, and nothing was stored then.
    pub done: Option<ListsDone>,
    /// Lines of each list that could be read; those of a list with a fault of its own are not counted.
    pub lines: Vec<(ListKind, usize)>,
    /// All findings, with the list that each is of.
    pub findings: Vec<(ListKind, Finding)>,
}

impl ListsLook {
    /// As one of several lists of one call: where there are several, a finding's sheet says which.
    fn labelled(findings: Vec<(ListKind, Finding)>, several: bool) -> Vec<Finding> {
        let name = |kind| match kind {
            ListKind::Staff => "Nhân sự",
            ListKind::Classes => "Lớp",
            ListKind::Pupils => "Học sinh",
            ListKind::Schools => "Trường",
        };
        let label = |(kind, finding): (ListKind, Finding)| match several {
            true => Finding { sheet: format!("{}: {}", name(kind), finding.sheet), ..finding },
            false => finding,
        };
        findings.into_iter().map(label).collect()
    }
}

/// The lists as they were read, each without a fault of its own.
#[derive(Default)]
struct Read {
    staff: Option<StaffList>,
    classes: Option<ClassList>,
    pupils: Option<PupilList>,
    findings: Vec<(ListKind, Finding)>,
}

impl Read {
    /// Reads all lists, and tells the faults of all of them.
    fn of(lists: &Lists<'_>, mappings: &ListMappings) -> Self {
        // A class list of a large school has more pupils than a class.
        let limits = Limits::default();
        let mut read = Self::default();
        macro_rules! one {
            ($slot:ident, $read:path, $kind:expr) => {
                match lists.$slot.map(|bytes| $read(bytes, &limits, &mappings.$slot)) {
                    Some(Ok(list)) => {
                        read.findings.extend(list.warnings.iter().cloned().map(|f| ($kind, f)));
                        read.$slot = Some(list);
                    }
                    Some(Err(findings)) => read.findings.extend(findings.into_iter().map(|f| ($kind, f))),
                    None => {}
                }
            };
        }
        one!(staff, read_staff_with, ListKind::Staff);
        one!(classes, read_classes_with, ListKind::Classes);
        one!(pupils, read_pupils_with, ListKind::Pupils);
        read
    }

    fn is_sound(&self) -> bool {
        !self.findings.iter().any(|(_, finding)| finding.is_error())
    }

    fn lines(&self) -> Vec<(ListKind, usize)> {
        let staff = self.staff.as_ref().map(|list| (ListKind::Staff, list.rows.len()));
        let classes = self.classes.as_ref().map(|list| (ListKind::Classes, list.rows.len()));
        let pupils = self.pupils.as_ref().map(|list| (ListKind::Pupils, list.rows.len()));
        [staff, classes, pupils].into_iter().flatten().collect()
    }
}

const fn position(position: StaffPosition) -> Position {
    match position {
        StaffPosition::Principal => Position::Principal,
        StaffPosition::DeputyPrincipal => Position::DeputyPrincipal,
        StaffPosition::Teacher => Position::Teacher,
        StaffPosition::Clerk => Position::Clerk,
        StaffPosition::Administrator => Position::Administrator,
    }
}

/// Whether there are grants, and all of them are of this school.
fn are_of(school: &SchoolCode, grants: &[Grant], given: &[Grant]) -> bool {
    let here = |grant: &Grant| grant.school.as_ref() == Some(school);
    grants.len() + given.len() > 0 && grants.iter().chain(given).all(here)
}

/// Somebody of the staff, as they are here and in the list.
#[derive(Clone)]
struct Person {
    account: Id,
    login: String,
    name: String,
    code: Option<Text>,
    position: Position,
}

impl App {
    /// Takes lists of a school in one transaction, so that they may refer to one another: an account for everybody of the
    /// staff, classes with their homeroom teachers, the pupils of one or more classes, whose list is theirs from then on.
    /// Done again it changes nothing.
    ///
    /// # Errors
    /// `Unsound` with all findings; `Forbidden`, `UnknownSchool`, `SchoolClosed`, `YearNotOpen`, `YearClosed`.
    pub async fn import_lists(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: SchoolYear,
        lists: &Lists<'_>,
        mode: Mode,
    ) -> Result<ListsDone, AppError> {
        let look = self.take_lists(actor, (school, year), lists, &ListMappings::default(), mode, &|_, _| ()).await?;
        let several = [lists.staff, lists.classes, lists.pupils].iter().flatten().count() > 1;
        let findings = ListsLook::labelled(look.findings, several);
        match look.done {
            Some(done) => Ok(ListsDone { warnings: findings, ..done }),
            None => Err(AppError::Unsound(findings)),
        }
    }

    /// The same with columns that somebody named, and with all that is found told by list. Nothing is stored where the
    /// answer has no `done`. `tell` is told how many lines of how many were looked at; where the database had to begin
    /// anew, it begins anew.
    ///
    /// # Errors
    /// `Forbidden`, `UnknownSchool`, `SchoolClosed`, `YearNotOpen`, `YearClosed`.
    pub async fn take_lists(
        &self,
        actor: &Actor,
        (school, year): (&SchoolCode, SchoolYear),
        lists: &Lists<'_>,
        mappings: &ListMappings,
        mode: Mode,
        tell: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<ListsLook, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        let mut read = Read::of(lists, mappings);
        let lines = read.lines();
        if !read.is_sound() {
            // Faults first, as those who mend them want them.
            read.findings.sort_by_key(|(_, finding)| !finding.is_error());
            return Ok(ListsLook { done: None, lines, findings: read.findings });
        }
        let of = lines.iter().map(|(_, lines)| lines).sum();
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("import_lists").await?;
            require_open(&mut tx, school).await?;
            require_year(&mut tx, school, year).await?;
            let (findings, done) = (Vec::new(), ListsDone::default());
            let mut work = Work { app: self, actor, school, year, now, findings, done, told: 0, of, tell };
            work.advance(0);
            let people = work.staff(&mut tx, read.staff.as_ref()).await?;
            let classes = work.classes(&mut tx, read.classes.as_ref(), read.pupils.as_ref()).await?;
            work.homerooms(&mut tx, &people, &classes, read.staff.as_ref(), read.classes.as_ref()).await?;
            if let Some(list) = &read.pupils {
                work.pupils(&mut tx, list, &classes).await?;
            }
            let Work { mut findings, done, .. } = work;
            if findings.iter().any(|(_, finding)| finding.is_error()) {
                findings.extend(read.findings.iter().cloned());
                return Ok(ListsLook { done: None, lines: lines.clone(), findings });
            }
            let findings = read.findings.iter().cloned().chain(findings).collect();
            let changes = done.is_change();
            let look = ListsLook { done: Some(done), lines: lines.clone(), findings };
            if mode == Mode::Preview || !changes {
                return Ok(look);
            }
            tx.audit(&plain(actor, "import_lists", school.to_string(), now)).await?;
            tx.commit().await?;
            Ok(look)
        })
        .await
    }
}

/// One taking of lists.
struct Work<'a> {
    app: &'a App,
    actor: &'a Actor,
    school: &'a SchoolCode,
    year: SchoolYear,
    now: UnixTime,
    findings: Vec<(ListKind, Finding)>,
    done: ListsDone,
    /// Lines that were looked at, of how many, and who wants to know.
    told: usize,
    of: usize,
    tell: &'a (dyn Fn(usize, usize) + Sync),
}

impl Work<'_> {
    fn advance(&mut self, lines: usize) {
        self.told += lines;
        (self.tell)(self.told, self.of);
    }

    fn find(&mut self, list: ListKind, finding: Finding) {
        self.findings.push((list, finding));
    }

    /// Everybody who works at the school after the list was taken; and the line of the list they are on, by its place.
    async fn staff(&mut self, tx: &mut Tx, list: Option<&StaffList>) -> Result<Vec<(Person, Option<usize>)>, AppError> {
        let mut people: Vec<(Person, Option<usize>)> = Vec::new();
        for member in tx.staff_of(self.school).await? {
            let Some(Account { id, login, name, .. }) = tx.account(&member.account).await? else { continue };
            let person = Person { account: id, login, name, code: member.code, position: member.position };
            people.push((person, None));
        }
        let Some(list) = list else { return Ok(people) };
        let mut taken: BTreeSet<String> = tx.logins().await?.into_iter().collect();
        taken.extend(list.rows.iter().filter_map(|row| row.login.clone()));
        // Whoever has a code or login finds their own before anybody is found by name alone.
        let mut found: Vec<Option<usize>> = vec![None; list.rows.len()];
        for by_name in [false, true] {
            for (place, row) in list.rows.iter().enumerate() {
                if found[place].is_none() {
                    found[place] = self.known(&mut people, row, place, by_name);
                }
            }
        }
        for (place, row) in list.rows.iter().enumerate() {
            self.advance(1);
            match found[place] {
                Some(index) => self.change(tx, &mut people[index].0, row).await?,
                None => {
                    if let Some(person) = self.add(tx, row, &mut taken).await? {
                        people.push((person, Some(place)));
                    }
                }
            }
        }
        let principals: Vec<&(Person, Option<usize>)> =
            people.iter().filter(|(person, _)| person.position == Position::Principal).collect();
        if let [_, _, ..] = principals.as_slice()
            && let Some(row) = list.rows.iter().find(|row| row.position == StaffPosition::Principal)
        {
            self.find(ListKind::Staff, row.spot.error(
                "position",
                None,
                Code::TwoPrincipals,
                Words::new("Một hiệu trưởng.", "One principal."),
                Words::new(
                    "Trường đã có hiệu trưởng khác: thêm người đó vào danh sách với chức vụ hiện nay.",
                    "The school has another principal: put that person on the list with the position they have now.",
                ),
            ));
        }
        Ok(people)
    }

    /// Who of those known a line is: by code, by login; then by a name that only one has.
    fn known(
        &self,
        people: &mut [(Person, Option<usize>)],
        row: &StaffRow,
        place: usize,
        by_name: bool,
    ) -> Option<usize> {
        let free = |entry: &&(Person, Option<usize>)| entry.1.is_none();
        let index = if by_name {
            let key = name_key(row.name.as_str());
            let same = |person: &Person| {
                name_key(&person.name) == key
                    && (person.code.is_none() || row.code.is_none())
                    && (row.login.is_none() || row.login.as_ref() == Some(&person.login))
            };
            let mut found = people.iter().enumerate().filter(|(_, entry)| free(entry) && same(&entry.0));
            match (found.next(), found.next()) {
                (Some((index, _)), None) => Some(index),
                _ => None,
            }
        } else {
            let same = |person: &Person| {
                row.code.is_some() && person.code == row.code || row.login.as_ref() == Some(&person.login)
            };
            people.iter().position(|entry| free(&entry) && same(&entry.0))
        }?;
        people.get_mut(index)?.1 = Some(place);
        Some(index)
    }

    /// A line of somebody who is known.
    async fn change(&mut self, tx: &mut Tx, person: &mut Person, row: &StaffRow) -> Result<(), AppError> {
        if name_key(&person.name) != name_key(row.name.as_str()) {
            self.find(
                ListKind::Staff,
                row.spot.error(
                    "name",
                    Some(row.name.as_str()),
                    Code::StaffTwice,
                    Words::new(
                        "Họ tên của người đã có mã hoặc tên đăng nhập này.",
                        "The name of whoever has this code or login.",
                    ),
                    Words::new(
                        "Mã hoặc tên đăng nhập đã cấp cho người khác của trường: sửa mã, hoặc sửa họ tên.",
                        "The code or login is another person's of the school: mend it, or the name.",
                    ),
                ),
            );
            return Ok(());
        }
        let wanted = position(row.position);
        let code = row.code.clone().or_else(|| person.code.clone());
        let outcome =
            if person.position == wanted && person.code == code { Outcome::Unchanged } else { Outcome::Changed };
        if outcome == Outcome::Changed {
            if person.position != wanted {
                if let Some(role) = role_of(person.position) {
                    tx.remove_school_grant(&person.account, role, self.school).await?;
                }
                if let Some(role) = self.role_of(wanted) {
                    self.grant(tx, &person.account, role).await?;
                }
            }
            (person.position, person.code) = (wanted, code);
            self.put(tx, person).await?;
        }
        let line = StaffLine { name: row.name.clone(), position: wanted, login: person.login.clone(), outcome };
        self.done.staff.push(line);
        Ok(())
    }

    /// A line of somebody new to the school.
    async fn add(
        &mut self,
        tx: &mut Tx,
        row: &StaffRow,
        taken: &mut BTreeSet<String>,
    ) -> Result<Option<Person>, AppError> {
        let wanted = position(row.position);
        let before = match &row.login {
            Some(login) => tx.account_of_login(login).await?,
            None => None,
        };
        let person = match (&row.login, before) {
            (Some(login), Some(account)) => {
                // Whoever was given an account of this school by hand joins its list; nobody else's account does.
                // What the OpenID Connect provider gives elsewhere counts as well.
                let given = tx.openid_grants_of(&account.id).await?;
                if !are_of(self.school, &account.grants, &given)
                    || name_key(&account.name) != name_key(row.name.as_str())
                {
                    self.login_taken(row, login);
                    return Ok(None);
                }
                if let Some(role) = self.role_of(wanted) {
                    self.grant(tx, &account.id, role).await?;
                }
                Person {
                    account: account.id,
                    login: account.login,
                    name: account.name,
                    code: row.code.clone(),
                    position: wanted,
                }
            }
            (login, None) => {
                let login = match login {
                    // A closed account keeps its login.
                    Some(login) if tx.logins().await?.contains(login) => {
                        self.login_taken(row, login);
                        return Ok(None);
                    }
                    Some(login) => login.clone(),
                    None => propose_login(row.name.as_str(), taken),
                };
                let grant = self.role_of(wanted).map(|role| Grant::of_school(role, self.school.clone(), None));
                let account = Account {
                    id: Id::from_bytes(self.app.edges().bytes()?),
                    login: login.clone(),
                    name: row.name.to_string(),
                    certificate: None,
                    grants: grant.into_iter().collect(),
                };
                tx.add_account(&account, self.now).await?;
                tx.audit(&plain(self.actor, "add_account", account.id.to_string(), self.now)).await?;
                Person { account: account.id, login, name: account.name, code: row.code.clone(), position: wanted }
            }
            (None, Some(_)) => return Ok(None),
        };
        self.put(tx, &person).await?;
        let line = StaffLine {
            name: row.name.clone(),
            position: wanted,
            login: person.login.clone(),
            outcome: Outcome::Added,
        };
        self.done.staff.push(line);
        Ok(Some(person))
    }

    fn login_taken(&mut self, row: &StaffRow, login: &str) {
        self.find(
            ListKind::Staff,
            row.spot.error(
                "login",
                Some(login),
                Code::LoginTaken,
                Words::new("Tên đăng nhập chưa ai dùng.", "A login that nobody has."),
                Words::new(
                    "Tên này đã có người dùng: chọn tên khác, hoặc để trống.",
                    "It is another account's: choose another one, or leave it empty.",
                ),
            ),
        );
    }

    /// What the list gives: a school's administrators are made by the department alone, whoever hands in the list.
    fn role_of(&self, position: Position) -> Option<GrantRole> {
        let may = || may(self.actor, Action::AppointAdministrator, Place::School(self.school));
        role_of(position).filter(|role| *role != GrantRole::SchoolAdministrator || may())
    }

    async fn put(&self, tx: &mut Tx, person: &Person) -> Result<(), AppError> {
        let Person { account, code, position, .. } = person.clone();
        let member = StaffMember { account, school: self.school.clone(), code, position };
        Ok(tx.put_staff(&member, self.now).await?)
    }

    async fn grant(&self, tx: &mut Tx, account: &Id, role: GrantRole) -> Result<(), AppError> {
        let wanted = Grant::of_school(role, self.school.clone(), None);
        let has = tx.account(account).await?.is_some_and(|a| a.grants.contains(&wanted));
        if !has {
            tx.add_grant(account, &wanted).await?;
        }
        Ok(())
    }

    /// The classes of the year after the list was taken. Pupils' classes are planned classes: a mistyped one is a fault.
    async fn classes(
        &mut self,
        tx: &mut Tx,
        list: Option<&ClassList>,
        pupils: Option<&PupilList>,
    ) -> Result<BTreeMap<ClassName, PlannedClass>, AppError> {
        let planned = tx.planned_classes(self.school, self.year).await?;
        let mut classes: BTreeMap<ClassName, PlannedClass> =
            planned.into_iter().map(|class| (class.name.clone(), class)).collect();
        let levels = tx.listed_school(self.school).await?.map(|ListedSchool { levels, .. }| levels).unwrap_or_default();
        for row in list.iter().flat_map(|list| &list.rows) {
            let ClassListRow { spot, class: name, grade, .. } = row;
            self.advance(1);
            if !levels.is_empty() && !levels.contains(&grade.level()) {
                self.find(ListKind::Classes, spot.error(
                    "class",
                    Some(name.as_str()),
                    Code::UnknownGrade,
                    Words::new("Một khối của cấp học trường dạy.", "A grade of a level that the school teaches."),
                    Words::new(
                        "Sửa tên lớp hoặc khối; nếu trường dạy cấp này, báo sở sửa danh sách trường.",
                        "Mend the class or grade; if the school teaches this level, have the department's list mended.",
                    ),
                ));
                continue;
            }
            let outcome = match classes.get_mut(name) {
                Some(class) if class.grade == *grade => Outcome::Unchanged,
                Some(class) => {
                    class.grade = *grade;
                    tx.put_planned_class(class, self.now).await?;
                    Outcome::Changed
                }
                None => {
                    let class = PlannedClass {
                        id: Id::from_bytes(self.app.edges().bytes()?),
                        school: self.school.clone(),
                        year: self.year,
                        grade: *grade,
                        name: name.clone(),
                        homeroom: None,
                        origin: None,
                    };
                    tx.put_planned_class(&class, self.now).await?;
                    classes.insert(name.clone(), class);
                    Outcome::Added
                }
            };
            self.done.classes.insert(name.clone(), outcome);
        }
        let mut told = BTreeSet::new();
        for row in pupils.iter().flat_map(|list| &list.rows) {
            if !classes.contains_key(&row.class) && told.insert(row.class.clone()) {
                self.find(ListKind::Pupils, unknown_class(&row.spot, "class", &row.class));
            }
        }
        Ok(classes)
    }

    /// Gives classes the homeroom teachers whom the lists name.
    async fn homerooms(
        &mut self,
        tx: &mut Tx,
        people: &[(Person, Option<usize>)],
        classes: &BTreeMap<ClassName, PlannedClass>,
        staff: Option<&StaffList>,
        list: Option<&ClassList>,
    ) -> Result<(), AppError> {
        let mut wanted: BTreeMap<ClassName, Id> = BTreeMap::new();
        for (place, row) in staff.iter().flat_map(|list| &list.rows).enumerate() {
            let Some(class) = &row.homeroom else { continue };
            if !classes.contains_key(class) {
                self.find(ListKind::Staff, unknown_class(&row.spot, "homeroom", class));
            } else if let Some((person, _)) = people.iter().find(|(_, line)| *line == Some(place)) {
                wanted.insert(class.clone(), person.account);
            }
        }
        for row in list.iter().flat_map(|list| &list.rows) {
            let Some(teacher) = &row.teacher else { continue };
            let key = name_key(teacher);
            let is = |person: &&(Person, Option<usize>)| {
                let Person { login, code, name, .. } = &person.0;
                *login == teacher.to_lowercase()
                    || code.as_ref().is_some_and(|code| code.as_str() == teacher)
                    || name_key(name) == key
            };
            let found: Vec<&(Person, Option<usize>)> = people.iter().filter(is).collect();
            let [(person, _)] = found.as_slice() else {
                let many = found.len() > 1;
                self.find(
                    ListKind::Classes,
                    row.spot.error(
                        "teacher",
                        Some(teacher),
                        Code::UnknownTeacher,
                        Words::new("Một người của danh sách nhân sự.", "Somebody of the staff list."),
                        match many {
                            true => Words::new(
                                "Nhiều người trùng tên: ghi mã giáo viên hoặc tên đăng nhập.",
                                "Several have this name: put the staff code or login.",
                            ),
                            false => Words::new(
                                "Sửa họ tên như trong danh sách nhân sự, hoặc thêm người vào danh sách đó.",
                                "Put the name as the staff list has it, or add them to it.",
                            ),
                        },
                    ),
                );
                continue;
            };
            match wanted.insert(row.class.clone(), person.account) {
                Some(other) if other != person.account => self.find(
                    ListKind::Classes,
                    row.spot.error(
                        "teacher",
                        Some(teacher),
                        Code::HomeroomTwice,
                        Words::new("Mỗi lớp một giáo viên chủ nhiệm.", "One homeroom teacher for each class."),
                        Words::new(
                            "Danh sách nhân sự ghi người khác chủ nhiệm lớp này: sửa một trong hai.",
                            "The staff list gives this class to somebody else: mend one of the two.",
                        ),
                    ),
                ),
                _ => {}
            }
        }
        for (name, account) in wanted {
            let Some(class) = classes.get(&name) else { continue };
            if class.homeroom != Some(account) {
                give_class(tx, class, &account, self.now).await?;
                self.done.homerooms.push(name);
            }
        }
        Ok(())
    }

    /// Puts pupils on the lists of their classes.
    async fn pupils(
        &mut self,
        tx: &mut Tx,
        list: &PupilList,
        classes: &BTreeMap<ClassName, PlannedClass>,
    ) -> Result<(), AppError> {
        let mut of_class: BTreeMap<&ClassName, Vec<&PupilListRow>> = BTreeMap::new();
        for row in &list.rows {
            of_class.entry(&row.class).or_default().push(row);
        }
        let mut before: BTreeMap<Id, BTreeMap<u32, ClassMember>> = BTreeMap::new();
        for member in tx.members_of_year(self.school, self.year).await? {
            before.entry(member.class).or_default().insert(member.number, member);
        }
        let taken: BTreeSet<Id> = of_class.keys().filter_map(|name| classes.get(*name)).map(|class| class.id).collect();
        // Whom the classes keep that this list does not speak of.
        let mut placed: BTreeSet<Id> = before
            .iter()
            .filter(|(class, _)| !taken.contains(class))
            .flat_map(|(_, members)| members.values().map(|member| member.pupil))
            .collect();
        for (name, rows) in of_class {
            let Some(class) = classes.get(name) else { continue };
            self.done.pupils.insert(name.clone(), rows.len());
            let known = self.know(tx, class, &rows).await?;
            self.advance(rows.len());
            let Some(pupils) = known else { continue };
            let mut old = before.remove(&class.id).unwrap_or_default();
            let (mut new, mut removed) = (Vec::new(), Vec::new());
            for (row, pupil) in rows.iter().zip(pupils) {
                if !placed.insert(pupil) {
                    self.find(ListKind::Pupils, row.spot.error(
                        "name",
                        Some(row.identity.name.as_str()),
                        Code::PupilTwice,
                        Words::new("Mỗi học sinh ở một lớp.", "Each pupil in one class."),
                        Words::new(
                            "Mã của học sinh này đã có ở một dòng hoặc lớp khác: sửa mã; nếu chuyển lớp, gửi danh sách cả hai lớp.",
                            "This pupil's number is on another line or class list: mend it; for a move send both classes.",
                        ),
                    ));
                    continue;
                }
                let same = match old.get(&row.number) {
                    Some(member) => member.pupil == pupil && self.app.open_member(member)? == row.identity,
                    None => false,
                };
                let gone = old.remove(&row.number);
                if same {
                    continue;
                }
                removed.extend(gone.map(|member| (member.class, member.number)));
                let personal = self.app.seal_member(&class.id, row.number, &row.identity)?;
                new.push(ClassMember { class: class.id, number: row.number, pupil, personal });
            }
            self.done.pupils_changed += new.len();
            self.done.pupils_removed += old.len();
            removed.extend(old.values().map(|member| (member.class, member.number)));
            if self.findings.iter().any(|(_, finding)| finding.is_error()) {
                // Nothing will be stored; go on only to tell what else is wrong.
                continue;
            }
            tx.remove_members(&removed).await?;
            tx.add_members(&new).await?;
        }
        Ok(())
    }

    /// Who the pupils of a class are, in the order of the rows; nothing where one has the numbers of two.
    async fn know(
        &mut self,
        tx: &mut Tx,
        class: &PlannedClass,
        rows: &[&PupilListRow],
    ) -> Result<Option<Vec<Id>>, AppError> {
        let as_class = as_class(class);
        let asked: Vec<Row<'_>> =
            rows.iter().map(|row| Row { number: row.number, identity: &row.identity, before: None }).collect();
        match self.app.know_pupils(tx, &as_class, &asked).await {
            Ok(known) => Ok(known.into_iter().map(|known| known.map(|k| k.pupil)).collect()),
            Err(AppError::TwoPupils { number }) => {
                if let Some(row) = rows.iter().find(|row| row.number == number) {
                    self.find(ListKind::Pupils, row.spot.error(
                        "name",
                        Some(row.identity.name.as_str()),
                        Code::TwoPupils,
                        Words::new("Các mã của một học sinh.", "The numbers of one pupil."),
                        Words::new(
                            "Các mã ở dòng này là của hai học sinh khác nhau đã có trong hệ thống: đối chiếu với giấy tờ.",
                            "The numbers of this line are those of two pupils known here: compare them with the papers.",
                        ),
                    ));
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// A planned class as pupils are asked about.
pub(super) fn as_class(class: &PlannedClass) -> Class {
    Class {
        id: class.id,
        school: class.school.clone(),
        year: class.year,
        grade: class.grade,
        name: class.name.clone(),
        revision: 1,
        kind: ClassKind::Year,
    }
}

fn unknown_class(spot: &hocba_workbook::Spot, column: &str, class: &ClassName) -> Finding {
    spot.error(
        column,
        Some(class.as_str()),
        Code::UnknownClass,
        Words::new("Một lớp của danh sách lớp.", "A class of the class list."),
        Words::new(
            "Sửa tên lớp, hoặc thêm lớp vào danh sách lớp của năm học.",
            "Mend the class, or add it to the year's class list.",
        ),
    )
}

impl App {
    /// What an import of marks says otherwise than the class list: pupils who are not on it, and pupils of it without
    /// marks. Nothing where no list was taken.
    pub(crate) async fn compare_with_list(
        &self,
        tx: &mut Tx,
        class: &Class,
        rows: &[(u32, &Identity)],
    ) -> Result<Vec<Finding>, AppError> {
        let planned = tx.planned_classes(&class.school, class.year).await?;
        let Some(planned) = planned.into_iter().find(|p| p.name == class.name) else { return Ok(Vec::new()) };
        let members: Vec<ClassMember> = tx
            .members_of_year(&class.school, class.year)
            .await?
            .into_iter()
            .filter(|m| m.class == planned.id)
            .collect();
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let mut expected = Vec::with_capacity(members.len());
        for member in &members {
            let identity = self.open_member(member)?;
            expected.push((member.number, self.keys_of(&class.school, &identity), identity.name));
        }
        let mut seen = vec![false; expected.len()];
        let mut findings = Vec::new();
        let warning = |code, number: u32, name: &Text, expected: Words, mend: Words| Finding {
            code,
            severity: hocba_workbook::Severity::Warning,
            sheet: String::new(),
            cell: None,
            value: Some(format!("{number}. {name}")),
            expected,
            how_to_mend: mend,
        };
        for (number, identity) in rows {
            let keys = self.keys_of(&class.school, identity);
            match expected.iter().position(|(_, known, _)| known.iter().any(|key| keys.contains(key))) {
                Some(place) => seen[place] = true,
                None => findings.push(warning(
                    Code::NotOnClassList,
                    *number,
                    &identity.name,
                    Words::new("Một học sinh của danh sách lớp.", "A pupil of the class list."),
                    Words::new(
                        "Học sinh không có trong danh sách lớp: kiểm tra mã, hoặc cập nhật danh sách lớp.",
                        "The class list does not have this pupil: check the numbers, or bring the list up to date.",
                    ),
                )),
            }
        }
        for ((number, _, name), _) in expected.iter().zip(&seen).filter(|(_, seen)| !**seen) {
            findings.push(warning(
                Code::MissingFromClass,
                *number,
                name,
                Words::new("Mọi học sinh của danh sách lớp.", "Every pupil of the class list."),
                Words::new(
                    "Học sinh có trong danh sách lớp mà không có điểm ở đây: thêm vào, hoặc cập nhật danh sách lớp.",
                    "The class list has this pupil, who has no marks here: add them, or bring the list up to date.",
                ),
            ));
        }
        Ok(findings)
    }
}
