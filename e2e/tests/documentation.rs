//! Every page of the documentation, done word for word.

use anyhow::Result;
use challengectl_e2e::documentation::{Before, broken_links, pages, walk};

/// Every page, with what the pages before it brought about.
macro_rules! walked {
    ($($name:ident: $page:literal, $before:ident;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            walk($page, Before::$before)
        })*

        #[test]
        fn no_page_is_left_out() -> Result<()> {
            let mut walked = vec![$($page.to_owned()),*];
            walked.sort();
            assert_eq!(pages()?, walked);
            Ok(())
        }
    };
}

walked! {
    the_readme: "README.md", Built;
    accounts: "docs/accounts.md", Server;
    adding_a_modulation: "docs/adding-a-modulation.md", Built;
    api: "docs/api.md", Operator;
    architecture: "docs/architecture.md", Built;
    audio: "docs/audio.md", Built;
    command_line: "docs/command-line.md", Built;
    frequencies: "docs/frequencies.md", Built;
    install: "docs/install.md", Built;
    live_events: "docs/live-events.md", Operator;
    operating: "docs/operating.md", Operator;
    operations: "docs/operations.md", Operator;
    protocol: "docs/protocol.md", Operator;
    running_an_event: "docs/running-an-event.md", Built;
    words: "docs/words.md", Built;
}

#[test]
fn every_link_leads_somewhere() -> Result<()> {
    assert_eq!(broken_links()?, Vec::<String>::new());
    Ok(())
}
