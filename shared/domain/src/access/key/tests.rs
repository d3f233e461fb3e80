use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;
use crate::access::scope::Scope;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn secret(byte: u8) -> KeySecret {
    KeySecret::new([byte; 32])
}

fn key() -> Key {
    Key {
        id: KeyId::new(at(0), 1),
        tenant: "acme".parse().unwrap(),
        name: "CI".parse().unwrap(),
        scopes: [Scope::PublishEvents].into_iter().collect(),
        hash: secret(1).hash(),
        former: None,
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
        revision: 1,
    }
}

fn text(tenant: &str, byte: u8) -> String {
    let (tenant, id) = (tenant.parse().unwrap(), KeyId::new(at(0), 1));
    KeyText { tenant, id, secret: secret(byte) }.write().expose_secret().to_owned()
}

#[test]
fn a_key_is_valid_with_its_secret_until_it_expires() {
    let lasting = key();
    let expiring = Key { expires_at: Some(at(100)), ..key() };
    let retiring = FormerSecret { hash: secret(2).hash(), until: at(50) };
    let rotated = Key { former: Some(retiring.clone()), ..key() };
    let both = Key { former: Some(retiring), expires_at: Some(at(20)), ..key() };
    let (wrong, expired) = (Err(InvalidKey::Secret), Err(InvalidKey::Expired));
    for (case, key, with, now, expected) in [
        ("its secret", &lasting, 1, 0, Ok(())),
        ("its secret, much later", &lasting, 1, 9_000_000_000, Ok(())),
        ("another secret", &lasting, 2, 0, wrong),
        ("just before the expiry", &expiring, 1, 99, Ok(())),
        ("at the expiry", &expiring, 1, 100, expired),
        ("another secret, expired", &expiring, 2, 100, wrong),
        ("the former secret in the overlap", &rotated, 2, 49, Ok(())),
        ("the former secret after it", &rotated, 2, 50, wrong),
        ("the new secret in the overlap", &rotated, 1, 49, Ok(())),
        ("the new secret after it", &rotated, 1, 50, Ok(())),
        ("a third secret in the overlap", &rotated, 3, 49, wrong),
        ("the former secret of an expired key", &both, 2, 20, expired),
    ] {
        assert_eq!(key.verify(&secret(with), at(now)), expected, "{case}");
    }
}

#[test]
fn a_rotation_keeps_the_old_secret_until_its_overlap_ends() {
    let overlap = |seconds| Overlap::from_seconds(seconds).unwrap();
    let once = key().rotated(&secret(2), overlap(60), at(100)).unwrap();
    for (with, now, valid) in
        [(1, 100, true), (1, 159, true), (1, 160, false), (2, 100, true), (2, 160, true)]
    {
        assert_eq!(once.verify(&secret(with), at(now)).is_ok(), valid, "{with} at {now}");
    }
    let again = once.clone().rotated(&secret(3), overlap(60), at(159));
    assert_eq!(again, Err(Overlapping(at(160))));
    let leaked = once.clone().rotated(&secret(3), overlap(0), at(101)).unwrap();
    for old in [1, 2] {
        assert_eq!(leaked.verify(&secret(old), at(101)), Err(InvalidKey::Secret));
    }
    assert_eq!(leaked.verify(&secret(3), at(101)), Ok(()));
    let later = once.rotated(&secret(3), overlap(60), at(160)).unwrap();
    assert_eq!(later.former.map(|former| former.until), Some(at(220)));
}

#[test]
fn a_use_is_noted_once_in_an_hour() {
    assert!(key().use_is_due(at(0)));
    let used = Key { last_used_at: Some(at(1_000)), ..key() };
    for (now, due) in [(900, false), (1_000, false), (4_599, false), (4_600, true)] {
        assert_eq!(used.use_is_due(at(now)), due, "{now}");
    }
}

#[test]
fn a_key_is_written_with_all_that_finds_it() {
    let written = text("acme", 7);
    let id = "key_00000000000000000000000001";
    let encoded = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    assert_eq!(written, format!("hlk_acme_{id}_{encoded}_{}", &written[written.len() - 6..]));
    // Tenants may have any of the characters that separate the parts.
    for tenant in ["a", "_", "-", "hlk_acme", "a_key_1", "__-__", &"x".repeat(64)] {
        let read = KeyText::parse(&text(tenant, 7)).unwrap();
        assert_eq!((read.tenant.as_str(), read.id.to_string().as_str()), (tenant, id));
        assert_eq!(read.secret.hash(), secret(7).hash(), "{tenant}");
    }
}

#[test]
fn what_is_not_whole_is_no_key() {
    let whole = text("acme", 7);
    for length in 0..whole.len() {
        assert!(KeyText::parse(&whole[..length]).is_none(), "{length} bytes");
    }
    for (what, text) in [
        ("longer", format!("{whole}a")),
        ("another prefix", whole.replacen("hlk_", "hlx_", 1)),
        ("another tenant", whole.replacen("acme", "acmf", 1)),
        ("upper case", whole.to_uppercase()),
        ("a space", format!(" {whole}")),
        ("far too long", format!("hlk_{}_{}", "x".repeat(100_000), &whole[4..])),
        ("not ASCII", format!("hlk_é{}", "é".repeat(60))),
    ] {
        assert!(KeyText::parse(&text).is_none(), "{what}");
    }
}

/// Equality of hashes is that of `subtle`, so no comparison of secrets ends early.
#[test]
fn hashes_compare_in_constant_time_and_print_nothing() {
    let (one, other) = (secret(1).hash(), secret(2).hash());
    assert_ne!(one, other);
    assert_eq!(one.to_string().parse(), Ok(one));
    for bad in ["", "00", "zz", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
        assert_eq!(bad.parse::<SecretHash>(), Err(InvalidHash), "{bad}");
    }
    let shown = format!("{:?} {:?}", key(), secret(1));
    assert!(!shown.contains(&one.to_string()) && !shown.contains("[1, 1"), "{shown}");
    let source = include_str!("secret.rs");
    assert!(source.contains("self.0.ct_eq(&other.0).into()"));
}

#[test]
fn a_name_is_short_and_printable() {
    for good in ["a", "Café № 1", " ", &"é".repeat(100)] {
        assert!(good.parse::<KeyName>().is_ok(), "{good}");
    }
    for bad in ["", "a\nb", "\u{7f}", &"a".repeat(101)] {
        assert_eq!(bad.parse::<KeyName>(), Err(InvalidName), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_key_reads_back(tenant in "[A-Za-z0-9_-]{1,64}", bytes: [u8; 32], random: u128) {
        let id = KeyId::new(at(1_705_314_600), random);
        let written = KeyText { tenant: tenant.parse().unwrap(), id, secret: KeySecret::new(bytes) }.write();
        let read = KeyText::parse(written.expose_secret()).unwrap();
        prop_assert_eq!((read.tenant.as_str(), read.id), (tenant.as_str(), id));
        prop_assert_eq!(read.secret.hash(), KeySecret::new(bytes).hash());
    }

    #[test]
    fn any_other_text_is_no_key(text in "(hlk_)?\\PC{0,200}") {
        prop_assert!(KeyText::parse(&text).is_none());
    }

    /// The checksum finds every change of one character.
    #[test]
    fn a_changed_key_is_no_key(at_char in 0usize..200, with in "[A-Za-z0-9_-]") {
        let whole = text("acme", 7);
        let at_char = at_char % whole.len();
        let mut changed = whole.clone();
        changed.replace_range(at_char..=at_char, &with);
        prop_assume!(changed != whole);
        prop_assert!(KeyText::parse(&changed).is_none());
    }
}
