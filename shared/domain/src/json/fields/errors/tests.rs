use proptest::prelude::*;

use super::*;

fn as_json(text: &str) -> usize {
    serde_json::to_string(text).unwrap().len() - 2
}

#[test]
fn finding_07_fifty_mistakes_are_kept_and_the_others_are_counted() {
    let mut errors = FieldErrors::default();
    for i in 0..60_000 {
        errors.push(format!("events[{i}]"), "is not known");
    }
    assert_eq!((errors.as_slice().len(), errors.more()), (MAX_ERRORS, 59_950));
    assert_eq!(errors.count(), 60_000);
    assert!(errors.to_string().ends_with("events[49]: is not known; and 59950 more"));
    let mut sum = FieldErrors::one("a", "b");
    sum.extend(errors);
    assert_eq!((sum.as_slice().len(), sum.count()), (MAX_ERRORS, 60_001));
}

#[test]
fn finding_07_a_long_name_is_cut() {
    let errors = FieldErrors::one("x".repeat(4_000_000), "\u{1}".repeat(4_000_000));
    let [error] = errors.as_slice() else { panic!("{}", errors.count()) };
    assert_eq!(as_json(&error.path), MAX_PATH_BYTES);
    assert!(as_json(&error.message) <= MAX_MESSAGE_BYTES);
    assert!(error.path.ends_with('…') && error.message.ends_with('…'));
    let short = FieldErrors::one("é".repeat(200), "as it was");
    assert_eq!(short.as_slice()[0].path, "é".repeat(200));
}

proptest! {
    /// Whatever is pushed and merged, all of it together is bounded, nothing is lost from the count, and an
    /// error is never empty.
    #[test]
    fn finding_07_all_mistakes_together_are_bounded(
        parts in prop::collection::vec(
            prop::collection::vec(("\\PC{0,300}|[\u{0}-\u{1f}\"\\\\]{0,900}", ".{0,1500}"), 0..30),
            1..6,
        )
    ) {
        let mut all = FieldErrors::default();
        let mut pushed = 0;
        for part in parts {
            let mut errors = FieldErrors::default();
            for (path, message) in part {
                pushed += 1;
                errors.push(path, message);
            }
            all.extend(errors);
        }
        prop_assert_eq!(all.count(), pushed);
        prop_assert_eq!(all.is_empty(), pushed == 0);
        prop_assert!(all.as_slice().len() <= MAX_ERRORS);
        let bytes: usize =
            all.as_slice().iter().map(|e| as_json(&e.path) + as_json(&e.message)).sum();
        prop_assert!(bytes <= MAX_TOTAL_BYTES);
    }
}
