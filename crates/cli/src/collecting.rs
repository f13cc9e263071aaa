//! The collector of evidence over a data folder.

use hocba_app::{EvidenceState, TimeStampState};
use hocba_evidence::{Collector, Event, HttpFetch, Settings, TIMEOUT, TimeStampAddress};
use hocba_record::types::UnixTime;

use crate::{
    edge::random,
    folder::{EvidenceConfig, TimeStampConfig},
    output::{Words, words},
    site::Site,
};

/// The collector of a site. Hosts of the own network are asked only if `hocba.json` names them.
///
/// # Errors
/// When no HTTP client can be set up.
pub fn collector(site: &Site) -> anyhow::Result<Collector<HttpFetch>> {
    let EvidenceConfig { inside, time_stamps } = site.folder.config().evidence.clone().unwrap_or_default();
    let holder = format!("{}-{}", std::process::id(), hex::encode(random::<4>()?));
    let address = |TimeStampConfig { authority, url }| TimeStampAddress { authority, url };
    let time_stamps = time_stamps.into_iter().map(address).collect();
    let settings = Settings { time_stamps, ..Settings::new(holder) };
    Ok(Collector::new(site.app.clone(), HttpFetch::new(inside, TIMEOUT)?, settings))
}

/// What came of asking.
#[derive(Debug, Clone, Copy, Default)]
pub struct Collected {
    /// Answers kept.
    pub kept: usize,
    /// Certificates that have to wait.
    pub put_off: usize,
    /// Time-stamps kept.
    pub stamped: usize,
    /// Time-stamp authorities that have to be asked again.
    pub stamps_put_off: usize,
}

/// Asks everything that can be asked now.
///
/// # Errors
/// When the database fails.
pub async fn until_idle(site: &Site) -> anyhow::Result<Collected> {
    let mut collected = Collected::default();
    let mut collector = collector(site)?;
    collector
        .run_until_idle(|event| match event {
            Event::Kept { .. } => collected.kept += 1,
            Event::PutOff { .. } => collected.put_off += 1,
            Event::Stamped { .. } => collected.stamped += 1,
            Event::StampPutOff { .. } => collected.stamps_put_off += 1,
            _ => {}
        })
        .await?;
    Ok(collected)
}

/// What a person should know of the time-stamp authorities, if there is anything, and whether all is well.
pub fn stamps_remark(state: &TimeStampState, now: UnixTime) -> Option<(bool, Words)> {
    if !state.is_of_concern() {
        return None;
    }
    let failing: Vec<String> = state.failing.iter().map(|f| format!("{}: {}", f.certificate, f.code)).collect();
    let why = if failing.is_empty() { String::new() } else { format!(" ({})", failing.join(", ")) };
    let Some(unstamped) = state.unstamped else {
        let kept = state.kept;
        return (kept > 0).then(|| {
            (
                true,
                words(
                    format!("mọi lô đều có dấu thời gian ({kept})"),
                    format!("every batch has a time-stamp ({kept})"),
                ),
            )
        });
    };
    let (batches, hours) = (unstamped.batches, (now.seconds() - unstamped.since.seconds()) / 3600);
    Some((
        state.late_since(now).is_none(),
        words(
            format!("{batches} lô chưa có dấu thời gian, lâu nhất {hours} giờ{why}"),
            format!("{batches} batches have no time-stamp, the oldest since {hours} hours{why}"),
        ),
    ))
}

/// What a person should know of the authorities, if there is anything.
pub fn remark(state: &EvidenceState, now: UnixTime) -> Option<Words> {
    let due = state.wanted.due;
    if let Some(since) = state.late_since(now) {
        let days = (now.seconds() - since.seconds()) / 86_400;
        let codes: std::collections::BTreeSet<&str> = state.failing.iter().map(|f| f.code.as_str()).collect();
        let why = match codes.is_empty() {
            true => String::new(),
            false => format!(" ({})", codes.into_iter().collect::<Vec<_>>().join(", ")),
        };
        return Some(words(
            format!("nơi cấp chứng thư chưa xác nhận {due} chứng thư đã {days} ngày{why}; xem `hocba evidence`"),
            format!("authorities have not spoken of {due} certificates for {days} days{why}; see `hocba evidence`"),
        ));
    }
    (state.wanted.early + due > 0).then(|| {
        words(
            format!("{} chứng thư chờ nơi cấp xác nhận không bị thu hồi", state.wanted.early + due),
            format!("{} certificates wait for their authority's final word", state.wanted.early + due),
        )
    })
}
