//! The built program from outside. One binary, so that the demonstration all start from is made once.

mod accounts;
#[cfg(unix)]
mod balancer;
mod books;
#[cfg(unix)]
mod ca;
mod common;
mod demo;
mod ends;
mod eras;
mod evidence;
mod keys;
#[cfg(unix)]
mod opening;
mod serve;
#[cfg(unix)]
mod servers;
#[cfg(unix)]
mod signer;
mod steps;
mod time_stamps;
mod watch;
