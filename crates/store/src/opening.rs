//! What is there of a school before its first record: the list it stands in, its staff, years, classes and class lists.

use std::collections::BTreeMap;

use hocba_record::{
    encoding::Sha256Digest,
    types::{ClassName, EducationLevel, Grade, SchoolCode, SchoolYear, Text, UnixTime},
};

use crate::{
    StoreError, Tx,
    model::{
        ClassMember, Envelope, GrantRole, Id, ListedSchool, PlannedClass, Position, SchoolYearRow, StaffMember,
        YearRecord,
    },
    pupils::level_word,
    records::placeholders,
    row::{Row, all, int, maybe, one},
};

/// Rows in one statement: at most 6 bound values each.
const BULK: usize = 500;

const LEVELS: [EducationLevel; 3] =
    [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary];

impl Tx {
    /// Notes schools of the department's list; one that is there takes the new name, levels and ward.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_schools(&mut self, schools: &[ListedSchool], now: UnixTime) -> Result<(), StoreError> {
        for schools in schools.chunks(BULK) {
            let sql = format!(
                "INSERT INTO school_list (code, name, levels, noted_at, ward) VALUES {} ON CONFLICT (code) DO UPDATE SET \
                 name = excluded.name, levels = excluded.levels, noted_at = excluded.noted_at, ward = excluded.ward",
                placeholders(schools.len(), 5)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for school in schools {
                let levels: Vec<&str> = school.levels.iter().map(|level| level_word(*level)).collect();
                query = query
                    .bind(school.code.as_str())
                    .bind(school.name.as_str())
                    .bind(levels.join(","))
                    .bind(now.seconds())
                    .bind(school.ward.as_ref().map(ToString::to_string));
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The department's list, by code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn listed_schools(&mut self) -> Result<Vec<ListedSchool>, StoreError> {
        let rows = sqlx::query("SELECT * FROM school_list ORDER BY code").fetch_all(self.connection()).await?;
        all("school_list", &rows, listed)
    }

    /// What the list says of a code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn listed_school(&mut self, code: &SchoolCode) -> Result<Option<ListedSchool>, StoreError> {
        let row = sqlx::query("SELECT * FROM school_list WHERE code = $1")
            .bind(code.as_str())
            .fetch_optional(self.connection())
            .await?;
        maybe("school_list", row.as_ref(), listed)
    }

    /// Adds somebody to a school's staff, or changes their number and position.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a number that is another's.
    pub async fn put_staff(&mut self, member: &StaffMember, now: UnixTime) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO staff (account, school, code, position, added_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account, school) DO UPDATE SET code = excluded.code, position = excluded.position",
        )
        .bind(member.account.to_string())
        .bind(member.school.as_str())
        .bind(member.code.as_ref().map(ToString::to_string))
        .bind(member.position.as_str())
        .bind(now.seconds())
        .execute(self.connection())
        .await
        .map_err(|e| StoreError::from(e).or_exists("the staff number"))?;
        Ok(())
    }

    /// A school's staff, in the order they were added.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn staff_of(&mut self, school: &SchoolCode) -> Result<Vec<StaffMember>, StoreError> {
        let rows = sqlx::query("SELECT * FROM staff WHERE school = $1 ORDER BY added_at, account")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all("staff", &rows, member_of_staff)
    }

    /// Logins that are taken, by accounts that were closed too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn logins(&mut self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT login FROM accounts ORDER BY login").fetch_all(self.connection()).await?;
        all("accounts", &rows, |row| row.text("login"))
    }

    /// Says by which certificate an account signs from now on.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a certificate that is another account's.
    pub async fn set_certificate(&mut self, account: &Id, digest: &Sha256Digest) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE accounts SET certificate = $1 WHERE id = $2 AND disabled_at IS NULL")
            .bind(digest.to_string())
            .bind(account.to_string())
            .execute(self.connection())
            .await
            .map_err(|e| StoreError::from(e).or_exists("the certificate"))?;
        one(done.rows_affected(), "the account")
    }

    /// Says that an account signs by no certificate from now on, whether it may still sign in or not.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where there is no such account.
    pub async fn withdraw_certificate(&mut self, account: &Id) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE accounts SET certificate = NULL WHERE id = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        one(done.rows_affected(), "the account")
    }

    /// Takes from an account that it is the homeroom teacher of a class.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_class_grant(
        &mut self,
        account: &Id,
        (school, year, class): (&SchoolCode, SchoolYear, &ClassName),
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM grants WHERE account = $1 AND role = $2 AND school = $3 AND year = $4 AND class = $5")
            .bind(account.to_string())
            .bind(GrantRole::HomeroomTeacher.as_str())
            .bind(school.as_str())
            .bind(i64::from(year.start()))
            .bind(class.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Takes a role of the whole school from an account.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_school_grant(
        &mut self,
        account: &Id,
        role: GrantRole,
        school: &SchoolCode,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM grants WHERE account = $1 AND role = $2 AND school = $3 AND class IS NULL")
            .bind(account.to_string())
            .bind(role.as_str())
            .bind(school.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Opens a school year; whether it was not open or closed before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_school_year(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO school_years (school, year, opened_at) VALUES ($1, $2, $3) ON CONFLICT (school, year) DO NOTHING",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .bind(now.seconds())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Closes a school year that is open.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where it is not.
    pub async fn close_school_year(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
        reason: Option<&Text>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE school_years SET closed_at = $1, reason = $2 WHERE school = $3 AND year = $4 AND closed_at IS NULL",
        )
        .bind(now.seconds())
        .bind(reason.map(ToString::to_string))
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the school year")
    }

    /// A school's years, the earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn school_years(&mut self, school: &SchoolCode) -> Result<Vec<SchoolYearRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM school_years WHERE school = $1 ORDER BY year")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all("school_years", &rows, |row| {
            Ok(SchoolYearRow {
                year: row.read("year", SchoolYear::starting(row.number("year")?))?,
                opened_at: row.time("opened_at")?,
                closed_at: row.time_opt("closed_at")?,
                reason: row.parsed_opt("reason")?,
            })
        })
    }

    /// Plans a class, or changes what is planned of it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the school plans another one of this name.
    pub async fn put_planned_class(&mut self, class: &PlannedClass, now: UnixTime) -> Result<(), StoreError> {
        self.touched.planned(&class.id);
        self.touched.at(now);
        sqlx::query(
            "INSERT INTO planned_classes (id, school, year, grade, name, homeroom, origin, planned_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET grade = excluded.grade, \
             homeroom = excluded.homeroom, origin = excluded.origin",
        )
        .bind(class.id.to_string())
        .bind(class.school.as_str())
        .bind(i64::from(class.year.start()))
        .bind(i64::from(class.grade.number()))
        .bind(class.name.as_str())
        .bind(class.homeroom.map(|id| id.to_string()))
        .bind(class.origin.as_ref().map(ToString::to_string))
        .bind(now.seconds())
        .execute(self.connection())
        .await
        .map_err(|e| StoreError::from(e).or_exists("the class"))?;
        Ok(())
    }

    /// The classes a school plans for a year, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planned_classes(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<Vec<PlannedClass>, StoreError> {
        let rows = sqlx::query("SELECT * FROM planned_classes WHERE school = $1 AND year = $2 ORDER BY name")
            .bind(school.as_str())
            .bind(i64::from(year.start()))
            .fetch_all(self.connection())
            .await?;
        all("planned_classes", &rows, planned)
    }

    /// Puts pupils on class lists.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a number or a pupil that the class has.
    pub async fn add_members(&mut self, members: &[ClassMember]) -> Result<(), StoreError> {
        for member in members {
            self.touched.planned(&member.class);
        }
        for members in members.chunks(BULK) {
            let sql = format!(
                "INSERT INTO class_members (class, number, pupil, key_id, nonce, personal) VALUES {}",
                placeholders(members.len(), 6)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for member in members {
                query = query
                    .bind(member.class.to_string())
                    .bind(i64::from(member.number))
                    .bind(member.pupil.to_string())
                    .bind(&member.personal.key_id)
                    .bind(member.personal.nonce.to_vec())
                    .bind(member.personal.bytes.clone());
            }
            query.execute(self.connection()).await.map_err(|e| StoreError::from(e).or_exists("the pupil"))?;
        }
        Ok(())
    }

    /// Takes pupils off class lists: `(class, number)`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_members(&mut self, members: &[(Id, u32)]) -> Result<(), StoreError> {
        for (class, number) in members {
            self.touched.planned(class);
            sqlx::query("DELETE FROM class_members WHERE class = $1 AND number = $2")
                .bind(class.to_string())
                .bind(int(*number))
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// The class lists of a school's year, by class and number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn members_of_year(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<Vec<ClassMember>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.* FROM class_members m JOIN planned_classes c ON c.id = m.class \
             WHERE c.school = $1 AND c.year = $2 ORDER BY c.name, m.number",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .fetch_all(self.connection())
        .await?;
        all("class_members", &rows, member)
    }

    /// The pupils on the class lists of a school's year.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pupils_on_lists(&mut self, school: &SchoolCode, year: SchoolYear) -> Result<Vec<Id>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.pupil FROM class_members m JOIN planned_classes c ON c.id = m.class \
             WHERE c.school = $1 AND c.year = $2 ORDER BY m.pupil",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .fetch_all(self.connection())
        .await?;
        all("class_members", &rows, |row| row.parsed("pupil"))
    }

    /// How far the records of a school's year are, without opening any; those taken over from paper are not among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn year_records(&mut self, school: &SchoolCode, year: SchoolYear) -> Result<Vec<YearRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.pupil, v.version, v.state, v.left_out FROM classes c JOIN records r ON r.class = c.id \
             JOIN record_versions v ON v.record = r.id WHERE c.school = $1 AND c.year = $2 AND c.kind = 'year' \
             AND NOT EXISTS (SELECT 1 FROM record_versions n WHERE n.record = v.record AND n.version > v.version) \
             ORDER BY r.id",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .fetch_all(self.connection())
        .await?;
        all("record_versions", &rows, |row| {
            Ok(YearRecord {
                pupil: row.parsed_opt("pupil")?,
                version: row.number("version")?,
                state: row.parsed("state")?,
                left_out: row.parsed_opt("left_out")?,
            })
        })
    }

    /// How many pupils each class of a school's year expects; none where it expects nobody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_members(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<BTreeMap<Id, u64>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.class, COUNT(*) AS n FROM class_members m JOIN planned_classes c ON c.id = m.class \
             WHERE c.school = $1 AND c.year = $2 GROUP BY m.class ORDER BY m.class",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .fetch_all(self.connection())
        .await?;
        let read = |row: &Row<'_>| Ok((row.parsed::<Id>("class")?, row.number::<u64>("n")?));
        Ok(all("class_members", &rows, read)?.into_iter().collect())
    }

    /// Notes what was decided of a pupil at the end of a year: a word of the schema.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_move(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
        (pupil, word): (&Id, &str),
        now: UnixTime,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO pupil_moves (school, year, pupil, move, decided_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (school, year, pupil) DO UPDATE SET move = excluded.move, decided_at = excluded.decided_at",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .bind(pupil.to_string())
        .bind(word)
        .bind(now.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What was decided of the pupils of a year.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn moves(&mut self, school: &SchoolCode, year: SchoolYear) -> Result<BTreeMap<Id, String>, StoreError> {
        let rows = sqlx::query("SELECT * FROM pupil_moves WHERE school = $1 AND year = $2 ORDER BY pupil")
            .bind(school.as_str())
            .bind(i64::from(year.start()))
            .fetch_all(self.connection())
            .await?;
        let read = |row: &Row<'_>| Ok((row.parsed::<Id>("pupil")?, row.text("move")?));
        Ok(all("pupil_moves", &rows, read)?.into_iter().collect())
    }
}

fn listed(row: &Row<'_>) -> Result<ListedSchool, StoreError> {
    let words = row.text("levels")?;
    let levels = words.split(',').filter(|word| !word.is_empty()).map(|word| {
        let level = LEVELS.into_iter().find(|level| level_word(*level) == word);
        row.read("levels", level.ok_or("not a level"))
    });
    Ok(ListedSchool {
        code: row.parsed("code")?,
        name: row.parsed("name")?,
        levels: levels.collect::<Result<_, _>>()?,
        ward: row.parsed_opt("ward")?,
    })
}

fn member_of_staff(row: &Row<'_>) -> Result<StaffMember, StoreError> {
    Ok(StaffMember {
        account: row.parsed("account")?,
        school: row.parsed("school")?,
        code: row.parsed_opt("code")?,
        position: row.parsed::<Position>("position")?,
    })
}

fn planned(row: &Row<'_>) -> Result<PlannedClass, StoreError> {
    Ok(PlannedClass {
        id: row.parsed("id")?,
        school: row.parsed("school")?,
        year: row.read("year", SchoolYear::starting(row.number("year")?))?,
        grade: row.read("grade", Grade::new(row.number("grade")?))?,
        name: row.parsed("name")?,
        homeroom: row.parsed_opt("homeroom")?,
        origin: row.parsed_opt("origin")?,
    })
}

fn member(row: &Row<'_>) -> Result<ClassMember, StoreError> {
    Ok(ClassMember {
        class: row.parsed("class")?,
        number: row.number("number")?,
        pupil: row.parsed("pupil")?,
        personal: Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes: row.bytes("personal")? },
    })
}
