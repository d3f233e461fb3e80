use hooklane_domain::Timestamp;
use hooklane_domain::access::portal::Logo;

use crate::ports::LogoStore;

/// A logo is found by the hash of what it is, and by no other, until the time that was said last.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn logos<S: LogoStore>(store: &S, salt: u128) {
    let logo = |width: u128| {
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 10"><!-- {salt} --></svg>"#
        );
        Logo::of(svg.into_bytes()).unwrap()
    };
    let (ours, other) = (logo(20), logo(30));
    let second = |number: i64| Timestamp::from_second(4_000_000_000 + number).unwrap();
    assert_eq!(store.logo(&ours.mark().hash).await.unwrap(), None);
    for until in [second(1), second(9)] {
        store.keep_logo(&ours, until).await.unwrap();
        assert_eq!(store.logo(&ours.mark().hash).await.unwrap(), Some((ours.clone(), until)));
    }
    assert_eq!(store.logo(&other.mark().hash).await.unwrap(), None);
}
