//! Links between pages.

use std::collections::BTreeSet;
use std::path::Path;

/// Returns the broken links of a page. Links to other sites are not followed.
pub fn broken(page: &Path, text: &str) -> Vec<String> {
    let folder = page.parent().unwrap_or(page);
    let targets = prose(text).flat_map(targets_in).filter(|target| !target.contains("://"));
    targets
        .filter(|target| {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.to_owned() } else { folder.join(file) };
            let there = file.exists();
            let anchored = || std::fs::read_to_string(&file).is_ok_and(|text| anchors(&text).contains(anchor));
            !there || (!anchor.is_empty() && !anchored())
        })
        .map(str::to_owned)
        .collect()
}

/// Returns the targets of `[words](target)` in a line.
fn targets_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// Returns the anchors that GitHub derives from headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

/// Returns the lines outside of blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_and_headings_are_followed() {
        let page = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let text = "[a](src/lib.rs) [b](https://x.example/) [c](src/none.rs)\n```\n[d](e)\n```\n";
        assert_eq!(broken(page, text), ["src/none.rs"]);
        let expected = BTreeSet::from(["the-conferences-hours-http".to_owned()]);
        assert_eq!(anchors("words\n## The conference's hours: `HTTP`\n"), expected);
    }
}
