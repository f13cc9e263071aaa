//! The agent as pages meet it, without a listener: requests go to its router.

mod kit;
mod lists;
mod pages;
mod reviews;
