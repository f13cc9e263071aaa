//! What "where am I signed in" calls a browser: its kind and system, never its version.

/// `Chrome trên Windows`, from a `User-Agent`. Coarse on purpose: enough to know one's own devices by, too little to tell
/// people apart by.
pub fn label(agent: &str) -> String {
    // Whatever stands behind is no browser's.
    let agent: String = agent.chars().take(512).collect();
    // Nearly all claim to be others besides; who names itself alone comes first.
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("coc_coc", "Cốc Cốc"),
        ("SamsungBrowser", "Samsung Internet"),
        ("FxiOS", "Firefox"),
        ("Firefox/", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "máy Mac"),
        ("Linux", "Linux"),
    ];
    let named = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|n| n.1);
    match (named(&browsers), named(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} trên {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("Trình duyệt trên {system}"),
        (None, None) => "Trình duyệt khác".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_kind_and_system_and_nothing_else_is_kept() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        for (agent, expected) in [
            (chrome, "Chrome trên Windows"),
            (&format!("{chrome} Edg/140.0"), "Edge trên Windows"),
            (&format!("{chrome} coc_coc_browser/130"), "Cốc Cốc trên Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox trên Linux"),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36",
                "Chrome trên Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1",
                "Safari trên iPhone",
            ),
            ("curl/8.5.0", "Trình duyệt khác"),
            ("<script>alert(1)</script>", "Trình duyệt khác"),
            ("", "Trình duyệt khác"),
        ] {
            assert_eq!(label(agent), expected, "{agent}");
        }
        assert_eq!(label(&"x".repeat(100_000)), "Trình duyệt khác");
    }
}
