use super::super::{Brand, BrandFault, Colour, Logo, MediaType, Page, Pages};
use super::english;

#[test]
fn a_colour_is_six_digits_and_nothing_else() {
    let parsed: Result<Colour, _> = "#0A5f99".parse();
    assert_eq!(parsed.unwrap().to_string(), "#0a5f99");
    for wrong in [
        "",
        "#",
        "0a5f99",
        "#0a5",
        "#0a5f9",
        "#0a5f999",
        "#0a5f9g",
        "#+a5f99",
        "red",
        "#åå5",
        " #0a5f99",
        "#0a5f99;}",
    ] {
        let parsed: Result<Colour, _> = wrong.parse();
        assert_eq!(parsed, Err(BrandFault::NotAColour), "{wrong}");
    }
}

#[test]
fn text_on_any_colour_can_be_read() {
    for number in (0..0x0100_0000_u32).step_by(997) {
        let colour: Colour = format!("#{number:06x}").parse().unwrap();
        let contrast = colour.contrast(colour.text_on());
        assert!(contrast >= 4.5, "{colour}: {contrast}");
    }
    let on = |colour: &str| colour.parse::<Colour>().unwrap().text_on().to_string();
    assert_eq!(on("#ffff00"), "#000000");
    assert_eq!(on("#1f5199"), "#ffffff");
}

#[test]
fn a_logo_is_what_its_bytes_say() {
    let kind = |bytes: &[u8]| Logo::new(bytes.to_vec()).map(|logo| logo.media_type());
    assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Ok(MediaType::Png));
    assert_eq!(
        kind(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        Ok(MediaType::Svg)
    );
    assert_eq!(
        kind("\u{feff}<?xml version='1.0'?>\n<svg/>".as_bytes()),
        Ok(MediaType::Svg)
    );
    for wrong in [
        &b""[..],
        b"GIF89a",
        b"\xff\xd8\xff",
        b"hello <svg",
        b"<svg \xff",
    ] {
        assert_eq!(kind(wrong), Err(BrandFault::NotAPicture));
    }
    let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
    large.resize(128 * 1024 + 1, 0);
    assert_eq!(kind(&large), Err(BrandFault::TooLarge));
}

#[test]
fn a_brand_is_seen_on_the_page() {
    let brand = Brand {
        name: "Contoso".to_owned(),
        colour: Some("#ffd400".parse().unwrap()),
        logo: Some(Logo::new(b"<svg/>".to_vec()).unwrap()),
    };
    let pages = Pages::new(brand, []).unwrap();
    let html = pages.render(&Page::NotKept { path: "/" }, &english()).html;
    assert!(html.contains(
        "<img class=\"logo\" src=\"data:image/svg+xml;base64,PHN2Zy8+\" alt=\"Contoso\">"
    ));
    assert!(html.contains(":root{--brand:#ffd400;--on-brand:#000000}"));
    assert!(!html.contains("class=\"organisation\""));
}
