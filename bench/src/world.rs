//! Everything that the functions need to run, in one process: stand-ins, receivers, and the functions'
//! environments.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::function::{End, Function, Invocation, Limits, program};
use crate::http::Server;
use crate::lambda::Name;
use crate::payload::Request;
use crate::receiver::{Receiver, tls};
use crate::template::{Given, environment};

pub const REGISTRY: &str = "registry";
pub const LEDGER: &str = "ledger";
pub const EVENTS: &str = "events";
pub const DELIVERIES: &str = "deliveries";
pub const RETRIES: &str = "retries";
/// The dead-letter queues.
pub const DEAD: [&str; 5] =
    ["dead-events", "dead-fanout", "dead-deliveries", "dead-stats", "dead-upkeep"];

const OPERATOR_KEY: &str = "the-operator-key-of-the-limits-harness";

/// The answer of the API to a request.
#[derive(Debug, Clone)]
pub struct Answered {
    pub status: u16,
    pub body: Value,
}

/// Somebody who is signed in to the portal.
#[derive(Debug, Clone)]
pub struct Session {
    pub cookie: String,
    /// What every form repeats.
    pub token: String,
}

/// A running world.
#[derive(Debug)]
pub struct World {
    pub aws: Arc<Aws>,
    pub receiver: Receiver,
    folder: PathBuf,
    given: Given,
    /// An `api` without limits that prepares data.
    setup: tokio::sync::Mutex<Option<Function>>,
    server: Server,
}

impl World {
    /// Starts a world whose functions are the binaries in `folder`.
    pub async fn start(folder: PathBuf) -> anyhow::Result<Self> {
        let aws = Arc::new(Aws::default());
        for table in [REGISTRY, LEDGER] {
            aws.dynamodb.create_table(table);
        }
        // The visibility timeouts of template.yaml.
        for (queue, seconds) in [(EVENTS, 180), (DELIVERIES, 360), (RETRIES, 360)] {
            aws.sqs.create_queue(queue, seconds);
        }
        for queue in DEAD {
            aws.sqs.create_queue(queue, 30);
        }
        aws.create_secret("operator-key", OPERATOR_KEY);
        aws.create_secret("token-key", &"token-key-".repeat(5));
        let data_key = json!({"current": "k1", "k1": "data-key-".repeat(5)});
        aws.create_secret("data-key", &data_key.to_string());
        let server = aws.serve().await?;
        let url = |queue: &str| format!("{}/000000000000/{queue}", server.url());
        let given = [
            ("AWS::StackName", "hooklane".to_owned()),
            ("RegistryTable", REGISTRY.to_owned()),
            ("LedgerTable", LEDGER.to_owned()),
            ("EventQueue", url(EVENTS)),
            ("DeliveryQueue", url(DELIVERIES)),
            ("RetryQueue", url(RETRIES)),
            ("EventDeadLetterQueue", url(DEAD[0])),
            ("FanoutDeadLetterQueue", url(DEAD[1])),
            ("DeliveryDeadLetterQueue", url(DEAD[2])),
            ("StatsDeadLetterQueue", url(DEAD[3])),
            ("UpkeepDeadLetterQueue", url(DEAD[4])),
            // A row counts what it made itself.
            ("CanaryMinutes", "0".to_owned()),
            ("OperatorKeySecret", "operator-key".to_owned()),
            ("TokenKeySecret", "token-key".to_owned()),
            ("DataKeySecret", "data-key".to_owned()),
            ("HttpApi", "https://api.hooklane.example".to_owned()),
            ("AllowedTargetCidrs", "127.0.0.0/8".to_owned()),
            ("AllowedTargetPorts", "1-65535".to_owned()),
            ("TrustedTargetCas", tls::AUTHORITY.to_owned()),
            // The rows call more often than a tenant may in a minute.
            ("ApiRateLimit", "0".to_owned()),
            // The rows use types of every platform guide.
            ("DefaultCatalog", "default".to_owned()),
        ];
        let given = given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let receiver = Receiver::start().await?;
        let setup = tokio::sync::Mutex::default();
        Ok(Self { aws, receiver, folder, given, setup, server })
    }

    /// Sets a parameter of the template for the functions that are started from now on.
    pub fn set(&mut self, parameter: &str, value: &str) {
        self.given.insert(parameter.to_owned(), value.to_owned());
    }

    /// Whether the folder has this function. An earlier version may lack it.
    #[must_use]
    pub fn has(&self, name: Name) -> bool {
        self.program(name).is_file()
    }

    #[must_use]
    pub fn program(&self, name: Name) -> PathBuf {
        program(&self.folder, name)
    }

    /// Starts a function under these limits.
    pub async fn function(&self, name: Name, limits: Limits) -> anyhow::Result<Function> {
        Function::start(&self.folder, name, &self.environment(name)?, limits).await
    }

    /// Starts a function under valgrind, which counts its instructions and slows it down.
    pub async fn function_under_valgrind(&self, name: Name) -> anyhow::Result<Function> {
        let valgrind =
            ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
        let environment = self.environment(name)?;
        Function::start_by(&valgrind, &self.folder, name, &environment, Limits::None).await
    }

    /// The environment of a function, with AWS at the stand-ins.
    pub fn environment(&self, name: Name) -> anyhow::Result<Vec<(String, String)>> {
        let mut environment = environment(name, &self.given)?;
        for (name, value) in [
            ("AWS_ENDPOINT_URL", self.server.url().as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(environment)
    }

    /// What the adapters need to reach the stand-ins from this process.
    #[must_use]
    pub fn client_config(&self) -> hooklane_aws::Aws {
        let credentials = Credentials::new("test", "test", None, None, "the harness");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(self.server.url())
            .build();
        hooklane_aws::Aws::of(config)
    }

    /// Asks the API without limits, as the operator for a tenant.
    pub async fn ask(&self, tenant: &str, request: Request) -> anyhow::Result<Answered> {
        let mut setup = self.setup.lock().await;
        if !setup.as_mut().is_some_and(Function::lives) {
            *setup = Some(self.function(Name::Api, Limits::None).await?);
        }
        let Some(api) = setup.as_mut() else { bail!("no API") };
        let request = as_operator(tenant, request);
        answered(&api.invoke(&request.payload()).await?)
            .with_context(|| format!("{} {}", request.method, request.path))
    }

    /// As [`World::ask`], for an answer of 2xx.
    pub async fn done(&self, tenant: &str, request: Request) -> anyhow::Result<Value> {
        let what = format!("{} {}", request.method, request.path);
        let answer = self.ask(tenant, request).await?;
        if !(200..300).contains(&answer.status) {
            let body: String = answer.body.to_string().chars().take(500).collect();
            bail!("{what} for {tenant}: {} {body}", answer.status);
        }
        Ok(answer.body)
    }

    /// Exchanges a link to the portal for a session, as a browser does.
    pub async fn session(&self, tenant: &str) -> anyhow::Result<Session> {
        let wanted = Request::new("POST", &format!("/tenants/{tenant}/portal"));
        let link = self.done("", wanted.body(r#"{"scope":"manage"}"#)).await?;
        let url = link.get("url").and_then(Value::as_str).context("a link without a url")?;
        let (_, query) = url.split_once('?').context("a link without a query")?;
        let mut portal = self.function(Name::Dashboard, Limits::None).await?;
        let enter = Request::new("GET", &format!("/portal/{tenant}/enter")).query(query);
        let ran = portal.invoke(&enter.payload()).await?;
        let cookie = ran.answer().and_then(|answer| answer.pointer("/cookies/0"));
        let cookie = cookie.and_then(Value::as_str).and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.with_context(|| format!("no cookie: {:?}", ran.end))?.to_owned();
        let types = Request::new("GET", &format!("/portal/{tenant}/types"));
        let ran = portal.invoke(&types.header("cookie", &cookie).payload()).await?;
        let page = answered_page(&ran)?.body;
        let page = page.as_str().unwrap_or_default();
        let token = page.split_once("name=\"form\" value=\"");
        let token = token.and_then(|(_, rest)| rest.split('"').next());
        let token = token.context("the page has no form")?.to_owned();
        portal.stop().await;
        Ok(Session { cookie, token })
    }

    /// Registers a webhook and returns its id.
    pub async fn webhook(&self, tenant: &str, body: &Value) -> anyhow::Result<String> {
        let request = Request::new("POST", "/webhooks").body(body.to_string());
        let created = self.done(tenant, request).await?;
        let id = created.get("id").and_then(Value::as_str);
        Ok(id.context("the new webhook has no id")?.to_owned())
    }

    /// Publishes an event through the API.
    pub async fn event(&self, tenant: &str, body: &Value) -> anyhow::Result<()> {
        let request = Request::new("POST", "/events").body(body.to_string());
        self.done(tenant, request).await.map(drop)
    }

    /// Changes attributes of a webhook's item, past every check: what an earlier version has stored.
    pub fn store_in_webhook(&self, tenant: &str, id: &str, attributes: &[(&str, &str)]) {
        let dynamodb = &self.aws.dynamodb;
        let Some(mut item) = dynamodb.item(REGISTRY, &format!("T#{tenant}"), &format!("WH#{id}"))
        else {
            return;
        };
        for (name, text) in attributes {
            item.insert((*name).to_owned(), json!({"S": text}));
        }
        dynamodb.store(REGISTRY, item);
    }
}

/// The request with the operator's key, for a tenant.
#[must_use]
pub fn as_operator(tenant: &str, request: Request) -> Request {
    let request = request.header("authorization", format!("Bearer {OPERATOR_KEY}"));
    if tenant.is_empty() { request } else { request.header("x-tenant-id", tenant) }
}

/// The API's answer in the answer of an invocation.
pub fn answered(invocation: &Invocation) -> anyhow::Result<Answered> {
    let page = answered_page(invocation)?;
    let body = serde_json::from_str(page.body.as_str().unwrap_or_default()).unwrap_or(Value::Null);
    Ok(Answered { body, ..page })
}

/// The same with the body as text.
pub fn answered_page(invocation: &Invocation) -> anyhow::Result<Answered> {
    match &invocation.end {
        End::Answered(answer) => {
            let status = answer.get("statusCode").and_then(Value::as_u64);
            let status = status.context("an answer without a status")?;
            let body = answer.get("body").cloned().unwrap_or(Value::Null);
            Ok(Answered { status: u16::try_from(status)?, body })
        }
        other => bail!("the function did not answer: {other:?}"),
    }
}
