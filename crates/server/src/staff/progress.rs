//! `/department/progress`: how far the schools are, by ward and level, those that lag first; and the classes of one.

use askama::Template;
use hocba_app::{
    AppError, ProgressCursor, ProgressPage as Found, ProgressQuery, SchoolProgress, SchoolStanding, Sum, WardChoice,
};
use hocba_bundle::text::date_time;
use hocba_record::types::EducationLevel;

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Field},
    department::{DEPARTMENT, query_of, searched},
    figures::{LegendLine, Row, bar, columns, grouped, legend, percent},
    html,
    text::Text,
};

pub(super) const PROGRESS: &str = "/department/progress";
/// In an address: the schools of which the list does not say the ward. No ward is called so.
const UNKNOWN: &str = "-";
const LEVELS: [(EducationLevel, &str); 3] = [
    (EducationLevel::Primary, "tieu_hoc"),
    (EducationLevel::LowerSecondary, "thcs"),
    (EducationLevel::UpperSecondary, "thpt"),
];

fn level_name(t: Text, level: EducationLevel) -> String {
    match level {
        EducationLevel::Primary => t.say("level-primary"),
        EducationLevel::LowerSecondary => t.say("level-lower-secondary"),
        EducationLevel::UpperSecondary => t.say("level-upper-secondary"),
    }
    .into_owned()
}

fn level_code(level: EducationLevel) -> &'static str {
    LEVELS.iter().find(|(known, _)| *known == level).map_or("", |(_, code)| code)
}

/// What a ward is called.
pub(super) fn ward_name(t: Text, ward: Option<&hocba_record::types::Text>) -> String {
    ward.map_or_else(|| t.say("ward-unknown").into_owned(), ToString::to_string)
}

/// A choice of a select.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) chosen: bool,
}

/// The address of the page for what is asked.
fn address(query: &ProgressQuery) -> String {
    let ward = match &query.ward {
        Some(WardChoice::Named(ward)) => ward.to_string(),
        Some(WardChoice::Unknown) => UNKNOWN.to_owned(),
        None => String::new(),
    };
    let after = query.after.as_ref().map_or(String::new(), |after| format!("{}.{}", after.permille, after.code));
    let pairs = [
        ("q", query.search.as_str()),
        ("ward", &ward),
        ("level", query.level.map_or("", level_code)),
        ("unfinished", if query.unfinished { "1" } else { "" }),
        ("after", &after),
    ];
    match query_of(&pairs) {
        query if query.is_empty() => PROGRESS.to_owned(),
        query => format!("{PROGRESS}?{query}"),
    }
}

/// Schools and classes that are done, in words.
pub(super) fn done(t: Text, sum: &Sum) -> String {
    let (done, all) = (grouped(t, sum.classes_done), grouped(t, sum.classes));
    let (schools_done, schools) = (grouped(t, sum.schools_done), grouped(t, sum.schools));
    t.with("progress-done", &[("done", &done), ("all", &all), ("schools", &schools), ("schools_done", &schools_done)])
        .into_owned()
}

#[derive(Template)]
#[template(path = "staff/progress.html")]
pub(super) struct ProgressPage {
    pub(super) c: Chrome,
    pub(super) at: String,
    pub(super) share: String,
    pub(super) expected: String,
    pub(super) done: String,
    pub(super) bar: String,
    pub(super) legend: Vec<LegendLine>,
    pub(super) without_year: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) levels: Vec<Row>,
    pub(super) wards: Vec<Row>,
    pub(super) search: Field,
    pub(super) ward_choices: Vec<Choice>,
    pub(super) level_choices: Vec<Choice>,
    pub(super) unfinished: bool,
    pub(super) found: String,
    pub(super) schools: Vec<Row>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
    /// Whether only a part is shown.
    pub(super) narrowed: bool,
}

impl ProgressPage {
    pub(super) fn new(c: Chrome, query: &ProgressQuery, page: &Found) -> Self {
        let t = c.t;
        let to = |change: &dyn Fn(&mut ProgressQuery)| {
            let mut query = ProgressQuery { after: None, ..query.clone() };
            change(&mut query);
            address(&query)
        };
        let levels = page
            .levels
            .iter()
            .map(|(level, sum)| Row::new(t, level_name(t, *level), Some(to(&|query| query.level = Some(*level))), sum));
        let choice = |ward: Option<&hocba_record::types::Text>| match ward {
            Some(ward) => WardChoice::Named(ward.clone()),
            None => WardChoice::Unknown,
        };
        let wards = page.wards.iter().map(|ward| {
            let choice = choice(ward.ward.as_ref());
            let schools = t.count("progress-schools", super::department::number(ward.sum.schools)).into_owned();
            Row::new(t, ward_name(t, ward.ward.as_ref()), Some(to(&|q| q.ward = Some(choice.clone()))), &ward.sum)
                .noted(schools)
        });
        let all = |text: &str, chosen| Choice { value: String::new(), text: text.to_owned(), chosen };
        let mut ward_choices = vec![all(&t.say("progress-all-wards"), query.ward.is_none())];
        ward_choices.extend(page.ward_names.iter().map(|ward| Choice {
            value: ward.as_ref().map_or_else(|| UNKNOWN.to_owned(), ToString::to_string),
            text: ward_name(t, ward.as_ref()),
            chosen: query.ward.as_ref() == Some(&choice(ward.as_ref())),
        }));
        let mut level_choices = vec![all(&t.say("progress-all-levels"), query.level.is_none())];
        level_choices.extend(LEVELS.map(|(level, code)| Choice {
            value: code.to_owned(),
            text: level_name(t, level),
            chosen: query.level == Some(level),
        }));
        let hint = t.say("department-search-hint");
        Self {
            at: date_time(page.at),
            share: percent(t, &page.total.figures),
            expected: grouped(t, page.total.figures.expected()),
            done: done(t, &page.total),
            bar: bar(&page.total.figures),
            legend: legend(t, &page.total.figures),
            without_year: (page.without_year > 0)
                .then(|| t.count("progress-without-year", super::department::number(page.without_year)).into_owned()),
            columns: columns(t),
            levels: levels.collect(),
            // Of one ward, its own figures stand above already.
            wards: if query.ward.is_some() { Vec::new() } else { wards.collect() },
            search: c.field("q", t.say("department-search")).hint(hint).value(&query.search).optional(),
            ward_choices,
            level_choices,
            unfinished: query.unfinished,
            found: t.count("progress-found", super::department::number(page.found)).into_owned(),
            schools: page.schools.iter().map(|school| row_of(t, school)).collect(),
            first: query.after.is_some().then(|| to(&|_| ())),
            next: page.next.as_ref().map(|next| to(&|query| query.after = Some(next.clone()))),
            narrowed: query.ward.is_some()
                || query.level.is_some()
                || query.unfinished
                || query.after.is_some()
                || !query.search.is_empty(),
            c: c.titled(t.say("progress-title")).crumb(t.say("department-title"), DEPARTMENT),
        }
    }
}

pub(super) fn row_of(t: Text, school: &SchoolProgress) -> Row {
    let name = school.name.as_ref().map_or_else(|| school.code.to_string(), ToString::to_string);
    let ward = ward_name(t, school.ward.as_ref());
    let note = match school.year {
        Some(_) => format!("{} · {ward}", school.code),
        None => format!("{} · {ward} · {}", school.code, t.say("glance-no-year")),
    };
    Row::new(t, name, Some(school_address(&school.code)), &school.sum).noted(note)
}

pub(super) fn school_address(school: &hocba_record::types::SchoolCode) -> String {
    format!("{DEPARTMENT}/schools/{school}/progress")
}

/// What the address asks for. What is not meant by anything is not asked for.
fn asked_query(asked: &Asked) -> ProgressQuery {
    let ward = asked.asked_for("ward").filter(|text| !text.is_empty());
    let ward = ward.and_then(|text| match text {
        UNKNOWN => Some(WardChoice::Unknown),
        name => name.parse().ok().map(WardChoice::Named),
    });
    let level = asked.asked_for("level").and_then(|code| LEVELS.iter().find(|(_, known)| *known == code));
    let after = asked.asked_for("after").and_then(|text| text.split_once('.')).and_then(|(permille, code)| {
        Some(ProgressCursor { permille: permille.parse().ok()?, code: code.parse().ok()? })
    });
    ProgressQuery {
        search: searched(asked),
        ward,
        level: level.map(|(level, _)| *level),
        unfinished: asked.asked_for("unfinished").is_some_and(|value| value == "1"),
        after,
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let query = asked_query(&asked);
    let page = asked.app().progress(asked.actor()?, &query).await?;
    html(&ProgressPage::new(asked.chrome(PROGRESS), &query, &page))
}

#[derive(Template)]
#[template(path = "staff/progress_school.html")]
pub(super) struct SchoolProgressPage {
    pub(super) c: Chrome,
    pub(super) at: String,
    pub(super) code: String,
    pub(super) ward: String,
    pub(super) year: Option<String>,
    pub(super) share: String,
    pub(super) done: String,
    pub(super) bar: String,
    pub(super) legend: Vec<LegendLine>,
    pub(super) columns: Vec<String>,
    pub(super) classes: Vec<Row>,
    pub(super) school_href: String,
    pub(super) audit_href: String,
}

impl SchoolProgressPage {
    pub(super) fn new(c: Chrome, standing: &SchoolStanding) -> Self {
        let t = c.t;
        let school = &standing.school;
        let classes = standing.classes.iter().map(|(class, _)| {
            let grade = t.count("progress-grade", u32::from(class.grade.number())).into_owned();
            let sum = Sum { figures: class.figures, ..Sum::default() };
            let mut row = Row::new(t, class.class.to_string(), None, &sum).noted(grade);
            row.classes = None;
            row
        });
        let name = school.name.as_ref().map_or_else(|| school.code.to_string(), ToString::to_string);
        Self {
            at: date_time(standing.at),
            code: school.code.to_string(),
            ward: ward_name(t, school.ward.as_ref()),
            year: school.year.map(|year| year.to_string()),
            share: percent(t, &school.sum.figures),
            done: format!("{}/{}", grouped(t, school.sum.classes_done), grouped(t, school.sum.classes)),
            bar: bar(&school.sum.figures),
            legend: legend(t, &school.sum.figures),
            columns: columns(t),
            classes: classes.collect(),
            school_href: super::department::school_address(&school.code),
            audit_href: super::audit::address(&school.code),
            c: c.titled(name).crumb(t.say("department-title"), DEPARTMENT).crumb(t.say("progress-title"), PROGRESS),
        }
    }
}

pub(super) async fn school(asked: Asked) -> Answer {
    let school = asked.school()?;
    match asked.app().school_progress(asked.actor()?, &school).await {
        Err(AppError::NotFound("school")) => Err(Refusal::NotFound),
        done => html(&SchoolProgressPage::new(asked.chrome(asked.path.clone()), &done?)),
    }
}
