//! What both engines have to do alike, run against each: on SQLite, and again where `DATABASE_URL` names a PostgreSQL
//! server (`cargo xtask test` does both).

mod access;
mod bulk;
mod concurrency;
mod copying;
mod crashes;
mod evidence;
mod kit;
mod limits;
mod mail;
mod migrations;
mod opening;
mod progress;
mod repositories;
mod tasks;
mod time_stamps;
