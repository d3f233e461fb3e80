//! Takes the chunks of a body apart (RFC 9112 §7.1).

/// Where in a chunked body the next byte belongs.
#[derive(Debug)]
pub(super) enum Chunks {
    /// The line with a chunk's size: the digits so far, and whether they have ended.
    Size {
        size: u64,
        digits: u8,
        ended: bool,
    },
    /// Bytes of data that are left of a chunk.
    Data(u64),
    /// The line end after a chunk's data.
    AfterData,
    /// The lines after the last chunk; `empty` where the current one has nothing so far.
    Trailers {
        empty: bool,
    },
    Over,
}

/// These are no chunks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Chunks {
    pub(super) fn new() -> Self {
        Self::Size { size: 0, digits: 0, ended: false }
    }

    /// Takes the next bytes and hands on those that are data. Whatever follows the last chunk's trailers is left.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        mut data: impl FnMut(&[u8]),
    ) -> Result<usize, Malformed> {
        let all = bytes.len();
        while !bytes.is_empty() && !matches!(self, Self::Over) {
            if let Self::Data(left) = self {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                data(&bytes[..here]);
                bytes = &bytes[here..];
                *left -= here as u64;
                if *left == 0 {
                    *self = Self::AfterData;
                }
            } else {
                self.step(bytes[0])?;
                bytes = &bytes[1..];
            }
        }
        Ok(all - bytes.len())
    }

    /// Takes a byte that is not data.
    fn step(&mut self, byte: u8) -> Result<(), Malformed> {
        match (&mut *self, byte) {
            (Self::Size { digits: 0, .. }, b'\n') => return Err(Malformed),
            (Self::Size { size: 0, .. }, b'\n') => *self = Self::Trailers { empty: true },
            (Self::Size { size, .. }, b'\n') => *self = Self::Data(*size),
            (Self::Size { ended: true, .. }, _) => {}
            (Self::Size { size, digits, .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                *size = size.checked_mul(16).ok_or(Malformed)? + u64::from(digit);
                *digits = digits.saturating_add(1);
            }
            // Blanks around the size are tolerated, and extensions are not looked at.
            (Self::Size { digits: 0, .. }, b' ' | b'\t') => {}
            (Self::Size { digits: 1.., ended, .. }, b' ' | b'\t' | b';' | b'\r') => *ended = true,
            (Self::Size { .. }, _) => return Err(Malformed),
            (Self::AfterData, b'\r') => {}
            (Self::AfterData, b'\n') => *self = Self::new(),
            (Self::AfterData, _) => return Err(Malformed),
            (Self::Trailers { empty: true }, b'\n') => *self = Self::Over,
            (Self::Trailers { .. }, b'\n') => *self = Self::Trailers { empty: true },
            (Self::Trailers { .. }, b'\r') => {}
            (Self::Trailers { empty }, _) => *empty = false,
            (Self::Data(_) | Self::Over, _) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data, and how many bytes belong to the body, or that they are no chunks.
    fn read(bytes: &[u8], piece: usize) -> Result<(String, usize, bool), Malformed> {
        let (mut chunks, mut data, mut taken) = (Chunks::new(), Vec::new(), 0);
        for piece in bytes.chunks(piece) {
            taken += chunks.take(piece, |bytes| data.extend_from_slice(bytes))?;
        }
        Ok((String::from_utf8(data).unwrap(), taken, matches!(chunks, Chunks::Over)))
    }

    #[test]
    fn chunks_are_taken_apart_however_they_come() {
        let ok = |data: &str, taken, over| Ok((data.to_owned(), taken, over));
        for (body, expected) in [
            ("2\r\nok\r\n0\r\n\r\n", ok("ok", 12, true)),
            ("2\r\nok\r\n0\r\n\r\nHTTP", ok("ok", 12, true)),
            ("1\r\na\r\n02;x=\"y\"\r\nbc\r\n0\r\nX-A: b\r\n\r\n", ok("abc", 33, true)),
            ("2\nok\n0\n\n", ok("ok", 8, true)),
            ("2 \r\nok\r\n 0\r\n\r\n", ok("ok", 14, true)),
            ("A\r\n0123456789\r\n", ok("0123456789", 15, false)),
            ("2\r\no", ok("o", 4, false)),
            ("2\r\nok\r\n0\r\n", ok("ok", 10, false)),
            ("zz\r\nok\r\n", Err(Malformed)),
            ("\r\nok", Err(Malformed)),
            ("\n", Err(Malformed)),
            (";x\r\nok", Err(Malformed)),
            ("2\r\nokay\r\n", Err(Malformed)),
            ("-2\r\nok\r\n", Err(Malformed)),
            ("fffffffffffffffff\r\nok\r\n", Err(Malformed)),
        ] {
            for piece in [1, 2, 3, 100] {
                assert_eq!(read(body.as_bytes(), piece), expected, "{body:?} by {piece}");
            }
        }
    }
}
