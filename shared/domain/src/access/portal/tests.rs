use super::*;
use crate::access::scope::Scope;
use crate::access::token::TokenClaims;
use proptest::prelude::*;

const KEY: &str = "the-key-that-signs";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ring() -> KeyRing {
    KeyRing::parse(KEY).unwrap()
}

fn mark() -> LogoMark {
    let picture = br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"/>"#;
    Logo::of(picture.to_vec()).unwrap().mark().clone()
}

fn link() -> Pass {
    Pass {
        tenant: "acme".parse().unwrap(),
        access: Access::Manage,
        issued_at: at(1_000),
        expires_at: at(1_300),
        generation: 2,
        form: None,
        look: Look {
            mode: Mode::Dark,
            accent: Some("#0a5a76".parse().unwrap()),
            name: Some("Fernhill".to_owned()),
            locale: Some("de-CH".parse().unwrap()),
            zone: Some("Europe/Zurich".to_owned()),
            accent_dark: None,
            font: Font::Serif,
            logo: Some(mark()),
            logo_dark: Some(mark()),
        },
        back: Some("https://shop.example/settings".parse().unwrap()),
        delivery: None,
        operator: None,
    }
}

fn delivery() -> DeliveryId {
    let webhook = crate::ids::WebhookId::new(at(1), 7);
    DeliveryId::new(webhook, at(2), "e1".parse().unwrap())
}

/// One pass for each purpose.
fn passes() -> [(Purpose, Pass); 3] {
    let session = link().session(FormToken::new(7), at(1_100));
    let share = session.share(delivery(), at(1_100), SignedDuration::from_hours(1));
    [(Purpose::Link, link()), (Purpose::Session, session), (Purpose::Share, share)]
}

#[test]
fn a_pass_says_what_it_was_signed_with_until_it_expires() {
    for (purpose, pass) in passes() {
        let text = pass.sign(purpose, &KEY.into());
        let last = pass.expires_at - SignedDuration::from_secs(1);
        assert_eq!(Pass::verify(purpose, &text, &ring(), last), Ok(pass.clone()));
        let late = Pass::verify(purpose, &text, &ring(), pass.expires_at);
        assert_eq!(late, Err(InvalidToken::Expired));
        let other = KeyRing::parse("another-key-that-signs").unwrap();
        let refused = Pass::verify(purpose, &text, &other, at(1_100));
        assert_eq!(refused, Err(InvalidToken::Signature));
    }
}

#[test]
fn no_pass_and_no_token_stands_for_another() {
    let claims = TokenClaims {
        tenant: "acme".parse().unwrap(),
        scopes: [Scope::WriteWebhooks].into_iter().collect(),
        issued_at: at(1_000),
        expires_at: at(9_000),
        generation: 2,
    };
    let token = claims.sign(&KEY.into());
    for purpose in Purpose::ALL {
        let read = Pass::verify(purpose, &token, &ring(), at(1_100));
        assert_eq!(read, Err(InvalidToken::Shape), "{purpose:?} of a token");
    }
    for (purpose, pass) in passes() {
        let text = pass.sign(purpose, &KEY.into());
        let read = TokenClaims::verify(&text, &ring(), at(1_100));
        assert_eq!(read, Err(InvalidToken::Shape), "a token of {purpose:?}");
        for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
            let read = Pass::verify(other, &text, &ring(), at(1_100));
            assert_eq!(read, Err(InvalidToken::Shape), "{other:?} of {purpose:?}");
            // Also not if the signer mistook its purpose.
            let mistaken = pass.sign(other, &KEY.into());
            let read = Pass::verify(other, &mistaken, &ring(), at(1_100));
            assert_eq!(read, Err(InvalidToken::Shape), "{purpose:?} signed as {other:?}");
        }
    }
}

#[test]
fn a_shared_link_only_reads_one_delivery_and_leads_nowhere_else() {
    let [_, (_, session), (_, share)] = passes();
    assert_eq!(session.access, Access::Manage);
    assert_eq!((share.access, share.form, share.back), (Access::Read, None, None));
    assert_eq!(share.delivery, Some(delivery()));
    assert_eq!((share.look.logo, share.look.logo_dark), (None, None), "it is served to a session");
    assert_eq!((session.look.logo.as_ref(), share.look.font), (Some(&mark()), Font::Serif));
    assert_eq!(share.expires_at, at(1_100 + 3_600));
}

#[test]
fn a_session_lasts_eight_hours_from_its_exchange() {
    let session = link().session(FormToken::new(7), at(1_100));
    assert_eq!(session.expires_at, at(1_100 + 8 * 3_600));
    assert_eq!(session.issued_at, at(1_100));
}

/// A pass must fit into a cookie, with everything that its link may say.
#[test]
fn the_longest_session_fits_into_a_cookie() {
    let long = |count: usize| "x".repeat(count);
    let pass = Pass {
        tenant: long(64).parse().unwrap(),
        back: Some(format!("https://shop.example/{}", long(MAX_RETURN_OF_TEST)).parse().unwrap()),
        look: Look { name: Some("ü".repeat(40)), zone: Some(long(64)), ..link().look },
        ..link()
    };
    let session = pass.session(FormToken::new(u128::MAX), at(1_100));
    let text = session.sign(Purpose::Session, &KEY.into());
    assert!(text.len() < MAX_PASS_BYTES, "{}", text.len());
    assert!(Pass::verify(Purpose::Session, &text, &ring(), at(1_100)).is_ok());
}

const MAX_RETURN_OF_TEST: usize = 490;

#[test]
fn a_form_token_is_only_itself_and_is_not_shown() {
    let token = FormToken::new(0xabcd);
    assert!(token.is("0000000000000000000000000000abcd"));
    for other in ["", "abcd", "0000000000000000000000000000abce"] {
        assert!(!token.is(other), "{other}");
    }
    assert!(!format!("{token:?}").contains("abcd"));
}

#[test]
fn an_accent_is_taken_only_if_text_in_it_can_be_read() {
    let accent = |text: &str| text.parse::<Accent>().unwrap();
    assert!(accent("#0a5a76").on_light().is_ok());
    assert!(accent("#83cbe4").on_dark().is_ok());
    let faint = accent("#83cbe4").on_light().unwrap_err().to_string();
    assert_eq!(faint, "has a contrast of 1.6:1 on the page; text needs at least 4.5:1");
    assert!(accent("#0a5a76").on_dark().is_err());
    assert_eq!(accent("#0a5a76").text(), Accent::WHITE);
    assert_ne!(accent("#ffdd00").text(), Accent::WHITE);
    let most = accent("#000000").contrast(Accent::WHITE);
    assert!((most - 21.0).abs() < 1e-9, "{most}");
    for text in ["", "0a5a76", "#0a5a7", "#0a5a76f", "#+a5a76", "red", "#ggg000"] {
        assert!(text.parse::<Accent>().is_err(), "{text}");
    }
}

#[test]
fn locales_and_addresses_back_are_read_strictly() {
    for text in ["de", "en-GB", "gsw-CH", "es-419"] {
        assert!(text.parse::<Locale>().is_ok(), "{text}");
    }
    for text in ["", "d", "english", "de_CH", "de-", "de-C", "de-CH-x", "\"><script>"] {
        assert!(text.parse::<Locale>().is_err(), "{text}");
    }
    for text in ["https://shop.example/a?b=c", "http://localhost:3000/", "http://127.0.0.1/x"] {
        assert!(text.parse::<ReturnUrl>().is_ok(), "{text}");
    }
    for text in [
        "",
        "/settings",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://shop.example/",
        "https://user:pass@shop.example/",
        "https://",
    ] {
        assert!(text.parse::<ReturnUrl>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_other_text_is_no_pass(text in "\\PC{0,200}") {
        for purpose in Purpose::ALL {
            prop_assert!(Pass::verify(purpose, &text, &ring(), at(0)).is_err());
        }
    }
}
