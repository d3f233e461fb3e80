//! Answers, byte for byte, and what is kept of each.

use super::*;

/// The status, the kept body and the remark, or `None` where there is no answer.
type Kept = Option<(u16, String, Option<Remark>)>;

/// Reads an answer that comes in pieces of this many bytes and ends as `cut` says.
fn read(bytes: &[u8], piece: usize, cut: Cut) -> (Kept, Answer) {
    let mut answer = Answer::default();
    for piece in bytes.chunks(piece) {
        if !answer.is_over() {
            answer.feed(piece);
        }
    }
    let cut = (!answer.is_over()).then_some(cut);
    let kept = answer.kept(cut).map(|(kept, remark)| (kept.status, kept.body, remark));
    (kept, answer)
}

#[test]
fn the_status_line_decides_and_what_could_not_be_read_is_a_remark() {
    use Cut::{Broken, Closed, TimeOver, TlsClosed, TooMuch};
    use Remark::{
        BodyMalformed, BodyStalled, BodyTooLong, BodyTruncated, HeadersTruncated, TlsTruncated,
    };
    let head = "HTTP/1.1 200 OK\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    for (rest, cut, body, remark) in [
        ("Content-Length: 2\r\n\r\nok", TimeOver, "ok", None),
        ("Content-Length: 2\r\n\r\nok and more", TimeOver, "ok", None),
        ("Content-Length: 0\r\n\r\n", TimeOver, "", None),
        ("Content-Length: 2, 2\r\n\r\nok", TimeOver, "ok", None),
        ("Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", TimeOver, "ok", None),
        ("\r\nok", Closed, "ok", None),
        ("\r\nok", TimeOver, "ok", Some(BodyStalled)),
        ("\r\nok", Broken, "ok", Some(BodyTruncated)),
        ("\r\nok", TlsClosed, "ok", Some(TlsTruncated)),
        ("Content-Length: 2\r\n\r\nok", TlsClosed, "ok", None),
        ("Content-Length: 9\r\n\r\nok", Closed, "ok", Some(BodyTruncated)),
        ("Content-Length: 9\r\n\r\nok", TlsClosed, "ok", Some(BodyTruncated)),
        ("Content-Length: 9\r\n\r\nok", Broken, "ok", Some(BodyTruncated)),
        ("Content-Length: 9\r\n\r\nok", TimeOver, "ok", Some(BodyStalled)),
        ("Content-Length: 9\r\n\r\nok", TooMuch, "ok", Some(BodyTooLong)),
        ("Content-Length: nine\r\n\r\nok", Closed, "ok", Some(BodyMalformed)),
        ("Content-Length: -1\r\n\r\nok", Closed, "ok", Some(BodyMalformed)),
        ("Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", Closed, "ok", Some(BodyMalformed)),
        ("Content-Length: 99999999999999999999\r\n\r\nok", Closed, "ok", Some(BodyMalformed)),
        (&format!("{chunked}2\r\nok\r\n0\r\n\r\n"), TimeOver, "ok", None),
        (&format!("Content-Length: 7\r\n{chunked}2\r\nok\r\n0\r\n\r\n"), TimeOver, "ok", None),
        (&format!("{chunked}2\r\nok\r\n0\r\nX-A: b\r\n\r\n"), TimeOver, "ok", None),
        (&format!("{chunked}2\r\nok\r\n"), Closed, "ok", Some(BodyTruncated)),
        (&format!("{chunked}2\r\nok\r\n"), TimeOver, "ok", Some(BodyStalled)),
        (&format!("{chunked}2\r\nok\r\nzz\r\n"), TimeOver, "ok", Some(BodyMalformed)),
        (&format!("{chunked}nonsense"), TimeOver, "", Some(BodyMalformed)),
        ("Transfer-Encoding: gzip\r\n\r\nok", Closed, "ok", None),
        ("Content-Length: 2\r\n", Closed, "", Some(HeadersTruncated)),
        ("", TimeOver, "", Some(HeadersTruncated)),
        ("X-A: b", Broken, "", Some(HeadersTruncated)),
    ] {
        let answer = format!("{head}{rest}");
        for piece in [1, 2, 7, 10_000] {
            let (kept, _) = read(answer.as_bytes(), piece, cut);
            assert_eq!(kept, Some((200, body.to_owned(), remark)), "{answer:?} {cut:?} by {piece}");
        }
    }
}

#[test]
fn odd_heads_are_answers_and_garbage_is_none() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(3_000));
    for (bytes, status) in [
        ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", Some(200)),
        ("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Some(200)),
        ("HTTP/1.1 200\r\n\r\n", Some(200)),
        ("HTTP/1.1 410 Gone\r\nno colon\r\nX A: b\r\nX-B : c\r\n\r\n", Some(410)),
        ("HTTP/1.1 200 OK\r\n X-A: b\r\n\r\n", Some(200)),
        ("HTTP/1.1 200 OK\r\nX-A: b\0\x01\r\n\r\n", Some(200)),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 201 x\r\n\r\n",
            Some(201),
        ),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Some(101)),
        (&many, Some(200)),
        ("HTTP/1.1 100 Continue\r\n\r\n", None),
        ("HTTP/1.1 100 Continue\r\n", None),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 20", None),
        ("HTTP/1.1 200 OK", None),
        ("x HTTP/1.1 200 OK\r\n\r\n", None),
        (" HTTP/1.1 200 OK\r\n\r\n", None),
        ("220 mail.example.com ESMTP\r\n\r\n", None),
        ("SSH-2.0-OpenSSH_9.2\r\n", None),
        ("<html>", None),
        ("", None),
    ] {
        for piece in [1, 3, 100_000] {
            let (kept, answer) = read(bytes.as_bytes(), piece, Cut::Closed);
            assert_eq!(kept.map(|(status, ..)| status), status, "{bytes:?} by {piece}");
            assert!(status.is_none() || !answer.is_garbage(), "{bytes:?}");
        }
    }
}

/// An answer to another request, or one of a connection that ends, leaves no connection.
#[test]
fn only_a_connection_whose_answer_ended_as_it_said_is_kept() {
    let ok = "HTTP/1.1 200 OK\r\n";
    for (answer, kept) in [
        (format!("{ok}Content-Length: 2\r\n\r\nok"), true),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), true),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), true),
        (format!("{ok}Connection: close\r\nContent-Length: 2\r\n\r\nok"), false),
        (format!("{ok}Connection: x, Close\r\nContent-Length: 2\r\n\r\nok"), false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(), false),
        (format!("{ok}\r\nok"), false),
        (format!("{ok}Content-Length: 2\r\n\r\nokHTTP/1.1 500 x\r\n\r\n"), false),
        (format!("{ok}Content-Length: 3\r\n\r\nok"), false),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), false),
        ("HTTP/1.1 204 No Content\r\n\r\nbody".to_owned(), false),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(), false),
    ] {
        let (_, read) = read(answer.as_bytes(), 100_000, Cut::Closed);
        assert_eq!(read.leaves_connection(), kept, "{answer:?}");
    }
}

#[test]
fn a_long_body_is_read_up_to_its_limit_and_a_thousand_bytes_are_kept() {
    let long = |bytes: usize| format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(bytes));
    for (bytes, remark) in
        [(1_001, None), (MAX_DRAINED - 1, None), (MAX_DRAINED, Some(Remark::BodyTooLong))]
    {
        let (kept, answer) = read(long(bytes).as_bytes(), 4_096, Cut::Closed);
        assert_eq!(kept, Some((200, "x".repeat(1_000), remark)), "{bytes}");
        assert_eq!(answer.is_over(), remark.is_some(), "{bytes}");
    }
}

mod any {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However an answer comes, it is the same answer, and nothing in it is too odd to be read.
        #[test]
        fn an_answer_is_the_same_however_it_comes(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("HTTP/1.1 200 OK\r\n".to_owned()), Just("\r\n".to_owned()),
                    Just("\n".to_owned()), Just("Content-Length: 3\r\n".to_owned()),
                    Just("Transfer-Encoding: chunked\r\n".to_owned()), Just("3\r\nabc\r\n".to_owned()),
                    Just("0\r\n\r\n".to_owned()), Just("HTTP/1.1 100 x\r\n\r\n".to_owned()),
                    Just(" folded\r\n".to_owned()), "[ -~\r\n\0]{0,20}",
                ],
                0..12,
            ),
            piece in 1..30usize,
        ) {
            let bytes = parts.concat().into_bytes();
            let whole = read(&bytes, bytes.len().max(1), Cut::Closed).0;
            prop_assert_eq!(read(&bytes, piece, Cut::Closed).0, whole);
        }
    }
}
