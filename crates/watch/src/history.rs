//! Whether what the chain says now goes on from what it said before. Both lists of a contract only grow, and an era is only
//! ever followed by one that names its closing digest; whatever else happened is a history that was written anew.

use hocba_bundle::facts::{Address, ChainFacts, CheckedFacts};
use serde::Serialize;

/// What does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Rewriting {
    /// The contract that was looked at is not among what is known now.
    Contract {
        /// Its chain.
        chain: u64,
        /// Its address.
        contract: Address,
    },
    /// The contract has another code.
    Code,
    /// Its digests grow from another era.
    Predecessor,
    /// The era that follows does not name what this one held.
    Succession,
    /// A closed era was opened again, or was closed in another way.
    Closing,
    /// A block that was looked at has another hash.
    Block {
        /// Which.
        number: u64,
    },
    /// Fewer batches than before, at a later block.
    BatchesGone {
        /// Before.
        before: u64,
        /// Now.
        now: u64,
    },
    /// The first batch that is another one.
    Batch {
        /// Its index.
        index: u64,
    },
    /// Fewer statuses than before, at a later block.
    StatusesGone {
        /// Before.
        before: u64,
        /// Now.
        now: u64,
    },
    /// The first entry of the status log that is another one.
    Status {
        /// Its index.
        index: u64,
    },
}

/// How the facts of now stand to those of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// They go on, by so many batches and statuses.
    GoesOn {
        /// New batches.
        batches: u64,
        /// New statuses.
        statuses: u64,
    },
    /// They are of an earlier block, and a part of what was there before: whoever was asked now is behind.
    Behind {
        /// The block that was looked at before.
        before: u64,
        /// The block that was looked at now.
        now: u64,
    },
    /// Something that was there is not, or is another thing now.
    Rewritten(Vec<Rewriting>),
}

/// Compares facts that were kept with those of now, era by era.
pub fn compare(before: &CheckedFacts, now: &CheckedFacts) -> History {
    let (mut rewritten, mut grown, mut behind) = (Vec::new(), (0, 0), None);
    for era in before.earlier().iter().chain(std::iter::once(before)) {
        let then = era.facts();
        let Some(found) = now.of(then.chain, &then.contract) else {
            // An earlier era that is not at hand now was compared with its closing digest when it was; the one that was
            // in use has to be there.
            if std::ptr::eq(era, before) {
                rewritten.push(Rewriting::Contract { chain: then.chain, contract: then.contract });
            }
            continue;
        };
        one_era(then, found.facts(), &mut rewritten, &mut grown);
        // A closed era is the same at every block after its end.
        let ended = then.closing.is_some() && found.facts().closing == then.closing;
        if found.facts().block < then.block && !ended {
            behind = Some((then.block, found.facts().block));
        }
    }
    let eras: Vec<&CheckedFacts> = now.earlier().iter().chain(std::iter::once(now)).collect();
    let linked = |pair: &[&CheckedFacts]| {
        pair[0].closing_digest().is_some_and(|closing| pair[1].facts().predecessor == Some(closing))
    };
    let known = |facts: &ChainFacts| before.of(facts.chain, &facts.contract).is_some();
    if eras.windows(2).any(|pair| known(pair[0].facts()) && !linked(pair)) {
        rewritten.push(Rewriting::Succession);
    }
    match (rewritten.is_empty(), behind) {
        (false, _) => History::Rewritten(rewritten),
        (true, Some((before, now))) => History::Behind { before, now },
        (true, None) => {
            // What a new era holds is new.
            let facts = now.facts();
            if before.of(facts.chain, &facts.contract).is_none() {
                grown.0 += facts.batches.len() as u64;
                grown.1 += facts.statuses.as_ref().map_or(0, Vec::len) as u64;
            }
            History::GoesOn { batches: grown.0, statuses: grown.1 }
        }
    }
}

fn one_era(then: &ChainFacts, now: &ChainFacts, rewritten: &mut Vec<Rewriting>, grown: &mut (u64, u64)) {
    let later = now.block >= then.block;
    if now.code != then.code {
        rewritten.push(Rewriting::Code);
    }
    if now.predecessor != then.predecessor {
        rewritten.push(Rewriting::Predecessor);
    }
    if now.block == then.block && (now.block_hash, now.block_time) != (then.block_hash, then.block_time) {
        rewritten.push(Rewriting::Block { number: now.block });
    }
    // A look at an earlier block may know of no closing yet.
    if now.closing != then.closing && then.closing.is_some() && (later || now.closing.is_some()) {
        rewritten.push(Rewriting::Closing);
    }
    match prefix(&then.batches, &now.batches) {
        Prefix::Same(more) => grown.0 += more,
        Prefix::Other(index) => rewritten.push(Rewriting::Batch { index }),
        Prefix::Shorter if later => {
            let (before, now) = (then.batches.len() as u64, now.batches.len() as u64);
            rewritten.push(Rewriting::BatchesGone { before, now });
        }
        Prefix::Shorter => {}
    }
    if let (Some(then), Some(now)) = (&then.statuses, &now.statuses) {
        match prefix(then, now) {
            Prefix::Same(more) => grown.1 += more,
            Prefix::Other(index) => rewritten.push(Rewriting::Status { index }),
            Prefix::Shorter if later => {
                rewritten.push(Rewriting::StatusesGone { before: then.len() as u64, now: now.len() as u64 });
            }
            Prefix::Shorter => {}
        }
    }
}

enum Prefix {
    /// The old list begins the new one, which has so many more.
    Same(u64),
    /// The first place where they differ.
    Other(u64),
    /// The new list begins the old one.
    Shorter,
}

fn prefix<T: PartialEq>(old: &[T], new: &[T]) -> Prefix {
    match old.iter().zip(new).position(|(old, new)| old != new) {
        Some(place) => Prefix::Other(place as u64),
        None if new.len() < old.len() => Prefix::Shorter,
        None => Prefix::Same((new.len() - old.len()) as u64),
    }
}
