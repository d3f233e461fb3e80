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

#[test]
fn a_chart_says_what_it_shows_and_has_a_table_of_every_step() {
    let amounts = [amount(0, [145, 6, 0, 0]), amount(1, [0, 0, 0, 0]), amount(2, [0, 0, 1_312, 2])];
    let chart = chart(&amounts, &writer()).unwrap();
    assert_eq!(chart.sentence, "145 delivered, 1,312 waiting, 6 failed, 2 cancelled");
    assert_eq!(chart.scale, ["2,000", "1,000", "0", "1,000", "2,000"]);
    let Html(svg) = &chart.svg;
    assert!(
        svg.contains("what arrived, below it what did not. 145 delivered, 1,312 waiting"),
        "{svg}"
    );
    assert!(
        svg.contains("<path class=\"waiting\" d=\"M344.0 81.0h112.0v51.8h-112.0z\"/>"),
        "{svg}"
    );
    assert_eq!(chart.rows.len(), 3);
    assert_eq!(chart.rows[2].cells, ["0", "0", "1,312", "2"]);
    assert!(chart.rows[1].cells.iter().all(|count| count == "0"));
    assert_eq!(chart.times.len(), 3);
}

#[test]
fn there_is_no_empty_chart_and_a_scale_has_a_half() {
    assert!(chart(&[amount(0, [0; 4])], &writer()).is_none());
    assert!(chart(&[amount(0, [0, 0, 0, 1])], &writer()).is_some(), "a cancelled one was sent");
    for (count, end) in [(0, 2), (1, 2), (3, 4), (10, 10), (11, 20), (145, 200), (999, 1_000)] {
        assert_eq!(round_up(count), end, "{count}");
    }
    assert_eq!(round_up(u64::MAX), u64::MAX);
}
