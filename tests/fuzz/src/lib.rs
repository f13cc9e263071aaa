//! What the fuzz targets share: two schools with signed and anchored records, from the testkit, made once a process.
//!
//! A target says three things: no bytes make a parser panic; what a parser takes it writes again byte for byte; and no
//! bytes but those really signed are ever believed.

use std::{
    io::{Cursor, Read as _},
    sync::LazyLock,
};

use hocba_bundle::{
    format::{Bundle, RecordPart},
    report::{Report, Verdict},
    snapshot::OpenSnapshot,
    verify::{ChainView, Context, verify},
};
use hocba_record::disclosure::Seed;
use hocba_tests::{NOW, World, at, profile_content, profile_file};

/// The fixed world of all targets.
pub struct Fixture {
    /// Schools, ledger, profile.
    pub world: World,
    /// What the verifier knows of the chain.
    pub snapshot: OpenSnapshot,
    /// Good bundles, as files: each record by itself, with everything shown.
    pub bundles: Vec<Bundle>,
    /// The good profile file.
    pub profile: Vec<u8>,
}

/// The world, made at first use.
pub static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let world = World::new(3);
    let own = world.records.iter().zip(&world.anchors);
    let others = world.other_records.iter().zip(&world.other_anchors);
    let bundles = own.chain(others).map(|(r, a)| world.assemble(vec![World::part(r, a)])).collect();
    let (snapshot, profile) = (world.snapshot(), profile_file(&profile_content()));
    Fixture { world, snapshot, bundles, profile }
});

impl Fixture {
    /// Verifies bytes against the snapshot.
    pub fn verify(&self, bytes: &[u8]) -> Report {
        let chain = ChainView::Snapshot(&self.snapshot);
        verify(bytes, &Context { profile: &self.world.profile, chain, now: at(NOW) })
    }

    /// Verifies; panics if it is valid and says anything that is not in a good bundle. Showing less is the pupil's right.
    pub fn check(&self, bytes: &[u8]) {
        if self.verify(bytes).verdict != Verdict::Valid {
            return;
        }
        let read = Bundle::read(bytes).expect("valid, so readable");
        assert_eq!(read.resaved_at, None, "valid, so canonical");
        let bundle = read.bundle;
        assert!(bundle.records.iter().all(|record| self.is_known(record)), "a record no one signed is valid");
        let authority = |bundle: &Bundle| bundle.authority.clone();
        for certificate in &bundle.authority.certificates {
            assert!(
                self.bundles.iter().any(|b| authority(b).certificates.contains(certificate)),
                "unknown certificate"
            );
        }
        for appointment in &bundle.authority.appointments {
            assert!(
                self.bundles.iter().any(|b| authority(b).appointments.contains(appointment)),
                "unknown appointment"
            );
        }
    }

    fn is_known(&self, part: &RecordPart) -> bool {
        let mut known = self.bundles.iter().flat_map(|bundle| &bundle.records);
        known.any(|record| {
            record.statement == part.statement
                && record.anchor == part.anchor
                && part.disclosures.iter().all(|d| record.disclosures.contains(d))
                && part.seed.as_ref().is_none_or(|seed: &Seed| record.seed.as_ref() == Some(seed))
        })
    }
}

/// The parts of a package (a workbook), unpacked.
pub fn package_parts(package: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).expect("the seed is a package");
    (0..archive.len())
        .map(|i| {
            let mut part = archive.by_index(i).expect("listed");
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).expect("whole");
            (part.name().expect("text").into_owned(), bytes)
        })
        .collect()
}
