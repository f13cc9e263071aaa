//! A sheet's comments, and the drawing that shows them.

use super::xml::{Kind, Tag, element, escape, tags};

/// By whom a comment is: so ours are known again, also after the file was saved by a spreadsheet.
pub(super) const AUTHOR: &str = "hocba";

/// Begins our part of a comment that was there before.
const MARKER: &str = "— hocba: cần sửa —";

/// One comment as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    /// `C7`.
    pub cell: String,
    pub author: String,
    /// What stands inside `<text>`, as it was.
    inner: String,
    /// Attributes of `<comment>` beside `ref` and `authorId`, as they were.
    rest: String,
}

impl Comment {
    /// Made by Excel to stand for a thread of comments; what it says is not shown.
    pub fn is_thread(&self) -> bool {
        self.author.starts_with("tc=")
    }
}

/// A comments part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comments {
    /// `<comments …>` as it was.
    root: String,
    /// `x:` where the part names its elements so.
    prefix: String,
    pub list: Vec<Comment>,
    /// What stands behind the list.
    tail: String,
    /// Whether a comment that was there before lost our part of it.
    pub shortened: bool,
}

impl Comments {
    pub fn new() -> Self {
        Self {
            root: "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">"
                .into(),
            prefix: String::new(),
            list: Vec::new(),
            tail: "</comments>".into(),
            shortened: false,
        }
    }

    /// The part as it was, without what an earlier annotation wrote; and the cells that lost their comment by that.
    pub fn parse(part: &str) -> Option<(Self, Vec<String>)> {
        let root = tags(part).find(|t| t.local() == "comments" && t.kind == Kind::Open)?;
        let authors = match element(part, "authors") {
            Some((open, close)) if open.kind == Kind::Open => {
                let inner = &part[open.end..close];
                let mut names = Vec::new();
                let mut open: Option<Tag<'_>> = None;
                for tag in tags(inner).filter(|t| t.local() == "author") {
                    match (tag.kind, open) {
                        (Kind::Open, _) => open = Some(tag),
                        (Kind::Empty, _) => names.push(String::new()),
                        (Kind::Close, Some(begun)) => {
                            names.push(inner[begun.end..tag.start].to_owned());
                            open = None;
                        }
                        (Kind::Close, None) => {}
                    }
                }
                names
            }
            _ => Vec::new(),
        };
        let (list_open, list_end) = element(part, "commentList")?;
        let after =
            if list_open.kind == Kind::Empty { list_end } else { list_end + part.get(list_end..)?.find('>')? + 1 };
        let inner = if list_open.kind == Kind::Empty { "" } else { &part[list_open.end..list_end] };
        let (mut list, mut gone, mut shortened) = (Vec::new(), Vec::new(), false);
        let mut begun: Option<Tag<'_>> = None;
        for tag in tags(inner).filter(|t| t.local() == "comment") {
            match (tag.kind, begun) {
                (Kind::Open, _) => begun = Some(tag),
                (Kind::Empty, _) => {}
                (Kind::Close, None) => {}
                (Kind::Close, Some(open)) => {
                    begun = None;
                    let cell = open.value("ref")?;
                    let author = open.raw("authorId").and_then(|id| authors.get(id.parse::<usize>().ok()?)).cloned();
                    let body = &inner[open.end..tag.start];
                    let (text, end) = element(body, "text")?;
                    let text = if text.kind == Kind::Empty { "" } else { &body[text.end..end] };
                    let author = author.unwrap_or_default();
                    if author == AUTHOR {
                        gone.push(cell);
                        continue;
                    }
                    let own = |name: &str| open.raw(name).map(|v| format!(" {name}=\"{v}\""));
                    let rest = ["guid", "shapeId"].into_iter().filter_map(own).collect();
                    let inner = without_ours(text);
                    shortened |= inner != text;
                    list.push(Comment { cell, author, inner, rest });
                }
            }
        }
        let comments = Self {
            root: part[..root.end].to_owned(),
            prefix: root.prefix().to_owned(),
            list,
            tail: part[after..].to_owned(),
            shortened,
        };
        Some((comments, gone))
    }

    /// Says something at a cell: behind what is there, or as a comment of ours.
    pub fn say(&mut self, cell: &str, text: &str) {
        let p = self.prefix.clone();
        let run = |text: &str| format!("<{p}r><{p}t xml:space=\"preserve\">{}</{p}t></{p}r>", escape(text));
        match self.list.iter_mut().find(|c| c.cell == cell) {
            Some(comment) if comment.author == AUTHOR => {
                comment.inner.push_str(&run(&format!("\n\n{text}")));
            }
            Some(comment) => {
                let first = if comment.inner.contains(MARKER) { "\n\n".to_owned() } else { format!("\n{MARKER}\n") };
                comment.inner.push_str(&run(&format!("{first}{text}")));
            }
            None => self.list.push(Comment {
                cell: cell.to_owned(),
                author: AUTHOR.to_owned(),
                inner: run(text),
                rest: String::new(),
            }),
        }
    }

    pub fn write(&self) -> String {
        let p = &self.prefix;
        let mut authors: Vec<&str> = Vec::new();
        for comment in &self.list {
            if !authors.contains(&&*comment.author) {
                authors.push(&comment.author);
            }
        }
        let mut part = self.root.clone();
        part.push_str(&format!("<{p}authors>"));
        for author in &authors {
            part.push_str(&format!("<{p}author>{author}</{p}author>"));
        }
        part.push_str(&format!("</{p}authors><{p}commentList>"));
        for comment in &self.list {
            let id = authors.iter().position(|a| *a == comment.author).unwrap_or(0);
            part.push_str(&format!(
                "<{p}comment ref=\"{}\" authorId=\"{id}\"{}><{p}text>{}</{p}text></{p}comment>",
                escape(&comment.cell),
                comment.rest,
                comment.inner
            ));
        }
        part.push_str(&format!("</{p}commentList>"));
        part.push_str(&self.tail);
        part
    }
}

/// The runs of a comment without ours, whether the spreadsheet has joined them with its own or not.
fn without_ours(inner: &str) -> String {
    let Some(at) = inner.find(MARKER) else { return inner.to_owned() };
    let before = &inner[..at];
    let mut open: Vec<Tag<'_>> = Vec::new();
    for tag in tags(before) {
        match tag.kind {
            Kind::Open => open.push(tag),
            Kind::Close => {
                open.pop();
            }
            Kind::Empty => {}
        }
    }
    // Our own run begins with the marker: it goes with its tags.
    let first = open.first();
    if let Some(first) = first
        && before[open.last().map_or(first.end, |t| t.end)..].trim().is_empty()
    {
        return before[..first.start].to_owned();
    }
    let mut kept = before.trim_end_matches('\n').to_owned();
    for tag in open.iter().rev() {
        kept.push_str(&format!("</{}>", tag.name));
    }
    kept
}

const V: &str = "xmlns:v=\"urn:schemas-microsoft-com:vml\"";
const O: &str = "xmlns:o=\"urn:schemas-microsoft-com:office:office\"";
const X: &str = "xmlns:x=\"urn:schemas-microsoft-com:office:excel\"";

/// The drawing of a sheet without one; `number` is the sheet's, from 1.
fn new_drawing(number: usize) -> String {
    format!(
        "<xml {V} {O} {X}><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"{number}\"/></o:shapelayout>\
         <v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">\
         <v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype></xml>"
    )
}

/// The cells that have a shape: where the shape is in the drawing, and its row and column.
fn shapes(drawing: &str) -> Vec<(std::ops::Range<usize>, (u32, u32))> {
    let mut found = Vec::new();
    let mut begun: Option<usize> = None;
    for tag in tags(drawing).filter(|t| t.local() == "shape") {
        match (tag.kind, begun) {
            (Kind::Open, _) => begun = Some(tag.start),
            (Kind::Close, Some(start)) => {
                begun = None;
                let text = &drawing[start..tag.end];
                let number = |local: &str| {
                    let (open, end) = element(text, local)?;
                    text.get(open.end..end)?.trim().parse::<u32>().ok()
                };
                if let (Some(row), Some(col)) = (number("Row"), number("Column")) {
                    found.push((start..tag.end, (row, col)));
                }
            }
            _ => {}
        }
    }
    found
}

/// The drawing with a hidden shape for each of these cells, and without those of `gone` that are not among them.
pub(super) fn draw(drawing: Option<&str>, number: usize, cells: &[(u32, u32)], gone: &[(u32, u32)]) -> Option<String> {
    let mut part = drawing.map_or_else(|| new_drawing(number), ToOwned::to_owned);
    for (range, cell) in shapes(&part).into_iter().rev() {
        if gone.contains(&cell) && !cells.contains(&cell) {
            part.replace_range(range, "");
        }
    }
    let there: Vec<(u32, u32)> = shapes(&part).into_iter().map(|(_, cell)| cell).collect();
    let mut id = part
        .split("_x0000_s")
        .skip(1)
        .filter_map(|rest| {
            rest.chars().take_while(char::is_ascii_digit).take(9).collect::<String>().parse::<usize>().ok()
        })
        .max()
        .unwrap_or(0)
        .max(number.saturating_mul(1024));
    let mut new = String::new();
    for (row, col) in cells.iter().filter(|cell| !there.contains(cell)) {
        id += 1;
        let (top, left) = (row.saturating_sub(1), col + 1);
        let (bottom, right) = (top + 7, left + 4);
        new.push_str(&format!(
            "<v:shape {V} {O} {X} id=\"_x0000_s{id}\" type=\"#_x0000_t202\" style=\"position:absolute;margin-left:60pt;\
             margin-top:2pt;width:240pt;height:110pt;z-index:1;visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\">\
             <v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>\
             <v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div></v:textbox>\
             <x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>\
             <x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>\
             <x:Row>{row}</x:Row><x:Column>{col}</x:Column></x:ClientData></v:shape>"
        ));
    }
    let at = part.rfind("</xml>")?;
    part.insert_str(at, &new);
    Some(part)
}

/// Puts `<legacyDrawing>` where the order of a worksheet's elements has it (ECMA-376-1 §18.3.1.99).
pub(super) fn with_drawing(sheet: &str, id: &str) -> Option<String> {
    let root = tags(sheet).find(|t| t.local() == "worksheet" && t.kind == Kind::Open)?;
    const BEHIND: [&str; 8] = [
        "legacyDrawingHF",
        "drawingHF",
        "picture",
        "oleObjects",
        "controls",
        "webPublishItems",
        "tableParts",
        "extLst",
    ];
    let mut depth = 0_usize;
    let mut at = None;
    for tag in tags(sheet) {
        if depth == 1 && tag.kind != Kind::Close && BEHIND.contains(&tag.local()) {
            at = Some(tag.start);
            break;
        }
        match tag.kind {
            Kind::Open => depth += 1,
            Kind::Close if depth == 1 => {
                at = Some(tag.start);
                break;
            }
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Empty => {}
        }
    }
    let mut part = sheet.to_owned();
    let element = format!(
        "<{}legacyDrawing xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" r:id=\"{}\"/>",
        root.prefix(),
        escape(id)
    );
    part.insert_str(at?, &element);
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_and_ours_is_replaced() {
        let part = "<comments xmlns=\"m\"><authors><author>Cô Lan</author></authors><commentList>\
                    <comment ref=\"B2\" authorId=\"0\" shapeId=\"0\"><text><t>Hỏi lại</t></text></comment></commentList></comments>";
        let (before, gone) = Comments::parse(part).expect("comments");
        assert!(gone.is_empty());
        assert_eq!(before.write(), part);
        let mut comments = before.clone();
        comments.say("B2", "Điểm cao nhất là 10");
        comments.say("C3", "một");
        comments.say("C3", "hai & ba");
        let written = comments.write();
        assert!(written.contains("Hỏi lại") && written.contains("hai &amp; ba"));
        let (again, gone) = Comments::parse(&written).expect("comments");
        assert!(again.shortened);
        assert_eq!((again.list, gone), (before.list, vec!["C3".to_owned()]));
        // Saved by a spreadsheet that joins the runs of a comment.
        let joined = format!("<r><t>Hỏi lại\n{MARKER}\nĐiểm</t></r><r><t>x</t></r>");
        assert_eq!(without_ours(&joined), "<r><t>Hỏi lại</t></r>");
    }

    #[test]
    fn the_drawing_has_one_shape_for_each_comment() {
        let cells = |drawing: &str| shapes(drawing).into_iter().map(|(_, cell)| cell).collect::<Vec<_>>();
        let first = draw(None, 1, &[(1, 2), (3, 4)], &[]).expect("a drawing");
        assert_eq!(cells(&first), [(1, 2), (3, 4)]);
        let second = draw(Some(&first), 1, &[(3, 4), (5, 6)], &[(1, 2), (3, 4)]).expect("a drawing");
        assert_eq!(cells(&second), [(3, 4), (5, 6)]);
        assert_eq!(draw(Some("<xml"), 1, &[(0, 0)], &[]), None);
    }

    #[test]
    fn the_drawing_stands_where_the_schema_has_it() {
        let put = |sheet: &str| with_drawing(sheet, "rId9").expect("a sheet");
        let with = put("<x:worksheet><x:sheetData/><x:extLst><x:ext/></x:extLst></x:worksheet>");
        assert!(with.contains("<x:sheetData/><x:legacyDrawing") && with.contains("r:id=\"rId9\"/><x:extLst>"));
        assert!(put("<worksheet><sheetData><row/></sheetData></worksheet>").ends_with("r:id=\"rId9\"/></worksheet>"));
        assert_eq!(with_drawing("<worksheet", "rId9"), None);
    }
}
