use super::*;

fn schema(text: &str) -> Schema {
    Schema::from_stored(RawJson::parse(text).unwrap())
}

async fn judge(schemas: &Schemas, schema: &str, data: &str) -> Option<String> {
    let data = RawJson::parse(data).unwrap();
    let judged = schemas.judge(&self::schema(schema), &data).await;
    judged.err().map(|errors| errors.to_string())
}

#[tokio::test]
async fn data_is_judged_the_same_beside_the_thread_and_on_it() {
    let schemas = Schemas::default();
    let text = r#"{"items":{"pattern":"^[a-z]+[0-9]$"}}"#;
    let long = |last: &str| format!("[{}{last}]", r#""abc1","#.repeat(20_000));
    assert!(schema(text).compile().unwrap().cost_on(100_000) > QUICK);
    for _ in 0..2 {
        assert_eq!(judge(&schemas, text, r#"["a1"]"#).await, None);
        let wrong = judge(&schemas, text, r#"["a"]"#).await;
        assert_eq!(wrong.as_deref(), Some("data[0]: must match ^[a-z]+[0-9]$"));
        assert_eq!(judge(&schemas, text, &long(r#""a1""#)).await, None);
        let wrong = judge(&schemas, text, &long(r#""a""#)).await;
        assert_eq!(wrong.as_deref(), Some("data[20000]: must match ^[a-z]+[0-9]$"));
    }
}

#[tokio::test]
async fn finding_03_a_stored_schema_over_the_limit_refuses_the_event_and_is_not_run() {
    let schemas = Schemas::default();
    let recursive = r##"{"$ref":"#/$defs/x%41","$defs":{"x%41":{},"xA":{"anyOf":[{"$ref":"#/$defs/x%41"},{"$ref":"#/$defs/x%41"}]}}}"##;
    let patterns: Vec<_> =
        (0..40).map(|n| format!(r#"{{"pattern":"(a|b|ab|ba){{1,90}}c{n}"}}"#)).collect();
    let slow = format!(r#"{{"allOf":[{}]}}"#, patterns.join(","));
    for (text, expected) in
        [(recursive, "without percent-encoding"), (slow.as_str(), "at most 100 ms is allowed")]
    {
        for _ in 0..2 {
            let refused = judge(&schemas, text, r#""a""#).await.unwrap();
            assert!(refused.starts_with("type: has a schema that can no longer be used: "));
            assert!(refused.contains(expected), "{refused}");
        }
    }
}

#[tokio::test]
async fn compiled_schemas_are_kept_within_their_bytes() {
    let schemas = Schemas::default();
    let text = |n: usize| {
        let fields: Vec<_> = (0..20)
            .map(|i| format!(r#""f{i}":{{"pattern":"^[a-z]{{3}}[0-9]+-{n}-{i}$"}}"#))
            .collect();
        format!(r#"{{"properties":{{{}}}}}"#, fields.join(","))
    };
    let one = schema(&text(0)).compile().unwrap().bytes() as u64;
    let number = usize::try_from(KEPT_BYTES / one).unwrap() + 10;
    for n in 0..number {
        assert_eq!(judge(&schemas, &text(n), r#"{"f1":1}"#).await, None);
    }
    assert!(schemas.bytes() <= KEPT_BYTES, "{}", schemas.bytes());
    assert!(schemas.bytes() > KEPT_BYTES / 2, "{}", schemas.bytes());
}
