//! Reads numbers of `template.yaml` by the names of their resources.

use std::borrow::Cow;

use saphyr::{LoadableYamlNode as _, Yaml};

/// A template as it is deployed with a value of its parameter `Scale`.
pub(crate) struct Template<'a> {
    root: Yaml<'a>,
    scale: &'a str,
}

#[derive(Debug, thiserror::Error)]
pub enum InvalidTemplate {
    #[error("the template is not YAML: {0}")]
    Syntax(String),
    #[error("the template has no number at {0}")]
    Missing(String),
}

impl<'a> Template<'a> {
    pub(crate) fn parse(text: &'a str, scale: &'a str) -> Result<Self, InvalidTemplate> {
        let documents =
            Yaml::load_from_str(text).map_err(|e| InvalidTemplate::Syntax(e.to_string()))?;
        let root = documents.into_iter().next();
        let root = root.ok_or_else(|| InvalidTemplate::Syntax("it is empty".to_owned()))?;
        Ok(Self { root, scale })
    }

    /// The number at a path such as `Parameters.MaxParked.Default`.
    pub(crate) fn number<N: TryFrom<i64>>(&self, path: &str) -> Result<N, InvalidTemplate> {
        let number = self.text(path).ok().and_then(|text| text.parse::<i64>().ok());
        let number = number.and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| InvalidTemplate::Missing(path.to_owned()))
    }

    /// The scalar at a path.
    pub(crate) fn text(&self, path: &str) -> Result<Cow<'_, str>, InvalidTemplate> {
        let found = self.find(path.split('.')).and_then(|node| self.resolve(node));
        found.ok_or_else(|| InvalidTemplate::Missing(path.to_owned()))
    }

    fn find<'p>(&self, path: impl IntoIterator<Item = &'p str>) -> Option<&Yaml<'a>> {
        path.into_iter().try_fold(&self.root, |node, name| node.as_mapping_get(name))
    }

    /// A scalar, or what CloudFormation's functions `!Ref`, `!FindInMap` and `!Join` make of their arguments.
    fn resolve<'t>(&'t self, node: &'t Yaml<'a>) -> Option<Cow<'t, str>> {
        let Yaml::Tagged(tag, argument) = node else {
            let number = || node.as_integer().map(|number| Cow::Owned(number.to_string()));
            return node.as_str().map(Cow::Borrowed).or_else(number);
        };
        match tag.suffix.as_str() {
            "Ref" => match argument.as_str()? {
                "Scale" => Some(Cow::Borrowed(self.scale)),
                parameter => self.resolve(self.find(["Parameters", parameter, "Default"])?),
            },
            "FindInMap" => {
                let names = argument.as_sequence()?.iter().map(|name| self.resolve(name));
                let names: Vec<_> = names.collect::<Option<_>>()?;
                let path = std::iter::once("Mappings").chain(names.iter().map(AsRef::as_ref));
                self.resolve(self.find(path)?)
            }
            "Join" => {
                let [separator, parts] = argument.as_sequence()?.as_slice() else { return None };
                let parts = parts.as_sequence()?.iter().map(|part| self.resolve(part));
                let parts: Vec<_> = parts.collect::<Option<_>>()?;
                Some(Cow::Owned(parts.join(separator.as_str()?)))
            }
            _ => None,
        }
    }
}
