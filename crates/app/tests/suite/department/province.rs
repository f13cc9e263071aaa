//! Schools as they may be found in a province, made up row by row.

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear},
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    statement::{Role, Statement},
};
use hocba_store::{
    bulk::{Bulk, Value},
    model::Id,
    tables::Table,
};
use hocba_tests::{DAY, at, office::Office};

use crate::names::{class, code, year};

/// Numbers that look like chance and are the same each time: splitmix64.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    /// In so many of a hundred cases.
    pub fn often(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
    fn id(&mut self) -> [u8; 16] {
        [self.next().to_be_bytes(), self.next().to_be_bytes()].concat().try_into().expect("16 bytes")
    }
}

/// How large made-up schools are, and how much of everything they have.
pub struct Shape {
    pub schools: usize,
    /// Teachers besides the offices; classes; pupils of a class.
    pub teachers: u64,
    pub classes: u64,
    pub pupils: u64,
    /// How often a thing is there, of a hundred.
    pub there: u64,
}

/// Rows for each table, in the order they are inserted.
#[derive(Default)]
struct Rows(Vec<(&'static str, Vec<Vec<Value>>)>);

impl Rows {
    fn add(&mut self, table: &'static str, values: &[(&str, Value)]) {
        let columns = Table::named(table).expect("a table").columns;
        for (name, _) in values {
            assert!(columns.iter().any(|column| column.0 == *name), "{table} has no {name}");
        }
        let of = |name: &str| values.iter().find(|v| v.0 == name).map_or(Value::Null, |v| v.1.clone());
        let row: Vec<Value> = columns.iter().map(|column| of(column.0)).collect();
        match self.0.iter_mut().find(|known| known.0 == table) {
            Some((_, rows)) => rows.push(row),
            None => self.0.push((table, vec![row])),
        }
    }

    async fn insert(self, office: &Office) {
        let mut bulk = Bulk::connect(&office.database.database()).await.expect("connected");
        // One that another refers to stands before it in the list of tables.
        for table in hocba_store::tables::TABLES {
            for (_, rows) in self.0.iter().filter(|known| known.0 == table.name) {
                bulk.insert(table, rows.clone()).await.unwrap_or_else(|e| panic!("{}: {e}", table.name));
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "of many types, and mostly made for it")]
fn text(text: impl ToString) -> Value {
    Value::Text(text.to_string())
}
fn int(n: impl TryInto<i64>) -> Value {
    Value::Int(n.try_into().unwrap_or(i64::MAX))
}

/// Schools as they may be found in a province: some not begun, some half done, some done, some closed.
pub struct Province {
    rows: Rows,
    dice: Dice,
    codes: Vec<SchoolCode>,
    /// The clock of the office.
    now: i64,
    /// A batch that is on the public record, and one that is not yet.
    leaf: u64,
    status: i64,
    /// Whether nothing goes wrong at the school that is being made.
    calm: bool,
}

impl Province {
    pub async fn settle(office: &Office, seed: u64, shape: &Shape) -> Vec<SchoolCode> {
        let now = office.app.edges().now().seconds();
        let mut province =
            Self { rows: Rows::default(), dice: Dice(seed), codes: Vec::new(), now, leaf: 0, status: 0, calm: false };
        for id in [1, 2] {
            let mut batch = vec![
                ("id", int(id)),
                ("issuer", text("so-demo")),
                ("kind", text("appointment")),
                ("root", Value::Bytes(vec![0; 32])),
                ("size", int(1)),
                ("closed_at", int(now)),
            ];
            if id == 1 {
                let receipt =
                    [("chain_index", int(0)), ("block", int(1)), ("block_time", int(now)), ("tx_hash", text("0x0"))];
                batch.extend(receipt);
            }
            province.rows.add("batches", &batch);
        }
        for n in 0..shape.schools {
            province.school(n, shape);
        }
        province.rows.insert(office).await;
        province.codes
    }

    /// Somebody at a school; their certificate where they have one.
    fn person(&mut self, school: &SchoolCode, position: &str, there: u64) -> (Id, Option<Sha256Digest>) {
        let id = Id::from_bytes(self.dice.id());
        let certificate = self.dice.often(there).then(|| Sha256Digest::of(&self.dice.id()));
        if let Some(digest) = certificate {
            let in_days = i64::try_from(self.dice.below(400)).expect("small") - 60;
            let not_after = if self.dice.often(20) { self.now + in_days * DAY } else { self.now + 700 * DAY };
            let row = [("der", Value::Bytes(vec![1])), ("added_at", int(self.now)), ("not_after", int(not_after))];
            self.rows.add("certificates", &[&[("digest", text(digest))][..], &row].concat());
        }
        let disabled = (!self.calm && self.dice.often(3)).then_some(self.now);
        self.rows.add(
            "accounts",
            &[
                ("id", text(id)),
                ("login", text(id)),
                ("name", text(format!("Người {}", &id.to_string()[..4]))),
                ("certificate", certificate.map_or(Value::Null, text)),
                ("created_at", int(self.now)),
                ("disabled_at", disabled.map_or(Value::Null, int)),
            ],
        );
        if self.calm || self.dice.often(97) {
            let row = [("account", text(id)), ("school", text(school)), ("position", text(position))];
            self.rows.add("staff", &[&row[..], &[("added_at", int(self.now))]].concat());
        }
        if self.dice.often(80) {
            let n = self.leaf;
            self.leaf += 1;
            let row = [("id", int(n)), ("account", text(id)), ("school", text(school))];
            self.rows.add("grants", &[&row[..], &[("role", text("clerk"))]].concat());
        }
        if self.dice.often(there) {
            let mut row = vec![("account", text(id))];
            if self.dice.often(90) {
                row.extend([("password", text("x")), ("password_at", int(self.now))]);
            }
            if self.dice.often(10) {
                row.push(("locked_at", int(self.now)));
            }
            self.rows.add("account_access", &row);
        }
        (id, certificate)
    }

    fn appoint(
        &mut self,
        school: &SchoolCode,
        role: Role,
        certificate: Sha256Digest,
        class: Option<(SchoolYear, ClassName)>,
    ) {
        let id = RecordId::from_bytes(self.dice.id());
        let (from, until) = match self.dice.below(12) {
            _ if self.calm => (self.now - 30 * DAY, self.now + 300 * DAY),
            0 => (self.now + DAY, self.now + 300 * DAY),
            1 => (self.now - 300 * DAY, self.now),
            _ => (self.now - 30 * DAY, self.now + 300 * DAY),
        };
        let (year, class) = class.unzip();
        let appointment = Appointment {
            appointee: Appointee {
                certificate,
                name: "Tên".parse().expect("text"),
                title: "Chức vụ".parse().expect("text"),
            },
            class: class.clone(),
            from: at(from),
            id,
            key_storage: KeyStorage::File,
            role,
            school: school.clone(),
            until: at(until),
            year,
        };
        let statement = Statement::unsigned(appointment.to_bytes());
        // Some as a release before noted them: the statement alone says the class.
        let noted = self.dice.often(90);
        self.rows.add(
            "appointments",
            &[
                ("id", text(id)),
                ("school", text(school)),
                ("role", text(role)),
                ("certificate", text(certificate)),
                ("valid_from", int(from)),
                ("valid_until", int(until)),
                ("statement", Value::Bytes(statement.to_bytes())),
                ("year", year.filter(|_| noted).map_or(Value::Null, |y| int(i64::from(y.start())))),
                ("class", class.filter(|_| noted).map_or(Value::Null, text)),
            ],
        );
        let mut leaf = vec![
            ("leaf", Value::Bytes(Sha256Digest::of(id.to_string().as_bytes()).as_bytes().to_vec())),
            ("kind", text("appointment")),
            ("subject", text(id)),
            ("version", int(1)),
            ("school", text(school)),
            ("issuer", text("so-demo")),
            ("ready_at", int(self.now)),
        ];
        let place = self.leaf;
        self.leaf += 1;
        match self.dice.below(6) {
            _ if self.calm => leaf.extend([("batch", int(1)), ("position", int(place))]),
            0 => {}
            1 => leaf.extend([("batch", int(2)), ("position", int(place))]),
            _ => leaf.extend([("batch", int(1)), ("position", int(place))]),
        }
        self.rows.add("leaves", &leaf);
        if !self.calm && self.dice.often(8) {
            self.status += 1;
            let mut end = statement.to_bytes();
            end.push(b' ');
            self.rows.add(
                "statuses",
                &[
                    ("id", int(self.status)),
                    ("subject", text(id)),
                    ("action", text(if self.dice.often(80) { "end" } else { "supersede" })),
                    ("live_version", int(1)),
                    ("reason", int(1)),
                    ("school", text(school)),
                    ("leaf", Value::Bytes(Sha256Digest::of(&end).as_bytes().to_vec())),
                    ("statement", Value::Bytes(statement.to_bytes())),
                    ("taken_at", int(self.now)),
                ],
            );
        }
    }

    fn school(&mut self, n: usize, shape: &Shape) {
        let school = code(&format!("79S{n:05}"));
        self.codes.push(school.clone());
        let row = [("code", text(&school)), ("issuer", text("so-demo")), ("created_at", int(self.now))];
        self.rows.add("schools", &row);
        let name = format!("Trường Tiểu học Số {n}");
        let row = [("code", text(&school)), ("name", text(name)), ("levels", text("")), ("noted_at", int(self.now))];
        self.rows.add("school_list", &row);
        // How much of everything this one has.
        let there = match self.dice.below(10) {
            0 => 0,
            1 | 2 => 50,
            3..=5 => 100,
            _ => shape.there,
        };
        self.calm = there == 100 && self.dice.often(60);
        if self.dice.often(5) {
            self.leaf += 1;
            let row = [("id", int(self.leaf)), ("school", text(&school)), ("change", text("closed"))];
            self.rows.add("school_changes", &[&row[..], &[("changed_at", int(self.now))]].concat());
        }
        let years: Vec<u16> = if there == 0 { vec![] } else { vec![2025, 2026] };
        for start in &years {
            // The earlier one is mostly closed; sometimes all are.
            let closed = self.dice.often(if *start == 2025 { 80 } else { 10 });
            let mut row = vec![("school", text(&school)), ("year", int(*start)), ("opened_at", int(self.now))];
            if closed {
                row.push(("closed_at", int(self.now)));
            }
            self.rows.add("school_years", &row);
        }
        let mut teachers = Vec::new();
        for position in ["principal", "deputy_principal", "clerk"] {
            if !self.dice.often(there) {
                continue;
            }
            let (_, certificate) = self.person(&school, position, there);
            let role = match position {
                "principal" => Role::Principal,
                "clerk" => Role::SchoolSeal,
                _ => Role::DeputyPrincipal,
            };
            if let Some(certificate) = certificate.filter(|_| self.dice.often(there)) {
                self.appoint(&school, role, certificate, None);
            }
        }
        if there > 0 {
            for _ in 0..shape.teachers {
                teachers.push(self.person(&school, "teacher", there));
            }
        }
        for start in years {
            for n in 1..=shape.classes {
                if !self.dice.often(there) {
                    continue;
                }
                self.class(&school, year(start), class(&format!("9A{n}")), &teachers, shape, there);
            }
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is made for it")]
    fn class(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
        name: ClassName,
        teachers: &[(Id, Option<Sha256Digest>)],
        shape: &Shape,
        there: u64,
    ) {
        let planned = Id::from_bytes(self.dice.id());
        let pick = usize::try_from(self.dice.below(teachers.len().max(1) as u64)).expect("small");
        let teacher = teachers.get(pick).filter(|_| self.dice.often(there.max(60)));
        self.rows.add(
            "planned_classes",
            &[
                ("id", text(planned)),
                ("school", text(school)),
                ("year", int(i64::from(year.start()))),
                ("grade", int(9)),
                ("name", text(&name)),
                ("homeroom", teacher.map_or(Value::Null, |t| text(t.0))),
                ("planned_at", int(self.now)),
            ],
        );
        if let Some(certificate) = teacher.and_then(|t| t.1).filter(|_| self.dice.often(there)) {
            self.appoint(school, Role::HomeroomTeacher, certificate, Some((year, name.clone())));
        }
        let with_pupils = self.dice.often(there);
        let records = self.dice.often(50).then(|| Id::from_bytes(self.dice.id()));
        if let Some(class) = records {
            self.rows.add(
                "classes",
                &[
                    ("id", text(class)),
                    ("school", text(school)),
                    ("year", int(i64::from(year.start()))),
                    ("grade", int(9)),
                    ("name", text(&name)),
                    ("revision", int(1)),
                    ("imported_at", int(self.now)),
                    ("kind", text(if self.dice.often(90) { "year" } else { "converted" })),
                ],
            );
        }
        let far = self.dice.below(4);
        for number in 1..=shape.pupils {
            let pupil = Id::from_bytes(self.dice.id());
            self.rows.add("pupils", &[("id", text(pupil)), ("created_at", int(self.now))]);
            if with_pupils && self.dice.often(95) {
                self.rows.add(
                    "class_members",
                    &[
                        ("class", text(planned)),
                        ("number", int(number)),
                        ("pupil", text(pupil)),
                        ("key_id", text("k")),
                        ("nonce", Value::Bytes(vec![0; 12])),
                        ("personal", Value::Bytes(vec![0; 40])),
                    ],
                );
            }
            let Some(class) = records.filter(|_| self.dice.often(95)) else { continue };
            self.record(school, class, number, pupil, far);
        }
    }

    fn record(&mut self, school: &SchoolCode, class: Id, number: u64, pupil: Id, far: u64) {
        let record = RecordId::from_bytes(self.dice.id());
        let pupil = if self.dice.often(97) { text(pupil) } else { Value::Null };
        let row = [("id", text(record)), ("class", text(class)), ("number", int(number)), ("pupil", pupil)];
        self.rows.add("records", &row);
        let versions = if self.dice.often(5) { 2 } else { 1 };
        for version in 1..=versions {
            // Mostly as far as the class is.
            let far = if version < versions {
                3
            } else if self.dice.often(98) {
                far
            } else {
                self.dice.below(4)
            };
            let state = ["draft", "teacher_signed", "sealed", "sealed"][usize::try_from(far).expect("small")];
            let left_out = far == 0 && self.dice.often(5);
            self.rows.add(
                "record_versions",
                &[
                    ("record", text(record)),
                    ("version", int(version)),
                    ("state", text(state)),
                    ("revision", int(1)),
                    ("statement", if far == 0 { Value::Null } else { Value::Bytes(vec![1]) }),
                    ("key_id", text("k")),
                    ("nonce", Value::Bytes(vec![0; 12])),
                    ("personal", Value::Bytes(vec![0; 40])),
                    ("left_out", if left_out { text("transferred") } else { Value::Null }),
                    ("changed_at", int(self.now)),
                ],
            );
            if far < 2 {
                continue;
            }
            let place = self.leaf;
            self.leaf += 1;
            let leaf = Sha256Digest::of(format!("{record} {version}").as_bytes());
            let mut row = vec![
                ("leaf", Value::Bytes(leaf.as_bytes().to_vec())),
                ("kind", text("record")),
                ("subject", text(record)),
                ("version", int(version)),
                ("school", text(school)),
                ("issuer", text("so-demo")),
                ("ready_at", int(self.now)),
            ];
            if far == 3 {
                row.extend([("batch", int(1)), ("position", int(place))]);
            }
            self.rows.add("leaves", &row);
        }
    }
}
