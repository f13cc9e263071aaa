//! JSON, XML and the signed record lead to the same digests; what was changed in either is named, and nothing else is.

use hocba_exchange::{
    book_json::BookExport,
    package::{Layout as _, Package, Unchecked1, XmlLimits},
    signed::{Broken, Exported},
};
use hocba_record::{
    disclosure::Disclosure,
    encoding::{Salt, Sha256Digest},
    section::{ConversionSection, Section, SubjectResult},
    types::SectionName,
};
use proptest::prelude::*;

use crate::kit::{self, exported, issue, now, package, text};

fn through_json(records: &[Exported]) -> Vec<Exported> {
    let book = BookExport { exported_at: now(), records: records.to_vec() };
    let bytes = book.to_bytes();
    let read = BookExport::from_bytes(&bytes).expect("our own document");
    assert_eq!(read, book);
    read.records
}

fn through_xml(records: &[Exported]) -> Vec<Exported> {
    let sent = package(records.iter().cloned());
    let bytes = Unchecked1.write(&sent).expect("the layout holds it");
    let read = Unchecked1.read(&bytes, &XmlLimits::default()).expect("our own file");
    assert_eq!(read, sent);
    assert_eq!(Unchecked1.write(&read).expect("again"), bytes, "the same package has the same bytes");
    read.records.into_iter().map(|r| r.event.record().expect("a new record").clone()).collect()
}

/// Changed exports are read from changed bytes, so that the readers take part.
fn changed_json(records: &[Exported], from: &str, to: &str) -> Vec<Exported> {
    let bytes = BookExport { exported_at: now(), records: records.to_vec() }.to_bytes();
    let document = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(document.matches(from).count(), 1, "{from}");
    BookExport::from_bytes(document.replace(from, to).as_bytes()).expect("still a book").records
}

fn changed_xml(records: &[Exported], from: &str, to: &str) -> Vec<Exported> {
    let bytes = Unchecked1.write(&package(records.iter().cloned())).expect("the layout holds it");
    let file = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(file.matches(from).count(), 1, "{from}");
    let package: Package =
        Unchecked1.read(file.replace(from, to).as_bytes(), &XmlLimits::default()).expect("still a package");
    package.records.into_iter().map(|r| r.event.record().expect("a new record").clone()).collect()
}

fn section(name: &str) -> Broken {
    Broken::Section(text(name))
}

#[test]
fn xml_json_and_the_signed_record_lead_to_the_same_digests() {
    for grade in [6, 9, 10, 12] {
        let all = exported(11, grade, 4);
        let records: Vec<Exported> = all.iter().map(|(record, _)| record.clone()).collect();
        for way in [through_json(&records), through_xml(&records)] {
            for (read, (_, issued)) in way.iter().zip(&all) {
                let rebuilt = read.rebuild().expect("sound");
                assert_eq!(rebuilt.digest, issued.payload.digest());
                assert_eq!(rebuilt.payload.sd, issued.payload.sd);
                assert_eq!(rebuilt.payload.to_bytes(), issued.payload.to_bytes());
                let signed: Vec<Sha256Digest> = issued.disclosures.iter().map(Disclosure::digest).collect();
                assert_eq!(rebuilt.sections.iter().map(|(_, d)| *d).collect::<Vec<_>>(), signed);
            }
        }
    }
}

/// The place of one pupil's mark in mathematics in the file, with enough around it to be the only one.
fn mathematics(record: &Exported) -> (Disclosure, u32) {
    let found = record.sections.iter().find(|d| d.name().as_str() == "subject.toan").expect("everyone has it").clone();
    let Ok(Section::Subject(subject)) = Section::from_value(found.name(), found.value()) else { panic!("a subject") };
    let SubjectResult::Score { year, .. } = subject.result else { panic!("a mark") };
    (found, year.tenths())
}

#[test]
fn one_changed_mark_breaks_its_section_and_nothing_else() {
    let records: Vec<Exported> = exported(5, 9, 2).into_iter().map(|(record, _)| record).collect();
    let (disclosure, tenths) = mathematics(&records[0]);
    let other = if tenths == 100 { 99 } else { tenths + 1 };

    let value = String::from_utf8(disclosure.value().to_bytes()).expect("UTF-8");
    let changed = value.replace(&format!("\"year\":{tenths}"), &format!("\"year\":{other}"));
    let in_json = |v: &str| format!("\"salt\":\"{}\",\"value\":{v}", disclosure.salt());
    let json = changed_json(&records, &in_json(&value), &in_json(&changed));

    let file = String::from_utf8(Unchecked1.write(&package(records.clone())).expect("written")).expect("UTF-8");
    let start = file.find(&format!("Muoi=\"{}\"", disclosure.salt())).expect("the salt");
    let element = &file[start..start + file[start..].find("</Muc>").expect("its end")];
    let mark = |t: u32| format!("<CaNam Kieu=\"diem\">{}.{}</CaNam>", t / 10, t % 10);
    let xml = changed_xml(&records, element, &element.replace(&mark(tenths), &mark(other)));

    for way in [json, xml] {
        assert_eq!(way[0].rebuild().expect_err("changed"), [section("subject.toan")]);
        assert!(way[1].rebuild().is_ok(), "the other pupil's record is untouched");
    }
}

#[test]
fn one_changed_salt_breaks_its_section_and_nothing_else() {
    let records: Vec<Exported> = exported(5, 12, 2).into_iter().map(|(record, _)| record).collect();
    let salt = records[1].sections.iter().find(|d| d.name().as_str() == "conduct").expect("conduct").salt().to_string();
    let other = Salt::from_bytes([7; 16]).to_string();
    for way in [changed_json(&records, &salt, &other), changed_xml(&records, &salt, &other)] {
        assert!(way[0].rebuild().is_ok());
        assert_eq!(way[1].rebuild().expect_err("changed"), [section("conduct")]);
    }
}

#[test]
fn sections_of_two_pupils_swapped_are_named_in_both_records() {
    let mut records: Vec<Exported> = exported(5, 9, 2).into_iter().map(|(record, _)| record).collect();
    let at = |r: &Exported| r.sections.iter().position(|d| d.name().as_str() == "result").expect("result");
    let places = [at(&records[0]), at(&records[1])];
    let (first, second) = (records[0].sections[places[0]].clone(), records[1].sections[places[1]].clone());
    (records[0].sections[places[0]], records[1].sections[places[1]]) = (second, first);
    for way in [through_json(&records), through_xml(&records)] {
        for record in &way {
            assert_eq!(record.rebuild().expect_err("swapped"), [section("result")]);
        }
    }
}

#[test]
fn two_sections_of_one_record_under_each_others_names_are_named() {
    let (record, _) = exported(5, 9, 1).remove(0);
    // Same shape, other subject: the value says its own code, so even the reader of sections would notice.
    let json = {
        let bytes = BookExport { exported_at: now(), records: vec![record.clone()] }.to_bytes();
        let document = String::from_utf8(bytes).expect("UTF-8");
        let swapped = document
            .replace("\"name\":\"result\",\"salt\"", "\"name\":\"X\",\"salt\"")
            .replace("\"name\":\"conduct\",\"salt\"", "\"name\":\"result\",\"salt\"")
            .replace("\"name\":\"X\",\"salt\"", "\"name\":\"conduct\",\"salt\"");
        BookExport::from_bytes(swapped.as_bytes()).expect("still a book").records.remove(0)
    };
    let xml = {
        let file = String::from_utf8(Unchecked1.write(&package([record])).expect("written")).expect("UTF-8");
        let swapped = file
            .replace("Ten=\"result\"", "Ten=\"x\"")
            .replace("Ten=\"conduct\"", "Ten=\"result\"")
            .replace("Ten=\"x\"", "Ten=\"conduct\"");
        let read = Unchecked1.read(swapped.as_bytes(), &XmlLimits::default()).expect("still a package");
        read.records[0].event.record().expect("new").clone()
    };
    for way in [json, xml] {
        let broken = way.rebuild().expect_err("swapped");
        assert!(broken.contains(&section("result")) && broken.contains(&section("conduct")), "{broken:?}");
        let others = broken.iter().filter(|b| !matches!(b, Broken::Order(_))).count();
        assert_eq!(others, 2, "{broken:?}");
    }
}

#[test]
fn what_is_missing_surplus_or_miscounted_is_named() {
    let (sound, issued) = exported(5, 9, 1).remove(0);
    let broken = |change: &dyn Fn(&mut Exported)| {
        let mut record = sound.clone();
        change(&mut record);
        record.rebuild().expect_err("changed")
    };
    let at = |name: &str| sound.sections.iter().position(|d| d.name().as_str() == name).expect("there");
    let (awards, manifest) = (at("awards"), at("manifest"));
    let drop_awards = |r: &mut Exported| {
        r.sections.remove(awards);
        r.decoys += 1;
    };
    assert_eq!(broken(&drop_awards), [Broken::Missing(text("awards"))]);
    let drop_manifest = |r: &mut Exported| {
        r.sections.remove(manifest);
        r.decoys += 1;
    };
    assert_eq!(broken(&drop_manifest), [Broken::NoManifest]);
    assert_eq!(broken(&|r| r.decoys += 1), [Broken::Count]);
    assert_eq!(broken(&|r| r.digest = Sha256Digest::of(b"other")), [Broken::Payload]);
    assert_eq!(broken(&|r| r.payload.class = text("9A9")), [Broken::Payload]);
    assert_eq!(broken(&|r| r.payload.rules = "tt99".into()), [Broken::Form, Broken::Payload]);
    let twice = |r: &mut Exported| {
        r.sections.insert(awards, issued.disclosures[awards].clone());
        r.decoys -= 1;
    };
    assert_eq!(broken(&twice), [Broken::Order(text("awards"))]);
    // Each has words for a clerk.
    for b in broken(&|r| r.payload.rules = "tt99".into()) {
        assert!(!b.words().vi.is_empty() && b.words().en == b.to_string());
    }
}

/// Sections no made-up class has: written generically, so that forms to come are covered.
#[test]
fn sections_of_every_form_go_through_both_formats() {
    let (header, drafts) = kit::a_class(3, 9, 1);
    let (_, mut sections) = kit::issued(&header, &drafts[0], 1);
    sections.retain(|s| !matches!(s, Section::Subject(_)));
    let json = |text: &str| {
        hocba_record::canonical::parse(text.as_bytes(), hocba_record::canonical::Limits { bytes: 9999, depth: 8 })
            .expect("a value")
    };
    for (name, value) in [
        (
            "subject.tieng_viet",
            r#"{"code":"tieng_viet","name":"Tiếng Việt","result":{"kind":"level","year":"hoan_thanh_tot","test":90,"reassessed":"hoan_thanh","reassessed_test":100},"locked_at":1811241005}"#,
        ),
        (
            "subject.dao_duc",
            r#"{"code":"dao_duc","name":"Đạo đức","result":{"kind":"level","year":"chua_hoan_thanh"}}"#,
        ),
        (
            "subject.toan",
            r#"{"code":"toan","name":"Toán","result":{"kind":"exempt","reason":"Miễn học"},"locked_at":0}"#,
        ),
        ("subject.am_nhac", r#"{"code":"am_nhac","name":"Âm nhạc","result":{"kind":"not_assessed"}}"#),
        (
            "qualities",
            r#"{"items":[{"code":"yeu_nuoc","name":"Yêu nước","level":"tot","remark":"Tốt"},{"code":"nhan_ai","name":"Nhân ái","level":"can_co_gang"}]}"#,
        ),
        ("competences", r#"{"items":[]}"#),
        ("education_result", r#"{"year":"hoan_thanh_xuat_sac"}"#),
        (
            "study_ranking",
            r#"{"term1":{"average":81,"rank":"gioi"},"term2":{"average":35,"rank":"kem"},"year":{"average":100,"rank":"trung_binh"}}"#,
        ),
        ("conduct_ranking", r#"{"term1":"tot","term2":"yeu","year":"trung_binh","retrained":"kha"}"#),
        ("individual_plan", r#"{"note":"Theo kế hoạch giáo dục cá nhân"}"#),
        ("completion", r#"{"level":"thcs","completed":true}"#),
    ] {
        let name: SectionName = text(name);
        let value = json(value);
        let value = hocba_record::canonical::parse(
            &value.to_bytes(),
            hocba_record::canonical::Limits { bytes: 9999, depth: 8 },
        )
        .expect("canonical");
        sections.retain(|s| s.name() != name);
        sections.push(Section::from_value(&name, &value).expect("a section"));
    }
    sections.push(Section::Conversion(ConversionSection {
        mark: text("Số hoá từ học bạ giấy"),
        converter: text("Trần Văn Số"),
        converted_at: now(),
        compared_by: None,
        made_by: None,
        paper: Some(text("Sổ đăng bộ số 1234/THCS,\ntrang 12")),
    }));
    let issued = issue(&header, &sections, 9);
    let record = Exported::of(&issued.payload, &issued.disclosures);
    for way in [through_json(std::slice::from_ref(&record)), through_xml(std::slice::from_ref(&record))] {
        assert_eq!(way[0].rebuild().expect("sound").digest, issued.payload.digest());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_pupil_of_every_class_is_proved_by_both_exports(seed in any::<u64>(), grade in 6_u8..=12) {
        let all = exported(seed, grade, 3);
        let records: Vec<Exported> = all.iter().map(|(record, _)| record.clone()).collect();
        for way in [through_json(&records), through_xml(&records)] {
            for (read, (_, issued)) in way.iter().zip(&all) {
                let rebuilt = read.rebuild().expect("sound");
                prop_assert_eq!(rebuilt.digest, issued.payload.digest());
                prop_assert_eq!(&rebuilt.payload, &issued.payload);
            }
        }
    }

    #[test]
    fn a_changed_byte_of_a_package_is_told_or_broken_or_changes_nothing(
        at in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        let (record, _) = exported(1, 9, 1).remove(0);
        let sent = package([record]);
        let mut bytes = Unchecked1.write(&sent).expect("written");
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(read) = Unchecked1.read(&bytes, &XmlLimits::default()) {
            for r in read.records.iter().filter_map(|r| r.event.record()) {
                if let Ok(rebuilt) = r.rebuild() {
                    prop_assert_eq!(&rebuilt.payload, &sent.records[0].event.record().expect("new").payload);
                }
            }
        }
    }
}
