//! The fenced blocks of a page.

/// A block between fences.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of its first line, from 1.
    pub line: usize,
    pub language: String,
    pub text: String,
    /// The reason if it is neither run nor checked.
    pub left_out: Option<String>,
}

const FENCE: &str = "```";
const MARK: &str = "<!-- not run: ";

/// Returns all blocks of a page, in order; an error is the line and the problem.
pub fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut mark: Option<(usize, String)> = None;
    let mut lines = (1..).zip(page.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(reason) = line.strip_prefix(MARK) {
            let reason = reason
                .strip_suffix(" -->")
                .ok_or_else(|| format!("{number}: the mark must be on a line of its own"))?;
            mark = Some((number, reason.to_owned()));
            continue;
        }
        let Some(language) = line.trim_start().strip_prefix(FENCE) else {
            if let Some((number, _)) = mark.as_ref().filter(|_| !line.is_empty()) {
                return Err(format!("{number}: there is no block after the mark"));
            }
            continue;
        };
        let mut text = String::new();
        loop {
            match lines.next() {
                Some((_, line)) if line.trim_start() == FENCE => break,
                Some((_, line)) => text.extend([line, "\n"]),
                None => return Err(format!("{number}: the block has no end")),
            }
        }
        let left_out = mark.take().map(|(_, reason)| reason);
        blocks.push(Block { line: number + 1, language: language.to_owned(), text, left_out });
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_language_place_and_mark() {
        let page = "Do\n\n```console\n$ ls\n```\n<!-- not run: no radio -->\n```yaml\na: 1\nb: 2\n```\n";
        let block = |line, language: &str, text: &str, left_out: Option<&str>| Block {
            line,
            language: language.to_owned(),
            text: text.to_owned(),
            left_out: left_out.map(str::to_owned),
        };
        let expected = vec![block(4, "console", "$ ls\n", None), block(8, "yaml", "a: 1\nb: 2\n", Some("no radio"))];
        assert_eq!(blocks(page), Ok(expected));
    }

    #[test]
    fn an_invalid_block_or_mark_is_refused() {
        assert_eq!(blocks("```sh\nls\n"), Err("1: the block has no end".to_owned()));
        assert_eq!(blocks("\n<!-- not run: a -->\nwords\n"), Err("2: there is no block after the mark".to_owned()));
    }
}
