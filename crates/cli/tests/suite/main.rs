//! The built program from outside. One binary, so that the demonstration all start from is made once.

mod common;
mod demo;
mod serve;
mod steps;
