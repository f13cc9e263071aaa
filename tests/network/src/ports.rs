//! Ports for nodes. A node keeps its port over a restart, so a port that the system would give to anybody in between
//! does not do.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// From where to where: above what services have, below what Linux (32768) and macOS (49152) give to outgoing connections.
const FIRST: u16 = 20_000;
const BLOCKS: u32 = 1_595;
/// Ports in a block: enough for a network. 20,000 + 1,595 * 8 = 32,760.
const BLOCK: u16 = 8;
/// Servers that a process starts before it comes into the blocks of the process with the next number.
const BLOCKS_OF_PROCESS: u32 = 4;

/// A block of free ports. Processes with numbers near each other, as tests of one run have, get others, also while
/// nodes of theirs are down.
pub(crate) fn free() -> [u16; BLOCK as usize] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut ports = [0; BLOCK as usize];
    // All are taken only when nobody could start a node; a node that finds its port taken says so in its log.
    for _ in 0..BLOCKS {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let block = process::id().wrapping_mul(BLOCKS_OF_PROCESS).wrapping_add(next) % BLOCKS;
        let first = FIRST + u16::try_from(block).expect("below 1,595") * BLOCK;
        for (port, offset) in ports.iter_mut().zip(0..) {
            *port = first + offset;
        }
        if ports.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()) {
            break;
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_and_none_that_is_in_use() {
        let first = free();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first[7] + 4)).expect("of the next block");
        let second = free();
        assert!(first.iter().all(|port| !second.contains(port)), "{first:?} {second:?}");
        assert!(!second.contains(&taken.local_addr().expect("it listens").port()));
        assert!(second.iter().all(|port| (20_000..32_768).contains(port)));
    }
}
