//! Names of images, as engines write them: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.

/// Returns the repository of an image: its name without tag and digest.
#[must_use]
pub fn repository(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

/// Returns whether two names mean the same image: Podman and Kubernetes write the registry that Docker leaves out, and all
/// take `latest` for a missing tag.
#[must_use]
pub fn is_same_image(known: &str, wanted: &str) -> bool {
    let (known, wanted) = (without_registry(known), without_registry(wanted));
    known == wanted || known.strip_suffix(":latest") == Some(wanted)
}

fn without_registry(name: &str) -> &str {
    let default = ["docker.io/library/", "docker.io/", "localhost/"];
    default.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_neither_tag_nor_digest() {
        assert_eq!(repository("myregistry:5000/ctf/web:latest"), "myregistry:5000/ctf/web");
        assert_eq!(repository("myregistry:5000/ctf/web"), "myregistry:5000/ctf/web");
        assert_eq!(repository("nginx:alpine"), "nginx");
        assert_eq!(repository("nginx:alpine@sha256:0"), "nginx");
    }

    #[test]
    fn both_engines_name_an_image_in_their_own_way() {
        for (known, wanted) in [
            ("nginx:alpine", "nginx:alpine"),
            ("docker.io/library/nginx:alpine", "nginx:alpine"),
            ("localhost/ctf/web:1", "ctf/web:1"),
            ("ctf/web:1", "localhost/ctf/web:1"),
            ("docker.io/ctf/web:latest", "ctf/web"),
        ] {
            assert!(is_same_image(known, wanted), "{known} {wanted}");
        }
        for (known, wanted) in
            [("ctf/web:2", "ctf/web:1"), ("ctf/web:1", "ctf/web"), ("other.io/ctf/web:1", "ctf/web:1")]
        {
            assert!(!is_same_image(known, wanted), "{known} {wanted}");
        }
    }
}
