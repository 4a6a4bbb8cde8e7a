//! Runs every page of the documentation, word for word.

use anyhow::Result;
use challengectl_e2e::documentation::{Before, broken_links, pages, walk};

/// Every page, with the state after the pages before it.
macro_rules! walked {
    ($($name:ident: $page:literal, $before:ident;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            walk($page, Before::$before)
        })*

        #[test]
        fn every_page_has_a_test() -> Result<()> {
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
    air: "docs/air.md", Built;
    api: "docs/api.md", Operator;
    architecture: "docs/architecture.md", Built;
    audio: "docs/audio.md", Built;
    command_line: "docs/command-line.md", Built;
    dashboard: "docs/dashboard.md", Built;
    docker_front: "docs/docker-front.md", Operator;
    frequencies: "docs/frequencies.md", Built;
    install: "docs/install.md", Built;
    instances: "docs/instances.md", Operator;
    kubernetes: "docs/kubernetes.md", Built;
    live_events: "docs/live-events.md", Operator;
    operating: "docs/operating.md", Operator;
    operations: "docs/operations.md", Operator;
    pacstar_front: "docs/pacstar-front.md", Built;
    players: "docs/players.md", Operator;
    protocol: "docs/protocol.md", Operator;
    receive: "docs/receive.md", Built;
    radios: "docs/radios.md", Built;
    running_an_event: "docs/running-an-event.md", Built;
    sessions_front: "docs/sessions-front.md", Built;
    waveform_rates: "docs/waveform-rates.md", Built;
    words: "docs/words.md", Built;
}

#[test]
fn no_link_is_broken() -> Result<()> {
    assert_eq!(broken_links()?, Vec::<String>::new());
    Ok(())
}
