//! Variables in values: `$NAME`, `${NAME}`, `${NAME:-default}` and the other forms of Compose.

/// Variables in defaults of variables, at most: each level is a call on the stack.
const MAX_DEPTH: u32 = 8;

/// Characters in braces, at most: a text of open braces would be searched once for each of them.
const MAX_BRACED: usize = 512;

/// Returns a text with its variables replaced, and the names of those that have no value. There is no environment: a
/// variable has the default that is given with it.
pub(super) fn interpolate(text: &str) -> (String, Vec<String>) {
    let mut text_of = Text::default();
    text_of.add(text, 0);
    (text_of.result, text_of.unset)
}

#[derive(Default)]
struct Text {
    result: String,
    unset: Vec<String>,
}

impl Text {
    fn add(&mut self, text: &str, depth: u32) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            self.result.push_str(before);
            rest = self.variable(after, depth);
        }
        self.result.push_str(rest);
    }

    /// Replaces the variable whose `$` is before `text`. Returns what follows it.
    fn variable<'t>(&mut self, text: &'t str, depth: u32) -> &'t str {
        if let Some(rest) = text.strip_prefix('$') {
            self.result.push('$');
            return rest;
        }
        let braced = text.strip_prefix('{').and_then(|inner| inner.split_at_checked(end_of_braces(inner)?));
        if let Some((inner, rest)) = braced {
            self.braced(inner, depth);
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let (name, rest) = text.split_at(length_of_name(text));
        if name.is_empty() {
            self.result.push('$');
        } else {
            self.unset.push(name.to_owned());
        }
        rest
    }

    fn braced(&mut self, inner: &str, depth: u32) {
        let (name, operator) = inner.split_at(length_of_name(inner));
        let default = operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-'));
        let is_alternative = operator.starts_with(":+") || operator.starts_with('+');
        match default {
            Some(default) if depth < MAX_DEPTH => self.add(default, depth + 1),
            // Its alternative is for a variable that has a value.
            None if is_alternative => {}
            _ => self.unset.push(name.to_owned()),
        }
    }
}

/// Returns where the braces end that are open at the beginning of a text. Defaults may have variables in braces.
fn end_of_braces(text: &str) -> Option<usize> {
    let mut depth = 1_u32;
    for (place, character) in text.char_indices().take(MAX_BRACED) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

fn length_of_name(text: &str) -> usize {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c| !is_in_name(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_the_defaults_that_are_given_with_them() {
        let same = |text: &str| interpolate(text).0;
        assert_eq!(same("a$$b"), "a$b");
        assert_eq!(same("${PORT:-8080}:80"), "8080:80");
        assert_eq!(same("${PORT-8080}/${B:+x}"), "8080/");
        assert_eq!(same("${A:-${B:-deep}}!"), "deep!");
        assert_eq!(same("100 $ and $1"), "100 $ and $1");
        assert_eq!(same("${"), "${");
        assert_eq!(
            interpolate("$A ${B} ${C:?must be}"),
            ("  ".to_owned(), ["A", "B", "C"].map(str::to_owned).to_vec())
        );
        let deep = interpolate(&"${A:-".repeat(10_000));
        assert!(deep.1.is_empty() && deep.0.starts_with("${A"));
        let nested = format!("{}{}", "${A:-".repeat(20), "}".repeat(20));
        assert_eq!(interpolate(&nested).1, ["A"]);
    }
}
