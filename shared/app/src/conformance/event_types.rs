use hooklane_catalog::{Definition, Owner};
use hooklane_domain::ids::EventType;

use super::samples::tenant;
use crate::ports::{Added, EventTypeStore, TenantStore};

/// Event types read back whole, belong to their owner, and change only under the expected revision.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn event_types<S: EventTypeStore + TenantStore>(store: &S, salt: u128) {
    let (ours, other) = (tenant("types-a", salt), tenant("types-b", salt));
    let ours_owner = Owner::Tenant(ours.clone());
    // All runs share the platform's partition, so the names are those of this run.
    let name = |n: u32| format!("conformance.t{salt:x}.n{n}").parse::<EventType>().unwrap();
    let first = Definition::read(
        r#"{"category":"orders","description":"An örder went out","sample":{"id":"1","n":1.10},
            "schema":{"type":"object","required":["id"],"properties":{"n":{"minimum":1.0}}}}"#,
    )
    .unwrap();
    let second = Definition { category: "other".to_owned(), ..first.clone() };

    for owner in [&ours_owner, &Owner::Platform] {
        let get = async |n| store.event_type(owner, &name(n)).await.unwrap();
        let put = async |n, definition, revision| {
            store.put_event_type(owner, &name(n), definition, revision).await.unwrap()
        };
        assert_eq!(get(1).await, None);
        assert_eq!(put(1, &first, Some(1)).await, None, "there is none yet");
        assert_eq!(put(1, &first, Some(0)).await, Some(1));
        assert_eq!(put(1, &second, Some(0)).await, None, "there already is one");
        let read = get(1).await.unwrap();
        assert_eq!((&read.name, &read.definition, read.revision), (&name(1), &first, 1));
        assert_eq!(put(1, &second, Some(1)).await, Some(2));
        assert_eq!(put(1, &first, Some(1)).await, None, "it was decided from an old revision");
        assert_eq!(put(1, &first, None).await, Some(3));
        assert_eq!(put(2, &second, None).await, Some(1));
        let all = store.event_types(owner).await.unwrap();
        assert_eq!(all.get(&name(1)).map(|own| (&own.definition, own.revision)), Some((&first, 3)));
        assert_eq!(all.get(&name(2)), get(2).await.as_ref());

        let delete =
            async |n, revision| store.delete_event_type(owner, &name(n), revision).await.unwrap();
        assert!(!delete(1, Some(2)).await);
        assert!(delete(1, Some(3)).await);
        assert!(!delete(1, None).await);
        assert_eq!(get(1).await, None);
        assert_eq!(put(1, &first, Some(0)).await, Some(1), "its revisions start again");
        assert!(delete(1, None).await);
    }
    assert!(store.delete_event_type(&Owner::Platform, &name(2), None).await.unwrap());

    let theirs = Owner::Tenant(other.clone());
    assert_eq!(store.event_types(&theirs).await.unwrap().iter().count(), 0);
    for owner in [&ours_owner, &theirs] {
        let added = store.add_event_type(owner, &name(3), &first, 10).await.unwrap();
        assert_eq!(added, Added::Yes);
    }
    assert!(store.remove(&ours).await.unwrap(), "a tenant with a type is listed");
    assert_eq!(store.event_types(&ours_owner).await.unwrap().iter().count(), 0);
    assert_eq!(store.event_types(&theirs).await.unwrap().iter().count(), 1);
    assert!(store.remove(&other).await.unwrap());
}
