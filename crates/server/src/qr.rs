//! QR codes, for paper and for a terminal.
//!
//! Error correction M mends 15 % of the modules: enough for a fold or a stamp across the code; Q and H would make the
//! modules of the same square smaller, which costs cheap cameras more than the mending gains.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code (ISO/IEC 18004 §5.3.8 asks for four).
const QUIET: usize = 4;

/// The text is longer than a QR code of level M holds (2331 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes are too long for a QR code of error correction M")]
pub struct TooLong {
    /// Bytes given.
    pub length: usize,
}

/// A QR code.
#[derive(Debug, Clone)]
pub struct Qr {
    /// Modules of one side, quiet zone not counted.
    width: usize,
    dark: Vec<bool>,
}

/// How a terminal shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// Sets black on white itself, whatever the terminal's colours are.
    Colours,
    /// Characters only; right on a dark background, which most terminals have.
    Plain,
}

impl Qr {
    /// The code of a text.
    ///
    /// ```
    /// let qr = hocba_server::qr::Qr::of("https://hocba.example.vn/v#AAAA")?;
    /// assert!(qr.svg("Mã QR").starts_with("<svg "));
    /// # Ok::<(), hocba_server::qr::TooLong>(())
    /// ```
    ///
    /// # Errors
    /// When the text is too long.
    pub fn of(text: &str) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong { length: text.len() })?;
        Ok(Self { width: code.width(), dark: code.to_colors().into_iter().map(|c| c == Color::Dark).collect() })
    }

    /// The module at this place of the printed square, quiet zone included; light outside.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        match (x.checked_sub(QUIET), y.checked_sub(QUIET)) {
            (Some(x), Some(y)) if x < self.width => self.dark.get(y * self.width + x).copied().unwrap_or(false),
            _ => false,
        }
    }

    fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// As SVG, one unit for each module, black on white whatever the page's colours are. The title is what a screen
    /// reader says; it is escaped here.
    pub fn svg(&self, title: &str) -> String {
        let side = self.side();
        let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let mut path = String::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let run = (x..side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
             shape-rendering=\"crispEdges\"><title>{title}</title><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
             <path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }

    /// As lines for a terminal, two modules to each character.
    pub fn terminal(&self, how: Terminal) -> String {
        let mut lines = String::new();
        for y in (0..self.side()).step_by(2) {
            if how == Terminal::Colours {
                lines.push_str("\x1b[30;107m");
            }
            for x in 0..self.side() {
                // Below the last line of an odd side there is nothing: light.
                let (upper, lower) = (self.is_dark(x, y), self.is_dark(x, y + 1));
                // On white paper the dark modules are drawn; on a dark screen the light ones.
                let drawn = if how == Terminal::Colours { (upper, lower) } else { (!upper, !lower) };
                lines.push(match drawn {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            if how == Terminal::Colours {
                lines.push_str("\x1b[0m");
            }
            lines.push('\n');
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://hocba.example.vn/v#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

    /// Reads a square of modules with a decoder that shares no code with the encoder, four pixels to a module.
    fn decode(side: usize, dark: impl Fn(usize, usize) -> bool) -> String {
        let pixels = side * 4;
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(
                pixels,
                pixels,
                |x, y| {
                    if dark(x / 4, y / 4) { 0 } else { 255 }
                },
            );
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one code is seen");
        grids[0].decode().expect("it decodes").1
    }

    #[test]
    fn the_svg_decodes_to_the_link() {
        let svg = Qr::of(LINK).expect("short").svg("Mã QR <của> học bạ");
        assert!(svg.contains("<title>Mã QR &lt;của&gt; học bạ</title>"));
        let side: usize = svg
            .split("viewBox=\"0 0 ")
            .nth(1)
            .and_then(|s| s.split(' ').next())
            .expect("a box")
            .parse()
            .expect("number");
        // The drawn runs, read back from the path.
        let path = svg.rsplit("d=\"").next().and_then(|s| s.split('"').next()).expect("a path");
        let mut dark = vec![false; side * side];
        for run in path.split('z').filter(|run| !run.is_empty()) {
            let (place, run) = run.trim_start_matches('M').split_once('h').expect("a run");
            let (x, y) = place.split_once(' ').expect("two coordinates");
            let (x, y): (usize, usize) = (x.parse().expect("x"), y.parse().expect("y"));
            let length: usize = run.split('v').next().expect("a length").parse().expect("number");
            dark[y * side + x..][..length].fill(true);
        }
        assert_eq!(decode(side, |x, y| dark[y * side + x]), LINK);
    }

    #[test]
    fn both_terminal_renderings_decode_to_the_link() {
        for how in [Terminal::Colours, Terminal::Plain] {
            let text = Qr::of(LINK).expect("short").terminal(how).replace("\x1b[30;107m", "").replace("\x1b[0m", "");
            let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
            let side = lines[0].len();
            let seen = |x: usize, y: usize| {
                let upper = y.is_multiple_of(2);
                let drawn = match lines[y / 2][x] {
                    '█' => true,
                    '▀' => upper,
                    '▄' => !upper,
                    _ => false,
                };
                drawn == (how == Terminal::Colours)
            };
            assert_eq!(decode(side, seen), LINK, "{how:?}");
        }
    }

    #[test]
    fn a_text_that_no_code_holds_is_refused() {
        assert_eq!(Qr::of(&"a".repeat(2332)).err(), Some(TooLong { length: 2332 }));
    }
}
