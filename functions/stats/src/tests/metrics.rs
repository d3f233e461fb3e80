//! The lines with metrics that batches print.

use hooklane_aws::telemetry::printed::hold;

use super::*;

#[tokio::test]
async fn a_batch_counts_its_dead_letters_none_included() {
    let stats = stats(&Faults::default());
    hold("stats-healthy", "stats", async {
        let batch = batch(&[record("acme", "e1", 0, 1)]);
        stats.handle(batch, Deadline::never()).await.unwrap();
    })
    .await;
    hold("stats-dead-letters", "stats", async {
        let mut unreadable = record("acme", "e2", 0, 2);
        unreadable["dynamodb"]["NewImage"]["c"]["S"] = "not json".into();
        let batch = batch(&[unreadable, record("acme", "e3", 0, 3)]);
        stats.handle(batch, Deadline::never()).await.unwrap();
    })
    .await;
    assert_eq!(stats.dead_letters.all_dead_letters().len(), 1);
}
