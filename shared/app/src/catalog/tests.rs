use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hooklane_catalog::{Definition, OwnType};
use hooklane_domain::event::{DefaultTenant, from_body};

use super::*;

/// A store that counts its reads.
#[derive(Default)]
struct Store {
    settings: Mutex<TenantSettings>,
    own: Mutex<Vec<OwnType>>,
    reads: AtomicUsize,
}

impl Expectations for Store {
    async fn publisher(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let settings = self.settings.lock().unwrap().clone();
        Ok(Tenant { settings, ..Tenant::unknown(id.clone()) })
    }

    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let tenant = matches!(owner, Owner::Tenant(_));
        Ok(self.own.lock().unwrap().iter().filter(|_| tenant).cloned().collect())
    }
}

impl Store {
    fn set(&self, catalog: Option<&str>, strict: bool) {
        let catalog = catalog.map(|name| name.parse().unwrap());
        *self.settings.lock().unwrap() =
            TenantSettings { strict, catalog, ..TenantSettings::default() };
    }

    fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }
}

fn own(name: &str) -> OwnType {
    let body = r#"{"category":"c","description":"d","sample":{"own":1}}"#;
    let definition = Definition::read(body).unwrap();
    OwnType { name: name.parse().unwrap(), definition, revision: 1 }
}

fn catalog() -> EventCatalog {
    let file = |description: &str, name: &str| {
        format!(
            "description = \"{description}\"\nsource = \"us\"\n[types.\"{name}\"]\n\
             category = \"c\"\ndescription = \"d\"\nsample = '1'\nschema = '{{\"type\":\"number\"}}'\n"
        )
    };
    let (default, shop) = (file("All", "order.created"), file("A shop", "parcel.sent"));
    let files = [("hooklane.toml", default.as_str()), ("shop.toml", shop.as_str())];
    EventCatalog::new(Catalogs::load(files).unwrap())
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(n).unwrap()
}

async fn judge(catalog: &EventCatalog, store: &Store, at: i64, name: &str, data: &str) -> bool {
    let body = format!(r#"{{"type":"{name}","data":{data}}}"#);
    let event = from_body(&body, &DefaultTenant::Is(tenant())).unwrap();
    catalog.check(store, &event, second(at)).await.unwrap().is_ok()
}

#[tokio::test]
async fn an_event_costs_no_read_within_five_seconds() {
    let (catalog, store) = (catalog(), Store::default());
    for at in 0..5 {
        assert!(judge(&catalog, &store, at, "any.thing", "7").await);
    }
    assert_eq!(store.reads(), 1, "the settings, once");
    store.set(None, true);
    for at in 5..10 {
        assert!(judge(&catalog, &store, at, "order.created", "7").await);
    }
    assert_eq!(store.reads(), 3, "for a strict tenant also the added types, once");
}

#[tokio::test]
async fn nothing_is_refused_from_the_cache() {
    let (catalog, store) = (catalog(), Store::default());
    store.set(None, true);
    assert!(!judge(&catalog, &store, 0, "parcel.sent", "7").await);
    assert!(!judge(&catalog, &store, 0, "order.created", "\"7\"").await);
    store.own.lock().unwrap().push(own("parcel.sent"));
    assert!(
        judge(&catalog, &store, 0, "parcel.sent", "7").await,
        "a type that was just added counts at once"
    );
    assert!(!judge(&catalog, &store, 0, "any.thing", "7").await);
    store.set(None, false);
    assert!(judge(&catalog, &store, 0, "any.thing", "7").await, "no longer strict");
}

#[tokio::test]
async fn added_types_are_read_only_if_the_catalog_lacks_a_type() {
    let (catalog, store) = (catalog(), Store::default());
    let covers = async |wanted: &str| {
        let wanted: Vec<Subscription> = vec![wanted.parse().unwrap()];
        let known = catalog.types_for(&store, &tenant(), &wanted, second(0)).await.unwrap();
        known.refusal(&wanted[0]).is_none()
    };
    assert!(covers("order.*").await && covers("order.created").await && covers("*").await);
    assert_eq!(store.reads(), 1);
    assert!(!covers("parcel.sent").await);
    assert_eq!(store.reads(), 3);
    store.own.lock().unwrap().push(own("parcel.sent"));
    assert!(covers("parcel.sent").await, "at once");
}

#[tokio::test]
async fn a_tenants_own_sample_is_used_before_its_catalogs() {
    let (catalog, store) = (catalog(), Store::default());
    let of = async |name: &str| {
        let name = name.parse().unwrap();
        let found = catalog.sample_of(&store, &tenant(), &name, second(0)).await.unwrap();
        found.map(|json| json.as_str().to_owned())
    };
    assert_eq!(of("order.created").await.as_deref(), Some("1"));
    assert_eq!(of("parcel.sent").await, None);
    store.set(Some("shop"), false);
    assert_eq!(of("parcel.sent").await.as_deref(), Some("1"));
    assert_eq!(of("order.created").await, None);
    store.own.lock().unwrap().push(own("parcel.sent"));
    assert_eq!(of("parcel.sent").await.as_deref(), Some(r#"{"own":1}"#));
    store.set(Some("gone"), true);
    let name = "order.created".parse().unwrap();
    assert!(catalog.sample_of(&store, &tenant(), &name, second(0)).await.is_err(), "no guess");
}
