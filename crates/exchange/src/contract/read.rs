//! One record: from its members to a draft, with all faults at once.

use hocba_record::{
    catalogue::{self, SubjectKind},
    draft::{
        Assessment, AttainmentsDraft, ClassHeader, ConductDraft, ConductRankingDraft, Draft, ImportedResults,
        SubjectDraft, TermMarks,
    },
    form::Curriculum,
    section::{
        Attainment, Attendance, CertificateLine, ContestLine, EnrolmentSection, Identifier, IdentifierKind, Identity,
        IndividualPlanSection, Move, Promotion, SchoolSection, Verified,
    },
    types::{Grade, SchoolYear, Text},
};

use super::{
    Content, EarlierYear, Event, Incoming, Limits, MAX_KEY_CHARS, RecordKey,
    fields::{Bag, Members, words},
};
use crate::{Finding, codes::*, finding::Code, loose::Value};

/// Members of the contract that a year record does not hold: what other tables of the contract hold, what is not the
/// school's to say, and what is no one's business on a transcript.
pub(crate) const NOT_KEPT: &[&str] = &[
    "TrangThaiThongTinHocBa",
    "MaSoGD",
    "MaDDTC",
    "DoiTuongChinhSach",
    "ChucVuGiamHieu",
    "DiaDanhPhatHanh",
    "CoLenLop",
    "CoRenLuyenLai",
    "SoNgayNghi",
    "TotNghiepCap",
    "HocKy",
    "MaGiaoVienCN",
];

/// Reads one record. The key comes back also where the record is refused, if it could be read.
pub(crate) fn record(
    value: &Value,
    pointer: &str,
    limits: &Limits,
) -> Result<Incoming, (Option<RecordKey>, Vec<Finding>)> {
    let bag = Bag::new(limits.findings);
    let (key, incoming) = match Members::of(value, pointer.to_owned(), &bag) {
        Some(members) => envelope(members),
        None => (None, None),
    };
    let findings = bag.into_findings();
    match incoming {
        Some(incoming) if !findings.iter().any(Finding::is_error) => Ok(Incoming { warnings: findings, ..incoming }),
        _ => Err((key, findings)),
    }
}

fn envelope(m: Members<'_>) -> (Option<RecordKey>, Option<Incoming>) {
    let id: Option<RecordKey> = m.required("IdBanGhi", ("khoá của bản ghi", "the record's key"), |name| {
        let text = m.text(name, MAX_KEY_CHARS)?;
        let key = text.as_str().parse().ok();
        if key.is_none() {
            m.tell(Code::BadText, name, text.as_str(), words("Một dòng.", "One line."));
        }
        key
    });
    let version = m.required("PhienBan", ("số phiên bản", "the version"), |name| {
        let raw = m.raw(name)?;
        let version = raw.parse::<u64>().ok().filter(|v| (1..1 << 53).contains(v) && !raw.starts_with('+'));
        if version.is_none() {
            let expected =
                words("Số nguyên khác 0, chỉ tăng, dưới 2^53.", "An integer other than 0 that only grows, below 2^53.");
            m.tell(Code::BadVersion, name, raw, expected);
        }
        version
    });
    let at = m.required("ThoiGianCapNhat", ("thời gian cập nhật", "the time of the change"), |name| m.time(name));
    let event = m.required("SuKien", ("sự kiện", "the event"), |name| {
        m.code(name, &[("NEW", Kind::New), ("UPDATE", Kind::Update), ("CANCEL", Kind::Cancel)])
    });
    let event = match event {
        // A record that is cancelled need not be sound any more.
        Some(Kind::Cancel) => Some(Event::Cancel),
        Some(kind) => {
            let content = content(&m).map(Box::new);
            m.finish(NOT_KEPT);
            content.map(if matches!(kind, Kind::New) { Event::New } else { Event::Update })
        }
        None => None,
    };
    let incoming =
        (|| Some(Incoming { id: id.clone()?, version: version?, at: at?, event: event?, warnings: Vec::new() }))();
    (id, incoming)
}

#[derive(Clone, Copy)]
enum Kind {
    New,
    Update,
    Cancel,
}

fn content(m: &Members<'_>) -> Option<Content> {
    let header = header(m);
    let identity = identity(m);
    let curriculum = header.as_ref().map(|h| h.form().curriculum());
    let subjects = subjects(m, curriculum);
    let (earlier, moved_in, moved_out) = path(m, header.as_ref().map(|h| h.year));
    let repeating = m.flag("HocLaiLop").unwrap_or(false);
    let enrolment = (repeating || moved_in.is_some() || moved_out.is_some()).then_some(EnrolmentSection {
        repeating,
        moved_in,
        moved_out,
    });

    let conduct = m.object("KetQuaRenLuyen").map_or_else(ConductDraft::default, |r| {
        let conduct = ConductDraft {
            term1: r.code("HocKy1", RATINGS),
            term2: r.code("HocKy2", RATINGS),
            year: r.code("CaNam", RATINGS),
            retrained: r.code("RenLuyenLai", RATINGS),
        };
        r.finish(&[]);
        conduct
    });
    let conduct_ranking = m.object("XepLoaiHanhKiem").map_or_else(ConductRankingDraft::default, |r| {
        let conduct = ConductRankingDraft {
            term1: r.code("HocKy1", CONDUCT_RANKS),
            term2: r.code("HocKy2", CONDUCT_RANKS),
            year: r.code("CaNam", CONDUCT_RANKS),
            retrained: r.code("RenLuyenLai", CONDUCT_RANKS),
        };
        r.finish(&[]);
        conduct
    });
    let attainments = AttainmentsDraft {
        qualities: attainments(m, "PhamChat"),
        competences: attainments(m, "NangLuc"),
        outstanding: m.flag("CoThanhTichVuotTroi").unwrap_or(false),
        reassessed: m.code("MucSauRenLuyen", ATTAINMENT_LEVELS),
    };
    let note = m.text("GhiChuKeHoachCaNhan", 4096);
    let plan = m.flag("CoKhuyetTatKhongDanhGia").unwrap_or(false).then_some(IndividualPlanSection { note });
    let attendance = Attendance {
        with_leave: m.count("SoBuoiNghiCoPhep").unwrap_or(0),
        without_leave: m.count("SoBuoiNghiKhongPhep").unwrap_or(0),
    };
    let draft = Draft {
        subjects,
        conduct,
        conduct_ranking,
        attainments,
        plan,
        enrolment,
        certificates: certificates(m),
        contests: contests(m),
        attendance,
        remark: m.text("NhanXetGVCN", 4096),
        other_awards: m.texts("KhenThuong", 32),
        imported: imported(m),
        ..Draft::of(identity?)
    };
    Some(Content { header: header?, draft, earlier })
}

fn header(m: &Members<'_>) -> Option<ClassHeader> {
    let school = m.required("MaTruong", ("mã trường", "the school's code"), |name| {
        m.parsed(
            name,
            ("Mã trường: 2 đến 20 chữ in hoa và chữ số.", "A school code: 2 to 20 capital letters and digits."),
        )
    });
    let name = m.text("TenTruong", 300);
    let ward = m.text("TenXa", 150);
    let province = m.text("TenTinh", 150);
    let ward_code = m.parsed("MaXa", ("5 chữ số.", "5 digits."));
    let province_code = m.parsed("MaTinh", ("2 chữ số.", "2 digits."));
    let year: Option<SchoolYear> = m.required("NamHoc", ("năm học", "the school year"), |name| {
        m.parsed(name, ("Năm học dạng 2026-2027.", "A school year such as 2026-2027."))
    });
    let grade = m.required("MaKhoi", ("mã khối", "the grade"), |name| {
        let raw = m.raw(name)?;
        let number = raw.len() <= 2 && raw.bytes().all(|b| b.is_ascii_digit());
        let grade = number.then(|| raw.parse().ok()).flatten().and_then(|n| Grade::new(n).ok());
        if grade.is_none() {
            m.tell(Code::BadValue, name, raw, words("Khối 01 đến 12.", "A grade, 01 to 12."));
        }
        grade
    });
    let class = {
        let of = |name| m.parsed(name, ("Tên lớp như 9A3, không dấu cách.", "A class such as 9A3, without blanks."));
        // The class as the school writes it is what is printed; the code serves where it is all there is.
        if m.has("TenLop") {
            m.has("MaLop");
            of("TenLop")
        } else {
            m.required("MaLop", ("mã lớp", "the class"), of)
        }
    };
    if let (Some(level), Some(grade)) = (m.code("MaCapHoc", LEVELS), grade)
        && level != grade.level()
    {
        let expected = words("Cấp học của khối.", "The level of the grade.");
        m.tell(Code::Contradiction, "MaCapHoc", m.raw("MaCapHoc").unwrap_or_default(), expected);
    }
    let school: hocba_record::types::SchoolCode = school?;
    // What is printed is the register's name of the school; a sender need not know it.
    let name = name.or_else(|| school.as_str().parse().ok())?;
    let school_name = SchoolSection { name, ward, province, ward_code, province_code };
    Some(ClassHeader { school, school_name, year: year?, grade: grade?, class: class? })
}

/// Members that hold identifiers, in the order of [`IdentifierKind`].
pub(crate) const IDENTIFIERS: [(&str, IdentifierKind); 6] = [
    ("SoGiayToNuocNgoai", IdentifierKind::ForeignPaper),
    ("MaNguoiHoc", IdentifierKind::Lifelong),
    ("MaDinhDanhBo", IdentifierKind::Ministry),
    ("SoDinhDanh", IdentifierKind::Personal),
    ("MaHocSinh", IdentifierKind::School),
    ("MaTam", IdentifierKind::Temporary),
];
/// The same as codes.
pub(crate) const IDENTIFIER_CODES: Table<IdentifierKind> = &IDENTIFIERS;

fn identity(m: &Members<'_>) -> Option<Identity> {
    let name = m.required("HoVaTen", ("họ và tên", "the full name"), |name| m.text(name, 150));
    let birth_date = m.required("NgaySinh", ("ngày sinh", "the birth date"), |name| m.date(name));
    let sex = m.required("GioiTinh", ("giới tính", "the sex"), |name| m.code(name, SEXES));
    let code = m.raw("DanToc");
    let ethnicity = m.text("TenDanToc", 60).or_else(|| {
        let found = ETHNICITIES.iter().find(|(c, _)| Some(*c) == code).map(|(_, name)| *name);
        if let (None, Some(code)) = (found, code) {
            let expected =
                words("Mã dân tộc đã biết, hoặc thêm “TenDanToc”.", "A known code, or “TenDanToc” beside it.");
            m.tell(Code::UnknownCode, "DanToc", code, expected);
        }
        found?.parse().ok()
    });
    let nationality = m.text("QuocTich", 2).filter(|text| {
        let ok = text.as_str().len() == 2 && text.as_str().bytes().all(|b| b.is_ascii_uppercase());
        if !ok {
            let expected = words("Mã nước hai chữ in hoa, như VN.", "A country's two capital letters, such as VN.");
            m.tell(Code::BadValue, "QuocTich", text.as_str(), expected);
        }
        ok
    });
    let mut identifiers = Vec::new();
    for (name, kind) in IDENTIFIERS {
        let value = match kind {
            IdentifierKind::Personal => m.digits(name, 12),
            IdentifierKind::Ministry => m.digits(name, 10),
            IdentifierKind::School => m.text(name, 20),
            _ => m.text(name, 35),
        };
        identifiers.extend(value.map(|value| Identifier::new(kind, value)));
    }
    for line in m.objects("XacThuc", IDENTIFIERS.len()) {
        let kind = line.code("Loai", IDENTIFIER_CODES);
        let (on, with) = (line.date("Ngay"), line.code("Nguon", REGISTERS));
        if let (Some(kind), Some(on), Some(with)) = (kind, on, with) {
            match identifiers.iter_mut().find(|i| i.kind == kind && i.verified.is_none()) {
                Some(identifier) => identifier.verified = Some(Verified { on, with }),
                None => line.tell(
                    Code::Contradiction,
                    "Loai",
                    code_of(IDENTIFIER_CODES, &kind),
                    words("Một số của bản ghi, mỗi số một lần.", "A number of the record, each once."),
                ),
            }
        }
        line.finish(&[]);
    }
    if !IDENTIFIERS.iter().any(|(name, _)| m.has(name)) {
        m.required::<()>(
            "SoDinhDanh",
            ("ít nhất một mã số của học sinh", "at least one number of the pupil"),
            |_| None,
        );
    }
    let birth_place = m.text("NoiSinh", 300);
    let birth_province = m.parsed("MaTinhNoiSinh", ("2 chữ số.", "2 digits."));
    let book = m.text("MaDinhDanhHocBa", 150);
    // Everything was read, and so told, before what is missing may end it.
    Some(Identity {
        name: name?,
        birth_date: birth_date?,
        sex: sex?,
        ethnicity,
        nationality,
        birth_place,
        birth_province,
        identifiers,
        book,
    })
}

/// The most lines of a table that has no lawful limit near it.
const MANY: usize = 64;

fn subjects(m: &Members<'_>, curriculum: Option<Curriculum>) -> Vec<SubjectDraft> {
    // Primary school's table has the longer name in the contract; both are taken at every level.
    let mut lines = m.objects("BangDiem", MANY);
    lines.extend(m.objects("DsBangDiem", MANY));
    let mut drafts: Vec<SubjectDraft> = Vec::new();
    for line in lines {
        let code = line.required("MaMonHoc", ("mã môn học", "the subject's code"), |name| line.raw(name));
        let (Some(code), Some(curriculum)) = (code, curriculum) else { continue };
        let Some(subject) = subject_of(curriculum, code) else {
            let expected = words("Một môn của chương trình ở cấp học này.", "A subject of this level's programme.");
            line.tell(Code::UnknownSubject, "MaMonHoc", code, expected);
            continue;
        };
        let draft = subject_line(&line, subject);
        line.finish(&["MaGiaoVien"]);
        if drafts.iter().any(|d| d.code == draft.code) {
            let expected = words("Mỗi môn một dòng.", "One line for each subject.");
            m.tell(Code::DuplicateSubject, "BangDiem", subject.code, expected);
        } else {
            drafts.push(draft);
        }
    }
    drafts
}

fn subject_line(line: &Members<'_>, subject: &'static catalogue::Subject) -> SubjectDraft {
    const RESULTS: [&str; 5] = ["HocKy1", "HocKy2", "CaNam", "MucDat", "DiemKTDK"];
    let exempt = line.text("LyDoMien", 300);
    let not_assessed = line.flag("KhongDanhGia").unwrap_or(false);
    let assessment = if exempt.is_some() || not_assessed {
        if RESULTS.iter().any(|name| line.has(name)) || exempt.is_some() && not_assessed {
            let expected = words(
                "Học sinh miễn học hoặc không đánh giá thì không có kết quả.",
                "A pupil who is exempt or not assessed has no results.",
            );
            line.tell(Code::Contradiction, "LyDoMien", "", expected);
        }
        exempt.map_or(Assessment::NotAssessed, Assessment::Exempt)
    } else {
        match subject.kind {
            SubjectKind::Score => Assessment::Score {
                term1: TermMarks {
                    regular: line.marks("DiemThuongXuyen1", 9),
                    midterm: line.mark("DiemGiuaKy1"),
                    final_exam: line.mark("DiemCuoiKy1"),
                    average: line.mark("HocKy1"),
                },
                term2: TermMarks {
                    regular: line.marks("DiemThuongXuyen2", 9),
                    midterm: line.mark("DiemGiuaKy2"),
                    final_exam: line.mark("DiemCuoiKy2"),
                    average: line.mark("HocKy2"),
                },
                year: line.mark("CaNam"),
                reassessed: line.mark("DanhGiaLai"),
            },
            SubjectKind::Comment => Assessment::Comment {
                term1: line.code("HocKy1", ACHIEVEMENTS),
                term2: line.code("HocKy2", ACHIEVEMENTS),
                year: line.code("CaNam", ACHIEVEMENTS),
                reassessed: line.code("DanhGiaLai", ACHIEVEMENTS),
            },
            SubjectKind::Level | SubjectKind::TestedLevel => Assessment::Level {
                year: line.code("MucDat", SUBJECT_LEVELS),
                test: line.mark("DiemKTDK"),
                reassessed: line.code("MucDatLai", SUBJECT_LEVELS),
                reassessed_test: line.mark("DiemKTDKLai"),
            },
        }
    };
    let printed = |text: &str| text.parse().expect("the catalogue's names are texts");
    SubjectDraft {
        code: subject.code.parse().expect("the catalogue's codes are subject codes"),
        name: line.text("TenMonHoc", 150).unwrap_or_else(|| printed(subject.name)),
        assessment,
        study_topics: line.flag("HocChuyenDe").unwrap_or(false),
        remark: line.text("NhanXet", 4096),
        teacher: line.text("TenGiaoVien", 150),
        locked_at: line.time("ThoiGianKhoaSo"),
        source: line.text("Nguon", 300),
    }
}

fn attainments(m: &Members<'_>, name: &'static str) -> Vec<Attainment> {
    let read = |line: Members<'_>| {
        let code = line
            .required("Ma", ("mã", "the code"), |n| line.parsed(n, ("Mã như yeu_nuoc.", "A code such as yeu_nuoc.")));
        let name = line.required("Ten", ("tên", "the name"), |n| line.text(n, 150));
        let level = line.required("MucDat", ("mức đạt", "the level"), |n| line.code(n, ATTAINMENT_LEVELS));
        let remark = line.text("NhanXet", 4096);
        line.finish(&[]);
        Some(Attainment { code: code?, name: name?, level: level?, remark })
    };
    m.objects(name, MANY).into_iter().filter_map(read).collect()
}

/// The other years, and the moves of this one.
fn path(m: &Members<'_>, this: Option<SchoolYear>) -> (Vec<EarlierYear>, Option<Move>, Option<Move>) {
    let (mut earlier, mut moved_in, mut moved_out) = (Vec::new(), None, None);
    for line in m.objects("QuaTrinhHocTap", MANY) {
        let year: Option<SchoolYear> = line.required("NamHoc", ("năm học", "the school year"), |name| {
            line.parsed(name, ("Năm học dạng 2026-2027.", "A school year such as 2026-2027."))
        });
        let name: Option<Text> =
            line.required("TenTruong", ("tên trường", "the school"), |name| line.text(name, 300));
        let school = line.parsed("MaTruong", ("2 đến 20 chữ in hoa và chữ số.", "2 to 20 capital letters and digits."));
        let class = line.parsed("TenLop", ("Tên lớp như 9A3.", "A class such as 9A3."));
        let (came, left) = (line.date("NgayChuyenDen"), line.date("NgayChuyenDi"));
        let place =
            |on| name.clone().map(|school_name| Move { on, school_name, school: school.clone(), class: class.clone() });
        let once = |slot: &mut Option<Move>, made: Option<Move>| {
            if slot.is_some() || year != this {
                let expected = words(
                    "Chuyển đến và chuyển đi của chính năm học này, mỗi loại một lần.",
                    "A move in and a move out of this very year, each once.",
                );
                line.tell(Code::Contradiction, "NamHoc", "", expected);
            } else {
                *slot = made;
            }
        };
        match (came, left) {
            (Some(on), None) => once(&mut moved_in, place(on)),
            (None, Some(on)) => once(&mut moved_out, place(on)),
            (Some(_), Some(_)) => {
                let expected = words("Một ngày chuyển đến hoặc một ngày chuyển đi.", "A move in or a move out.");
                line.tell(Code::Contradiction, "NgayChuyenDi", "", expected);
            }
            (None, None) => {
                if let (Some(year), Some(school_name)) = (year, name.clone()) {
                    earlier.push(EarlierYear { year, school_name, school: school.clone(), class: class.clone() });
                }
            }
        }
        line.finish(&["NgayVaoTruong"]);
    }
    (earlier, moved_in, moved_out)
}

fn certificates(m: &Members<'_>) -> Vec<CertificateLine> {
    let read = |line: Members<'_>| {
        let name = line.required("TenChungChi", ("tên chứng chỉ", "the certificate"), |n| line.text(n, 300));
        let (grade, number) = (line.text("XepLoai", 60), line.text("SoHieu", 60));
        let issued_on = line.date("NgayCap");
        line.finish(&[]);
        Some(CertificateLine { name: name?, grade, number, issued_on })
    };
    m.objects("ChungChi", MANY).into_iter().filter_map(read).collect()
}

fn contests(m: &Members<'_>) -> Vec<ContestLine> {
    let read = |line: Members<'_>| {
        let name = line.required("TenCuocThi", ("tên cuộc thi", "the contest"), |n| line.text(n, 300));
        let level = line.required("Cap", ("cấp tổ chức", "who held it"), |n| line.code(n, CONTEST_LEVELS));
        let prize = line.required("Giai", ("giải", "the prize"), |n| line.text(n, 150));
        line.finish(&[]);
        Some(ContestLine { name: name?, level: level?, prize: prize? })
    };
    m.objects("CuocThi", MANY).into_iter().filter_map(read).collect()
}

fn imported(m: &Members<'_>) -> ImportedResults {
    let mut results =
        ImportedResults { education_year: m.code("KetQuaGiaoDuc", EDUCATION_RESULTS), ..ImportedResults::default() };
    if let Some(study) = m.object("KetQuaHocTap") {
        results.study_term1 = study.code("HocKy1", RATINGS);
        results.study_term2 = study.code("HocKy2", RATINGS);
        results.study_year = study.code("CaNam", RATINGS);
        study.finish(&[]);
    }
    if let Some(rank) = m.object("XepLoaiHocLuc") {
        const TERMS: [(&str, &str); 3] = [("DTBHocKy1", "HocKy1"), ("DTBHocKy2", "HocKy2"), ("DTBCaNam", "CaNam")];
        for (slot, (average, name)) in results.ranking.iter_mut().zip(TERMS) {
            let (average, rank) = (rank.mark(average), rank.code(name, STUDY_RANKS));
            *slot = average.map(|average| (average, rank));
        }
        rank.finish(&[]);
    }
    let promoted = m.flag("DuocLenLop");
    let (after, pending) = (m.flag("LenLopSauHe").unwrap_or(false), m.flag("ChoDanhGiaLai").unwrap_or(false));
    results.promotion = match (promoted, after, pending) {
        (None, false, false) => None,
        (Some(true), false, false) => Some(Promotion::Promoted),
        (Some(true), true, false) => Some(Promotion::PromotedAfterSummer),
        (Some(false) | None, false, true) => Some(Promotion::Pending),
        (Some(false), false, false) => Some(Promotion::Retained),
        _ => {
            let expected = words(
                "“DuocLenLop” hợp với “LenLopSauHe” và “ChoDanhGiaLai”.",
                "“DuocLenLop” in agreement with “LenLopSauHe” and “ChoDanhGiaLai”.",
            );
            m.tell(Code::Contradiction, "DuocLenLop", "", expected);
            None
        }
    };
    // What TT 27 concludes from the year is computed here again, from the same marks.
    for name in ["DaHThanhCTrinhLopHoc", "DaHThanhCTrinhTieuHoc"] {
        m.flag(name);
    }
    results
}
