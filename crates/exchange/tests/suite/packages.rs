//! Packages, the department's statement and the answers.

use ed25519_dalek::{Signer as _, SigningKey};
use hocba_exchange::{
    Code,
    contract::RecordKey,
    package::{
        Answer, Answers, Layout as _, PackageClaims, PackageError, PackageEvent, ResultCode, ResultError, State,
        UNCHECKED, Unchecked1, WriteError, XmlLimits, verify,
    },
    signed::Exported,
};
use hocba_record::{
    canonical::Json,
    disclosure::Disclosure,
    encoding::{RecordId, Sha256Digest},
    types::SectionName,
};
use hocba_signature::{
    algorithm::Algorithm,
    statement::{Role, Statement, StatementType},
};

use crate::kit::{exported, now, package, text};

fn records(count: usize) -> Vec<Exported> {
    exported(2, 9, count).into_iter().map(|(record, _)| record).collect()
}

#[test]
fn the_file_says_that_its_layout_was_not_checked() {
    let file = String::from_utf8(Unchecked1.write(&package(records(1))).expect("written")).expect("UTF-8");
    assert!(file.contains(&format!("DoiChieu=\"{UNCHECKED}\"")) && !Unchecked1.checked());
    assert!(file.contains("<SoLuong>1</SoLuong>") && file.contains("<MaSo>79</MaSo>"));
    assert!(file.contains("<HoVaTen>") && file.contains("<MaMonHoc>toan</MaMonHoc>"), "the contract's names");
}

#[test]
fn a_cancellation_carries_no_marks() {
    let mut sent = package(records(1));
    sent.records[0].event = PackageEvent::Cancel;
    let bytes = Unchecked1.write(&sent).expect("written");
    assert_eq!(Unchecked1.read(&bytes, &XmlLimits::default()).expect("read"), sent);
    assert!(!String::from_utf8(bytes).expect("UTF-8").contains("Muc"));
}

#[test]
fn what_the_layout_cannot_hold_is_refused_when_written() {
    let mut twice = package(records(2));
    twice.records[1].id = twice.records[0].id.clone();
    assert_eq!(Unchecked1.write(&twice), Err(WriteError::DuplicateRecord(1)));

    // A value of a form to come whose member is no name of an element, or the name of another's element.
    for name in ["hoc phi", "HoVaTen", "Dong", ""] {
        let mut sent = package(records(1));
        let PackageEvent::New(record) = &mut sent.records[0].event else { panic!("new") };
        let value = Json::Object(vec![(name.to_owned(), Json::Bool(true))]);
        let array = Json::Array(vec![
            Json::String(record.sections[0].salt().to_string()),
            Json::String("identity".into()),
            value,
        ]);
        let disclosure: Disclosure = hocba_record::canonical::from_json(&array).expect("a disclosure");
        record.sections[0] = disclosure;
        let error = WriteError::Unwritable { record: 0, section: "identity".into() };
        assert_eq!(Unchecked1.write(&sent), Err(error), "{name}");
    }
}

#[test]
fn faults_of_a_package_are_told_with_their_place() {
    let sound = String::from_utf8(Unchecked1.write(&package(records(2))).expect("written")).expect("UTF-8");
    for (from, to, code, pointer) in [
        ("<SoLuong>2</SoLuong>", "<SoLuong>3</SoLuong>", Code::WrongCount, "/ThongTinGoi/SoLuong"),
        ("<SoLuong>2</SoLuong>", "", Code::MissingMember, "/ThongTinGoi/SoLuong"),
        ("<MaSo>79</MaSo>", "<MaSo>79</MaSo><MaSo>79</MaSo>", Code::DuplicateMember, "/ThongTinGoi/MaSo"),
        ("<MaSo>79</MaSo>", "<MaSo>bảy</MaSo>", Code::BadValue, "/ThongTinGoi/MaSo"),
        (
            "<IdBanGhi>HB-79-0001</IdBanGhi>",
            "<IdBanGhi>HB-79-0000</IdBanGhi>",
            Code::DuplicateRecord,
            "/DsHocBa/HocBa/1",
        ),
        ("BoCuc=\"hocba-goi-tin-1\"", "BoCuc=\"khac\"", Code::NotXml, ""),
        ("<IdBanGhi>HB-79-0001</IdBanGhi>", "<IdBanGhi>HB</IdBanGhi><La/>", Code::UnknownMember, "/DsHocBa/HocBa/1/La"),
        ("</GoiTinHocBa>", "", Code::Truncated, "/DsHocBa/HocBa/2"),
        ("<?xml version", "<!DOCTYPE a><?xml version", Code::XmlNotPlain, ""),
    ] {
        assert_eq!(sound.matches(from).count(), 1, "{from}");
        let findings = Unchecked1.read(sound.replace(from, to).as_bytes(), &XmlLimits::default()).expect_err(to);
        let found: Vec<_> = findings.iter().map(|f| (f.code, f.pointer.as_str())).collect();
        assert!(found.contains(&(code, pointer)), "{to}: {found:?}");
    }
    for (from, to, code) in [
        ("Kieu=\"diem\">", "Kieu=\"diem\">1", Code::NotAMark),
        ("<GioiTinh Kieu=\"ma\">", "<GioiTinh Kieu=\"ma\">7", Code::UnknownCode),
        ("<PhienBan>1<", "<PhienBan>0<", Code::BadVersion),
        ("<SuKien>NEW<", "<SuKien>OLD<", Code::UnknownCode),
        ("Muoi=\"", "Muoi=\"!", Code::BadValue),
        ("Kieu=\"nhom\"", "Kieu=\"la\"", Code::WrongType),
    ] {
        let changed = sound.replacen(from, to, 1);
        assert_ne!(changed, sound, "{from}");
        let findings = Unchecked1.read(changed.as_bytes(), &XmlLimits::default()).expect_err(to);
        assert!(findings.iter().any(|f| f.code == code && f.pointer.starts_with("/DsHocBa/HocBa/0/")), "{findings:?}");
    }
    let few = XmlLimits { records: 1, ..XmlLimits::default() };
    let findings = Unchecked1.read(sound.as_bytes(), &few).expect_err("one too many");
    assert_eq!(findings.last().map(|f| f.code), Some(Code::TooManyRecords));
}

fn sign(claims: &PackageClaims, typ: StatementType, role: Role) -> (Statement, SigningKey) {
    let key = SigningKey::from_bytes(&[9; 32]);
    let statement = Statement::unsigned(claims.to_bytes());
    let input = statement.prepare(typ, role, Algorithm::Ed25519, Sha256Digest::of(b"certificate"), now());
    let signature = key.sign(input.bytes()).to_vec();
    (statement.attach(input, signature), key)
}

#[test]
fn the_departments_signature_is_over_these_bytes_and_no_others() {
    let sent = package(records(1));
    let bytes = Unchecked1.write(&sent).expect("written");
    let claims = PackageClaims::of(&sent, &Unchecked1, &bytes);
    let (statement, key) = sign(&claims, StatementType::Package, Role::Department);
    let (said, header) = verify(&statement, &bytes).expect("as signed");
    assert_eq!((&said, header.role), (&claims, Role::Department));
    assert_eq!((said.count, said.layout.as_str(), said.department.as_str()), (1, "hocba-goi-tin-1", "79"));
    statement.verify(0, &key.verifying_key().into()).expect("the signature");

    let mut changed = bytes.clone();
    *changed.last_mut().expect("not empty") = b' ';
    assert_eq!(verify(&statement, &changed), Err(PackageError::Digest));
    let (other, _) = sign(&claims, StatementType::Status, Role::Department);
    assert!(matches!(verify(&other, &bytes), Err(PackageError::Statement(_))), "another kind of statement");
    let (other, _) = sign(&claims, StatementType::Package, Role::Principal);
    assert_eq!(verify(&other, &bytes), Err(PackageError::Signer));
    assert_eq!(verify(&Statement::unsigned(claims.to_bytes()), &bytes), Err(PackageError::Signer));
    let input =
        statement.prepare(StatementType::Package, Role::Department, Algorithm::Ed25519, Sha256Digest::of(b"2"), now());
    let twice = statement.attach(input, vec![0; 64]);
    assert_eq!(verify(&twice, &bytes), Err(PackageError::Signer));
    assert_eq!(StatementType::Package.listed(), None, "signed alone");
}

fn answers() -> Answers {
    let state = |code, errors: &[(&str, &str)]| State {
        code,
        errors: errors.iter().map(|(code, words)| ResultError { code: text(code), text: text(words) }).collect(),
        at: now(),
    };
    let answer = |id, state| Answer { id: text(id), state };
    Answers {
        package: RecordId::from_bytes([200; 16]),
        at: now(),
        answers: vec![
            answer("HB-79-0000", state(ResultCode::Accepted, &[])),
            answer(
                "HB-79-0001",
                state(ResultCode::Rejected, &[("E01", "Thiếu số định danh"), ("E07", "Sai mã trường")]),
            ),
            answer("HB-79-0002", state(ResultCode::Waiting, &[])),
        ],
    }
}

fn sent(key: &RecordKey) -> bool {
    key.as_str().starts_with("HB-79-")
}

fn read(file: &str) -> Result<(Answers, Vec<hocba_exchange::Finding>), Vec<hocba_exchange::Finding>> {
    Unchecked1.read_answers(file.as_bytes(), &RecordId::from_bytes([200; 16]), &sent, &XmlLimits::default())
}

#[test]
fn answers_are_read_record_by_record() {
    let file = String::from_utf8(Unchecked1.write_answers(&answers())).expect("UTF-8");
    assert_eq!(read(&file), Ok((answers(), Vec::new())));
}

#[test]
fn an_answer_that_makes_no_sense_is_told_and_the_others_are_taken() {
    let file = String::from_utf8(Unchecked1.write_answers(&answers())).expect("UTF-8");
    for (from, to, code, left) in [
        ("<TrangThai>01<", "<TrangThai>03<", Code::UnknownCode, 2),
        ("<TrangThai>01<", "<TrangThai>02<", Code::Contradiction, 2),
        ("<TrangThai>02<", "<TrangThai>01<", Code::Contradiction, 2),
        ("<IdBanGhi>HB-79-0002<", "<IdBanGhi>HB-99-0002<", Code::UnknownRecord, 2),
        ("<IdBanGhi>HB-79-0002<", "<IdBanGhi>HB-79-0000<", Code::DuplicateRecord, 1),
        ("<IdBanGhi>HB-79-0002</IdBanGhi>", "", Code::MissingMember, 2),
        ("<Ma>E01</Ma>", "", Code::MissingMember, 2),
    ] {
        assert_eq!(file.matches(from).count(), 1, "{from}");
        let (answers, findings) = read(&file.replace(from, to)).expect("the others are taken");
        assert_eq!((answers.answers.len(), findings.len(), findings[0].code), (left, 1, code), "{to}: {findings:?}");
        assert!(findings[0].pointer.starts_with("/DsKetQua/KetQua/"));
    }
    for (from, to, code) in [
        ("<IdGoi>", "<IdGoi>A", Code::BadValue),
        ("KetQuaGoiTin BoCuc", "GoiTinHocBa BoCuc", Code::NotXml),
        ("</DsKetQua>", "", Code::NotXml),
    ] {
        let findings = read(&file.replacen(from, to, 1)).expect_err(to);
        assert_eq!(findings[0].code, code, "{to}: {findings:?}");
    }
    let other = RecordId::from_bytes([1; 16]);
    let findings =
        Unchecked1.read_answers(file.as_bytes(), &other, &sent, &XmlLimits::default()).expect_err("another's");
    assert_eq!(findings[0].code, Code::WrongPackage);
}

#[test]
fn names_of_sections_are_read_as_they_are() {
    let sound = String::from_utf8(Unchecked1.write(&package(records(1))).expect("written")).expect("UTF-8");
    let changed = sound.replacen("Ten=\"attendance\"", "Ten=\"Attendance\"", 1);
    assert!(Unchecked1.read(changed.as_bytes(), &XmlLimits::default()).is_err(), "no name of a section");
    assert!("Attendance".parse::<SectionName>().is_err());
}
