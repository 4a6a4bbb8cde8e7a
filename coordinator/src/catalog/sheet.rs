//! The sheet: what an organiser sets of a challenge on the Docker front, for one that is new or known.

use super::{Card, Entry, Subject};
use crate::CoreError;
use crate::store::instances::About;
use challengectl_common::ChallengeName;
use challengectl_common::instance::{Capability, ContainerSpec, InstanceSpec, OnExisting, Policy, Port, PortSpec};
use challengectl_event::instance::Form;

/// Seconds that an instance of a challenge made here lives: the document cleans up after 2 hours.
const LIFETIME_SECONDS: u32 = 7200;
/// Seconds after which an instance may be replaced.
const COOLDOWN_SECONDS: u32 = 300;
/// Bytes of each of the texts of a card, of which CTFd bounds none.
const MAX_TEXT: usize = 16 * 1024;
/// Challenges that one challenge requires, and secrets that it gets.
const MAX_REFERENCES: usize = 100;

/// What an organiser sets of a challenge.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in `Entry`")]
pub struct Sheet {
    pub name: ChallengeName,
    pub is_shown: bool,
    pub category: String,
    pub description: String,
    pub points: u32,
    pub max_attempts: Option<u32>,
    pub subject: Subject,
    pub card: Card,
}

impl From<Entry> for Sheet {
    fn from(entry: Entry) -> Self {
        Self {
            name: entry.name,
            is_shown: entry.is_shown,
            category: entry.about.category,
            description: entry.about.description,
            points: entry.points,
            max_attempts: entry.max_attempts,
            subject: entry.subject,
            card: entry.card,
        }
    }
}

impl Sheet {
    /// Checks what the types do not, and what is not checked where it is stored.
    pub(super) fn check(&self) -> Result<(), CoreError> {
        let card = &self.card;
        let texts = [
            ("attribution", &card.attribution),
            ("connection_info", &card.connection_info),
            ("scheduled_at", &card.scheduled_at),
        ];
        let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > MAX_TEXT);
        if let Some((name, _)) = texts.iter().find(|(_, text)| is_long(text)) {
            return Err(CoreError::Invalid(format!("{name}: more than {MAX_TEXT} bytes")));
        }
        if card.requirements.as_ref().is_some_and(|it| it.prerequisites.len() > MAX_REFERENCES) {
            return Err(CoreError::Invalid(format!("requirements: more than {MAX_REFERENCES} prerequisites")));
        }
        if card.secrets.len() > MAX_REFERENCES {
            return Err(CoreError::Invalid(format!("docker_secrets_array: more than {MAX_REFERENCES} secrets")));
        }
        let mut ids: Vec<&str> = card.secrets.iter().map(|it| it.id.as_str()).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|two| matches!(two, [a, b] if a == b)) {
            return Err(CoreError::Invalid("docker_secrets_array: a secret is given twice".to_owned()));
        }
        // The same bounds for both kinds.
        let form = Form::new(self.name.clone(), spec("-", &[]));
        let form = Form { category: self.category.clone(), description: self.description.clone(), ..form };
        form.check().map_err(CoreError::Invalid)
    }

    /// Returns what players read about a new challenge.
    pub(super) fn about(&self) -> About {
        About { category: self.category.clone(), description: self.description.clone(), ..About::default() }
    }

    /// Returns the form of a new challenge with this image and these ports.
    pub(super) fn form(&self, image: &str, ports: &[Port]) -> Form {
        let policy = Policy {
            lifetime_seconds: LIFETIME_SECONDS,
            cooldown_seconds: COOLDOWN_SECONDS,
            on_existing: OnExisting::Restart,
            extendable: false,
            after_solve_seconds: Some(0),
            ..Policy::default()
        };
        let form = Form { policy, ..Form::new(self.name.clone(), spec(image, ports)) };
        self.on(form)
    }

    /// Returns the form of a known challenge, changed. Other containers than the first, and all of that one but its image and
    /// ports, stay.
    pub(super) fn changed(&self, mut form: Form) -> Form {
        if let (Subject::Instance { image, ports, .. }, Some(first)) = (&self.subject, form.spec.containers.first_mut())
        {
            first.image.clone_from(image);
            let known = std::mem::take(&mut first.ports);
            let find = |port: &Port| known.iter().find(|it| it.port == *port).cloned();
            first.ports = ports.iter().map(|port| find(port).unwrap_or_else(|| plain(*port))).collect();
        }
        self.on(form)
    }

    fn on(&self, form: Form) -> Form {
        Form {
            name: self.name.clone(),
            enabled: self.is_shown,
            category: self.category.clone(),
            description: self.description.clone(),
            points: self.points,
            max_attempts: self.max_attempts,
            ..form
        }
    }
}

fn plain(port: Port) -> PortSpec {
    PortSpec { name: None, port, is_http: false }
}

/// Images of CTFd's challenges are written for Docker's defaults; these are the capabilities of them that do not reach beyond
/// a container.
const CAPABILITIES: [Capability; 7] = [
    Capability::Chown,
    Capability::DacOverride,
    Capability::Fowner,
    Capability::Kill,
    Capability::NetBindService,
    Capability::Setgid,
    Capability::Setuid,
];

fn spec(image: &str, ports: &[Port]) -> InstanceSpec {
    let container = ContainerSpec::of_image(image.to_owned(), ports.iter().copied().map(plain).collect());
    let container = ContainerSpec { capabilities: CAPABILITIES.into(), ..container };
    InstanceSpec { containers: vec![container], process: None }
}
