//! The use cases over a database, SQLite or the one that `DATABASE_URL` names. One program: building each file of tests
//! by itself took longer than running all of them.

mod access;
mod appointments;
mod books;
mod department;
mod ends;
mod lists;
mod messages;
mod names;
mod office;
mod opening;
mod packages;
mod paper;
mod permissions;
mod readers;
mod replacing;
mod review;
mod rolling;
mod schools;
mod watching;
