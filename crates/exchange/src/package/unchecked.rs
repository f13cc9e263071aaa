//! The layout `hocba-goi-tin-1`: ours, **chưa đối chiếu** with any official one, and it says so in every file.
//!
//! ```xml
//! <GoiTinHocBa BoCuc="hocba-goi-tin-1" DoiChieu="chưa đối chiếu">
//!   <ThongTinGoi>
//!     <IdGoi>…</IdGoi> <MaSo>79</MaSo> <KyBaoCao>2026-2027</KyBaoCao> <SoLuong>1</SoLuong>
//!     <ThoiGianTao>2027-06-10T08:00:00</ThoiGianTao>
//!   </ThongTinGoi>
//!   <DsHocBa>
//!     <HocBa>
//!       <IdBanGhi>…</IdBanGhi> <SuKien>NEW</SuKien> <PhienBan>1</PhienBan> <ThoiGianCapNhat>…</ThoiGianCapNhat>
//!       <BanGhiKy GiaTriBam="…" SoDem="9"> the payload, field by field </BanGhiKy>
//!       <Muc Ten="subject.toan" Muoi="…"> <MaMonHoc>toan</MaMonHoc> … </Muc>
//!     </HocBa>
//!   </DsHocBa>
//! </GoiTinHocBa>
//! ```
//!
//! Element names are the contract's where it has one. Values are those that were signed, each once: there is no second
//! copy of a mark that could say something else.

use std::collections::BTreeSet;

use hocba_record::{
    canonical::{self, Json},
    encoding::{RecordId, Salt, Sha256Digest},
    payload::RecordPayload,
    types::{SectionName, Text},
};

use super::{
    Answer, Answers, Layout, MAX_RECORDS, Package, PackageEvent, PackageHeader, PackageRecord, ResultCode, ResultError,
    State, WriteError, XmlLimits,
    mapping::{self, Misread, Wrong},
};
use crate::{
    Finding, Words,
    contract::RecordKey,
    finding::Code,
    signed::{self, Exported},
    time,
    xml::{Document, Element, Fault, Writer},
};

/// The layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unchecked1;

/// What every file of the layout says about itself.
pub const UNCHECKED: &str = "chưa đối chiếu";

const ID: &str = "hocba-goi-tin-1";
const ROOT: &str = "GoiTinHocBa";
const LIST: &str = "DsHocBa";
const ANSWER_ROOT: &str = "KetQuaGoiTin";
const ANSWER_LIST: &str = "DsKetQua";
const NOTE: &str =
    "Bố cục này chưa đối chiếu với văn bản chính thức. / This layout was not checked against an official one.";

fn words(vi: impl Into<String>, en: impl Into<String>) -> Words {
    Words::new(vi, en)
}

fn again() -> Words {
    words("Xuất lại tệp từ hệ thống gửi.", "Export the file from the sending system again.")
}

impl Layout for Unchecked1 {
    fn id(&self) -> &'static str {
        ID
    }

    fn checked(&self) -> bool {
        false
    }

    fn write(&self, package: &Package) -> Result<Vec<u8>, WriteError> {
        if package.records.len() > MAX_RECORDS {
            return Err(WriteError::TooMany(package.records.len()));
        }
        let mut out = Writer::new();
        out.comment(NOTE);
        out.start(ROOT, &[("BoCuc", ID), ("DoiChieu", UNCHECKED)]);
        out.start("ThongTinGoi", &[]);
        let PackageHeader { id, department, period, created } = &package.header;
        out.leaf("IdGoi", &[], &id.to_string());
        out.leaf("MaSo", &[], department.as_str());
        out.leaf("KyBaoCao", &[], period.as_str());
        out.leaf("SoLuong", &[], &package.records.len().to_string());
        out.leaf("ThoiGianTao", &[], &time::format(*created));
        out.end();
        out.start(LIST, &[]);
        let mut keys = BTreeSet::new();
        for (index, record) in package.records.iter().enumerate() {
            if !keys.insert(&record.id) {
                return Err(WriteError::DuplicateRecord(index));
            }
            out.start("HocBa", &[]);
            out.leaf("IdBanGhi", &[], record.id.as_str());
            out.leaf("SuKien", &[], record.event.name());
            out.leaf("PhienBan", &[], &record.version.to_string());
            out.leaf("ThoiGianCapNhat", &[], &time::format(record.at));
            if let Some(signed) = record.event.record() {
                exported(signed, &mut out).map_err(|section| WriteError::Unwritable { record: index, section })?;
            }
            out.end();
        }
        out.end();
        out.end();
        Ok(out.finish())
    }

    fn read(&self, bytes: &[u8], limits: &XmlLimits) -> Result<Package, Vec<Finding>> {
        let mut found = Found::new(limits);
        match package(bytes, limits, &mut found) {
            Ok(Some(package)) if found.is_sound() => Ok(package),
            Ok(_) => Err(found.findings),
            Err((pointer, fault)) => {
                found.push(fault.finding(&pointer, limits));
                Err(found.findings)
            }
        }
    }

    fn write_answers(&self, answers: &Answers) -> Vec<u8> {
        let mut out = Writer::new();
        out.comment(NOTE);
        out.start(ANSWER_ROOT, &[("BoCuc", ID), ("DoiChieu", UNCHECKED)]);
        out.leaf("IdGoi", &[], &answers.package.to_string());
        out.leaf("ThoiGian", &[], &time::format(answers.at));
        out.start(ANSWER_LIST, &[]);
        for Answer { id, state } in &answers.answers {
            out.start("KetQua", &[]);
            out.leaf("IdBanGhi", &[], id.as_str());
            out.leaf("TrangThai", &[], state.code.as_str());
            if state.at != answers.at {
                out.leaf("ThoiGian", &[], &time::format(state.at));
            }
            for error in &state.errors {
                out.start("Loi", &[]);
                out.leaf("Ma", &[], error.code.as_str());
                out.leaf("NoiDung", &[], error.text.as_str());
                out.end();
            }
            out.end();
        }
        out.end();
        out.end();
        out.finish()
    }

    fn answered(&self, bytes: &[u8], limits: &XmlLimits) -> Option<RecordId> {
        let answers = answers(bytes, None, &|_| false, limits, &mut Found::new(limits));
        answers.ok().flatten().map(|answers| answers.package)
    }

    fn read_answers(
        &self,
        bytes: &[u8],
        package: &RecordId,
        sent: &dyn Fn(&RecordKey) -> bool,
        limits: &XmlLimits,
    ) -> Result<(Answers, Vec<Finding>), Vec<Finding>> {
        let mut found = Found::new(limits);
        match answers(bytes, Some(package), sent, limits, &mut found) {
            Ok(Some(answers)) => Ok((answers, found.findings)),
            Ok(None) => Err(found.findings),
            Err((pointer, fault)) => {
                found.push(fault.finding(&pointer, limits));
                Err(found.findings)
            }
        }
    }
}

/// The payload and the sections; the name of the one that cannot be written.
fn exported(record: &Exported, out: &mut Writer) -> Result<(), String> {
    let payload = canonical::to_json(&record.payload).map_err(|_| "payload".to_owned())?;
    let (digest, decoys) = (record.digest.to_string(), record.decoys.to_string());
    out.start("BanGhiKy", &[("GiaTriBam", &digest), ("SoDem", &decoys)]);
    members("payload", &payload, out).ok_or("payload")?;
    out.end();
    for section in &record.sections {
        let name = section.name().as_str();
        out.start("Muc", &[("Ten", name), ("Muoi", &section.salt().to_string())]);
        members(mapping::kind_of(name), section.value(), out).ok_or(name)?;
        out.end();
    }
    Ok(())
}

fn members(kind: &str, value: &Json, out: &mut Writer) -> Option<()> {
    let Json::Object(members) = value else { return None };
    mapping::write_members(kind, members, out).ok()
}

/// Findings up to a limit.
struct Found {
    findings: Vec<Finding>,
    limit: usize,
}

impl Found {
    fn new(limits: &XmlLimits) -> Self {
        Self { findings: Vec::new(), limit: limits.findings.max(1) }
    }
    fn push(&mut self, finding: Finding) {
        if self.findings.len() < self.limit {
            self.findings.push(finding);
        }
    }
    fn is_sound(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
    fn tell(&mut self, code: Code, pointer: &str, value: &str, expected: Words) {
        let finding = Finding::error(code, pointer, expected, again());
        self.push(if value.is_empty() { finding } else { finding.with(value) });
    }
}

/// A small element of known name: told once if it is missing, double, or more than text.
fn leaf<'a>(parent: &'a Element, name: &str, pointer: &str, found: &mut Found) -> Option<&'a str> {
    let mut named = parent.children.iter().filter(|c| c.name == name);
    let place = format!("{pointer}/{name}");
    let Some(first) = named.next() else {
        found.tell(Code::MissingMember, &place, "", words(format!("Phần tử {name}."), format!("An element {name}.")));
        return None;
    };
    if named.next().is_some() {
        found.tell(Code::DuplicateMember, &place, "", words("Một lần.", "Once."));
        return None;
    }
    if !first.children.is_empty() || !first.attributes.is_empty() || first.text.is_empty() {
        found.tell(Code::WrongType, &place, "", words("Chữ, không phần tử con.", "Text without elements."));
        return None;
    }
    Some(&first.text)
}

fn parsed<T>(
    parent: &Element,
    name: &str,
    pointer: &str,
    found: &mut Found,
    code: Code,
    expected: (&str, &str),
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = leaf(parent, name, pointer, found)?;
    let value = parse(text);
    if value.is_none() {
        found.tell(code, &format!("{pointer}/{name}"), text, words(expected.0, expected.1));
    }
    value
}

fn unknown(parent: &Element, known: &[&str], pointer: &str, found: &mut Found) {
    for child in parent.children.iter().filter(|c| !known.contains(&c.name.as_str())) {
        let expected = words(format!("Chỉ có: {}.", known.join(", ")), format!("Only: {}.", known.join(", ")));
        found.tell(Code::UnknownMember, &format!("{pointer}/{}", crate::finding::cut(&child.name)), "", expected);
    }
}

/// Opens a file whose root is as it should be.
fn open<'a>(
    bytes: &'a [u8],
    root: &str,
    limits: &'a XmlLimits,
    found: &mut Found,
) -> Result<Option<Document<'a>>, (String, Fault)> {
    let document = Document::open(bytes, limits).map_err(|fault| (String::new(), fault))?;
    if document.root.name != root || document.root.attribute("BoCuc") != Some(ID) {
        let expected = words(format!("Tệp {root} theo bố cục {ID}."), format!("A file {root} in the layout {ID}."));
        found.tell(Code::NotXml, "", &document.root.name, expected);
        return Ok(None);
    }
    Ok(Some(document))
}

const TIME: (&str, &str) = ("YYYY-MM-DDTHH:mm:ss, có thật trên lịch.", "YYYY-MM-DDTHH:mm:ss that exists.");

fn package(bytes: &[u8], limits: &XmlLimits, found: &mut Found) -> Result<Option<Package>, (String, Fault)> {
    let Some(mut document) = open(bytes, ROOT, limits, found)? else { return Ok(None) };
    let (mut header, mut count) = (None, None);
    let (mut records, mut keys, mut seen) = (Vec::new(), BTreeSet::new(), 0_usize);
    loop {
        let pointer = format!("/{LIST}/HocBa/{seen}");
        let Some(element) = document.next(LIST).map_err(|fault| (pointer.clone(), fault))? else { break };
        match element.name.as_str() {
            "ThongTinGoi" if header.is_none() && seen == 0 => {
                (header, count) = head(&element, found);
                if header.is_none() {
                    return Ok(None);
                }
            }
            "HocBa" => {
                if seen >= limits.records.min(MAX_RECORDS) {
                    let expected = words("Ít bản ghi hơn.", "Fewer records.");
                    found.tell(Code::TooManyRecords, &pointer, "", expected);
                    return Ok(None);
                }
                seen += 1;
                if let Some(record) = record(&element, &pointer, found) {
                    if keys.insert(record.id.clone()) {
                        records.push(record);
                    } else {
                        let expected = words("Mỗi bản ghi một lần.", "Each record once.");
                        found.tell(Code::DuplicateRecord, &pointer, record.id.as_str(), expected);
                    }
                }
            }
            other => {
                let expected = words("ThongTinGoi, rồi các HocBa.", "ThongTinGoi, then HocBa.");
                found.tell(Code::UnknownMember, &format!("/{}", crate::finding::cut(other)), "", expected);
            }
        }
    }
    if header.is_none() {
        found.tell(Code::MissingMember, "/ThongTinGoi", "", words("Phần tử ThongTinGoi.", "An element ThongTinGoi."));
    }
    if count.is_some_and(|count| count != seen) {
        let expected = words(format!("Số bản ghi trong tệp: {seen}."), format!("The records of the file: {seen}."));
        found.tell(Code::WrongCount, "/ThongTinGoi/SoLuong", &count.unwrap_or(0).to_string(), expected);
    }
    Ok(header.map(|header| Package { header, records }))
}

fn head(element: &Element, found: &mut Found) -> (Option<PackageHeader>, Option<usize>) {
    let at = "/ThongTinGoi";
    let id = parsed(
        element,
        "IdGoi",
        at,
        found,
        Code::BadValue,
        ("22 ký tự base64url.", "22 characters of base64url."),
        |t| t.parse().ok(),
    );
    let department = parsed(
        element,
        "MaSo",
        at,
        found,
        Code::BadValue,
        ("1 đến 20 chữ in hoa và chữ số.", "1 to 20 capital letters and digits."),
        |t| t.parse().ok(),
    );
    let period: Option<Text> =
        parsed(element, "KyBaoCao", at, found, Code::BadText, ("Chữ.", "Text."), |t| t.parse().ok());
    let count = parsed(element, "SoLuong", at, found, Code::BadValue, ("Số nguyên.", "A whole number."), whole);
    let created = parsed(element, "ThoiGianTao", at, found, Code::BadDate, TIME, time::parse);
    unknown(element, &["IdGoi", "MaSo", "KyBaoCao", "SoLuong", "ThoiGianTao"], at, found);
    let header = (|| Some(PackageHeader { id: id?, department: department?, period: period?, created: created? }))();
    (header, count)
}

/// A whole number in its one spelling.
fn whole<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|n| n.to_string() == text)
}

#[derive(Clone, Copy)]
enum Event {
    New,
    Update,
    Cancel,
}

fn record(element: &Element, at: &str, found: &mut Found) -> Option<PackageRecord> {
    let key = ("1 đến 150 ký tự trên một dòng.", "1 to 150 characters on one line.");
    let id = parsed(element, "IdBanGhi", at, found, Code::BadText, key, |t| t.parse().ok());
    let version = ("Số nguyên từ 1.", "An integer from 1.");
    let version =
        parsed(element, "PhienBan", at, found, Code::BadVersion, version, |t| whole::<u64>(t).filter(|v| *v > 0));
    let changed = parsed(element, "ThoiGianCapNhat", at, found, Code::BadDate, TIME, time::parse);
    let names = ("NEW, UPDATE hoặc CANCEL.", "NEW, UPDATE or CANCEL.");
    let event = parsed(element, "SuKien", at, found, Code::UnknownCode, names, |t| match t {
        "NEW" => Some(Event::New),
        "UPDATE" => Some(Event::Update),
        "CANCEL" => Some(Event::Cancel),
        _ => None,
    });
    unknown(element, &["IdBanGhi", "SuKien", "PhienBan", "ThoiGianCapNhat", "BanGhiKy", "Muc"], at, found);
    let signed = exported_of(element, at, found, !matches!(event, Some(Event::Cancel)));
    let event = match event? {
        Event::New => PackageEvent::New(Box::new(signed?)),
        Event::Update => PackageEvent::Update(Box::new(signed?)),
        Event::Cancel => PackageEvent::Cancel,
    };
    Some(PackageRecord { id: id?, version: version?, at: changed?, event })
}

fn misread(error: &Misread, at: &str, found: &mut Found) {
    let (code, vi, en) = match error.what {
        Wrong::Type => (Code::WrongType, "Giá trị đúng kiểu ghi ở “Kieu”.", "A value of the type that “Kieu” says."),
        Wrong::Code => (Code::UnknownCode, "Một mã của trường này.", "A code of this field."),
        Wrong::Mark => (Code::NotAMark, "Điểm dạng 8.5, từ 0.0 đến 10.0.", "A mark such as 8.5, from 0.0 to 10.0."),
        Wrong::Time => (Code::BadDate, TIME.0, TIME.1),
        Wrong::Number => (Code::BadValue, "Số nguyên.", "A whole number."),
        Wrong::Twice => (Code::DuplicateMember, "Mỗi trường một lần.", "Each field once."),
    };
    found.tell(code, &format!("{at}{}", error.path), "", words(vi, en));
}

fn exported_of(element: &Element, at: &str, found: &mut Found, wanted: bool) -> Option<Exported> {
    let mut signed = element.children.iter().filter(|c| c.name == "BanGhiKy");
    let place = format!("{at}/BanGhiKy");
    let Some(first) = signed.next() else {
        if wanted {
            found.tell(Code::MissingMember, &place, "", words("Phần tử BanGhiKy.", "An element BanGhiKy."));
        }
        return None;
    };
    if !wanted || signed.next().is_some() {
        let expected = words("Một lần; không có khi huỷ.", "Once, and not in a cancellation.");
        found.tell(Code::DuplicateMember, &place, "", expected);
        return None;
    }
    let payload = match mapping::read_members("payload", &first.children) {
        Ok(value) => {
            let payload = canonical::from_json::<RecordPayload>(&value).ok();
            if payload.is_none() {
                found.tell(Code::BadValue, &place, "", words("Phần mở của một bản ghi.", "A record's open claims."));
            }
            payload
        }
        Err(error) => {
            misread(&error, &place, found);
            None
        }
    };
    let digest = first.attribute("GiaTriBam").and_then(|t| t.parse::<Sha256Digest>().ok());
    let decoys = first.attribute("SoDem").and_then(whole::<u16>);
    if digest.is_none() || decoys.is_none() || first.attributes.len() != 2 {
        found.tell(Code::BadValue, &place, "", words("GiaTriBam và SoDem.", "GiaTriBam and SoDem."));
    }
    let mut sections = Vec::new();
    for (index, muc) in element.children.iter().filter(|c| c.name == "Muc").enumerate() {
        let place = format!("{at}/Muc/{index}");
        let name = muc.attribute("Ten").and_then(|t| t.parse::<SectionName>().ok());
        let salt = muc.attribute("Muoi").and_then(|t| t.parse::<Salt>().ok());
        let (Some(name), Some(salt), 2) = (name, salt, muc.attributes.len()) else {
            found.tell(Code::BadValue, &place, "", words("Ten và Muoi của một mục.", "Ten and Muoi of a section."));
            continue;
        };
        match mapping::read_members(mapping::kind_of(name.as_str()), &muc.children) {
            Ok(value) => match signed::disclosure(salt, &name, value) {
                Some(disclosure) => sections.push(disclosure),
                None => found.tell(Code::BadValue, &place, "", words("Một mục của bản ghi.", "A record's section.")),
            },
            Err(error) => misread(&error, &place, found),
        }
    }
    Some(Exported { payload: payload?, digest: digest?, decoys: decoys?.into(), sections })
}

fn answers(
    bytes: &[u8],
    package: Option<&RecordId>,
    sent: &dyn Fn(&RecordKey) -> bool,
    limits: &XmlLimits,
    found: &mut Found,
) -> Result<Option<Answers>, (String, Fault)> {
    let Some(mut document) = open(bytes, ANSWER_ROOT, limits, found)? else { return Ok(None) };
    let (mut head, mut rows) = (Element::default(), Vec::new());
    let mut seen = 0_usize;
    loop {
        let pointer = format!("/{ANSWER_LIST}/KetQua/{seen}");
        let Some(element) = document.next(ANSWER_LIST).map_err(|fault| (pointer.clone(), fault))? else { break };
        if element.name != "KetQua" {
            // A handful of elements; more is no file of ours.
            if head.children.len() >= 16 {
                return Err((pointer, Fault::Many));
            }
            head.children.push(element);
            continue;
        }
        if seen >= limits.records {
            found.tell(Code::TooManyRecords, &pointer, "", words("Ít kết quả hơn.", "Fewer answers."));
            return Ok(None);
        }
        seen += 1;
        rows.push((pointer, element));
    }
    let id = ("22 ký tự base64url.", "22 characters of base64url.");
    let id: Option<RecordId> = parsed(&head, "IdGoi", "", found, Code::BadValue, id, |t| t.parse().ok());
    let at = parsed(&head, "ThoiGian", "", found, Code::BadDate, TIME, time::parse);
    unknown(&head, &["IdGoi", "ThoiGian"], "", found);
    let (Some(id), Some(at)) = (id, at) else { return Ok(None) };
    if let Some(package) = package.filter(|package| **package != id) {
        let expected = words(format!("Kết quả của gói {package}."), format!("Answers to the package {package}."));
        found.tell(Code::WrongPackage, "/IdGoi", &id.to_string(), expected);
        return Ok(None);
    }
    let (mut answers, mut keys) = (Vec::new(), BTreeSet::new());
    let mut twice = BTreeSet::new();
    for (pointer, row) in &rows {
        let Some(answer) = answer(row, pointer, at, found) else { continue };
        if !sent(&answer.id) {
            let expected = words("Một bản ghi của gói đã gửi.", "A record of the package that was sent.");
            found.tell(Code::UnknownRecord, pointer, answer.id.as_str(), expected);
        } else if keys.insert(answer.id.clone()) {
            answers.push(answer);
        } else {
            let expected =
                words("Mỗi bản ghi một kết quả; cả hai bị bỏ qua.", "One answer for each record; neither is taken.");
            found.tell(Code::DuplicateRecord, pointer, answer.id.as_str(), expected);
            twice.insert(answer.id);
        }
    }
    answers.retain(|answer| !twice.contains(&answer.id));
    Ok(Some(Answers { package: id, at, answers }))
}

fn answer(row: &Element, pointer: &str, at: hocba_record::types::UnixTime, found: &mut Found) -> Option<Answer> {
    let key = ("1 đến 150 ký tự trên một dòng.", "1 to 150 characters on one line.");
    let id = parsed(row, "IdBanGhi", pointer, found, Code::BadText, key, |t| t.parse().ok());
    let codes = ("00, 01 hoặc 02.", "00, 01 or 02.");
    let code = parsed(row, "TrangThai", pointer, found, Code::UnknownCode, codes, |t| {
        ResultCode::ALL.into_iter().find(|code| code.as_str() == t)
    });
    let at = if row.children.iter().any(|c| c.name == "ThoiGian") {
        parsed(row, "ThoiGian", pointer, found, Code::BadDate, TIME, time::parse)?
    } else {
        at
    };
    unknown(row, &["IdBanGhi", "TrangThai", "ThoiGian", "Loi"], pointer, found);
    let mut errors = Vec::new();
    for (index, element) in row.children.iter().filter(|c| c.name == "Loi").enumerate() {
        let place = format!("{pointer}/Loi/{index}");
        let text = ("Chữ.", "Text.");
        let code = parsed(element, "Ma", &place, found, Code::BadText, text, |t| t.parse().ok());
        let text = parsed(element, "NoiDung", &place, found, Code::BadText, text, |t| t.parse().ok());
        errors.push(ResultError { code: code?, text: text? });
    }
    let (id, code) = (id?, code?);
    if (code == ResultCode::Rejected) == errors.is_empty() {
        let expected = words("Có lỗi (Loi) khi và chỉ khi trạng thái là 02.", "Errors (Loi) with 02, and only then.");
        found.tell(Code::Contradiction, pointer, code.as_str(), expected);
        return None;
    }
    Some(Answer { id, state: State { code, errors, at } })
}
