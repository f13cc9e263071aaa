//! Collecting evidence from a pilot CA over real HTTP on this machine, with the anchoring service and a scripted chain.
//! One binary, so that the world it plays in is compiled once.

mod answers;
mod authority;
mod crash;
mod stamps;
mod story;
mod world;
