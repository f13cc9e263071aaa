//! Words of short lists: ratings, levels, decisions, a cross.

use hocba_record::section::{
    Achievement, AttainmentLevel, ConductRank, ContestLevel, EducationResult, Promotion, Rating, Register, Sex,
    StudyRank, SubjectLevel,
};

use super::{Fault, Reading, readable};
use crate::{
    columns::fold,
    finding::{Code, Words},
    table::{Field, Value},
};

/// A word of a short list, however it is written: case, marks and the look-alike Ð do not matter to what it means.
fn word<T: Copy>(field: &Field, list: &[(&str, T)], code: Code, expected: &Words) -> Reading<Option<T>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let fault = || {
        let choose =
            Words::new("Chọn một giá trị trong danh sách của ô.", "Choose one of the values of the cell's list.");
        Fault::error(code, expected.clone(), choose)
    };
    let Value::Text(text) = value else { return Err(fault()) };
    let folded = fold(text);
    let found = list.iter().find(|(name, _)| *name == folded).map(|(_, value)| *value).ok_or_else(fault)?;
    let mut looks = Vec::new();
    if text.contains(['Ð', 'ð', 'Ɖ', 'ɖ']) {
        looks.push(Fault::warning(
            Code::WrongLetter,
            Words::new("Chữ Đ tiếng Việt (U+0110).", "The Vietnamese letter Đ (U+0110)."),
            Words::new(
                "Chữ trong ô trông giống Đ nhưng là chữ khác; đã hiểu là Đ. Nên gõ lại.",
                "The letter looks like Đ but is another; it was read as Đ. Better type it again.",
            ),
        ));
    }
    Ok((Some(found), looks))
}

/// T, K, Đ, CĐ (TT 22/2021 Art. 8, 9), or the words.
pub(crate) fn rating(field: &Field) -> Reading<Option<Rating>> {
    let list = [
        ("t", Rating::Tot),
        ("tot", Rating::Tot),
        ("k", Rating::Kha),
        ("kha", Rating::Kha),
        ("d", Rating::Dat),
        ("dat", Rating::Dat),
        ("cd", Rating::ChuaDat),
        ("chuadat", Rating::ChuaDat),
    ];
    let expected =
        Words::new("T (Tốt), K (Khá), Đ (Đạt) hoặc CĐ (Chưa đạt).", "T (Tốt), K (Khá), Đ (Đạt) or CĐ (Chưa đạt).");
    word(field, &list, Code::NotARating, &expected)
}

/// Đ or CĐ of a subject judged by comment.
pub(crate) fn achievement(field: &Field) -> Reading<Option<Achievement>> {
    let list = [
        ("d", Achievement::Dat),
        ("dat", Achievement::Dat),
        ("cd", Achievement::ChuaDat),
        ("chuadat", Achievement::ChuaDat),
    ];
    let expected = Words::new("Đ (Đạt) hoặc CĐ (Chưa đạt).", "Đ (Đạt) or CĐ (Chưa đạt).");
    word(field, &list, Code::NotAnAchievement, &expected)
}

/// T, H, C of a subject in primary school (TT 27/2020 Art. 6).
pub(crate) fn subject_level(field: &Field) -> Reading<Option<SubjectLevel>> {
    let list = [
        ("t", SubjectLevel::HoanThanhTot),
        ("htt", SubjectLevel::HoanThanhTot),
        ("hoanthanhtot", SubjectLevel::HoanThanhTot),
        ("h", SubjectLevel::HoanThanh),
        ("ht", SubjectLevel::HoanThanh),
        ("hoanthanh", SubjectLevel::HoanThanh),
        ("c", SubjectLevel::ChuaHoanThanh),
        ("cht", SubjectLevel::ChuaHoanThanh),
        ("chuahoanthanh", SubjectLevel::ChuaHoanThanh),
    ];
    let expected = Words::new(
        "T (Hoàn thành tốt), H (Hoàn thành) hoặc C (Chưa hoàn thành).",
        "T (Hoàn thành tốt), H (Hoàn thành) or C (Chưa hoàn thành).",
    );
    word(field, &list, Code::NotALevel, &expected)
}

/// T, Đ, C of a quality or competence (TT 27/2020 Art. 8).
pub(crate) fn attainment_level(field: &Field) -> Reading<Option<AttainmentLevel>> {
    let list = [
        ("t", AttainmentLevel::Tot),
        ("tot", AttainmentLevel::Tot),
        ("d", AttainmentLevel::Dat),
        ("dat", AttainmentLevel::Dat),
        ("c", AttainmentLevel::CanCoGang),
        ("ccg", AttainmentLevel::CanCoGang),
        ("cancogang", AttainmentLevel::CanCoGang),
    ];
    let expected = Words::new("T (Tốt), Đ (Đạt) hoặc C (Cần cố gắng).", "T (Tốt), Đ (Đạt) or C (Cần cố gắng).");
    word(field, &list, Code::NotALevel, &expected)
}

/// The year's result of primary school (TT 27/2020 Art. 9.2).
pub(crate) fn education_result(field: &Field) -> Reading<Option<EducationResult>> {
    let list = [
        ("htxs", EducationResult::HoanThanhXuatSac),
        ("hoanthanhxuatsac", EducationResult::HoanThanhXuatSac),
        ("xs", EducationResult::HoanThanhXuatSac),
        ("htt", EducationResult::HoanThanhTot),
        ("hoanthanhtot", EducationResult::HoanThanhTot),
        ("ht", EducationResult::HoanThanh),
        ("hoanthanh", EducationResult::HoanThanh),
        ("cht", EducationResult::ChuaHoanThanh),
        ("chuahoanthanh", EducationResult::ChuaHoanThanh),
    ];
    let expected = Words::new(
        "HTXS (Hoàn thành xuất sắc), HTT (Hoàn thành tốt), HT (Hoàn thành) hoặc CHT (Chưa hoàn thành).",
        "HTXS (Hoàn thành xuất sắc), HTT (Hoàn thành tốt), HT (Hoàn thành) or CHT (Chưa hoàn thành).",
    );
    word(field, &list, Code::NotARating, &expected)
}

/// Hạnh kiểm (TT 58/2011 Art. 3).
pub(crate) fn conduct_rank(field: &Field) -> Reading<Option<ConductRank>> {
    let list = [
        ("t", ConductRank::Tot),
        ("tot", ConductRank::Tot),
        ("k", ConductRank::Kha),
        ("kha", ConductRank::Kha),
        ("tb", ConductRank::TrungBinh),
        ("trungbinh", ConductRank::TrungBinh),
        ("y", ConductRank::Yeu),
        ("yeu", ConductRank::Yeu),
    ];
    let expected =
        Words::new("T (Tốt), K (Khá), TB (Trung bình) hoặc Y (Yếu).", "T (Tốt), K (Khá), TB (Trung bình) or Y (Yếu).");
    word(field, &list, Code::NotARating, &expected)
}

/// Học lực (TT 58/2011 Art. 13).
pub(crate) fn study_rank(field: &Field) -> Reading<Option<StudyRank>> {
    let list = [
        ("g", StudyRank::Gioi),
        ("gioi", StudyRank::Gioi),
        ("k", StudyRank::Kha),
        ("kha", StudyRank::Kha),
        ("tb", StudyRank::TrungBinh),
        ("trungbinh", StudyRank::TrungBinh),
        ("y", StudyRank::Yeu),
        ("yeu", StudyRank::Yeu),
        ("kem", StudyRank::Kem),
    ];
    let expected = Words::new(
        "G (Giỏi), K (Khá), TB (Trung bình), Y (Yếu) hoặc Kém.",
        "G (Giỏi), K (Khá), TB (Trung bình), Y (Yếu) or Kém.",
    );
    word(field, &list, Code::NotARating, &expected)
}

/// Who held a contest.
pub(crate) fn contest_level(field: &Field) -> Reading<Option<ContestLevel>> {
    let list = [
        ("truong", ContestLevel::School),
        ("captruong", ContestLevel::School),
        ("xa", ContestLevel::District),
        ("phuong", ContestLevel::District),
        ("capxa", ContestLevel::District),
        ("huyen", ContestLevel::District),
        ("caphuyen", ContestLevel::District),
        ("quan", ContestLevel::District),
        ("tinh", ContestLevel::Province),
        ("captinh", ContestLevel::Province),
        ("thanhpho", ContestLevel::Province),
        ("quocgia", ContestLevel::National),
        ("capquocgia", ContestLevel::National),
        ("quocte", ContestLevel::International),
    ];
    let expected = Words::new(
        "Trường, Xã, Tỉnh, Quốc gia hoặc Quốc tế.",
        "Trường (school), Xã (commune), Tỉnh (province), Quốc gia (national) or Quốc tế (international).",
    );
    word(field, &list, Code::NotAChoice, &expected)
}

/// A register with which an identifier was compared.
pub(crate) fn register(field: &Field) -> Reading<Option<Register>> {
    let list = [
        ("dancu", Register::Population),
        ("csdldancu", Register::Population),
        ("csdlquocgiavedancu", Register::Population),
        ("nganh", Register::Education),
        ("csdlnganh", Register::Education),
        ("giayto", Register::Paper),
        ("banchinh", Register::Paper),
    ];
    let expected = Words::new(
        "Dân cư, Ngành hoặc Giấy tờ.",
        "Dân cư (population register), Ngành (education register) or Giấy tờ (papers).",
    );
    word(field, &list, Code::NotAChoice, &expected)
}

/// A cross, or nothing.
pub(crate) fn flag(field: &Field) -> Reading<Option<bool>> {
    let list =
        [("x", true), ("co", true), ("1", true), ("true", true), ("khong", false), ("0", false), ("false", false)];
    let expected = Words::new("x, hoặc để trống.", "x, or nothing.");
    if let Value::Number(n) = field.value {
        return if n == 1.0 || n == 0.0 {
            Ok((Some(n == 1.0), Vec::new()))
        } else {
            word(field, &list, Code::NotAChoice, &expected)
        };
    }
    word(field, &list, Code::NotAChoice, &expected)
}

/// The decision on promotion.
pub(crate) fn promotion(field: &Field) -> Reading<Option<Promotion>> {
    let list = [
        ("lenlop", Promotion::Promoted),
        ("duoclenlop", Promotion::Promoted),
        ("hoanthanhchuongtrinhlophoc", Promotion::Promoted),
        ("lenlopsauhe", Promotion::PromotedAfterSummer),
        ("lenlopsaudanhgialai", Promotion::PromotedAfterSummer),
        ("chokiemtralai", Promotion::Pending),
        ("chodanhgialai", Promotion::Pending),
        ("olai", Promotion::Retained),
        ("olailop", Promotion::Retained),
    ];
    let expected = Words::new(
        "Lên lớp, Lên lớp sau hè, Chờ đánh giá lại hoặc Ở lại lớp.",
        "Lên lớp, Lên lớp sau hè, Chờ đánh giá lại or Ở lại lớp.",
    );
    word(field, &list, Code::NotAPromotion, &expected)
}

/// Nam, Nữ, Khác.
pub(crate) fn sex(field: &Field) -> Reading<Option<Sex>> {
    let list = [("nam", Sex::Male), ("nu", Sex::Female), ("khac", Sex::Other)];
    word(field, &list, Code::NotASex, &Words::new("Nam, Nữ hoặc Khác.", "Nam (male), Nữ (female) or Khác (other)."))
}
