use std::ops::RangeInclusive;

use serde_json::value::RawValue;

use super::{Fields, List};
use crate::json::whole::Whole;

impl Fields {
    /// Takes a field that is a whole number of 0 or more, of which another reader knows the range.
    pub fn read_whole(&mut self, names: &[&str], expected: &str) -> Option<u64> {
        self.whole(names, 0..=u64::MAX, expected)
    }

    /// Takes a field that is a whole number within `range`, written in any way (see [`Whole`]). `expected`
    /// says what it is and its range.
    pub fn whole(
        &mut self,
        names: &[&str],
        range: RangeInclusive<u64>,
        expected: &str,
    ) -> Option<u64> {
        let field = self.take(names)?;
        let number = Whole::parse(field.raw.get()).map(|Whole(number)| number);
        let within = number.filter(|number| range.contains(number));
        if within.is_none() {
            self.errors.push(field.path, format!("must be {expected}"));
        }
        within
    }

    /// The same for a list of at most `most` whole numbers.
    pub fn whole_list(
        &mut self,
        names: &[&str],
        range: &RangeInclusive<u64>,
        expected: &str,
        most: usize,
    ) -> Option<Vec<u64>> {
        let field = self.take(names)?;
        let elements = match List::<Box<RawValue>>::read(field.raw.get(), most) {
            Ok(List::Whole(elements)) => elements,
            Ok(List::TooLong) => {
                self.errors.push(field.path, format!("must have at most {most} elements"));
                return None;
            }
            Err(_) => {
                self.errors.push(field.path, "must be a list");
                return None;
            }
        };
        let mut numbers = Vec::new();
        for (place, element) in elements.iter().enumerate() {
            match Whole::parse(element.get()) {
                Some(Whole(number)) if range.contains(&number) => numbers.push(number),
                _ => {
                    let path = format!("{}[{place}]", field.path);
                    self.errors.push(path, format!("must be {expected}"));
                }
            }
        }
        Some(numbers)
    }
}
