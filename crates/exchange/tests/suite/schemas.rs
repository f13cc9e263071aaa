//! The published schemas say what the programs write and take, and refuse what they refuse.

use hocba_exchange::{
    book_json::{BookError, BookExport},
    contract::{self, Limits},
    signed::Exported,
};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::kit::{exported, messages, now};

type Change<'a> = &'a dyn Fn(&mut Value);

const BOOK: &str = include_str!("../../../../docs/schemas/book.schema.json");
const CONTRACT: &str = include_str!("../../../../docs/schemas/contract.schema.json");

fn schema(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&schema), "a schema of its draft");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn book(grade: u8) -> Value {
    let records: Vec<Exported> = exported(7, grade, 3).into_iter().map(|(record, _)| record).collect();
    serde_json::from_slice(&BookExport { exported_at: now(), records }.to_bytes()).expect("JSON")
}

#[test]
fn exports_are_what_the_schema_says() {
    let schema = schema(BOOK);
    for grade in 6..=12 {
        let book = book(grade);
        let faults: Vec<String> = schema.iter_errors(&book).map(|e| format!("{}", e.instance_path())).collect();
        assert!(faults.is_empty(), "grade {grade}: {faults:?}");
    }
}

#[test]
fn a_wrong_book_is_refused_by_the_schema_and_by_the_reader() {
    let schema = schema(BOOK);
    let sound = book(9);
    let reads = |value: &Value| BookExport::from_bytes(value.to_string().as_bytes());
    assert!(reads(&sound).is_ok(), "any spelling is read");
    let wrong: [(&str, Change<'_>); 9] = [
        ("format", &|v| v["format"] = json!("hocba-book-2")),
        ("surplus", &|v| v["name"] = json!("Lê Hoa")),
        ("missing", &|v| drop(v["records"][0].as_object_mut().expect("object").remove("payload_sha256"))),
        ("salt", &|v| v["records"][0]["sections"][0]["salt"] = json!("short")),
        ("digest", &|v| v["records"][0]["payload_sha256"] = json!("no digest")),
        ("grade", &|v| v["records"][0]["payload"]["grade"] = json!(13)),
        ("decoys", &|v| v["records"][0]["decoys"] = json!(-1)),
        ("decimal", &|v| v["records"][0]["payload"]["version"] = json!(1.5)),
        ("section", &|v| drop(v["records"][0]["sections"][0].as_object_mut().expect("object").remove("value"))),
    ];
    for (what, change) in wrong {
        let mut book = sound.clone();
        change(&mut book);
        assert!(!schema.is_valid(&book), "{what}");
        assert!(reads(&book).is_err(), "{what}");
    }
    // What a section holds is looked at when it is compared with what was signed.
    let mut book = sound.clone();
    book["records"][0]["sections"][1]["value"] = json!({"grade": "high"});
    assert!(!schema.is_valid(&book));
    assert!(reads(&book).expect("a document").records[0].rebuild().is_err());
    let many = json!({"format": "hocba-book-1", "exported_at": 1, "records": vec![Value::Bool(true); 300]});
    assert_eq!(reads(&many), Err(BookError::TooMany));
}

#[test]
fn every_kind_of_section_is_in_the_schema() {
    let schema: Value = serde_json::from_str(BOOK).expect("JSON");
    let alternatives = schema["$defs"]["section"]["oneOf"].as_array().expect("alternatives");
    let names: Vec<&str> = alternatives.iter().filter_map(|a| a["properties"]["name"]["const"].as_str()).collect();
    // Names in the order of `Section::from_value`; a section added there is missed here.
    for name in [
        "school_details",
        "identity",
        "result",
        "conduct",
        "attendance",
        "promotion",
        "awards",
        "remarks",
        "completion",
        "qualities",
        "competences",
        "education_result",
        "study_ranking",
        "conduct_ranking",
        "individual_plan",
        "certificates",
        "contests",
        "enrolment",
        "conversion",
        "manifest",
        "history",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn messages_are_what_the_schema_says() {
    let schema = schema(CONTRACT);
    for grade in 6..=12 {
        let file: Value = serde_json::from_slice(&contract::write(&messages(3, grade, 3))).expect("JSON");
        let faults: Vec<String> = schema.iter_errors(&file).map(|e| format!("{} {e}", e.instance_path())).collect();
        assert!(faults.is_empty(), "grade {grade}: {faults:.300?}");
        assert!(schema.is_valid(&file[0]), "one record of a file of lines");
    }
    let primary = json!({
        "IdBanGhi": "HB-1", "SuKien": "NEW", "PhienBan": 1, "ThoiGianCapNhat": "2027-06-01T08:00:00",
        "MaTruong": "79DEMO003", "NamHoc": "2026-2027", "MaCapHoc": "02", "MaKhoi": "05", "MaLop": "5B",
        "HoVaTen": "Lê Thị Hoa", "NgaySinh": "2016", "GioiTinh": "0", "MaHocSinh": "HS-1",
        "DsBangDiem": [{"MaMonHoc": "toan", "MucDat": "T", "DiemKTDK": 9}],
        "PhamChat": [{"Ma": "yeu_nuoc", "Ten": "Yêu nước", "MucDat": "T"}],
        "KetQuaGiaoDuc": "HTT", "DuocLenLop": 1, "DaHThanhCTrinhTieuHoc": true,
    });
    assert!(schema.is_valid(&primary));
    let (taken, refused) = contract::read(primary.to_string().as_bytes(), &Limits::default());
    assert!(refused.is_empty() && taken[0].warnings.is_empty(), "{refused:?}");
}

#[test]
fn a_wrong_message_is_refused_by_the_schema_and_by_the_reader() {
    let schema = schema(CONTRACT);
    let sound: Value = serde_json::from_slice(&contract::write(&messages(3, 9, 1))).expect("JSON");
    let wrong: [(&str, Value); 10] = [
        ("IdBanGhi", json!("a".repeat(151))),
        ("SuKien", json!("DELETE")),
        ("PhienBan", json!(0)),
        ("ThoiGianCapNhat", json!("hôm qua")),
        ("GioiTinh", json!("Nam")),
        ("SoDinhDanh", json!("123")),
        ("MaKhoi", json!("13")),
        ("BangDiem", json!([{"MaMonHoc": "toan", "HocKy1": 10.5}])),
        ("BangDiem", json!([{"MaMonHoc": "toan", "HocKy1": 8.55}])),
        ("KetQuaRenLuyen", json!({"HocKy1": "G"})),
    ];
    for (member, value) in wrong {
        let mut file = sound.clone();
        file[0][member] = value;
        assert!(!schema.is_valid(&file), "{member}");
        assert_eq!(contract::read(file.to_string().as_bytes(), &Limits::default()).1.len(), 1, "{member}");
    }
    let mut file = sound.clone();
    file[0].as_object_mut().expect("object").remove("NgaySinh");
    assert!(!schema.is_valid(&file));
    file[0]["SuKien"] = json!("CANCEL");
    assert!(schema.is_valid(&file), "a cancellation needs no content");
}

/// Reader and schema know the same members: each that the schema has is read, and no other.
#[test]
fn the_reader_knows_exactly_the_members_of_the_schema() {
    let schema: Value = serde_json::from_str(CONTRACT).expect("JSON");
    let sound: Value = serde_json::from_slice(&contract::write(&messages(3, 9, 1))).expect("JSON");
    let members = schema["$defs"]["record"]["properties"].as_object().expect("members");
    for name in members.keys() {
        let mut file = sound.clone();
        file[0][name] = json!(null);
        let (taken, refused) = contract::read(file.to_string().as_bytes(), &Limits::default());
        let findings = taken.iter().flat_map(|t| &t.warnings).chain(refused.iter().flat_map(|r| &r.findings));
        let unknown = findings.filter(|f| f.code == hocba_exchange::Code::UnknownMember).count();
        assert_eq!(unknown, 0, "{name} is not read");
    }
    let mut file = sound.clone();
    file[0]["KhongCo"] = json!(1);
    assert_eq!(contract::read(file.to_string().as_bytes(), &Limits::default()).0[0].warnings.len(), 1);
}
