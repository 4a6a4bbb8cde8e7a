//! The labels of everything that a runner starts. By them it finds its own again after a restart.

use std::collections::HashMap;

/// Whose it is: the installation of a runner.
pub(super) const RUNNER: &str = "challengectl.runner";
pub(super) const SESSION: &str = "challengectl.session";
const FENCE: &str = "challengectl.fence";
/// The name of a container in its instance.
const CONTAINER: &str = "challengectl.container";
pub(super) const CHALLENGE: &str = "challengectl.challenge";
const EXPIRES: &str = "challengectl.expires";
/// The name of a secret, and which of its contents it is.
const SECRET: &str = "challengectl.secret";
const VERSION: &str = "challengectl.version";

/// The installation of a runner: a random text in its state folder. Two runners on one engine never touch what the other
/// has started, also if they have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner(pub(crate) String);

impl Owner {
    /// Returns the labels of a part of a session.
    pub(super) fn labels(&self, session: i64, fence: i64) -> HashMap<String, String> {
        let pairs = [(RUNNER, self.0.clone()), (SESSION, session.to_string()), (FENCE, fence.to_string())];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns the beginning of the text: enough to tell two runners on one engine apart.
    pub(super) fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }

    /// Returns the filter that finds everything of this installation.
    pub(super) fn filter(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([("label".to_owned(), vec![format!("{RUNNER}={}", self.0)])])
    }
}

/// Narrows a filter to one session.
pub(super) fn only(mut filter: HashMap<String, Vec<String>>, session: i64) -> HashMap<String, Vec<String>> {
    filter.entry("label".to_owned()).or_default().push(format!("{SESSION}={session}"));
    filter
}

/// Returns the labels of a secret of a swarm.
pub(super) fn of_secret(owner: &Owner, name: &str, version: i64) -> HashMap<String, String> {
    let mut labels = of_owner(owner);
    labels.extend([(SECRET.to_owned(), name.to_owned()), (VERSION.to_owned(), version.to_string())]);
    labels
}

/// Returns the label of what is of no session.
pub(super) fn of_owner(owner: &Owner) -> HashMap<String, String> {
    HashMap::from([(RUNNER.to_owned(), owner.0.clone())])
}

/// Adds the name of a container, and what people want to know of it.
pub(super) fn describe(labels: &mut HashMap<String, String>, container: &str, challenge: &str, expires: String) {
    labels.insert(CONTAINER.to_owned(), container.to_owned());
    labels.insert(CHALLENGE.to_owned(), challenge.to_owned());
    labels.insert(EXPIRES.to_owned(), expires);
}

/// Returns the name of a container; empty if it has none.
pub(super) fn container(labels: Option<&HashMap<String, String>>) -> String {
    labels.and_then(|labels| labels.get(CONTAINER)).cloned().unwrap_or_default()
}

/// Reads session and fence.
pub(super) fn read(labels: Option<&HashMap<String, String>>) -> Option<(i64, i64)> {
    let labels = labels?;
    read_by(|name| labels.get(name))
}

/// Reads session and fence by the values of labels.
pub(super) fn read_by<'a>(value: impl Fn(&str) -> Option<&'a String>) -> Option<(i64, i64)> {
    let number = |name: &str| value(name)?.parse().ok();
    Some((number(SESSION)?, number(FENCE)?))
}
