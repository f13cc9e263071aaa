//! The tables as lists of columns: what copying a database and inserting in bulk go by. A test compares them with the
//! schema of both engines, so that no table is forgotten.

/// What a column holds. There is nothing else, in either engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// INTEGER, BIGINT.
    Int,
    /// TEXT.
    Text,
    /// BLOB, BYTEA.
    Bytes,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
    /// The columns of the primary key.
    pub key: &'static [&'static str],
    /// Whether the database numbers the rows itself.
    pub numbered: bool,
}

impl Table {
    /// The table of this name.
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|t| t.name == name)
    }

    /// `a, b, c`
    pub(crate) fn column_list(&self) -> String {
        self.columns.iter().map(|c| c.0).collect::<Vec<_>>().join(", ")
    }

    /// `a, b`
    pub(crate) fn key_list(&self) -> String {
        self.key.join(", ")
    }

    /// Where the key's columns are among the columns.
    pub(crate) fn key_places(&self) -> Vec<usize> {
        self.key.iter().filter_map(|key| self.columns.iter().position(|c| c.0 == *key)).collect()
    }
}

macro_rules! tables {
    ($($name:ident ($($key:ident),+) $(numbered $numbered:literal)? { $($column:ident $kind:ident,)+ })+) => {
        &[$(Table {
            name: stringify!($name),
            columns: &[$((stringify!($column), Kind::$kind)),+],
            key: &[$(stringify!($key)),+],
            numbered: false $(|| $numbered)?,
        }),+]
    };
}

/// All tables; one that another refers to stands before it.
pub const TABLES: &[Table] = tables! {
    schools (code) { code Text, issuer Text, created_at Int, }
    school_changes (id) numbered true {
        id Int, school Text, change Text, successor Text, name Text, decision Text, changed_at Int,
    }
    accounts (id) { id Text, login Text, name Text, certificate Text, created_at Int, disabled_at Int, }
    grants (id) numbered true { id Int, account Text, role Text, school Text, year Int, class Text, prefix Text, }
    account_access (account) {
        account Text, password Text, password_at Int, key_id Text, nonce Bytes, totp Bytes, totp_at Int, totp_step Int,
        locked_at Int,
    }
    slips (account) { account Text, hash Bytes, made_by Text, made_at Int, expires_at Int, }
    recovery_codes (hash) { hash Bytes, account Text, made_at Int, }
    sessions (id) {
        id Text, hash Bytes, account Text, label Text, address Bytes, created_at Int, seen_at Int, expires_at Int,
        began Text,
    }
    devices (hash) { hash Bytes, account Text, address Bytes, used_at Int, expires_at Int, }
    tries (key) { key Bytes, kind Text, level Int, at Int, stale_at Int, }
    openid_links (issuer, subject) { issuer Text, subject Text, account Text, linked_at Int, }
    openid_grants (id) numbered true { id Int, account Text, role Text, school Text, prefix Text, }
    used_forms (hash) { hash Bytes, used_at Int, expires_at Int, }
    api_tokens (hash) { hash Bytes, account Text, created_at Int, expires_at Int, }
    certificates (digest) { digest Text, der Bytes, added_at Int, not_after Int, }
    classes (id) { id Text, school Text, year Int, grade Int, name Text, revision Int, imported_at Int, kind Text, }
    pupils (id) { id Text, created_at Int, }
    pupil_keys (key) { key Bytes, pupil Text, created_at Int, }
    books (number) { number Text, pupil Text, level Text, created_at Int, }
    records (id) { id Text, class Text, number Int, pupil Text, }
    record_versions (record, version) {
        record Text, version Int, state Text, revision Int, statement Bytes, key_id Text, nonce Bytes, personal Bytes,
        left_out Text, returned Text, changed_at Int, renewed Text, note_key_id Text, note_nonce Bytes, note Bytes,
    }
    appointments (id) {
        id Text, school Text, role Text, certificate Text, valid_from Int, valid_until Int, statement Bytes, year Int,
        class Text,
    }
    batches (id) {
        id Int, issuer Text, kind Text, root Bytes, size Int, closed_at Int, chain_index Int, block Int, block_time Int,
        tx_hash Text, wants_noted Int,
    }
    leaves (leaf) {
        leaf Bytes, kind Text, subject Text, version Int, school Text, issuer Text, ready_at Int, batch Int, position Int,
    }
    batch_tiles (batch, level, number) { batch Int, level Int, number Int, hashes Bytes, }
    anchor_attempts (id) numbered true {
        id Int, batch Int, state Text, sender Text, nonce Int, tx_hash Text, raw Bytes, block Int, made_at Int,
        changed_at Int,
    }
    evidence (id) {
        id Text, leaf Bytes, kind Text, issuer Text, certificate Text, this_update Int, next_update Int, fetched_at Int,
        statement Bytes,
    }
    evidence_wants (certificate, anchored_at) {
        certificate Text, anchored_at Int, wanted_from Int, school Text, outcome Text, decided_at Int,
    }
    time_stamps (batch, authority) { batch Int, authority Text, token Bytes, gen_time Int, fetched_at Int, }
    statuses (id) {
        id Int, subject Text, action Text, live_version Int, reason Int, since Int, school Text, leaf Bytes,
        statement Bytes, taken_at Int, log_index Int, block Int, block_time Int, tx_hash Text,
    }
    status_attempts (id) numbered true {
        id Int, state Text, sender Text, nonce Int, tx_hash Text, raw Bytes, block Int, made_at Int, changed_at Int,
    }
    jobs (id) numbered true {
        id Int, kind Text, subject Text, due_at Int, tries Int, last_error Text, done_at Int,
    }
    leases (name) { name Text, holder Text, expires_at Int, }
    audit_events (id) numbered true {
        id Int, at Int, actor Text, action Text, subject Text, version Int, reason Text, school Text, class Text,
    }
    links (id) {
        id Text, token_hash Bytes, record Text, scope Text, created_by Text, created_at Int, expires_at Int,
        withdrawn_at Int, nonce Bytes, bundle Bytes, version Int, key_id Text,
    }
    link_looks (id) numbered true { id Int, link Text, at Int, }
    deployment (name) { name Text, value Text, }
    contract_records (key) { key Bytes, version Int, cancelled Int, record Text, taken_at Int, }
    packages (id) { id Text, department Text, created_at Int, statement Bytes, }
    package_records (package, record) {
        package Text, record Text, version Int, answer Text, answered_at Int, key_id Text, nonce Bytes, errors Bytes,
    }
    school_list (code) { code Text, name Text, levels Text, noted_at Int, ward Text, }
    staff (account, school) { account Text, school Text, code Text, position Text, added_at Int, }
    school_years (school, year) { school Text, year Int, opened_at Int, closed_at Int, reason Text, }
    planned_classes (id) {
        id Text, school Text, year Int, grade Int, name Text, homeroom Text, origin Text, planned_at Int,
    }
    pupil_moves (school, year, pupil) { school Text, year Int, pupil Text, move Text, decided_at Int, }
    class_members (class, number) { class Text, number Int, pupil Text, key_id Text, nonce Bytes, personal Bytes, }
    tasks (id) {
        id Text, school Text, account Text, kind Text, year Int, class Text, steps_done Int, steps Int, state Text,
        key_id Text, nonce Bytes, result Bytes, begun_at Int, beat_at Int, ended_at Int,
    }
    kept_files (account, school, kind) {
        account Text, school Text, kind Text, year Int, key_id Text, nonce Bytes, personal Bytes, kept_at Int,
        expires_at Int,
    }
    class_progress (school, year, class) {
        school Text, year Int, class Text, grade Int, waiting Int, drafted Int, signed Int, signed_off Int, sealed Int,
        in_force Int, left_out Int, returned Int, day Int,
    }
    class_progress_days (school, year, class, day) {
        school Text, year Int, class Text, day Int, waiting Int, drafted Int, signed Int, signed_off Int, sealed Int,
        in_force Int, left_out Int, returned Int,
    }
    chain_looks (name) {
        name Text, at Int, operators Int, needed Int, answered Int, block Int, block_time Int, funds Text,
    }
    readers (account, pupil) { account Text, pupil Text, relation Text, made_by Text, made_at Int, }
    link_choices (link) { link Text, pupil Text, key_id Text, nonce Bytes, personal Bytes, }
    reader_requests (id) {
        id Text, record Text, version Int, account Text, state Text, key_id Text, nonce Bytes, personal Bytes,
        asked_at Int, ended_at Int, answered_by Text,
    }
    mail_addresses (account) { account Text, key_id Text, nonce Bytes, address Bytes, confirmed_at Int, }
    mail_codes (account) {
        account Text, hash Bytes, key_id Text, nonce Bytes, address Bytes, made_at Int, expires_at Int,
    }
    mail_days (account, day) { account Text, day Int, state Text, tries Int, due_at Int, }
};
