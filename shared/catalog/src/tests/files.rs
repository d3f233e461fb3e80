use super::*;

const DEFAULT_FILE: &str = "description = \"All\"\nsource = \"Us\"\nunion = [\"shop\", \"club\"]\n";

const SHOP: &str = r##"description = "A shop"
source = "Its platform guide"

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

const OURS: &str = r##"description = "In every catalog"
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
        ("ours.toml", OURS),
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
    ("'{ \"type\": \"string\" }'", "'{ type }'", 6, "the schema id is not JSON"),
    ("#/$defs/id", "#/$defs/name", 12, "must point to a place"),
    ("{ \"$ref\": \"#/$defs/id\" }", "{}", 6, "no type's schema refers to it"),
    (
        "\"order.created\"",
        "\"order created\"",
        8,
        "the event type order created must be dot-separated",
    ),
    ("\"order.created\"", "\"user.created\"", 14, "duplicate key"),
    ("\"orders\"", "\"\"", 9, "category must not be empty"),
    ("\"An order was placed\"", "\"\"", 10, "description must not be empty"),
    ("description = \"A customer\"", "", 14, "missing field `description`"),
    ("sample = '{}'", "sample = '{'", 17, "sample is not JSON"),
    (
        "{ \"id\": \"1\" }",
        "{ \"id\": 1 }",
        11,
        "does not fit its schema: sample.order.id: must be of type string",
    ),
    ("{ \"id\": \"1\" }", "{}", 11, "does not fit its schema: sample.order.id: is required"),
    ("schema = '{}'", "schema = '{'", 18, "schema is not JSON"),
    ("schema = '{}'", "schema = '{ \"type\": \"text\" }'", 18, "schema: type: "),
    (
        "schema = '{}'",
        "schema = '{ \"$ref\": \"https://example.com/\" }'",
        18,
        "must point to a place",
    ),
    ("[schemas]", "union = [\"club\"]\n[schemas]", 4, "a union has no types of its own"),
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
fn files_need_names_types_and_a_default() {
    for (files, expected) in [
        (vec![("My Shop.toml", SHOP)], "My Shop.toml:1: a catalog file must be named"),
        (vec![("shop.toml", SHOP)], "default.toml:1: this catalog is required"),
        (
            vec![("default.toml", "description = \"x\"\nsource = \"y\"\n")],
            "default.toml:1: has no types",
        ),
        (
            vec![("default.toml", DEFAULT_FILE), ("shop.toml", SHOP)],
            "default.toml:3: club is not a catalog with types of its own",
        ),
    ] {
        let error = Catalogs::load(files).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn packed_catalogs_are_unpacked_unchanged() {
    let catalogs = load(SHOP).unwrap();
    let shop = catalogs.get(&"shop".parse().unwrap()).unwrap();
    let types: Vec<_> = shop
        .types()
        .map(|(name, d)| PackedType {
            name: name.as_str(),
            category: &d.category,
            description: &d.description,
            sample: d.sample.as_str(),
            schema: d.schema.text().as_str(),
        })
        .collect();
    let packed = PackedCatalog { name: "shop", description: "A shop", types: &types };
    let unpacked = Catalogs::unpack(&[packed]).unwrap();
    assert_eq!(unpacked.iter().collect::<Vec<_>>(), [shop]);
}
