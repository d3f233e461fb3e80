//! Lambda's Runtime API (*AWS Lambda Developer Guide*, "Using the Lambda runtime API"), for one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::now_ms;
use crate::http::{Answer, Call, Server, Service};

/// What a function answers to one invocation.
#[derive(Debug)]
pub enum Reply {
    Response(Bytes),
    /// The function reported an error: its JSON.
    Error(Bytes),
}

struct Work {
    payload: Bytes,
    time_limit: Duration,
    reply: oneshot::Sender<Reply>,
}

/// The Runtime API of one process.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    work: mpsc::UnboundedSender<Work>,
    asked: Arc<Asked>,
}

/// Tells when the function asks for its next invocation, which it does when it is done with the last.
#[derive(Debug, Default)]
struct Asked {
    times: Mutex<u64>,
    changed: Notify,
}

impl Asked {
    fn count(&self) -> u64 {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raise(&self) {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_waiters();
    }
}

struct Endpoint {
    function: String,
    work: tokio::sync::Mutex<mpsc::UnboundedReceiver<Work>>,
    running: Mutex<HashMap<String, oneshot::Sender<Reply>>>,
    asked: Arc<Asked>,
}

impl RuntimeApi {
    pub async fn start(function: &str) -> anyhow::Result<Self> {
        let (work, receiver) = mpsc::unbounded_channel();
        let asked = Arc::new(Asked::default());
        let endpoint = Endpoint {
            function: function.to_owned(),
            work: tokio::sync::Mutex::new(receiver),
            running: Mutex::default(),
            asked: Arc::clone(&asked),
        };
        Ok(Self { server: Server::start(endpoint).await?, work, asked })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Hands over an invocation. The reply never comes if the process ends.
    pub fn invoke(&self, payload: Bytes, time_limit: Duration) -> oneshot::Receiver<Reply> {
        let (reply, receiver) = oneshot::channel();
        // Without a receiver of work there is no server, and the reply never comes.
        drop(self.work.send(Work { payload, time_limit, reply }));
        receiver
    }

    /// Waits until the function has asked for an invocation for the `times`th time.
    pub async fn asked(&self, times: u64) {
        loop {
            let changed = self.asked.changed.notified();
            if self.asked.count() >= times {
                return;
            }
            changed.await;
        }
    }

    /// How often the function has asked for an invocation.
    #[must_use]
    pub fn times_asked(&self) -> u64 {
        self.asked.count()
    }
}

impl Endpoint {
    async fn next(&self) -> Answer {
        self.asked.raise();
        let Some(work) = self.work.lock().await.recv().await else {
            return Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "no more work");
        };
        let id = request_id();
        let limit = i64::try_from(work.time_limit.as_millis()).unwrap_or(i64::MAX);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), work.reply);
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{}", self.function);
        Answer::new(StatusCode::OK, work.payload)
            .with("content-type", "application/json")
            .with("lambda-runtime-aws-request-id", id)
            .with("lambda-runtime-deadline-ms", (now_ms() + limit).to_string())
            .with("lambda-runtime-invoked-function-arn", arn)
            .with("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0")
    }

    fn reply(&self, id: &str, reply: Reply) -> Answer {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        match running {
            Some(running) => {
                drop(running.send(reply));
                Answer::new(StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
            }
            None => Answer::new(StatusCode::BAD_REQUEST, r#"{"errorType":"InvalidRequestID"}"#),
        }
    }
}

impl Service for Endpoint {
    async fn answer(&self, call: Call) -> Answer {
        let path = call.path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        match (&call.method, parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                self.reply(id, Reply::Response(call.body))
            }
            (&Method::POST, ["invocation", id, "error"]) => self.reply(id, Reply::Error(call.body)),
            (&Method::POST, ["init", "error"]) => {
                Answer::new(StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
            }
            _ => Answer::new(StatusCode::NOT_FOUND, "no such path of the Runtime API"),
        }
    }
}

fn request_id() -> String {
    format!("{:08x}-0000-4000-8000-{:012x}", fastrand::u32(..), fastrand::u64(..1 << 48))
}
