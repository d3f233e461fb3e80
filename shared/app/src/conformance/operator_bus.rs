use hooklane_domain::isolation::notice::Notice;

use super::samples::at;
use crate::ports::OperatorBus;

/// What the bus has been told.
pub trait Heard {
    /// The details of all notices that were heard so far.
    fn heard(&self) -> impl Future<Output = Vec<String>>;
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
fn notice(n: usize, padding: usize) -> Notice {
    let padding = "x".repeat(padding);
    Notice {
        event_type: "webhook.failing".parse().unwrap(),
        at: at(0),
        detail: format!(r#"{{"n":{n},"padding":"{padding}"}}"#),
    }
}

/// Notices are heard, also more than fit into one call by their number or their size, and one that is too
/// large does not affect the others.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn operator_bus<B: OperatorBus + Heard>(bus: &B) {
    assert_eq!(bus.tell(&[]).await.unwrap(), []);
    let notices: Vec<_> =
        (0..25).map(|n| notice(n, if n % 5 == 0 { 60_000 } else { 10 })).collect();
    assert_eq!(bus.tell(&notices).await.unwrap(), []);
    let mut heard = bus.heard().await;
    let mut expected: Vec<_> = notices.into_iter().map(|notice| notice.detail).collect();
    heard.sort();
    expected.sort();
    assert_eq!(heard, expected);

    let mixed = [notice(100, 0), notice(101, 300_000), notice(102, 0)];
    let refused = bus.tell(&mixed).await.unwrap();
    assert_eq!(refused.iter().map(|refused| refused.index).collect::<Vec<_>>(), [1]);
    let heard = bus.heard().await;
    assert!(heard.contains(&mixed[0].detail) && heard.contains(&mixed[2].detail));
}
