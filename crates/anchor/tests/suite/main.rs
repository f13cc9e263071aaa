//! The anchoring service over a database and a scripted chain. One binary, so that the world it plays in is compiled
//! once.

mod backup;
mod common;
mod crash;
mod ends;
mod facts;
mod fsck;
mod outage;
mod replica;
mod servers;
mod story;
