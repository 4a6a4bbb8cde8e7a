//! Quantities as Kubernetes writes them, as far as processors and memory have them.

/// Suffixes of memory, with their factors.
const SUFFIXES: [(&str, u64); 11] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("K", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("m", 0),
    ("", 1),
];

/// Reads thousandths of a processor core: `100m`, `0.5`, `2`.
pub fn cpu_millis(text: &str) -> Option<u32> {
    let (number, factor) = text.strip_suffix('m').map_or((text, 1000.0), |number| (number, 1.0));
    let millis = decimal(number)? * factor;
    (millis >= 1.0 && millis <= f64::from(u32::MAX)).then_some(millis.ceil() as u32)
}

/// Reads bytes of memory: `128Mi`, `1G`, `0.5Gi`, `134217728`.
pub fn memory_bytes(text: &str) -> Option<u64> {
    let (suffix, factor) = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix))?;
    let bytes = decimal(text.strip_suffix(suffix)?)? * *factor as f64;
    // Exact up to 2^53, which is more than a machine has.
    (bytes >= 1.0 && bytes <= (1_u64 << 53) as f64).then_some(bytes.ceil() as u64)
}

fn decimal(text: &str) -> Option<f64> {
    let is_decimal = text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_does() {
        assert_eq!(["100m", "0.5", "2", "1500m"].map(cpu_millis), [Some(100), Some(500), Some(2000), Some(1500)]);
        assert_eq!(["", "m", "0", "-1", "1e3", "1k", "inf", "NaN", "100 m"].map(cpu_millis), [None; 9]);
        assert_eq!(memory_bytes("128Mi"), Some(134_217_728));
        assert_eq!(
            [memory_bytes("1G"), memory_bytes("0.5Ki"), memory_bytes("7")],
            [Some(1_000_000_000), Some(512), Some(7)]
        );
        assert_eq!(["", "Mi", "12X", "1mi", "100m", "-1Mi", "9999999Ti"].map(memory_bytes), [None; 7]);
    }
}
