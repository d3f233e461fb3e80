//! The environment of each function, read from `template.yaml`, so that the harness sets what the
//! deployment sets.

use std::collections::HashMap;

use anyhow::{Context as _, bail};

use crate::lambda::Name;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Values for what the template refers to: parameters that differ from their defaults, and resources by
/// their logical ids.
pub type Given = HashMap<String, String>;

/// The environment variables of a function.
pub fn environment(name: Name, given: &Given) -> anyhow::Result<Vec<(String, String)>> {
    let binary = format!("{{Binary: {}}}", name.binary());
    let (globals, resources) =
        TEMPLATE.split_once("\nResources:\n").context("the template has no resources")?;
    let (_, function) = resources
        .split_once(&binary)
        .with_context(|| format!("the template has no function {}", name.text()))?;
    let defaults = defaults();
    let mut environment = Vec::new();
    for part in [globals, function] {
        let (_, variables) =
            part.split_once("Variables:\n").context("a function without variables")?;
        let indent = indent_of(variables.lines().next().unwrap_or_default());
        for line in variables.lines().take_while(|line| indent_of(line) >= indent) {
            let line = line.trim();
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let (variable, value) =
                line.split_once(": ").with_context(|| format!("not a variable: {line}"))?;
            let value = resolved(value.trim(), given, &defaults)
                .with_context(|| format!("the variable {variable} of {}", name.text()))?;
            environment.push((variable.to_owned(), value));
        }
    }
    Ok(environment)
}

fn indent_of(line: &str) -> usize {
    if line.trim().is_empty() { usize::MAX } else { line.len() - line.trim_start().len() }
}

/// The defaults of the template's parameters.
fn defaults() -> HashMap<&'static str, String> {
    let mut defaults = HashMap::new();
    let mut parameter = "";
    let (_, parameters) = TEMPLATE.split_once("\nParameters:\n").unwrap_or_default();
    for line in parameters.lines().take_while(|line| line.is_empty() || line.starts_with(' ')) {
        if indent_of(line) == 2
            && let Some(name) = line.trim().strip_suffix(':')
        {
            parameter = name;
        }
        if let Some(value) = line.trim().strip_prefix("Default: ") {
            defaults.insert(parameter, unquoted(value));
        }
    }
    defaults
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(['\'', '"']).to_owned()
}

fn resolved(
    value: &str,
    given: &Given,
    defaults: &HashMap<&str, String>,
) -> anyhow::Result<String> {
    if let Some(text) = value.strip_prefix("!Sub ") {
        return substituted(&unquoted(text), given, defaults);
    }
    let name = match (value.strip_prefix("!Ref "), value.strip_prefix("!GetAtt ")) {
        (Some(name), _) => name.trim(),
        (_, Some(attribute)) => attribute.split('.').next().unwrap_or_default(),
        _ if value.starts_with('!') => bail!("the harness cannot resolve {value}"),
        _ => return Ok(unquoted(value)),
    };
    let found = given.get(name).or_else(|| defaults.get(name));
    found.cloned().with_context(|| format!("nothing is given for {name}"))
}

/// A text in which `${Name}` and `${Name.Attribute}` stand for what is given.
fn substituted(
    text: &str,
    given: &Given,
    defaults: &HashMap<&str, String>,
) -> anyhow::Result<String> {
    let (mut rest, mut whole) = (text, String::new());
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').with_context(|| format!("no end in {text}"))?;
        let name = name.split('.').next().unwrap_or_default();
        let found = given.get(name).or_else(|| defaults.get(name));
        let found = found.with_context(|| format!("nothing is given for {name}"))?;
        whole.push_str(before);
        whole.push_str(found);
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_every_function_is_resolved() {
        let given = |names: &[&str]| {
            names.iter().map(|name| ((*name).to_owned(), name.to_lowercase())).collect::<Given>()
        };
        let all = given(&[
            "RegistryTable",
            "LedgerTable",
            "EventQueue",
            "DeliveryQueue",
            "RetryQueue",
            "EventDeadLetterQueue",
            "FanoutDeadLetterQueue",
            "DeliveryDeadLetterQueue",
            "StatsDeadLetterQueue",
            "UpkeepDeadLetterQueue",
            "DataKeySecret",
            "TokenKeySecret",
            "OperatorKeySecret",
            "HttpApi",
        ]);
        for name in Name::ALL {
            let environment = environment(name, &all).unwrap();
            let value = |wanted: &str| {
                environment.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
            };
            assert_eq!(value("LOG_LEVEL"), Some("info"));
            assert_eq!(value("LEDGER_TABLE"), Some("ledgertable"));
            if name == Name::Delivery {
                assert_eq!(value("QUEUE_VISIBILITY_SECONDS"), Some("360"));
                assert_eq!(value("ALLOWED_TARGET_CIDRS"), Some(""));
                assert_eq!(value("MAX_PARKED"), Some("100000"));
                assert_eq!(value("OWN_HOSTS"), Some("httpapi,"));
            }
        }
        let error = environment(Name::Api, &given(&["RegistryTable"])).unwrap_err();
        assert!(format!("{error:#}").contains("LEDGER_TABLE"), "{error:#}");
    }
}
