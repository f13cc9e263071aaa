//! The built program from outside. One binary, so that the demonstration all start from is made once.

mod accounts;
#[cfg(unix)]
mod afternoon;
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
mod figures;
mod keys;
mod mail;
#[cfg(unix)]
mod opening;
#[cfg(unix)]
mod paper;
mod serve;
#[cfg(unix)]
mod servers;
#[cfg(unix)]
mod signer;
mod steps;
#[cfg(unix)]
mod story;
mod time_stamps;
mod watch;
