//! What `template.yaml` gives each function: its environment, memory and time limit, so that the harness
//! sets what the deployment sets.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use saphyr::{LoadableYamlNode as _, Yaml};

use crate::lambda::Name;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Values for what the template refers to: parameters that differ from their defaults, and resources by
/// their logical ids.
pub type Given = HashMap<String, String>;

/// The environment variables of a function.
pub fn environment(name: Name, given: &Given) -> anyhow::Result<Vec<(String, String)>> {
    let template = Template::parse(given)?;
    let of_all = template.root.as_mapping_get("Globals").context("the template has no globals")?;
    let of_all =
        of_all.as_mapping_get("Function").context("the template's globals have no function")?;
    let mut environment = Vec::new();
    for properties in [of_all, template.properties(name)?] {
        let variables = properties.as_mapping_get("Environment");
        let variables = variables.and_then(|node| node.as_mapping_get("Variables"));
        let variables =
            variables.and_then(Yaml::as_mapping).context("a function without variables")?;
        for (variable, value) in variables {
            let variable = variable.as_str().context("a variable's name is no text")?;
            let value = template.resolved(value);
            let value =
                value.with_context(|| format!("the variable {variable} of {}", name.text()))?;
            environment.push((variable.to_owned(), value));
        }
    }
    Ok(environment)
}

/// A number among a function's properties, such as `Timeout`.
pub fn number(name: Name, property: &str) -> anyhow::Result<u64> {
    let given = Given::new();
    let template = Template::parse(&given)?;
    let node = template.properties(name)?.as_mapping_get(property);
    let text =
        node.with_context(|| format!("no {property}")).and_then(|node| template.resolved(node));
    let text = text.with_context(|| format!("{property} of {}", name.text()))?;
    text.parse().with_context(|| format!("{property} of {} is {text}", name.text()))
}

/// The default of a parameter.
pub fn default(parameter: &str) -> anyhow::Result<String> {
    let given = Given::new();
    Template::parse(&given)?.named(parameter)
}

/// `BatchSize` of each queue or stream that a function reads.
pub fn batch_sizes(name: Name) -> anyhow::Result<Vec<u64>> {
    let given = Given::new();
    let template = Template::parse(&given)?;
    let sources = template.properties(name)?.as_mapping_get("Events").and_then(Yaml::as_mapping);
    let sizes = sources.into_iter().flat_map(|sources| sources.values()).filter_map(|source| {
        source.as_mapping_get("Properties").and_then(|node| node.as_mapping_get("BatchSize"))
    });
    sizes.map(|size| Ok(scalar(size)?.parse()?)).collect()
}

struct Template<'g> {
    root: Yaml<'static>,
    given: &'g Given,
}

impl<'g> Template<'g> {
    fn parse(given: &'g Given) -> anyhow::Result<Self> {
        let documents = Yaml::load_from_str(TEMPLATE)?;
        let root = documents.into_iter().next().context("the template is empty")?;
        Ok(Self { root, given })
    }

    fn properties(&self, name: Name) -> anyhow::Result<&Yaml<'static>> {
        let resources = self.root.as_mapping_get("Resources").and_then(Yaml::as_mapping);
        let resources = resources.context("the template has no resources")?;
        let binary = name.binary();
        let is_of = |resource: &&Yaml<'_>| {
            let found = ["Metadata", "BuildProperties", "Binary"]
                .iter()
                .try_fold(*resource, |node, key| node.as_mapping_get(key));
            found.and_then(Yaml::as_str) == Some(binary.as_str())
        };
        let resource = resources.values().find(is_of);
        let properties = resource.and_then(|resource| resource.as_mapping_get("Properties"));
        properties.with_context(|| format!("the template has no function {}", name.text()))
    }

    /// A scalar, or what CloudFormation's functions make of their arguments.
    fn resolved(&self, node: &Yaml<'_>) -> anyhow::Result<String> {
        let Yaml::Tagged(tag, argument) = node else { return scalar(node) };
        match tag.suffix.as_str() {
            "Ref" => self.named(&scalar(argument)?),
            "GetAtt" => self.named(resource_of(&scalar(argument)?)),
            "Sub" => self.substituted(&scalar(argument)?),
            "FindInMap" => {
                let path = argument.as_sequence().context("FindInMap without a list")?;
                let mut found = self.root.as_mapping_get("Mappings");
                for name in path {
                    let name = self.resolved(name)?;
                    let below = found.and_then(|node| entry(node, &name));
                    found = Some(below.with_context(|| format!("no mapping {name}"))?);
                }
                scalar(found.context("the template has no mappings")?)
            }
            "Join" => {
                let Some([separator, parts]) = argument.as_sequence().map(Vec::as_slice) else {
                    bail!("Join without a separator and parts")
                };
                let parts = parts.as_sequence().context("Join without parts")?;
                let parts: Vec<_> =
                    parts.iter().map(|part| self.resolved(part)).collect::<Result<_, _>>()?;
                Ok(parts.join(&scalar(separator)?))
            }
            "If" => {
                let Some([condition, yes, no]) = argument.as_sequence().map(Vec::as_slice) else {
                    bail!("If without a condition and two values")
                };
                let chosen = if self.condition(&scalar(condition)?)? { yes } else { no };
                self.resolved(chosen)
            }
            other => bail!("the harness cannot resolve !{other}"),
        }
    }

    fn condition(&self, name: &str) -> anyhow::Result<bool> {
        let conditions = self.root.as_mapping_get("Conditions");
        let condition = conditions.and_then(|node| node.as_mapping_get(name));
        self.holds(condition.with_context(|| format!("no condition {name}"))?)
    }

    fn holds(&self, node: &Yaml<'_>) -> anyhow::Result<bool> {
        let Yaml::Tagged(tag, argument) = node else { bail!("not a condition: {node:?}") };
        if tag.suffix == "Condition" {
            return self.condition(&scalar(argument)?);
        }
        let parts = argument.as_sequence().context("a condition without a list")?;
        let mut all = parts.iter().map(|part| self.holds(part));
        match tag.suffix.as_str() {
            "Equals" => {
                let values: Vec<_> =
                    parts.iter().map(|part| self.resolved(part)).collect::<Result<_, _>>()?;
                Ok(values.windows(2).all(|pair| pair[0] == pair[1]))
            }
            "Not" => all.try_fold(true, |before, one| Ok(before && !one?)),
            "And" => all.try_fold(true, |before, one| Ok(before && one?)),
            "Or" => all.try_fold(false, |before, one| Ok(before || one?)),
            other => bail!("the harness cannot decide !{other}"),
        }
    }

    /// What is given for a name, or its default if it is a parameter.
    fn named(&self, name: &str) -> anyhow::Result<String> {
        if let Some(given) = self.given.get(name) {
            return Ok(given.clone());
        }
        let default = ["Parameters", name, "Default"]
            .iter()
            .try_fold(&self.root, |node, key| node.as_mapping_get(key));
        scalar(default.with_context(|| format!("nothing is given for {name}"))?)
    }

    /// A text in which `${Name}` and `${Name.Attribute}` stand for what is given.
    fn substituted(&self, text: &str) -> anyhow::Result<String> {
        let (mut rest, mut whole) = (text, String::new());
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').with_context(|| format!("no end in {text}"))?;
            whole.push_str(before);
            whole.push_str(&self.named(resource_of(name))?);
            rest = after;
        }
        whole.push_str(rest);
        Ok(whole)
    }
}

/// The resource of an attribute such as `HttpApi.ApiEndpoint`.
fn resource_of(attribute: &str) -> &str {
    attribute.split('.').next().unwrap_or_default()
}

/// An entry of a mapping whose keys may be numbers.
fn entry<'t>(node: &'t Yaml<'static>, name: &str) -> Option<&'t Yaml<'static>> {
    let mut entries = node.as_mapping()?.iter();
    entries.find(|(key, _)| scalar(key).is_ok_and(|key| key == name)).map(|(_, value)| value)
}

fn scalar(node: &Yaml<'_>) -> anyhow::Result<String> {
    let text = node.as_str().map(str::to_owned);
    let text = text.or_else(|| node.as_integer().map(|number| number.to_string()));
    let text = text.or_else(|| node.as_bool().map(|truth| truth.to_string()));
    text.with_context(|| format!("not a scalar: {node:?}"))
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
            "AWS::StackName",
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
                assert_eq!(value("TRUSTED_TARGET_CAS"), Some(""));
                assert_eq!(value("MAX_PARKED"), Some("100000"));
                assert_eq!(value("OWN_HOSTS"), Some("httpapi,"));
                assert_eq!(value("INBOX_ADDRESS"), Some("httpapi"));
                for (inboxes, address) in
                    [("off", ""), ("https://in.example", "https://in.example")]
                {
                    let mut given = all.clone();
                    given.insert("TestInboxes".to_owned(), inboxes.to_owned());
                    let environment = super::environment(name, &given).unwrap();
                    let found = environment.iter().find(|(name, _)| name == "INBOX_ADDRESS");
                    assert_eq!(found.unwrap().1, address);
                }
            }
            if name == Name::Api {
                assert_eq!(value("SOURCE_CIDRS"), Some(""));
                let mut given = all.clone();
                given.insert("FixedEgress".to_owned(), "nat".to_owned());
                given.insert("EgressAddress".to_owned(), "203.0.113.7".to_owned());
                let environment = super::environment(name, &given).unwrap();
                let found = environment.iter().find(|(name, _)| name == "SOURCE_CIDRS").unwrap();
                assert_eq!(found.1, "203.0.113.7/32");
            }
        }
        let error =
            environment(Name::Api, &given(&["AWS::StackName", "RegistryTable"])).unwrap_err();
        assert!(format!("{error:#}").contains("LEDGER_TABLE"), "{error:#}");
    }
}
