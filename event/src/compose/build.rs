//! Images: instances are started of images that are there.

use super::notes::{Notes, quoted};
use crate::document::node::{Node, Value};
use crate::instance::Slug;
use challengectl_common::instance::ContainerName;

/// Returns the image of a service; `None` if it has neither an image nor a way to build one.
pub(super) fn image(
    line: u64,
    named: Option<String>,
    built: Option<(u64, Node)>,
    slug: &Slug,
    container: &ContainerName,
    notes: &mut Notes,
) -> Option<String> {
    let Some((line, build)) = built else {
        if named.is_none() {
            notes.unsupported(line, "image", "a service needs `image` or `build`");
        }
        return named;
    };
    let image = named.unwrap_or_else(|| format!("localhost/challenges/{slug}-{}:1", container.as_str()));
    let command = command(&build, &image, notes);
    notes.note(line, "build", format!("build the image on each host with an engine: `{command}`"));
    Some(image)
}

/// Returns the command that builds an image.
fn command(build: &Node, image: &str, notes: &mut Notes) -> String {
    let (mut context, mut options) = (None, String::new());
    match &build.value {
        Value::Map(keys) => {
            for (key, node) in keys {
                match key.name.as_str() {
                    "context" => context = notes.text("build.context", node),
                    "dockerfile" => options.push_str(&option("-f", notes.text("build.dockerfile", node))),
                    "target" => options.push_str(&option("--target", notes.text("build.target", node))),
                    "args" => arguments(node, &mut options, notes),
                    "dockerfile_inline" => {
                        notes.unsupported(key.line, "build.dockerfile_inline", "write it into a file, and build that");
                    }
                    name => notes.ignored(key.line, &format!("build.{name}"), "the image is built beforehand"),
                }
            }
        }
        _ => context = notes.text("build", build),
    }
    let context = context.unwrap_or_else(|| ".".to_owned());
    format!("docker build -t {image}{options} {}", word(&context))
}

fn arguments(node: &Node, options: &mut String, notes: &mut Notes) {
    match &node.value {
        Value::Map(keys) => {
            for (key, node) in keys {
                let value = notes.text("build.args", node).unwrap_or_default();
                options.push_str(&option("--build-arg", Some(format!("{}={value}", key.name))));
            }
        }
        Value::List(items) => {
            for item in items {
                options.push_str(&option("--build-arg", notes.text("build.args", item)));
            }
        }
        _ => {}
    }
}

fn option(name: &str, value: Option<String>) -> String {
    value.map(|value| format!(" {name} {}", word(&value))).unwrap_or_default()
}

/// Returns a text as one word of a shell.
fn word(text: &str) -> String {
    let text = quoted(text).replace('\0', "");
    shlex::try_quote(&text).map(std::borrow::Cow::into_owned).unwrap_or_default()
}
