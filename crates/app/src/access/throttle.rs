//! How guessing is slowed. Pure: what was counted, and the moment, come in; whether the try is let through, and what is
//! counted from then on, go out. A try is counted *before* it is looked at, so that a thousand at once are counted as a
//! thousand; one that was right is taken off again.
//!
//! Two ways of counting:
//! - **Penalty**, for an account, or for a browser that signed in to it before: five tries are free, then one waits,
//!   twice as long each time, at most 15 minutes. Forgotten after a day without a try. Never for good: whoever guesses must
//!   not be able to close an account (OWASP Authentication Cheat Sheet, account lockout).
//! - **Bucket**, for an address: 300 wrong tries at once, and one more every 12 seconds. A school of a hundred people
//!   behind one address is far below it.

use std::net::IpAddr;

/// Tries that cost nothing but their count.
pub const FREE: i64 = 5;
/// The first wait, in seconds.
pub const FIRST_WAIT: i64 = 30;
/// The longest wait, in seconds: 15 minutes.
pub const LONGEST_WAIT: i64 = 900;
/// Without a try for so long, in seconds, all is forgotten.
pub const FORGOTTEN: i64 = 86_400;
/// Wrong tries of an address that are let through at once: three for each of a hundred people.
pub const BURST: i64 = 300;
/// One more wrong try of an address is let through every so many seconds: 300 in an hour.
pub const REFILL: i64 = 12;

/// Numbers of buckets for addresses: 2^18. A row takes about a hundred bytes, so that whoever comes from everywhere
/// fills 26 MB and no more; two addresses share a bucket once in 262,144.
pub const ADDRESSES: u32 = 1 << 18;
/// Numbers of penalties for logins that do not exist: 2^16. They are slowed as those that do, or the difference would
/// tell which exist.
pub const STRANGERS: u32 = 1 << 16;

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    /// Tries: of a penalty since it was forgotten, in a bucket those that did not run out yet.
    pub level: i64,
    /// When the last one was counted, or the bucket was last reckoned; seconds since 1970.
    pub at: i64,
}

/// How one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// By accounts and devices.
    Penalty,
    /// By addresses.
    Bucket,
}

/// How long one waits after so many tries, in seconds.
pub const fn wait_after(tries: i64) -> i64 {
    if tries < FREE {
        return 0;
    }
    let doublings = tries - FREE;
    // 30 · 2^5 is above the longest wait.
    if doublings >= 5 { LONGEST_WAIT } else { FIRST_WAIT << doublings }
}

impl Manner {
    /// Counts a try, or says in how many seconds the next one is let through.
    ///
    /// # Errors
    /// Seconds, at least 1.
    pub fn count(self, track: Option<Track>, now: i64) -> Result<Track, i64> {
        let track = self.reckoned(track, now);
        let wait = match self {
            Manner::Penalty => track.at + wait_after(track.level) - now,
            Manner::Bucket if track.level >= BURST => track.at + REFILL - now,
            Manner::Bucket => 0,
        };
        if wait > 0 {
            return Err(wait);
        }
        let at = if self == Manner::Penalty || track.level == 0 { now } else { track.at };
        Ok(Track { level: track.level + 1, at })
    }

    /// What was counted, as of now.
    fn reckoned(self, track: Option<Track>, now: i64) -> Track {
        let Some(track) = track else { return Track { level: 0, at: now } };
        // A clock that was set back makes nobody wait for it to come round again.
        let at = track.at.min(now);
        let level = track.level.max(0);
        match self {
            Manner::Penalty if now - at >= FORGOTTEN => Track { level: 0, at: now },
            Manner::Penalty => Track { level, at },
            Manner::Bucket => {
                let out = (now - at) / REFILL;
                if out >= level {
                    Track { level: 0, at: now }
                } else {
                    Track { level: level - out, at: at + out * REFILL }
                }
            }
        }
    }

    /// Takes one try off again, which was right as far as it went; nothing where nothing is left to remember.
    pub fn taken_off(self, track: Option<Track>, now: i64) -> Option<Track> {
        let track = self.reckoned(track, now);
        (track.level > 1).then(|| Track { level: track.level - 1, at: track.at })
    }

    /// From when on it says no more than if it were not there; seconds since 1970.
    pub const fn stale_at(self, track: Track) -> i64 {
        match self {
            Manner::Penalty => track.at + FORGOTTEN,
            Manner::Bucket => track.at + track.level * REFILL,
        }
    }
}

/// The part of an address that one counts by: of IPv6 the /64, which is what one customer has.
pub fn network(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
        IpAddr::V6(six) => {
            let mut octets = six.octets();
            octets[8..].fill(0);
            octets
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn five_tries_are_free_then_one_waits_twice_as_long_each_time_up_to_fifteen_minutes() {
        let waits: Vec<i64> = (0..14).map(wait_after).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]);
        assert_eq!(wait_after(i64::MAX), LONGEST_WAIT);
        let mut track = None;
        for _ in 0..5 {
            track = Some(Manner::Penalty.count(track, NOW).expect("free"));
        }
        assert_eq!(Manner::Penalty.count(track, NOW), Err(30));
        assert_eq!(Manner::Penalty.count(track, NOW + 29), Err(1));
        let sixth = Manner::Penalty.count(track, NOW + 30).expect("its time came");
        assert_eq!((sixth.level, Manner::Penalty.count(Some(sixth), NOW + 31)), (6, Err(59)));
    }

    #[test]
    fn a_refused_try_makes_nobody_wait_longer_and_a_day_forgets() {
        let track = Track { level: 30, at: NOW };
        for second in 0..LONGEST_WAIT {
            assert_eq!(Manner::Penalty.count(Some(track), NOW + second), Err(LONGEST_WAIT - second));
        }
        assert_eq!(Manner::Penalty.count(Some(track), NOW + FORGOTTEN - 1).map(|t| t.level), Ok(31));
        assert_eq!(Manner::Penalty.count(Some(track), NOW + FORGOTTEN).map(|t| t.level), Ok(1));
        assert_eq!(Manner::Penalty.stale_at(track), NOW + FORGOTTEN);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out_for_longer() {
        let track = Track { level: 30, at: NOW + 1_000_000 };
        assert_eq!(Manner::Penalty.count(Some(track), NOW), Err(LONGEST_WAIT));
        let full = Track { level: BURST, at: NOW + 1_000_000 };
        assert_eq!(Manner::Bucket.count(Some(full), NOW), Err(REFILL));
    }

    #[test]
    fn ten_thousand_guesses_in_a_day_are_looked_at_about_a_hundred_times() {
        // Once every 8.64 seconds, for a day; and as fast as they are let through.
        for every in [8_640, 1_000] {
            let (mut track, mut looked_at) = (None, 0);
            for milliseconds in (0..86_400_000).step_by(every) {
                let now = NOW + milliseconds as i64 / 1000;
                if let Ok(next) = Manner::Penalty.count(track, now) {
                    (track, looked_at) = (Some(next), looked_at + 1);
                }
            }
            // 5 at once, 5 within 930 seconds, then 4 in an hour.
            assert!((100..=106).contains(&looked_at), "{looked_at}");
        }
    }

    #[test]
    fn an_address_has_three_hundred_wrong_tries_at_once_and_three_hundred_in_an_hour() {
        let mut track = None;
        for _ in 0..BURST {
            track = Some(Manner::Bucket.count(track, NOW).expect("within the burst"));
        }
        assert_eq!(Manner::Bucket.count(track, NOW), Err(12));
        assert_eq!(Manner::Bucket.count(track, NOW + 11), Err(1));
        assert!(Manner::Bucket.count(track, NOW + 12).is_ok());
        let mut let_through = 0;
        for second in 1..=86_400 {
            if let Ok(next) = Manner::Bucket.count(track, NOW + second) {
                (track, let_through) = (Some(next), let_through + 1);
            }
        }
        assert_eq!(let_through, 86_400 / REFILL);
        let track = track.expect("counted");
        let empty = Manner::Bucket.stale_at(track);
        assert_eq!(Manner::Bucket.count(Some(track), empty).map(|t| t.level), Ok(1), "as if it had not been there");
    }

    #[test]
    fn what_was_right_is_taken_off_again() {
        let track = Manner::Bucket.count(Some(Track { level: 7, at: NOW }), NOW).expect("let through");
        assert_eq!(Manner::Bucket.taken_off(Some(track), NOW), Some(Track { level: 7, at: NOW }));
        let first = Manner::Bucket.count(None, NOW).expect("let through");
        assert_eq!(Manner::Bucket.taken_off(Some(first), NOW), None, "nothing is left to remember");
        assert_eq!(Manner::Penalty.taken_off(None, NOW), None);
        assert_eq!(Manner::Penalty.taken_off(Some(Track { level: 4, at: NOW }), NOW).map(|t| t.level), Some(3));
    }

    #[test]
    fn an_ipv6_customer_is_one_network_and_an_ipv4_address_is_itself_however_written() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("203.0.113.7"), of("::ffff:203.0.113.7"));
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
    }
}
