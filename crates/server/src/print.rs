//! A record as sheets of A4: sections in, sheets out. Pure; the templates in `templates/print` only place what is here.
//!
//! The forms are those of the circulars: TT 22/2021, TT 27/2020, and the older TT 58/2011 and TT 30/2014 by their own
//! columns. A record is laid out by the form that it names, never by a guess. What is printed is in Vietnamese whatever
//! language the page around it is in: it is the form.
//!
//! Sheets are made here and not by the browser, so that each can say which of how many it is and carry the look-up code:
//! heights are estimated on the safe side ([`measure`]), and tests/js/paper.mjs sees that nothing runs over.

mod block;
mod form;
mod measure;

use hocba_app::{PaperState, PublicState, SheetContent};
use hocba_bundle::text::date_time;
use hocba_record::{
    book::BookNumber,
    types::{EducationLevel, UnixTime},
};

pub(crate) use block::{Block, Change};

use crate::{
    config::{PublicUrl, SystemConfig},
    qr::Qr,
};

/// Who prints, when, from which system: what the foot of a sheet says.
#[derive(Debug, Clone)]
pub(crate) struct Imprint<'a> {
    /// The system and its owner (Luật Giao dịch điện tử 2023 Art. 12.2).
    pub(crate) system: &'a SystemConfig,
    /// What links begin with.
    pub(crate) url: &'a PublicUrl,
    /// Full name of who prints, for the sign of conversion (NĐ 137/2024 Art. 4); none where nobody does yet.
    pub(crate) by: Option<&'a str>,
    /// When.
    pub(crate) at: UnixTime,
}

/// What is said across a sheet that is no extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Across {
    /// Nobody signed.
    Draft,
    /// Not everybody signed.
    Unfinished,
    /// Signed, not on the public record.
    NotInForce,
    /// On the public record, shown without a code.
    View,
}

impl Across {
    /// In words, as printed.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Across::Draft => "BẢN NHÁP – CHƯA KÝ",
            Across::Unfinished => "CHƯA KÝ ĐỦ",
            Across::NotInForce => "ĐÃ KÝ – CHƯA CÓ HIỆU LỰC",
            Across::View => "BẢN XEM – KHÔNG CÓ MÃ TRA CỨU",
        }
    }

    const fn of(state: PublicState) -> Self {
        match state {
            PublicState::LeftOut | PublicState::Returned | PublicState::Draft => Across::Draft,
            PublicState::TeacherSigned | PublicState::CoSigned => Across::Unfinished,
            PublicState::Sealed => Across::NotInForce,
            PublicState::InForce => Across::View,
        }
    }
}

/// How a sheet is looked up.
#[derive(Debug, Clone)]
pub(crate) struct LookUp {
    /// QR code as SVG.
    pub(crate) qr: String,
    /// Code in groups.
    pub(crate) code: String,
    /// What the code opens.
    pub(crate) opens: String,
}

/// One sheet of A4.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// What a screen reader calls it.
    pub(crate) name: String,
    /// Left and right of the head: school and place; pupil, class, year. Empty on a cover.
    pub(crate) head: Option<(String, String)>,
    /// What it says.
    pub(crate) blocks: Vec<Block>,
    /// Said across it.
    pub(crate) across: Option<&'static str>,
    /// Its code.
    pub(crate) look_up: Option<LookUp>,
    /// Lines of the foot.
    pub(crate) foot: Vec<String>,
    /// Which of how many: `Tờ 1/2`.
    pub(crate) place: String,
}

/// A version with how it is looked up.
pub(crate) struct Printed<'a> {
    /// What it says.
    pub(crate) content: &'a SheetContent,
    /// Its code; none where whoever asks may not hand it out.
    pub(crate) paper: Option<&'a PaperState>,
    /// The version that differences are marked against.
    pub(crate) before: Option<&'a SheetContent>,
}

impl<'a> Printed<'a> {
    /// To be looked at only.
    pub(crate) fn preview(content: &'a SheetContent) -> Self {
        Self { content, paper: None, before: None }
    }

    fn code(&self) -> Option<&str> {
        match self.paper {
            Some(PaperState::Code(code)) => Some(code),
            _ => None,
        }
    }
}

/// The sheets of one record, and what differs from the version before.
pub(crate) fn of_record(printed: &Printed<'_>, imprint: &Imprint<'_>) -> (Vec<Sheet>, Vec<Change>) {
    let mut blocks = form::year(printed.content);
    let changes = match printed.before {
        Some(before) => block::compare(&mut blocks, &form::year(before)),
        None => Vec::new(),
    };
    let mut sheets = year_sheets(printed, blocks, imprint);
    count(&mut sheets);
    (sheets, changes)
}

fn year_sheets(printed: &Printed<'_>, blocks: Vec<Block>, imprint: &Imprint<'_>) -> Vec<Sheet> {
    let content = printed.content;
    let head = form::head(content);
    let name = format!("{}, {}", content.pupil_name().unwrap_or_default(), content.class.year);
    let dress = Dress::of(printed, imprint);
    measure::paginate(blocks).into_iter().map(|blocks| dress.sheet(&name, Some(head.clone()), blocks)).collect()
}

/// The sheets of a whole book: of each level a cover, the pupil's page with the years, and the years.
pub(crate) fn of_book(
    years: &[Printed<'_>],
    number: &dyn Fn(EducationLevel) -> Option<BookNumber>,
    imprint: &Imprint<'_>,
) -> Vec<Sheet> {
    let mut all = Vec::new();
    for level in [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary] {
        let of_level: Vec<&Printed<'_>> =
            years.iter().filter(|year| year.content.class.grade.level() == level).collect();
        let Some(latest) = of_level.last() else { continue };
        // Cover and pupil's page say what the latest year says, and are looked up by its code.
        let named = of_level.iter().rev().find(|year| year.code().is_some()).unwrap_or(latest);
        let dress = Dress::of(named, imprint);
        let name = named.content.pupil_name().unwrap_or_default().to_owned();
        let contents: Vec<&SheetContent> = of_level.iter().map(|year| year.content).collect();
        let mut sheets = vec![dress.sheet(&name, None, form::cover(named.content, level, number(level)))];
        let pages = measure::paginate(form::pupil_page(named.content, &contents));
        sheets.extend(pages.into_iter().map(|blocks| dress.sheet(&name, None, blocks)));
        for year in of_level {
            sheets.extend(year_sheets(year, form::year(year.content), imprint));
        }
        count(&mut sheets);
        all.extend(sheets);
    }
    all
}

fn count(sheets: &mut [Sheet]) {
    let all = sheets.len();
    for (place, sheet) in sheets.iter_mut().enumerate() {
        sheet.place = format!("Tờ {}/{all}", place + 1);
    }
}

/// What all sheets of one record share.
struct Dress {
    across: Option<&'static str>,
    look_up: Option<LookUp>,
    foot: Vec<String>,
}

impl Dress {
    fn of(printed: &Printed<'_>, imprint: &Imprint<'_>) -> Self {
        let content = printed.content;
        let opens = format!("Mã mở học bạ năm học {}.", content.class.year);
        let look_up = printed.code().and_then(|code| {
            let link = imprint.url.code_link(code);
            let qr = Qr::of(&link).ok()?.svg(&format!("Mã QR tra cứu học bạ năm học {}", content.class.year));
            Some(LookUp { qr, code: code.to_owned(), opens: opens.clone() })
        });
        let across = look_up.is_none().then(|| Across::of(content.state).words());
        let mut foot = Vec::new();
        if look_up.is_some() {
            let by = imprint.by.map_or_else(String::new, |name| format!(", người in: {name}"));
            foot.push(format!("Bản giấy chuyển từ học bạ số lúc {}{by}.", date_time(imprint.at)));
            foot.push(format!("Tra cứu: {}/v – quét mã QR hoặc nhập mã.", imprint.url));
        }
        foot.push(imprint.system.sentence());
        let since = content.in_force_since.map(|since| format!(", ghi sổ chung lúc {}", date_time(since)));
        let (version, rules) = (content.version, content.form.rules.vietnamese());
        foot.push(format!("Bản ghi phiên bản {version}{}. Mẫu theo {rules}.", since.unwrap_or_default()));
        Self { across, look_up, foot }
    }

    fn sheet(&self, name: &str, head: Option<(String, String)>, blocks: Vec<Block>) -> Sheet {
        Sheet {
            name: name.to_owned(),
            head,
            blocks,
            across: self.across,
            look_up: self.look_up.clone(),
            foot: self.foot.clone(),
            place: String::new(),
        }
    }
}
