//! Rule sets: what the marks and comments of a year amount to.
//!
//! A record names the rule set it was made under (`form::Form::rules`). Rules are applied once, when a draft becomes
//! sections. **A signed record is never computed again to decide whether it is valid**: public implementations of the
//! same circular disagree about rounding and about Art. 9.3 (`domain.md` §1.3), so a recomputation that comes out
//! otherwise says something about the two programs and nothing about the record. What the school signed, stands.
//!
//! There is one rule set so far, so there is no trait for them.

pub mod tt22;
