//! The commands of a `console` block, with their output.

/// A command, as typed.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// The number of lines before it in the block.
    pub offset: usize,
    pub text: String,
    /// The expected output; empty: any.
    pub output: Vec<String>,
}

/// Splits a block. A command continues after a `\` at the end of a line, and up to the end of its here-documents.
pub fn commands(block: &str) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    let mut lines = block.lines().enumerate();
    while let Some((offset, line)) = lines.next() {
        // Commands of root begin with `# `.
        let Some(text) = line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ")) else {
            commands.last_mut().ok_or("output in front of the first command")?.output.push(line.to_owned());
            continue;
        };
        let mut command = text.to_owned();
        let mut last = text;
        let end = here_document(text);
        while last.ends_with('\\') || end.is_some_and(|end| last != end) {
            let (_, line) = lines.next().ok_or_else(|| format!("{text}: has no end"))?;
            command.extend(["\n", line]);
            last = line;
        }
        commands.push(Command { offset, text: command, output: Vec::new() });
    }
    Ok(commands)
}

/// Returns the word that ends the here-document that begins in this line.
fn here_document(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("<<")?;
    rest.split_whitespace().next().map(|word| word.trim_matches('\''))
}

/// Returns the kind of program if the command runs until it is stopped.
pub fn endless(command: &str) -> Option<&'static str> {
    let is = |program: &str, verb: &str| {
        let mut words = command.split_whitespace();
        words.next() == Some(program) && words.next() == Some(verb)
    };
    [("server", "challengectl-server", "serve"), ("runner", "challengectl-runner", "run")]
        .into_iter()
        .find_map(|(kind, program, verb)| is(program, verb).then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_split_into_commands_and_their_output() {
        let block = "$ cat > a <<'END'\n$ x\nEND\n$ curl \\\n    -s\n{}\n…\n# reboot\n";
        let command = |offset, text: &str, output: &[&str]| Command {
            offset,
            text: text.to_owned(),
            output: output.iter().map(|&line| line.to_owned()).collect(),
        };
        let expected = vec![
            command(0, "cat > a <<'END'\n$ x\nEND", &[]),
            command(3, "curl \\\n    -s", &["{}", "…"]),
            command(7, "reboot", &[]),
        ];
        assert_eq!(commands(block), Ok(expected));
        assert!(commands("words\n").is_err() && commands("$ cat <<'END'\n").is_err());
    }

    #[test]
    fn servers_and_runners_run_until_they_are_stopped() {
        assert_eq!(endless("challengectl-server serve --config a.yml"), Some("server"));
        assert_eq!(endless("challengectl-runner run"), Some("runner"));
        assert_eq!(endless("challengectl-runner transmit run"), None);
        assert_eq!(endless("challengectl-server runner enroll roof"), None);
    }
}
