use hooklane_domain::ids::EventType;

use super::*;

const DEFAULT_FILE: &str = "description = \"All\"\nsource = \"Us\"\nunion = [\"shop\", \"club\"]\n";

const SHOP: &str = r##"description = "A shop"
source = "Its platform guide"
contracts = ["shops"]

[schemas]
order = '{ "required": ["id"], "properties": { "id": { "$ref": "#/$defs/id" } } }'
id = '{ "type": "string" }'

[types."order.created"]
category = "orders"
description = "An order was placed"
sample = '{ "order": { "id": "1" } }'
schema = '{ "required": ["order"], "properties": { "order": { "$ref": "#/$defs/order" } } }'

[types."user.created"]
category = "users"
description = "A customer"
sample = '{}'
schema = '{}'
"##;

const CLUB: &str = r##"description = "A club"
source = "Its platform guide"
contracts = ["clubs", "gyms"]

[types."user.created"]
category = "members"
description = "A member"
sample = '[]'
schema = '{}'

[types."user.left"]
category = "members"
description = "A member left"
sample = '[]'
schema = '{}'
"##;

const HOOKLANE: &str = r##"description = "In every catalog"
source = "Us"
everywhere = true

[types."user.left"]
category = "ours"
description = "Somebody left"
sample = '1'
schema = '{}'
"##;

fn load(shop: &str) -> Result<Catalogs, InvalidCatalog> {
    let files = [
        ("default.toml", DEFAULT_FILE),
        ("shop.toml", shop),
        ("club.toml", CLUB),
        ("hooklane.toml", HOOKLANE),
    ];
    Catalogs::load(files)
}

fn described<'a>(catalogs: &'a Catalogs, catalog: &str, name: &str) -> Option<&'a str> {
    let catalog = catalogs.get(&catalog.parse().unwrap()).unwrap();
    catalog.get(&name.parse().unwrap()).map(|definition| definition.description.as_str())
}

#[test]
fn a_union_has_the_first_definition_and_types_that_are_everywhere_come_last() {
    let catalogs = load(SHOP).unwrap();
    assert_eq!(described(&catalogs, "default", "user.created"), Some("A customer"));
    assert_eq!(described(&catalogs, "default", "user.left"), Some("A member left"));
    assert_eq!(described(&catalogs, "shop", "user.left"), Some("Somebody left"));
    assert_eq!(described(&catalogs, "club", "user.left"), Some("A member left"));
    assert_eq!(described(&catalogs, "club", "order.created"), None);
}

/// What is named counts, then the contract, then the catalog without types of a platform.
#[test]
fn a_tenants_catalog_is_the_named_one_or_its_contracts_or_the_one_that_is_left() {
    let catalogs = load(SHOP).unwrap();
    let of = |named: Option<&str>, contract: &str| {
        let named = named.map(|name| name.parse().unwrap());
        let found = catalogs.of(named.as_ref(), &contract.parse().unwrap());
        found.map(|catalog| catalog.name().to_string())
    };
    for (named, contract, expected) in [
        (None, "shops", Some("shop")),
        (None, "clubs", Some("club")),
        (None, "gyms", Some("club")),
        (None, "standard", Some("hooklane")),
        (None, "shop", Some("hooklane")),
        (Some("default"), "shops", Some("default")),
        (Some("club"), "standard", Some("club")),
        (Some("hooklane"), "clubs", Some("hooklane")),
        (Some("gone"), "shops", None),
    ] {
        assert_eq!(of(named, contract).as_deref(), expected, "{named:?} {contract}");
    }
}

#[test]
fn a_schema_contains_the_shared_ones_it_refers_to() {
    let catalogs = load(SHOP).unwrap();
    let shop = catalogs.get(&"shop".parse().unwrap()).unwrap();
    let schema = |name: &str| shop.get(&name.parse().unwrap()).unwrap().schema.text().as_str();
    assert_eq!(schema("user.created"), "{}");
    assert_eq!(
        schema("order.created"),
        concat!(
            r##"{"required":["order"],"properties":{"order":{"$ref":"#/$defs/order"}},"##,
            r##""$defs":{"order":{"required":["id"],"properties":{"id":{"$ref":"#/$defs/id"}}},"id":{"type":"string"}}}"##
        )
    );
}

/// A text, what replaces it, the line of the mistake, and a part of the message.
const MISTAKES: &[(&str, &str, usize, &str)] = &[
    ("\"A shop\"", "\" \"", 1, "description must not be empty"),
    ("source = ", "sauce = ", 2, "unknown field"),
    ("'{ \"type\": \"string\" }'", "'{ type }'", 7, "the schema id is not JSON"),
    ("#/$defs/id", "#/$defs/name", 13, "must point to a place"),
    ("{ \"$ref\": \"#/$defs/id\" }", "{}", 7, "no type's schema refers to it"),
    (
        "\"order.created\"",
        "\"order created\"",
        9,
        "the event type order created must be dot-separated",
    ),
    ("\"order.created\"", "\"user.created\"", 15, "duplicate key"),
    ("\"orders\"", "\"\"", 10, "category must not be empty"),
    ("\"An order was placed\"", "\"\"", 11, "description must not be empty"),
    ("description = \"A customer\"", "", 15, "missing field `description`"),
    ("sample = '{}'", "sample = '{'", 18, "sample is not JSON"),
    (
        "{ \"id\": \"1\" }",
        "{ \"id\": 1 }",
        12,
        "does not fit its schema: sample.order.id: must be of type string",
    ),
    ("{ \"id\": \"1\" }", "{}", 12, "does not fit its schema: sample.order.id: is required"),
    ("schema = '{}'", "schema = '{'", 19, "schema is not JSON"),
    ("schema = '{}'", "schema = '{ \"type\": \"text\" }'", 19, "schema: type: "),
    (
        "schema = '{}'",
        "schema = '{ \"$ref\": \"https://example.com/\" }'",
        19,
        "must point to a place",
    ),
    ("[schemas]", "union = [\"club\"]\n[schemas]", 5, "a union has no types of its own"),
    ("[\"shops\"]", "[\"Shops\"]", 3, "the contract Shops must be named"),
    ("[\"shops\"]", "[\"clubs\"]", 3, "the contract clubs goes with club.toml already"),
    ("[\"shops\"]", "[\"a\", \"a\"]", 3, "the contract a goes with shop.toml already"),
];

#[test]
fn a_mistake_has_its_file_its_line_and_what_was_expected() {
    for (from, to, line, expected) in MISTAKES {
        let text = SHOP.replacen(from, to, 1);
        assert_ne!(text, SHOP, "{from}");
        let error = load(&text).unwrap_err();
        assert!(error.message.contains(expected), "{from} -> {to}: {error}");
        assert_eq!(
            (error.line, error.file.as_str()),
            (*line, "shop.toml"),
            "{from} -> {to}: {error}"
        );
    }
}

#[test]
fn files_need_names_types_and_the_catalog_that_is_left() {
    for (files, expected) in [
        (vec![("My Shop.toml", SHOP)], "My Shop.toml:1: a catalog file must be named"),
        (vec![("shop.toml", SHOP)], "hooklane.toml:1: this catalog is required"),
        (
            vec![("default.toml", "description = \"x\"\nsource = \"y\"\n")],
            "default.toml:1: has no types",
        ),
        (
            vec![("default.toml", DEFAULT_FILE), ("shop.toml", SHOP), ("hooklane.toml", HOOKLANE)],
            "default.toml:3: club is not a catalog with types of its own",
        ),
    ] {
        let error = Catalogs::load(files).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// A packed catalog lives as long as the program that contains it.
fn packed(name: &'static str, types: Vec<PackedType<'static>>) -> PackedCatalog<'static> {
    PackedCatalog { name, description: "A shop", contracts: &[], types: types.leak() }
}

#[test]
fn packed_catalogs_are_unpacked_unchanged() {
    let catalogs = load(SHOP).unwrap();
    let shop = catalogs.get(&"shop".parse().unwrap()).unwrap();
    let text = |text: &str| text.to_owned().leak();
    let types = shop.types().map(|(name, d)| PackedType {
        name: text(name.as_str()),
        category: text(&d.category),
        description: text(&d.description),
        sample: text(d.sample.as_str()),
        schema: text(d.schema.text().as_str()),
    });
    let contracts = shop.contracts().map(|name| &*text(name.as_str())).collect::<Vec<_>>().leak();
    let packed = PackedCatalog { contracts, ..packed("shop", types.collect()) };
    let unpacked = Catalogs::unpack(vec![packed].leak()).unwrap();
    assert_eq!(unpacked.iter().collect::<Vec<_>>(), [shop]);
}

/// A cold start reads no types of a catalog.
#[test]
fn types_of_a_packed_catalog_are_read_when_they_are_asked_for() {
    let ordinary = PackedType {
        name: "order.paid",
        category: "orders",
        description: "An order is paid",
        sample: "{}",
        schema: "{}",
    };
    let unreadable = PackedType { sample: "no JSON", ..ordinary };
    let all = vec![packed("shop", vec![ordinary]), packed("club", vec![unreadable])];
    let catalogs = Catalogs::unpack(all.leak()).unwrap();
    let of = |name: &str| catalogs.get(&name.parse().unwrap()).unwrap();
    assert_eq!(of("club").description(), "A shop");
    assert_eq!(of("shop").names().map(EventType::as_str).collect::<Vec<_>>(), ["order.paid"]);
    assert!(std::panic::catch_unwind(|| of("club").names().count()).is_err());
}
