//! Man pages and shell completions, made from a program's own definition of its command line.

use clap::Command;
use clap_complete::{Shell, generate_to};
use fs_err as fs;
use std::io;
use std::path::Path;

/// Writes man pages of a program and of its commands into `man1` below `folder`, and completions into `bash`, `zsh` and
/// `fish`.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(mut command: Command, folder: &Path) -> io::Result<()> {
    let name = command.get_name().to_owned();
    for (shell, place) in [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")] {
        let place = folder.join(place);
        fs::create_dir_all(&place)?;
        generate_to(shell, &mut command, &name, place)?;
    }
    let man = folder.join("man1");
    fs::create_dir_all(&man)?;
    clap_mangen::generate_to(command, man)
}
