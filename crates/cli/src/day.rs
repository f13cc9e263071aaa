//! Days as people write them.

use hocba_record::types::UnixTime;

const DAY: i64 = 86_400;

/// The beginning of a day in Vietnam: `01/03/2027` or `2027-03-01`.
///
/// # Errors
/// Examples of what would be one.
pub fn day(text: &str) -> Result<UnixTime, String> {
    let wrong = || "01/03/2027, 2027-03-01".to_owned();
    let parts: Vec<i64> = text.split(['/', '-']).map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let (year, month, day) = match (parts.as_slice(), text.contains('/')) {
        ([d, m, y], true) | ([y, m, d], false) => (*y, *m, *d),
        _ => return Err(wrong()),
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month - 1).map_err(|_| wrong())?;
    let longest = *days.get(month).ok_or_else(wrong)?;
    if !(1970..=9999).contains(&year) || !(1..=longest).contains(&day) {
        return Err(wrong());
    }
    let before = year - 1;
    let years = (year - 1970) * 365 + (before / 4 - before / 100 + before / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
    let seconds = (years + days[..month].iter().sum::<i64>() + day - 1) * DAY - 7 * 3600;
    UnixTime::from_seconds(seconds.max(0)).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_in_vietnam_and_impossible_ones_are_refused() {
        let at = |text| day(text).map(UnixTime::seconds);
        // 2027-02-28T17:00:00Z
        assert_eq!((at("01/03/2027"), at("2027-03-01")), (Ok(1_803_834_000), Ok(1_803_834_000)));
        assert_eq!(at("29/02/2028"), Ok(1_835_370_000));
        assert_eq!(at("01/01/1970"), Ok(0));
        for wrong in
            ["29/02/2027", "2027-13-01", "2027-00-01", "32/01/2027", "0/1/2027", "1/1/69", "", "hôm qua", "1/2"]
        {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
