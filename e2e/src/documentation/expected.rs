//! Comparison of a program's output with that on a page.

/// Compares line by line. `…` in a line stands for any text, and a line of only `…` for any lines. Output before and
/// after, such as log lines, is ignored.
pub fn is_shown(expected: &[String], printed: &str) -> bool {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    (0..=printed.len()).any(|start| printed.get(start..).is_some_and(|rest| begins(expected, rest)))
}

fn begins(expected: &[String], printed: &[&str]) -> bool {
    let Some((line, later)) = expected.split_first() else { return true };
    if line == "…" {
        return (0..=printed.len()).any(|skip| printed.get(skip..).is_some_and(|rest| begins(later, rest)));
    }
    printed.split_first().is_some_and(|(first, rest)| is_line(line, first) && begins(later, rest))
}

fn is_line(expected: &str, printed: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else { return expected == printed };
    let Some(printed) = printed.strip_prefix(start) else { return false };
    let mut places = printed.char_indices().map(|(at, _)| at).chain([printed.len()]);
    places.any(|at| printed.get(at..).is_some_and(|printed| is_line(rest, printed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipsis_stands_for_any_text_or_any_lines() {
        let shown =
            |expected: &str, printed: &str| is_shown(&expected.lines().map(str::to_owned).collect::<Vec<_>>(), printed);
        assert!(shown("a … c … e", "log\na b c d e\nlog"));
        assert!(shown("{\"token\":\"…\"}", "{\"token\":\"x\"}"));
        assert!(shown("a\n…\nd", "a\nb\nc\nd\n"));
        assert!(!shown("a\nd", "a\nb\nd\n"));
        assert!(!shown("a … c", "a b"));
    }
}
