//! What a webhook's page shows under the names of the platform guides.

use hooklane_domain::access::tenant::TenantSettings;

use super::figures::{deliver, minutes, webhook};
use super::*;

/// A webhook's page for a tenant of this contract, of three deliveries of which one waits for its retry.
async fn page_under(contract: &str) -> (Browser, String, String) {
    let mut browser = Browser::new("");
    let contract = Some(contract.parse().unwrap());
    let settings = TenantSettings { contract, ..TenantSettings::default() };
    let registry = &browser.portal.deps.registry;
    registry.set_settings(&"acme".parse().unwrap(), &settings, None).await.unwrap().unwrap();
    browser.enter("read").await;
    let hook = webhook(&browser, 1).await;
    for (ago, status) in [(10, 200), (20, 200), (30, 503)] {
        deliver(&browser, hook, minutes(ago), status).await;
    }
    let path = format!("/portal/acme/webhooks/{hook}");
    let page = browser.get(&path).await.text;
    (browser, path, page)
}

/// The rows of the guide's metrics, without markup.
fn metrics(page: &str) -> Vec<String> {
    let (_, section) = page.split_once("aria-labelledby=\"guide\"").unwrap_or_default();
    let section = section.split("</section>").next().unwrap_or_default();
    let rows = section.split("<tr><th scope=\"row\">").skip(1);
    let text = |row: &str| {
        let row = row.split("</tr>").next().unwrap_or_default().replace("</t", " | </t");
        let plain = row.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        plain.collect::<String>().trim_end_matches(" | ").to_owned()
    };
    rows.map(text).collect()
}

#[tokio::test]
async fn each_guides_metrics_are_shown_under_its_names() {
    let shown: [(&str, &str, &[&str]); 5] = [
        (
            "virtual-queue",
            "Webhook metrics",
            &[
                "Total deliveries | 3",
                "Successful deliveries | 2",
                "Failed deliveries | 0",
                "Retry count | 0",
                "Delivery rate | 66.7% | Alert Low delivery rate: under 95%",
                "Delivery latency | 40 ms on average | No alert High delivery latency: over 5 s",
                "Retry rate | 0% | No alert High retry rate: over 10%",
                "Error rate | 0% | No alert High error rate: over 5%",
                "Health status | unhealthy",
            ],
        ),
        (
            "prism",
            "Webhook dashboard",
            &[
                "Delivery success rate | 66.7%",
                "Response times | 40 ms on average",
                "Error patterns | 1 attempt failed, most often: 503 Service Unavailable (1)",
                "Event volume | 3",
            ],
        ),
        (
            "task-hub",
            "Metrics available",
            &[
                "Delivery success rate | 66.7%",
                "Average response time | 40 ms on average",
                "Error rate by type | 1 attempt failed, most often: 503 Service Unavailable (1)",
                "Retry frequency | 0%",
                "Rate limit hits | 0",
            ],
        ),
        (
            "aegisx",
            "Endpoint health",
            &["Success rate | 66.7%", "Total deliveries | 3", "Last delivery | 11:41"],
        ),
        (
            "ops-center",
            "Delivery stats",
            &[
                "Total deliveries | 3",
                "Average attempts | 1.0",
                "Successful | 2",
                "Failed deliveries | 0",
            ],
        ),
    ];
    for (contract, title, rows) in shown {
        let (_, _, page) = page_under(contract).await;
        assert!(page.contains(&format!("<h3 id=\"guide\">{title}</h3>")), "{contract}: {page}");
        assert_eq!(metrics(&page), rows, "{contract}");
    }
    let (_, _, page) = page_under("standard").await;
    assert!(!page.contains("id=\"guide\""), "a standard has no metrics: {page}");
}

#[tokio::test]
async fn without_deliveries_a_guide_has_nothing_to_judge() {
    let (browser, _, _) = page_under("virtual-queue-hex").await;
    let other = webhook(&browser, 2).await;
    let page = browser.get(&format!("/portal/acme/webhooks/{other}")).await.text;
    assert_eq!(page.matches("Nothing to judge").count(), 4, "{page}");
    assert!(!page.contains("state--bad"), "{page}");
}

/// The same file that the API answers to this tenant, under the guide's name.
#[tokio::test]
async fn the_log_is_a_file_in_the_shape_of_the_guide() {
    let (browser, path, page) = page_under("virtual-queue").await;
    let link = format!("<a href=\"{path}/log.json\" download>Debug log (JSON)</a>");
    assert!(page.contains(&link), "{page}");
    let file = browser.get(&format!("{path}/log.json")).await;
    assert_eq!(file.status, StatusCode::OK);
    let log: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    let entries = log["data"].as_array().unwrap();
    let seen =
        entries.iter().map(|one| (one["timestamp"].as_str(), one["response"]["status"].as_u64()));
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            (Some("2026-10-13T11:41:00.000Z"), Some(200)),
            (Some("2026-10-13T11:31:00.000Z"), Some(200)),
            (Some("2026-10-13T11:21:00.000Z"), Some(503)),
        ]
    );
    assert_eq!((log["success"].as_bool(), log.get("nextCursor")), (Some(true), None));
    let (browser, path, page) = page_under("standard").await;
    assert!(page.contains("Log of attempts (JSON)"), "{page}");
    let log: serde_json::Value =
        serde_json::from_str(&browser.get(&format!("{path}/log.json")).await.text).unwrap();
    assert_eq!(log["data"][2]["statusCode"], 503, "{log}");
    for missing in ["no-id", "0192d3e0-0000-7000-8000-000000000001"] {
        let answer = browser.get(&format!("/portal/acme/webhooks/{missing}/log.json")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{missing}");
    }
}
