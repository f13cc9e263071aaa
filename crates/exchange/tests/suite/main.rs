//! What goes out can be proved, and what comes in is taken once or refused with words.

mod class_csv;
mod contract;
mod kit;
mod packages;
mod proof;
mod schemas;
