use super::*;

fn writer() -> Writer {
    Writer::new(None, Some("Europe/Berlin"), at(12 * 60))
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_791_849_600 + minutes * 60).unwrap()
}

fn amount(hour: i64, [delivered, failed, waiting, cancelled]: [u64; 4]) -> Amount {
    Amount { at: at(hour * 60), delivered, failed, waiting, cancelled }
}

#[test]
fn what_arrived_stands_above_the_line_and_what_did_not_hangs_below_it() {
    let Html(svg) = spark(&[amount(0, [10, 0, 0, 0]), amount(1, [5, 2, 10, 3])], &writer());
    let wanted = "<svg class=\"spark\" viewBox=\"0 0 10 32\" preserveAspectRatio=\"none\" role=\"img\" \
        aria-label=\"15 delivered, 10 waiting, 2 failed, 3 cancelled\">\
        <line class=\"zero\" x1=\"0\" x2=\"10\" y1=\"16.5\" y2=\"16.5\"/>\
        <path class=\"arrived\" d=\"M0.5 5.2h4.0v10.8h-4.0zM5.5 10.6h4.0v5.4h-4.0z\"/>\
        <path class=\"waiting\" d=\"M5.5 19.2h4.0v10.8h-4.0z\"/>\
        <path class=\"failed\" d=\"M5.5 17.0h4.0v2.2h-4.0z\"/></svg>";
    assert_eq!(svg, wanted);
    assert!(!svg.contains("style"), "the policy permits none");
}

#[test]
fn one_of_very_many_is_seen_and_nothing_is_no_bar() {
    let Html(svg) = spark(&[amount(0, [1_000_000, 1, 0, 0]), amount(1, [0; 4])], &writer());
    assert!(svg.contains("<path class=\"failed\" d=\"M0.5 17.0h4.0v1.5h-4.0z\"/>"), "{svg}");
    assert!(!svg.contains("M5.5"), "{svg}");
    let Html(svg) = spark(&[amount(0, [0; 4])], &writer());
    assert!(svg.contains("aria-label=\"nothing was sent\"") && !svg.contains("<path"), "{svg}");
}
