//! The other direction: drafts as records of the contract, for the national side and for tests.

use hocba_record::{
    draft::{Assessment, ClassHeader, Draft, SubjectDraft, TermMarks},
    section::{Attainment, CertificateLine, ContestLine, Move, Promotion},
    types::{ClassName, EducationLevel, Mark, ProvinceCode, SchoolCode, Text, WardCode},
};
use serde_json::{Map, Value as Json, json};

use super::{
    Content, Event, Incoming,
    read::{IDENTIFIER_CODES, IDENTIFIERS},
};
use crate::{codes::*, time};

/// Records as one array.
pub fn write(records: &[Incoming]) -> Vec<u8> {
    let values: Vec<Json> = records.iter().map(record).collect();
    serde_json::to_vec(&values).expect("text and numbers")
}

/// Records one on each line, for files that are read as a stream.
pub fn write_lines<'a>(records: impl IntoIterator<Item = &'a Incoming>) -> Vec<u8> {
    let mut out = Vec::new();
    for incoming in records {
        serde_json::to_writer(&mut out, &record(incoming)).expect("text and numbers");
        out.push(b'\n');
    }
    out
}

struct Object(Map<String, Json>);

impl Object {
    fn new() -> Self {
        Self(Map::new())
    }
    fn put(&mut self, name: &str, value: impl Into<Json>) {
        self.0.insert(name.to_owned(), value.into());
    }
    fn maybe(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
    fn text(&mut self, name: &str, value: Option<&Text>) {
        self.maybe(name, value.map(Text::as_str));
    }
    fn code<T: PartialEq>(&mut self, name: &str, table: Table<T>, value: Option<&T>) {
        self.maybe(name, value.map(|v| code_of(table, v)));
    }
    fn mark(&mut self, name: &str, value: Option<Mark>) {
        self.maybe(name, value.map(mark));
    }
    fn list(&mut self, name: &str, items: Vec<Json>) {
        if !items.is_empty() {
            self.put(name, items);
        }
    }
    fn object(&mut self, name: &str, object: Object) {
        if !object.0.is_empty() {
            self.put(name, object.0);
        }
    }
}

/// Tenths over ten: the shortest decimal of the quotient has one decimal, always.
fn mark(mark: Mark) -> Json {
    json!(f64::from(mark.tenths()) / 10.0)
}

fn record(incoming: &Incoming) -> Json {
    let mut o = Object::new();
    o.put("IdBanGhi", incoming.id.as_str());
    o.put("SuKien", incoming.event.name());
    o.put("PhienBan", incoming.version);
    o.put("ThoiGianCapNhat", time::format(incoming.at));
    if let Event::New(content) | Event::Update(content) = &incoming.event {
        content_of(&mut o, content);
    }
    Json::Object(o.0)
}

fn content_of(o: &mut Object, content: &Content) {
    let Content { header, draft, earlier } = content;
    header_of(o, header);
    identity_of(o, draft);
    let curriculum = header.form().curriculum();
    let lines: Vec<Json> = draft
        .subjects
        .iter()
        .map(|subject| Json::Object(subject_line(subject, subject_code(curriculum, subject.code.as_str())).0))
        .collect();
    let primary = header.grade.level() == EducationLevel::Primary;
    o.list(if primary { "DsBangDiem" } else { "BangDiem" }, lines);
    path_of(o, content, earlier);
    results_of(o, draft);

    let line = |c: &CertificateLine| {
        let mut line = Object::new();
        line.put("TenChungChi", c.name.as_str());
        line.text("XepLoai", c.grade.as_ref());
        line.text("SoHieu", c.number.as_ref());
        line.maybe("NgayCap", c.issued_on.map(|d| d.to_string()));
        Json::Object(line.0)
    };
    o.list("ChungChi", draft.certificates.iter().map(line).collect());
    let line = |c: &ContestLine| json!({"TenCuocThi": c.name.as_str(), "Cap": code_of(CONTEST_LEVELS, &c.level), "Giai": c.prize.as_str()});
    o.list("CuocThi", draft.contests.iter().map(line).collect());
    o.list("KhenThuong", draft.other_awards.iter().map(|a| json!(a.as_str())).collect());
    o.put("SoBuoiNghiCoPhep", draft.attendance.with_leave);
    o.put("SoBuoiNghiKhongPhep", draft.attendance.without_leave);
    o.text("NhanXetGVCN", draft.remark.as_ref());
    if let Some(plan) = &draft.plan {
        o.put("CoKhuyetTatKhongDanhGia", true);
        o.text("GhiChuKeHoachCaNhan", plan.note.as_ref());
    }
}

fn header_of(o: &mut Object, header: &ClassHeader) {
    o.put("MaTruong", header.school.as_str());
    o.put("TenTruong", header.school_name.name.as_str());
    o.text("TenXa", header.school_name.ward.as_ref());
    o.text("TenTinh", header.school_name.province.as_ref());
    o.maybe("MaXa", header.school_name.ward_code.as_ref().map(WardCode::as_str));
    o.maybe("MaTinh", header.school_name.province_code.as_ref().map(ProvinceCode::as_str));
    o.put("NamHoc", header.year.to_string());
    o.put("MaCapHoc", code_of(LEVELS, &header.grade.level()));
    o.put("MaKhoi", format!("{:02}", header.grade.number()));
    o.put("MaLop", header.class.as_str());
    o.put("TenLop", header.class.as_str());
}

fn identity_of(o: &mut Object, draft: &Draft) {
    let identity = &draft.identity;
    o.put("HoVaTen", identity.name.as_str());
    o.put("NgaySinh", identity.birth_date.to_string());
    o.put("GioiTinh", code_of(SEXES, &identity.sex));
    if let Some(ethnicity) = &identity.ethnicity {
        let code = ETHNICITIES.iter().find(|(_, name)| *name == ethnicity.as_str()).map(|(code, _)| *code);
        o.maybe("DanToc", code);
        o.put("TenDanToc", ethnicity.as_str());
    }
    o.text("QuocTich", identity.nationality.as_ref());
    o.text("NoiSinh", identity.birth_place.as_ref());
    o.maybe("MaTinhNoiSinh", identity.birth_province.as_ref().map(ProvinceCode::as_str));
    o.text("MaDinhDanhHocBa", identity.book.as_ref());
    let mut verified = Vec::new();
    for identifier in &identity.identifiers {
        let name = IDENTIFIERS.iter().find(|(_, kind)| *kind == identifier.kind).map_or("MaTam", |(name, _)| *name);
        o.put(name, identifier.value.as_str());
        if let Some(v) = identifier.verified {
            verified.push(json!({
                "Loai": code_of(IDENTIFIER_CODES, &identifier.kind),
                "Ngay": v.on.to_string(),
                "Nguon": code_of(REGISTERS, &v.with),
            }));
        }
    }
    o.list("XacThuc", verified);
}

fn subject_line(subject: &SubjectDraft, code: String) -> Object {
    let mut o = Object::new();
    o.put("MaMonHoc", code);
    o.put("TenMonHoc", subject.name.as_str());
    match &subject.assessment {
        Assessment::Score { term1, term2, year, reassessed } => {
            let names = [
                ("DiemThuongXuyen1", "DiemGiuaKy1", "DiemCuoiKy1", "HocKy1"),
                ("DiemThuongXuyen2", "DiemGiuaKy2", "DiemCuoiKy2", "HocKy2"),
            ];
            for (marks, (regular, midterm, final_exam, average)) in [term1, term2].into_iter().zip(names) {
                let TermMarks { regular: given, midterm: m, final_exam: f, average: a } = marks;
                o.list(regular, given.iter().copied().map(mark).collect());
                o.mark(midterm, *m);
                o.mark(final_exam, *f);
                o.mark(average, *a);
            }
            o.mark("CaNam", *year);
            o.mark("DanhGiaLai", *reassessed);
        }
        Assessment::Comment { term1, term2, year, reassessed } => {
            o.code("HocKy1", ACHIEVEMENTS, term1.as_ref());
            o.code("HocKy2", ACHIEVEMENTS, term2.as_ref());
            o.code("CaNam", ACHIEVEMENTS, year.as_ref());
            o.code("DanhGiaLai", ACHIEVEMENTS, reassessed.as_ref());
        }
        Assessment::Level { year, test, reassessed, reassessed_test } => {
            o.code("MucDat", SUBJECT_LEVELS, year.as_ref());
            o.mark("DiemKTDK", *test);
            o.code("MucDatLai", SUBJECT_LEVELS, reassessed.as_ref());
            o.mark("DiemKTDKLai", *reassessed_test);
        }
        Assessment::Exempt(reason) => o.put("LyDoMien", reason.as_str()),
        Assessment::NotAssessed => o.put("KhongDanhGia", true),
    }
    if subject.study_topics {
        o.put("HocChuyenDe", true);
    }
    o.text("NhanXet", subject.remark.as_ref());
    o.text("TenGiaoVien", subject.teacher.as_ref());
    o.maybe("ThoiGianKhoaSo", subject.locked_at.map(time::format));
    o.text("Nguon", subject.source.as_ref());
    o
}

fn path_of(o: &mut Object, content: &Content, earlier: &[super::EarlierYear]) {
    let mut lines: Vec<Json> = Vec::new();
    for year in earlier {
        let mut line = Object::new();
        line.put("NamHoc", year.year.to_string());
        line.put("TenTruong", year.school_name.as_str());
        line.maybe("MaTruong", year.school.as_ref().map(SchoolCode::as_str));
        line.maybe("TenLop", year.class.as_ref().map(ClassName::as_str));
        lines.push(Json::Object(line.0));
    }
    if let Some(enrolment) = &content.draft.enrolment {
        let mut push = |name: &str, moved: Option<&Move>| {
            let Some(moved) = moved else { return };
            let mut line = Object::new();
            line.put("NamHoc", content.header.year.to_string());
            line.put("TenTruong", moved.school_name.as_str());
            line.maybe("MaTruong", moved.school.as_ref().map(SchoolCode::as_str));
            line.maybe("TenLop", moved.class.as_ref().map(ClassName::as_str));
            line.put(name, moved.on.to_string());
            lines.push(Json::Object(line.0));
        };
        push("NgayChuyenDen", enrolment.moved_in.as_ref());
        push("NgayChuyenDi", enrolment.moved_out.as_ref());
        if enrolment.repeating {
            o.put("HocLaiLop", true);
        }
    }
    o.list("QuaTrinhHocTap", lines);
}

fn results_of(o: &mut Object, draft: &Draft) {
    let mut terms = Object::new();
    terms.code("HocKy1", RATINGS, draft.conduct.term1.as_ref());
    terms.code("HocKy2", RATINGS, draft.conduct.term2.as_ref());
    terms.code("CaNam", RATINGS, draft.conduct.year.as_ref());
    terms.code("RenLuyenLai", RATINGS, draft.conduct.retrained.as_ref());
    o.object("KetQuaRenLuyen", terms);
    let mut terms = Object::new();
    terms.code("HocKy1", CONDUCT_RANKS, draft.conduct_ranking.term1.as_ref());
    terms.code("HocKy2", CONDUCT_RANKS, draft.conduct_ranking.term2.as_ref());
    terms.code("CaNam", CONDUCT_RANKS, draft.conduct_ranking.year.as_ref());
    terms.code("RenLuyenLai", CONDUCT_RANKS, draft.conduct_ranking.retrained.as_ref());
    o.object("XepLoaiHanhKiem", terms);

    let line = |a: &Attainment| {
        let mut line = Object::new();
        line.put("Ma", a.code.as_str());
        line.put("Ten", a.name.as_str());
        line.put("MucDat", code_of(ATTAINMENT_LEVELS, &a.level));
        line.text("NhanXet", a.remark.as_ref());
        Json::Object(line.0)
    };
    o.list("PhamChat", draft.attainments.qualities.iter().map(line).collect());
    o.list("NangLuc", draft.attainments.competences.iter().map(line).collect());
    if draft.attainments.outstanding {
        o.put("CoThanhTichVuotTroi", true);
    }
    o.code("MucSauRenLuyen", ATTAINMENT_LEVELS, draft.attainments.reassessed.as_ref());

    let imported = &draft.imported;
    let mut terms = Object::new();
    terms.code("HocKy1", RATINGS, imported.study_term1.as_ref());
    terms.code("HocKy2", RATINGS, imported.study_term2.as_ref());
    terms.code("CaNam", RATINGS, imported.study_year.as_ref());
    o.object("KetQuaHocTap", terms);
    let mut terms = Object::new();
    let names = [("DTBHocKy1", "HocKy1"), ("DTBHocKy2", "HocKy2"), ("DTBCaNam", "CaNam")];
    for (ranking, (average, rank)) in imported.ranking.iter().zip(names) {
        if let Some((m, r)) = ranking {
            terms.mark(average, Some(*m));
            terms.code(rank, STUDY_RANKS, r.as_ref());
        }
    }
    o.object("XepLoaiHocLuc", terms);
    o.code("KetQuaGiaoDuc", EDUCATION_RESULTS, imported.education_year.as_ref());
    match imported.promotion {
        None => {}
        Some(Promotion::Promoted) => o.put("DuocLenLop", true),
        Some(Promotion::PromotedAfterSummer) => {
            o.put("DuocLenLop", true);
            o.put("LenLopSauHe", true);
        }
        Some(Promotion::Pending) => {
            o.put("DuocLenLop", false);
            o.put("ChoDanhGiaLai", true);
        }
        Some(Promotion::Retained) => o.put("DuocLenLop", false),
    }
}
