//! Which language an answer is in.
//!
//! Pages are Vietnamese unless the address says `?lang=en`: a printed code opens the same page on every phone, and
//! English is one click away. The API goes by `?lang=` and then by `Accept-Language` (RFC 9110 §12.5.4).

use axum::http::{HeaderMap, Uri, header};

pub use hocba_bundle::text::Language;

/// The tag in `lang` attributes and addresses.
pub fn code(language: Language) -> &'static str {
    pick(language, "vi", "en")
}

/// The other one.
pub fn other(language: Language) -> Language {
    pick(language, Language::English, Language::Vietnamese)
}

/// One of two.
pub fn pick<T>(language: Language, vietnamese: T, english: T) -> T {
    match language {
        Language::Vietnamese => vietnamese,
        Language::English => english,
    }
}

/// The language of a page.
pub fn of_page(uri: &Uri) -> Language {
    asked(uri).unwrap_or(Language::Vietnamese)
}

/// The language of an answer to a program.
pub fn of_api(uri: &Uri, headers: &HeaderMap) -> Language {
    asked(uri).or_else(|| accepted(headers)).unwrap_or(Language::Vietnamese)
}

fn asked(uri: &Uri) -> Option<Language> {
    uri.query()?.split('&').filter_map(|pair| pair.strip_prefix("lang=")).find_map(known)
}

fn known(tag: &str) -> Option<Language> {
    let primary = tag.split('-').next().unwrap_or_default();
    [Language::Vietnamese, Language::English].into_iter().find(|l| primary.eq_ignore_ascii_case(code(*l)))
}

fn accepted(headers: &HeaderMap) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for item in
        headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','))
    {
        let (tag, weight) = item.split_once(";q=").unwrap_or((item, "1"));
        let (Some(language), Ok(weight)) = (known(tag.trim()), weight.trim().parse::<f32>()) else { continue };
        // The first of equals wins, as browsers list them.
        if weight > 0.0 && best.is_none_or(|(_, most)| weight > most) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(uri: &str, accept: &str) -> Language {
        let headers = [(header::ACCEPT_LANGUAGE, accept.parse().expect("header"))].into_iter().collect();
        of_api(&uri.parse().expect("uri"), &headers)
    }

    #[test]
    fn the_address_outweighs_the_header() {
        assert_eq!(api("/x?a=1&lang=en", "vi"), Language::English);
        assert_eq!(api("/x?lang=vi", "en"), Language::Vietnamese);
        assert_eq!(api("/x?lang=fr", "en"), Language::English);
    }

    #[test]
    fn the_heavier_of_the_two_languages_wins_and_others_do_not_count() {
        assert_eq!(api("/x", "en-US,en;q=0.9,vi;q=0.8"), Language::English);
        assert_eq!(api("/x", "fr, en;q=0.3, vi-VN;q=0.7"), Language::Vietnamese);
        assert_eq!(api("/x", "en;q=0"), Language::Vietnamese);
        assert_eq!(api("/x", "en;q=much, *"), Language::Vietnamese);
    }

    #[test]
    fn pages_are_vietnamese_until_english_is_asked_for() {
        assert_eq!(of_page(&"/v".parse().expect("uri")), Language::Vietnamese);
        assert_eq!(of_page(&"/v?lang=en".parse().expect("uri")), Language::English);
    }
}
