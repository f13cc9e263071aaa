//! The collector of evidence over a data folder.

use hocba_app::EvidenceState;
use hocba_evidence::{Collector, Event, HttpFetch, Settings, TIMEOUT};
use hocba_record::types::UnixTime;

use crate::{
    edge::random,
    output::{Words, words},
    site::Site,
};

/// The collector of a site. Hosts of the own network are asked only if `hocba.json` names them.
///
/// # Errors
/// When no HTTP client can be set up.
pub fn collector(site: &Site) -> anyhow::Result<Collector<HttpFetch>> {
    let inside = site.folder.config().evidence.clone().unwrap_or_default().inside;
    let holder = format!("{}-{}", std::process::id(), hex::encode(random::<4>()?));
    Ok(Collector::new(site.app.clone(), HttpFetch::new(inside, TIMEOUT)?, Settings::new(holder)))
}

/// Asks everything that can be asked now; how many answers were kept, and how many certificates have to wait.
///
/// # Errors
/// When the database fails.
pub async fn until_idle(site: &Site) -> anyhow::Result<(usize, usize)> {
    let (mut kept, mut put_off) = (0, 0);
    let mut collector = collector(site)?;
    collector
        .run_until_idle(|event| match event {
            Event::Kept { .. } => kept += 1,
            Event::PutOff { .. } => put_off += 1,
            _ => {}
        })
        .await?;
    Ok((kept, put_off))
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
