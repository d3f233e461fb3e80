//! The plain loop that functions are compared with: it posts the same bodies to the same receiver, so many at
//! once and as far apart as the function did, and knows nothing of signatures, retries or tables.
//!
//! The pace matters: back to back a post costs a quarter of what it costs now and then, because nothing of the
//! code stays in the processor's memory.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval};

use crate::receiver::tls;
use crate::usage::own_processor_time;

/// What a loop does.
#[derive(Debug, Clone)]
pub struct Pace {
    pub url: String,
    pub bytes: usize,
    pub posts: usize,
    pub at_once: usize,
    pub apart: Duration,
}

/// Rounds that are not counted: they open connections.
const WARM_UP: usize = 5;
/// The same where a round takes a second and more.
const SLOW_WARM_UP: usize = 1;

/// Runs the loop in a process of its own, and returns the processor time for each post.
pub async fn run(pace: &Pace) -> anyhow::Result<Duration> {
    let own = std::env::current_exe().context("the harness does not know where it is")?;
    let numbers = [pace.bytes, pace.posts, pace.at_once, usize::try_from(pace.apart.as_micros())?];
    let mut command = Command::new(own);
    command.arg("plain-loop").arg(&pace.url).args(numbers.map(|number| number.to_string()));
    command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let ran = command.stdout(Stdio::piped()).spawn()?.wait_with_output().await?;
    if !ran.status.success() {
        bail!("the plain loop ended with {}", ran.status);
    }
    let nanoseconds: u64 = String::from_utf8(ran.stdout)?.trim().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// A client that trusts the receiver's authority. `reqwest` brings no TLS provider of its own here, and panics
/// without one, also where no TLS is spoken.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder().no_proxy();
    Ok(builder.use_preconfigured_tls(tls::client()?).build()?)
}

/// The loop itself: what its process runs.
pub async fn in_this_process(pace: &Pace) -> anyhow::Result<Duration> {
    let client = client()?;
    let body = bytes::Bytes::from(super::event::event(None, pace.bytes).to_string());
    let mut turns = interval(pace.apart.max(Duration::from_micros(1)));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let rounds = pace.posts.div_ceil(pace.at_once);
    let mut began = own_processor_time()?;
    let warm_up = if pace.apart < Duration::from_secs(1) { WARM_UP } else { SLOW_WARM_UP };
    for round in 0..warm_up + rounds {
        if round == warm_up {
            began = own_processor_time()?;
        }
        turns.tick().await;
        let posts = (0..pace.at_once).map(|_| post(&client, &pace.url, &body));
        try_join_all(posts).await?;
    }
    let spent = own_processor_time()?.saturating_sub(began);
    Ok(spent / u32::try_from(rounds * pace.at_once)?)
}

async fn post(client: &reqwest::Client, url: &str, body: &bytes::Bytes) -> anyhow::Result<()> {
    let post = client.post(url).header("content-type", "application/json").body(body.clone());
    post.send().await?.bytes().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::Receiver;

    #[tokio::test]
    async fn every_post_arrives_without_tls_and_with_it() {
        let receiver = Receiver::start().await.unwrap();
        for (path, url) in
            [("/ok/plain", receiver.url("/ok/plain")), ("/ok/tls", receiver.tls_url("/ok/tls"))]
        {
            let apart = Duration::from_millis(1);
            let pace = Pace { url, bytes: 500, posts: 6, at_once: 3, apart };
            in_this_process(&pace).await.unwrap();
            let got = receiver.got(path);
            assert_eq!(got.posts, (WARM_UP as u64 + 2) * 3, "{path}");
            assert!(got.bytes >= got.posts * 500, "{path}: {} bytes", got.bytes);
        }
    }
}
