//! The staff pages from outside: their text, their samples, and every page and form of the list over a real office.

mod browser;
mod catalogues;
mod journey;
mod pages;
mod routes;
