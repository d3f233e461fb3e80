//! How many requests the stand-ins answer in a second, to show that they are not what limits a function.

use std::sync::Arc;

use futures::future::try_join_all;
use serde_json::json;

use super::line::{line, rounded};
use crate::aws::Aws;
use crate::clock::Stopwatch;

const REQUESTS: usize = 4_000;
const AT_ONCE: usize = 10;

/// Reads an item of a stand-in, as fast as a plain client can.
pub async fn capacity() -> anyhow::Result<String> {
    let aws = Arc::new(Aws::default());
    aws.dynamodb.create_table("table");
    let server = aws.serve().await?;
    let client = super::plain_loop::client()?;
    let body =
        json!({"TableName": "table", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}).to_string();
    let ask = async || {
        for _ in 0..REQUESTS / AT_ONCE {
            let post =
                client.post(server.url()).header("x-amz-target", "DynamoDB_20120810.GetItem");
            post.body(body.clone()).send().await?.error_for_status()?.bytes().await?;
        }
        anyhow::Ok(())
    };
    let watch = Stopwatch::start();
    try_join_all((0..AT_ONCE).map(|_| ask())).await?;
    let a_second = REQUESTS as f64 / watch.elapsed().as_secs_f64();
    let members = json!({"function": "stand-ins", "requests_per_s": rounded(a_second)});
    Ok(line(json!({"case": "stand-ins"}), members))
}
