//! The whole book, other systems' forms, and spreadsheets of every shape.

use std::fs;

use hocba_exchange::{
    book_json::BookExport,
    package::{Answer, Answers, Layout as _, ResultCode, ResultError, State, Unchecked1, XmlLimits, verify},
    signed::Rebuilt,
};
use hocba_record::{canonical::Limits, encoding::Sha256Digest, payload::RecordPayload};
use hocba_signature::statement::{Role, Statement};
use serde_json::Value;

use crate::common::World;

fn document(text: &str) -> Value {
    serde_json::from_str(text).expect("one document")
}

#[test]
fn a_made_up_pupil_has_a_book_from_grade_1_to_12_and_nothing_was_dropped() {
    let world = World::empty();
    let run = world.on_demo(&["demo", "--once", "--book"]).expect(0);
    assert_eq!(run.out.lines().last(), Some("41 of 41 records valid"), "{}", run.out);
    let file = "demo/books/lop-1-den-12.hocba.json";
    let said = world.verify(file).expect(0).out;
    for words in [
        "Sổ có đủ 12 năm học",
        "không năm nào bị bỏ bớt",
        "số hoá từ học bạ giấy ngày",
        "Phan Thị Văn Thư",
        "học sinh chuyển đến từ Trường THCS Lê Lợi trong năm học, ngày 17/01/2022",
        "Năm học 2024-2025 (lớp 10A1): đã được đính chính",
        "Năm học 2025-2026 (lớp 11A1): học sinh được đánh giá lại",
        "đã hoàn thành chương trình tiểu học",
        "đã hoàn thành chương trình trung học cơ sở",
        "đã hoàn thành chương trình trung học phổ thông",
        "Thông tư 22/2021/TT-BGDĐT",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (profile, snapshot) = ("demo/profile.hocba-profile.json", "demo/snapshot.hocba-snapshot.json");
    let report =
        document(&world.run(&["verify", file, "--profile", profile, "--snapshot", snapshot, "--json"]).expect(0).out);
    let report = &report["files"][0]["report"];
    let records = report["records"].as_array().expect("records");
    let of = |name: &str| {
        let mut values: Vec<String> = records.iter().map(|r| r[name].to_string()).collect();
        values.sort();
        values.dedup();
        values
    };
    assert_eq!((records.len(), of("school").len(), of("grade").len()), (12, 3, 12));
    let forms = of("form");
    for rules in ["tt30", "tt58", "tt22"] {
        assert!(forms.iter().any(|form| form.contains(rules)), "{rules}: {forms:?}");
    }
    assert_eq!(records.iter().filter(|r| r["version"] == 2).count(), 2);
    assert_eq!(records.iter().filter(|r| r["kind"] == "converted").count(), 9);
    assert_eq!(report["book"]["whole"]["kind"], "nothing_dropped");
    world.on_demo(&["fsck"]).expect(0);
    let book = document(&world.on_demo(&["book", "1", "--class", "12A1", "--json"]).expect(0).out);
    assert_eq!(book["years"].as_array().map(Vec::len), Some(12));
    assert_eq!(book["numbers"].as_array().map(Vec::len), Some(3));

    // A year left out shows.
    let mut bundle = document(&fs::read_to_string(world.path(file)).expect("the book"));
    bundle["records"].as_array_mut().expect("records").remove(3);
    fs::write(world.path("cut.json"), bundle.to_string()).expect("written");
    let run = world.run(&["verify", "cut.json", "--profile", profile, "--snapshot", snapshot]);
    assert!(run.out.contains("thiếu 1 năm học") && run.out.contains("không có năm học 2018-2019"), "{}", run.out);
}

#[test]
fn a_class_goes_out_as_it_was_signed_in_xml_and_json() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    world.run(&["generate", "--students", "3", "--seed", "5", "--first-class", "3", "--out", "lop"]).expect(0);
    world.on_demo(&["import", "lop/9A3.xlsx"]).expect(0);
    let none = world.on_demo(&["export", "class", "--out", "lop.csv"]).expect(5);
    assert!(none.err.contains("chưa có học bạ nào"), "{}", none.err);
    for command in [&["appoint"][..], &["sign"], &["cosign"], &["seal"], &["anchor", "--once"], &["bundle"]] {
        world.on_demo(command).expect(0);
    }
    let signed: Vec<Sha256Digest> = (1..=3)
        .map(|number| {
            let bundle = fs::read(world.path(&format!("demo/bundles/9A3/0{number}.hocba.json"))).expect("a bundle");
            let bundle = hocba_bundle::format::Bundle::read(&bundle).expect("a bundle").bundle;
            RecordPayload::from_bytes(bundle.records[0].statement.payload()).expect("a record").digest()
        })
        .collect();

    let package = ["export", "package", "--department", "79DEMO", "--period", "2026-2027", "--out", "goi.xml"];
    world.on_demo(&package).expect(0);
    let xml = fs::read(world.path("goi.xml")).expect("the package");
    let statement = fs::read(world.path("goi.xml.jws.json")).expect("its signature");
    let statement = Statement::from_bytes(&statement, Limits { bytes: 1 << 20, depth: 8 }).expect("a statement");
    let (claims, header) = verify(&statement, &xml).expect("of this file");
    assert_eq!((claims.count, header.role), (3, Role::Department));
    let read = Unchecked1.read(&xml, &XmlLimits::default()).expect("a package");
    let digest = |rebuilt: Rebuilt| rebuilt.digest;
    let of_xml: Vec<Sha256Digest> = read
        .records
        .iter()
        .map(|record| digest(record.event.record().expect("content").rebuild().expect("as signed")))
        .collect();
    assert_eq!(of_xml, signed);

    for (place, signed) in signed.iter().enumerate() {
        let out = format!("so-{place}.json");
        world.on_demo(&["export", "book", &(place + 1).to_string(), "--out", &out]).expect(0);
        let book = BookExport::from_bytes(&fs::read(world.path(&out)).expect("the book")).expect("a book");
        assert_eq!(digest(book.records[0].rebuild().expect("as signed")), *signed);
    }
    world.on_demo(&["export", "class", "--out", "lop.csv"]).expect(0);
    // What went out comes in again, and says the same.
    let again = document(&world.on_demo(&["import", "lop.csv", "--json"]).expect(0).out);
    assert_eq!((&again["unchanged"], &again["pupils"]), (&Value::from(3), &Value::from(0)), "{again}");

    let changed = String::from_utf8(xml).expect("UTF-8").replacen("Toán", "Tòan", 1);
    assert!(verify(&statement, changed.as_bytes()).is_err(), "another file than was signed");
}

#[test]
fn messages_of_the_national_contract_are_taken_once() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    world.run(&["generate", "--students", "45", "--format", "json", "--out", "lop.json"]).expect(0);
    let done = document(&world.on_demo(&["import", "lop.json", "--json"]).expect(0).out);
    assert_eq!((&done["messages"], &done["added"], &done["refused"]), (&45.into(), &45.into(), &0.into()), "{done}");
    let again = document(&world.on_demo(&["import", "lop.json", "--json"]).expect(0).out);
    assert_eq!((&again["added"], &again["passed_over"]), (&0.into(), &45.into()), "{again}");

    // The next version of three: one says something else, one is not sound, one is cancelled.
    let text = fs::read_to_string(world.path("lop.json")).expect("the file");
    let mut lines: Vec<Value> = text.lines().take(3).map(document).collect();
    for line in &mut lines {
        line["PhienBan"] = 2.into();
        line["SuKien"] = "UPDATE".into();
    }
    lines[0]["SoBuoiNghiCoPhep"] = 7.into();
    lines[1]["BangDiem"][0]["HocKy1"] = 10.5.into();
    lines[2]["SuKien"] = "CANCEL".into();
    let file: String = lines.iter().map(|line| line.to_string() + "\n").collect();
    fs::write(world.path("sua.json"), file).expect("written");
    let run = world.on_demo(&["import", "sua.json"]).expect(3);
    assert!(run.out.contains("#2") && run.out.contains("10.5"), "{}{}", run.out, run.err);
    let refused = document(&world.on_demo(&["import", "sua.json", "--json"]).expect(3).out);
    let details = &refused["error"]["details"];
    assert_eq!((&details["passed_over"], &details["refused"]), (&2.into(), &1.into()), "{refused}");
    let status = document(&world.on_demo(&["status", "--class", "9A1", "--json"]).expect(0).out);
    assert_eq!(status["pupils"].as_array().map(Vec::len), Some(39), "one of forty was cancelled");
    world.on_demo(&["fsck"]).expect(0);

    let run = world.on_demo(&["import", "lop.json", "--class", "9A1"]).expect(3);
    assert!(run.err.contains("--correct"), "{}", run.err);
}

#[test]
fn what_the_ministrys_store_answers_stands_beside_the_pupil() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    world.run(&["generate", "--students", "2", "--seed", "5", "--first-class", "3", "--out", "lop"]).expect(0);
    for command in [&["import", "lop/9A3.xlsx"][..], &["appoint"], &["sign"], &["cosign"], &["seal"]] {
        world.on_demo(command).expect(0);
    }
    let package = ["export", "package", "--department", "79DEMO", "--period", "2026-2027", "--out", "goi.xml"];
    world.on_demo(&package).expect(0);
    let status = |world: &World| {
        let status = document(&world.on_demo(&["status", "--class", "9A3", "--json"]).expect(0).out);
        status["pupils"].as_array().expect("pupils").iter().map(|p| p["at_store"].clone()).collect::<Vec<Value>>()
    };
    assert!(status(&world).iter().all(|at| at["code"] == "00"), "{:?}", status(&world));

    let read = Unchecked1.read(&fs::read(world.path("goi.xml")).expect("the package"), &XmlLimits::default());
    let package = read.expect("a package");
    let answer = |place: usize, code, errors: &[(&str, &str)]| Answer {
        id: package.records[place].id.clone(),
        state: State {
            code,
            errors: errors
                .iter()
                .map(|(code, text)| ResultError {
                    code: code.parse().expect("text"),
                    text: text.parse().expect("text"),
                })
                .collect(),
            at: package.header.created.plus(60),
        },
    };
    let mut answers = Answers {
        package: package.header.id,
        at: package.header.created.plus(60),
        answers: vec![
            answer(0, ResultCode::Accepted, &[]),
            answer(1, ResultCode::Rejected, &[("E01", "Thiếu số định danh")]),
        ],
    };
    fs::write(world.path("ket-qua.xml"), Unchecked1.write_answers(&answers)).expect("written");
    let done = document(&world.on_demo(&["export", "answers", "ket-qua.xml", "--json"]).expect(0).out);
    assert_eq!((&done["changed"], &done["rejected"], &done["waiting"]), (&2.into(), &1.into(), &0.into()), "{done}");
    let codes: Vec<Value> = status(&world).iter().map(|at| at["code"].clone()).collect();
    assert!(codes.contains(&"01".into()) && codes.contains(&"02".into()), "{codes:?}");
    let said = world.on_demo(&["status", "--class", "9A3"]).expect(0).out;
    assert!(said.contains("kho của Bộ, bản 1: 02 có lỗi") && said.contains("E01: Thiếu số định danh"), "{said}");
    let again = document(&world.on_demo(&["export", "answers", "ket-qua.xml", "--json"]).expect(0).out);
    assert_eq!(again["changed"], 0);

    // To a package that was never sent; and no answers at all.
    answers.package = hocba_record::encoding::RecordId::from_bytes([9; 16]);
    fs::write(world.path("khac.xml"), Unchecked1.write_answers(&answers)).expect("written");
    world.on_demo(&["export", "answers", "khac.xml"]).expect(3);
    let run = world.on_demo(&["export", "answers", "goi.xml"]).expect(3);
    assert!(run.err.contains("chưa ghi gì cả"), "{}", run.err);
}

#[test]
fn many_classes_come_in_from_one_file_and_a_faulty_one_stops_nobody_else() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    world.run(&["generate", "--students", "90", "--format", "csv", "--out", "khoi.csv"]).expect(0);
    let done = document(&world.on_demo(&["import", "khoi.csv", "--bulk", "--json"]).expect(0).out);
    assert_eq!((&done["classes"], &done["pupils"]), (&Value::from(3), &Value::from(90)), "{done}");
    let again = document(&world.on_demo(&["import", "khoi.csv", "--bulk", "--json"]).expect(0).out);
    assert_eq!((&again["classes"], &again["pupils"]), (&Value::from(3), &Value::from(90)), "{again}");

    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    world.run(&["generate", "--students", "90", "--format", "csv", "--out", "khoi.csv"]).expect(0);
    let text = fs::read_to_string(world.path("khoi.csv")).expect("the file");
    // The last pupil's date of birth, in the last class.
    let at = text.rfind("/20").expect("a date");
    fs::write(world.path("sai.csv"), format!("{}/13/2{}", &text[..at - 3], &text[at + 2..])).expect("written");
    let run = world.on_demo(&["import", "sai.csv", "--bulk", "--json"]).expect(3);
    let document = document(&run.out);
    assert_eq!(document["error"]["details"]["classes"], 2, "{}", run.out);
    // A pupil of the second class with the numbers of two pupils of the first: that class alone waits.
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    world.run(&["generate", "--students", "90", "--format", "csv", "--out", "khoi.csv"]).expect(0);
    let text = fs::read_to_string(world.path("khoi.csv")).expect("the file");
    let ministry = |serial: usize| format!("00{serial:08}");
    let personal = |serial: usize| {
        let is = |cell: &&str| cell.len() == 12 && cell.starts_with("000") && cell.ends_with(&format!("{serial:06}"));
        text.split([';', '\n']).find(is).expect("a personal number").to_owned()
    };
    let mixed = text.replace(&ministry(40), &ministry(1)).replace(&personal(40), &personal(2));
    fs::write(world.path("lan.csv"), mixed).expect("written");
    let run = world.on_demo(&["import", "lan.csv", "--bulk", "--json"]).expect(3);
    let document: Value = serde_json::from_str(&run.out).expect("one document");
    let details = &document["error"]["details"];
    assert_eq!((&details["classes"], &details["refused"][0]["code"]), (&Value::from(2), &Value::from("two_pupils")));
}

#[test]
fn spreadsheets_of_every_shape_are_taken_or_refused_as_written_down() {
    let world = World::empty();
    let folder = hocba_tests::repository().join("tests/fixtures/workbooks");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).expect("fixtures") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "xlsx") {
            continue;
        }
        let findings = fs::read_to_string(path.with_extension("findings.txt")).expect("its findings");
        let first = findings.lines().next().expect("a first line").to_owned();
        let refused = first.contains(": refused") || !first.contains(" 0 errors");
        let mut command = vec!["check", path.to_str().expect("UTF-8")];
        if first.starts_with("14-") {
            // Another school's, where this one is chosen.
            command.extend(["--school", "79DEMO001", "--year", "2026-2027", "--grade", "9", "--class", "9A3"]);
        }
        let run = world.run(&command);
        assert_eq!(run.code, if refused { 3 } else { 0 }, "{first}\n{}\n{}", run.out, run.err);
        seen += 1;
    }
    assert!(seen >= 16, "{seen}");
}

#[test]
fn findings_go_back_as_comments_and_columns_can_be_looked_at() {
    let world = World::empty();
    let file = hocba_tests::repository().join("tests/fixtures/workbooks/1-diem-ngoai-thang.xlsx");
    let file = file.to_str().expect("UTF-8");
    let run = world.run(&["check", file, "--annotate", "sua.xlsx"]).expect(3);
    assert!(run.err.contains("sua.xlsx"), "{}", run.err);
    let commented = fs::read(world.path("sua.xlsx")).expect("the teacher's file");
    assert!(commented.len() > 1000);
    // The file with comments is still the same spreadsheet.
    world.run(&["check", "sua.xlsx"]).expect(3);
    let preview = document(&world.run(&["check", file, "--preview", "--json"]).expect(0).out);
    let sheets = preview["preview"]["sheets"].as_array().expect("sheets");
    assert!(sheets.iter().any(|sheet| sheet["role"] == "subject:toan"), "{preview}");
}
