//! Activation slips on paper: eight to an A4 page, to be cut apart and handed over one by one.

use std::fmt::Write as _;

use hocba_app::access::Slip;
use hocba_bundle::text::date_time;

/// Slips on a page: two columns of four, 105 by 74 mm each, which is an A4 page folded three times.
const ON_A_PAGE: usize = 8;

/// The page. It loads nothing: it may be opened where there is no network.
pub fn page(slips: &[Slip], school: &str, address: Option<&str>) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"vi\">\n<meta charset=\"utf-8\">\n<title>Phiếu kích hoạt tài khoản</title>\n<style>\n\
         @page { size: A4; margin: 0 }\n\
         body { margin: 0; font: 10.5pt/1.35 \"Times New Roman\", \"Noto Serif\", serif; color: #000 }\n\
         .page { display: grid; grid-template-columns: 105mm 105mm; grid-auto-rows: 74mm; break-after: page }\n\
         .page:last-child { break-after: auto }\n\
         .slip { box-sizing: border-box; padding: 6mm 7mm; border: 0.2mm dashed #888; overflow: hidden }\n\
         h2 { margin: 0 0 1.5mm; font-size: 11pt }\n\
         p { margin: 0 0 1mm; overflow-wrap: anywhere }\n\
         .code { font: bold 15pt/1.5 \"DejaVu Sans Mono\", Consolas, monospace; white-space: nowrap }\n\
         small { font-size: 8.5pt }\n\
         </style>\n",
    );
    for slips in slips.chunks(ON_A_PAGE) {
        html.push_str("<div class=\"page\">\n");
        for slip in slips {
            let place = match address {
                Some(address) => format!("Mở <b>{}/activate</b> và gõ mã:", escaped(address.trim_end_matches('/'))),
                None => "Mở trang kích hoạt mà nhà trường cho biết và gõ mã:".to_owned(),
            };
            let _ = write!(
                html,
                "<div class=\"slip\">\n<h2>Phiếu kích hoạt – Học bạ số</h2>\n\
                 <p>Trường {} · <b>{}</b></p>\n<p>Tên đăng nhập: <b>{}</b></p>\n<p>{place}</p>\n\
                 <p class=\"code\">{}</p>\n<p>Dùng được đến {}, một lần.</p>\n\
                 <p><small>Trao tận tay, không chụp ảnh, không gửi qua tin nhắn. Mất phiếu: báo quản trị trường để làm phiếu mới, \
                 phiếu cũ hết tác dụng ngay.</small></p>\n</div>\n",
                escaped(school),
                escaped(&slip.name),
                escaped(&slip.login),
                escaped(&slip.code),
                date_time(slip.expires_at),
            );
        }
        html.push_str("</div>\n");
    }
    html.push_str("</html>\n");
    html
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use hocba_record::{encoding::RecordId, types::UnixTime};

    use super::*;

    fn slip(n: u8, name: &str) -> Slip {
        Slip {
            account: RecordId::from_bytes([n; 16]),
            login: format!("gv{n}"),
            name: name.to_owned(),
            code: format!("0000-0000-0000-00{n:02}"),
            expires_at: UnixTime::from_seconds(1_800_000_000).expect("a time"),
        }
    }

    #[test]
    fn nine_slips_are_two_pages_and_each_has_what_its_owner_needs() {
        let slips: Vec<Slip> = (1..=9).map(|n| slip(n, "Nguyễn Thị Ánh")).collect();
        let html = page(&slips, "79DEMO001", Some("https://hocba.example.vn/"));
        assert_eq!(html.matches("<div class=\"page\">").count(), 2);
        assert_eq!(html.matches("<div class=\"slip\">").count(), 9);
        for slip in &slips {
            assert!(html.contains(&slip.code) && html.contains(&format!("<b>{}</b>", slip.login)), "{}", slip.login);
        }
        for text in ["https://hocba.example.vn/activate", "79DEMO001", "Nguyễn Thị Ánh", "15/01/2027"] {
            assert!(html.contains(text), "{text}");
        }
        assert_eq!(html.matches("<div").count(), html.matches("</div>").count());
        assert!(!html.contains("<script") && !html.contains("src="), "it loads nothing");
    }

    #[test]
    fn a_name_is_text_whatever_is_in_it() {
        let html = page(&[slip(1, "<img src=x onerror='alert(1)'> & \"B\"")], "79DEMO001", None);
        assert!(!html.contains("<img"));
        assert!(html.contains("&lt;img src=x onerror=&#39;alert(1)&#39;&gt; &amp; &quot;B&quot;"));
    }
}
