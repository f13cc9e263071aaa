//! The pilot CA from outside: what it makes, OpenSSL and x509-parser read.

mod certificates;
mod kit;
mod lists;
mod requests;
mod responder;
