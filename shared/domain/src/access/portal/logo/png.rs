//! What is looked at of a PNG (*Portable Network Graphics Specification*, third edition): that its chunks are whole
//! and nothing stands behind them, and its sides. What is in the chunks, the browser judges.

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// A small file can hold a picture that takes a browser gigabytes.
pub(super) const MAX_SIDE: u16 = 4_096;

/// The width and height of a whole PNG.
pub(super) fn sides(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let (kind, header) = chunk(&mut rest)?;
    let sides =
        (kind == *b"IHDR" && header.len() == 13).then(|| (side(header), side(&header[4..])));
    loop {
        match chunk(&mut rest)? {
            (kind, []) if kind == *b"IEND" => break,
            _ => {}
        }
    }
    let (width, height) = sides?;
    rest.is_empty().then_some((width?, height?))
}

/// Takes the next chunk: its length, its kind, so many bytes, and a sum of them.
fn chunk<'a>(rest: &mut &'a [u8]) -> Option<([u8; 4], &'a [u8])> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (kind, after) = after.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (data, after) = after.split_at_checked(length)?;
    let (_sum, after) = after.split_first_chunk::<4>()?;
    *rest = after;
    Some((*kind, data))
}

fn side(bytes: &[u8]) -> Option<u16> {
    let side = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
    u16::try_from(side).ok().filter(|side| (1..=MAX_SIDE).contains(side))
}
