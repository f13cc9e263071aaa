//! The anchoring service over a database and a scripted chain. One binary, so that the world it plays in is compiled
//! once.

mod backup;
mod common;
mod conformance;
mod crash;
mod day;
mod ends;
mod facts;
mod fsck;
mod hostile;
mod network;
mod operators;
mod outage;
mod proxy;
mod reorganisation;
mod replica;
mod servers;
mod stage;
mod story;
mod years;
