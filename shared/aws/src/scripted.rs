//! An endpoint of AWS that answers as a test says, for what no emulator does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;

/// A call: the operation, and what was asked.
type Call = (String, Value);

pub(crate) struct Scripted {
    pub(crate) config: SdkConfig,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Scripted {
    /// Answers each call with what `answer` makes of its number, its operation and its body: a status and a
    /// body. It answers until the test ends.
    pub(crate) fn answering(
        answer: impl Fn(usize, &str, &Value) -> (u16, Value) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((operation, body)) = read(&stream) else { continue };
                let number = {
                    let mut noted = noted.lock().unwrap();
                    noted.push((operation.clone(), body.clone()));
                    noted.len() - 1
                };
                let (status, answered) = answer(number, &operation, &body);
                let answered = answered.to_string();
                let length = answered.len();
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
            .http_client(crate::http::client(Duration::from_secs(2)))
            .build();
        Self { config, calls }
    }

    /// The operations that were called so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect()
    }

    /// What was asked so far.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.calls.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }
}

/// An error as the JSON protocols of DynamoDB and SQS answer it.
pub(crate) fn error(code: &str) -> (u16, Value) {
    (400, serde_json::json!({ "__type": format!("com.amazonaws#{code}"), "message": "scripted" }))
}

fn read(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => operation = value.trim().rsplit('.').next()?.to_owned(),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((operation, serde_json::from_slice(&body).ok()?))
}
