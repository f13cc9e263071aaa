//! The built program from outside. One binary, so that the demonstration all start from is made once.

#[cfg(unix)]
mod balancer;
mod common;
mod demo;
mod ends;
mod keys;
mod serve;
#[cfg(unix)]
mod servers;
mod steps;
