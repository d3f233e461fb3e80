//! Whole numbers, by one rule wherever a request or a file holds one: a JSON number whose value is whole,
//! however it is written. `60`, `60.0` and `6e1` are the same number, and `"60"` is none.

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A whole number of 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(pub u64);

/// The most digits of a `u64`.
const MAX_DIGITS: usize = 20;

impl Whole {
    /// Reads a JSON number. `None` if the text is something else, or if the number is negative, has a
    /// fraction or is larger than a `u64`. The value is exact: nothing is rounded to a double.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (integer, fraction) = match mantissa.split_once('.') {
            Some((integer, fraction)) => (integer, Some(fraction)),
            None => (mantissa, None),
        };
        let is_json = is_digits(integer)
            && (integer == "0" || !integer.starts_with('0'))
            && fraction.is_none_or(is_digits)
            && exponent.is_none_or(|e| is_digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
        if !is_json {
            return None;
        }
        let fraction = fraction.unwrap_or_default();
        let all = format!("{integer}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self(0));
        }
        if unsigned.len() < text.len() || digits.len() > MAX_DIGITS {
            return None;
        }
        // The number is `digits` times ten to the power of `zeros`.
        let trailing = i64::try_from(all.len() - all.trim_end_matches('0').len()).ok()?;
        let exponent = exponent.map_or(Some(0), |e| e.parse::<i64>().ok())?;
        let zeros = exponent
            .checked_sub(i64::try_from(fraction.len()).ok()?)
            .and_then(|power| power.checked_add(trailing))?;
        let power = 10u64.checked_pow(u32::try_from(zeros).ok()?)?;
        digits.parse::<u64>().ok()?.checked_mul(power).map(Self)
    }
}

impl Whole {
    /// The time that is so many seconds after the Unix epoch.
    #[must_use]
    pub fn as_time(self) -> Option<Timestamp> {
        Timestamp::from_second(i64::try_from(self.0).ok()?).ok()
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(number.get()).ok_or_else(|| serde::de::Error::custom("not a whole number"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_whole_by_its_value() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("0.0", Some(0)),
            ("-0.0e5", Some(0)),
            ("0e99999999999999999999", Some(0)),
            ("5", Some(5)),
            ("5.0", Some(5)),
            ("5.000000", Some(5)),
            ("5e0", Some(5)),
            ("50e-1", Some(5)),
            ("0.5e1", Some(5)),
            ("0.05E+2", Some(5)),
            ("1e3", Some(1_000)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551615.0", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("9007199254740993.0", Some(9_007_199_254_740_993)),
            ("1e20", None),
            ("1e99999999999999999999", None),
            ("5.5", None),
            ("5.00000000000000000001", None),
            ("4.99999999999999999999", None),
            ("5e-1", None),
            ("-5", None),
            ("-5.0", None),
            ("", None),
            ("\"5\"", None),
            ("true", None),
            ("null", None),
            ("+5", None),
            (" 5", None),
            ("05", None),
            ("5.", None),
            (".5", None),
            ("5e", None),
            ("5e+", None),
            ("0x5", None),
            ("5_000", None),
            ("NaN", None),
            ("٥", None),
            ("[5]", None),
        ] {
            assert_eq!(Whole::parse(text).map(|Whole(n)| n), expected, "{text}");
            let json = serde_json::from_str::<Whole>(text).ok().map(|Whole(n)| n);
            // JSON allows space around a value.
            assert_eq!(json, Whole::parse(text.trim()).map(|Whole(n)| n), "{text} in JSON");
        }
    }

    proptest! {
        #[test]
        fn every_way_to_write_a_number_is_read_as_that_number(n in 1u64.., zeros in 0usize..30) {
            let padding = "0".repeat(zeros);
            for text in [
                n.to_string(),
                format!("{n}.0{padding}"),
                format!("{n}e0"),
                format!("{n}{padding}e-{zeros}"),
            ] {
                prop_assert_eq!(Whole::parse(&text), Some(Whole(n)), "{}", text);
                prop_assert_eq!(serde_json::from_str::<Whole>(&text).ok(), Some(Whole(n)), "{}", text);
            }
            prop_assert_eq!(Whole::parse(&format!("{n}.{padding}1")), None);
            prop_assert_eq!(Whole::parse(&format!("\"{n}\"")), None);
        }

        #[test]
        fn what_is_read_is_what_json_means(text in "-?[0-9.eE+-]{1,12}") {
            if let Some(Whole(n)) = Whole::parse(&text) {
                let number: f64 = serde_json::from_str(&text).unwrap();
                let read: f64 = n.to_string().parse().unwrap();
                prop_assert!((number - read).abs() <= number.abs() * 1e-15, "{text}: {n}");
            }
        }

        #[test]
        fn what_is_no_number_in_json_is_not_read(text in any::<String>()) {
            let is_number = serde_json::from_str::<f64>(&text).is_ok();
            prop_assert!(is_number || Whole::parse(&text).is_none(), "{text}");
        }
    }
}
