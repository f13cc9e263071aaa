//! The qualities and competences of primary school: the columns a spreadsheet has for them.
//!
//! TT 27/2020 Art. 5 and 8 with the programme of 2018: five qualities, three general and seven specific competences.
//! TT 30/2014 as amended by TT 22/2016: four qualities and three competences. The specific competences of technology and
//! informatics begin with grade 3; which a grade must have is for the record's checks.

use crate::columns::fold;

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Code in the draft.
    pub code: &'static str,
    /// Name as printed.
    pub name: &'static str,
    /// Name for English readers.
    pub english: &'static str,
    /// Whether it is a quality; else a competence.
    pub quality: bool,
    /// Whether it is of TT 27/2020; else of TT 30/2014.
    pub tt27: bool,
    /// Further headings, folded.
    headings: &'static [&'static str],
}

macro_rules! items {
    ($($code:literal $name:literal $english:literal $quality:literal $tt27:literal $headings:tt;)*) => {
        [$(Item { code: $code, name: $name, english: $english, quality: $quality, tt27: $tt27, headings: &$headings }),*]
    };
}

/// All of them in the order of the forms; a column names one by its place here.
#[rustfmt::skip]
pub(crate) static ITEMS: [Item; 22] = items![
    "yeu_nuoc" "Yêu nước" "Patriotism" true true [];
    "nhan_ai" "Nhân ái" "Kindness" true true [];
    "cham_chi" "Chăm chỉ" "Diligence" true true [];
    "trung_thuc" "Trung thực" "Honesty" true true [];
    "trach_nhiem" "Trách nhiệm" "Responsibility" true true [];
    "tu_chu_tu_hoc" "Tự chủ và tự học" "Autonomy and self-study" false true ["tuchutuhoc", "tcth"];
    "giao_tiep_hop_tac" "Giao tiếp và hợp tác" "Communication and cooperation" false true ["giaotiephoptac", "gtht"];
    "giai_quyet_van_de_sang_tao" "Giải quyết vấn đề và sáng tạo" "Problem solving and creativity" false true
        ["giaiquyetvandesangtao", "gqvdsangtao", "gqvdvasangtao", "gqvdst"];
    "ngon_ngu" "Ngôn ngữ" "Language" false true [];
    "tinh_toan" "Tính toán" "Numeracy" false true [];
    "khoa_hoc" "Khoa học" "Science" false true [];
    "cong_nghe" "Công nghệ" "Technology" false true [];
    "tin_hoc" "Tin học" "Informatics" false true [];
    "tham_mi" "Thẩm mĩ" "Aesthetics" false true ["thammy"];
    "the_chat" "Thể chất" "Physical" false true [];
    "cham_hoc_cham_lam" "Chăm học, chăm làm" "Diligence" true false [];
    "tu_tin_trach_nhiem" "Tự tin, trách nhiệm" "Confidence and responsibility" true false [];
    "trung_thuc_ki_luat" "Trung thực, kỉ luật" "Honesty and discipline" true false ["trungthuckyluat"];
    "doan_ket_yeu_thuong" "Đoàn kết, yêu thương" "Solidarity and kindness" true false [];
    "tu_phuc_vu_tu_quan" "Tự phục vụ, tự quản" "Self-care" false false [];
    "hop_tac" "Hợp tác" "Cooperation" false false [];
    "tu_hoc_giai_quyet_van_de" "Tự học và giải quyết vấn đề" "Self-study and problem solving" false false
        ["tuhocgiaiquyetvande", "tuhocgqvd", "tuhocvagqvd"];
];

/// The place in [`ITEMS`] of the one a folded heading names.
pub(crate) fn by_heading(folded: &str) -> Option<u8> {
    let bare = ["nanglucdacthu", "nangluc", "phamchat", "nl", "pc"]
        .into_iter()
        .find_map(|p| folded.strip_prefix(p).filter(|rest| !rest.is_empty()));
    [Some(folded), bare].into_iter().flatten().find_map(|folded| {
        let index = ITEMS.iter().position(|i| fold(i.name) == folded || i.headings.contains(&folded))?;
        u8::try_from(index).ok()
    })
}

/// Whether a folded heading stands over columns of qualities or competences.
pub(crate) fn is_group(folded: &str) -> bool {
    folded.starts_with("phamchat")
        || folded.starts_with("nangluc")
        || matches!(folded, "pc" | "nl" | "pcnl" | "nlpc" | "nanglucphamchat" | "cacphamchat" | "cacnangluc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_lists_of_the_rules() {
        use hocba_record::rules::{tt27, tt30};
        let tt27 = [&tt27::QUALITIES[..], &tt27::GENERAL_COMPETENCES, &tt27::SPECIFIC_COMPETENCES].concat();
        let tt30 = [&tt30::QUALITIES[..], &tt30::COMPETENCES].concat();
        for (of_tt27, listed) in [(true, tt27), (false, tt30)] {
            let items: Vec<_> = ITEMS.iter().filter(|i| i.tt27 == of_tt27).map(|i| (i.code, i.name)).collect();
            assert_eq!(items, listed.iter().map(|l| (l.code, l.name)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_is_known_by_its_name_alone() {
        for (index, item) in (0_u8..).zip(&ITEMS) {
            assert_eq!(by_heading(&fold(item.name)), Some(index), "{}", item.name);
            assert!(item.code.parse::<hocba_record::types::SubjectCode>().is_ok(), "{}", item.code);
        }
        assert_eq!(by_heading("nanglucthammy"), by_heading("thammi"));
        assert_eq!(by_heading("toan"), None);
    }
}
