//! `/department/daily`: the day on one page of paper, and the same as a workbook.

use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::IntoResponse as _,
};
use hocba_app::{Daily, Figures, Sum, day_of};
use hocba_bundle::text::{date, date_time};
use hocba_workbook::{ReportCell, report_workbook};

use super::{
    Answer, Asked, chain,
    chain::AlarmView,
    chrome::Chrome,
    department::DEPARTMENT,
    figures::{Row, bar, grouped, percent},
    html,
    progress::{done, row_of, ward_name},
    text::Text,
};
use crate::problem::Problem;

const DAILY: &str = "/department/daily";
/// Wards on the page; the workbook has all. Twenty lines and the rest fill an A4 page.
const MAX_WARDS: usize = 20;

/// A figure, today and what became of it.
pub(super) struct DayLine {
    pub(super) name: String,
    pub(super) today: String,
    pub(super) since_yesterday: String,
    pub(super) since_week: String,
}

/// `+12`, `−3`, `0`: with a true minus, which is as wide as a plus.
fn change(t: Text, now: u64, before: u64) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Greater => format!("+{}", grouped(t, now - before)),
        std::cmp::Ordering::Less => format!("−{}", grouped(t, before - now)),
        std::cmp::Ordering::Equal => "0".to_owned(),
    }
}

/// The figures of the page: what each is called, and where it is.
fn figures(t: Text) -> [(String, super::figures::Pick); 9] {
    [
        (t.say("figure-expected").into_owned(), Figures::expected),
        (t.say("figure-in-force").into_owned(), |f| f.in_force),
        (t.say("figure-sealed").into_owned(), |f| f.sealed),
        (t.say("figure-signed-off").into_owned(), |f| f.signed_off),
        (t.say("figure-signed").into_owned(), |f| f.signed),
        (t.say("figure-drafted").into_owned(), |f| f.drafted),
        (t.say("figure-waiting").into_owned(), |f| f.waiting),
        (t.say("figure-left-out").into_owned(), |f| f.left_out),
        (t.say("figure-returned").into_owned(), |f| f.returned),
    ]
}

/// A ward on the page.
pub(super) struct WardLine {
    pub(super) name: String,
    pub(super) schools: String,
    pub(super) in_force: String,
    pub(super) share: String,
    pub(super) bar: String,
    pub(super) since_yesterday: String,
    pub(super) since_week: String,
}

#[derive(Template)]
#[template(path = "staff/daily.html")]
pub(super) struct DailyPage {
    pub(super) c: Chrome,
    pub(super) at: String,
    /// The one sentence.
    pub(super) headline: String,
    pub(super) done: String,
    pub(super) bar: String,
    pub(super) lines: Vec<DayLine>,
    pub(super) wards: Vec<WardLine>,
    pub(super) more_wards: u32,
    pub(super) lagging: Vec<Row>,
    pub(super) more_lagging: u32,
    pub(super) waits: Vec<String>,
    pub(super) service: String,
    pub(super) operators: String,
    pub(super) recorded: String,
    pub(super) alarms: Vec<AlarmView>,
}

/// What waits for somebody, line by line.
fn waits(t: Text, daily: &Daily) -> Vec<String> {
    let number = |n: u64| super::department::number(n);
    let mut lines = Vec::new();
    for (count, text) in [
        (daily.without_year, t.count("progress-without-year", number(daily.without_year))),
        (daily.unappointed, t.count("daily-unappointed", number(daily.unappointed))),
        (daily.certificates, t.count("daily-certificates", number(daily.certificates))),
    ] {
        if count > 0 {
            lines.push(text.into_owned());
        }
    }
    lines.extend(chain::waiting(t, &daily.chain));
    lines
}

/// Whether everything is done, in one sentence.
fn headline(t: Text, now: &Sum, waiting: bool) -> String {
    let f = &now.figures;
    let (in_force, all) = (grouped(t, f.in_force), grouped(t, f.expected()));
    let values = [("done", in_force), ("all", all), ("share", percent(t, f))];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    match (f.expected(), f.is_done()) {
        (0, _) => t.say("daily-nothing").into_owned(),
        (_, true) if !waiting => t.with("daily-all-done", &values[..1]).into_owned(),
        _ => t.with("daily-so-far", &values).into_owned(),
    }
}

impl DailyPage {
    pub(super) fn new(c: Chrome, daily: &Daily) -> Self {
        let t = c.t;
        let [now, yesterday, week] = &daily.days;
        let lines = figures(t).into_iter().map(|(name, of)| {
            let [now, yesterday, week] = [now, yesterday, week].map(|sum| of(&sum.figures));
            DayLine {
                name,
                today: grouped(t, now),
                since_yesterday: change(t, now, yesterday),
                since_week: change(t, now, week),
            }
        });
        let wards = daily.wards.iter().take(MAX_WARDS).map(|ward| {
            let [now, yesterday, week] = &ward.days;
            let in_force = |sum: &Sum| sum.figures.in_force;
            WardLine {
                name: ward_name(t, ward.ward.as_ref()),
                schools: format!("{}/{}", grouped(t, now.schools_done), grouped(t, now.schools)),
                in_force: format!("{}/{}", grouped(t, in_force(now)), grouped(t, now.figures.expected())),
                share: percent(t, &now.figures),
                bar: bar(&now.figures),
                since_yesterday: change(t, in_force(now), in_force(yesterday)),
                since_week: change(t, in_force(now), in_force(week)),
            }
        });
        let waits = waits(t, daily);
        let shown = daily.lagging.len() as u64;
        let title = t.with("daily-title", &[("day", &date(daily.at))]).into_owned();
        let batches = grouped(t, daily.chain.batches.saturating_sub(daily.chain.unanchored));
        Self {
            at: date_time(daily.at),
            headline: headline(t, now, !waits.is_empty()),
            done: done(t, now),
            bar: bar(&now.figures),
            lines: lines.collect(),
            wards: wards.collect(),
            more_wards: super::department::number(daily.wards.len().saturating_sub(MAX_WARDS)),
            lagging: daily.lagging.iter().map(|school| row_of(t, school)).collect(),
            more_lagging: super::department::number(daily.unfinished.saturating_sub(shown)),
            waits,
            service: chain::service(t, daily.chain.service),
            operators: chain::operators(t, &daily.chain),
            recorded: t.with("daily-recorded", &[("count", &batches)]).into_owned(),
            alarms: chain::alarms(t, &daily.chain),
            c: c.titled(title).crumb(t.say("department-title"), DEPARTMENT),
        }
    }
}

/// The page as a workbook: figures and wards as numbers, all wards, no name of anybody.
pub(super) fn workbook(t: Text, daily: &Daily) -> Result<Vec<u8>, Problem> {
    use ReportCell::{Head, Number, Text as Words, Title};
    let [now, yesterday, week] = &daily.days;
    let say = |id: String| Words(id);
    let mut rows = vec![
        vec![Title(t.with("daily-title", &[("day", &date(daily.at))]).into_owned())],
        vec![say(headline(t, now, !waits(t, daily).is_empty()))],
        vec![say(done(t, now))],
        Vec::new(),
        [t.say("daily-figure"), t.say("daily-today"), t.say("daily-yesterday"), t.say("daily-week")]
            .map(|text| Head(text.into_owned()))
            .into(),
    ];
    for (name, of) in figures(t) {
        let mut row = vec![Words(name)];
        row.extend([now, yesterday, week].map(|sum| Number(of(&sum.figures))));
        rows.push(row);
    }
    rows.push(Vec::new());
    rows.extend(waits(t, daily).into_iter().map(|line| vec![Words(line)]));
    rows.extend(
        [chain::service(t, daily.chain.service), chain::operators(t, &daily.chain)].map(|line| vec![Words(line)]),
    );
    rows.extend(
        chain::alarms(t, &daily.chain).into_iter().map(|alarm| vec![Words(format!("{} {}", alarm.what, alarm.todo))]),
    );
    let mut wards = vec![
        [t.say("ward"), t.say("daily-schools"), t.say("daily-schools-done")]
            .map(|text| Head(text.into_owned()))
            .into_iter()
            .chain(figures(t).map(|(name, _)| Head(name)))
            .chain(
                [t.say("daily-in-force-yesterday"), t.say("daily-in-force-week")].map(|text| Head(text.into_owned())),
            )
            .collect::<Vec<_>>(),
    ];
    for ward in &daily.wards {
        let [now, yesterday, week] = &ward.days;
        let mut row = vec![Words(ward_name(t, ward.ward.as_ref())), Number(now.schools), Number(now.schools_done)];
        row.extend(figures(t).map(|(_, of)| Number(of(&now.figures))));
        row.extend([yesterday, week].map(|sum| Number(sum.figures.in_force)));
        wards.push(row);
    }
    let sheets = [(t.say("daily-sheet").into_owned(), rows), (t.say("daily-wards").into_owned(), wards)];
    report_workbook(&sheets).map_err(Problem::internal)
}

pub(super) async fn show(asked: Asked) -> Answer {
    let daily = asked.app().daily(asked.actor()?).await?;
    html(&DailyPage::new(asked.chrome(DAILY), &daily))
}

pub(super) async fn sheet(asked: Asked) -> Answer {
    let daily = asked.app().daily(asked.actor()?).await?;
    let bytes = workbook(asked.t(), &daily)?;
    // The day stands in the name, as on the page: 1970-01-01 and so many days.
    let name = format!("attachment; filename=\"tien-do-{}.xlsx\"", day_name(day_of(daily.at)));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(Problem::internal)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// `2027-06-05`.
fn day_name(day: i64) -> String {
    let moment = hocba_record::types::UnixTime::from_seconds(day.saturating_mul(86_400));
    let shown = moment.map(date).unwrap_or_default();
    shown.split('/').rev().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_change_has_its_sign_and_none_where_nothing_changed() {
        let t = Text(Language::Vietnamese);
        assert_eq!(
            (change(t, 1300, 100), change(t, 0, 3), change(t, 5, 5)),
            ("+1.200".into(), "−3".into(), "0".into())
        );
    }

    #[test]
    fn the_name_of_the_file_sorts_by_day() {
        assert_eq!(day_name(0), "1970-01-01");
        assert_eq!(day_name(20_000), "2024-10-04");
    }
}
