use proptest::prelude::*;

use super::*;

/// A picture of one pixel, whole.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\
    \0\0\0\nIDATx\x9cch\0\0\0\x82\0\x81w\xcdr\xb6\0\0\0\0IEND\xaeB`\x82";

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = PIXEL.to_vec();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

fn svg(attributes: &str, content: &str) -> Vec<u8> {
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{content}</svg>"#).into_bytes()
}

fn url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", STANDARD.encode(bytes))
}

fn sides(logo: &Logo) -> (u16, u16) {
    (logo.mark().width, logo.mark().height)
}

#[test]
fn a_png_and_an_svg_are_taken_with_their_proportions() {
    let logo: Logo = url("image/png", &png(640, 160)).parse().unwrap();
    assert_eq!((logo.media_type(), sides(&logo)), ("image/png", (640, 160)));
    assert_eq!(logo.bytes(), png(640, 160));
    for (attributes, wanted) in [
        (r#"viewBox="0 0 120 30""#, (1_000, 250)),
        (r#"viewBox="-5,-5 , 10.5 21" width="100%""#, (500, 1_000)),
        (r#"width="48px" height="48""#, (1_000, 1_000)),
        (r#"viewBox="none" width="2" height="1""#, (1_000, 500)),
        (r#"viewBox="0 0 1000000 1""#, (1_000, 1)),
    ] {
        let bytes = svg(attributes, "<style>path{fill:red}</style><path d='M0 0h9'/>");
        let logo: Logo = url("image/svg+xml", &bytes).parse().unwrap();
        assert_eq!((logo.media_type(), sides(&logo)), ("image/svg+xml", wanted), "{attributes}");
    }
    let drawn = r#"<?xml version="1.0" encoding="utf-8"?>
        <!-- drawn by hand -->
        <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
        <svg viewBox="0 0 2 1" xmlns="http://www.w3.org/2000/svg"><g><path d="M0 0"/></g></svg>
        "#;
    assert_eq!(sides(&Logo::of(drawn.as_bytes().to_vec()).unwrap()), (1_000, 500));
}

#[test]
fn what_is_no_picture_is_refused() {
    let behind = [PIXEL, b"<script>alert(1)</script>"].concat();
    let header_only = [&PIXEL[..33], b"<!doctype html><script>alert(1)</script>"].concat();
    let headless = [png::SIGNATURE, &PIXEL[33..]].concat();
    for (bytes, why) in [
        (behind, "something stands behind it"),
        (header_only, "a page under the header of a picture"),
        (headless, "no header"),
        (PIXEL[..PIXEL.len() - 1].to_vec(), "the end is missing"),
        (png(0, 9), "no width"),
        (png(9, 4_097), "too high"),
        (png(u32::MAX, 1), "far too wide"),
    ] {
        assert_eq!(Logo::of(bytes), Err(NoLogo::Png), "{why}");
    }
    let view = r#"viewBox="0 0 4 3""#;
    for (bytes, why) in [
        (svg(view, "<script>alert(1)</script>"), "it holds scripts"),
        (svg(view, r#"<SCRIPT href="//evil.example/x"/>"#), "it holds scripts"),
        (svg(view, r#"<x:script xmlns:x="http://www.w3.org/2000/svg"/>"#), "it holds scripts"),
        (svg(&format!(r#"{view} onload="alert(1)""#), ""), "it holds scripts"),
        (svg(view, r#"<g OnClick="alert(1)"/>"#), "it holds scripts"),
        (svg(view, "<g>"), "it is not whole"),
        (svg(view, "</svg><svg>"), "it is not well-formed XML"),
        (svg(view, "</svg></svg>"), "it is not well-formed XML"),
        (svg(view, "<g x=1/>"), "it is not well-formed XML"),
        (svg("", ""), "its root has neither a viewBox nor width and height in pixels"),
        (
            svg(r#"viewBox="0 0 0 3""#, ""),
            "its root has neither a viewBox nor width and height in pixels",
        ),
        (
            svg(r#"width="NaN" height="inf""#, ""),
            "its root has neither a viewBox nor width and height in pixels",
        ),
        (b"<html><body/></html>".to_vec(), "its root is not <svg>"),
        (
            b"<svg viewBox='0 0 1 1'/>".to_vec(),
            "its root lacks xmlns=\"http://www.w3.org/2000/svg\"",
        ),
        (b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg/>".to_vec(), "it declares entities"),
        (b"GIF89a\x01\0\x01\0\0\xff\0,".to_vec(), "it is not UTF-8"),
        (b"%PDF-1.7".to_vec(), "it is not well-formed XML"),
        (Vec::new(), "it is not whole"),
    ] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(Logo::of(bytes), Err(NoLogo::Svg(why)), "{text}");
    }
}

#[test]
fn a_text_is_a_logo_only_as_a_data_url_that_says_what_it_is() {
    let read = |text: &str| text.parse::<Logo>().map(|_| ());
    let picture = svg(r#"viewBox="0 0 4 3""#, "");
    for text in [
        "",
        "https://shop.example/logo.png",
        "data:,x",
        "data:image/png,AAAA",
        &url("image/jpeg", PIXEL),
        &url("image/webp", PIXEL),
        &url("text/html", b"<p>"),
        &url("image/svg+xml;charset=utf-8", &picture),
        &url("IMAGE/PNG", PIXEL),
    ] {
        assert_eq!(read(text), Err(NoLogo::Form), "{text}");
    }
    for text in [
        "data:image/png;base64,iVBORw0KGgo",
        "data:image/png;base64,%89PNG",
        "data:image/png;base64,AA A",
    ] {
        assert_eq!(read(text), Err(NoLogo::Base64), "{text}");
    }
    assert_eq!(read(&url("image/png", &picture)), Err(NoLogo::Png));
    assert_eq!(read(&url("image/svg+xml", PIXEL)), Err(NoLogo::Svg("it is a PNG")));
}

#[test]
fn a_logo_has_32_kib_at_most() {
    let of_size = |size: usize| {
        let empty = svg(r#"viewBox="0 0 4 3""#, "").len();
        svg(r#"viewBox="0 0 4 3""#, &" ".repeat(size - empty))
    };
    let read =
        |bytes: &[u8]| url("image/svg+xml", bytes).parse::<Logo>().map(|logo| logo.bytes().len());
    assert_eq!(read(&of_size(MAX_LOGO_BYTES)), Ok(MAX_LOGO_BYTES));
    assert_eq!(read(&of_size(MAX_LOGO_BYTES + 1)), Err(NoLogo::Size));
    assert_eq!(read(&of_size(2 * MAX_LOGO_BYTES)), Err(NoLogo::Size));
    assert_eq!(NoLogo::Size.to_string(), "is larger than 32 KiB");
}

#[test]
fn a_mark_is_read_back_and_nothing_else_is_one() {
    let mark = Logo::of(PIXEL.to_vec()).unwrap().mark().clone();
    let text = String::from(mark.clone());
    assert_eq!(text.parse(), Ok(mark.clone()));
    assert_ne!(mark.hash, Logo::of(png(2, 1)).unwrap().mark().hash);
    let hash = mark.hash.to_string();
    for wrong in [
        "",
        "1.1",
        &hash,
        &format!("{hash}.0.1"),
        &format!("{hash}.1.x"),
        &format!("../{hash}.1.1"),
    ] {
        assert!(wrong.parse::<LogoMark>().is_err(), "{wrong}");
    }
    for wrong in
        [hash.to_uppercase(), hash[1..].to_owned(), format!("{hash}0"), "\u{e9}".repeat(16)]
    {
        assert!(wrong.parse::<LogoHash>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_bytes_end_the_reading(mut bytes in prop::collection::vec(any::<u8>(), 0..200), as_png: bool) {
        if as_png {
            bytes.splice(0..0, png::SIGNATURE.iter().copied());
        }
        let _ = Logo::of(bytes);
    }

    #[test]
    fn no_text_ends_the_reading(text in "[<>/!?\\[\\]a-z\"'= &;:-]{0,80}") {
        let _ = Logo::of(text.into_bytes());
    }
}
