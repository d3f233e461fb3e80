//! The lines with metrics that batches print.

use hooklane_aws::telemetry::printed::hold;

use super::*;

#[tokio::test]
async fn a_batch_counts_the_events_that_are_new() {
    let ingest = ingest();
    let body = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{}}"#;
    let other = body.replace("e1", "e2");
    hold("ingest-healthy", "ingest", async {
        let batch = event(&[("m1", body), ("m2", body), ("m3", &other)]);
        ingest.handle_all(batch).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_counts_its_dead_letters() {
    let ingest = ingest();
    hold("ingest-dead-letters", "ingest", async {
        let batch = event(&[("m1", "not json"), ("m2", r#"{"tenant":"acme"}"#)]);
        ingest.handle_all(batch).await.unwrap();
    })
    .await;
    assert_eq!(ingest.deps.dead_letters.all_dead_letters().len(), 2);
}

#[tokio::test]
async fn a_letter_that_could_not_be_put_is_not_counted() {
    let ingest = ingest();
    let faults = hooklane_app::fakes::Faults::default();
    let ingest = Ingest::<Fakes>::new(Deps {
        dead_letters: MemoryQueues::at("2024-01-15T10:30:00Z".parse().unwrap(), 30)
            .with_faults(faults.clone()),
        ..ingest.deps
    });
    faults.die_after(0);
    hold("ingest-faults", "ingest", async {
        ingest.handle_all(event(&[("m1", "not json")])).await.unwrap();
    })
    .await;
}
