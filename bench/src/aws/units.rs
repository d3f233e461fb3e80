//! Capacity units, as DynamoDB charges them (*DynamoDB Developer Guide*, "DynamoDB read and write
//! operations").

/// A read of this many bytes. Reading what is not there costs as much as reading 1 byte.
#[must_use]
pub fn read_units(bytes: usize, consistent: bool) -> f64 {
    let blocks = units(bytes, 4096);
    if consistent { blocks } else { blocks / 2.0 }
}

/// A write of this many bytes.
#[must_use]
pub fn write_units(bytes: usize) -> f64 {
    units(bytes, 1024)
}

fn units(bytes: usize, block: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(block).max(1)).unwrap_or(u32::MAX))
}
