//! The server from outside: over samples of every verdict, and over a real office. One binary, so that what they share
//! is compiled once.

mod api;
mod client;
mod common;
mod daily;
mod desk;
mod everything;
mod http;
mod links;
mod logs;
mod pages;
mod samples;
