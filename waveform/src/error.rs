//! The errors of building a waveform.

use challengectl_dsp::resample::ResampleError;

/// Why a waveform cannot be built.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages document the variants")]
pub enum BuildError {
    #[error("there is no modulation {name:?}; {}", hint(meant, known))]
    UnknownModulation { name: String, meant: Option<&'static str>, known: Vec<&'static str> },
    #[error("{modulation} has no parameter {name:?}; {}", hint(meant, known))]
    UnknownParameter { modulation: &'static str, name: String, meant: Option<&'static str>, known: Vec<&'static str> },
    #[error("parameter {name}: {reason}")]
    Parameter { name: &'static str, reason: String },
    #[error("{modulation} needs {needs}")]
    Payload { modulation: &'static str, needs: &'static str },
    /// The value ends the message: the way out, or empty.
    #[error("text: there is nothing to send{0}")]
    Empty(&'static str),
    #[error("text: {0}")]
    Text(String),
    /// About the file that is to be sent.
    #[error("{0}")]
    File(String),
    #[error("{0}")]
    Missing(String),
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Rate(#[from] ResampleError),
}

fn hint(meant: &Option<&'static str>, known: &[&'static str]) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant:?}?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("there are {}", known.join(", ")),
    }
}
