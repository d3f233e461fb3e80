//! An endpoint of AWS that answers as a test says, for what no emulator does.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;

use crate::clients::Aws;

/// As a status: the connection ends without an answer.
pub(crate) const HANG_UP: u16 = 0;
/// As a status: the connection ends within the body of a success.
pub(crate) const CUT_SHORT: u16 = 1;

/// A request: its line without the version, what it asks, and how it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) operation: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) raw: Vec<u8>,
    pub(crate) body: Value,
}

pub(crate) struct Scripted {
    pub(crate) config: Aws,
    requests: Arc<Mutex<Vec<Received>>>,
}

impl Scripted {
    /// Answers each call with what `answer` makes of its number, its operation and its body: a status and a
    /// body. It answers until the test ends.
    pub(crate) fn answering(
        answer: impl Fn(usize, &str, &Value) -> (u16, Value) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&stream) else { continue };
                let number = {
                    let mut noted = noted.lock().unwrap();
                    noted.push(request.clone());
                    noted.len() - 1
                };
                let (status, answered) = answer(number, &request.operation, &request.body);
                if status == HANG_UP {
                    continue;
                }
                let answered = answered.to_string();
                let (status, length) = match status {
                    CUT_SHORT => (200, answered.len() + 1),
                    status => (status, answered.len()),
                };
                let head = format!(
                    "HTTP/1.1 {status} scripted\r\nContent-Type: application/x-amz-json-1.0\r\n\
                     Content-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                // A caller that hung up is no fault of the script.
                drop(
                    stream
                        .write_all(head.as_bytes())
                        .and_then(|()| stream.write_all(answered.as_bytes())),
                );
            }
        });
        let credentials = Credentials::new("test", "test", None, None, "a test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(url)
            .build();
        Self { config: Aws::of(config), requests }
    }

    /// What came so far.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }

    /// The operations that were called so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.operation).collect()
    }

    /// What was asked so far.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.requests().into_iter().map(|request| request.body).collect()
    }
}

/// An error as the JSON protocols of DynamoDB and SQS answer it.
pub(crate) fn error(code: &str) -> (u16, Value) {
    (400, serde_json::json!({ "__type": format!("com.amazonaws#{code}"), "message": "scripted" }))
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut lines = BufReader::new(stream);
    let mut next = || {
        let mut line = String::new();
        (lines.read_line(&mut line).ok()? > 0).then(|| line.trim().to_owned())
    };
    let line = next()?.rsplit_once(' ')?.0.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let header = next()?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let operation = headers.get("x-amz-target")?.rsplit('.').next()?.to_owned();
    let mut raw = vec![0; headers.get("content-length")?.parse().ok()?];
    lines.read_exact(&mut raw).ok()?;
    let body = serde_json::from_slice(&raw).ok()?;
    Some(Received { line, operation, headers, raw, body })
}
