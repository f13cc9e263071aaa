//! The agent as pages meet it, without a listener: requests go to its router.

mod appointments;
mod kit;
mod lists;
mod pages;
mod reviews;
mod superseding;
mod wholes;
