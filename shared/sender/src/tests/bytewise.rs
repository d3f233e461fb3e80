//! Receivers whose answers come byte by byte. A pipe that holds one byte makes each byte a read of its own.

use tokio::io::AsyncWriteExt as _;

use crate::classify;
use crate::connection::{Broken, Connection, Exchange};
use crate::meter::{Meter, Metered, TooMuch};

/// Posts over a pipe of one byte. Returns the status or the error, and the number of bytes that the receiver
/// could send.
async fn answered(answer: &[u8]) -> (Result<Option<u16>, String>, usize) {
    let (near, far) = tokio::io::duplex(1);
    let (mut requests, mut answers) = tokio::io::split(far);
    let wire = Meter::default();
    let mut connection = Connection::new(Box::new(Metered::new(near, wire.clone())), wire);
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    let posted = async {
        let mut exchange = Exchange::default();
        let exchanged = connection.exchange(request, &mut exchange).await;
        drop(connection);
        match exchanged {
            Ok(()) | Err(Broken::Closed) => Ok(exchange.answer.status()),
            Err(Broken::Error(error)) => Err(classify::answering(&error).detail),
            Err(broken) => Err(format!("{broken:?}")),
        }
    };
    let receiving = async {
        let mut sink = tokio::io::sink();
        let read = tokio::io::copy(&mut requests, &mut sink);
        let write = async {
            let mut sent = 0;
            for byte in answer {
                if answers.write_all(&[*byte]).await.is_err() {
                    break;
                }
                sent += 1;
            }
            // So that whoever still waits for more sees an end.
            let _ = answers.shutdown().await;
            sent
        };
        tokio::join!(read, write).1
    };
    tokio::join!(posted, receiving)
}

/// Far below the limit of bytes, so that only the number of reads ends it.
#[tokio::test]
async fn finding_08_an_answer_in_tiny_pieces_ends_after_a_thousand_reads() {
    let answer = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(400);
    assert_eq!(answer.len(), 10_000);
    let (outcome, sent) = answered(&answer).await;
    let error = outcome.unwrap_err();
    assert!(error.contains("more than 1000 pieces"), "{error}");
    assert!((1_000..1_010).contains(&sent), "{sent}");
}

/// Small devices send an ordinary answer like this.
#[tokio::test]
async fn an_ordinary_answer_may_come_byte_by_byte() {
    let answer = b"HTTP/1.1 200 OK\r\nServer: small device\r\nContent-Type: text/plain\r\n\r\n";
    assert_eq!(answered(answer).await.0, Ok(Some(200)));
}

#[tokio::test]
async fn a_meter_counts_from_each_allowance() {
    use tokio::io::AsyncReadExt as _;
    let (near, mut far) = tokio::io::duplex(256 * 1024);
    let meter = Meter::default();
    let mut stream = Metered::new(near, meter.clone());
    let block = vec![0; 64 * 1024];
    let mut read = block.clone();
    for _ in 0..3 {
        meter.allow(crate::meter::HEAD);
        far.write_all(&block).await.unwrap();
        stream.read_exact(&mut read).await.unwrap();
    }
    far.write_all(b"x").await.unwrap();
    let error = stream.read(&mut read).await.unwrap_err();
    assert!(error.get_ref().unwrap().is::<TooMuch>());
}
