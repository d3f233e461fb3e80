//! Lists that a client sent, read up to the number of elements that they may have.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};

/// A list, if it has no more elements than it may have.
#[derive(Debug, PartialEq, Eq)]
pub enum List<T> {
    Whole(Vec<T>),
    /// It has more. They are not kept, so that a long list takes no memory.
    TooLong,
}

impl<T: for<'de> Deserialize<'de>> List<T> {
    /// Reads a JSON list of at most `most` elements.
    pub fn read(json: &str, most: usize) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let list = UpTo { most, element: PhantomData }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(list)
    }
}

struct UpTo<T> {
    most: usize,
    element: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for UpTo<T> {
    type Value = List<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<List<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for UpTo<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < self.most {
            match list.next_element()? {
                Some(element) => elements.push(element),
                None => return Ok(List::Whole(elements)),
            }
        }
        if list.next_element::<IgnoredAny>()?.is_none() {
            return Ok(List::Whole(elements));
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(List::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_06_a_list_is_read_up_to_its_limit() {
        for (json, expected) in [
            ("[]", Some(List::Whole(vec![]))),
            ("[1,2,3]", Some(List::Whole(vec![1, 2, 3]))),
            ("[1,2,3,4]", Some(List::TooLong)),
            // What is over the limit is not looked at, as long as it is JSON.
            (r#"[1,2,3,"x",{"y":[]}]"#, Some(List::TooLong)),
            ("[1,2,3,4", None),
            ("[1,2,3,4] 5", None),
            (r#"["x"]"#, None),
            (r#"{"a":1}"#, None),
            (r#""x""#, None),
        ] {
            assert_eq!(List::<u8>::read(json, 3).ok(), expected, "{json}");
        }
    }

    #[test]
    fn finding_06_elements_over_the_limit_are_not_kept() {
        thread_local!(static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
        #[derive(Debug)]
        struct Counted;
        impl<'de> Deserialize<'de> for Counted {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                READ.set(READ.get() + 1);
                IgnoredAny::deserialize(deserializer).map(|_| Self)
            }
        }
        let json = format!("[{}]", vec!["1"; 60_000].join(","));
        assert!(matches!(List::<Counted>::read(&json, 100), Ok(List::TooLong)));
        assert_eq!(READ.get(), 100);
    }
}
