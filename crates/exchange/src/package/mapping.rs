//! Sections as elements with the contract's field names, and back, without loss: the JSON value that comes back is the one
//! that was written, so its digest is.
//!
//! Member names are translated by a table for each kind of section; a name the table does not have stays as it is, so
//! sections of later forms go through too. What is not text says its type in `Kieu`:
//!
//! | `Kieu` | JSON |
//! |---|---|
//! | absent | string |
//! | `so` | integer |
//! | `diem` | a mark in tenths, written `8.5` |
//! | `tg` | seconds since 1970, written `YYYY-MM-DDTHH:mm:ss` in Vietnamese time |
//! | `ma` | a string, written as the contract's code |
//! | `logic` | boolean, `1` or `0` |
//! | `nhom` | object |
//! | `ds` | array of `Dong` |
//!
//! The writer uses a special spelling only where reading it gives the same value again.

use hocba_record::{canonical::Json, types::UnixTime};

use crate::{
    time,
    xml::{self, Element, Writer},
};

type Names = &'static [(&'static str, &'static str)];

const TERMS: Names = &[("term1", "HocKy1"), ("term2", "HocKy2"), ("year", "CaNam")];

/// Member names of each kind of section in the contract's words. Kinds in the order of the record's sections.
const KINDS: &[(&str, Names)] = &[
    (
        "payload",
        &[
            ("_sd", "DsGiaTriBam"),
            ("_sd_alg", "ThuatToanBam"),
            ("class", "TenLop"),
            ("form", "MauHocBa"),
            ("grade", "MaKhoi"),
            ("id", "Ma"),
            ("kind", "LoaiBanGhi"),
            ("policy", "QuyDinhKy"),
            ("replaces", "ThayThe"),
            ("rules", "QuyTac"),
            ("school", "MaTruong"),
            ("sha256", "GiaTriBam"),
            ("version", "PhienBan"),
            ("year", "NamHoc"),
        ],
    ),
    (
        "school_details",
        &[
            ("name", "TenTruong"),
            ("ward", "TenXa"),
            ("province", "TenTinh"),
            ("ward_code", "MaXa"),
            ("province_code", "MaTinh"),
        ],
    ),
    (
        "identity",
        &[
            ("name", "HoVaTen"),
            ("birth_date", "NgaySinh"),
            ("sex", "GioiTinh"),
            ("ethnicity", "TenDanToc"),
            ("nationality", "QuocTich"),
            ("birth_place", "NoiSinh"),
            ("birth_province", "MaTinhNoiSinh"),
            ("identifiers", "DsMaSo"),
            ("book", "MaDinhDanhHocBa"),
            ("kind", "Loai"),
            ("value", "GiaTri"),
            ("verified", "XacThuc"),
            ("on", "Ngay"),
            ("with", "Nguon"),
        ],
    ),
    (
        "subject",
        &[
            ("code", "MaMonHoc"),
            ("name", "TenMonHoc"),
            ("result", "KetQua"),
            ("study_topics", "HocChuyenDe"),
            ("remark", "NhanXet"),
            ("teacher", "TenGiaoVien"),
            ("locked_at", "ThoiGianKhoaSo"),
            ("source", "Nguon"),
            ("kind", "CachDanhGia"),
            ("term1", "HocKy1"),
            ("term2", "HocKy2"),
            ("year", "CaNam"),
            ("test", "DiemKTDK"),
            ("reassessed", "DanhGiaLai"),
            ("reassessed_test", "DiemKTDKLai"),
            ("reason", "LyDoMien"),
        ],
    ),
    ("result", &[TERMS[0], TERMS[1], TERMS[2], ("reassessed", "DanhGiaLai")]),
    ("conduct", &[TERMS[0], TERMS[1], TERMS[2], ("retrained", "RenLuyenLai")]),
    ("qualities", ATTAINMENTS),
    ("competences", ATTAINMENTS),
    ("education_result", &[TERMS[2], ("reassessed", "DanhGiaLai")]),
    (
        "study_ranking",
        &[TERMS[0], TERMS[1], TERMS[2], ("reassessed", "DanhGiaLai"), ("average", "DTB"), ("rank", "XepLoai")],
    ),
    ("conduct_ranking", &[TERMS[0], TERMS[1], TERMS[2], ("retrained", "RenLuyenLai")]),
    ("individual_plan", &[("note", "GhiChuKeHoachCaNhan")]),
    ("attendance", &[("with_leave", "SoBuoiNghiCoPhep"), ("without_leave", "SoBuoiNghiKhongPhep")]),
    ("promotion", &[("decision", "DuocLenLop")]),
    ("awards", &[("items", "DsKhenThuong"), ("kind", "Loai"), ("text", "NoiDung")]),
    ("remarks", &[("homeroom", "NhanXetGVCN")]),
    ("completion", &[("level", "MaCapHoc"), ("completed", "DaHThanhCTrinh")]),
    (
        "certificates",
        &[
            ("items", "ChungChi"),
            ("name", "TenChungChi"),
            ("grade", "XepLoai"),
            ("number", "SoHieu"),
            ("issued_on", "NgayCap"),
        ],
    ),
    ("contests", &[("items", "CuocThi"), ("name", "TenCuocThi"), ("level", "Cap"), ("prize", "Giai")]),
    (
        "enrolment",
        &[
            ("repeating", "HocLaiLop"),
            ("moved_in", "ChuyenDen"),
            ("moved_out", "ChuyenDi"),
            ("on", "Ngay"),
            ("school_name", "TenTruong"),
            ("school", "MaTruong"),
            ("class", "TenLop"),
        ],
    ),
    (
        "conversion",
        &[
            ("mark", "DauSoHoa"),
            ("converter", "NguoiSoHoa"),
            ("converted_at", "ThoiGianSoHoa"),
            ("compared_by", "NguoiDoiChieu"),
            ("made_by", "TruongLap"),
            ("paper", "HoSoGiay"),
        ],
    ),
    ("manifest", &[("sections", "DsMuc")]),
    ("history", &[("entries", "QuaTrinhHocTap"), ("id", "Ma"), ("payload", "GiaTriBam"), ("version", "PhienBan")]),
];
const ATTAINMENTS: Names =
    &[("items", "DsMucDat"), ("code", "Ma"), ("name", "Ten"), ("level", "MucDat"), ("remark", "NhanXet")];

/// Coded values: kind, members, values with their codes.
type Codes = (&'static str, &'static [&'static str], Names);
const YEAR: &[&str] = &["term1", "term2", "year", "reassessed", "retrained"];
const RATINGS: Names = &[("tot", "T"), ("kha", "K"), ("dat", "Đ"), ("chua_dat", "CĐ")];
const ATTAINED: Names = &[("tot", "T"), ("dat", "Đ"), ("can_co_gang", "C")];
const CODES: &[Codes] = &[
    ("identity", &["sex"], &[("female", "0"), ("male", "1"), ("other", "2")]),
    (
        "identity",
        &["kind"],
        &[
            ("foreign_paper", "SoGiayToNuocNgoai"),
            ("lifelong", "MaNguoiHoc"),
            ("ministry", "MaDinhDanhBo"),
            ("personal", "SoDinhDanh"),
            ("school", "MaHocSinh"),
            ("temporary", "MaTam"),
        ],
    ),
    ("identity", &["with"], &[("population", "DAN_CU"), ("education", "GIAO_DUC"), ("paper", "GIAY_TO")]),
    // One table for both ways of judging without marks: their words do not overlap.
    (
        "subject",
        YEAR,
        &[("dat", "Đ"), ("chua_dat", "CĐ"), ("hoan_thanh_tot", "T"), ("hoan_thanh", "H"), ("chua_hoan_thanh", "C")],
    ),
    ("result", YEAR, RATINGS),
    ("conduct", YEAR, RATINGS),
    ("qualities", &["level"], ATTAINED),
    ("competences", &["level"], ATTAINED),
    (
        "education_result",
        YEAR,
        &[("hoan_thanh_xuat_sac", "HTXS"), ("hoan_thanh_tot", "HTT"), ("hoan_thanh", "HT"), ("chua_hoan_thanh", "CHT")],
    ),
    ("study_ranking", &["rank"], &[("gioi", "G"), ("kha", "K"), ("trung_binh", "TB"), ("yeu", "Y"), ("kem", "KEM")]),
    ("conduct_ranking", YEAR, &[("tot", "T"), ("kha", "K"), ("trung_binh", "TB"), ("yeu", "Y")]),
    ("completion", &["level"], &[("tieu_hoc", "02"), ("thcs", "03"), ("thpt", "04")]),
    (
        "contests",
        &["level"],
        &[("school", "TRUONG"), ("district", "XA"), ("province", "TINH"), ("national", "QG"), ("international", "QT")],
    ),
];

/// The item of an array.
const ITEM: &str = "Dong";

/// The kind of a section, by which names are translated.
pub(crate) fn kind_of(section: &str) -> &str {
    if section.starts_with("subject.") { "subject" } else { section }
}

fn names(kind: &str) -> Names {
    KINDS.iter().find(|(k, _)| *k == kind).map_or(&[], |(_, names)| names)
}

fn tag<'a>(kind: &str, member: &'a str) -> &'a str {
    names(kind).iter().find(|(name, _)| *name == member).map_or(member, |(_, tag)| tag)
}

fn member<'a>(kind: &str, tag: &'a str) -> &'a str {
    names(kind).iter().find(|(_, t)| *t == tag).map_or(tag, |(name, _)| name)
}

fn codes(kind: &str, member: &str) -> Names {
    CODES.iter().find(|(k, members, _)| *k == kind && members.contains(&member)).map_or(&[], |(.., codes)| codes)
}

fn is_mark(kind: &str, member: &str) -> bool {
    match kind {
        "subject" => YEAR.contains(&member) || matches!(member, "test" | "reassessed_test"),
        "study_ranking" => member == "average",
        _ => false,
    }
}

fn is_time(member: &str) -> bool {
    matches!(member, "locked_at" | "converted_at")
}

/// A value that has no XML of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwritable;

/// Writes a value as the element of a member, or as the item of an array.
pub(crate) fn write(kind: &str, name: &str, value: &Json, out: &mut Writer) -> Result<(), Unwritable> {
    let element = if name == ITEM { ITEM } else { tag(kind, name) };
    // A raw name that is another's tag, or no name at all, would come back as something else.
    if name != ITEM && (!xml::is_name(element) || member(kind, element) != name) {
        return Err(Unwritable);
    }
    match value {
        Json::Bool(flag) => out.leaf(element, &[("Kieu", "logic")], if *flag { "1" } else { "0" }),
        Json::Integer(n) => {
            let time = UnixTime::from_seconds(*n).ok().filter(|_| is_time(name)).map(time::format);
            let time = time.filter(|text| time::parse(text).is_some_and(|t| t.seconds() == *n));
            match time {
                Some(text) => out.leaf(element, &[("Kieu", "tg")], &text),
                None if is_mark(kind, name) && (0..=100).contains(n) => {
                    out.leaf(element, &[("Kieu", "diem")], &format!("{}.{}", n / 10, n % 10));
                }
                None => out.leaf(element, &[("Kieu", "so")], &n.to_string()),
            }
        }
        Json::String(text) => {
            if let Some((_, code)) = codes(kind, name).iter().find(|(value, _)| value == text) {
                out.leaf(element, &[("Kieu", "ma")], code);
            } else if text.parse::<hocba_record::types::Text>().is_ok() {
                out.leaf(element, &[], text);
            } else {
                return Err(Unwritable);
            }
        }
        Json::Array(items) => {
            out.start(element, &[("Kieu", "ds")]);
            for item in items {
                write(kind, ITEM, item, out)?;
            }
            out.end();
        }
        Json::Object(members) => {
            out.start(element, &[("Kieu", "nhom")]);
            write_members(kind, members, out)?;
            out.end();
        }
    }
    Ok(())
}

/// Writes the members of an object.
pub(crate) fn write_members(kind: &str, members: &[(String, Json)], out: &mut Writer) -> Result<(), Unwritable> {
    members
        .iter()
        .try_for_each(|(name, value)| if name == ITEM { Err(Unwritable) } else { write(kind, name, value, out) })
}

/// Why an element is no value; the path from the element asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    pub path: String,
    pub what: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Type,
    Code,
    Mark,
    Time,
    Number,
    Twice,
}

/// The object whose members these elements are.
pub(crate) fn read_members(kind: &str, children: &[Element]) -> Result<Json, Misread> {
    let mut members: Vec<(String, Json)> = Vec::new();
    for (index, child) in children.iter().enumerate() {
        let name = member(kind, &child.name);
        let value =
            read(kind, name, child).map_err(|e| Misread { path: format!("/{}/{index}{}", child.name, e.path), ..e })?;
        members.push((name.to_owned(), value));
    }
    // As canonical JSON has them.
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    if let Some(pair) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Misread { path: format!("/{}", tag(kind, &pair[0].0)), what: Wrong::Twice });
    }
    Ok(Json::Object(members))
}

fn read(kind: &str, name: &str, element: &Element) -> Result<Json, Misread> {
    let wrong = |what| Misread { path: String::new(), what };
    let text = element.text.as_str();
    let known = matches!(element.attributes.as_slice(), [] | [(_, _)]);
    let typ = match element.attributes.first() {
        Some((name, value)) if name == "Kieu" => Some(value.as_str()),
        Some(_) => return Err(wrong(Wrong::Type)),
        None => None,
    };
    let holds = if matches!(typ, Some("nhom" | "ds")) { text.is_empty() } else { element.children.is_empty() };
    if !known || !holds {
        return Err(wrong(Wrong::Type));
    }
    Ok(match typ {
        None => Json::String(text.to_owned()),
        Some("logic") => match text {
            "1" => Json::Bool(true),
            "0" => Json::Bool(false),
            _ => return Err(wrong(Wrong::Type)),
        },
        Some("so") => {
            let number = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
            Json::Integer(number.filter(|n| n.unsigned_abs() < 1 << 53).ok_or_else(|| wrong(Wrong::Number))?)
        }
        Some("diem") => Json::Integer(mark(text).ok_or_else(|| wrong(Wrong::Mark))?),
        Some("tg") => Json::Integer(time::parse(text).ok_or_else(|| wrong(Wrong::Time))?.seconds()),
        Some("ma") => {
            let found = codes(kind, name).iter().find(|(_, code)| *code == text);
            Json::String(found.ok_or_else(|| wrong(Wrong::Code))?.0.to_owned())
        }
        Some("ds") => {
            let mut items = Vec::new();
            for (index, child) in element.children.iter().enumerate() {
                if child.name != ITEM {
                    return Err(Misread { path: format!("/{}/{index}", child.name), what: Wrong::Type });
                }
                let item = read(kind, ITEM, child);
                items.push(item.map_err(|e| Misread { path: format!("/{ITEM}/{index}{}", e.path), ..e })?);
            }
            Json::Array(items)
        }
        Some("nhom") => read_members(kind, &element.children)?,
        Some(_) => return Err(wrong(Wrong::Type)),
    })
}

/// `8.5` in tenths, in this one spelling.
fn mark(text: &str) -> Option<i64> {
    let (whole, tenth) = text.split_once('.')?;
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(tenth) || tenth.len() != 1 || whole.len() > 2 {
        return None;
    }
    let tenths = whole.parse::<i64>().ok()? * 10 + tenth.parse::<i64>().ok()?;
    (tenths <= 100 && format!("{}.{}", tenths / 10, tenths % 10) == text).then_some(tenths)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_and_code_has_one_way_back() {
        for (kind, names) in KINDS {
            let members: BTreeSet<&str> = names.iter().map(|(m, _)| *m).collect();
            let tags: BTreeSet<&str> = names.iter().map(|(_, t)| *t).collect();
            assert_eq!((members.len(), tags.len()), (names.len(), names.len()), "{kind}");
            assert!(tags.is_disjoint(&members) && tags.iter().all(|t| xml::is_name(t) && *t != ITEM), "{kind}");
        }
        for (kind, members, codes) in CODES {
            let texts: BTreeSet<&str> = codes.iter().map(|(_, c)| *c).collect();
            assert_eq!(texts.len(), codes.len(), "{kind} {members:?}");
        }
    }

    #[test]
    fn codes_are_those_of_the_contract() {
        use hocba_record::canonical::to_json;
        fn same<T: serde::Serialize>(table: crate::codes::Table<T>, kind: &str, member: &str) {
            let mine = codes(kind, member);
            for (code, value) in table {
                let Json::String(text) = to_json(value).expect("a word") else { panic!("a word") };
                assert!(mine.contains(&(text.as_str(), *code)), "{kind}.{member}: {text} {code}");
            }
        }
        same(crate::codes::SEXES, "identity", "sex");
        same(crate::codes::REGISTERS, "identity", "with");
        same(crate::codes::ACHIEVEMENTS, "subject", "term1");
        same(crate::codes::SUBJECT_LEVELS, "subject", "year");
        same(crate::codes::RATINGS, "result", "term1");
        same(crate::codes::RATINGS, "conduct", "retrained");
        same(crate::codes::ATTAINMENT_LEVELS, "qualities", "level");
        same(crate::codes::EDUCATION_RESULTS, "education_result", "year");
        same(crate::codes::STUDY_RANKS, "study_ranking", "rank");
        same(crate::codes::CONDUCT_RANKS, "conduct_ranking", "year");
        same(crate::codes::LEVELS, "completion", "level");
        same(crate::codes::CONTEST_LEVELS, "contests", "level");
    }

    #[test]
    fn a_mark_has_one_spelling() {
        assert_eq!((mark("8.5"), mark("10.0"), mark("0.0")), (Some(85), Some(100), Some(0)));
        for bad in ["8", "8,5", "08.5", "8.50", "10.1", "-1.0", "", "."] {
            assert_eq!(mark(bad), None, "{bad}");
        }
    }
}
