//! Names of images, by the grammar of Docker: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`
//! (<https://pkg.go.dev/github.com/distribution/reference>).

/// Bytes of the longest name.
const MAX_NAME: usize = 255;

/// Returns whether all of a text is the name of an image.
pub fn is_reference(text: &str) -> bool {
    if text.is_empty() || text.len() > MAX_NAME {
        return false;
    }
    let (text, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    // A colon after the last slash begins the tag; one before it is that of a port.
    let tag_at = text.rfind(':').filter(|at| !text.get(*at..).unwrap_or_default().contains('/'));
    let (name, tag) = tag_at.and_then(|at| text.split_at_checked(at)).map_or((text, None), |(n, t)| (n, t.get(1..)));
    let (host, path) = match name.split_once('/') {
        // Docker takes the first part for a host if it looks like one.
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, name),
    };
    host.is_none_or(is_host)
        && path.split('/').all(is_component)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        let is_inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    name.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Lower-case letters and digits, separated by one `.`, one or two `_`, or any number of `-`.
fn is_component(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = |text: &str| text.bytes().next().is_some_and(is_plain) && text.bytes().next_back().is_some_and(is_plain);
    let mut separators = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_separator = |run: &str| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|byte| byte == b'-');
    ends(text) && separators.all(is_separator)
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_inner = text.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-');
    (1..=128).contains(&text.len()) && text.bytes().next().is_some_and(is_word) && is_inner
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(is_part) && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_told_from_other_texts() {
        let digest = format!("web@sha256:{}", "0".repeat(64));
        for name in [
            "nginx",
            "nginx:alpine",
            "ctf/web:1.0",
            "myregistry:5000/ctf/web:latest",
            "localhost/a",
            "a__b/c-d--e:1",
            &digest,
        ] {
            assert!(is_reference(name), "{name}");
        }
        for text in [
            "",
            "Nginx",
            "nginx:",
            "nginx:a b",
            "nginx\n",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "/a",
            "a/",
            "a//b",
            "host:0x/a",
            "a@sha256:0",
            "a;b",
            "../a",
            &"a".repeat(256),
        ] {
            assert!(!is_reference(text), "{text:?}");
        }
    }
}
