//! What the public page shows of a challenge.

use crate::document::fields::Fields;
use crate::document::node::Node;
use crate::report::{Reported, Scope};
use challengectl_common::PublicView;

type Switch = fn(&mut PublicView) -> &mut bool;

const SWITCHES: [(&str, Switch); 5] = [
    ("show_challenge", |view| &mut view.show_challenge),
    ("show_modulation", |view| &mut view.show_modulation),
    ("show_frequency", |view| &mut view.show_frequency),
    ("show_last_tx_time", |view| &mut view.show_last_tx_time),
    ("show_active_status", |view| &mut view.show_active_status),
];

/// Reads `public_view`, or the list `public_fields` of older files.
pub(super) fn read(fields: &mut Fields, scope: &mut Scope<'_>) -> Result<PublicView, Reported> {
    match (fields.take("public_view"), fields.take("public_fields")) {
        (None, None) => Ok(PublicView::default()),
        (Some(node), None) => switches(node, scope),
        (None, Some(node)) => shown(node, scope),
        (Some(node), Some(_)) => {
            scope.remark(node.line, "`public_fields` is ignored, since `public_view` is given");
            switches(node, scope)
        }
    }
}

fn switches(node: Node, scope: &mut Scope<'_>) -> Result<PublicView, Reported> {
    let mut view = PublicView::default();
    let mut fields = Fields::of(node, "`public_view`", scope)?;
    let mut result = Ok(());
    for (key, switch) in SWITCHES {
        match fields.take_as(key, Node::truth, scope) {
            Ok(Some(shown)) => *switch(&mut view) = shown,
            Ok(None) => {}
            Err(reported) => result = Err(reported),
        }
    }
    fields.refuse_rest(SWITCHES.map(|(key, _)| key), scope);
    result.map(|()| view)
}

/// Reads a list of the fields that are shown; the challenge itself always is.
fn shown(node: Node, scope: &mut Scope<'_>) -> Result<PublicView, Reported> {
    let line = node.line;
    let names: Result<Vec<String>, String> =
        node.into_list().and_then(|names| names.into_iter().map(Node::text).collect());
    let names = names.map_err(|why| scope.problem(line, format!("`public_fields`: {why}")))?;
    let mut view = PublicView::default();
    for (key, switch) in SWITCHES {
        let short = key.trim_start_matches("show_");
        *switch(&mut view) = key == "show_challenge" || names.iter().any(|name| name == key || name == short);
    }
    let known = |name: &str| name == "name" || SWITCHES.iter().any(|(key, _)| key.trim_start_matches("show_") == name);
    for name in names.iter().filter(|name| !known(name.trim_start_matches("show_"))) {
        scope.remark(line, format!("{name:?} in `public_fields` is ignored: the public page does not show it"));
    }
    scope.remark(line, "`public_fields` is the older form of `public_view`; it was converted");
    Ok(view)
}
