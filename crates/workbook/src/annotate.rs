//! The teacher's own workbook back, with the findings as comments at their cells.
//!
//! The comments are added to the package itself: a comments part and a drawing for each sheet concerned, with the
//! relationships and content types they need. Every other part is copied as it was packed. A library that reads a
//! workbook into a model and writes it anew gives back its own idea of the file: `umya-spreadsheet`, the maintained one,
//! loses comments that were there (its issue 285, open), charts (364, open, of version 3.1) and form controls (195).
//!
//! Comments that were there stay; at a cell that has one, ours stand behind it. Annotating again replaces ours, also
//! after the file was saved by a spreadsheet. What has no cell is said at the first cell of its sheet, and what is about
//! the whole file, on the first sheet.

mod comments;
mod xml;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read as _, Write as _},
};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use self::{
    comments::Comments,
    xml::{Kind, element, escape, tags},
};
use crate::{
    Limits,
    finding::{CellRef, Finding, Severity},
    guard,
};

/// The longest comment in characters; a spreadsheet shows no more than a screen of it.
const MAX_COMMENT: usize = 2_000;

/// Why a file could not be annotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnnotateError {
    /// It is no workbook that can be opened (a text file has no comments); the finding says what it is.
    #[error("not a workbook that can be opened: {0}")]
    NotAWorkbook(Box<Finding>),
    /// A part that the comments need is not as the format has it.
    #[error("the workbook's part {part} cannot be added to")]
    Unsupported {
        /// The part's name.
        part: String,
    },
}

fn unsupported(part: &str) -> AnnotateError {
    AnnotateError::Unsupported { part: part.to_owned() }
}

/// A workbook's package while parts are added.
struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Names by their lower-case form: part names are compared without regard to case.
    names: BTreeMap<String, String>,
    changed: BTreeMap<String, String>,
    left: u64,
}

impl Package<'_> {
    fn name_of(&self, name: &str) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        self.names.get(&lower).cloned().or_else(|| self.changed.contains_key(name).then(|| name.to_owned()))
    }

    /// A part's text, as changed so far; none where the package does not have it.
    fn text(&mut self, name: &str) -> Result<Option<String>, AnnotateError> {
        let Some(name) = self.name_of(name) else { return Ok(None) };
        if let Some(text) = self.changed.get(&name) {
            return Ok(Some(text.clone()));
        }
        let entry = self.archive.by_name(&name).map_err(|_| unsupported(&name))?;
        let mut part = Vec::new();
        entry.take(self.left.saturating_add(1)).read_to_end(&mut part).map_err(|_| unsupported(&name))?;
        self.left =
            u64::try_from(part.len()).ok().and_then(|n| self.left.checked_sub(n)).ok_or_else(|| unsupported(&name))?;
        let text = String::from_utf8(part).map_err(|_| unsupported(&name))?;
        // No spreadsheet writes one; it would only be there to define entities.
        if text.to_ascii_lowercase().contains("<!doctype") {
            return Err(unsupported(&name));
        }
        Ok(Some(text))
    }

    fn put(&mut self, name: &str, text: String) {
        let name = self.name_of(name).unwrap_or_else(|| name.to_owned());
        self.changed.insert(name, text);
    }

    /// A name of this form that no part has.
    fn free(&self, form: impl Fn(usize) -> String) -> String {
        (1..).map(form).find(|name| self.name_of(name).is_none()).expect("numbers do not end")
    }
}

/// `xl/worksheets/sheet1.xml` as the base of `../comments1.xml` gives `xl/comments1.xml`.
fn resolve(base: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = base.split('/').collect();
    path.pop();
    for step in target.split('/') {
        match step {
            ".." => {
                path.pop();
            }
            "." | "" => {}
            step => path.push(step),
        }
    }
    path.join("/")
}

fn rels_of(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}

/// A relationship: its id, the end of its type, and the part it leads to.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

fn relations(rels: &str, base: &str) -> Vec<Relation> {
    tags(rels)
        .filter(|t| t.local() == "Relationship" && t.kind != Kind::Close && t.raw("TargetMode") != Some("External"))
        .filter_map(|t| {
            let kind = t.value("Type")?.rsplit('/').next()?.to_owned();
            Some(Relation { id: t.value("Id")?, kind, target: resolve(base, &t.value("Target")?) })
        })
        .collect()
}

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Adds a relationship to a part's list; gives its id.
fn relate(package: &mut Package<'_>, base: &str, kind: &str, target: &str) -> Result<String, AnnotateError> {
    let name = rels_of(base);
    let rels = package.text(&name)?.unwrap_or_else(|| {
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"></Relationships>".into()
    });
    let taken: BTreeSet<String> = relations(&rels, base).into_iter().map(|r| r.id).collect();
    let id = (1..).map(|n| format!("rIdHocba{n}")).find(|id| !taken.contains(id)).expect("numbers do not end");
    let (root, end) = element(&rels, "Relationships").ok_or_else(|| unsupported(&name))?;
    let line = format!(
        "<{}Relationship Id=\"{id}\" Type=\"{RELATIONS}/{kind}\" Target=\"/{}\"/>",
        root.prefix(),
        escape(target)
    );
    let mut changed = rels.clone();
    if root.kind == Kind::Empty {
        let open = rels[root.start..root.end].trim_end_matches("/>").trim_end().to_owned();
        changed.replace_range(root.start..root.end, &format!("{open}>{line}</{}>", root.name));
    } else {
        changed.insert_str(end, &line);
    }
    package.put(&name, changed);
    Ok(id)
}

const TYPES: &str = "[Content_Types].xml";

/// Declares a part's type; those that are declared stay as they are.
fn declare(package: &mut Package<'_>, attribute: (&str, &str), content_type: &str) -> Result<(), AnnotateError> {
    let types = package.text(TYPES)?.ok_or_else(|| unsupported(TYPES))?;
    let (key, value) = attribute;
    let known = |t: xml::Tag<'_>| t.value(key).is_some_and(|v| v.eq_ignore_ascii_case(value));
    if tags(&types).any(known) {
        return Ok(());
    }
    let (root, end) =
        element(&types, "Types").filter(|(r, _)| r.kind == Kind::Open).ok_or_else(|| unsupported(TYPES))?;
    let name = if key == "Extension" { "Default" } else { "Override" };
    let line = format!(
        "<{}{name} {key}=\"{}\" ContentType=\"application/vnd.openxmlformats-officedocument.{content_type}\"/>",
        root.prefix(),
        escape(value)
    );
    let mut changed = types.clone();
    changed.insert_str(end, &line);
    package.put(TYPES, changed);
    Ok(())
}

/// The sheets in their order: name and part.
fn sheets(package: &mut Package<'_>) -> Result<Vec<(String, String)>, AnnotateError> {
    let start = package.text("_rels/.rels")?.ok_or_else(|| unsupported("_rels/.rels"))?;
    let book = relations(&start, "").into_iter().find(|r| r.kind == "officeDocument").map(|r| r.target);
    let book = book.ok_or_else(|| unsupported("_rels/.rels"))?;
    let rels = package.text(&rels_of(&book))?.ok_or_else(|| unsupported(&rels_of(&book)))?;
    let parts = relations(&rels, &book);
    let text = package.text(&book)?.ok_or_else(|| unsupported(&book))?;
    let (open, end) = element(&text, "sheets").ok_or_else(|| unsupported(&book))?;
    Ok(tags(text.get(open.end..end).unwrap_or_default())
        .filter(|t| t.local() == "sheet" && t.kind != Kind::Close)
        .filter_map(|t| {
            let id = t.value("id")?;
            let part = parts.iter().find(|r| r.id == id && r.kind == "worksheet")?;
            Some((t.value("name")?, part.target.clone()))
        })
        .collect())
}

/// `C7` as row and column from 0.
fn place(cell: &str) -> Option<(u32, u32)> {
    let letters = cell.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (col, row) = cell.split_at(letters);
    if !(1..=3).contains(&col.len()) || row.len() > 7 {
        return None;
    }
    let col = col.bytes().fold(0, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, col - 1))
}

/// What a comment says of a finding; the code at the end, for the help page.
fn words(finding: &Finding, at: Option<String>) -> String {
    let kind = if finding.severity == Severity::Error { "Cần sửa" } else { "Lưu ý" };
    let at = at.map(|at| format!(" ({at})")).unwrap_or_default();
    let text = format!("{kind}{at}: {} {}", finding.expected.vi, finding.how_to_mend.vi);
    let text: String = text.chars().take(MAX_COMMENT).collect();
    format!("{text} [{}]", finding.code)
}

/// The workbook with each finding as a comment at its cell, in Vietnamese, the finding's code at the end.
///
/// A finding without a cell, or at a cell that has a thread of comments, is said at the first free cell of its sheet's
/// first row; one without a sheet of the workbook, on the first sheet. With no findings, the comments of an earlier
/// annotation are taken out.
///
/// # Errors
/// [`AnnotateError::NotAWorkbook`] for what [`crate::read`] refuses as a file; [`AnnotateError::Unsupported`] for a
/// package that a spreadsheet may open and we cannot add to.
pub fn annotate(bytes: &[u8], findings: &[Finding], limits: &Limits) -> Result<Vec<u8>, AnnotateError> {
    match guard::sniff(bytes, limits) {
        Ok(guard::Sniffed::Zip) => {}
        Ok(guard::Sniffed::Text) => return Err(AnnotateError::NotAWorkbook(guard::damaged())),
        Err(finding) => return Err(AnnotateError::NotAWorkbook(finding)),
    }
    // Counts and bounds everything that is unpacked, here and below.
    drop(guard::repack(bytes, limits).map_err(AnnotateError::NotAWorkbook)?);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| AnnotateError::NotAWorkbook(guard::damaged()))?;
    let mut names = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| unsupported("?"))?;
        let name = entry.name().map_err(|_| unsupported("?"))?.into_owned();
        names.insert(name.to_ascii_lowercase(), name);
    }
    // A sheet is read once here and once in the guard; nothing is kept of the others.
    let mut package = Package { archive, names, changed: BTreeMap::new(), left: limits.unpacked_bytes };

    let sheets = sheets(&mut package)?;
    let mut said: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let index = sheets.iter().position(|(name, _)| *name == finding.sheet).unwrap_or(0);
        said.entry(index).or_default().push(finding);
    }
    for (index, (name, part)) in sheets.iter().enumerate() {
        annotate_sheet(&mut package, index, name, part, said.get(&index).map_or(&[], Vec::as_slice))?;
    }
    write(package)
}

fn annotate_sheet(
    package: &mut Package<'_>,
    index: usize,
    name: &str,
    part: &str,
    findings: &[&Finding],
) -> Result<(), AnnotateError> {
    let rels = package.text(&rels_of(part))?.unwrap_or_default();
    let related = relations(&rels, part);
    let target = |kind: &str| related.iter().find(|r| r.kind == kind).map(|r| r.target.clone());
    let comments_part = target("comments");
    if findings.is_empty() && comments_part.is_none() {
        return Ok(());
    }
    let (mut comments, gone) = match &comments_part {
        Some(name) => {
            let text = package.text(name)?.ok_or_else(|| unsupported(name))?;
            Comments::parse(&text).ok_or_else(|| unsupported(name))?
        }
        None => (Comments::new(), Vec::new()),
    };
    let thread = |comments: &Comments, cell: &str| comments.list.iter().any(|c| c.cell == cell && c.is_thread());
    for finding in findings {
        let own = finding.cell.filter(|_| finding.sheet == name).map(|cell| cell.to_string());
        let cell = own.clone().filter(|cell| !thread(&comments, cell)).unwrap_or_else(|| {
            let row = (0..64).map(|col| CellRef { row: 0, col }.to_string());
            row.into_iter().find(|cell| !thread(&comments, cell)).unwrap_or_else(|| "A1".into())
        });
        let elsewhere = (own.as_ref() != Some(&cell)).then(|| match (own, &*finding.sheet) {
            (Some(own), _) => Some(own),
            (None, sheet) if !sheet.is_empty() && sheet != name => Some(sheet.to_owned()),
            (None, _) => None,
        });
        comments.say(&cell, &words(finding, elsewhere.flatten()));
    }
    if findings.is_empty() && gone.is_empty() && !comments.shortened {
        return Ok(());
    }

    let comments_part = match comments_part {
        Some(name) => name,
        None => {
            let name = package.free(|n| format!("xl/comments{n}.xml"));
            relate(package, part, "comments", &name)?;
            name
        }
    };
    package.put(&comments_part, comments.write());
    declare(package, ("PartName", &format!("/{comments_part}")), "spreadsheetml.comments+xml")?;

    let sheet = package.text(part)?.ok_or_else(|| unsupported(part))?;
    let drawing_id = tags(&sheet).find(|t| t.local() == "legacyDrawing").and_then(|t| t.value("id"));
    let drawing_part = drawing_id.and_then(|id| related.iter().find(|r| r.id == id)).map(|r| r.target.clone());
    let drawing = match &drawing_part {
        Some(name) => Some(package.text(name)?.ok_or_else(|| unsupported(name))?),
        None => None,
    };
    let cells: Vec<(u32, u32)> = comments.list.iter().filter_map(|c| place(&c.cell)).collect();
    let gone: Vec<(u32, u32)> = gone.iter().filter_map(|cell| place(cell)).collect();
    let drawn = comments::draw(drawing.as_deref(), index + 1, &cells, &gone)
        .ok_or_else(|| unsupported(drawing_part.as_deref().unwrap_or(part)))?;
    match drawing_part {
        Some(name) => package.put(&name, drawn),
        None => {
            let name = package.free(|n| format!("xl/drawings/vmlDrawing{n}.vml"));
            let id = relate(package, part, "vmlDrawing", &name)?;
            package.put(&name, drawn);
            package.put(part, comments::with_drawing(&sheet, &id).ok_or_else(|| unsupported(part))?);
            declare(package, ("Extension", "vml"), "vmlDrawing")?;
        }
    }
    Ok(())
}

/// The package again: changed parts anew, the others as they were packed, new ones at the end.
fn write(package: Package<'_>) -> Result<Vec<u8>, AnnotateError> {
    let Package { mut archive, mut changed, .. } = package;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| unsupported("?"))?;
        let name = entry.name().map_err(|_| unsupported("?"))?.into_owned();
        match changed.remove(&name) {
            Some(text) => {
                writer.start_file(name.clone(), packed).map_err(|_| unsupported(&name))?;
                writer.write_all(text.as_bytes()).map_err(|_| unsupported(&name))?;
            }
            None => writer.raw_copy_file(entry).map_err(|_| unsupported(&name))?,
        }
    }
    for (name, text) in changed {
        writer.start_file(name.clone(), packed).map_err(|_| unsupported(&name))?;
        writer.write_all(text.as_bytes()).map_err(|_| unsupported(&name))?;
    }
    Ok(writer.finish().map_err(|_| unsupported("?"))?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_from_where_they_are_named() {
        assert_eq!(resolve("xl/worksheets/sheet1.xml", "../comments1.xml"), "xl/comments1.xml");
        assert_eq!(resolve("xl/workbook.xml", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl/workbook.xml", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("", "xl/workbook.xml"), "xl/workbook.xml");
        assert_eq!(resolve("a", "../../../b"), "b");
        assert_eq!(rels_of("xl/worksheets/sheet1.xml"), "xl/worksheets/_rels/sheet1.xml.rels");
        assert_eq!((place("C7"), place("AA1"), place("7"), place("C0")), (Some((6, 2)), Some((0, 26)), None, None));
    }
}
