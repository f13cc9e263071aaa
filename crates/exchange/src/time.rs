//! `YYYY-MM-DDTHH:mm:ss` of the contract. It has no zone; it is read as Vietnamese time (chưa đối chiếu).

use hocba_record::types::{PartialDate, UnixTime};

/// Vietnam's time zone, in seconds east of UTC, all the year.
const VIETNAM: i64 = 7 * 3600;

/// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The moment of a text of exactly this form, in Vietnamese time, from 1970 to 2200.
pub(crate) fn parse(text: &str) -> Option<UnixTime> {
    let (date, clock) = text.split_once('T')?;
    let date: PartialDate = date.parse().ok()?;
    let (month, day) = (date.month()?, date.day()?);
    let mut parts = [0_i64; 3];
    let mut fields = clock.split(':');
    for (part, end) in parts.iter_mut().zip([24, 60, 60]) {
        let field = fields.next().filter(|f| f.len() == 2 && f.bytes().all(|b| b.is_ascii_digit()))?;
        *part = field.parse().ok().filter(|n| *n < end)?;
    }
    if fields.next().is_some() {
        return None;
    }
    let days = days_from_civil(date.year().into(), month.into(), day.into());
    UnixTime::from_seconds(days * 86_400 + parts[0] * 3600 + parts[1] * 60 + parts[2] - VIETNAM).ok()
}

/// The moment in the contract's form.
pub(crate) fn format(time: UnixTime) -> String {
    let local = time.seconds() + VIETNAM;
    let (days, clock) = (local.div_euclid(86_400) + 719_468, local.rem_euclid(86_400));
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        let text = "2027-05-25T17:30:05";
        let time = parse(text).expect("a time");
        assert_eq!((time.seconds(), format(time)), (1_811_241_005, text.to_owned()));
        for bad in [
            "",
            "2027-05-25",
            "2027-05-25 17:30:05",
            "2027-05-25T17:30",
            "2027-05-25T24:00:00",
            "2027-13-25T17:30:05",
            "2027-02-29T17:30:05",
            "2027-05-25T17:30:05Z",
            "2027-05-25T17:30:05:00",
            "2027-05-25T7:30:05",
            "1960-01-01T00:00:00",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
