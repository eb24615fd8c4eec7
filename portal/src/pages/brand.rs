//! Whose pages they are: name, colour and logo.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// The organisation whose applications people come to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Brand {
    /// Its name, as people know it.
    pub name: String,
    /// The colour of its main buttons; `None` for that of the style.
    pub colour: Option<Colour>,
    /// Shown instead of the name.
    pub logo: Option<Logo>,
}

/// A colour, as `#rrggbb` says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// A picture that a page carries within itself.
#[derive(Clone, Eq, PartialEq)]
pub struct Logo {
    media_type: MediaType,
    bytes: Vec<u8>,
}

/// What a logo may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MediaType {
    /// `image/png`
    Png,
    /// `image/svg+xml`. Browsers run no script in a picture and load nothing for it.
    Svg,
}

/// Why a colour or a logo cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BrandFault {
    /// Not `#rrggbb`.
    #[error("not a colour; expected `#` and six hexadecimal digits, such as `#1f5199`")]
    NotAColour,
    /// Neither of the kinds of picture.
    #[error("not a PNG or SVG picture; convert the logo to one of the two")]
    NotAPicture,
    /// Every page carries the logo.
    #[error("larger than 128 KiB, and every page carries the logo; make the picture smaller")]
    TooLarge,
}

/// What templates get as `brand`.
#[derive(Serialize)]
pub(super) struct BrandValues<'a> {
    name: &'a str,
    logo: Option<&'a str>,
}

impl Colour {
    /// Black or white, whichever is read more easily on this colour.
    ///
    /// At least 4.5:1 on every colour: the two are equally far away at a luminance of 0.179, where both give 4.58:1.
    #[must_use]
    pub fn text_on(self) -> Self {
        let (white, black) = (Self::grey(255), Self::grey(0));
        if self.contrast(white) >= self.contrast(black) {
            white
        } else {
            black
        }
    }

    /// The contrast ratio of WCAG 2.2: from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Relative luminance of WCAG 2.2: from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let Self { red, green, blue } = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    const fn grey(part: u8) -> Self {
        Self {
            red: part,
            green: part,
            blue: part,
        }
    }
}

impl FromStr for Colour {
    type Err = BrandFault;

    fn from_str(text: &str) -> Result<Self, BrandFault> {
        let digits = text.strip_prefix('#').ok_or(BrandFault::NotAColour)?;
        // `from_str_radix` would take a sign.
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(BrandFault::NotAColour);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| BrandFault::NotAColour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue } = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Logo {
    /// The picture in these bytes, whatever their file is called.
    ///
    /// # Errors
    /// Where they are no PNG or SVG picture, or too large for a page.
    pub fn new(bytes: Vec<u8>) -> Result<Self, BrandFault> {
        let media_type = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            MediaType::Png
        } else if is_svg(&bytes) {
            MediaType::Svg
        } else {
            return Err(BrandFault::NotAPicture);
        };
        if bytes.len() > LARGEST_LOGO {
            return Err(BrandFault::TooLarge);
        }
        Ok(Self { media_type, bytes })
    }

    /// What kind of picture it is.
    #[must_use]
    pub const fn media_type(&self) -> MediaType {
        self.media_type
    }

    /// The picture as a `data:` URI.
    pub(super) fn data_uri(&self) -> String {
        let media_type = match self.media_type {
            MediaType::Png => "image/png",
            MediaType::Svg => "image/svg+xml",
        };
        format!("data:{media_type};base64,{}", STANDARD.encode(&self.bytes))
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({:?}, {} bytes)", self.media_type, self.bytes.len())
    }
}

impl<'a> BrandValues<'a> {
    pub(super) const fn new(name: &'a str, logo: Option<&'a str>) -> Self {
        Self { name, logo }
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('<') && text.contains("<svg")
}

/// A logo drawn for a page is a few KiB. This is sent with every page, also where somebody asks for thousands.
const LARGEST_LOGO: usize = 128 * 1024;
