//! The staff pages from outside: their text, their samples, and every page and form of the list over a real office.

mod browser;
mod catalogues;
mod department;
#[path = "../suite/everything.rs"]
mod everything;
mod guides;
mod home;
mod journey;
mod liar;
mod lists;
mod mail;
mod openid;
mod pages;
mod peer;
mod provider;
mod readers;
mod records;
mod routes;
mod signing;
mod watching;
mod workplace;
mod years;
